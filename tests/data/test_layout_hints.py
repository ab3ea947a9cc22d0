"""Wide files and REDCap exports are recognised, and told what makes one row a session of them."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.data.layout_hints import layout_advice, redcap_hint

WIDE = pd.DataFrame(
    {"code": ["a", "b"], "age": [40, 50], "wai_s1": [4, 5], "wai_s2": [5, 5], "phq_s1": [9, 8],
     "phq_s2": [7, 8]}
)  # fmt: skip
REDCAP = pd.DataFrame(
    {
        "record_id": [1, 1, 1, 2, 2, 2],
        "redcap_repeat_instance": [None, 1, 2, None, 1, 2],
        "session": [None, 1, 2, None, 1, 2],
        "alliance": [None, 4, 5, None, 3, 3],
        "outcome": [None, 9, 8, None, 9, 7],
    }
)


def test_the_advice_on_a_wide_file_works_as_it_stands() -> None:
    advice = layout_advice(WIDE)
    assert advice is not None
    call = advice[advice.index("al.reshape(") : advice.index(", and give")]
    assert call == "al.reshape(frame, pattern='{column}_s{session}', id='code')"
    long, _ = al.reshape(WIDE, pattern="{column}_s{session}", id="code")
    assert layout_advice(long) is None
    assert len(long) == 4


@pytest.mark.parametrize(
    "frame",
    [
        WIDE.assign(code="a"),
        WIDE.assign(session=1),
        WIDE[["code", "age", "wai_s1", "phq_s1"]],
        REDCAP.drop(columns="redcap_repeat_instance"),
    ],
    ids=["patients repeat", "sessions numbered", "nothing numbered", "long"],
)
def test_other_files_get_no_advice(frame: pd.DataFrame) -> None:
    assert layout_advice(frame) is None


def test_a_redcap_export_is_said_where_rows_are_lost() -> None:
    hint = redcap_hint(REDCAP)
    assert hint is not None
    said = f"T{hint[1:]}"
    assert "(column redcap_repeat_instance)" in said
    assert "al.data.load_redcap" in said
    with pytest.warns(al.DataWarning):
        read = al.load_sessions(REDCAP)
    assert read.report.messages == (said,)
    with pytest.warns(al.DataWarning):
        checked = al.load_sessions(REDCAP, al.Roles(patient="record_id"))
    assert checked.report.messages == ("2 of 6 sessions dropped (session missing: 2).", said)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = al.load_sessions(REDCAP.dropna(), al.Roles(patient="record_id"))
    assert whole.report.messages == ()


def test_a_missing_column_of_a_redcap_export_is_explained() -> None:
    with pytest.raises(al.DataError, match=r"'visit' \(role 'session'\) not found: .*load_redcap"):
        al.load_sessions(REDCAP, al.Roles(patient="record_id", session="visit"))
