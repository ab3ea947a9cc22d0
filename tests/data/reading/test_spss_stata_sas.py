from __future__ import annotations

import datetime as dt
import gzip
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import DataError, DataWarning, Roles
from alliance_stats.data import load_sessions
from alliance_stats.data.reading.files import read_file

SECRET = "Zebulon"
WRITERS: dict[str, Any] = {
    "sav": pyreadstat.write_sav,
    "zsav": lambda frame, path: pyreadstat.write_sav(frame, path, compress=True),
    "dta": pyreadstat.write_dta,
    "por": pyreadstat.write_por,
    "xpt": pyreadstat.write_xport,
}


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "PATIENT": np.repeat(["007", "12", "ab"], 4),
            "SESSION": np.tile([1, 2, 3, 4], 3),
            "ALLIANCE": rng.integers(10, 70, 12) / 4,
            "OUTCOME": [float(x) for x in range(11)] + [np.nan],
            "NOTE": ["x", None] * 6,
        }
    )


ROLES = Roles(patient="PATIENT", session="SESSION", alliance="ALLIANCE", outcome="OUTCOME")


@pytest.mark.parametrize("extension", WRITERS)
def test_every_format_gives_the_frame_of_the_text_file(
    tmp_path: Path, frame: pd.DataFrame, extension: str
) -> None:
    path = tmp_path / f"s.{extension}"
    WRITERS[extension](frame, str(path))
    frame.to_csv(tmp_path / "s.csv", index=False)
    sessions = load_sessions(path, ROLES)
    assert_frame_equal(sessions.frame, load_sessions(tmp_path / "s.csv", ROLES).frame)
    assert_frame_equal(sessions.frame, frame)
    assert sessions.report.messages == ()
    transport = {"por": "User-missing codes", "xpt": "Special missing values (.A to .Z, ._)"}
    said = f"{transport.get(extension)} are missing here like any missing number; this format "
    expected = (f"{said}does not count them.",) if extension in transport else ()
    assert sessions.report.notes == expected


def test_user_missing_codes_of_a_portable_file_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "s.por"
    pyreadstat.write_por(pd.DataFrame({"X": [1.0, 2.5, -99.0], "ID": ["a", "b", "c"]}), str(path))
    text = path.read_bytes().decode("latin-1").replace("\r\n", "").rstrip("Z")
    variable = re.search(r"70/1/X(?:[0-9A-T]+/){6}", text)
    assert variable
    declared = f"{text[: variable.end()]}8-39/{text[variable.end() :]}"  # -99 to the base 30
    declared += "Z" * (80 - len(declared) % 80)
    lines = [declared[i : i + 80] for i in range(0, len(declared), 80)]
    path.write_bytes("\r\n".join([*lines, ""]).encode("latin-1"))
    sessions = load_sessions(path)
    np.testing.assert_array_equal(sessions.frame["X"], [1.0, 2.5, np.nan])
    assert sessions.report.notes[0].startswith("User-missing codes are missing here like any")


def test_special_missing_values_of_a_transport_file_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "s.xpt"
    pyreadstat.write_xport(
        pd.DataFrame({"X": [1.0, 2.5, np.nan], "ID": ["a", "b", "c"]}), str(path)
    )
    raw = path.read_bytes()
    assert raw.count(b"." + bytes(7)) == 1
    path.write_bytes(raw.replace(b"." + bytes(7), b"A" + bytes(7)))
    sessions = load_sessions(path)
    np.testing.assert_array_equal(sessions.frame["X"], [1.0, 2.5, np.nan])
    assert sessions.report.notes[0].startswith("Special missing values (.A to .Z, ._) are missing")


@pytest.fixture
def spss(tmp_path: Path) -> Path:
    """Ratings with a discrete code, a range with a further code, a coded text, a date."""
    frame = pd.DataFrame(
        {
            "patient": ["001", "001", "002", "002", "003", "003"],
            "session": [1, 2, 1, 2, 1, 2],
            "working_alliance_as_the_patient_rates_it": [1.0, -99.0, 3.0, -77.0, np.nan, -99.0],
            "phq9": [4.0, 90.0, 8.0, 95.5, -1.0, 12.0],
            "why": ["done", "XX", None, "moved", "XX", "done"],
            "seen": [dt.date(2020, 1, day) for day in range(1, 6)] + [None],
        }
    )
    path = tmp_path / "clinic.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"phq9": "Depression, sum", "why": "Reason of the end"},
        variable_value_labels={
            "working_alliance_as_the_patient_rates_it": {
                1.0: "never", 3.0: "often", -99.0: "refused", -77.0: "not asked",
            },
            "phq9": {-1.0: "form lost"},
            "why": {"XX": "unknown"},
        },
        missing_ranges={
            "working_alliance_as_the_patient_rates_it": [-99, -77],
            "phq9": [{"lo": 90, "hi": 99}, -1],
            "why": ["XX"],
        },
    )  # fmt: skip
    return path


SPSS = Roles(alliance="working_alliance_as_the_patient_rates_it", outcome="phq9")


def test_user_missing_codes_and_ranges_are_missing_and_counted(spss: Path) -> None:
    sessions = load_sessions(spss, SPSS)
    alliance = sessions.frame["working_alliance_as_the_patient_rates_it"]
    np.testing.assert_array_equal(alliance, [1.0, np.nan, 3.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(sessions.frame["phq9"], [4.0, np.nan, 8.0, np.nan, np.nan, 12.0])
    assert sessions.frame["why"].fillna("-").tolist() == ["done", "-", "-", "moved", "-", "done"]
    assert sessions.report.coded_missing.to_numpy().tolist() == [
        ["working_alliance_as_the_patient_rates_it", "-99", "refused", 2],
        ["working_alliance_as_the_patient_rates_it", "-77", "not asked", 1],
        ["working_alliance_as_the_patient_rates_it", ".", "", 1],
        ["phq9", "-1", "form lost", 1],
        ["phq9", "90", "", 1],
        ["phq9", "95.5", "", 1],
        ["why", "XX", "unknown", 2],
        ["why", ".", "", 1],
    ]
    assert sessions.report.notes == (
        "8 values that the file declares as missing are missing here, in columns "
        "working_alliance_as_the_patient_rates_it, phq9, why.",
    )
    counts = sessions.report.coded_missing.groupby("column")["n"].sum()
    missing = sessions.report.missing.set_index("column")["missing"]
    for column in (SPSS.alliance, SPSS.outcome):
        assert counts[column] == missing[column]


def test_reasons_of_the_columns_with_roles_are_printed(spss: Path) -> None:
    sessions = load_sessions(spss, SPSS)
    for text in (repr(sessions), sessions._repr_html_()):
        assert "eclared as missing in the file" in text
        assert "refused" in text
        assert "form lost" in text
        assert "unknown" not in text
    table = sessions.view().tables["Values declared as missing"]
    assert table["n"].tolist() == [2, 1, 1, 1, 1, 1]
    assert sessions.view().notes == sessions.report.notes


def test_labels_are_kept_and_never_become_scores(spss: Path) -> None:
    sessions = load_sessions(spss, SPSS)
    assert sessions.report.variable_labels == {
        "phq9": "Depression, sum",
        "why": "Reason of the end",
    }
    labels = sessions.report.value_labels
    of_alliance = labels[labels["column"] == SPSS.alliance]
    assert dict(zip(of_alliance["value"], of_alliance["label"], strict=True)) == {
        1.0: "never", 3.0: "often", -99.0: "refused", -77.0: "not asked",
    }  # fmt: skip
    assert sessions.frame[SPSS.alliance].dtype == float


def test_texts_of_digits_stay_text_beside_a_coded_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["007", "12", "999", ""], "x": [1.0, 2.5, 3.0, 4.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "s.sav"), missing_ranges={"id": ["999"]})
    sessions = load_sessions(tmp_path / "s.sav")
    assert sessions.frame["id"].fillna("-").tolist() == ["007", "12", "-", "-"]
    assert sessions.report.coded_missing.to_numpy().tolist() == [
        ["id", "999", "", 1],
        ["id", ".", "", 1],
    ]


def test_a_date_that_stands_for_no_date(tmp_path: Path) -> None:
    begin = dt.date(1582, 10, 14)
    no_date, day = (
        (of - begin).days * 86400.0 for of in (dt.date(1900, 1, 1), dt.date(2020, 1, 5))
    )
    frame = pd.DataFrame({"seen": [no_date, day, np.nan], "at": [no_date, day + 37800.0, np.nan]})
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "s.sav"),
        variable_format={"seen": "DATE11", "at": "DATETIME20"},
        missing_ranges={"seen": [no_date], "at": [no_date]},
    )
    sessions = load_sessions(tmp_path / "s.sav")
    assert sessions.frame["seen"].isna().tolist() == [True, False, True]
    assert sessions.frame["at"].isna().tolist() == [True, False, True]
    assert sessions.frame["at"].iloc[1] == pd.Timestamp(2020, 1, 5, 10, 30)
    coded = sessions.report.coded_missing
    assert coded["code"].tolist() == ["1900-01-01", ".", "1900-01-01", "."]
    assert coded["n"].tolist() == [1, 1, 1, 1]


def test_dates_are_dates_and_identifiers_stay_text(spss: Path) -> None:
    frame = load_sessions(spss).frame
    assert frame["patient"].tolist() == ["001", "001", "002", "002", "003", "003"]
    assert pd.api.types.is_datetime64_any_dtype(frame["seen"])
    assert frame["seen"].iloc[0] == pd.Timestamp(2020, 1, 1)
    assert frame["seen"].isna().tolist() == [False] * 5 + [True]


def test_the_report_survives_giving_roles_later(spss: Path) -> None:
    from alliance_stats.data.load import sessions_from

    read = load_sessions(spss)
    sessions = sessions_from(read, SPSS)
    assert_frame_equal(sessions.report.coded_missing, read.report.coded_missing)
    assert sessions.report.notes == read.report.notes


def test_extended_missing_values_of_stata(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "patient": ["a", "a", "b", "c"],
            "session": [1, 2, 1, 1],
            "alliance": [4.0, "a", 5.5, "z"],
            "outcome": [1, "b", "b", 3],
            "other": [1.0, np.nan, 2.0, 2.0],
            "note": ["a", "b", None, "z"],
        }
    )
    path = tmp_path / "s.dta"
    pyreadstat.write_dta(
        frame,
        str(path),
        missing_user_values={"alliance": ["a", "z"], "outcome": ["b"]},
        variable_value_labels={"outcome": {1: "low", "b": "refused"}},
    )
    sessions = load_sessions(path, Roles())
    np.testing.assert_array_equal(sessions.frame["alliance"], [4.0, np.nan, 5.5, np.nan])
    np.testing.assert_array_equal(sessions.frame["outcome"], [1.0, np.nan, np.nan, 3.0])
    assert sessions.frame["note"].fillna("-").tolist() == ["a", "b", "-", "z"]
    assert sessions.report.coded_missing.to_numpy().tolist() == [
        ["alliance", ".a", "", 1],
        ["alliance", ".z", "", 1],
        ["outcome", ".b", "refused", 2],
    ]


def test_a_stata_file_that_pandas_wrote(tmp_path: Path) -> None:
    """Long texts (strL), dates and a labelled column, from an independent writer."""
    frame = pd.DataFrame(
        {
            "id": ["007", "012", "a"],
            "story": ["x" * 5000, "", "y"],
            "seen": pd.to_datetime(["2020-01-01 00:00", "2020-01-02 10:30", None]),
            "close": pd.Categorical.from_codes([0, 1, -1], ["never", "often"]),
            "score": np.array([1.5, 2.5, np.nan]),
        }
    )
    frame.to_stata(
        tmp_path / "s.dta",
        write_index=False,
        version=118,
        convert_strl=["story"],
        variable_labels={"close": "How close?"},
    )
    sessions = load_sessions(tmp_path / "s.dta")
    got = sessions.frame
    assert got["id"].tolist() == ["007", "012", "a"]
    assert got["story"].fillna("-").tolist() == ["x" * 5000, "-", "y"]
    assert got["seen"].isna().tolist() == [False, False, True]
    assert got["seen"].iloc[1] == pd.Timestamp(2020, 1, 2, 10, 30)
    np.testing.assert_array_equal(got["close"], [0.0, 1.0, np.nan])
    np.testing.assert_array_equal(got["score"], frame["score"])
    assert sessions.report.variable_labels == {"close": "How close?"}
    assert sessions.report.value_labels.to_numpy().tolist() == [
        ["close", 0, "never"],
        ["close", 1, "often"],
    ]


IRIS = Path(__file__).parent / "files" / "iris.sas7bdat.gz"


@pytest.fixture
def sas(tmp_path: Path) -> Path:
    path = tmp_path / "iris.sas7bdat"
    path.write_bytes(gzip.decompress(IRIS.read_bytes()))
    return path


def test_a_sas_file(sas: Path) -> None:
    frame = load_sessions(sas).frame
    assert frame.shape == (150, 5)
    assert frame["Species"].value_counts().to_dict() == {
        "setosa": 50, "versic": 50, "virgin": 50,
    }  # fmt: skip
    # means as printed by Fisher (1936), tables 1 and 2
    means = frame.groupby("Species")[["Sepal_Length", "Petal_Width"]].mean()
    np.testing.assert_allclose(means["Sepal_Length"], [5.006, 5.936, 6.588], atol=0.0005)
    np.testing.assert_allclose(means["Petal_Width"], [0.246, 1.326, 2.026], atol=0.0005)


def test_special_missing_values_are_counted_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from alliance_stats.data.reading import spss_stata_sas

    frame = pd.DataFrame({"x": pd.Series([1.0, "A", "_", np.nan, "A"], dtype=object)})
    meta = SimpleNamespace(
        missing_user_values={"x": ["A", "_"]}, missing_ranges={}, variable_value_labels={},
        column_names_to_labels={"x": None},
    )  # fmt: skip
    monkeypatch.setattr(spss_stata_sas, "check_whole", lambda path: None)
    monkeypatch.setattr(spss_stata_sas, "_read", lambda path: (frame, meta, []))
    contents = spss_stata_sas.read_spss_stata_sas(Path("s.sas7bdat"))
    assert contents.frame["x"].isna().tolist() == [False, True, True, True, True]
    assert contents.coded_missing.to_numpy().tolist() == [
        ["x", ".A", "", 2],
        ["x", "._", "", 1],
        ["x", ".", "", 1],
    ]


def test_old_encodings_lose_no_letters(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["Jürgen", "Zoë", "b"], "x": [1.0, 2.5, 3.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "s.sav"))
    raw = (tmp_path / "s.sav").read_bytes()
    old = raw.replace("Jürgen".encode(), "Jürgen ".encode("cp1252"))
    old = old.replace("Zoë".encode(), "Zoë ".encode("cp1252"))
    assert old != raw
    (tmp_path / "old.sav").write_bytes(old)
    with pytest.warns(DataWarning, match=r"^Texts read as Windows-1252 \(Latin-1\): the file"):
        sessions = load_sessions(tmp_path / "old.sav")
    assert sessions.frame["name"].tolist() == ["Jürgen", "Zoë", "b"]


@pytest.mark.parametrize("extension", ["sav", "zsav", "dta", "por", "xpt", "sas7bdat"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9, 1.0])
def test_files_cut_off_are_refused(
    tmp_path: Path, frame: pd.DataFrame, sas: Path, extension: str, share: float
) -> None:
    path = tmp_path / f"s.{extension}"
    if extension == "sas7bdat":
        path.write_bytes(sas.read_bytes())
    else:
        WRITERS[extension](frame, str(path))
    raw = path.read_bytes().rstrip(b"Z\r\n") if extension == "por" else path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw)) - 1] if share else b"")
    with pytest.raises(DataError) as error:
        load_sessions(path)
    said = "is empty: 0 bytes" if not share else ("cannot be read: it begins as", "is not a")
    assert any(words in str(error.value) for words in ((said,) if isinstance(said, str) else said))
    assert "007" not in str(error.value)
    assert error.value.__context__ is None


def test_a_count_of_rows_that_cannot_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.dta"
    pyreadstat.write_dta(pd.DataFrame({"x": [1.0, 2.0]}), str(path))
    raw = path.read_bytes()
    count = b"<N>" + (2).to_bytes(8, "little")
    assert count in raw
    path.write_bytes(raw.replace(count, b"<N>" + (2_000_000_000).to_bytes(8, "little")))
    with pytest.raises(DataError, match="it begins as a Stata file, but its end is missing or it"):
        load_sessions(path)


MISNAMED = {
    "a text": (b"id,x\na,1\n", "begins like plain text, saved with another extension. Rename it"),
    "a zip": (b"PK\x03\x04 and more", "begins like a ZIP archive, which may be an Excel workbook"),
    "a web page": (b"<!DOCTYPE html><html>", "begins like a web page (HTML), saved with another"),
    "a PDF": (b"%PDF-1.7 and more", "begins like a PDF, saved with another extension. Open it in"),
    "noise": (bytes(range(1, 200)), "or it is damaged from its first bytes on. Copy or export it"),
}


@pytest.mark.parametrize("case", MISNAMED)
@pytest.mark.parametrize("extension", ["sav", "dta", "sas7bdat", "xpt", "por"])
def test_other_formats_are_recognised(tmp_path: Path, case: str, extension: str) -> None:
    content, message = MISNAMED[case]
    path = tmp_path / f"s.{extension}"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        load_sessions(path)
    assert str(error.value).startswith(f"file 's.{extension}' is not a")
    assert message in str(error.value)


def test_formats_of_statistics_under_each_others_names(tmp_path: Path, sas: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "s.dta"))
    with pytest.raises(DataError, match=r"begins like an SPSS file.* Rename it to 's.sav'"):
        load_sessions(tmp_path / "s.dta")
    pyreadstat.write_dta(frame, str(tmp_path / "s.sav"))
    with pytest.raises(DataError, match=r"begins like a Stata file.* Rename it to 's.dta'"):
        load_sessions(tmp_path / "s.sav")
    sas.rename(tmp_path / "s.xpt")
    with pytest.raises(DataError, match=r"begins like a SAS file.* Rename it to 's.sas7bdat'"):
        load_sessions(tmp_path / "s.xpt")


def test_no_rows(tmp_path: Path) -> None:
    pyreadstat.write_sav(pd.DataFrame({"x": pd.Series(dtype=float)}), str(tmp_path / "s.sav"))
    with pytest.raises(DataError, match=r"^file 's.sav' has 1 column and no rows. Export it again"):
        load_sessions(tmp_path / "s.sav")


def test_readers_are_imported_only_when_needed(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("id,x\na,1\n")
    code = (
        "import sys, alliance_stats as al\n"
        f"al.load_sessions({str(tmp_path / 's.csv')!r})\n"
        "sys.exit(bool({'pyreadstat', 'python_calamine', 'openpyxl'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_read_file_holds_what_the_report_shows(spss: Path) -> None:
    contents = read_file(spss)
    assert contents.variable_labels["phq9"] == "Depression, sum"
    assert contents.notes[0].startswith("8 values that the file declares as missing")
    assert contents.doubts == ()
