"""fit_therapist: what it finds and returns, what it refuses, what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.models.therapist.caseload import harmonic_mean, reliability_of_mean
from alliance_stats.models.therapist.result import TherapistResult

ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq",
    outcome_better="lower", baseline="intake",
)  # fmt: skip
SLOPES = {"therapist": ["patient_between"]}


def study(
    seed: int, caseload: list[int], *, patient: float = -0.5, therapist: float = -1.5,
    tau: float = 1.0, on_level: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Sessions 3 and 6 of every patient; effects act on observed means, or on true levels."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(len(caseload)), caseload)
    n = len(of)
    level = 0.6 * rng.normal(size=len(caseload))
    wai = level[of] + rng.normal(size=n)
    top = level if on_level else np.bincount(of, wai) / np.array(caseload)
    intake, change = rng.normal(15, 4, n), rng.normal(-2, 2, n)
    post = 1 + 0.6 * intake + 0.4 * change + patient * (wai - top[of]) + therapist * top[of]
    post = post + tau * rng.normal(size=len(caseload))[of] + 2 * rng.normal(size=n)
    first = {"who": [f"T{k}" for k in of], "id": [f"P{k}" for k in range(n)], "intake": intake}
    early = pd.DataFrame({**first, "visit": 3, "wai": wai, "phq": intake + change})
    last = pd.DataFrame({**first, "visit": 6, "wai": np.nan, "phq": post})
    return pd.concat([early, last]).sample(frac=1.0, random_state=seed).reset_index(drop=True)


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **options: Any) -> TherapistResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_therapist(frame, roles, **options)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return study(1, [1, 2, 4, 5, 6, 7, 8, 8, 9, 10, 12, 15], tau=2.0)


@pytest.fixture(scope="module")
def result(frame: pd.DataFrame) -> TherapistResult:
    return fit(frame)


# ------------------------------------------------------------------- numbers


def test_generalised_least_squares_by_dense_matrices(
    result: TherapistResult, tol: SimpleNamespace
) -> None:
    """β, SE and predicted therapists from V = σ²I + τ²ZZ'."""
    p = result.prepared
    codes, labels = pd.factorize(p.frame["who"])
    z = np.eye(len(labels))[codes]
    x = np.column_stack([np.ones(len(p.frame)), p.frame[p.predictors].to_numpy()])
    y = p.frame[p.post].to_numpy()
    shares = result.shares().set_index("model").loc["after"]
    tau2, sigma2 = shares["var_therapist"], shares["var_patient"]
    v = np.linalg.inv(sigma2 * np.eye(len(y)) + tau2 * z @ z.T)
    covariance = np.linalg.inv(x.T @ v @ x)
    beta = covariance @ x.T @ v @ y
    rows = result.tidy().set_index("effect")
    for place, effect in ((1, "patient_between"), (2, "therapist_between")):
        assert rows.loc[effect, "estimate"] == pytest.approx(beta[place], rel=tol.closed_form)
        assert rows.loc[effect, "se"] ** 2 == pytest.approx(covariance[place, place], rel=1e-8)
    weights = np.zeros(len(beta))
    weights[[1, 2]] = -1, 1
    assert rows.loc["contextual", "estimate"] == pytest.approx(weights @ beta, rel=1e-8)
    assert rows.loc["contextual", "se"] ** 2 == pytest.approx(weights @ covariance @ weights)
    effects = result.therapist_effects().query("model == 'after'").set_index("therapist")
    expected = tau2 * z.T @ v @ (y - x @ beta)
    spread = np.sqrt(np.diag(tau2 * np.eye(len(labels)) - tau2**2 * z.T @ v @ z))
    assert effects["estimate"][list(labels)].to_numpy() == pytest.approx(expected, rel=1e-7)
    assert effects["se"][list(labels)].to_numpy() == pytest.approx(spread, rel=1e-7)


def test_the_alliance_is_split_over_the_patients_in_the_model(result: TherapistResult) -> None:
    frame = result.prepared.frame
    means = frame.groupby("who")["wai_early"].mean()
    own = frame["who"].map(means)
    assert frame["wai_early_patient_between"].to_numpy() == pytest.approx(frame["wai_early"] - own)
    between = frame["wai_early_therapist_between"].to_numpy()
    assert between == pytest.approx(own - means.mean())


def test_order_labels_and_units_do_not_matter(frame: pd.DataFrame, result: TherapistResult) -> None:
    other = frame.sample(frac=1.0, random_state=3)
    numbers = {name: k for k, name in enumerate(sorted(frame["who"].unique()))}
    other = other.assign(wai=10 * other["wai"] + 100, who=other["who"].map(numbers) + 1000)
    moved = fit(other)
    assert moved.tidy()["estimate"][:3].to_numpy() * 10 == pytest.approx(
        result.tidy()["estimate"][:3].to_numpy(), rel=1e-6
    )
    assert moved.shares()["ci_high"].to_numpy() == pytest.approx(result.shares()["ci_high"])
    text = fit(frame.assign(who=frame["who"].astype("category")))
    assert text.tidy()["p_value"].to_numpy() == pytest.approx(result.tidy()["p_value"])
    one = result.therapist_effects().set_index(["model", "therapist"])["estimate"]
    two = moved.therapist_effects().set_index(["model", "therapist"])["estimate"]
    for name, number in numbers.items():
        assert two[("after", number + 1000)] == pytest.approx(one[("after", name)], abs=1e-6)


def test_known_effects_are_found() -> None:
    """300 therapists; effects act on the therapists' own levels, of which means are samples."""
    rng = np.random.default_rng(2)
    found = fit(study(2, rng.integers(2, 12, 300).tolist(), on_level=True))
    table = found.comparison.set_index(["means", "effect"])
    truth = {"patient_between": -0.5, "therapist_between": -1.5, "contextual": -1.0}
    for effect, value in truth.items():
        row = table.loc[("latent", effect)]
        assert abs(row["estimate"] - value) < 3.5 * row["se"]
    means = found.alliance_means.iloc[0]
    observed = table.loc[("observed", "contextual"), "estimate"]
    assert observed > -0.85  # attenuated
    assert abs(observed - means["expected"]) < 0.1
    assert means["icc"] == pytest.approx(0.36 / 1.36, abs=0.05)
    shares = found.shares().set_index("model")
    assert shares.loc["before", "icc"] > shares.loc["after", "icc"] > 0.1
    assert 0 < found.reduction["explained"].iloc[0] < 1


def test_levels_there_from_intake_on_are_held_constant() -> None:
    """The between effects of simulate_sessions act on intake too: given intake little is left."""
    plain: dict[str, Any] = {
        "n_patients": 2000, "n_therapists": 100, "lagged_effect": 0.0, "reverse_effect": 0.0,
        "within_effect": 0.0, "within_effect_sd": 0.0, "improvement_alliance": 0.0,
        "improvement_outcome": 0.0, "alliance_range": None, "outcome_range": None,
        "flat_patients": 0.0, "rng": 1,
    }  # fmt: skip
    without = al.simulate_sessions(patient_between_effect=0, therapist_between_effect=0, **plain)
    with_effects = al.simulate_sessions(**plain)
    estimates = [
        fit(data.frame, data.roles).tidy().set_index("effect")["estimate"]  # type: ignore[arg-type]
        for data in (without, with_effects)
    ]
    moved = estimates[1] - estimates[0]
    assert -0.06 < moved["patient_between"] < 0.0  # of −.24


def test_reliability_of_means() -> None:
    assert reliability_of_mean(0.05, 10) == pytest.approx(10 * 0.05 / 1.45)
    assert reliability_of_mean(0.0, 10) == 0.0
    assert harmonic_mean(np.array([1, 2, 4])) == pytest.approx(3 / 1.75)


def test_caseloads(result: TherapistResult) -> None:
    row = result.caseloads.iloc[0]
    assert (row["n_patients"], row["n_therapists"], row["n_single"]) == (87, 12, 1)
    assert row["ptr"] == 87 / 12
    assert (row["least"], row["median"], row["most"]) == (1, 7.5, 15)
    assert result.glance()["ptr"].iloc[0] == 87 / 12
    table = result.therapists.set_index("therapist")
    icc = result.alliance_means["icc"].iloc[0]
    assert table.loc["T11", "reliability"] == pytest.approx(15 * icc / (1 + 14 * icc))


# ------------------------------------------------------------------- ranks and bootstrap


def with_roles(result: TherapistResult, **changes: Any) -> TherapistResult:
    prepared = replace(result.prepared, roles=replace(ROLES, **changes))
    return replace(result, prepared=prepared)


def test_ranks_are_those_of_draws(result: TherapistResult) -> None:
    ranks = result.ranks(rng=1, n_draws=20_000)
    effects = result.therapist_effects().query("model == 'after'")
    assert ranks["p_top"].sum() == pytest.approx(result.n_top())
    assert ranks["rank"].sum() == pytest.approx(12 * 13 / 2)
    best = effects["estimate"].argmin()  # a lower outcome is better
    assert ranks["rank"].argmin() == best
    assert (ranks["rank_low"] <= ranks["rank"]).all() and (
        ranks["rank"] <= ranks["rank_high"]
    ).all()
    pd.testing.assert_frame_equal(ranks, result.ranks(rng=1, n_draws=20_000))
    other = with_roles(result, outcome_better="higher")
    turned = other.ranks(rng=1, n_draws=20_000)
    assert (ranks["rank"] + turned["rank"]).to_numpy() == pytest.approx(13.0)
    before = result.ranks(rng=1, model="before")
    assert set(before["model"]) == {"before"}


def test_ranks_need_a_direction_and_a_number(result: TherapistResult) -> None:
    unknown = with_roles(result, outcome_better=None)
    with pytest.raises(al.DataError, match="therapists have no order"):
        unknown.ranks(rng=1)
    with pytest.raises(al.ArgumentError, match="n_draws=5"):
        result.ranks(rng=1, n_draws=5)
    with pytest.raises(al.ArgumentError, match="model='middle'"):
        result.ranks(rng=1, model="middle")
    with pytest.raises(al.ArgumentError, match="top="):
        result.ranks(rng=1, top=1.5)


def test_the_bootstrap_fits_both_models_to_the_same_draws(result: TherapistResult) -> None:
    shares = result.variance_shares(bootstrap=60, rng=1)
    assert shares.bootstrap is not None
    draws = shares.bootstrap.draws
    rows = shares.tidy().set_index(["unit", "term"])
    explained = rows.loc[("who", "explained")]
    assert explained["ci_low"] < explained["ci_high"]
    ratio = draws["variance|who"] / draws["variance_before|who"]
    known = draws["variance_before|who"] > 0
    assert draws["explained|who"][known].to_numpy() == pytest.approx(1 - ratio[known])
    mean = draws["variance_before|residual"].mean() / draws["variance|residual"].mean()
    assert 0.9 < mean < 1.3


# ------------------------------------------------------------------- shape


def test_what_is_returned(result: TherapistResult) -> None:
    table = result.tidy()
    assert list(table.columns) == ["effect", "unit", *TIDY_COLUMNS]
    effects = ["patient_between", "therapist_between", "contextual", "", "", ""]
    assert table["effect"].tolist() == effects
    assert table["unit"].tolist()[:3] == ["patient", "therapist", "therapist"]
    assert result.formula.endswith("+ phq_early_change + (1 | who)")
    assert result.before.formula == "phq_post ~ intake + phq_early_change + (1 | who)"
    assert result.slope_differences is None and result.fit is result.after
    view = result.view()
    assert view.kind == "therapist" and view.labels["verb"] == "association"
    assert view.refit == (
        "al.models.fit_therapist(sessions, alliance_window=(3, 5), min_ratings=1)"
    )
    assert "Therapists, early wai" in repr(result) and "<table" in result._repr_html_()
    narrow, wide = result.shares(conf_level=0.8), result.shares(conf_level=0.99)
    assert (narrow["ci_high"] < wide["ci_high"]).all()
    effects80 = result.therapist_effects(conf_level=0.8)
    assert (
        effects80["excludes_average"].sum() >= result.therapist_effects()["excludes_average"].sum()
    )


def test_without_the_early_change(frame: pd.DataFrame) -> None:
    gaps = frame.copy()
    gone = gaps["visit"].eq(3) & gaps["id"].isin(["P40", "P41"])
    gaps.loc[gone, "phq"] = np.nan
    with_change, without = fit(gaps), fit(gaps, early_change=False)
    assert len(without.prepared.frame) == len(with_change.prepared.frame) + 2
    assert without.formula == (
        "phq_post ~ wai_early_patient_between + wai_early_therapist_between + intake + (1 | who)"
    )
    assert "early_change=False" in str(without.view().refit)


def test_slopes_that_differ() -> None:
    rng = np.random.default_rng(5)
    data = study(5, [12] * 40)
    slope = dict(zip([f"T{k}" for k in range(40)], rng.normal(0, 1.5, 40), strict=True))
    last = data["visit"] == 6
    wai = data.groupby("id")["wai"].transform("max")
    data.loc[last, "phq"] += (data["who"].map(slope) * wai)[last]
    found = fit(data, random_slopes=SLOPES)
    row = found.slope_differences
    assert row is not None
    assert row["reference"].iloc[0] == "½χ²(1) + ½χ²(2)"
    assert row["p_value"].iloc[0] < 1e-6 and 1.0 < row["sd"].iloc[0] < 2.0
    assert found.fit is not found.after
    assert "random intercepts only" in " ".join(found.notes)
    assert "random_slopes=" in str(found.view().refit)
    same = fit(study(6, [12] * 20), random_slopes=SLOPES).slope_differences
    assert same is not None and same["p_value"].iloc[0] > 0.05


def test_no_variance_between_therapists(frame: pd.DataFrame) -> None:
    data = frame.copy()
    last = data["visit"] == 6
    rng = np.random.default_rng(1)
    data.loc[last, "phq"] = data.loc[last, "intake"] + rng.normal(size=int(last.sum()))
    means = data.loc[last].groupby("who")["phq"].transform("mean")
    data.loc[last, "phq"] -= means - data.loc[last].groupby("who")["intake"].transform("mean")
    found = fit(data, random_slopes=SLOPES)
    assert found.after.singular
    effects = found.therapist_effects()
    assert (effects["estimate"] == 0).all() and not effects["excludes_average"].any()
    assert found.ranks(rng=1)[["rank", "p_top"]].isna().all(axis=None)
    assert np.isnan(found.reduction["explained"].iloc[0])
    row = found.slope_differences
    assert row is not None and np.isnan(row["p_value"].iloc[0])
    assert sum("Singular fit" in text for text in found.messages) >= 2


def test_a_variance_that_rises_is_explained(result: TherapistResult) -> None:
    data = study(7, [6] * 60, patient=-3.0, therapist=0.0, tau=1.5)
    found = fit(data)
    assert found.reduction["explained"].iloc[0] < 0
    assert any("larger with the alliance than before" in text for text in found.messages)
    assert not any("larger with the alliance" in text for text in result.messages)


def test_latent_means_without_ends_are_said() -> None:
    rng = np.random.default_rng(1)
    data = study(8, [5] * 10)
    data["wai"] = np.where(data["visit"] == 3, rng.normal(size=len(data)), np.nan)
    found = fit(data)
    rows = found.comparison.query("means == 'latent'").set_index("effect")
    assert np.isinf(rows.loc["therapist_between", "ci_low"])
    assert any(
        "interval of the effect between therapists is unbounded" in m for m in found.messages
    )


# ------------------------------------------------------------------- what is refused or said


def test_roles_that_are_needed(frame: pd.DataFrame) -> None:
    with pytest.raises(al.ArgumentError, match="there is no therapist role"):
        fit(frame, replace(ROLES, therapist=None))
    with pytest.raises(al.ArgumentError, match="role 'baseline' is not given"):
        fit(frame, replace(ROLES, baseline=None))
    with pytest.raises(al.DataError, match="column 'doctor' .* not found"):
        fit(frame, replace(ROLES, therapist="doctor"))


def test_therapists_that_cannot_be_compared(frame: pd.DataFrame) -> None:
    with pytest.raises(al.DataError, match="each of 87 therapists"):
        fit(frame.assign(who=frame["id"]))
    with pytest.raises(al.DataError, match="have 1 therapist"):
        fit(frame.assign(who="T1"))
    with pytest.raises(al.DataError, match="2 therapists: what therapists differ in"):
        fit(study(1, [9, 9]))
    with pytest.raises(al.DataError, match="12 patients of 11 therapists leave 1 to compare"):
        fit(study(1, [1] * 10 + [2]))
    least = fit(study(1, [1] * 10 + [3, 3]))  # 4 beside another: two controls and two more
    assert np.isfinite(least.tidy()["estimate"]).all()
    assert np.isfinite(least.shares()["ci_high"]).all()
    with pytest.raises(al.DataError, match="random effects cannot be told from the residual"):
        fit(study(1, [2] * 8), random_slopes=SLOPES)


@pytest.mark.parametrize("way", ["dyad", "crossed"])
def test_ways_that_need_several_rows_a_patient(frame: pd.DataFrame, way: str) -> None:
    with pytest.raises(al.UnsupportedError, match=r"therapist_change='first', or fit_within"):
        fit(frame, therapist_change=way)


def test_patients_who_change_count_for_the_first(
    frame: pd.DataFrame, result: TherapistResult
) -> None:
    moved = frame.copy()
    moved.loc[moved["visit"].eq(6) & moved["id"].isin(["P20", "P30"]), "who"] = "T0"
    with pytest.raises(al.DataError, match="2 of 87 patients"):
        fit(moved)
    first = fit(moved, therapist_change="first")
    assert first.tidy()["estimate"].to_numpy() == pytest.approx(result.tidy()["estimate"])
    assert "therapist_change='first'" in str(first.view().refit)
    with pytest.raises(al.UnsupportedError, match="Write that therapist into the file"):
        first.to_r()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alliance_window": (5, 3)}, "alliance_window"),
        ({"min_ratings": 4}, "min_ratings=4 is more than"),
        ({"early_change": "yes"}, "early_change='yes'"),
        ({"random_slopes": {"patient": ["patient_between"]}}, "unit of random_slopes='patient'"),
        ({"random_slopes": {"therapist": ["within"]}}, "Effects that can differ"),
        ({"therapist_change": "last"}, "therapist_change='last'"),
    ],
)
def test_arguments(frame: pd.DataFrame, options: dict[str, Any], words: str) -> None:
    with pytest.raises(al.ArgumentError, match=words):
        fit(frame, **options)


def test_therapists_of_one_patient_are_counted(frame: pd.DataFrame) -> None:
    with pytest.warns(al.DataWarning, match="1 of 12 therapists has one patient"):
        al.models.fit_therapist(frame, ROLES)
    many = study(3, [1, 1, 1, 1, 6, 7, 8, 9])
    assert any("4 of 8 therapists have one patient each" in m for m in fit(many).messages)


def test_few_therapists_are_said(result: TherapistResult) -> None:
    assert any("Only 12 therapists" in note for note in result.notes)


# ------------------------------------------------------------------- R


def test_r_code_names_the_models(frame: pd.DataFrame) -> None:
    text = fit(frame, random_slopes=SLOPES).to_r(data="my file.csv")
    assert '"my file.csv"' in text
    assert text.count("lmer(") == 4
    assert "pchisq(lr, 1:2" in text
    hostile = 'wai"); stop("x'
    renamed = frame.rename(columns={"wai": hostile})
    code = fit(renamed, replace(ROLES, alliance=hostile)).to_r()
    outside = re.sub(r"`[^`]*`", "", code.replace('\\"', ""))
    assert 'stop("x' not in outside


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("slopes", [None, SLOPES], ids=["intercepts", "slopes"])
def test_r_gives_the_same_digits(frame: pd.DataFrame, tmp_path: Path, slopes: Any) -> None:
    result = fit(frame, random_slopes=slopes)
    frame.to_csv(tmp_path / "sessions.csv", index=False)
    more = "c(logLik(m), fixef(m), t(shares))"
    code = result.to_r() + f'cat("\\n", format({more}, digits = 12), "\\n")\n'
    (tmp_path / "refit.R").write_text(code, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "refit.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "there is no package called" in done.stderr:
        pytest.skip("lme4 or lmerTest is not installed")
    assert done.returncode == 0, done.stderr
    found = [float(word) for word in done.stdout.strip().splitlines()[-1].split()]
    shares = result.shares().set_index("model").loc[["before", "after", "alliance"]]
    columns = ["icc", "ci_low", "ci_high", "statistic", "p_value"]
    expected = [result.fit.loglik, *result.fit.beta, *shares[columns].to_numpy().T.ravel()]
    assert found == pytest.approx(expected, abs=2e-5)


def test_a_short_interval_is_no_precision(frame: pd.DataFrame) -> None:
    data = frame.copy()
    last = data["visit"] == 6
    left = data["phq"] - 0.6 * data["intake"]
    data.loc[last, "phq"] -= left[last].groupby(data.loc[last, "who"]).transform("mean")
    found = fit(data, early_change=False)
    assert found.shares()["p_value"].iloc[0] > 0.9
    assert any("Do not read it as precision" in text for text in found.messages)


def test_intervals_hold_the_truth_in_a_slice_of_the_calibration() -> None:
    """60 studies of 16 therapists: four Monte Carlo errors."""
    rng, hits = np.random.default_rng(11), []
    for seed in range(60):
        rows = fit(study(seed, rng.integers(2, 9, 16).tolist())).tidy().set_index("effect")
        truth = {"patient_between": -0.5, "therapist_between": -1.5, "contextual": -1.0}
        hits.append(
            [rows.loc[e, "ci_low"] <= t <= rows.loc[e, "ci_high"] for e, t in truth.items()]
        )
    error = np.sqrt(0.95 * 0.05 / 60)
    assert (np.abs(np.mean(hits, axis=0) - 0.95) < 4 * error).all()
