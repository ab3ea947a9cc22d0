from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats.measures import ReliableChange
from alliance_stats.report import plot_reliable_change


@pytest.fixture
def result(rng: np.random.Generator) -> Iterator[ReliableChange]:
    pre = np.round(rng.normal(15, 5, 80)).clip(0, 27)
    post = np.round(pre - 4 + rng.normal(0, 5, 80)).clip(0, 27)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", al.DataWarning)
        yield al.reliable_change(
            pd.Series(pre, name="phq9_pre"), pd.Series(post, name="phq9_post"), reliability=0.84,
            sd=5.5, higher_is_better=False, cutoff=10,
        )  # fmt: skip


def test_figure_draws_the_plot_frame(result: ReliableChange) -> None:
    (axis,) = plot_reliable_change(result, ax=Figure(figsize=(5, 4)).subplots())
    plot = result.view().plot
    assert plot is not None
    drawn = sorted(
        (float(x), float(y), c.get_label().split(" (")[0].lower())
        for c in axis.collections[1:]
        for x, y in np.asarray(c.get_offsets())
    )
    points = plot.loc[plot["layer"] == "points", ["x", "y", "category"]]
    assert drawn == sorted(points.itertuples(index=False, name=None))
    legend = [text.get_text() for text in axis.get_legend().get_texts()]
    counts = result.patients["category"].value_counts()
    assert f"Recovered ({counts['recovered']})" in legend
    assert legend[:3] == ["No reliable change", "No change", "Cut-off 10"]
    assert axis.get_xlim() == axis.get_ylim()
    assert axis.get_ylabel() == "phq9_post (lower is better)"


def test_categories_differ_without_colour(result: ReliableChange) -> None:
    (axis,) = plot_reliable_change(result, ax=Figure().subplots())
    looks = {
        (c.get_paths()[0].vertices.shape, to_hex(c.get_facecolor()[0]))
        for c in axis.collections[1:]
    }
    assert len(looks) == len(axis.collections) - 1


def test_other_results_and_no_patients_are_refused(result: ReliableChange) -> None:
    with pytest.raises(al.ArgumentError, match="is of kind 'sessions', not 'reliable_change'"):
        plot_reliable_change(al.load_example("sessions"))
    with pytest.raises(al.ArgumentError, match="ax holds 2 Axes, but the figure has 1 panel"):
        plot_reliable_change(result, ax=Figure().subplots(1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", al.DataWarning)
        none = al.reliable_change([1.0], [np.nan], reliability=0.8, sd=5, higher_is_better=True)
    with pytest.raises(al.ArgumentError, match="no patient with both scores"):
        plot_reliable_change(none)


def test_sentences_give_every_share(result: ReliableChange) -> None:
    text = al.report_text(result)
    n = result.rates["n"].tolist()
    assert text.startswith(f"Of {result.rates['of'].iloc[0]} cases at intake, {n[0]} (")
    assert "improved reliably without recovering" in text
    assert text.endswith(
        "A change of more than 6.10 points (Jacobson and Truax) counted as reliable; a score of at "
        "least 10 counted as a case."
    )


def test_report_holds_tables_and_figure(result: ReliableChange, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    al.save_report(result, path)
    page = path.read_text(encoding="utf-8")
    for words in ("Cases at intake", "Other methods", "Deteriorated", "data:image/png"):
        assert words in page
