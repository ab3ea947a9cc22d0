"""What `check` says of files of every kind, and which sheet of a workbook is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import alliance_stats as al

COLUMNS = ["--alliance", "wai_total", "--outcome", "phq9"]


@pytest.fixture
def workbook(folder: Path, frame: pd.DataFrame) -> str:
    """A workbook with a sheet of the first 200 rows called 1, all rows, and a short third one."""
    with pd.ExcelWriter(folder / "clinic.xlsx") as book:
        frame.head(200).to_excel(book, sheet_name="1", index=False)
        frame.to_excel(book, sheet_name="All weeks", index=False)
        frame.head(3).to_excel(book, sheet_name="Start", index=False)
    return "clinic.xlsx"


def test_check_without_roles_only_reads(folder: Path, run: Any) -> None:
    done = run("check", "sessions.csv")
    assert done.code == 0
    assert "wai_total" in done.out
    assert "Only read, not checked." in done.out
    assert "Usable" not in done.out


def test_check_says_messages_once(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    frame.assign(session=frame["session"].where(frame.index > 2)).to_csv("gaps.csv", index=False)
    done = run("check", "gaps.csv", *COLUMNS)
    assert done.code == 0
    assert done.err == ""
    assert done.out.count("session missing: 3") == 1


def test_decimal_commas_and_identifying_columns(
    folder: Path, run: Any, frame: pd.DataFrame
) -> None:
    mail = frame["patient"].astype(str) + "@clinic.org"
    shown = frame.assign(contact=mail, wai_total=frame["wai_total"] + 0.5)
    shown.to_csv("german.csv", sep=";", decimal=",", index=False)
    done = run("check", "german.csv", *COLUMNS)
    assert (done.code, done.err) == (0, "")
    assert "\nSeparated by semicolons.\nDecimal commas in columns week, wai_total" in done.out
    assert "contact (its cells look like e-mail addresses)" in " ".join(done.out.split())
    assert "clinic.org" not in done.out
    lowest = f"{frame['wai_total'].min() + 0.5:.1f}"
    assert re.search(rf"^wai_total .* {re.escape(lowest)}0? ", done.out, re.MULTILINE)


def test_reasons_and_labels_of_an_spss_file(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    coded = frame.assign(phq9=frame["phq9"].where(frame.index % 10 != 3, 99))
    n_refused, n_empty = int((coded["phq9"] == 99).sum()), int(coded["phq9"].isna().sum())
    pyreadstat.write_sav(
        coded, "clinic.sav", missing_ranges={"phq9": [99]}, column_labels={"phq9": "Depression"},
        variable_value_labels={"phq9": {99: "refused"}},
    )  # fmt: skip
    done = run("check", "clinic.sav", *COLUMNS)
    assert (done.code, done.err) == (0, "")
    assert "\nDeclared as missing in the file\n" in done.out
    assert re.search(rf"^phq9 +99 +refused +{n_refused}$", done.out, re.MULTILINE)
    assert re.search(rf"^phq9 +\. +no reason given +{n_empty}$", done.out, re.MULTILINE)
    assert re.search(rf"^phq9 +outcome +{n_refused + n_empty} ", done.out, re.MULTILINE)
    assert "\nThe file labels 1 column and 1 value in 1 column.\n" in done.out
    used = coded["phq9"].ne(99) & coded["phq9"].notna() & coded["wai_total"].notna()
    assert f"Usable: {used.sum()} of {len(frame)} sessions" in done.out


def test_missing_values_by_session(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    done = run("check", "sessions.csv", *COLUMNS)
    first = frame[frame["session"] == frame["session"].min()]
    shares = [f"{first[name].isna().mean():.3f}" for name in ("wai_total", "phq9")]
    block = done.out[done.out.index("Share missing by session") :].splitlines()
    assert block[1].split() == ["Sessions", "Rows", "wai_total", "phq9"]
    assert block[2].split() == ["1", str(len(first)), *shares]


def test_wide_files_and_redcap_exports_get_advice(
    folder: Path, run: Any, frame: pd.DataFrame
) -> None:
    wide = frame[frame["session"] <= 3].pivot(index="patient", columns="session", values="phq9")
    wide.add_prefix("phq9_").reset_index().to_csv("wide.csv", index=False)
    instance = frame["session"].where(frame.index > 0)
    frame.assign(redcap_repeat_instance=instance).to_csv("redcap.csv", index=False)
    advice = " ".join(run("check", "wide.csv").out.split())
    assert "al.reshape(frame, pattern='{column}_{session}', id='patient')" in advice
    assert "a step in Python" in advice
    assert "Only read" not in advice
    done = run("check", "redcap.csv")
    assert (done.code, done.err) == (0, "")
    assert done.out.count("load_redcap") == 1
    assert "a step in Python" in done.out
    refused = run("check", "wide.csv", *COLUMNS)
    assert refused.code == 1
    assert "al.reshape(frame, pattern='{column}_{session}', id='patient')" in refused.err


@pytest.mark.parametrize(
    ("sheet", "rows"),
    [("All weeks", None), ("2", 3), ("1", 200), ("0", 200), ("Start", 3)],
    ids=["name", "position", "name of digits before position", "zero", "one word"],
)
def test_a_sheet_by_name_or_position(
    run: Any, workbook: str, frame: pd.DataFrame, sheet: str, rows: int | None
) -> None:
    done = run("check", workbook, "--sheet", sheet)
    assert (done.code, done.err) == (0, "")
    assert f"\n{rows or len(frame)} rows read, " in done.out


def test_the_sheet_reaches_the_analysis(run: Any, workbook: str, frame: pd.DataFrame) -> None:
    options = [*COLUMNS, "--random-slopes", "none"]
    first = run("analyse", workbook, "--sheet", "0", *options)
    with pytest.warns(al.DataWarning):
        table = al.coef_table(
            al.fit_within_between(
                frame.head(200), al.Roles(alliance="wai_total", outcome="phq9"), random_slopes={}
            )
        )
    within = next(line for line in repr(table).splitlines() if line.startswith("Within patients"))
    assert within in first.out
    assert within not in run("analyse", workbook, "--sheet", "All weeks", *options).out
    named = run("check", workbook, "--sheet", "All weeks", *COLUMNS)
    assert "Sheet 'All weeks' read; not read: 1, Start." in named.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Say which one to read, for example --sheet 1."),
        (["--sheet", "7"], "has 3 sheets, so --sheet 7 is not there."),
        (["--sheet", "all weeks"], "has no sheet 'all weeks'. Did you mean 'All weeks'?"),
        (["--sheet", "-1"], "has no sheet '-1'."),
        (["--sheet", "\N{SUPERSCRIPT TWO}"], "has no sheet"),
        (["--sheet", ""], "has no sheet ''."),
    ],
)
@pytest.mark.parametrize("command", ["check", "analyse"])
def test_sheets_that_are_not_there(
    run: Any, workbook: str, command: str, words: list[str], said: str
) -> None:
    done = run(command, workbook, *words, *COLUMNS)
    assert (done.code, done.out) == (1, "")
    assert said in done.err


@pytest.mark.parametrize("sheet", ["0", "Weeks"])
def test_text_files_have_no_sheets(folder: Path, run: Any, sheet: str) -> None:
    done = run("check", "sessions.csv", "--sheet", sheet)
    assert done.code == 1
    assert done.err.endswith(
        f"--sheet {sheet} is given, but file 'sessions.csv' has no sheets. Leave --sheet out.\n"
    )
    missing = run("check", "nothing.xlsx", "--sheet", sheet)
    assert "'nothing.xlsx' not found" in missing.err


def test_a_damaged_workbook_is_one_message(run: Any, workbook: str, folder: Path) -> None:
    whole = (folder / workbook).read_bytes()
    (folder / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    said = {run("check", "cut.xlsx", "--sheet", sheet).err for sheet in ("0", "Start")}
    (line,) = said
    assert line.startswith("Error: file 'cut.xlsx' cannot be read")


def test_a_patient_under_two_identifiers(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    sizes = frame.dropna().groupby("patient", sort=False)["phq9"].agg(["size", "std"])
    longest = sizes[sizes["std"] > 0]["size"].idxmax()
    twin = frame[frame["patient"] == longest].assign(patient="twin")
    pd.concat([frame, twin]).to_csv("twice.csv", index=False)
    done = run("check", "twice.csv", *COLUMNS)
    assert done.code == 0
    assert "1 patient has the same alliance and outcome" in " ".join(done.out.split())


def test_other_formats_give_the_same_table(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    plain = frame[["patient", "session", "wai_total", "phq9"]].astype({"session": np.float64})
    plain.to_csv("plain.csv", index=False)
    plain.to_parquet("plain.parquet")
    pyreadstat.write_dta(plain, "plain.dta")
    plain.to_excel("plain.xlsx", index=False)
    shown = [run("check", f"plain.{end}", *COLUMNS) for end in ("csv", "parquet", "dta", "xlsx")]
    assert {done.code for done in shown} == {0}
    described = {done.out[done.out.index("\nLevels: ") :] for done in shown}
    assert len(described) == 1
