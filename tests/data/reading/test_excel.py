from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import ArgumentError, DataError, DataWarning, Roles
from alliance_stats.data import load_sessions
from alliance_stats.data.reading.excel_marks import sheet_marks

SECRET = "Zebulon"
NAMES = ["patient", "session", "alliance", "outcome"]
ROWS: list[list[Any]] = [["007", 1, 4.5, 12], ["007", 2, 5, 11], ["012", 1, 3.5, 17]]


def write(folder: Path, *rows: list[Any], name: str = "s.xlsx", title: str = "Data") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(folder / name)
    return folder / name


def edit(path: Path, change: Any) -> Path:
    """Change a workbook and save it."""
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def test_a_workbook_gives_the_frame_that_was_written(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    frame = pd.DataFrame(
        {
            "patient": np.repeat(["007", "12", "ü, ß"], 4),
            "session": np.tile([1, 2, 3, 4], 3),
            "alliance": rng.normal(size=12).round(6),
            "outcome": [float(x) for x in range(11)] + [np.nan],
            "done": [True, False] * 6,
            "seen": pd.date_range("2020-01-01", periods=12).astype("datetime64[us]"),
            "note": ["two\nlines", None] * 6,
        }
    )
    frame.to_excel(tmp_path / "s.xlsx", index=False)
    for roles in (None, Roles()):
        sessions = load_sessions(tmp_path / "s.xlsx", roles)
        got = sessions.frame.assign(seen=sessions.frame["seen"].astype("datetime64[us]"))
        assert_frame_equal(got, frame, check_exact=True)
        assert sessions.report.notes == sessions.report.messages == ()


def two_sheets(folder: Path) -> Path:
    def change(book: openpyxl.Workbook) -> None:
        other = book.create_sheet("Therapists")
        other.append(["who", "age"])
        other.append(["t1", 44])
        book.create_sheet("Empty")

    return edit(write(folder, NAMES, *ROWS), change)


def test_several_sheets_must_be_chosen_from(tmp_path: Path) -> None:
    path = two_sheets(tmp_path)
    with pytest.raises(DataError) as error:
        load_sessions(path)
    assert str(error.value) == (
        "file 's.xlsx' has 2 sheets with cells: 'Data' (4 rows, 4 columns); 'Therapists' (2 rows, "
        "2 columns). Say which one to read, for example sheet='Data'."
    )


@pytest.mark.parametrize("sheet", ["Data", 0])
def test_a_sheet_is_chosen_by_name_or_position(tmp_path: Path, sheet: str | int) -> None:
    sessions = load_sessions(two_sheets(tmp_path), Roles(), sheet=sheet)
    assert sessions.frame["patient"].tolist() == ["007", "007", "012"]
    assert sessions.report.notes == ("Sheet 'Data' read; not read: Therapists.",)
    assert load_sessions(two_sheets(tmp_path), sheet=1).frame["age"].tolist() == [44]


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        (
            "data",
            "file 's.xlsx' has no sheet 'data'. Did you mean 'Data'? Sheets: Data, Ther",
        ),
        (3, "file 's.xlsx' has 3 sheets, so sheet=3 is not there. Positions count from 0: Data, "),
        (-1, "file 's.xlsx' has 3 sheets, so sheet=-1 is not there."),
        (True, "sheet is a bool. Give the sheet's name, or its position from 0."),
        (1.0, "sheet is a float. Give the sheet's name"),
    ],
)
def test_sheets_that_are_not_there(tmp_path: Path, sheet: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        load_sessions(two_sheets(tmp_path), sheet=sheet)
    assert str(error.value).startswith(message)


def test_an_empty_sheet_and_one_without_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="^sheet 'Empty' of file 's.xlsx' is empty. Choose another"):
        load_sessions(two_sheets(tmp_path), sheet="Empty")
    with pytest.raises(DataError, match="^sheet 'Data' .* has a header of 4 columns and no rows"):
        load_sessions(write(tmp_path, NAMES))
    with pytest.raises(DataError, match="^file 's.xlsx' has no sheet with cells in it"):
        load_sessions(write(tmp_path))


def test_a_hidden_sheet_is_not_read_unasked_and_named(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book["Therapists"].sheet_state = "hidden"

    sessions = load_sessions(edit(two_sheets(tmp_path), change), Roles())
    assert sessions.report.notes == ("Sheet 'Data' read; not read: Therapists.",)


def test_titles_and_merged_headings_above_the_names(tmp_path: Path) -> None:
    path = write(tmp_path, ["My study"], [], ["Ids", None, "Ratings", None], NAMES, *ROWS)
    edit(path, lambda book: [book["Data"].merge_cells(cells) for cells in ("A3:B3", "C3:D3")])
    said = "Column names taken from row 4 of the sheet; what stands above is left out."
    sessions = load_sessions(path, Roles())
    assert sessions.frame["alliance"].tolist() == [4.5, 5.0, 3.5]
    assert sessions.report.notes == (said,)
    assert sessions.report.messages == ()  # the names that the roles give were found
    with pytest.warns(DataWarning, match="^Column names taken from row 4"):
        without = load_sessions(path)
    assert_frame_equal(without.frame, sessions.frame)


def test_rows_are_named_as_excel_numbers_them(tmp_path: Path) -> None:
    path = write(tmp_path, ["My study"], NAMES, *ROWS, ["013", 1, "x", 3])
    with pytest.raises(DataError, match="alliance column .* 1 cell of 4 .* row 6 of sheet 'Data'"):
        load_sessions(path, Roles())


def test_empty_rows_and_columns_around_the_table(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book["Data"]
        sheet.cell(12, 9).number_format = "0.00"
        sheet.insert_cols(1)
        sheet.insert_rows(1, 2)

    sessions = load_sessions(edit(write(tmp_path, NAMES, *ROWS), change), Roles())
    assert list(sessions.frame.columns) == NAMES
    assert len(sessions.frame) == 3
    assert sessions.report.rows_read == 3
    assert sessions.report.notes == sessions.report.messages == ()


def test_an_empty_row_between_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path, NAMES, ROWS[0], [], *ROWS[1:])
    with pytest.warns(DataWarning, match=r"1 of 4 sessions dropped \(empty row: 1\)"):
        load_sessions(path, Roles())


def test_numbers_stored_as_text(tmp_path: Path) -> None:
    rows = [[p, str(s), str(a), o, "5"] for p, s, a, o in ROWS]
    path = write(tmp_path, [*NAMES, "item"], *rows)
    sessions = load_sessions(path, Roles())
    assert sessions.frame["session"].tolist() == [1, 2, 1]
    assert sessions.frame["alliance"].tolist() == [4.5, 5.0, 3.5]
    assert sessions.frame["patient"].tolist() == ["007", "007", "012"]
    assert sessions.frame["item"].tolist() == ["5"] * 3
    assert sessions.report.notes == (
        "Column item: numbers stored as text are kept as text.",
        "Columns session, alliance: numbers stored as text are read as numbers.",
    )


def test_decimal_commas_in_numbers_stored_as_text(tmp_path: Path) -> None:
    rows = [[p, s, str(a).replace(".", ","), o] for p, s, a, o in ROWS]
    sessions = load_sessions(write(tmp_path, NAMES, *rows, ["013", 1, 6, 4]), Roles())
    assert sessions.frame["alliance"].tolist() == [4.5, 5.0, 3.5, 6.0]
    assert sessions.report.notes == (
        "Column alliance: numbers stored as text are read as numbers.",
    )
    unclear = [[p, s, "1,234", o] for p, s, a, o in ROWS]
    with pytest.raises(DataError, match="alliance column .* 3 cells of 3 have a comma in the num"):
        load_sessions(write(tmp_path, NAMES, *unclear), Roles())


def test_identifiers_of_texts_and_numbers_are_texts_and_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path, NAMES, *ROWS, [7, 1, 4, 4], [12.5, 1, 4, 4])
    with pytest.warns(DataWarning) as caught:
        sessions = load_sessions(path, Roles())
    assert sessions.frame["patient"].tolist() == ["007", "007", "012", "7", "12.5"]
    assert [str(w.message) for w in caught] == [
        "Column patient: texts and numbers are mixed: all kept as text.",
        "1 of 4 patients differs from another one only in spaces, capitals, leading zeros, a final "
        ".0, or type. They count as different; correct the file if they are the same.",
    ]


def test_numbers_that_excel_rounded_are_warned_of(tmp_path: Path) -> None:
    rows = [[1234567890123456789 + i, *row[1:]] for i, row in enumerate(ROWS)]
    with pytest.warns(DataWarning, match="^Column patient: whole numbers of more than 15 digits"):
        load_sessions(write(tmp_path, NAMES, *rows))


def test_dates_times_and_truth_values(tmp_path: Path) -> None:
    day = dt.datetime(2020, 1, 5)
    rows = [
        [day, dt.time(10, 30), dt.timedelta(hours=30), True, day],
        [day.replace(hour=9), dt.time(11), dt.timedelta(hours=1), None, "soon"],
    ]
    path = write(tmp_path, ["seen", "at", "long", "done", "due"], *rows)
    with pytest.warns(DataWarning) as caught:
        frame = load_sessions(path).frame
    assert frame["seen"].tolist() == [pd.Timestamp(2020, 1, 5), pd.Timestamp(2020, 1, 5, 9)]
    assert frame["at"].tolist() == ["10:30:00", "11:00:00"]
    assert frame["long"].tolist() == [pd.Timedelta(hours=30), pd.Timedelta(hours=1)]
    assert frame["done"].tolist() == [True, pd.NA]
    assert frame["due"].tolist() == ["2020-01-05", "soon"]
    assert [str(w.message) for w in caught] == [
        "Column due: dates are mixed with other cells: all kept as text.",
    ]


def test_day_numbers_in_the_role_time_stay_numbers_and_are_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path, [*NAMES, "when"], *[[*row, 43835 + i] for i, row in enumerate(ROWS)])
    with pytest.warns(DataWarning) as caught:
        sessions = load_sessions(path, Roles(time="when"))
    assert sessions.frame["when"].tolist() == [43835, 43836, 43837]
    assert [str(w.message) for w in caught] == [
        "Column when: whole numbers that look like Excel's day numbers are kept as numbers, not "
        "dates."
    ]
    assert load_sessions(path).report.notes == ()


def test_dates_in_the_role_time_are_refused(tmp_path: Path) -> None:
    rows = [[*row, dt.datetime(2020, 1, i + 1)] for i, row in enumerate(ROWS)]
    with pytest.raises(DataError, match="^time column 'week' is not numeric: it holds dates."):
        load_sessions(write(tmp_path, [*NAMES, "week"], *rows), Roles(time="week"))


def with_xml(path: Path, *changes: tuple[str, str]) -> Path:
    """The workbook with its first sheet's XML changed, as Excel would have written it."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"].decode().replace("<v></v>", "<v />")  # as lxml writes
    for old, new in changes:
        assert old in xml
        xml = xml.replace(old, new)
    parts["xl/worksheets/sheet1.xml"] = xml.encode()
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


def test_formula_errors_are_missing_counted_and_warned_of(tmp_path: Path) -> None:
    rows = [*ROWS, ["013", 1, "#DIV/0!", "#N/A"], ["013", 2, "#DIV/0!", 4]]
    path = write(tmp_path, ["Study"], NAMES, *rows)
    with pytest.warns(DataWarning, match=r"^3 cells with a formula error \(#DIV/0!, #N/A\) read"):
        sessions = load_sessions(path, Roles())
    np.testing.assert_array_equal(sessions.frame["alliance"], [4.5, 5.0, 3.5, np.nan, np.nan])
    assert sessions.report.coded_missing.to_numpy().tolist() == [
        ["alliance", "#DIV/0!", "formula error", 2],
        ["outcome", "#N/A", "formula error", 1],
    ]


def test_formulas_without_a_saved_result_are_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path, NAMES, *ROWS, ["013", 1, "=C2+1", 5])
    with pytest.warns(DataWarning, match="^1 cell with a formula whose result is not saved, read"):
        sessions = load_sessions(path, Roles())
    assert sessions.frame["alliance"].isna().tolist() == [False, False, False, True]


def test_saved_results_of_formulas_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, NAMES, *ROWS, ["013", 1, "=C2+1", 5])
    with_xml(path, ("<f>C2+1</f><v />", "<f>C2+1</f><v>5.5</v>"))
    sessions = load_sessions(path, Roles())
    assert sessions.frame["alliance"].tolist() == [4.5, 5.0, 3.5, 5.5]
    assert sessions.report.messages == ()


def test_hidden_rows_and_columns_are_read_and_warned_of(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book["Data"].row_dimensions[3].hidden = True
        book["Data"].row_dimensions[30].hidden = True
        book["Data"].column_dimensions["D"].hidden = True

    path = edit(write(tmp_path, NAMES, *ROWS), change)
    marks = sheet_marks(path, "Data")
    assert marks is not None
    assert marks.hidden_rows == {2, 29}
    with pytest.warns(DataWarning) as caught:
        assert len(load_sessions(path, Roles()).frame) == 3
    assert [str(w.message) for w in caught] == [
        "1 row hidden in the sheet (by hand or by a filter) is read like the others: delete totals "
        "and excluded rows.",
        "Columns hidden in the sheet are read like the others: outcome.",
    ]


def test_a_hidden_row_of_totals_is_named_twice(tmp_path: Path) -> None:
    path = write(tmp_path, NAMES, *ROWS, ["Total", 4, 13, 40])
    edit(path, lambda book: setattr(book["Data"].row_dimensions[5], "hidden", True))
    with pytest.warns(DataWarning) as caught:
        load_sessions(path, Roles())
    messages = [str(w.message) for w in caught]
    assert messages[0].startswith("1 row hidden in the sheet")
    assert messages[1].startswith("1 patient is named by a word for a summary (total)")


def test_names_twice_and_a_nameless_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 column name more than once, in row 1: session. Rename"):
        load_sessions(write(tmp_path, ["patient", "session", "session"], ["a", 1, 2]))
    got = load_sessions(write(tmp_path, ["patient", None, 2018], ["a", 1, 2])).frame
    assert list(got.columns) == ["patient", "Unnamed: 1", "2018"]


def test_three_header_lines_of_a_survey_platform(tmp_path: Path) -> None:
    ids = [f'{{"ImportId":"QID{i}"}}' for i in range(4)]
    texts = ["Client", "Session number", "How close?", "PHQ-9"]
    sessions = load_sessions(write(tmp_path, NAMES, texts, ids, *ROWS), Roles())
    assert sessions.frame["alliance"].tolist() == [4.5, 5.0, 3.5]
    assert sessions.report.variable_labels == dict(zip(NAMES, texts, strict=True))
    with pytest.warns(DataWarning, match="Second header line of question texts is left out"):
        again = load_sessions(write(tmp_path, NAMES, texts, *ROWS), Roles())
    assert_frame_equal(again.frame, sessions.frame)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BAD = {
    "empty": (b"", "file 's.xlsx' is empty: 0 bytes."),
    "a text": (
        b"id,x\na,1\n",
        "file 's.xlsx' is not an Excel workbook, although it is named so",
    ),
    "a web page": (b"<html><table>", "file 's.xlsx' is not an Excel workbook, although it is nam"),
    "an SPSS file": (b"$FL2 and more", "file 's.xlsx' is not an Excel workbook, although it is na"),
    "an old workbook": (
        OLE + b"\0" * 600,
        "file 's.xlsx' begins like an old Excel workbook (.xls), saved with another extension. "
        "Open it in Excel and save it as .xlsx.",
    ),
    "a password": (
        OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "file 's.xlsx' is protected by a password. Open it in Excel, remove the password",
    ),
    "damaged": (
        b"PK\x03\x04 and more",
        "file 's.xlsx' cannot be read: it begins as an Excel",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_files_that_are_no_workbook(tmp_path: Path, case: str) -> None:
    content, message = BAD[case]
    (tmp_path / "s.xlsx").write_bytes(content)
    with pytest.raises(DataError) as error:
        load_sessions(tmp_path / "s.xlsx")
    assert str(error.value).startswith(message)
    assert error.value.__context__ is None


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_workbooks_cut_off(tmp_path: Path, share: float) -> None:
    path = write(tmp_path, NAMES, *ROWS)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(DataError, match="^file 's.xlsx' cannot be read: .* Most likely it was cut"):
        load_sessions(path)


def test_a_workbook_whose_marks_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, NAMES, *ROWS)
    assert sheet_marks(path, "Other") is None
    monkeypatch.setattr("alliance_stats.data.reading.excel.sheet_marks", lambda path, sheet: None)
    with pytest.warns(
        DataWarning, match="^Formula errors without a text and hidden rows cannot be"
    ):
        load_sessions(path, Roles())


def test_a_workbook_named_as_spss_file(tmp_path: Path) -> None:
    write(tmp_path, NAMES, *ROWS).rename(tmp_path / "s.sav")
    with pytest.raises(DataError, match=r"begins like an Excel workbook, .* Rename it to 's.xlsx'"):
        load_sessions(tmp_path / "s.sav")


ODS = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 office:version="1.2"><office:body><office:spreadsheet><table:table table:name="Data">
{rows}</table:table></office:spreadsheet></office:body></office:document-content>"""


def ods_cell(cell: Any) -> str:
    if isinstance(cell, str):
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{cell}</text:p></table:table-cell>"
        )
    return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'


def test_an_opendocument_spreadsheet(tmp_path: Path) -> None:
    rows = "".join(
        f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>"
        for row in [NAMES, *ROWS, ["013", 1, "#DIV/0!", 4]]
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(tmp_path / "s.ods", "w") as book:
        book.writestr("mimetype", kind)
        book.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
        book.writestr("content.xml", ODS.format(rows=rows))
    with pytest.warns(DataWarning, match=r"^1 cell with a formula error \(#DIV/0!\) read as missi"):
        sessions = load_sessions(tmp_path / "s.ods", Roles())
    assert sessions.frame["patient"].tolist() == ["007", "007", "012", "013"]
    np.testing.assert_array_equal(sessions.frame["alliance"], [4.5, 5.0, 3.5, np.nan])
    (tmp_path / "s.ods").rename(tmp_path / "s.xlsx")
    with pytest.raises(DataError, match=r"begins like an OpenDocument .* Rename it to 's.ods'"):
        load_sessions(tmp_path / "s.xlsx")
