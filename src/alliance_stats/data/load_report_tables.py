"""The tables and counts of a LoadReport in views."""

from __future__ import annotations

import pandas as pd

from alliance_stats.data.load_report import BY_SESSION, LoadReport, declared
from alliance_stats.data.missing_by_session import missing_shares


def report_tables(report: LoadReport) -> dict[str, pd.DataFrame]:
    """The tables of a view, by heading; those without rows are left out of print."""
    shares = missing_shares(report.missing_by_session)
    names = {name: f"Share of {name}" for name in shares.columns[2:]}
    return {
        "Missing values": report.missing,
        "Dropped rows": report.dropped,
        BY_SESSION: shares.rename(columns=names),
        "Values declared as missing": declared(report),
        "Columns that look identifying": report.identifying,
    }


def report_counts(report: LoadReport) -> pd.DataFrame:
    """One row: source, rows read and kept, and how much the file labels, if it does."""
    row: dict[str, object] = {
        "source": report.source,
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
    }
    if report.variable_labels:
        row["labelled_columns"] = len(report.variable_labels)
    if len(report.value_labels):
        row["labelled_values"] = len(report.value_labels)
    return pd.DataFrame([row])
