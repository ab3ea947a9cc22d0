from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning
from alliance_stats.data import RedcapReport, load_redcap

DICTIONARY = """\
"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, \
Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number","Text \
Validation Min","Text Validation Max",Identifier?,"Branching Logic (Show field only if...)",\
"Required Field?"
record_id,intake,,text,Record,,,,,,,,
surname,intake,,text,Surname,,,,,,y,,
sex,intake,,radio,Sex,"1, Female | 2, Male | 3, Other, or none",,,,,,,
phq_intake,intake,,text,PHQ-9 at intake,,,integer,0,27,,,y
complaint,intake,,checkbox,Complaints,"1, Low mood | -2, Worry",,,,,,,
consent,intake,,yesno,Consent,,,,,,,,
hello,intake,,descriptive,Welcome,,,,,,,,
wai,session_form,,text,WAI total,,,integer,12,60,,,
phq,session_form,,text,PHQ-9,,,integer,0,27,,,
topic,session_form,,dropdown,Topic,"1, Work | 2, Family",,,,,,[wai] > 0,
dose,medication,,text,Dose,,,number,,,,,
"""
CLASSIC = """\
record_id,redcap_repeat_instrument,redcap_repeat_instance,surname,sex,phq_intake,complaint___1,\
complaint____2,consent,intake_complete,wai,phq,topic,session_form_complete,dose,medication_complete
007,,,Berg,1,18,1,0,1,2,,,,,,
007,session_form,2,,,,,,,,44,13,2,2,,
007,session_form,1,,,,,,,,40,15,1,2,,
007,medication,1,,,,,,,,,,,,20.5,2
010,,,Dahl,2,12,0,1,1,2,,,,,,
010,session_form,1,,,,,,,,50,9,,1,,
010,session_form,2,,,,,,,,,,,0,,
011,,,Eder,2,21,0,0,1,2,,,,,,
"""


def write(folder: Path, text: str = CLASSIC, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def classic(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path), write(tmp_path, DICTIONARY, "dictionary.csv")


def loaded(*arguments: object, **named: object) -> tuple[pd.DataFrame, RedcapReport]:
    with pytest.warns(DataWarning):
        return load_redcap(*arguments, **named)  # type: ignore[arg-type]


def test_a_repeating_instrument_becomes_sessions(classic: tuple[Path, Path]) -> None:
    frame, report = loaded(classic[0], instrument="session_form")
    expected = pd.DataFrame(
        {
            "record_id": ["007", "007", "010"],
            "session": [1, 2, 1],
            "wai": [40.0, 44.0, 50.0],
            "phq": [15.0, 13.0, 9.0],
            "topic": [1.0, 2.0, np.nan],
            "session_form_complete": [2.0, 2.0, 1.0],
            "surname": ["Berg", "Berg", "Dahl"],
            "sex": [1.0, 1.0, 2.0],
            "phq_intake": [18.0, 18.0, 12.0],
            "complaint___1": [1.0, 1.0, 0.0],
            "complaint____2": [0.0, 0.0, 1.0],
            "consent": [1.0, 1.0, 1.0],
            "intake_complete": [2.0, 2.0, 2.0],
        }
    )
    assert_frame_equal(frame, expected, check_dtype=False)
    assert pd.api.types.is_integer_dtype(frame["session"])
    assert (report.rows_read, report.records, report.sessions, report.patients) == (8, 3, 3, 2)
    assert (report.empty, report.without_sessions) == (1, 1)
    assert "1 session without any measure left out." in repr(report)
    assert report.rows.to_dict("records") == [
        {"event": "", "instrument": "", "rows": 3, "use": "carried"},
        {"event": "", "instrument": "session_form", "rows": 4, "use": "session"},
        {"event": "", "instrument": "medication", "rows": 1, "use": "left out"},
    ]
    left = report.fields[report.fields["use"] == "left out"]
    assert left["source"].tolist() == ["dose", "medication_complete"]


def test_every_carried_cell_is_that_of_the_record(classic: tuple[Path, Path]) -> None:
    frame, report = loaded(classic[0], instrument="session_form")
    export = pd.read_csv(classic[0], dtype={"record_id": str})
    for row in frame.itertuples():
        rows = export[export["record_id"] == row.record_id]
        record = rows[rows["redcap_repeat_instance"].isna()].iloc[0]
        session = rows[
            (rows["redcap_repeat_instrument"] == "session_form")
            & (rows["redcap_repeat_instance"] == row.session)
        ].iloc[0]
        for field in report.fields.itertuples():
            if field.use in ("session", "carried"):
                source = record if field.use == "carried" else session
                got, want = getattr(row, str(field.column)), source[str(field.source)]
                assert got == want or (pd.isna(got) and pd.isna(want))


def test_sessions_load_and_fit_the_roles(classic: tuple[Path, Path]) -> None:
    frame, _ = loaded(classic[0], instrument="session_form")
    sessions = al.load_sessions(
        frame.drop(columns="surname"),
        al.Roles(patient="record_id", alliance="wai", outcome="phq", baseline="phq_intake"),
    )
    assert sessions.report.levels["n"].tolist() == [3, 2]


def test_empty_sessions_are_kept_on_request(classic: tuple[Path, Path]) -> None:
    frame, report = loaded(classic[0], instrument="session_form", keep_empty=True)
    assert len(frame) == 4
    assert report.empty == 1
    assert "1 session without any measure kept." in repr(report)


def test_the_dictionary_gives_labels_forms_and_identifiers(classic: tuple[Path, Path]) -> None:
    frame, report = loaded(classic[0], dictionary=classic[1], instrument="session_form")
    labels = report.value_labels.set_index(["field", "code"])["label"]
    assert labels["sex", "3"] == "Other, or none"
    assert labels["consent", "1"] == "Yes"
    assert labels["complaint", "-2"] == "Worry"
    assert frame["sex"].tolist() == [1, 1, 2]
    fields = report.fields.set_index("source")
    assert fields.loc["wai", "form"] == "session_form"
    assert fields.loc["complaint____2", "label"] == "Complaints"
    assert report.identifying.to_dict("records") == [
        {"column": "surname", "reason": "flagged as an identifier in the data dictionary"}
    ]
    for text in (repr(report), report._repr_html_(), str(report.messages)):
        assert "surname (flagged as an identifier in the data dictionary)" in text
        assert "Berg" not in text


def test_a_dictionary_of_the_api_reads_alike(classic: tuple[Path, Path]) -> None:
    names = {
        "Variable / Field Name": "field_name",
        "Form Name": "form_name",
        "Field Type": "field_type",
        "Field Label": "field_label",
        "Choices, Calculations, OR Slider Labels": "select_choices_or_calculations",
        "Text Validation Type OR Show Slider Number": "text_validation_type_or_show_slider_number",
        "Identifier?": "identifier",
    }
    of_api = pd.read_csv(classic[1]).rename(columns=names)
    _, first = loaded(classic[0], dictionary=classic[1], instrument="session_form")
    _, second = loaded(classic[0], dictionary=of_api, instrument="session_form")
    assert_frame_equal(first.value_labels, second.value_labels)
    assert_frame_equal(first.fields, second.fields)


def test_several_instruments_are_joined_by_their_instance(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "id,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,age,wai,phq\n"
        "b,,,clinic,30,,\nb,wai_form,1,clinic,,40,\nb,wai_form,3,clinic,,41,\n"
        "b,phq_form,1,clinic,,,9\nb,phq_form,2,clinic,,,8\na,phq_form,1,clinic,,,7\n",
    )
    frame, report = load_redcap(path, instrument=["wai_form", "phq_form"])
    assert frame["id"].tolist() == ["b", "b", "b", "a"]
    assert frame["session"].tolist() == [1, 2, 3, 1]
    np.testing.assert_array_equal(frame["wai"], [40, np.nan, 41, np.nan])
    np.testing.assert_array_equal(frame["phq"], [9, 8, np.nan, 7])
    np.testing.assert_array_equal(frame["age"], [30, 30, 30, np.nan])
    assert frame["redcap_data_access_group"].tolist() == ["clinic"] * 4
    assert report.sessions == 4


LONGITUDINAL = """\
record_id,redcap_event_name,redcap_data_access_group,phq,wai,sex,closed___1,intake_complete
1,intake_arm_1,north,18,,1,,2
1,session_1_arm_1,north,15,40,,,
1,session_2_arm_1,north,12,44,,,
1,end_arm_1,north,6,,,1,
2,intake_arm_1,south,20,,2,,2
2,session_1_arm_1,south,19,30,,,
"""


@pytest.mark.parametrize(
    "events", [{"session_1_arm_1": 1, "session_2_arm_1": 2}, "session_{session}_arm_1"]
)
def test_events_become_sessions_and_others_are_carried(tmp_path: Path, events: object) -> None:
    frame, report = load_redcap(write(tmp_path, LONGITUDINAL), events=events)  # type: ignore[arg-type]
    assert frame["session"].tolist() == [1, 2, 1]
    assert frame["phq"].tolist() == [15, 12, 19]
    assert frame["phq_intake"].tolist() == [18, 18, 20]
    np.testing.assert_array_equal(frame["phq_end"], [6, 6, np.nan])
    assert frame["sex"].tolist() == [1, 1, 2]
    np.testing.assert_array_equal(frame["closed___1"], [1, 1, np.nan])
    assert frame["redcap_data_access_group"].tolist() == ["north", "north", "south"]
    uses = dict(zip(report.rows["event"], report.rows["use"], strict=True))
    assert uses["intake_arm_1"] == "carried"
    assert uses["session_2_arm_1"] == "session"
    assert "Event" in repr(report)


def test_an_event_may_be_session_zero(tmp_path: Path) -> None:
    frame, report = load_redcap(
        write(tmp_path, LONGITUDINAL),
        events={"intake_arm_1": 0, "session_1_arm_1": 1, "session_2_arm_1": 2},
    )
    assert frame["session"].tolist() == [0, 1, 2, 0, 1]
    assert frame["phq"].tolist() == [18, 15, 12, 20, 19]
    assert set(report.rows.loc[report.rows["event"] == "intake_arm_1", "use"]) == {"session"}


def test_arms_are_joined_where_patients_are_in_one_only(tmp_path: Path) -> None:
    text = LONGITUDINAL.replace("2,intake_arm_1", "2,intake_arm_2").replace(
        "2,session_1_arm_1", "2,session_1_arm_2"
    )
    frame, _ = load_redcap(
        write(tmp_path, text),
        events={"session_1_arm_1": 1, "session_2_arm_1": 2, "session_1_arm_2": 1},
    )
    assert frame["phq_intake"].tolist() == [18, 18, 20]
    assert list(frame["record_id"]) == [1, 1, 2]


REPEATING_EVENT = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,phq,wai
1,intake_arm_1,,,18,
1,therapy_arm_1,,1,15,40
1,therapy_arm_1,,2,12,44
1,booster_arm_1,,1,9,45
2,therapy_arm_1,,1,19,30
"""


def test_instances_of_a_repeating_event_are_sessions(tmp_path: Path) -> None:
    frame, report = load_redcap(write(tmp_path, REPEATING_EVENT), events="therapy_arm_1")
    assert frame["session"].tolist() == [1, 2, 1]
    np.testing.assert_array_equal(frame["phq_intake"], [18, 18, np.nan])
    left = report.rows[report.rows["use"] == "left out"]
    assert left["event"].tolist() == ["booster_arm_1"]
    with pytest.raises(DataError, match="1 row repeats the record and session of an earlier row"):
        load_redcap(write(tmp_path, REPEATING_EVENT))


def test_boxes_that_older_versions_write_on_every_row_count_where_they_are_ticked(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path,
        "id,redcap_repeat_instrument,redcap_repeat_instance,why___1,mood___1,wai\n"
        "1,,,1,0,\n1,rating,1,0,0,40\n1,rating,2,0,1,41\n1,rating,3,0,0,\n2,,,0,0,\n"
        "2,rating,1,0,0,30\n",
    )
    frame, report = load_redcap(path)
    assert frame["why___1"].tolist() == [1, 1, 0]
    assert frame["mood___1"].tolist() == [0, 1, 0]
    assert report.empty == 1
    uses = dict(zip(report.fields["source"], report.fields["use"], strict=True))
    assert uses == {"why___1": "carried", "mood___1": "session", "wai": "session"}


def test_missing_data_codes_are_counted_and_only_set_when_given(tmp_path: Path) -> None:
    text = CLASSIC.replace(",,44,13,2,", ",,UNK,-99,2,").replace(",,50,9,", ",,NASK,9,")
    path = write(tmp_path, text)
    book = write(tmp_path, DICTIONARY, "dictionary.csv")
    frame, report = loaded(path, instrument="session_form")
    assert frame["wai"].tolist() == ["40", "UNK", "NASK"]
    assert (
        "1 field holds numbers and what REDCap proposes as missing-data codes (NASK, UNK): wai. "
        "Give missing_codes=['NASK', 'UNK'] to read them as missing; else the field stays text."
    ) in report.messages
    _, report = loaded(path, dictionary=book, instrument="session_form")
    assert (
        "1 field holds numbers by the dictionary, but also other cells: wai (2 cells). If they are "
        "missing-data codes, give missing_codes=."
    ) in report.messages
    frame, report = loaded(path, instrument="session_form", missing_codes=["UNK", "NASK", -99])
    np.testing.assert_array_equal(frame["wai"], [40, np.nan, np.nan])
    np.testing.assert_array_equal(frame["phq"], [15, np.nan, 9])
    assert report.missing_codes.to_dict("records") == [
        {"field": "wai", "code": "UNK", "cells": 1},
        {"field": "wai", "code": "NASK", "cells": 1},
        {"field": "phq", "code": "-99", "cells": 1},
    ]
    assert "Cells set to missing: wai UNK (1), wai NASK (1), phq -99 (1)." in repr(report)


def test_the_frame_given_is_not_changed(classic: tuple[Path, Path]) -> None:
    export = pd.read_csv(classic[0], dtype={"record_id": str})
    before = export.copy(deep=True)
    first, _ = loaded(export, instrument="session_form", missing_codes=[20.5])
    assert_frame_equal(export, before)
    second, _ = loaded(classic[0], instrument="session_form")
    assert_frame_equal(first, second, check_dtype=False)


def test_printing_is_escaped_and_says_what_became_of_rows_and_fields(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "id,redcap_repeat_instrument,redcap_repeat_instance,<b>age</b>,wai,gone\n"
        "1,,,30,,\n1,rating,1,,40,\n2,rating,1,,41,\n",
    )
    _, report = load_redcap(path)
    assert repr(report) == (
        "REDCap export export.csv: 3 rows of 2 records, 2 sessions of 2 patients\n"
        "Repeating instrument  Rows  Use\n"
        "–                        1  carried\n"
        "rating                   2  session\n"
        "Fields of the sessions: wai.\n"
        "Carried to every session of the patient: <b>age</b>.\n"
        "Left out, because no cell is filled: gone."
    )
    assert "&lt;b&gt;age" in report._repr_html_()
    assert "<b>" not in report._repr_html_()


def changed(old: str, new: str, text: str = CLASSIC) -> str:
    assert old in text
    return text.replace(old, new)


HEADER = "id,redcap_repeat_instrument,redcap_repeat_instance,wai\n"
RAW = "In REDCap's Data Exports choose 'CSV / Microsoft Excel (raw data)'."
BAD: dict[str, tuple[str, dict[str, object], str]] = {
    "several instruments": (
        CLASSIC,
        {},
        "2 instruments repeat: session_form (4 rows), medication (1 row). Say which are filled in "
        "once a session, such as instrument=['session_form']; several are joined by their "
        "instance.",
    ),
    "labels as names": (
        "Record ID,Repeat Instrument,Repeat Instance,WAI,Complete?,PHQ,Complete?\n1,,,2,a,3,b\n",
        {},
        f"the export holds labels instead of raw values, in the column names. {RAW}",
    ),
    "labels as names, one form": (
        "Record ID,Repeat Instrument,Repeat Instance,WAI,Complete?\n1,,,2,Complete\n",
        {},
        f"the export holds labels instead of raw values, in the column names. {RAW}",
    ),
    "labels as cells": (
        HEADER.replace("wai", "wai,form_complete,box___1") + "1,My Form,1,2,Complete,Checked\n",
        {},
        "the export holds labels instead of raw values, in redcap_repeat_instrument, "
        f"form_complete, box___1. {RAW}",
    ),
    "nothing repeats": (
        "id,wai_1,wai_2\n1,2,3\n2,3,4\n",
        {},
        "no instrument repeats and there are no events: one row is one record. If its sessions "
        "stand side by side in numbered columns, read the file with load_sessions and use "
        "reshape.",
    ),
    "events without numbers": (
        LONGITUDINAL,
        {},
        "no instrument or event repeats, but the export has 4 events: intake_arm_1, "
        "session_1_arm_1, session_2_arm_1, end_arm_1. Say which are sessions: events={'…': 1, "
        "'…': 2}, or a pattern such as events='session_{session}_arm_1'. The others are carried "
        "along.",
    ),
    "nothing repeats in the event": (
        LONGITUDINAL,
        {"events": "intake_arm_1"},
        "nothing repeats in that event. To number several events as sessions, give a mapping such "
        "as events={'session_1_arm_1': 1, 'session_2_arm_1': 2}.",
    ),
    "an event twice": (
        LONGITUDINAL,
        {"events": {"session_1_arm_1": 1, "session_2_arm_1": 1}},
        "1 row repeats the record and session of an earlier row, first at row 2 (counted from 0). "
        "They come from 2 events: session_1_arm_1, session_2_arm_1. Give the one whose rows are "
        "sessions, such as events='…', or number each event apart.",
    ),
    "session twice": (
        changed("session_form,2,,,,,,,,44", "session_form,1,,,,,,,,44"),
        {"instrument": "session_form"},
        "1 row repeats the record and session of an earlier row, first at row 2 (counted from 0). "
        "Export the data again.",
    ),
    "record twice": (
        changed("010,,,Dahl", "007,,,Dahl"),
        {"instrument": "session_form"},
        "1 row is a second one of the same record, first at row 4 (counted from 0). Without an "
        "instance a record has one row. Export the data again, with 'redcap_repeat_instrument' "
        "and 'redcap_repeat_instance'.",
    ),
    "no record": (
        changed("010,,,Dahl", ",,,Dahl"),
        {"instrument": "session_form"},
        "column 'record_id' is missing in 1 row of 8, first at row 4 (counted from 0). The first "
        "column of an export names the record on every row.",
    ),
    "instances": (
        HEADER + "1,rating,1,2\n1,rating,1.5,2\n",
        {},
        "column 'redcap_repeat_instance' holds 1 cell that is no whole number from 1, first at row "
        "1 (counted from 0). Export the raw data again.",
    ),
    "no instance": (
        HEADER + "1,rating,1,2\n1,rating,,2\n",
        {},
        "1 row of a repeating instrument without a number in 'redcap_repeat_instance', first at "
        "row 1 (counted from 0). Export the data again with that column.",
    ),
    "not the identifier first": (
        "redcap_event_name,id\nsession_1_arm_1,1\n",
        {},
        "the first column is 'redcap_event_name', not the record's identifier. Export the data "
        "with the identifier first, as REDCap does.",
    ),
    "no measures": (
        HEADER + "1,,,2\n1,rating,1,\n1,rating,2,\n",
        {},
        "none of 2 sessions has a measure: all fields of their rows are empty. Export the forms of "
        "the sessions too.",
    ),
    "field of two instruments": (
        HEADER + "1,a,1,2\n1,b,1,3\n",
        {"instrument": ["a", "b"]},
        "field 'wai' is filled in rows of 2 of the chosen instruments. A field belongs to one "
        "instrument. Export the data again.",
    ),
    "name of a carried field": (
        LONGITUDINAL.replace("sex", "phq_intake"),
        {"events": "session_{session}_arm_1"},
        "field 'phq_intake' of event 'intake' would be carried as 'phq_intake', which exists. "
        "Rename one of the two fields.",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_exports_are_refused_in_plain_words(case: str, tmp_path: Path) -> None:
    text, arguments, message = BAD[case]
    with pytest.raises(DataError) as caught:
        load_redcap(write(tmp_path, text), **arguments)  # type: ignore[arg-type]
    assert str(caught.value) == message
    assert "Dahl" not in message


DICTIONARIES: dict[str, tuple[str, str, str]] = {
    "not a dictionary": (
        CLASSIC,
        "a,b\n1,2\n",
        "'dictionary.csv' is no REDCap data dictionary: columns 'Variable / Field Name', 'Form "
        "Name', 'Field Type' not found. Available: a, b. Download it in REDCap under Data "
        "Dictionary.",
    ),
    "another project": (
        CLASSIC,
        DICTIONARY.replace("record_id,intake", "study_id,intake"),
        "the dictionary 'dictionary.csv' does not belong to the export: its first field is "
        "'study_id', the first column of the export 'record_id'. Give the dictionary of the same "
        "project.",
    ),
    "older than the export": (
        CLASSIC,
        DICTIONARY.replace("wai,session_form", "wai_old,session_form"),
        "1 column of the export is not in the dictionary 'dictionary.csv': wai. Download the data "
        "and the dictionary on the same day.",
    ),
    "field twice": (
        CLASSIC,
        DICTIONARY + "wai,session_form,,text,WAI,,,,,,,,\n",
        "the dictionary 'dictionary.csv' lists 1 field twice: wai. Download it again.",
    ),
    "labels in choices": (
        changed("Berg,1,", "Berg,Female,", changed("Dahl,2,", "Dahl,Male,")),
        DICTIONARY,
        f"the export holds labels instead of raw values, in sex. {RAW}",
    ),
}


@pytest.mark.parametrize("case", DICTIONARIES)
def test_dictionaries_that_do_not_fit(case: str, tmp_path: Path) -> None:
    text, book, message = DICTIONARIES[case]
    with pytest.raises(DataError) as caught:
        load_redcap(
            write(tmp_path, text),
            dictionary=write(tmp_path, book, "dictionary.csv"),
            instrument="session_form",
        )
    assert str(caught.value) == message


def test_parts_of_an_export_and_odd_choices_are_said(tmp_path: Path) -> None:
    text = changed("Eder,2,", "Eder,9,")
    book = DICTIONARY + "later,intake,,text,Later,,,,,,,,\n"
    _, report = loaded(
        write(tmp_path, text),
        dictionary=write(tmp_path, book, "dictionary.csv"),
        instrument="session_form",
    )
    assert report.messages == (
        "1 field of the dictionary is not in the export: later. This is fine if only a part was "
        "exported.",
        "1 field has cells that are no choice of the dictionary: sex (1 cell). If they are "
        "missing-data codes, give missing_codes=; otherwise the dictionary is newer or older than "
        "the data.",
        "Sessions whose form is not marked as complete: session_form_complete (1) of 3. They are "
        "kept; 0 is incomplete, 1 unverified, 2 complete.",
        "1 column looks identifying: surname (flagged as an identifier in the data dictionary). "
        "Drop surname before the data are saved or shared: frame.drop(columns=['surname']).",
    )


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (CLASSIC, {"instrument": "session"}, "instrument 'session' does not repeat in the export."),
        (CLASSIC, {"instrument": []}, "instrument is empty."),
        (CLASSIC, {"events": "x_arm_1"}, "events='x_arm_1' cannot be used: the export has no"),
        (LONGITUDINAL, {"events": "sesion_1_arm_1"}, "Did you mean 'session_1_arm_1'?"),
        (LONGITUDINAL, {"events": {"sesion_1_arm_1": 1}}, "event 'sesion_1_arm_1' is not in the"),
        (LONGITUDINAL, {"events": {"end_arm_1": "1"}}, "Map each event to a whole number."),
        (LONGITUDINAL, {"events": {}}, "events is empty. Events: intake_arm_1,"),
        (LONGITUDINAL, {"events": ["end_arm_1"]}, "events=['end_arm_1'] is not known."),
        (LONGITUDINAL, {"events": "x{session}"}, "events='x{session}' matches no event."),
        (
            LONGITUDINAL,
            {"events": "session_{session}_arm_1", "instrument": "wai"},
            "instrument= would be ignored",
        ),
        (CLASSIC, {"session": "wai"}, "would be named 'wai', as a field of the export is."),
        (CLASSIC, {"session": ""}, "session='' is not the name of a column."),
        (CLASSIC, {"missing_codes": "UNK"}, "missing_codes='UNK' is not a list."),
        (CLASSIC, {"missing_codes": [""]}, "missing_codes holds an empty code."),
        (CLASSIC, {"missing_codes": [-99]}, "1 code that no field holds: -99. Leave it out."),
    ],
)
def test_bad_arguments(
    text: str, arguments: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ArgumentError) as caught:
        load_redcap(write(tmp_path, text), **arguments)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_said_as_ever(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not found"):
        load_redcap(tmp_path / "none.csv")


def test_the_example_file_as_an_export_comes_back(tmp_path: Path) -> None:
    frame = al.load_example("sessions").frame
    constant = ["therapist", "phq9_intake", "ended"]
    records = frame.groupby("patient")[constant].first().reset_index()
    instances = frame.drop(columns=constant).rename(columns={"session": "redcap_repeat_instance"})
    instances["redcap_repeat_instrument"] = "session_form"
    export = pd.concat([records, instances]).sort_values("patient", kind="stable")
    first = ["patient", "redcap_repeat_instrument", "redcap_repeat_instance"]
    export = export[first + [name for name in export.columns if name not in first]]
    path = tmp_path / "export.csv"
    export.to_csv(path, index=False)
    read, report = load_redcap(path)
    assert_frame_equal(read[list(frame.columns)], frame, check_dtype=False)
    rated = frame[["wai_total", "phq9", "week"]].notna().any(axis=1)
    assert report.sessions == rated.sum() == len(frame)
