"""Viechtbauer (2010), J. Stat. Softw. 36(3): BCG vaccine, 13 trials; output on pages 14 to 38."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import alliance_stats as al

DIGITS_3, DIGITS_4 = 5e-4, 5e-5  # half a unit of the last printed digit
#: Page 24: estimate, z, both ends, Q, τ², I², H² without each trial; the mean as a ratio.
WITHOUT = [
    [0.493, -3.722, 0.340, 0.716, 151.583, 0.336, 93.226, 14.762],
    [0.520, -3.620, 0.365, 0.741, 145.318, 0.293, 92.254, 12.910],
    [0.504, -3.692, 0.350, 0.725, 150.197, 0.321, 92.935, 14.155],
    [0.533, -3.558, 0.377, 0.754, 96.563, 0.263, 90.412, 10.430],
    [0.466, -3.984, 0.320, 0.678, 151.320, 0.328, 92.763, 13.819],
    [0.491, -3.550, 0.332, 0.727, 128.187, 0.360, 90.912, 11.003],
    [0.519, -3.631, 0.365, 0.740, 145.830, 0.293, 92.278, 12.950],
    [0.452, -4.418, 0.317, 0.643, 67.986, 0.273, 87.031, 7.711],
    [0.477, -3.769, 0.324, 0.701, 152.205, 0.349, 93.213, 14.735],
    [0.520, -3.544, 0.363, 0.747, 139.827, 0.299, 92.232, 12.874],
    [0.469, -3.871, 0.319, 0.688, 151.466, 0.340, 91.811, 12.211],
    [0.468, -4.173, 0.327, 0.668, 150.787, 0.308, 92.678, 13.658],
    [0.460, -4.191, 0.319, 0.661, 149.788, 0.304, 92.344, 13.062],
]
#: Page 33, figure 9: ratio and its ends when trials are added by year.
ADDED = [
    [0.41, 0.13, 1.26], [0.27, 0.13, 0.53], [0.38, 0.23, 0.61], [0.37, 0.24, 0.57],
    [0.33, 0.22, 0.49], [0.38, 0.26, 0.55], [0.41, 0.28, 0.59], [0.45, 0.31, 0.67],
    [0.42, 0.29, 0.62], [0.46, 0.32, 0.65], [0.49, 0.35, 0.70], [0.45, 0.32, 0.64],
    [0.49, 0.34, 0.70],
]  # fmt: skip


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    """Log relative risks."""
    frame = pd.read_csv(Path(__file__).parent / "data" / "colditz1994.csv")
    n1, n2 = frame["tpos"] + frame["tneg"], frame["cpos"] + frame["cneg"]
    return frame.assign(
        yi=np.log(frame["tpos"] / n1) - np.log(frame["cpos"] / n2),
        vi=1 / frame["tpos"] - 1 / n1 + 1 / frame["cpos"] - 1 / n2,
    )


@pytest.fixture(scope="module")
def pooled(trials: pd.DataFrame) -> al.meta.MetaResult:
    return al.fit_meta(trials, test="z")


def test_random_effects(pooled: al.meta.MetaResult) -> None:
    row = pooled.tidy().iloc[0]
    found = [row[name] for name in ("estimate", "se", "statistic", "ci_low", "ci_high")]
    assert found == pytest.approx([-0.7145, 0.1798, -3.9744, -1.0669, -0.3622], abs=DIGITS_4)
    fit = pooled.glance().iloc[0]
    assert [fit["tau2"], fit["se_tau2"]] == pytest.approx([0.3132, 0.1664], abs=DIGITS_4)
    assert 100 * fit["i2"] == pytest.approx(92.22, abs=5e-3)
    assert fit["h2"] == pytest.approx(12.86, abs=5e-3)
    assert fit["q"] == pytest.approx(152.2330, abs=DIGITS_4)


def test_intervals_of_heterogeneity(pooled: al.meta.MetaResult, trials: pd.DataFrame) -> None:
    """Page 14. Its lower ends of I² (81.9177%) and H² (5.5303) are those of a τ² near the root."""
    table = pooled.confint().set_index("parameter")
    assert table.loc["tau2", ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [0.1197, 1.1115], abs=DIGITS_4
    )
    assert table.loc["tau", ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [0.3460, 1.0543], abs=DIGITS_4
    )
    assert 100 * table.loc["i2", "ci_high"] == pytest.approx(97.6781, abs=DIGITS_4)
    assert table.loc["h2", "ci_high"] == pytest.approx(43.0677, abs=DIGITS_4)
    assert 100 * table.loc["i2", "ci_low"] == pytest.approx(81.9177, abs=4e-3)
    assert table.loc["h2", "ci_low"] == pytest.approx(5.5303, abs=1e-3)
    weights = 1 / (trials["vi"] + table.loc["tau2", "ci_low"])
    q = np.sum(weights * (trials["yi"] - np.average(trials["yi"], weights=weights)) ** 2)
    assert q == pytest.approx(chi2.isf(0.025, 12), rel=1e-9)


def test_prediction_interval(pooled: al.meta.MetaResult) -> None:
    """Page 21: as a ratio, 0.15 to 1.55; by the normal distribution."""
    row = pooled.prediction_interval(df="normal").iloc[0]
    found = np.exp(row[["estimate", "ci_low", "ci_high", "pi_low", "pi_high"]].to_numpy(float))
    assert found.round(2).tolist() == [0.49, 0.34, 0.70, 0.15, 1.55]


def test_latitude_and_year(trials: pd.DataFrame) -> None:
    """Page 16. Its steps end where τ² changes by less than 1e-5: an intercept of -3.5455."""
    result = al.fit_meta(trials, test="z", mods="ablat + year")
    table = result.tidy()
    assert table["estimate"].tolist() == pytest.approx([-3.5455, -0.0280, 0.0019], abs=2e-4)
    assert table["se"].tolist() == pytest.approx([29.0959, 0.0102, 0.0147], abs=4e-4)
    assert table["statistic"].tolist() == pytest.approx([-0.1219, -2.7371, 0.1299], abs=DIGITS_4)
    assert table["p_value"].tolist() == pytest.approx([0.9030, 0.0062, 0.8966], abs=DIGITS_4)
    fit = result.glance().iloc[0]
    found = [fit["tau2"], fit["se_tau2"], fit["q"], fit["q_p"]]
    assert found == pytest.approx([0.1108, 0.0845, 28.3251, 0.0016], abs=DIGITS_4)
    moderators = result.moderator_test().set_index("term").loc["all moderators"]
    assert moderators["statistic"] == pytest.approx(12.2043, abs=2e-4)
    assert moderators["p_value"] == pytest.approx(0.0022, abs=DIGITS_4)
    assert round(100 * result.r_squared()) == 65
    assert abs(restricted_slope(trials, result.tau2)) < 1e-6 < abs(restricted_slope(trials, 0.1108))


def restricted_slope(trials: pd.DataFrame, tau2: float) -> float:
    """Derivative of the restricted likelihood of latitude and year by τ², by whole matrices."""
    x = np.column_stack([np.ones(len(trials)), trials["ablat"], trials["year"]])
    inverse = np.diag(1 / (trials["vi"] + tau2))
    hat = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    residual = hat @ trials["yi"].to_numpy()
    return float(residual @ residual - np.trace(hat)) / 2


def test_risks_at_latitudes(trials: pd.DataFrame) -> None:
    """Page 17: ratios at 10 to 60 degrees in 1970, intervals of means and of new studies."""
    published = [
        [0.9345, 0.5833, 1.4973, 0.4179, 2.0899], [0.7062, 0.5149, 0.9686, 0.3421, 1.4579],
        [0.5337, 0.4196, 0.6789, 0.2663, 1.0697], [0.4033, 0.2956, 0.5502, 0.1958, 0.8306],
        [0.3048, 0.1916, 0.4848, 0.1369, 0.6787], [0.2303, 0.1209, 0.4386, 0.0921, 0.5761],
    ]  # fmt: skip
    result = al.fit_meta(trials, test="z", mods="ablat + year")
    at = pd.DataFrame({"ablat": range(10, 61, 10), "year": 1970})
    table = result.predict(at)
    half = 1.959964 * np.sqrt(table["se"] ** 2 + result.tau2)
    table = table.assign(pi_low=table["estimate"] - half, pi_high=table["estimate"] + half)
    found = np.exp(table[["estimate", "ci_low", "ci_high", "pi_low", "pi_high"]].to_numpy())
    assert found == pytest.approx(np.array(published), abs=DIGITS_4)


def test_allocation(trials: pd.DataFrame) -> None:
    """Pages 19 and 20: three kinds of allocation, and with latitude and Knapp–Hartung tests."""
    result = al.fit_meta(trials, test="z", mods="C(alloc, 'random')")
    table = result.tidy()
    assert table["estimate"].tolist() == pytest.approx([-0.9658, 0.4478, 0.5369], abs=DIGITS_4)
    assert table["se"].tolist() == pytest.approx([0.2672, 0.5158, 0.4364], abs=DIGITS_4)
    test = result.moderator_test().iloc[-1]
    assert [test["statistic"], test["p_value"]] == pytest.approx([1.7675, 0.4132], abs=DIGITS_4)
    kinds = pd.DataFrame({"alloc": ["random", "alternate", "systematic"]})
    means = result.predict(kinds)
    assert means["estimate"].tolist() == pytest.approx([-0.9658, -0.5180, -0.4289], abs=DIGITS_4)
    assert means["se"].tolist() == pytest.approx([0.2672, 0.4412, 0.3449], abs=DIGITS_4)

    adjusted = al.fit_meta(trials, mods="alloc + ablat")
    table = adjusted.tidy()
    assert table["estimate"].tolist() == pytest.approx(
        [0.2932, -0.2675, 0.0585, -0.0273], abs=DIGITS_4
    )
    assert table["se"].tolist() == pytest.approx([0.4188, 0.3624, 0.3925, 0.0095], abs=DIGITS_4)
    assert table["p_value"].tolist() == pytest.approx(
        [0.5016, 0.4793, 0.8849, 0.0186], abs=DIGITS_4
    )
    fit, test = adjusted.glance().iloc[0], adjusted.moderator_test().iloc[-1]
    found = [fit["tau2"], fit["q"], test["statistic"], test["p_value"]]
    assert found == pytest.approx([0.1446, 26.2034, 3.4471, 0.0650], abs=1e-4)


def test_residuals(trials: pd.DataFrame) -> None:
    """Page 23: residuals of trials that the others do not predict."""
    published = {
        0: 0.2978, 1: -0.4303, 2: -0.5100, 3: -1.4032, 6: -2.5961, 11: 1.4677, 12: 2.1302,
    }  # fmt: skip
    result = al.fit_meta(trials, test="z", mods="ablat + year")
    found = al.meta.influence(result).tidy()["rstudent"]
    assert found[list(published)].tolist() == pytest.approx(list(published.values()), abs=1e-4)


def test_without_each_trial(pooled: al.meta.MetaResult) -> None:
    table = al.meta.leave_one_out(pooled).tidy()
    table[["estimate", "ci_low", "ci_high"]] = np.exp(table[["estimate", "ci_low", "ci_high"]])
    table["i2"] *= 100
    columns = ["estimate", "statistic", "ci_low", "ci_high", "q", "tau2", "i2", "h2"]
    assert table[columns].to_numpy() == pytest.approx(np.array(WITHOUT), abs=DIGITS_3)


def test_one_after_the_other(pooled: al.meta.MetaResult, trials: pd.DataFrame) -> None:
    table = al.meta.cumulative(pooled, order=trials["year"]).tidy()
    found = np.exp(table[["estimate", "ci_low", "ci_high"]].to_numpy())
    assert found == pytest.approx(np.array(ADDED), abs=5e-3)


def test_funnel(trials: pd.DataFrame, pooled: al.meta.MetaResult) -> None:
    """Pages 30 and 31: Egger's regression; and, beside moderators, the number of participants."""
    egger = al.meta.egger_test(pooled, model="lm").tidy().set_index("effect").loc["asymmetry"]
    assert egger["df"] == 11
    found = [egger["statistic"], egger["p_value"]]
    assert found == pytest.approx([-1.4013, 0.1887], abs=DIGITS_4)
    sizes = trials.assign(ni=trials[["tpos", "tneg", "cpos", "cneg"]].sum(axis=1))
    mixed = al.fit_meta(sizes, mods="ablat + year", test="z")
    row = al.meta.egger_test(mixed, predictor="ni").tidy().set_index("effect").loc["asymmetry"]
    assert [row["statistic"], row["p_value"]] == pytest.approx([0.7470, 0.4550], abs=DIGITS_4)


def test_trim_and_fill(trials: pd.DataFrame) -> None:
    """Pages 31 and 32: four trials filled in on the right of equal effects."""
    filled = al.meta.trim_fill(al.fit_meta(trials, method="EE"))
    assert (filled.k0, filled.side) == (4, "right")
    row = filled.tidy().set_index("effect").loc["adjusted"]
    found = [row[name] for name in ("estimate", "se", "statistic", "ci_low", "ci_high")]
    assert found == pytest.approx([-0.2910, 0.0383, -7.6057, -0.3660, -0.2160], abs=DIGITS_4)


def test_likelihood_ratio(trials: pd.DataFrame) -> None:
    """Page 34: latitude, by maximum likelihood."""
    full, reduced = (
        al.fit_meta(trials, method="ML", mods=mods).glance().iloc[0] for mods in ("ablat", None)
    )
    found = [full["loglik"], reduced["loglik"], full["aic"], reduced["aic"], full["bic"]]
    expected = [-7.6857, -12.6651, 21.3713, 29.3302, 23.0662]
    assert found == pytest.approx(expected, abs=DIGITS_4)
    assert 2 * (full["loglik"] - reduced["loglik"]) == pytest.approx(9.9588, abs=DIGITS_4)
    assert [full["tau2"], reduced["tau2"]] == pytest.approx([0.0344, 0.2800], abs=DIGITS_4)
    assert 100 * full["r2"] == pytest.approx(87.73, abs=5e-3)


def test_permutations(pooled: al.meta.MetaResult) -> None:
    """Page 35: all 8,192 patterns of signs."""
    assert pooled.permutation_test().tidy()["p_value"][0] == pytest.approx(0.0015, abs=DIGITS_4)


def test_shrunken_effects(pooled: al.meta.MetaResult) -> None:
    """Page 38: the first five trials and the last one."""
    published = [
        [-0.8002, 0.4099, -1.6037, 0.0032], [-1.2517, 0.3532, -1.9440, -0.5594],
        [-0.9869, 0.4348, -1.8392, -0.1346], [-1.3979, 0.1376, -1.6675, -1.1283],
        [-0.2874, 0.2113, -0.7015, 0.1268], [-0.1467, 0.2434, -0.6239, 0.3304],
    ]  # fmt: skip
    table = pooled.blup()[["estimate", "se", "ci_low", "ci_high"]].to_numpy()
    assert table[[0, 1, 2, 3, 4, 12]] == pytest.approx(np.array(published), abs=DIGITS_4)
