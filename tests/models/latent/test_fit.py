"""fit_latent_within_between: recovery where observed means are biased, refusals, words."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.lmm.bivariate.profile import profile_interval
from alliance_stats.models.latent.result import LatentResult

ROLES = al.Roles(alliance="wai", outcome="phq", therapist="therapist", outcome_better="lower")


def study(
    rng: np.random.Generator,
    *,
    therapists: int = 60,
    patients: int = 5,
    sessions: int = 4,
    slope: float = -1.5,
    between: float = 0.5,
) -> pd.DataFrame:
    """Slopes 0 within and between patients, `slope` between therapists."""
    n = therapists * patients
    therapist = np.repeat(np.arange(therapists), patients)
    patient = np.repeat(np.arange(n), sessions)
    top, own, noise = between * rng.normal(size=therapists), rng.normal(size=n), len(patient)
    wai = top[therapist][patient] + own[patient] + rng.normal(size=noise)
    level = slope * top + 0.3 * rng.normal(size=therapists)
    phq = level[therapist][patient] + rng.normal(size=n)[patient] + rng.normal(size=noise)
    return pd.DataFrame(
        {
            "therapist": therapist[patient], "patient": patient,
            "session": np.tile(np.arange(1, sessions + 1), n), "wai": wai + 5, "phq": phq + 10,
        }
    )  # fmt: skip


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **options: object) -> LatentResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_latent_within_between(frame, roles, **options)  # type: ignore[arg-type]


def test_recovery_and_coverage_where_observed_means_are_biased() -> None:
    covered, latent, observed = 0, [], []
    for seed in range(60):
        result = fit(study(np.random.default_rng(seed)), time="none")
        ends = profile_interval(result.fit, np.array([0.0, 0.0, 1.0]))
        covered += ends.low <= -1.5 <= ends.high
        latent.append(result.fit.slopes[2])
        observed.append(result.observed.beta["wai_therapist_between"])
    # 54 of 60 is 1.8 Monte Carlo errors below 57
    assert covered >= 54
    assert np.median(latent) == pytest.approx(-1.5, abs=0.15)
    assert np.mean(observed) > -0.95  # pulled towards the 0 between patients


def test_null_twin_and_its_words() -> None:
    data = al.load_example("sessions_null")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.fit_latent_within_between(data)
    rows = result.tidy()
    between = rows[rows["effect"].str.endswith("_between")]
    assert (between["ci_low"] < 0).all() and (between["ci_high"] > 0).all()
    # trends that differ between patients leave a within association in both
    within = result.comparison.query("effect == 'within'")["estimate"]
    assert within.iloc[0] == pytest.approx(within.iloc[1], rel=0.05)
    text = al.report_text(result)
    assert "inconclusive" in text and "predict" not in text


def test_little_variance_between_therapists_is_said(rng: np.random.Generator) -> None:
    with pytest.warns(al.FitWarning, match="interval of the effect between therapists is unbound"):
        result = al.fit_latent_within_between(
            study(rng, therapists=12, between=0.0), ROLES, time="none"
        )
    row = result.tidy().set_index("effect").loc["therapist_between"]
    assert (row["ci_low"], row["ci_high"]) == (-np.inf, np.inf)
    assert np.isnan(row["p_value"])
    assert "no coefficient is ruled out" in al.report_text(result)
    assert np.isfinite(result.tidy().set_index("effect").loc["within", "ci_low"])


def test_levels_and_reliability(rng: np.random.Generator) -> None:
    result = fit(study(rng, therapists=300))
    levels = result.levels.set_index("level")
    assert levels["var_alliance"].tolist() == pytest.approx([1, 1, 0.25], rel=0.15)
    variance, error = levels["var_alliance"], levels.loc["session", "var_alliance"] / 4
    share = variance["therapist"] / (variance["therapist"] + (variance["patient"] + error) / 5)
    assert levels.loc["therapist", "mean_reliability"] == pytest.approx(share)
    assert np.isnan(levels.loc["session", "mean_reliability"])


def test_delta_and_profile_agree_in_large_studies(rng: np.random.Generator) -> None:
    result = fit(study(rng, therapists=400))
    profile, delta = result.tidy(), result.tidy(interval="delta")
    width = delta["ci_high"] - delta["ci_low"]
    assert ((profile["ci_low"] - delta["ci_low"]).abs() < 0.1 * width).all()
    narrower = result.tidy(conf_level=0.8)
    assert (narrower["ci_high"] < profile["ci_high"]).all()
    assert narrower["p_value"].tolist() == profile["p_value"].tolist()


def test_time_is_a_covariate_of_both(rng: np.random.Generator) -> None:
    frame = study(rng)
    trend = frame.assign(wai=frame["wai"] + frame["session"], phq=frame["phq"] - frame["session"])
    with_time = fit(trend).tidy()["estimate"]
    np.testing.assert_allclose(with_time, fit(frame).tidy()["estimate"], rtol=1e-4, atol=1e-6)
    assert fit(trend, time="none").tidy()["estimate"][0] < -0.3
    assert fit(trend, time="factor").names[1:] == [f"session_since_start{k}" for k in (1, 2, 3)]


def test_two_levels_leave_therapists_out(rng: np.random.Generator) -> None:
    frame = study(rng)
    result = fit(frame, unit="patient")
    other = fit(frame, al.Roles(alliance="wai", outcome="phq"), unit="patient")
    pd.testing.assert_frame_equal(result.tidy(), other.tidy())
    assert result.effects == ("within", "between")


def test_refused(rng: np.random.Generator) -> None:
    frame = study(rng, therapists=6)
    plain = al.Roles(alliance="wai", outcome="phq")
    with pytest.raises(ArgumentError, match="unit='therapist' needs therapists"):
        fit(frame, plain)
    with pytest.raises(DataError, match="has one patient"):
        fit(frame.assign(therapist=frame["patient"]))
    with pytest.raises(UnsupportedError, match="random_slopes=.*not available with latent means"):
        fit(frame, random_slopes={"patient": ["within"]})
    with pytest.raises(UnsupportedError, match="a slope of time for every patient"):
        fit(frame, time="patient")
    with pytest.raises(DataError, match="has one complete session"):
        fit(frame[frame["session"] == 1], time="none")
    flat = frame.groupby("patient")["wai"].transform("mean")
    with pytest.raises(DataError, match="'wai' does not vary within any of 30 patients"):
        fit(frame.assign(wai=flat))
    with pytest.raises(DataError, match="constant"):
        fit(frame.assign(wai=3.0))
    with pytest.raises(UnsupportedError, match="every patient needs one therapist"):
        fit(frame, therapist_change="crossed")
    with pytest.raises(ArgumentError, match="would be ignored with unit='patient'"):
        fit(frame, unit="patient", therapist_change="first")
    with pytest.raises(ArgumentError, match="unit='clinic' is not known"):
        fit(frame, unit="clinic")


def test_missing_ratings_are_dropped_and_counted(rng: np.random.Generator) -> None:
    frame = study(rng)
    gone = frame.assign(wai=frame["wai"].where(np.arange(len(frame)) % 7 > 0))
    result = fit(gone, time="none")
    assert result.glance()["n_dropped"].item() == gone["wai"].isna().sum()
    pd.testing.assert_frame_equal(result.tidy(), fit(gone.dropna(), time="none").tidy(), rtol=1e-6)


def test_report(rng: np.random.Generator, tmp_path: object) -> None:
    result = fit(study(rng))
    al.save_report(result, f"{tmp_path}/report.md")
    text = al.report_text(result)
    assert "lower (better) phq" in text and "With observed means" in text
    assert "unit='therapist'" in str(result.view().refit)
    assert "<table" in result._repr_html_() and "latent" in repr(result)
