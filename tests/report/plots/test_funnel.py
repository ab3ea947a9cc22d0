"""Funnel plots: points, limits and contours are those of the frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats import ArgumentError, UnsupportedError
from alliance_stats.report.plots.funnel import figure_caption, funnel_rows
from tests.report.plots.conftest import crossing_texts, few_effects, many_effects


def points(axis: Any) -> list[np.ndarray]:
    """Places of the points of every scatter."""
    return [np.asarray(c.get_offsets()) for c in axis.collections if len(c.get_offsets()) > 1]


@pytest.mark.parametrize("size", ["few", "many"])
def test_points_and_limits_are_those_of_the_frame(
    size: str, request: Any, axis: Any, tol: Any
) -> None:
    result = request.getfixturevalue(size)
    found = al.meta.funnel_frame(result)
    al.plot_funnel(found, ax=axis)
    studies = found.frame[found.frame["row"] == "study"]
    assert np.array_equal(points(axis)[-1], studies[["estimate", "se"]])
    for row, pair in (("interval", axis.lines[:2]), ("spread", axis.lines[2:4])):
        part = found.frame[found.frame["row"] == row]
        assert np.array_equal(pair[0].get_xdata(), part["low"])
        assert np.array_equal(pair[1].get_xdata(), part["high"])
    assert axis.lines[4].get_xdata()[0] == pytest.approx(result.beta[0], rel=tol.closed_form)
    assert axis.yaxis_inverted()
    assert axis.get_ylabel() == "Standard error of Fisher's z"


@pytest.mark.parametrize("size", ["few", "many"])
def test_a_fit_draws_the_same_funnel_as_its_frame(size: str, request: Any, tol: Any) -> None:
    result = request.getfixturevalue(size)
    mine, theirs = funnel_rows(result.view()), al.meta.funnel_frame(result).frame
    for row, columns in (("study", ["estimate", "se"]), ("interval", ["se", "low", "high"]),
                         ("spread", ["se", "low", "high"]),
                         ("contour", ["se", "low", "high", "level"])):  # fmt: skip
        a, b = (frame.loc[frame["row"] == row, columns].to_numpy() for frame in (mine, theirs))
        np.testing.assert_allclose(a, b, rtol=tol.closed_form, atol=tol.closed_form)


def test_contours_are_shaded_from_the_middle(few: Any, axis: Any) -> None:
    al.plot_funnel(few, ax=axis)
    legend = axis.get_legend()
    assert [t.get_text() for t in legend.get_texts()] == [
        "p > .10", ".05 < p < .10", ".01 < p < .05", "p < .01",
    ]  # fmt: skip
    shades = [to_hex(patch.get_facecolor()) for patch in legend.get_patches()]
    bands = [to_hex(c.get_facecolor()[0]) for c in axis.collections[:3]]
    assert bands == [shades[2], shades[1], shades[0]]
    assert to_hex(axis.get_facecolor()) == shades[3]
    widest = axis.collections[0].get_paths()[0].vertices
    assert widest[:, 0].max() == pytest.approx(2.5758293035489004 * widest[:, 1].max())
    plain = Figure().subplots()
    al.plot_funnel(few, contours=False, ax=plain)
    assert plain.get_legend() is None


def test_filled_effects_are_hollow(axis: Any) -> None:
    frame = many_effects(80)
    frame = frame[(frame["yi"] / frame["vi"] ** 0.5 > 1) | (frame["vi"] < 0.015)]
    fit = al.fit_meta(frame, measure="ZCOR")
    filled = al.meta.trim_fill(fit)
    assert filled.k0 > 3
    al.plot_funnel(al.meta.funnel_frame(fit, fill=filled), ax=axis)
    assert len(points(axis)[-1]) == filled.k0
    assert to_hex(axis.collections[-1].get_facecolor()[0]) == "#ffffff"
    assert [t.get_text() for t in axis.get_legend().get_texts()][-2:] == ["studies", "filled in"]
    other = Figure().subplots()
    al.plot_funnel(filled, ax=other)
    assert np.array_equal(points(other)[-1], points(axis)[-1])
    assert "filled in by trim and fill" in figure_caption(filled.view())


def test_residuals_have_no_contours(axis: Any) -> None:
    fit = al.fit_meta(few_effects(), measure="ZCOR", mods="year")
    al.plot_funnel(fit, ax=axis)
    plot = fit.view().plot
    assert np.array_equal(points(axis)[-1][:, 0], plot["residual"])
    assert axis.get_legend() is None
    assert axis.get_xlabel() == "Residual (Fisher's z)"
    other = Figure().subplots()
    al.plot_funnel(al.meta.funnel_frame(fit), ax=other)
    assert np.allclose(points(other)[-1], points(axis)[-1])
    assert other.get_xlabel() == axis.get_xlabel()


def test_raw_correlations_are_refused(axis: Any) -> None:
    with pytest.raises(
        UnsupportedError, match=r"measure 'COR'.*effect_sizes\(frame, measure='ZCOR'\)"
    ):
        al.plot_funnel(al.fit_meta(few_effects(), measure="COR"), ax=axis)


def test_other_results_are_refused(few: Any) -> None:
    with pytest.raises(ArgumentError, match="of kind 'meta_baujat'"):
        al.plot_funnel(replace(few.view(), kind="meta_baujat"))
    broken = al.meta.funnel_frame(few).view()
    with pytest.raises(ArgumentError, match="lacks high"):
        al.plot_funnel(replace(broken, plot=broken.plot.drop(columns="high")))


@pytest.mark.parametrize("size", ["few", "many"])
def test_words_do_not_cross(size: str, request: Any) -> None:
    axes = al.plot_funnel(request.getfixturevalue(size))
    assert axes[0].figure.get_figwidth() == 3.35
    assert crossing_texts(axes[0].figure) == []


def test_caption(few: Any) -> None:
    caption = figure_caption(few.view())
    assert caption.startswith("Funnel plot of 5 effect sizes against their standard errors.")
    assert "Dashed lines hold 95% of effects if all studies have one true effect" in caption
