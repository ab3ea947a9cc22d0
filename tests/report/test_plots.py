from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("agg")

from matplotlib.figure import Figure

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.plots import plot_within_between
from alliance_stats.report.plots.within_between import MOST_POINTS, figure_caption


def test_the_artists_are_the_plot_frame(three_level: Any) -> None:
    plot = three_level.view().plot
    axes = plot_within_between(three_level)
    assert axes.shape == (3,)
    for axis, panel in zip(axes, ("within", "patient_between", "therapist_between"), strict=True):
        rows = plot[plot["panel"] == panel]
        points, line = rows[rows["layer"] == "points"], rows[rows["layer"] == "line"]
        scatter, band = axis.collections
        assert np.array_equal(np.asarray(scatter.get_offsets()), points[["x", "y"]].to_numpy())
        assert np.array_equal(axis.lines[0].get_xydata(), line[["x", "y"]].to_numpy())
        corners = {tuple(v) for v in band.get_paths()[0].vertices}
        for end in ("y_low", "y_high"):
            assert {tuple(v) for v in line[["x", end]].to_numpy()} <= corners
        assert len(axis.lines) == 1


def test_words_on_the_axes(three_level: Any) -> None:
    axes = plot_within_between(three_level)
    assert [axis.get_xlabel() for axis in axes] == [
        "wai_total\ndeviation from the\npatient's mean",
        "wai_total\npatient's mean −\ntherapist's mean",
        "wai_total\ntherapist's mean −\nmean of therapists",
    ]
    assert axes[0].get_ylabel() == "phq9 (adjusted; lower is better)"
    assert [axis.get_title(loc="left") for axis in axes] == [
        "Within patients", "Between patients", "Between therapists",
    ]  # fmt: skip
    assert axes[0].texts[0].get_text() == "b = −0.108\n95% CI [−0.150, −0.066]\n960 sessions"
    assert not axes[0].spines["top"].get_visible()
    assert not axes[0].spines["right"].get_visible()


def test_the_caption_counts_the_points(three_level: Any) -> None:
    assert figure_caption(three_level.view()) == (
        "Association of wai_total with phq9: within patients, between patients, between "
        "therapists. Points: observed phq9, adjusted for the other terms of the model (960 "
        "sessions; 240 patients; and 24 therapists). Lines: fitted, with 95% confidence bands."
    )


def test_axes_may_be_given(two_level: Any) -> None:
    given = Figure().subplots(1, 2)
    drawn = plot_within_between(two_level, ax=list(given))
    assert [a is b for a, b in zip(drawn, given, strict=True)] == [True, True]


@pytest.mark.parametrize("n", [1, 3])
def test_the_number_of_axes_is_checked(two_level: Any, n: int) -> None:
    with pytest.raises(ArgumentError, match=f"ax holds {n} Axes, but the figure has 2 panels"):
        plot_within_between(two_level, ax=Figure().subplots(1, n))


def test_a_result_without_a_plot_frame_is_refused(two_level: Any, lmm: Any) -> None:
    with pytest.raises(ArgumentError, match=r"kind 'lmm'\) has no plot frame"):
        plot_within_between(lmm)
    short = two_level.view().plot.drop(columns="y_low")
    with pytest.raises(ArgumentError, match="lacks y_low"):
        plot_within_between(replace(two_level.view(), plot=short))


def test_one_result_is_drawn(two_level: Any) -> None:
    with pytest.raises(ArgumentError, match="2 results were given. Give one result"):
        plot_within_between([two_level, two_level])  # type: ignore[arg-type]


def many_points(view: Any) -> Any:
    rng = np.random.default_rng(3)
    n = MOST_POINTS + 1234
    points = pd.DataFrame({"panel": "within", "layer": "points", "x": rng.normal(size=n)})
    points = points.assign(y=rng.normal(size=n), y_low=np.nan, y_high=np.nan, group=0)
    rest = view.plot[(view.plot["panel"] != "within") | (view.plot["layer"] == "line")]
    return replace(view, plot=pd.concat([points, rest], ignore_index=True))


def test_many_points_are_thinned_and_it_is_said(two_level: Any) -> None:
    view = many_points(two_level.view())
    first, again = (plot_within_between(view) for _ in range(2))
    drawn = np.asarray(first[0].collections[0].get_offsets())
    assert len(drawn) == MOST_POINTS
    assert np.array_equal(drawn, np.asarray(again[0].collections[0].get_offsets()))
    said = "5,000 of 6,234 sessions shown"
    assert first[0].texts[0].get_text().endswith(said)
    assert f"{said}, selected at random." in figure_caption(view)
    assert first[1].texts[0].get_text().count("\n") == first[0].texts[0].get_text().count("\n")


def test_no_global_settings_change(two_level: Any) -> None:
    before = dict(matplotlib.rcParams)
    plot_within_between(two_level)
    assert dict(matplotlib.rcParams) == before


def test_the_users_style_does_not_reach_the_figure(two_level: Any) -> None:
    with matplotlib.rc_context({"font.size": 31, "axes.facecolor": "red"}):
        axes = plot_within_between(two_level)
    assert axes[0].xaxis.label.get_fontsize() == 8.0
    assert axes[0].get_facecolor() == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("name", ["$\\frac{$", "a_b^{c}$x$", "x" * 90, "a_" * 40, "<svg>\nb"])
def test_any_column_name_can_be_drawn(with_names: Any, name: str) -> None:
    axes = plot_within_between(with_names(name))
    axes[0].figure.savefig(BytesIO(), format="png", dpi=50)
    label = axes[0].get_xlabel().replace("\n", "").replace(" ", "")
    assert label.startswith("".join(name.split()))


def test_panels_without_points_or_terms_are_drawn(two_level: Any) -> None:
    view = two_level.view()
    line = view.plot[view.plot["layer"] == "line"]
    axes = plot_within_between(replace(view, plot=line, terms=view.terms.head(0)))
    assert axes[0].texts[0].get_text() == ""


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = """
import alliance_stats.report as report
import pandas as pd, tempfile, pathlib
from alliance_stats._base.views import ResultView
none = pd.DataFrame()
terms = pd.DataFrame({"term": ["x"], "estimate": [1.0], "se": [0.5], "statistic": [2.0],
    "df": [9.0], "p_value": [0.07], "ci_low": [-0.1], "ci_high": [2.1]})
view = ResultView("lmm", "M", terms, none, none, none)
report.coef_table(view); report.report_text(view); report.plots.plot_within_between
report.save_report(view, pathlib.Path(tempfile.mkdtemp()) / "a.html", figures=False)
"""
    assert "matplotlib" not in loaded_after(code)
    assert not loaded_after("import alliance_stats.report") & {"numpy", "pandas", "matplotlib"}
