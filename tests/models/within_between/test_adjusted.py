"""The frame that the figure draws: residuals about the lines, and lines through the means."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models.within_between.adjusted import adjusted_frame


@pytest.fixture(scope="module")
def result() -> al.models.AllianceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_within_between(al.load_example("sessions"))


def test_one_panel_an_effect(result: al.models.AllianceResult) -> None:
    frame = adjusted_frame(result.fit, result.prepared)
    assert list(frame["panel"].unique()) == ["within", "patient_between", "therapist_between"]
    n = frame[frame["layer"] == "points"].groupby("panel", sort=False).size()
    counts = result.prepared.counts()
    assert n.tolist() == [counts["session"], counts["patient"], counts["therapist"]]


def test_lines_have_the_slope_of_the_model(result: al.models.AllianceResult) -> None:
    frame = adjusted_frame(result.fit, result.prepared)
    for row in result.effects.itertuples():
        line = frame[(frame["panel"] == row.effect) & (frame["layer"] == "line")]
        slope = np.polyfit(line["x"], line["y"], 1)[0]
        assert slope == pytest.approx(row.estimate, rel=1e-8)
        assert (line["y_low"] < line["y"]).all() and (line["y"] < line["y_high"]).all()


def test_lines_meet_the_mean_outcome_at_zero(result: al.models.AllianceResult) -> None:
    """At zero of every effect and the mean time, the line is the model's mean outcome."""
    frame = adjusted_frame(result.fit, result.prepared)
    at_means = result.fit.column_means() * result.fit.beta
    columns = [column for _, column in result.prepared.effects]
    expected = at_means.drop(columns).sum()
    for panel in frame["panel"].unique():
        line = frame[(frame["panel"] == panel) & (frame["layer"] == "line")]
        assert np.interp(0.0, line["x"], line["y"]) == pytest.approx(expected, rel=1e-6)


def test_within_points_scatter_about_the_line_by_the_residual(
    result: al.models.AllianceResult,
) -> None:
    frame = adjusted_frame(result.fit, result.prepared)
    part = frame[frame["panel"] == "within"]
    points, line = part[part["layer"] == "points"], part[part["layer"] == "line"]
    gap = points["y"] - np.interp(points["x"], line["x"], line["y"])
    assert abs(gap.mean()) < 0.1
    assert 0.8 * result.fit.sigma < gap.std() < 1.1 * result.fit.sigma


def test_points_hold_no_identifiers(result: al.models.AllianceResult) -> None:
    frame = adjusted_frame(result.fit, result.prepared)
    assert pd.api.types.is_integer_dtype(frame["group"])
