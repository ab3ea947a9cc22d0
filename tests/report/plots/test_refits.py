"""Figures of a mean with studies added, and without each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.report.plots import plot_cumulative, plot_leave_one_out
from alliance_stats.report.plots.refits import figure_caption
from tests.report.plots.conftest import HOSTILE, crossing_texts, few_effects, many_effects, texts_of


def drawn(axis: Any) -> tuple[np.ndarray, np.ndarray]:
    lines = [c for c in axis.collections if hasattr(c, "get_segments")]
    longest = max(lines, key=lambda c: len(c.get_segments()))
    dots = [c for c in axis.collections if not hasattr(c, "get_segments")]
    points = max(dots, key=lambda c: len(c.get_offsets()))
    return np.array([s[:, 0] for s in longest.get_segments()]), np.asarray(points.get_offsets())


@pytest.mark.parametrize(("k", "size"), [(5, few_effects), (295, many_effects)])
def test_studies_added_one_by_one(k: int, size: Any) -> None:
    frame = size()
    found = al.meta.cumulative(al.fit_meta(frame, measure="ZCOR"), order=frame["year"])
    axes = plot_cumulative(found)
    plot = found.view().plot
    ends, dots = drawn(axes[0])
    left, right = axes[0].get_xlim()
    assert np.array_equal(dots[:, 0], plot["estimate"])
    assert np.array_equal(ends, plot[["ci_low", "ci_high"]].clip(left, right))
    words = texts_of(axes[0])
    assert {"Studies so far", "k", "r", "95% CI", "τ²", f"{k:,}"} <= set(words)
    assert axes[0].figure.get_figheight() < 9.5
    assert crossing_texts(axes[0].figure) == []
    assert figure_caption(found.view()).startswith(f"Mean effect as {k} studies were added")


@pytest.mark.parametrize(("k", "size"), [(5, few_effects), (295, many_effects)])
def test_each_study_left_out(k: int, size: Any) -> None:
    fit = al.fit_meta(size(), measure="ZCOR")
    found = al.meta.leave_one_out(fit)
    axes = plot_leave_one_out(found)
    plot = found.view().plot
    ends, dots = drawn(axes[0])
    order = plot["estimate"].argsort(kind="stable") if k > 60 else np.arange(k)
    assert np.array_equal(dots[:, 0], plot["estimate"].to_numpy()[order])
    assert np.array_equal(ends, plot[["ci_low", "ci_high"]].to_numpy()[order])
    band = axes[0].collections[2 if k == 5 else 1].get_paths()[0].vertices[:, 0]
    mean = fit.predict().iloc[0]
    assert (band.min(), band.max()) == pytest.approx((mean["ci_low"], mean["ci_high"]))
    assert crossing_texts(axes[0].figure) == []
    assert "Mean effect without each of" in figure_caption(found.view())


@pytest.mark.filterwarnings("error")
def test_hostile_names() -> None:
    frame = few_effects().assign(study=HOSTILE)
    found = al.meta.leave_one_out(al.fit_meta(frame, measure="ZCOR"))
    axes = plot_leave_one_out(found)
    axes[0].figure.draw_without_rendering()
    assert {"$\\frac{1}{0}$ 100% a_b^c", "_%$"} <= set(texts_of(axes[0]))


def test_other_results_are_refused(few: Any, axis: Any) -> None:
    view = al.meta.leave_one_out(few).view()
    with pytest.raises(ArgumentError, match=r"Give a result of meta\.cumulative"):
        plot_cumulative(view, ax=axis)
    with pytest.raises(ArgumentError, match="lacks tau2"):
        plot_leave_one_out(replace(view, plot=view.plot.drop(columns="tau2")), ax=axis)
    with pytest.raises(ArgumentError, match="ax holds 3 Axes"):
        plot_leave_one_out(view, ax=Figure().subplots(1, 3))


def test_the_places_of_effects_are_named_below(few: Any) -> None:
    axes = al.report.plot_influence(
        al.meta.influence(few), ax=list(Figure().subplots(3, 3).ravel())
    )
    assert [axis.get_xlabel() for axis in axes] == [*[""] * 6, *["Place in the data"] * 3]


def test_reports_hold_the_figures(few: Any, tmp_path: Any) -> None:
    results = [al.meta.cumulative(few, order="precision"), al.meta.leave_one_out(few),
               al.meta.influence(few), al.meta.baujat(few)]  # fmt: skip
    text = al.save_report(results, tmp_path / "diagnostics.md").read_text(encoding="utf-8")
    assert all(f"**Figure {n}**" in text for n in (1, 2, 3, 4))
