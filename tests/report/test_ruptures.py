"""Figure and sentences of ruptures: what is drawn and said, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.ruptures.result import RuptureResult
from alliance_stats.report.plots import plot_ruptures
from alliance_stats.report.plots.ruptures import figure_caption, panel_names


def found(rule: str = "criterion", example: str = "sessions") -> RuptureResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.find_ruptures(al.load_example(example), rule=rule, simulations=99)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["criterion", "control_chart", "partition", "regression"])
def test_every_rule_is_drawn(rule: str) -> None:
    import matplotlib.pyplot as plt

    result = found(rule)
    plot = result.view().plot
    assert plot is not None
    assert (plot["layer"] == "rupture").sum() == len(result.ruptures)
    assert (plot["layer"] == "repair").sum() == result.ruptures["repaired"].sum()
    axes = plot_ruptures(result)
    assert len(axes) == 6
    assert axes[-1].get_title(loc="left") == "Chance"
    plt.close(axes[0].figure)


def test_patients_are_chosen() -> None:
    from matplotlib.figure import Figure

    result = found()
    axes = plot_ruptures(result, patients=[3, 1], ax=list(Figure().subplots(1, 3)))
    assert [axis.get_title(loc="left") for axis in axes] == ["Patient 3", "Patient 1", "Chance"]
    rows = result.patients()
    drawn = axes[0].lines[0].get_ydata()
    assert np.isfinite(np.asarray(drawn, dtype=float)).sum() == rows["n_ratings"].iloc[3]
    assert len(panel_names(result.view().plot)) == 6  # type: ignore[arg-type]
    assert "5 of 110 patients, selected at random" in figure_caption(result.view())
    for wrong in ([], [999], [True]):
        with pytest.raises(ArgumentError, match="Give"):
            plot_ruptures(result, patients=wrong)
    with pytest.raises(ArgumentError, match="4 panels"):
        plot_ruptures(result, patients=[0, 1, 2], ax=list(Figure().subplots(1, 2)))


def test_other_results_are_refused() -> None:
    view = found().view()
    with pytest.raises(ArgumentError, match="not 'ruptures'"):
        plot_ruptures(replace(view, kind="outcome"))
    with pytest.raises(ArgumentError, match="lacks x"):
        plot_ruptures(replace(view, plot=pd.DataFrame(columns=["panel", "layer", "group", "y"])))


def test_counts_stand_beside_their_expectation() -> None:
    text = " ".join(al.report_text(found()).split())
    assert "ruptures of wai_total were found, where chance brings about" in text
    assert "is inconclusive (p" in text
    assert "were repaired, where chance repairs" in text
    assert "could not be judged" in text
    assert "patterns in ratings" in text
    assert "predict" not in text


def test_more_than_by_chance_is_said() -> None:
    view = found().view()
    table = view.tables["Beside chance"].assign(p_value=0.01)
    text = al.report_text(replace(view, tables={"Beside chance": table}))
    assert "more than by chance (p = .010)" in " ".join(text.split())


def test_report_is_written(tmp_path: object) -> None:
    from pathlib import Path

    target = Path(str(tmp_path)) / "report.html"
    al.save_report(found(), target)
    assert "Ruptures of wai_total beside chance" in target.read_text("utf-8")
