from __future__ import annotations

from dataclasses import replace

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
<b>phq</b>  outcome          0  0.000"""
SAID = "1 of 4 sessions dropped (patient missing: 1)."
SHARES = """Share missing by session
Sessions  Rows  wai_total
1            2      0.500
2            1      0.000"""


def test_report_and_sessions_print_alike() -> None:
    sessions = load_sessions(frame(), ROLES)
    units = "3 sessions, 2 patients, 1 therapist"
    assert repr(sessions) == f"SessionData from DataFrame: {units}\n{TABLE}\n\n{SAID}"
    assert repr(sessions.report) == (
        f"LoadReport from DataFrame: {units}\n4 rows read, 3 kept\n{TABLE}\n\n{SHARES}\n\n{SAID}"
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


def test_the_view_holds_what_the_report_knows() -> None:
    mail = ["a@b.org", "a@b.org", "c@d.org", "e@f.org"]
    sessions = load_sessions(frame().assign(contact=mail), ROLES)
    view = sessions.view()
    shares = view.tables["Share missing by session"]
    assert list(shares.columns) == ["Sessions", "Rows", "Share of wai_total"]
    assert shares["Share of wai_total"].tolist() == [0.5, 0.0]
    assert view.tables["Columns that look identifying"].equals(sessions.report.identifying)
    assert sessions.report.identifying["column"].tolist() == ["contact"]
    assert "labelled_columns" not in view.fit


def test_labels_are_counted() -> None:
    sessions = load_sessions(frame(), ROLES)
    labels = pd.DataFrame({"column": ["who", "who", "arm"], "value": [1, 2, 1], "label": "x"})
    report = replace(sessions.report, variable_labels={"who": "Who?"}, value_labels=labels)
    said = "The file labels 1 column and 3 values in 2 columns."
    assert repr(report).splitlines()[-1] == said
    assert report._repr_html_().endswith(f"<p>{said}</p>")
    counts = replace(sessions, report=report).view().fit
    assert counts[["labelled_columns", "labelled_values"]].to_numpy().tolist() == [[1, 3]]
    only_values = replace(report, variable_labels={})
    assert repr(only_values).endswith("\nThe file labels 3 values in 2 columns.")
