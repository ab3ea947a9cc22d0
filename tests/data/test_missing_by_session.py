from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats import DataWarning, Roles, load_sessions, simulate_sessions
from alliance_stats.data.missing_by_session import band_of, missing_by_session, missing_shares

ROLES = Roles(therapist="therapist")


def sessions_with_gaps(rng: np.random.Generator, most: int = 20) -> pd.DataFrame:
    rows = []
    for patient in range(30):
        for session in range(1, int(rng.integers(2, most + 1)) + 1):
            alliance = rng.normal() if rng.random() > 0.2 else np.nan
            outcome = rng.normal() if rng.random() > 0.1 else np.nan
            rows.append((patient, session, patient % 4, alliance, outcome))
    names = ["patient", "session", "therapist", "alliance", "outcome"]
    return pd.DataFrame(rows, columns=names).sample(frac=1, random_state=3)


def test_counts_equal_a_naive_loop(rng: np.random.Generator) -> None:
    frame = sessions_with_gaps(rng)
    table = missing_by_session(frame, ROLES)
    assert list(table.columns) == ["column", "role", "session", "n", "missing", "share"]
    expected = []
    for role in ("therapist", "alliance", "outcome"):
        for session in sorted(set(frame["session"])):
            cells = [
                value
                for value, at in zip(frame[role], frame["session"], strict=True)
                if at == session
            ]
            n_missing = sum(value != value for value in cells)
            expected.append((role, session, len(cells), n_missing, n_missing / len(cells)))
    got = table[["role", "session", "n", "missing", "share"]].itertuples(index=False, name=None)
    assert list(got) == expected


def test_sums_agree_with_the_report_of_missing_values(rng: np.random.Generator) -> None:
    report = load_sessions(sessions_with_gaps(rng), ROLES).report
    by_session = report.missing_by_session.groupby("role")["missing"].sum()
    by_column = report.missing.set_index("role")["missing"]
    for role in ("therapist", "alliance", "outcome"):
        assert by_session[role] == by_column[role]
    assert report.missing_by_session["n"].sum() == 3 * report.rows_kept


def test_bands_lose_no_row_and_no_missing_cell(rng: np.random.Generator) -> None:
    frame = sessions_with_gaps(rng, most=40)
    table = missing_by_session(frame, ROLES)
    shares = missing_shares(table)
    assert list(shares.columns) == ["Sessions", "Rows", "alliance", "outcome"]
    assert len(shares) == 12
    assert shares["Rows"].sum() == len(frame)
    missing = (shares["Rows"] * shares["alliance"]).sum()
    assert missing == pytest.approx(frame["alliance"].isna().sum())
    assert shares["Sessions"].tolist()[:6] == ["1", "2", "3", "4", "5", "6"]
    assert shares["Sessions"].iloc[-1].endswith(f"–{frame['session'].max()}")


@pytest.mark.parametrize("n", [1, 12, 13, 18, 100])
def test_bands_are_in_order_and_at_most_twelve(n: int) -> None:
    bands = band_of(n)
    assert len(bands) == n
    assert bands[0] == 0
    assert set(np.diff(bands)) <= {0, 1}
    assert bands.max() == min(n, 12) - 1


def test_nothing_missing_prints_no_table() -> None:
    frame = pd.DataFrame(
        {"patient": [1, 2], "session": [1, 1.5], "alliance": [1, 2], "outcome": [1, 2]}
    )
    with pytest.warns(DataWarning, match="not whole"):
        report = load_sessions(frame, Roles()).report
    assert report.missing_by_session["session"].tolist() == [1.0, 1.5] * 2
    assert "Share missing" not in repr(report)
    assert "Share missing" not in report._repr_html_()


def test_simulated_sessions_have_the_table_too() -> None:
    report = simulate_sessions(n_patients=20, n_therapists=4, rng=1).report
    assert report.missing_by_session["n"].max() == 20
