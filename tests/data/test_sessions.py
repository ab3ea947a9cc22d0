from __future__ import annotations

import pandas as pd

from alliance_stats import Roles
from alliance_stats.data import load_sessions


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": ["a", "a", "b", None],
            "session": [1, 2, 1, 3],
            "who": "t",
            "wai_total": [4.0, 6.0, None, 5.0],
            "<b>phq</b>": [15, 12, 18, 2],
        }
    )


ROLES = Roles(therapist="who", alliance="wai_total", outcome="<b>phq</b>")
TABLE = """Column      Role       Missing  Share
patient     patient          0  0.000
session     session          0  0.000
who         therapist        0  0.000
wai_total   alliance         1  0.333
<b>phq</b>  outcome          0  0.000
1 of 4 sessions dropped (patient missing: 1)."""
SHARES = """Share missing by session
Sessions  Rows  wai_total
1            2      0.500
2            1      0.000"""


def test_report_and_sessions_print_alike() -> None:
    sessions = load_sessions(frame(), ROLES)
    units = "3 sessions, 2 patients, 1 therapist"
    assert repr(sessions) == f"SessionData from DataFrame: {units}\n{TABLE}"
    assert repr(sessions.report) == (
        f"LoadReport from DataFrame: {units}\n4 rows read, 3 kept\n{TABLE}\n\n{SHARES}"
    )


def test_html_is_escaped_and_holds_the_messages() -> None:
    sessions = load_sessions(frame(), ROLES)
    for html in (sessions._repr_html_(), sessions.report._repr_html_()):
        assert "&lt;b&gt;phq" in html
        assert "<b>" not in html
        assert "<p>1 of 4 sessions dropped (patient missing: 1).</p>" in html
    html = sessions.report._repr_html_()
    assert "<p>4 rows read, 3 kept</p>" in html
    assert "<caption>Share missing by session</caption>" in html


def test_without_roles_no_empty_column_is_printed() -> None:
    report = load_sessions(frame()).report
    first, rows, heading, *_ = repr(report).splitlines()
    assert first == "LoadReport from DataFrame: no roles given"
    assert rows == "4 rows read, 4 kept"
    assert heading.split() == ["Column", "Missing", "Share"]
