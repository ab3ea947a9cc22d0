"""The result shows itself, and the report room takes it like any other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.report.statcheck.result import StatisticsCheck

TEXT = (
    "It did, t(23) = 2.10, p = .047; it rose, t(40) = 1.80, p = .04. Then z = 1.96, p = .06.\n\n"
    "Again r = .38, 95% CI [.29, .40], and t = 2.10, p = .047 <b>."
)


@pytest.fixture
def check() -> StatisticsCheck:
    return al.check_statistics(TEXT)


def test_counts(check: StatisticsCheck) -> None:
    row = check.summary.iloc[0]
    assert row["source"] == "text"
    counts = {name: int(row[name]) for name in check.summary if str(name).startswith("n_")}
    assert counts == {
        "n_statistics": 5, "n_consistent": 1, "n_inconsistent": 1, "n_decision_errors": 1,
        "n_doubtful": 1, "n_not_checked": 1, "n_one_tailed": 1,
    }  # fmt: skip
    assert check.ok is False
    assert list(check.problems["place"]) == ["line 1", "line 1", "line 3"]
    assert al.check_statistics("It did, t(23) = 2.10, p = .047.").ok is True


def test_types_of_columns_hold_for_empty_texts() -> None:
    full, empty = (al.check_statistics(text).frame for text in (TEXT, "Nothing."))
    pd.testing.assert_index_equal(full.columns, empty.columns)
    assert full["p_low"].dtype == empty["p_low"].dtype
    assert full["one_tailed"].dtype == empty["one_tailed"].dtype == bool


def test_the_result_is_frozen_and_its_frames_follow_the_schema(check: StatisticsCheck) -> None:
    with pytest.raises(AttributeError):
        check.alpha = 0.01  # type: ignore[misc]
    assert tuple(check.tidy().columns) == TIDY_COLUMNS
    assert check.view().kind == "statcheck"
    pd.testing.assert_frame_equal(check.glance(), check.summary)


def test_text_and_tables_of_a_report(check: StatisticsCheck) -> None:
    text = str(al.report_text(check))
    assert text.startswith("In text 5 statistics in APA style were found: 1 consistent; ")
    assert text.endswith(
        "Do not fit: t(40) = 1.80, p = .04 (line 1); z = 1.96, p = .06 (line 1). "
        "To be looked at: r = .38, 95% CI [.29, .40] (line 3)."
    )
    assert "Line 1, “t(40) = 1.80, p = .04”: The statistic gives" in check.view().messages[0]
    cells = al.coef_table(check).frame
    assert cells["Term"][0] == "t(23) = 2.10, p = .047"
    assert cells["Value"].tolist()[:2] == ["2.100", "1.800"]
    nothing = al.check_statistics("Nothing.")
    assert al.report_text(nothing) == "In text no statistic in APA style was found."
    assert "No statistic in APA style was found." in repr(nothing)


def test_shown_in_console_and_notebook(check: StatisticsCheck) -> None:
    shown = repr(check)
    assert shown.splitlines()[:2] == [
        "Printed statistics of text (5 statistics)",
        "1 consistent; 1 inconsistent; 1 decision error; 1 doubtful; 1 not checked.",
    ]
    assert max(map(len, shown.splitlines())) <= 88
    many = repr(al.check_statistics("t(40) = 1.80, p = .04. " * 25))
    assert many.endswith("… and 5 more, in problems.")
    page = check._repr_html_()
    assert "decision error (one-tailed fits)" in page
    hostile = al.check_statistics("<script>alert(1)</script> b<sub>x</sub> = .5, 95% CI [.6, .7]")
    assert "<script>" not in hostile._repr_html_()


@pytest.mark.parametrize("suffix", [".html", ".md"])
def test_a_report_holds_every_row(check: StatisticsCheck, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"report{suffix}"
    al.save_report(check, path)
    written = path.read_text(encoding="utf-8")
    assert "Statistics as printed and recomputed" in written
    assert "decision error (one-tailed fits)" in written
