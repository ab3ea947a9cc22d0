"""What is said of a meta-analysis: mean, range of true effects, differences, moderators."""

from __future__ import annotations

import numpy as np
import pandas as pd

import alliance_stats as al


def studies(mean: float, tau: float, k: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = rng.integers(30, 150, k)
    yi = mean + rng.normal(size=k) * np.sqrt(tau**2 + 1 / (n - 3))
    year = np.arange(1990, 1990 + k)
    return pd.DataFrame(
        {"yi": yi, "vi": 1 / (n - 3), "year": year, "format": ["a", "b", "c"] * (k // 3)}
    )


def text(frame: pd.DataFrame, **arguments: object) -> str:
    return " ".join(al.report_text(al.fit_meta(frame, **arguments)).split())  # type: ignore[arg-type]


def test_a_mean_of_correlations() -> None:
    said = text(studies(0.3, 0.3), measure="ZCOR")
    assert said.startswith("Across 12 studies, the mean effect was positive (r = .")
    assert "Fisher's z: estimate = 0." in said and "t(11) = " in said
    assert "The mean of the correlations of all true effects was ." in said
    assert "95% prediction interval of the true effect of a new study went from " in said
    assert "Effects differed more than sampling error lets them (Q(11) = " in said
    assert "I² = " in said and "%, 95% CI [" in said
    assert said.endswith(
        "A random-effects model was fitted, τ² estimated by REML, with Knapp–Hartung t tests."
    )
    assert "predict" not in said.replace("prediction", "")


def test_a_mean_that_may_be_zero_is_inconclusive() -> None:
    said = text(studies(0.0, 0.3))
    assert "the mean effect was inconclusive: the data are compatible with means from −" in said
    assert "so that true effects of either sign are to be expected" in said


def test_negative_effects_and_equal_effects() -> None:
    said = text(studies(-0.5, 0.0), method="EE")
    assert "the mean effect was negative (estimate = −0." in said
    assert "z = −" in said
    assert "Whether effects differ more than by sampling error is open (Q(11) = " in said
    assert "An equal-effects model was fitted, with z tests." in said
    assert "prediction" not in said and "τ²" not in said


def test_moderators() -> None:
    said = text(studies(0.3, 0.2), mods="year + format")
    assert said.startswith("Across 12 studies, whether effects go with year given the other")
    assert "is inconclusive (F(1, 8) = " in said
    assert "format given the other moderators" in said and "(F(2, 8) = " in said
    assert "all moderators" in said
    assert "year: b = " in said
    assert "studies were not assigned to values of moderators" in said
    frame = studies(0.0, 0.0, k=30)
    frame["yi"] += 0.1 * (frame["year"] - 2000)
    said = text(frame, mods="year", test="z")
    assert said.startswith("Across 30 studies, effects went with year (χ²(1) = ")
    assert "The moderators explained 100% of τ² (R²)." in said


def test_dropped_rows_are_said() -> None:
    frame = studies(0.3, 0.1)
    frame.loc[2, "yi"] = np.nan
    assert "1 row was not used." in text(frame)
