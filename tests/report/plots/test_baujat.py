"""Baujat plots, influence of each effect, and names beside points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.report.plots import plot_baujat, plot_influence
from alliance_stats.report.plots.baujat import figure_caption
from alliance_stats.report.plots.labels import name_points
from alliance_stats.report.plots.study_influence import figure_caption as influence_caption
from tests.report.plots.conftest import HOSTILE, crossing_texts, few_effects, texts_of


@pytest.mark.parametrize("size", ["few", "many"])
def test_baujat_points_are_those_of_the_frame(size: str, request: Any) -> None:
    found = al.meta.baujat(request.getfixturevalue(size))
    axes = plot_baujat(found)
    plot = found.view().plot
    drawn = np.concatenate([np.asarray(c.get_offsets()) for c in axes[0].collections])
    marked = plot["flagged"].to_numpy()
    places = plot[["x", "y"]].to_numpy()
    assert np.array_equal(drawn, np.concatenate([places[~marked], places[marked]]))
    names = {text for text in texts_of(axes[0]) if text}
    assert set(plot.loc[marked, "study"]) <= names
    assert crossing_texts(axes[0].figure) == []
    assert figure_caption(found.view()).startswith(f"Baujat plot of {len(plot)} effect sizes")


@pytest.mark.parametrize("size", ["few", "many"])
def test_influence_has_a_panel_a_measure(size: str, request: Any) -> None:
    found = al.meta.influence(request.getfixturevalue(size))
    axes = plot_influence(found)
    plot = found.view().plot
    assert len(axes) == plot["measure"].nunique()
    for axis, (_, part) in zip(axes, plot.groupby("measure", sort=False), strict=True):
        stems = next(c for c in axis.collections if hasattr(c, "get_segments"))
        tops = np.array([s[1, 1] for s in stems.get_segments()])
        assert np.array_equal(tops, part["value"])
        assert np.array_equal([s[0, 1] for s in stems.get_segments()], part["reference"])
    assert axes[4].get_title(loc="left") == "τ² without it"
    assert crossing_texts(axes[0].figure) == []


def test_influence_of_several_coefficients(axis: Any) -> None:
    found = al.meta.influence(al.fit_meta(few_effects(), measure="ZCOR", mods="year"))
    axes = plot_influence(found)
    titles = [a.get_title(loc="left") for a in axes]
    assert titles[-2:] == ["DFBETAS: Intercept", "DFBETAS: year"]
    with pytest.raises(ArgumentError, match="ax holds 1 Axes, but the figure has 10 panels"):
        plot_influence(found, ax=axis)
    assert "1 Abel (2001); 2 Bond (2003)" in influence_caption(found.view())


@pytest.mark.filterwarnings("error")
def test_hostile_names() -> None:
    fit = al.fit_meta(few_effects().assign(study=HOSTILE), measure="ZCOR")
    axes = plot_baujat(al.meta.baujat(fit))
    axes[0].figure.draw_without_rendering()
    assert "$\\frac{1}{0}$ 100% a_b^c" in texts_of(axes[0])
    plot_influence(al.meta.influence(fit))[0].figure.draw_without_rendering()


def test_other_results_are_refused(few: Any) -> None:
    view = al.meta.baujat(few).view()
    with pytest.raises(ArgumentError, match=r"Give a result of meta\.influence"):
        plot_influence(view)
    with pytest.raises(ArgumentError, match="lacks flagged"):
        plot_baujat(replace(view, plot=view.plot.drop(columns="flagged")))


def test_names_find_room_or_are_returned() -> None:
    axis = Figure(figsize=(3, 3)).subplots()
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    x = np.full(40, 0.5)
    left_out = name_points(axis, x, x, [f"a rather long name {i}" for i in range(40)])
    assert 0 < len(left_out) < 40
    assert crossing_texts(axis.figure) == []
    assert name_points(axis, x[:1], x[:1], [""]) == []
