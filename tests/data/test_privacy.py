from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats import DataWarning, Roles, load_example, load_sessions
from alliance_stats.data.privacy import identifying_columns, meaning_of_name

FIRST = ["Anna", "Björn", "Chloé", "Dirk", "Eva", "Fátima", "Gijs", "Hana", "Íñigo", "Jo"]
LAST = ["Berg", "Çelik", "Dahl", "Eder", "Faber", "García", "Haas", "Ito", "Jansen", "Kaya"]
NAMES = [f"{first} {last}" for first in FIRST for last in LAST[:3]]
N = len(NAMES)


def base(**extra: object) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "patient": [f"P{i:03d}" for i in range(N)],
            "session": 1,
            "alliance": rng.integers(12, 60, N),
            "outcome": rng.integers(0, 27, N),
            **extra,
        }
    )


def found(frame: pd.DataFrame, roles: Roles | None = None) -> dict[str, str]:
    table = identifying_columns(frame, Roles() if roles is None else roles)
    return dict(zip(table["column"], table["reason"], strict=True))


@pytest.mark.parametrize(
    ("column", "meaning"),
    [
        ("patient_name", "a name"),
        ("FirstName", "a name"),
        ("Nachname", "a name"),
        ("prénom", "a name"),
        ("apellido_1", "a name"),
        ("voornaam", "a name"),
        ("sobrenome", "a name"),
        ("dob", "a date of birth"),
        ("birth_date", "a date of birth"),
        ("Geburtsdatum", "a date of birth"),
        ("date de naissance", "a date of birth"),
        ("fecha_nacimiento", "a date of birth"),
        ("geboortedatum", "a date of birth"),
        ("data_nascimento", "a date of birth"),
        ("E-Mail", "an e-mail address"),
        ("correo", "an e-mail address"),
        ("Téléphone", "a telephone number"),
        ("handynummer", "a telephone number"),
        ("telemovel", "a telephone number"),
        ("Straße", "an address"),
        ("PLZ", "an address"),
        ("zip_code", "an address"),
        ("endereço", "an address"),
        ("ssn", "an official or insurance number"),
        ("insurance_no", "an official or insurance number"),
        ("Versichertennummer", "an official or insurance number"),
        ("bsn", "an official or insurance number"),
    ],
)
def test_names_of_columns_in_six_languages(column: str, meaning: str) -> None:
    assert meaning_of_name(column) == meaning
    frame = base(**{column: [10_000 + i for i in range(N)]})
    assert found(frame) == {column: f"by its name: {meaning}"}


@pytest.mark.parametrize(
    "column",
    ["drug_name", "instrument_name", "birth_order", "wai_total", "phq9", "age", "remail", "therapy",
     "mailing_lists_read", "nominal", "televised", "session_nr", "ipip", "handicap"],
)  # fmt: skip
def test_harmless_names(column: str) -> None:
    assert meaning_of_name(column) is None
    assert found(base(**{column: range(N)})) == {}


SHAPES = {
    "e-mail": ([f"x{i}@clinic.org" for i in range(N)], "its cells look like e-mail addresses"),
    "phone": ([f"+49 30 1234{i:03d}" for i in range(N)], "its cells look like telephone numbers"),
    "phone in the country": (
        [f"030/{4567000 + i}" for i in range(N)],
        "its cells look like telephone numbers",
    ),
    "ip": ([f"192.168.1.{i}" for i in range(N)], "its cells look like internet addresses"),
    "name": (NAMES, "its cells look like names"),
    "name, last first": (
        [", ".join(name.split()[::-1]) for name in NAMES],
        "its cells look like names",
    ),
    "free text": (
        [f"came late for the {i}th time" for i in range(N)],
        "its cells are texts that hardly repeat",
    ),
    "dates as texts": (
        [f"{1950 + i}-03-04" for i in range(N)],
        "its dates span more than 15 years, as dates of birth do",
    ),
    "German dates": (
        [f"04.03.{1950 + i}" for i in range(N)],
        "its dates span more than 15 years, as dates of birth do",
    ),
    "dates": (
        [pd.Timestamp(1950 + i, 3, 4) for i in range(N)],
        "its dates span more than 15 years, as dates of birth do",
    ),
    "missing cells": (
        [f"x{i}@clinic.org" if i % 3 else None for i in range(N)],
        "its cells look like e-mail addresses",
    ),
    "categories": (
        pd.Categorical([f"x{i}@clinic.org" for i in range(N)]),
        "its cells look like e-mail addresses",
    ),
}


@pytest.mark.parametrize("case", SHAPES)
def test_shapes_of_cells(case: str) -> None:
    cells, reason = SHAPES[case]
    assert found(base(q1=cells)) == {"q1": reason}


HARMLESS: dict[str, object] = {
    "codes with zeros": [f"{i:07d}" for i in range(N)],
    "session dates": [f"2021-{1 + i % 12:02d}-04" for i in range(N)],
    "times": [pd.Timestamp(2019 + i % 3, 3, 4) for i in range(N)],
    "diagnoses": ["Major Depression", "Panic Disorder", "Social Anxiety"] * (N // 3),
    "answers": ["I fully agree with this", "I do not agree at all"] * (N // 2),
    "truth": [True, False] * (N // 2),
    "numbers": list(range(1_000_000, 1_000_000 + N)),
    "all missing": [None] * N,
    "blank": [" "] * N,
    "pseudonyms": [f"Patient {i}" for i in range(N)],
    "lists": [["a"]] * N,
}


@pytest.mark.parametrize("case", HARMLESS)
def test_harmless_cells(case: str) -> None:
    assert found(base(q1=HARMLESS[case])) == {}


@pytest.mark.parametrize(
    "cells", [[0, 1] * (N // 2), [0.0, np.nan] * (N // 2), ["public", "private"] * (N // 2)]
)
def test_answers_under_a_suspicious_name_are_no_identifiers(cells: list[object]) -> None:
    assert found(base(insurance=cells)) == {}


def test_patient_and_therapist_are_suspected_only_by_shape() -> None:
    assert found(base(name=NAMES).drop(columns="patient"), Roles(patient="name")) == {
        "name": "its cells look like names"
    }
    coded = base().rename(columns={"patient": "name"})
    assert found(coded, Roles(patient="name")) == {}
    therapists = base(therapist=(["Eva Berg", "Jo Dahl"] * N)[:N])
    assert found(therapists, Roles(therapist="therapist")) == {
        "therapist": "its cells look like names"
    }
    assert found(base(therapist=["Therapist A", "Therapist B"] * (N // 2))) == {}
    mails = base(therapist=["a@b.org", "c@d.org"] * (N // 2))
    assert found(mails, Roles(therapist="therapist")) == {
        "therapist": "its cells look like e-mail addresses"
    }


def test_columns_with_other_roles_are_not_suspected() -> None:
    frame = base(zip=range(10_000, 10_000 + N))
    assert found(frame, Roles(alliance="zip", outcome="outcome")) == {}
    assert set(found(frame)) == {"zip"}


def test_without_roles_cells_are_looked_at_too() -> None:
    frame = base(q1=NAMES, email=SHAPES["e-mail"][0])
    table = identifying_columns(frame)
    assert table["column"].tolist() == ["q1", "email"]


def test_loading_warns_once_with_what_to_do_and_never_shows_a_cell() -> None:
    frame = base(email=SHAPES["e-mail"][0], remarks=SHAPES["free text"][0])
    message = (
        "2 columns look identifying: email (by its name: an e-mail address), remarks (its cells "
        "are texts that hardly repeat). Drop email, remarks before the data are saved or shared: "
        "frame.drop(columns=[…])."
    )
    with pytest.warns(DataWarning) as caught:
        sessions = load_sessions(frame, Roles())
    assert [str(warning.message) for warning in caught] == [message]
    report = sessions.report
    assert report.identifying["column"].tolist() == ["email", "remarks"]
    for text in (repr(report), report._repr_html_(), repr(sessions), str(report.messages)):
        assert "clinic.org" not in text
        assert "late" not in text
        assert "2 columns look identifying" in text
    assert "email" in sessions.frame.columns


def test_names_as_identifiers_are_to_be_replaced() -> None:
    frame = base().assign(patient=NAMES, phone=SHAPES["phone"][0])
    with pytest.warns(DataWarning) as caught:
        load_sessions(frame, Roles())
    assert str(caught[0].message) == (
        "2 columns look identifying: patient (its cells look like names), phone (by its name: a "
        "telephone number). Drop phone before the data are saved or shared: "
        "frame.drop(columns=['phone']). Replace patient by codes such as P001 in the file."
    )


def test_large_files_are_looked_at_in_part_but_throughout() -> None:
    n = 30_000
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "contact": [None] * (n - 300) + ["a@b.org", "c@d.org", "e@f.org"] * 100,
        }
    )
    assert identifying_columns(frame)["column"].tolist() == ["contact"]


def test_examples_hold_nothing_that_looks_identifying() -> None:
    assert not len(load_example("sessions").report.identifying)
