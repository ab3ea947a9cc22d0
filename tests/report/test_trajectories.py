from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("agg")

from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report import plot_trajectories, save_report
from alliance_stats.report.plots.style import MARK_COLOUR
from alliance_stats.report.plots.trajectories import (
    MOST_PATIENTS,
    figure_caption,
    panel_names,
    shown_patients,
)


def made_up(n_patients: int = 30, n_sessions: int = 8, **labels: str) -> ResultView:
    """A view of sessions; patient 0 has one rating, patient 1 no outcome."""
    rng = np.random.default_rng(4)
    parts = []
    for panel, level in (("alliance", 40.0), ("outcome", 15.0)):
        for patient in range(n_patients):
            if panel == "outcome" and patient == 1:
                continue
            x = np.arange(1.0, 2 if patient == 0 else rng.integers(3, n_sessions + 3))
            line = pd.DataFrame({"panel": panel, "layer": "lines", "x": x})
            parts.append(line.assign(y=level + rng.normal(size=len(x)), group=patient, n=1))
        x = np.arange(1.0, n_sessions)
        mean = pd.DataFrame({"panel": panel, "layer": "mean", "x": x, "y": level + x / 9})
        mean = mean.assign(y_low=mean["y"] - 0.5, y_high=mean["y"] + 0.7, group=-1)
        parts.append(mean.assign(n=n_patients - np.arange(len(x))))
    none = pd.DataFrame()
    words = {"alliance": "wai_total", "outcome": "phq9", "session": "session"}
    words |= {"outcome_better": "lower", "fewest_patients": "5"} | labels
    plot = pd.concat(parts, ignore_index=True)
    title = "Sessions read from a.csv"
    fit = pd.DataFrame({"source": ["a.csv"], "rows_read": [9], "rows_kept": [9]})
    return ResultView("sessions", title, none, fit, plot, none, labels=words)


def layer_of(view: ResultView, panel: str, layer: str) -> pd.DataFrame:
    assert view.plot is not None
    return view.plot[(view.plot["panel"] == panel) & (view.plot["layer"] == layer)]


def segments(axis: Any) -> list[np.ndarray]:
    return [path for lines in axis.collections[:-1] for path in lines.get_segments()]


def test_the_artists_are_the_plot_frame() -> None:
    view = made_up()
    axes = plot_trajectories(view)
    assert axes.shape == (2,)
    for axis, panel in zip(axes, ("alliance", "outcome"), strict=True):
        lines, mean = (layer_of(view, panel, name) for name in ("lines", "mean"))
        paths = [g[["x", "y"]].to_numpy() for _, g in lines.groupby("group")]
        drawn = segments(axis)
        long = [path for path in paths if len(path) > 1]
        assert len(drawn) == len(long)
        assert all(np.array_equal(a, b) for a, b in zip(drawn, long, strict=True))
        dots, rim, line = axis.lines
        assert np.array_equal(dots.get_xydata(), lines.loc[lines["group"] == 0, ["x", "y"]])
        for drawn_mean in (rim, line):
            assert np.array_equal(drawn_mean.get_xydata(), mean[["x", "y"]])
        corners = {tuple(v) for v in axis.collections[-1].get_paths()[0].vertices}
        for end in ("y_low", "y_high"):
            assert {tuple(v) for v in mean[["x", end]].to_numpy()} <= corners


def test_the_order_of_rows_does_not_matter() -> None:
    view = made_up()
    assert view.plot is not None
    by_x = replace(view, plot=view.plot.sort_values("x", kind="stable"))
    first, again = plot_trajectories(view), plot_trajectories(by_x)
    for a, b in zip(segments(first[0]), segments(again[0]), strict=True):
        assert np.array_equal(a, b)


def test_words_on_the_axes() -> None:
    axes = plot_trajectories(made_up())
    assert [axis.get_title(loc="left") for axis in axes] == ["Alliance", "Outcome"]
    assert [axis.get_ylabel() for axis in axes] == ["wai_total", "phq9 (lower is better)"]
    assert {axis.get_xlabel() for axis in axes} == {"session (n: patients in the mean)"}
    assert [axis.texts[-1].get_text() for axis in axes] == [
        "30 patients; mean, 95% CI", "29 patients; mean, 95% CI",
    ]  # fmt: skip
    assert not axes[0].spines["top"].get_visible()
    assert not axes[0].get_shared_y_axes().joined(*axes)


def test_counts_stand_under_the_session_numbers() -> None:
    view = made_up()
    n_at = layer_of(view, "alliance", "mean").set_index("x")["n"]
    axis = plot_trajectories(view)[0]
    labels = [label.get_text() for label in axis.get_xticklabels()]
    for label in labels:
        number, n = label.split("\n")
        assert n == (str(n_at[float(number)]) if float(number) in n_at.index else "")
    assert labels[0] == "1\n30"
    assert labels[-1].endswith("\n")


@pytest.mark.parametrize("variables", ["outcome", ["outcome"], ["outcome", "alliance"]])
def test_variables_are_panels_in_their_order(variables: Any) -> None:
    axes = plot_trajectories(made_up(), variables=variables)
    assert axes[0].get_title(loc="left") == "Outcome"
    assert len(axes) == (2 if len(variables) == 2 else 1)


@pytest.mark.parametrize("variables", [[], ["outcome", "outcome"], "phq9", ["alliance", 3]])
def test_variables_are_checked(variables: Any) -> None:
    with pytest.raises(ArgumentError, match="variables="):
        plot_trajectories(made_up(), variables=variables)


def test_many_patients_are_thinned_and_it_is_said() -> None:
    n = MOST_PATIENTS + 40
    view = made_up(n)
    assert view.plot is not None
    first, again = (plot_trajectories(view) for _ in range(2))
    shown = shown_patients(view.plot)
    assert len(shown) == MOST_PATIENTS
    for axis, other, panel in zip(first, again, ("alliance", "outcome"), strict=True):
        drawn, lines = segments(axis), layer_of(view, panel, "lines")
        kept = lines[lines["group"].isin(shown)].groupby("group")
        expected = [g[["x", "y"]].to_numpy() for _, g in kept if len(g) > 1]
        assert all(np.array_equal(a, b) for a, b in zip(drawn, expected, strict=True))
        assert all(np.array_equal(a, b) for a, b in zip(drawn, segments(other), strict=True))
        assert len(axis.lines[-1].get_xydata()) == len(layer_of(view, panel, "mean"))
    said = f"{MOST_PATIENTS} of {n} patients; mean of all, 95% CI"
    assert first[0].texts[-1].get_text() == said
    assert f"({MOST_PATIENTS} of {n} patients, selected at random)" in figure_caption(view)
    assert len(segments(plot_trajectories(view, max_patients=7)[0])) in (6, 7)
    all_of_them = plot_trajectories(view, max_patients=1000)[0]
    assert len(segments(all_of_them)) == n - 1
    assert all_of_them.texts[-1].get_text().startswith(f"{n} patients;")


@pytest.mark.parametrize("wrong", [0, -1, 2.0, True, None])
def test_max_patients_is_a_number_of_patients(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="is not a number of patients"):
        plot_trajectories(made_up(), max_patients=wrong)


@pytest.mark.parametrize("highlight", [5, [5], [5, 8, 5], np.int64(5)])
def test_highlighted_patients_are_always_drawn(highlight: Any) -> None:
    view = made_up(MOST_PATIENTS + 5)
    axis = plot_trajectories(view, highlight=highlight, max_patients=1)[0]
    dark = axis.collections[-2]
    assert to_hex(dark.get_color()[0]) == MARK_COLOUR
    assert dark.get_linestyles()[0][1] is not None  # dashed: told from the mean in grey
    numbers = sorted(set(np.atleast_1d(highlight).tolist()))
    lines = layer_of(view, "alliance", "lines")
    for path, number in zip(dark.get_segments(), numbers, strict=True):
        assert np.array_equal(path, lines.loc[lines["group"] == number, ["x", "y"]])
    assert axis.texts[-1].get_text().startswith(f"{len(numbers)} of {MOST_PATIENTS + 5} patients")


@pytest.mark.parametrize(
    ("highlight", "said"),
    [(30, "an entry that numbers no"), ([-1, 99], "2 entries that number no"), ("a", "0 to 29"),
     ([True], "an entry"), ([0.5], "counted in the order")],
)  # fmt: skip
def test_highlight_names_patients_by_number(highlight: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        plot_trajectories(made_up(), highlight=highlight)


def test_axes_may_be_given() -> None:
    given = Figure().subplots(1, 2)
    drawn = plot_trajectories(made_up(), ax=list(given))
    assert [a is b for a, b in zip(drawn, given, strict=True)] == [True, True]
    with pytest.raises(ArgumentError, match="ax holds 2 Axes, but the figure has 1 panel"):
        plot_trajectories(made_up(), variables="outcome", ax=given)


def test_sessions_without_means_are_drawn() -> None:
    view = made_up()
    assert view.plot is not None
    lines = replace(view, plot=view.plot[view.plot["layer"] == "lines"])
    axis = plot_trajectories(lines)[0]
    assert axis.texts[-1].get_text() == "30 patients"
    assert axis.get_xlabel() == "session"
    assert "n:" not in figure_caption(lines)
    axis.figure.savefig(BytesIO(), format="png", dpi=50)


def test_what_holds_no_sessions_is_refused(two_level: Any) -> None:
    view = made_up()
    with pytest.raises(ArgumentError, match="kind 'within_between' holds no sessions"):
        plot_trajectories(two_level)
    with pytest.raises(ArgumentError, match=r"have no roles.*Roles\(alliance"):
        plot_trajectories(replace(view, plot=None))
    with pytest.raises(ArgumentError, match=r"is a DataFrame.*load_sessions\(frame"):
        plot_trajectories(pd.DataFrame())  # type: ignore[arg-type]
    assert view.plot is not None
    with pytest.raises(ArgumentError, match="lacks n, group|lacks group, n"):
        plot_trajectories(replace(view, plot=view.plot.drop(columns=["group", "n"])))


@pytest.mark.parametrize("name", ["$\\frac{$", "a_b^{c}$x$", "x" * 90, "<svg>\nb"])
def test_any_column_name_can_be_drawn(name: str) -> None:
    axes = plot_trajectories(made_up(alliance=name, session=name))
    axes[0].figure.savefig(BytesIO(), format="png", dpi=50)
    assert axes[0].get_ylabel().replace("\n", "").replace(" ", "") == "".join(name.split())


def test_no_global_settings_change() -> None:
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 31}):
        axes = plot_trajectories(made_up())
    assert axes[0].xaxis.label.get_fontsize() == 8.0
    assert dict(matplotlib.rcParams) == before


def test_the_caption_says_what_is_drawn() -> None:
    assert figure_caption(made_up()) == (
        "Alliance (wai_total) and outcome (phq9) by session. Grey lines: observed ratings of each "
        "patient. Dark lines: mean over all patients with a rating at that session, with its "
        "pointwise 95% confidence interval, where 5 or more have a rating; n: how many they are. "
        "Later means are over those still in treatment."
    )


def test_a_report_of_sessions_has_the_figure(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    view = made_up()
    assert view.plot is not None
    assert panel_names(view.plot) == ["alliance", "outcome"]
    text = save_report(view, tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count('src="data:image/png;base64,') == 1
    assert "<b>Figure 1</b><br><i>Alliance (wai_total) and outcome (phq9) by session</i>" in text
    save_report(view, tmp_path / "r.md")
    png = (tmp_path / "r_files" / "figure-1.png").read_bytes()
    assert int.from_bytes(png[16:20], "big") == 2070  # 6.9 inches at 300 dpi
    assert plt.get_fignums() == []
    bare = replace(view, plot=None)
    assert "<img" not in save_report(bare, tmp_path / "b.html").read_text(encoding="utf-8")


REPORTED = """
import alliance_stats as al, pathlib, sys, tempfile
sessions = al.load_example("sessions")
sessions.view(), al.plot_trajectories
al.save_report(sessions, pathlib.Path(tempfile.mkdtemp()) / "a.html", figures=False)
print("matplotlib" in sys.modules)
import matplotlib
matplotlib.use("agg")
axes = al.plot_trajectories(sessions, max_patients=3)
print(len(axes))
"""


def test_matplotlib_is_loaded_only_to_draw() -> None:
    done = subprocess.run([sys.executable, "-c", REPORTED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "2"]
