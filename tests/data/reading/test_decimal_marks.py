from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from alliance_stats import DataError, DataWarning, Roles
from alliance_stats.data import load_sessions
from alliance_stats.data.reading.decimal_marks import comma_kind, points_unclear, with_points

NAMES = "patient;session;alliance;outcome;note\n"


def arrow(*cells: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(cells, pa.string())])


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["4,5", "3"], "decimal"),
        (["-4,5", None, " 3,25 "], "decimal"),
        (["1.234,5", "12"], "decimal"),
        (["1.234,5", "1.234"], "decimal"),
        ([",5", "1"], "decimal"),
        (["0,500", "1,234"], "decimal"),
        (["1,5e-3", "1"], "decimal"),
        (["1,234", "12"], "unclear"),
        (["1,234", "2,5"], "decimal"),
        (["1.5", "2,5"], "mixed"),
        (["4", "3"], "none"),
        (["4,5", "x"], "none"),
        (["1,2,3", "1"], "none"),
        (["Smith, J", "Doe, A"], "none"),
        ([None, None], "none"),
    ],
)
def test_what_commas_mean(cells: list[str | None], kind: str) -> None:
    assert comma_kind(arrow(*cells)) == kind
    assert comma_kind(arrow(*[*cells, *["7"] * 2000])) == kind


def test_points_that_may_separate_thousands() -> None:
    assert points_unclear(arrow("1.234", "12"))
    assert not points_unclear(arrow("1.234", "1.5"))
    assert not points_unclear(arrow("12", None))


def test_commas_become_points() -> None:
    assert with_points(arrow("1.234,5", "4,5", None)).to_pylist() == ["1234.5", "4.5", None]


def test_a_file_of_german_excel_loads_and_says_so(tmp_path: Path, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(
        {
            "patient": np.repeat(["007", "012", "113"], 4),
            "session": np.tile([1, 2, 3, 4], 3),
            "alliance": rng.normal(5, 1, 12).round(2),
            "outcome": rng.integers(0, 27, 12),
            "note": ["gut, aber müde", "1,2,3"] * 6,
        }
    )
    path = tmp_path / "klinik.csv"
    frame.to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig")
    for roles in (None, Roles()):
        sessions = load_sessions(path, roles)
        pd.testing.assert_frame_equal(sessions.frame, frame, check_exact=True)
        assert sessions.report.notes == (
            "Separated by semicolons.",
            "Decimal commas in column alliance.",
        )
        assert sessions.report.messages == ()


def load(folder: Path, text: str, roles: Roles | None = None):
    (folder / "s.csv").write_text(text)
    return load_sessions(folder / "s.csv", roles)


def test_thousands_beside_a_clear_decimal_comma_are_decimals(tmp_path: Path) -> None:
    sessions = load(tmp_path, NAMES + "a;1;1,234;4,5;x\na;2;2,345;5,5;y\nb;1;3,456;6,5;z\n")
    assert sessions.frame["alliance"].tolist() == [1.234, 2.345, 3.456]
    assert sessions.frame["outcome"].tolist() == [4.5, 5.5, 6.5]
    assert "Decimal commas in columns alliance, outcome." in sessions.report.notes


def test_unclear_commas_are_refused_in_a_rating_and_kept_as_text_elsewhere(
    tmp_path: Path,
) -> None:
    text = NAMES + "a;1;1,234;4;x\na;2;2,345;5;y\nb;1;3,456;6;z\n"
    with pytest.raises(DataError, match=r"^column alliance: a comma or point before three digits"):
        load(tmp_path, text, Roles())
    with pytest.warns(DataWarning, match="may separate thousands; kept as text: column alliance"):
        sessions = load(tmp_path, text)
    assert sessions.frame["alliance"].tolist() == ["1,234", "2,345", "3,456"]


def test_points_before_three_digits_are_unclear_beside_decimal_commas(tmp_path: Path) -> None:
    text = NAMES + "a;1;1,5;1.234;x\na;2;2,5;5.678;y\nb;1;3,5;6;z\n"
    with pytest.raises(DataError, match="^column outcome: a comma or point before three digits"):
        load(tmp_path, text, Roles())
    with pytest.warns(DataWarning, match="kept as text: column outcome"):
        assert load(tmp_path, text).frame["outcome"].tolist() == ["1.234", "5.678", "6"]
    with pytest.warns(DataWarning, match="^A point before three digits, read as a decimal mark, m"):
        without = load(tmp_path, text.replace(",5", ""))
    assert without.frame["outcome"].tolist() == [1.234, 5.678, 6.0]


def test_commas_and_points_in_one_column(tmp_path: Path) -> None:
    text = NAMES + "a;1;1,5;4;x\na;2;2.5;5;y\nb;1;3,5;6;z\n"
    with pytest.raises(DataError, match="^column alliance: some numbers have a comma, others a"):
        load(tmp_path, text, Roles())
    with pytest.warns(DataWarning, match="others a decimal point; kept as text: column alliance"):
        assert load(tmp_path, text).frame["alliance"].tolist() == ["1,5", "2.5", "3,5"]


def test_quoted_commas_between_commas_are_numbers_only_in_ratings(tmp_path: Path) -> None:
    text = (
        "patient,session,alliance,outcome,chosen\n"
        '"1,5",1,"4,5",3,"1,2"\n"1,5",2,"5,5",3,"2,3"\nb,1,"6,5",3,"1,3"\n'
    )
    sessions = load(tmp_path, text, Roles())
    assert sessions.frame["alliance"].tolist() == [4.5, 5.5, 6.5]
    assert sessions.frame["chosen"].tolist() == ["1,2", "2,3", "1,3"]
    assert sessions.frame["patient"].tolist() == ["1,5", "1,5", "b"]
    assert sessions.report.notes == ("Decimal commas in column alliance.",)
    assert load(tmp_path, text).frame["alliance"].tolist() == ["4,5", "5,5", "6,5"]
