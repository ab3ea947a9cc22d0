"""Van Houwelingen et al. (2002), Stat. Med. 21(4): BCG vaccine; text of pages 596 to 613.

Thirteen trials (Table I, page 594; Colditz et al., 1994): odds ratios, and log odds of both groups.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

DIGITS_2, DIGITS_3 = 5e-3, 5e-4


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parent / "data" / "colditz1994.csv")
    names = {"tpos": "ai", "tneg": "bi", "cpos": "ci", "cneg": "di"}
    return al.effect_sizes(frame.rename(columns=names), measure="OR")


@pytest.fixture(scope="module")
def arms(trials: pd.DataFrame) -> pd.DataFrame:
    """Log odds of tuberculosis, one row a group."""
    groups = []
    for group, ill, well in (("EXP", "ai", "bi"), ("CON", "ci", "di")):
        cases, others = trials[ill], trials[well]
        log_odds = {"yi": np.log(cases / others), "vi": 1 / cases + 1 / others, "group": group}
        groups.append(trials[["study"]].assign(**log_odds, north=trials["ablat"] - 33))
    return pd.concat(groups, ignore_index=True)


def fit(arms: pd.DataFrame, mods: str) -> al.meta.MultilevelMetaResult:
    return al.fit_meta_multilevel(
        arms, random="group | study", structure="UN", rho=0, mods=mods, method="ML"
    )


def test_odds_ratios(trials: pd.DataFrame) -> None:
    """Pages 596 and 597; the upper end of equal effects is .703 in the paper (0.7024)."""
    equal = al.fit_meta(trials, method="EE").back_transformed().iloc[0]
    found = [equal["estimate"], equal["ci_low"], equal["ci_high"]]
    assert found == pytest.approx([0.647, 0.595, 0.703], abs=7e-4)
    result = al.fit_meta(trials, method="ML", test="z")
    row = result.back_transformed().iloc[0]
    found = [row["estimate"], row["ci_low"], row["ci_high"], result.tau2]
    assert found == pytest.approx([0.476, 0.336, 0.675, 0.302], abs=DIGITS_3)


def test_likelihood_interval_of_the_variance(trials: pd.DataFrame) -> None:
    """Page 597: 0.12 to 0.89, read off the profile (0.115 and 0.894)."""
    table = al.fit_meta(trials, method="ML").confint(method="profile").set_index("parameter")
    found = table.loc["tau2", ["ci_low", "ci_high"]].tolist()
    assert found == pytest.approx([0.12, 0.89], abs=DIGITS_2)


def test_new_trial(trials: pd.DataFrame) -> None:
    """Page 599: -1.820 to 0.336, the mean ± 1.96 τ."""
    result = al.fit_meta(trials, method="ML")
    found = result.beta[0] + np.array([-1, 1]) * 1.959964 * np.sqrt(result.tau2)
    assert found.tolist() == pytest.approx([-1.820, 0.336], abs=DIGITS_3)


def test_two_groups(arms: pd.DataFrame) -> None:
    """Pages 604 and 605."""
    result = fit(arms, "0 + group")
    means = result.tidy().set_index("term")["estimate"]
    assert means[["group[EXP]", "group[CON]"]].tolist() == pytest.approx(
        [-4.834, -4.096], abs=DIGITS_3
    )
    variances = result.tau2.set_index("term")["tau2"]
    assert variances[["EXP", "CON"]].tolist() == pytest.approx([1.431, 2.407], abs=DIGITS_3)
    correlation = result.correlations["correlation"].item()
    assert correlation == pytest.approx(0.947, abs=DIGITS_3)
    of_ratios = variances.sum() - 2 * correlation * np.sqrt(variances.prod())
    assert of_ratios == pytest.approx(0.324, abs=DIGITS_3)
    table = fit(arms, "group").tidy(test="z")
    assert table["estimate"].tolist() == pytest.approx([-4.096, -0.738], abs=DIGITS_3)
    assert table["se"].tolist() == pytest.approx([0.435, 0.180], abs=DIGITS_3)
    ratio = np.exp(table[["estimate", "ci_low", "ci_high"]].iloc[1].to_numpy(float))
    assert ratio.tolist() == pytest.approx([0.478, 0.336, 0.680], abs=DIGITS_3)


def test_latitude(trials: pd.DataFrame) -> None:
    """Pages 608 and 609: 98.7% of the variance."""
    result = al.fit_meta(trials, method="ML", test="z", mods="ablat")
    assert result.tidy()["estimate"].tolist() == pytest.approx([0.371, -0.033], abs=DIGITS_3)
    assert result.tidy()["se"].tolist() == pytest.approx([0.106, 0.003], abs=DIGITS_3)
    assert result.tau2 == pytest.approx(0.004, abs=DIGITS_3)
    assert 100 * result.r_squared() == pytest.approx(98.7, abs=0.05)


def test_latitude_in_two_groups(arms: pd.DataFrame) -> None:
    """Pages 612 and 613: true log odds of both groups correlate 1 beside latitude."""
    result = fit(arms, "0 + group + group:north")
    table = result.tidy(test="z").set_index("term")
    order = ["group[EXP]", "group[CON]", "group[EXP]:north", "group[CON]:north"]
    assert table.loc[order, "estimate"].tolist() == pytest.approx(
        [-4.826, -4.117, 0.039, 0.072], abs=DIGITS_3
    )
    assert table.loc[order, "se"].tolist() == pytest.approx(
        [0.313, 0.306, 0.022, 0.022], abs=DIGITS_3
    )
    assert result.correlations["correlation"].item() == pytest.approx(1, abs=DIGITS_3)
    table = fit(arms, "group * north").tidy(test="z").set_index("term")
    order = ["(Intercept)", "group[EXP]", "north", "group[EXP]:north"]
    assert table.loc[order, "estimate"].tolist() == pytest.approx(
        [-4.117, -0.708, 0.072, -0.033], abs=DIGITS_3
    )
    assert table.loc[order, "se"].tolist() == pytest.approx(
        [0.306, 0.048, 0.022, 0.003], abs=DIGITS_3
    )
