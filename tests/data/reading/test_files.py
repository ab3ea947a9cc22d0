from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import ArgumentError, DataError, DataWarning, Roles
from alliance_stats.data import load_sessions
from alliance_stats.data.reading.files import UNREADABLE

SECRET = "Zebulon"


def write(folder: Path, content: str | bytes, name: str = "s.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes, name: str = "s.csv") -> pd.DataFrame:
    return load_sessions(write(folder, content, name)).frame


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": np.repeat(["p1", "p2", "ü, ß"], 4),
            "session": np.tile([1, 2, 3, 4], 3),
            "alliance": rng.normal(size=12),
            "outcome": rng.normal(size=12) * 1e-7,
            "done": [True, False] * 6,
            "note": ['say "hi"', "two\nlines", None] * 4,
        }
    )


@pytest.mark.parametrize("extension", ["csv", "tsv", "CSV", "parquet"])
def test_every_format_gives_the_same_frame(
    tmp_path: Path, frame: pd.DataFrame, extension: str
) -> None:
    path = tmp_path / f"s.{extension}"
    if extension == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if extension == "tsv" else ",")
    for place in (path, str(path)):
        sessions = load_sessions(place, Roles())
        assert_frame_equal(sessions.frame, frame, check_exact=True)
        assert sessions.report.source == path.name


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\n"], ids=["plain", "BOM", "blank"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_line_ends_and_byte_order_mark(tmp_path: Path, start: bytes, end: str) -> None:
    content = start + end.join(["id,x", "ä,1", "", "b,2"]).encode()
    got = read(tmp_path, content)
    assert got.to_dict("list") == {"id": ["ä", "b"], "x": [1, 2]}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["007", "12"], ["007", "12"]),
        (["7", "12"], [7, 12]),
        (["7", ""], [7.0, np.nan]),
        (["1.50", "-2e-3"], [1.5, -0.002]),
        ([" 1.5", "2 "], [1.5, 2.0]),
        (["0.5", "0"], [0.5, 0.0]),
        (["12E4", "13E4"], ["12E4", "13E4"]),
        (["0x1F", "2"], ["0x1F", "2"]),
        (["1234567890123456", "1234567890123457"], ["1234567890123456", "1234567890123457"]),
        (["1234567890123456", "1.5"], ["1234567890123456", "1.5"]),
        (["True", "False"], [True, False]),
        (["1", "x"], ["1", "x"]),
        (["1,5", "2,5"], ["1,5", "2,5"]),
        (["NA", "."], [np.nan, np.nan]),
        (["None", "CBT"], ["None", "CBT"]),
        (["2020-01-05", "2020-01-06"], ["2020-01-05", "2020-01-06"]),
        (["-99", "3"], [-99, 3]),
    ],
)
def test_cells_are_never_coerced_silently(
    tmp_path: Path, cells: list[str], expected: list[object]
) -> None:
    got = read(tmp_path, "k,x\n" + "\n".join(f'k,"{cell}"' for cell in cells))["x"]
    pd.testing.assert_series_equal(got, pd.Series(expected, name="x"))


def test_the_first_cells_do_not_decide_for_the_rest(tmp_path: Path) -> None:
    late_text = read(tmp_path, "x,y\n" + "1,1\n" * 2000 + "a,1\n")
    assert pd.api.types.is_string_dtype(late_text["x"])
    late_point = read(tmp_path, "x,y\n" + "1,1\n" * 2000 + "1.5,1\n")
    assert late_point["x"].iloc[-1] == 1.5
    late_zero = read(tmp_path, "x,y\n" + "1,1\n" * 2000 + "01,1\n")
    assert late_zero["x"].iloc[-1] == "01"


def test_roles_settle_numbers_and_identifiers(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "patient,session,therapist,alliance,outcome\n"
        "007,01,1.0,05,1\n007,02,1.0,06,2\n7,01,2.0,07,3\n7,02,2.0,04,\n",
    )
    sessions = load_sessions(path, Roles(therapist="therapist"))
    assert sessions.frame["patient"].tolist() == ["007", "007", "7", "7"]
    assert sessions.frame["therapist"].tolist() == ["1.0", "1.0", "2.0", "2.0"]
    assert sessions.frame["session"].tolist() == [1, 2, 1, 2]
    assert sessions.frame["alliance"].tolist() == [5, 6, 7, 4]
    assert sessions.report.levels["n"].tolist() == [4, 2, 2]


def test_hexadecimal_is_no_number_even_in_a_numeric_role(tmp_path: Path) -> None:
    path = write(tmp_path, "patient,session,alliance,outcome\n1,1,0x1F,1\n2,1,3,2\n")
    with pytest.raises(DataError, match="alliance column 'alliance' is not numeric: 1 cell of 2"):
        load_sessions(path, Roles())


def test_nameless_first_column_is_named(tmp_path: Path) -> None:
    assert list(read(tmp_path, '"",x\n1,2\n').columns) == ["Unnamed: 0", "x"]


def test_attrs_of_a_parquet_file_are_left_behind(tmp_path: Path, frame: pd.DataFrame) -> None:
    frame.attrs["who"] = SECRET
    frame.to_parquet(tmp_path / "s.parquet")
    assert load_sessions(tmp_path / "s.parquet").frame.attrs == {}


BAD_TEXTS: dict[str, tuple[str | bytes, str]] = {
    "empty": (b"", "file 's.csv' is empty: 0 bytes. Export it again."),
    "blank": (b" \n\n", "file 's.csv' is empty: 3 bytes."),
    "only a mark": (b"\xef\xbb\xbf", "file 's.csv' is empty"),
    "header only": ("id,x\n", "file 's.csv' has a header of 2 columns and no rows."),
    "too few fields": (
        f"id,x\n{SECRET},1\n{SECRET}\nb,2\n",
        "file 's.csv', line 3, has 1 field; the header has 2. Correct that line",
    ),
    "too many fields": (
        f"id,x\na,1\n\n{SECRET},1,5\nb,2\n",
        "file 's.csv', line 4, has 3 fields; the header has 2. Correct that line",
    ),
    "after a cell of two lines": (
        f'id,x\n"a\nb",1\n{SECRET},1,5\nb,2\n',
        "file 's.csv', line 4, has 3 fields; the header has 2.",
    ),
    "cut off": (
        f"id,x\na,1\n{SECRET}",
        "file 's.csv', line 3, has 1 field; the header has 2. It is the last line: the file is "
        "cut off. Export it again, or delete the line if it is a footnote.",
    ),
    "cut off in quotes": (
        f'id,x\na,1\nb,2\n"{SECRET},3\nd,4\n',
        "file 's.csv' is cut off or damaged: a quotation mark opened after line 3 is never closed.",
    ),
    "separators at the ends of lines": (
        "id,x\na,1,,\nb,2,,\n",
        "file 's.csv', line 2, has 4 fields; the header has 2. The fields beyond are empty. Delete",
    ),
    "a title above": (
        f"Study of {SECRET}\n\nid,x,y\na,1,2\n",
        "file 's.csv', line 3, has 3 fields; the header has 1. Delete title lines above",
    ),
    "a field that never ends": (
        "id,x\n" + "a,1\n" * 3 + "b," + "x" * 140_000 + ",4\n",
        "file 's.csv' cannot be split into fields: after line 4 a field has more than 131,072 ",
    ),
    "a header that never ends": (
        '"id,x\n' + "a,1\n" * 50_000,
        "file 's.csv' has no readable line of column names. Export it again.",
    ),
    "NUL bytes": (
        f"id,x\n{SECRET},\0\n",
        "file 's.csv' is no plain text: it holds 1 NUL byte, first in line 2. It comes from",
    ),
    "utf-16 without a mark": (
        "id,x\na,1\n".encode("utf-16-le"),
        "file 's.csv' is no plain text: it holds 9 NUL bytes, first in line 1. They come from",
    ),
    "a workbook": (
        b"PK\x03\x04 and more",
        "file 's.csv' is no text with separators: it begins like a ZIP archive, which may be an "
        "Excel workbook. Rename it to 's.xlsx', or open it",
    ),
    "names twice": ("id,x,id\na,1,2\n", "file 's.csv' has 1 column name more than once: id."),
    "two separators fit": (
        f"id;x,y\n{SECRET};1,5\nb;2,5\n",
        "file 's.csv' can be split in 2 ways: every line has the same number of commas and of "
        "semicolons. Export it with one separator only, or read it with pandas, "
        "pd.read_csv(path, sep=','), and give the DataFrame.",
    ),
    "a comma for two things": (
        f"id,session,x,y\n{SECRET},1,1,5,4\nb,2,2,5,4\n",
        "file 's.csv', line 2, has 5 fields; the header has 4. If its numbers have decimal commas, "
        "the comma stands for two things: export the file with semicolons between fields, or with "
        "decimal points.",
    ),
    "two encodings": (
        f"id,x\nMüller,1\n{SECRET},2\n".encode() + "Jürgen,2\n".encode("latin-1"),
        "file 's.csv' is neither UTF-8 nor Windows-1252 (Latin-1): 1 byte does not fit, first in "
        "line 4. Files of two encodings were joined, or it is damaged. Save it as 'CSV UTF-8'.",
    ),
    "no encoding": (
        b"id,x\na\x81,1\n",
        "file 's.csv' is neither UTF-8 nor Windows-1252 (Latin-1): 1 byte does not fit, first in "
        "line 2.",
    ),
    "utf-16 cut off": (
        "id,x\na,1\n".encode("utf-16")[:-1],
        "file 's.csv' is cut off or damaged: it begins as UTF-16",
    ),
    "a web page": (
        "<html><table><tr><td>id</td></tr></table>",
        "file 's.csv' is no text with separators: it begins like a web page (HTML). Open it in its",
    ),
}


@pytest.mark.parametrize("case", BAD_TEXTS)
def test_bad_text_files(tmp_path: Path, case: str) -> None:
    content, message = BAD_TEXTS[case]
    with pytest.raises(DataError) as error:
        load_sessions(write(tmp_path, content))
    assert str(error.value).startswith(message)
    assert SECRET not in str(error.value)
    assert error.value.__context__ is None  # a chained error of the reader would show cells


def test_a_quotation_mark_inside_a_cell_is_no_open_one(tmp_path: Path) -> None:
    assert read(tmp_path, 'id,x\n5" tall,1\nb,2\n')["id"].tolist() == ['5" tall', "b"]


@pytest.mark.parametrize(
    ("name", "separator", "word"),
    [
        ("s.csv", ";", "semicolons"),
        ("s.csv", "\t", "tabs"),
        ("s.csv", "|", "vertical bars"),
        ("s.tsv", ",", "commas"),
        ("s.txt", "\t", "tabs"),
    ],
)
def test_separators_are_recognised_and_said(
    tmp_path: Path, frame: pd.DataFrame, name: str, separator: str, word: str
) -> None:
    frame.to_csv(tmp_path / name, index=False, sep=separator)
    sessions = load_sessions(tmp_path / name, Roles())
    assert_frame_equal(sessions.frame, frame, check_exact=True)
    assert sessions.report.notes == (f"Separated by {word}.",)
    assert sessions.report.messages == ()
    assert repr(sessions).endswith(f"\nSeparated by {word}.")


def test_the_separator_is_told_from_marks_inside_fields(tmp_path: Path) -> None:
    got = read(tmp_path, "id;wai, total;phq\na;4,5;1\nb;;2\n")
    assert list(got.columns) == ["id", "wai, total", "phq"]
    got = read(tmp_path, 'id,note;more\na,"x;y"\nb,z\n')
    assert list(got.columns) == ["id", "note;more"]
    got = read(tmp_path, '"id;nr",x\n"a;1",1\n"b;2",2\n')
    assert list(got.columns) == ["id;nr", "x"]


@pytest.mark.parametrize("hint", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_with_which_excel_is_told_the_separator(tmp_path: Path, hint: str) -> None:
    path = write(tmp_path, f"{hint}\r\n" + LINES.replace(",", ";") + "a;1;4;1\nb;1;5;2\n")
    sessions = load_sessions(path, Roles())
    assert sessions.frame["patient"].tolist() == ["a", "b"]
    assert sessions.report.notes == ("Separated by semicolons.",)
    path.write_text(f"{hint}\n" + LINES.replace(",", ";") + "a;1;x;1\nb;1;5;2\n")
    with pytest.raises(DataError, match="alliance column .* first at line 3 of the file"):
        load_sessions(path, Roles())


def test_latin_1_is_read_and_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path, "id,x\na,1\nJürgen – Größe,2\n".encode("cp1252"))
    said = (
        "Read as Latin-1 (Windows-1252), because line 3 is not UTF-8. Compare names and texts "
        "with accents or umlauts."
    )
    with pytest.warns(DataWarning, match="^Read as Latin-1") as caught:
        sessions = load_sessions(path)
    assert sessions.frame["id"].tolist() == ["a", "Jürgen – Größe"]
    assert [str(w.message) for w in caught] == [said]
    assert sessions.report.notes == sessions.report.messages == (said,)
    assert " ".join(repr(sessions).split()).count(said) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_is_read_and_said(tmp_path: Path, encoding: str) -> None:
    mark = {"utf-16-be": b"\xfe\xff", "utf-16-le": b"\xff\xfe"}.get(encoding, b"")
    sessions = load_sessions(write(tmp_path, mark + "id\tx\nä,1\t2\n".encode(encoding)))
    assert sessions.frame.to_dict("list") == {"id": ["ä,1"], "x": [2]}
    assert sessions.report.notes == (
        "Read as UTF-16 (what Excel calls 'Unicode text').",
        "Separated by tabs.",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: b"", "file 's.parquet' is empty: 0 bytes."),
        (lambda raw: raw[: len(raw) // 2], "file 's.parquet' is cut off: it begins as a parquet"),
        (lambda raw: b"id,x\n1,2\n", "file 's.parquet' is not a parquet file, although"),
        (
            lambda raw: raw[:8] + bytes(len(raw) - 16) + raw[-8:],
            "file 's.parquet' is damaged: it begins and ends as a parquet file",
        ),
    ],
    ids=["empty", "cut", "other", "damaged"],
)
def test_bad_parquet(tmp_path: Path, frame: pd.DataFrame, change, message: str) -> None:
    path = tmp_path / "s.parquet"
    frame.to_parquet(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError) as error:
        load_sessions(path)
    assert str(error.value).startswith(message)


def test_file_not_found_lists_similar_names(tmp_path: Path) -> None:
    for name in ("sessions_2018.csv", "session.csv", "sessions.parquet", "other.txt"):
        write(tmp_path, "x\n1\n", name)
    with pytest.raises(DataError) as error:
        load_sessions(tmp_path / "sessions.csv")
    message = str(error.value)
    assert message.startswith(f"file 'sessions.csv' not found in folder '{tmp_path}'. Similar")
    assert "sessions.parquet, session.csv, sessions_2018.csv" in message
    assert "other.txt" not in message


def test_nothing_similar_no_folder_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not found in folder .* Check the name"):
        load_sessions(tmp_path / "sessions.csv")
    with pytest.raises(DataError, match="file 's.csv' not found: there is no folder"):
        load_sessions(tmp_path / "nowhere" / "s.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="'folder.csv' is a folder, not a file"):
        load_sessions(tmp_path / "folder.csv")


LINES = "patient,session,alliance,outcome\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,1,4,1\n\nb,1,x,2\n", "alliance column .* first at line 4 of the file. Correct it"),
        ('"a\nb",1,4,1\nb,1,x,2\n', "alliance column .* first at line 4 of the file"),
        ("a,1,4,1\na,1,5,1\nb,1,5,1\n", "1 row of 3 repeats .* first at line 3 of the file"),
        (",1,4,1\na,1,4,1\nb,1,5,1\na,1,4,1\nb,1,5,1\n", "repeat .* first at lines 5, 6 of the f"),
        ('a,1,4,1\n" ",1,5,1\n', "patient column .* first at line 3 of the file"),
        ("a,1,4,1\nb,1,inf,1\n", "1 infinite value, first at line 3 of the file"),
    ],
)
def test_rows_of_text_files_are_named_by_their_lines(
    tmp_path: Path, rows: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load_sessions(write(tmp_path, LINES + rows), Roles())


def test_rows_of_parquet_files_and_of_unsplittable_ones_are_counted_from_0(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"patient": ["a", "b"], "session": 1, "alliance": ["4", "x"], "outcome": 1}
    )
    frame.to_parquet(tmp_path / "s.parquet")
    with pytest.raises(DataError, match=r"first at row 1 \(counted from 0\)"):
        load_sessions(tmp_path / "s.parquet", Roles())
    long = "a,1,4," + "9" * 140_000 + "\nb,1,x,2\n"
    with pytest.raises(DataError, match=r"first at row 1 \(counted from 0\)"):
        load_sessions(write(tmp_path, LINES + long), Roles())


@pytest.mark.parametrize("extension", sorted(UNREADABLE))
def test_files_without_readable_data_say_what_they_are(extension: str) -> None:
    with pytest.raises(DataError) as error:
        load_sessions(f"s{extension}")
    assert str(error.value) == f"file 's{extension}' cannot be read: it is {UNREADABLE[extension]}."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html><table><tr><td>id", "a web page (HTML), which .* Open it in Excel and save it as"),
        (b"<?xml version='1.0'?>", "an XML file, which .* Open it in Excel and save it as .xlsx"),
        (b"id\tx\na\t1\n", "plain text, which .* Rename it to 's.csv'"),
        (b"PK\x03\x04 xl/workbook.xml", "an Excel workbook, which .* Rename it to 's.xlsx'"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook. Open it in Excel and save"),
        (b"", "is empty: 0 bytes"),
    ],
)
def test_what_is_named_xls(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said.replace("(", r"\(").replace(")", r"\)")):
        load_sessions(write(tmp_path, content, "s.xls"))


@pytest.mark.parametrize("name", ["~$clinic.xlsx", ".~lock.clinic.xlsx#"])
def test_lock_files_name_the_workbook(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="is only a lock: .* give 'clinic.xlsx' or the workbook's"):
        load_sessions(write(tmp_path, "user", name))


@pytest.mark.parametrize(
    ("name", "seen"), [("s.doc", "extension '.doc'"), ("s", "no extension"), ("s.qsf", "'.qsf'")]
)
def test_unknown_extensions(name: str, seen: str) -> None:
    with pytest.raises(DataError, match=f"{seen}. Readable: .csv, .tsv, .txt, .parquet, .xlsx, "):
        load_sessions(name)


@pytest.mark.parametrize("name", ["s.csv", "s.parquet", "s.sav"])
def test_a_sheet_of_a_file_without_sheets_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"sheet='A' is given, but file '{name}' has no sheets"):
        load_sessions(name, sheet="A")


def test_a_sheet_of_a_frame_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="sheet=0 is given, but x is a DataFrame"):
        load_sessions(frame, sheet=0)
