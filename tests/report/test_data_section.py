"""The section on the data of a saved report: what is missing where, identifying columns, notes."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import alliance_stats as al

ROLES = al.Roles(alliance="wai_total", outcome="phq9")


@pytest.fixture
def sessions(tmp_path: Path) -> al.SessionData:
    """A file of a German clinic, with a column of e-mail addresses."""
    frame = pd.DataFrame(
        {
            "patient": list("aabbccdd"),
            "session": [1, 2] * 4,
            "wai_total": [4.5, 5, 3.5, None, 4, 4.5, 5.5, None],
            "phq9": [9, 8, 7, 9, 5, 6, None, 4],
            "contact": [f"{name}@clinic.org" for name in "aabbccdd"],
        }
    )
    frame.to_csv(tmp_path / "s.csv", sep=";", decimal=",", index=False)
    with pytest.warns(al.DataWarning, match="contact"):
        return al.load_sessions(tmp_path / "s.csv", ROLES)


def test_shares_by_session_are_percentages_under_the_columns_names(
    sessions: al.SessionData, tmp_path: Path
) -> None:
    path = al.save_report(sessions, tmp_path / "r.md", figures=False)
    text = path.read_text(encoding="utf-8").replace("\\_", "_")
    table = text[text.index("Share missing by session") :].splitlines()[2:6]
    assert table[0] == "| Sessions | Rows | Share of wai_total | Share of phq9 |"
    assert table[2:] == ["| 1 | 4 | 0.0% | 25.0% |", "| 2 | 4 | 50.0% | 0.0% |"]


def test_identifying_columns_and_notes_stand_without_cells(
    sessions: al.SessionData, tmp_path: Path
) -> None:
    path = al.save_report(sessions, tmp_path / "r.html", figures=False)
    text = path.read_text(encoding="utf-8")
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", text[text.index("Columns that look") :])
    assert cells[:2] == ["contact", "its cells look like e-mail addresses"]
    assert '<p class="note">Separated by semicolons.</p>' in text
    assert '<p class="note">Decimal commas in columns wai_total, phq9.</p>' in text
    assert "@clinic" not in text


def test_nothing_missing_gives_no_table_by_session(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"patient": [1, 1, 2], "session": [1, 2, 1], "alliance": [4, 5, 3], "outcome": [9, 8, 9]}
    )
    path = al.save_report(al.load_sessions(frame, al.Roles()), tmp_path / "r.md", figures=False)
    text = path.read_text(encoding="utf-8")
    assert "Missing values" in text
    assert "by session" not in text
    assert "identifying" not in text
