"""Forest plots: what is drawn is the forest frame, in every form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.report.output.drawings import drawings_of
from alliance_stats.report.plots.forest import figure_caption
from alliance_stats.report.plots.forest_lines import lay_out_lines
from tests.report.plots.conftest import HOSTILE, crossing_texts, few_effects, many_effects, texts_of


def lines_and_squares(axis: Any) -> tuple[np.ndarray, np.ndarray]:
    """Intervals (n, 2) and centres (n, 2) of the studies."""
    lines = [c for c in axis.collections if hasattr(c, "get_segments")]
    longest = max(lines, key=lambda c: len(c.get_segments()))
    squares = [c for c in axis.collections if not hasattr(c, "get_segments")]
    points = max(squares, key=lambda c: len(c.get_offsets()))
    ends = np.array([s[:, 0] for s in longest.get_segments()])
    return ends, np.asarray(points.get_offsets())


@pytest.mark.parametrize("size", ["few", "many"])
def test_the_artists_are_the_forest_frame(size: str, request: Any, axis: Any) -> None:
    result = request.getfixturevalue(size)
    al.plot_forest(result, ax=axis, order="given")
    plot = result.view().plot
    studies = plot[plot["row"] == "study"]
    ends, squares = lines_and_squares(axis)
    left, right = axis.get_xlim()
    assert np.array_equal(squares[:, 0], studies["estimate"])
    assert np.array_equal(ends, studies[["ci_low", "ci_high"]].clip(left, right))
    assert (np.diff(squares[:, 1]) > 0).all()
    diamond, bar = (patch.get_xy()[:, 0] for patch in axis.patches)
    mean, new = (plot[plot["row"] == row].iloc[0] for row in ("mean", "prediction"))
    assert diamond[:3].tolist() == [mean["ci_low"], mean["estimate"], mean["ci_high"]]
    assert bar[:2].tolist() == [new["ci_low"], new["ci_high"]]


def test_numbers_are_those_that_are_read(few: Any, axis: Any) -> None:
    al.plot_forest(few, ax=axis)
    words = texts_of(axis)
    assert words[:4] == ["r", ".20", ".34", ".08"]
    for text in (
        "95% CI",
        "[.00, .38]",
        "[−.13, .29]",
        "25.1%",
        "103",
        "Random-effects mean (k = 5)",
        "95% prediction interval",
    ):
        assert text in words
    assert words[-1].startswith("τ² = 0.004, I² = 22%, Q(4) = 5.69, p = .224")
    assert axis.get_xlabel() == "Correlation r"
    ticks = dict(
        zip(axis.get_xticks(), [t.get_text() for t in axis.get_xticklabels()], strict=True)
    )
    assert all(np.isclose(np.tanh(x), float(t.replace("−", "-"))) for x, t in ticks.items())


def test_squares_grow_with_weight(few: Any, axis: Any) -> None:
    al.plot_forest(few, ax=axis)
    squares = next(c for c in axis.collections if len(c.get_offsets()) == 5)
    weights = few.view().plot["weight"].dropna().to_numpy()
    sizes = squares.get_sizes()
    assert np.allclose(sizes / sizes.max(), weights / weights.max())


def test_orders(few: Any) -> None:
    def drawn(order: str) -> list[str]:
        axis = Figure().subplots()
        al.plot_forest(few, order=order, ax=axis)
        return [t for t in texts_of(axis) if "(2" in t]

    assert drawn("estimate")[0] == "Cole (2005)"
    assert drawn("weight") == [
        "Ekman (2012)",
        "Abel (2001)",
        "Cole (2005)",
        "Bond (2003)",
        "Dorn (2010)",
    ]
    with pytest.raises(ArgumentError, match="order='yaer' is no order and no column"):
        drawn("yaer")


def test_a_moderator_orders_studies(axis: Any) -> None:
    frame = few_effects().assign(year=[5, 4, 3, 2, 1])
    result = al.fit_meta(frame, measure="ZCOR", mods="year")
    al.plot_forest(result, order="year", ax=axis)
    assert next(t for t in texts_of(axis) if "(2" in t) == "Ekman (2012)"
    assert "Residual τ²" in texts_of(axis)[-1]
    fitted = axis.collections[-1].get_offsets()[:, 0]
    plot = result.view().plot
    assert np.array_equal(np.sort(fitted), np.sort(plot["fitted"]))


def test_parts_of_a_long_plot(many: Any, axis: Any) -> None:
    al.plot_forest(many, rows=(280, 400), order="estimate", ax=axis)
    _, squares = lines_and_squares(axis)
    plot = many.view().plot
    studies = plot.loc[plot["row"] == "study", "estimate"]
    assert np.array_equal(squares[:, 0], np.sort(studies)[280:])
    for rows in ((295, 300), (5, 5), (-1, 3), (0.0, 3), (1, 2, 3)):
        with pytest.raises(ArgumentError, match="holds no study: the plot has 295 lines"):
            al.plot_forest(many, rows=rows, ax=axis)


def test_the_compact_form_names_some_studies_in_order_of_size(many: Any) -> None:
    axes = al.plot_forest(many)
    _, squares = lines_and_squares(axes[0])
    assert len(squares) == 295
    assert (np.diff(squares[:, 0]) >= 0).all()
    named = [t for t in texts_of(axes[0]) if t.startswith("Study ")]
    assert 50 <= len(named) < 120
    width, height = axes[0].figure.get_size_inches()
    assert width == 6.9
    assert height < 8.1
    assert crossing_texts(axes[0].figure) == []


def test_subgroups_have_means_of_their_own(axis: Any) -> None:
    frame = few_effects()
    result = al.fit_meta(frame, measure="ZCOR", mods="format")
    al.plot_forest(result, ax=axis)
    words = texts_of(axis)
    assert words.count("95% prediction interval") == 2
    assert {"cbt", "dynamic", "Mean (k = 3)", "Mean (k = 2)"} <= set(words)
    means = [patch.get_xy()[1, 0] for patch in axis.patches[::2]]
    at = result.predict(pd.DataFrame({"format": ["cbt", "dynamic"]}))
    assert np.allclose(means, at["estimate"])


def test_subgroups_of_many_studies_fit_a_page() -> None:
    axes = al.plot_forest(al.fit_meta(many_effects(), measure="ZCOR", mods="format"))
    assert axes[0].figure.get_figheight() < 9.5
    assert crossing_texts(axes[0].figure) == []


@pytest.fixture(scope="module")
def dependent() -> Any:
    frame = many_effects(20)
    frame["study"] = [frame["study"][i // 3 * 3] for i in range(20)]
    return al.fit_meta_multilevel(frame, rho=0.6, measure="ZCOR")


def test_effects_stand_under_the_name_of_their_study(dependent: Any, axis: Any) -> None:
    al.plot_forest(dependent, ax=axis)
    words = texts_of(axis)
    assert words.count("Study 1 (1980)") == 1
    assert "effect 1" in words
    assert "1,363" not in words  # patients of a study are not counted twice
    _, squares = lines_and_squares(axis)
    assert len(squares) == 20


def test_one_line_a_study_goes_from_the_lowest_to_the_highest_limit(
    dependent: Any, axis: Any
) -> None:
    al.plot_forest(dependent, effects="study", ax=axis)
    plot = dependent.view().plot
    ends, squares = lines_and_squares(axis)
    spans = plot[plot["row"] == "study"].groupby("study", sort=False)
    assert np.array_equal(ends[:, 0], spans["ci_low"].min())
    assert np.array_equal(ends[:, 1], spans["ci_high"].max())
    assert len(squares) == 20
    assert any(text.startswith("3 effects: ") for text in texts_of(axis))
    with pytest.raises(ArgumentError, match="effects='all' is not known"):
        al.plot_forest(dependent, effects="all", ax=axis)


def test_equal_names_are_different_studies(axis: Any) -> None:
    frame = few_effects().drop(columns="study").assign(study=["A", "B", "C", "D", "E"])
    view = al.fit_meta(frame).view()
    assert view.plot is not None
    al.plot_forest(replace(view, plot=view.plot.replace({"study": {"B": "A"}})), ax=axis)
    assert texts_of(axis).count("A") == 2


@pytest.mark.filterwarnings("error")
def test_hostile_names_and_missing_sizes() -> None:
    frame = few_effects().assign(study=HOSTILE, ni=[103, np.nan, np.nan, 31, np.nan])
    axes = al.plot_forest(al.fit_meta(frame, measure="OR"))
    axes[0].figure.draw_without_rendering()
    words = texts_of(axes[0])
    assert "Longstocking-Ephraimsdotter… (2001)" in words
    assert {"$\\frac{1}{0}$ 100% a_b^c", "Übersee (2010)", "_%$"} <= set(words)
    assert "103" in words
    assert crossing_texts(axes[0].figure) == []
    none = al.fit_meta(frame.drop(columns="ni"), measure="OR")
    assert "n" not in texts_of(al.plot_forest(none, ax=Figure().subplots())[0])


def test_columns_may_be_left_out(few: Any, axis: Any) -> None:
    al.plot_forest(few, columns=[], ax=axis)
    assert not {"n", "Weight"} & set(texts_of(axis))
    for columns in (["size"], "n"):
        with pytest.raises(ArgumentError, match="is not known. Allowed: n, weight"):
            al.plot_forest(few, columns=columns, ax=axis)


def test_wide_intervals_are_cut_with_arrows(axis: Any) -> None:
    frame = few_effects().assign(vi=[0.01, 0.02, 0.01, 9.0, 0.008])
    result = al.fit_meta(frame)
    al.plot_forest(result, ax=axis)
    ends, _ = lines_and_squares(axis)
    assert ends[3].tolist() == pytest.approx(list(axis.get_xlim()))
    arrows = [
        c for c in axis.collections if len(c.get_offsets()) == 1 and not hasattr(c, "get_segments")
    ]
    assert len(arrows) == 2


def test_captions(few: Any, many: Any, dependent: Any) -> None:
    caption = figure_caption(few.view())
    assert caption.startswith("Forest plot of 5 effect sizes of 5 studies.")
    assert "The axis shows correlation r, spaced as Fisher's z." in caption
    assert "95% prediction intervals, where the true effect of a new study lies" in caption
    assert "Some studies are named" in figure_caption(many.view())


def test_results_without_a_forest_frame_are_refused(few: Any) -> None:
    view = few.view()
    with pytest.raises(ArgumentError, match="of kind 'meta_funnel', or has no plot frame"):
        al.plot_forest(replace(view, kind="meta_funnel"))
    with pytest.raises(ArgumentError, match="lacks weight"):
        al.plot_forest(replace(view, plot=view.plot.drop(columns="weight")))
    with pytest.raises(ArgumentError, match="ax holds 2 Axes, but the figure has 1 panel"):
        al.plot_forest(few, ax=Figure().subplots(1, 2))


def test_reports_hold_the_figure(few: Any, many: Any, tmp_path: Any) -> None:
    path = al.save_report([few, many], tmp_path / "meta.md")
    text = path.read_text(encoding="utf-8")
    assert "**Figure 2**\n\n*Forest plot of 295 effect sizes of 295 studies*" in text
    assert "**Figure 3**\n\n*Funnel plot of 295 effect sizes against their standard errors*" in text
    assert len(list((tmp_path / "meta_files").iterdir())) == 3


def test_studies_of_many_effects_share_a_line_where_a_page_is_full() -> None:
    frame = many_effects(60)
    frame["study"] = [frame["study"][i // 3 * 3] for i in range(60)]
    layouts = [
        lay_out_lines(al.fit_meta_multilevel(part, rho=0.6, measure="ZCOR").view().plot)
        for part in (frame.head(45), frame)
    ]
    assert [layout.of for layout in layouts] == [45, 20]  # 15 and 20 headings
    assert all(layout.height <= 520 for layout in layouts)
    assert all(layout.text_size >= 7.0 for layout in layouts)


def test_a_funnel_is_drawn_where_it_can_be_judged(few: Any, many: Any) -> None:
    def titles(view: Any, *kinds: str) -> list[str]:
        drawings = drawings_of(view, frozenset(kinds))
        return [drawing.caption(view).split(" of ")[0] for drawing in drawings]

    view = many.view()
    assert titles(view) == ["Forest plot", "Funnel plot"]
    assert titles(view, "meta", "meta_funnel") == ["Forest plot"]
    assert titles(view, "meta_trim_fill") == ["Forest plot"]
    assert titles(few.view()) == ["Forest plot"]  # fewer than ten effects
    raw = replace(view, labels={**view.labels, "measure": "COR"})
    assert titles(raw) == ["Forest plot"]
