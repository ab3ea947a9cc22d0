"""Words and figures of truth-and-bias models and of response surfaces."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats.models import CongruenceResult, SurfaceResult
from alliance_stats.report import plot_surface, plot_tracking
from alliance_stats.report.output.drawings import DRAWINGS


@cache
def tracked(**options: str) -> CongruenceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = al.load_example("process")
        return al.models.fit_congruence(data, moderators=["treatment"], scale=(12, 60))


@cache
def surface(kind: str, level: str = "within") -> SurfaceResult:
    data = al.load_example("dyads")
    frame, centre = data.frame, 5.4 if level == "within" else 4.9
    gap = frame["wai_total"] - frame["wai_therapist"]
    slope = 0.11 * frame["wai_total"]  # takes the patient's own effect out of the example
    changed = {
        "as it is": frame["phq9"], "agreement": frame["phq9"] + slope + 0.03 * gap**2,
        "disagreement": frame["phq9"] + slope - 0.03 * gap**2,
        "less bias": frame["phq9"] + 0.03 * (gap - centre) ** 2,
    }[kind]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_response_surface(
            frame.assign(phq9=changed), data.roles, level=level, random_slopes={},  # type: ignore[arg-type]
            n_boot=100, rng=1,
        )  # fmt: skip


def test_bias_and_tracking_in_words() -> None:
    text = str(al.report_text(tracked()))
    assert "where wai_total was at its mean, wai_therapist lay 4.48 points below it" in text
    assert "On average wai_total was 4.71 points higher than wai_therapist (d = 0.54" in text
    assert "higher too, by 0.37 points per point, less than in full" in text
    assert "Whether the directional bias depends on treatment is inconclusive (F(2, 26.6)" in text
    assert "predict" not in text


def test_effects_that_are_not_known_are_inconclusive() -> None:
    view = tracked().view()
    terms = view.terms.copy()
    terms.loc[terms["effect"].isin(["bias", "within"]), ["ci_low", "ci_high"]] = [-1.0, 2.0]
    text = str(al.report_text(replace(view, terms=terms)))
    assert "inconclusive: the data are compatible with a directional bias from −1.000 to" in text
    assert "Whether wai_therapist tracked wai_total within patients is inconclusive" in text


def test_a_surface_that_does_not_show_congruence_says_why_and_what_is_open() -> None:
    text = str(al.report_text(surface("as it is")))
    assert "on phq9 within patients was not shown" in text
    assert "not established (a4 = " in text
    assert "inconclusive, not evidence of no such effect" in text
    assert "predict" not in text


def test_a_congruence_effect_is_claimed_with_its_caveat() -> None:
    result = surface("agreement")
    text = str(al.report_text(result))
    assert result.verdict.startswith("shown")
    assert "of wai_total and wai_therapist on phq9 within patients was shown by" in text
    assert "phq9 was lower (better) where both ratings were alike" in text
    assert "fail to contradict congruence" in text


def test_the_reverse_is_said() -> None:
    text = str(al.report_text(surface("disagreement")))
    assert "the outcome is better, not worse, where the ratings differ" in text


def test_agreement_less_a_bias_is_no_agreement() -> None:
    result = surface("less bias")
    assert result.verdict == "not shown"
    assert "the ridge lies beside the line" in str(al.report_text(result))


def test_without_draws_nothing_is_decided() -> None:
    view = surface("agreement").view()
    labels = dict(view.labels) | {"verdict": "not decided"}
    assert "was not decided" in str(al.report_text(replace(view, labels=labels)))


def test_tables_have_the_effects_in_words() -> None:
    table = al.coef_table(surface("as it is"))
    assert "a4 (incongruence, curvature)" in str(table)
    assert "Directional bias" in str(al.coef_table(tracked()))


def test_the_figure_of_tracking_draws_every_therapist_twice() -> None:
    view = tracked().view()
    plot = view.plot
    assert plot is not None
    axes = plot_tracking(view, ax=list(Figure().subplots(1, 2)))
    assert len(plot) == 2 * 30
    offsets = np.asarray(axes[0].collections[-1].get_offsets())
    bias = plot[plot["panel"] == "bias"]
    np.testing.assert_allclose(offsets, bias[["x", "y"]])
    assert (np.diff(bias.sort_values("y")["x"]) >= 0).all()
    assert axes[1].get_title(loc="left") == "Tracking"


def test_the_figure_of_a_surface_draws_its_lines_and_heights() -> None:
    view = surface("agreement", "between").view()
    figure = Figure()
    axes = [figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")]
    drawn = plot_surface(view, ax=axes)
    plot = view.plot
    assert plot is not None
    labels = [line.get_label() for line in drawn[0].lines]
    assert labels == ["both alike", "opposite", "ridge"]
    line = plot[plot["layer"] == "congruence"]
    np.testing.assert_allclose(line["x"], line["y"])
    np.testing.assert_allclose(drawn[0].lines[0].get_xdata(), line["x"])
    across = plot[plot["layer"] == "incongruence"]
    np.testing.assert_allclose(across["x"] + across["y"], 2 * across["x"].mean(), rtol=1e-9)
    assert plot.loc[plot["layer"] == "hull", "inside"].all()
    assert plot.loc[plot["layer"] == "points", "inside"].all()


def test_a_flat_panel_cannot_hold_the_perspective() -> None:
    with pytest.raises(al.ArgumentError, match="third dimension"):
        plot_surface(surface("as it is"), ax=list(Figure().subplots(1, 2)))


@pytest.mark.parametrize("draw", [plot_tracking, plot_surface])
def test_other_results_are_refused(draw: object) -> None:
    other = surface("as it is") if draw is plot_tracking else tracked()
    with pytest.raises(al.ArgumentError, match="Give a result of fit_"):
        draw(other)  # type: ignore[operator]


def test_captions_name_what_is_seen() -> None:
    caption = DRAWINGS["congruence"].caption(tracked().view())
    assert "30 therapists" in caption
    caption = DRAWINGS["surface"].caption(surface("as it is").view())
    assert "extrapolation" in caption


def test_a_report_holds_both(tmp_path: object) -> None:
    path = f"{tmp_path}/report.html"
    al.save_report([tracked(), surface("as it is")], path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "Conditions of congruence" in text
    assert "Mean difference" in text
    assert isinstance(tracked().view().tables["Mean difference"], pd.DataFrame)
