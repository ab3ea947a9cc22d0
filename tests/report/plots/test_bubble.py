"""Bubble, orchard and profile plots: what is drawn is the frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.report.output.drawings import DRAWINGS
from alliance_stats.report.plots import plot_bubble, plot_orchard, plot_profile
from alliance_stats.report.plots.orchard import figure_caption as orchard_caption
from alliance_stats.report.plots.orchard import spread
from tests.report.plots.conftest import crossing_texts, few_effects, many_effects, texts_of


@pytest.mark.parametrize("size", [few_effects, many_effects])
def test_bubbles_line_and_bands(size: Any) -> None:
    found = al.meta.regression_lines(al.fit_meta(size(), measure="ZCOR", mods="year"), "year")
    axes = plot_bubble(found)
    plot = found.view().plot
    studies = plot[plot["row"] == "study"].sort_values("weight", ascending=False, kind="stable")
    line = plot[plot["row"] == "line"]
    bubbles, band = axes[0].collections
    assert np.array_equal(bubbles.get_offsets(), studies[["x", "estimate"]])
    corners = {tuple(v) for v in band.get_paths()[0].vertices}
    for end in ("ci_low", "ci_high"):
        assert {tuple(v) for v in line[["x", end]].to_numpy()} <= corners
    drawn = [artist.get_ydata() for artist in axes[0].lines[1:]]
    for values, name in zip(drawn, ("pi_low", "pi_high", "estimate"), strict=True):
        assert np.array_equal(values, line[name])
    assert axes[0].get_ylabel() == "Correlation r"
    assert crossing_texts(axes[0].figure) == []
    low, high = axes[0].get_xlim()
    assert low < plot["x"].min()
    assert high > plot["x"].max()


def test_bubble_caption_names_what_is_held() -> None:
    fit = al.fit_meta(many_effects(40), measure="ZCOR", mods="year + format")
    caption = DRAWINGS["meta_bubble"].caption(al.meta.regression_lines(fit, "year").view())
    assert caption.startswith("40 effect sizes over year, larger with more weight.")
    assert "with the mean of format" in caption


@pytest.mark.parametrize("mods", [None, "format"])
@pytest.mark.parametrize("size", [few_effects, many_effects])
def test_orchards_of_all_and_of_groups(size: Any, mods: str | None) -> None:
    result = al.fit_meta(size(), measure="ZCOR", mods=mods)
    axes = plot_orchard(result)
    plot = result.view().plot
    clouds = [c for c in axes[0].collections if not hasattr(c, "get_segments")]
    groups = plot[plot["row"] == "study"].groupby("group", sort=False)
    assert len(clouds) == len(groups)
    for cloud, (group, part) in zip(clouds, groups, strict=True):
        assert np.array_equal(cloud.get_offsets()[:, 0], part["estimate"])
        thin, thick, point = axes[0].lines[:3]
        if group == plot["group"].iloc[0]:
            new = plot[(plot["row"] == "prediction") & (plot["group"] == group)].iloc[0]
            mean = plot[plot["row"].isin(["mean", "subgroup"]) & (plot["group"] == group)].iloc[0]
            assert thin.get_xdata() == pytest.approx([new["ci_low"], new["ci_high"]])
            assert thick.get_xdata() == pytest.approx([mean["ci_low"], mean["ci_high"]])
            assert point.get_xdata()[0] == mean["estimate"]
    assert crossing_texts(axes[0].figure) == []
    assert "thick lines: 95% confidence" in orchard_caption(result.view())


def test_bubbles_of_an_orchard_grow_with_precision(few: Any, axis: Any) -> None:
    plot_orchard(few, ax=axis)
    cloud = next(c for c in axis.collections if len(c.get_offsets()) == 5)
    precision = 1.0 / few.view().plot["se"].iloc[:5].to_numpy()
    assert np.allclose(cloud.get_sizes() / cloud.get_sizes().max(), precision / precision.max())


def test_heights_of_an_orchard_are_the_same_each_time() -> None:
    x = np.random.default_rng(2).normal(size=200)
    assert np.array_equal(spread(x), spread(x.copy()))
    assert np.abs(spread(x)).max() <= 1.0
    assert np.abs(spread(x[:5])).min() >= 0.3
    assert np.array_equal(spread(np.array([1.0])), spread(np.array([2.0])))


def test_orchards_need_groups(axis: Any) -> None:
    result = al.fit_meta(few_effects(), measure="ZCOR", mods="year")
    with pytest.raises(ArgumentError, match="no means of groups: its moderators are year"):
        plot_orchard(result, ax=axis)


@pytest.mark.parametrize("size", ["few", "many"])
def test_profiles_of_one_variance(size: str, request: Any, axis: Any) -> None:
    found = request.getfixturevalue(size).profile()
    plot_profile(found, ax=axis)
    curve = axis.lines[-1]
    assert np.array_equal(curve.get_xdata(), found.frame["tau2"])
    assert np.array_equal(curve.get_ydata(), found.frame["relative"])
    assert axis.lines[0].get_ydata()[0] == found.cut
    assert axis.lines[1].get_xdata()[0] == found.of.tau2
    assert axis.patches[0].get_x() == pytest.approx(found.ci_low)
    assert "95% CI" in texts_of(axis)[0]


def test_profiles_of_two_variances() -> None:
    frame = many_effects(40)
    frame["study"] = [frame["study"][i // 3 * 3] for i in range(40)]
    found = al.fit_meta_multilevel(frame, rho=0.6, measure="ZCOR").profile(n=9)
    axes = plot_profile(found)
    names = found.frame["parameter"].unique().tolist()
    assert [axis.get_xlabel() for axis in axes] == names == ["τ² study", "τ² study/effect"]
    for axis, (_, part) in zip(axes, found.frame.groupby("parameter", sort=False), strict=True):
        assert np.array_equal(axis.lines[-1].get_xydata(), part[["value", "loglik"]])
    assert crossing_texts(axes[0].figure) == []
    with pytest.raises(ArgumentError, match="ax holds 1 Axes"):
        plot_profile(found, ax=Figure().subplots())


def test_reports_hold_the_figures(few: Any, tmp_path: Any) -> None:
    lines = al.meta.regression_lines(al.fit_meta(few_effects(), mods="year"), "year")
    results = [few.profile(), lines, al.meta.funnel_frame(few), al.meta.trim_fill(few)]
    text = al.save_report(results, tmp_path / "more.md").read_text(encoding="utf-8")
    assert all(f"**Figure {n}**" in text for n in (1, 2, 3, 4))


def test_other_results_are_refused(few: Any) -> None:
    for draw in (plot_bubble, plot_profile):
        with pytest.raises(ArgumentError, match="of kind 'meta', or has no plot frame"):
            draw(few)
    view = few.profile().view()
    with pytest.raises(ArgumentError, match="lacks parameter"):
        plot_profile(replace(view, plot=pd.DataFrame({"tau2": [1.0]})))
