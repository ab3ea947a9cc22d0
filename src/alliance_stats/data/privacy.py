"""Columns that look as if they identified a person, by their name or the shape of their cells."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats.data.roles import Roles

#: Words of column names by what they stand for: English, German, French, Spanish, Dutch,
#: Portuguese; without accents, in lower case.
NAME_WORDS = {
    "a name": {
        "name", "names", "surname", "firstname", "lastname", "forename", "fullname", "initials",
        "vorname", "nachname", "familienname", "initialen", "nom", "prenom", "initiales", "nombre",
        "nombres", "apellido", "apellidos", "naam", "voornaam", "achternaam", "nome", "sobrenome",
        "apelido", "username",
    },
    "a date of birth": {
        "birth", "birthday", "birthdate", "dob", "geburtsdatum", "geburtstag", "gebdatum",
        "geburt", "naissance", "nacimiento", "geboortedatum", "geboorte", "nascimento",
    },
    "an e-mail address": {"email", "mail", "emailadresse", "courriel", "correo"},
    "a telephone number": {
        "phone", "phonenumber", "telephone", "tel", "mobile", "cellphone", "fax", "telefon",
        "telefonnummer", "handy", "handynummer", "telefono", "movil", "telefoon", "mobiel",
        "telefone", "celular", "telemovel",
    },
    "an address": {
        "address", "street", "adresse", "anschrift", "strasse", "rue", "direccion", "calle",
        "adres", "straat", "endereco", "morada", "rua", "zip", "zipcode", "postcode", "postal",
        "plz", "postleitzahl", "cep", "wohnort",
    },
    "an official or insurance number": {
        "ssn", "socialsecurity", "insurance", "passport", "mrn", "nhs", "versicherung",
        "versicherungsnummer", "versichertennummer", "krankenkasse", "sozialversicherungsnummer",
        "ausweis", "assurance", "nir", "seguro", "dni", "pasaporte", "verzekering", "bsn",
        "burgerservicenummer", "cpf", "ahv",
    },
    "an internet address": {"ipaddress", "url", "website"},
}  # fmt: skip
#: Words beside "name" or "birth" that make it harmless: ``drug_name``, ``birth_order``.
_HARMLESS_BESIDE = frozenset(
    {"drug", "scale", "instrument", "measure", "test", "questionnaire", "group", "arm", "treatment"}
    | {"condition", "study", "site", "clinic", "center", "centre", "file", "form", "event", "order"}
    | {"weight", "country", "item", "variable", "column"}
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"(?=(?:\D*\d){7,15}\D*$)(?:\+|00|\(|0\d+[ /-])[\d ()/.\-]{6,22}")
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_DATE = re.compile(r"(?:(\d{4})[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}))(?:\D.*)?")
_PERSON = re.compile(
    r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Herr|Frau)\.? )?"
    r"[^\W\d_a-z][\w'’.-]*,?(?: [^\W\d_a-z][\w'’.-]*){1,3}"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_MOST_ROWS = 5000
_MOST = 0.8
_BIRTH_SPAN = 15
_FEWEST = 3
_FEWEST_WITHOUT_ROLES = 20
_WORDS_OF_A_TEXT = 4
_FEW_CATEGORIES = 10


def identifying_columns(frame: pd.DataFrame, roles: Roles | None = None) -> pd.DataFrame:
    """Find columns that look identifying, without showing a cell of them.

    Parameters
    ----------
    frame : DataFrame
        One row a session.
    roles : Roles, optional
        Columns with a role are not suspected; patient and therapist only if their cells look like
        e-mail addresses, telephone numbers or names.

    Returns
    -------
    DataFrame
        Columns ``column`` and ``reason``; empty if none looks identifying.

    Notes
    -----
    A look, no guarantee: at most 5,000 rows, evenly spread, are looked at. By name, a column is
    suspected if a word of it means a name, a birth, an address or the like in English, German,
    French, Spanish, Dutch or Portuguese, unless its cells are a few categories, such as codes of
    one digit. By shape, if at least 80% of its different cells look like e-mail addresses,
    telephone numbers, internet addresses or names, if dates span more than 15 years, or if texts
    of several words hardly repeat.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "patient": ["P1", "P2", "P3"], "DateOfBirth": [19710203, 19800101, 19901224],
    ...     "contact": ["a@b.org", "c@d.org", "e@f.org"], "wai": [40, 42, 50],
    ... })
    >>> identifying_columns(frame)
            column                                reason
    0  DateOfBirth          by its name: a date of birth
    1      contact  its cells look like e-mail addresses
    """
    step = max(1, -(-len(frame) // _MOST_ROWS))
    seen = frame.iloc[::step]
    n_patients = _n_patients(seen, roles)
    by_column = {} if roles is None else {column: role for role, column in roles.columns()}
    rows = []
    for i, column in enumerate(frame.columns):
        role = by_column.get(column)
        if role is not None and role not in ("patient", "therapist"):
            continue
        cells = seen.iloc[:, i].dropna()
        reason = _reason(str(column), cells, role, n_patients)
        if reason:
            rows.append((str(column), reason))
    return pd.DataFrame(rows, columns=["column", "reason"]) if rows else no_identifying()


def no_identifying() -> pd.DataFrame:
    """The empty table of data in which nothing looks identifying."""
    return pd.DataFrame({"column": pd.Series(dtype=str), "reason": pd.Series(dtype=str)})


def identifying_message(table: pd.DataFrame, roles: Roles | None = None) -> str | None:
    """Say which columns look identifying, and what to do."""
    if not len(table):
        return None
    n = len(table)
    shown = name_list(f"{row.column} ({row.reason})" for row in table.itertuples())
    used = [] if roles is None else [column for _, column in roles.columns()]
    drop = [column for column in table["column"] if column not in used]
    replace = [column for column in table["column"] if column in used]
    advice = []
    if drop:
        them = f"['{drop[0]}']" if len(drop) == 1 else "[…]"
        advice.append(
            f"Drop {name_list(drop)} before the data are saved or shared: "
            f"frame.drop(columns={them})."
        )
    if replace:
        advice.append(f"Replace {name_list(replace)} by codes such as P001 in the file.")
    return f"{counted(n, 'column')} {agree(n, 'looks', 'look')} identifying: {shown}. " + " ".join(
        advice
    )


def name_words(column: str) -> list[str]:
    """Words of a column's name, in lower case and without accents.

    >>> name_words("DateOfBirth"), name_words("prénom_2"), name_words("Straße")
    (['date', 'of', 'birth'], ['prenom'], ['strasse'])
    """
    spaced = _CAMEL.sub(" ", column).casefold()
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode("ascii")
    return [word for word in _NOT_LETTERS.split(plain) if word]


def meaning_of_name(column: str) -> str | None:
    """What the name of a column says it holds, if that identifies a person.

    >>> meaning_of_name("patient_name"), meaning_of_name("drug_name"), meaning_of_name("e-mail")
    ('a name', None, 'an e-mail address')
    """
    words = name_words(column)
    joined = ["".join(pair) for pair in zip(words, words[1:], strict=False)]
    candidates = {*words, *joined}
    for meaning, known in NAME_WORDS.items():
        if candidates & known and not _HARMLESS_BESIDE & set(words):
            return meaning
    return None


def _reason(column: str, cells: pd.Series, role: str | None, n_patients: int) -> str | None:
    """Why one column looks identifying, or None."""
    if not len(cells) or pd.api.types.is_bool_dtype(cells):
        return None
    named = meaning_of_name(column)
    texts = _different_texts(cells)
    if role is not None:
        return _shape_of_label(texts, named) if texts else None
    if named and not _few_categories(cells, named, n_patients):
        return f"by its name: {named}"
    if pd.api.types.is_datetime64_any_dtype(cells):
        return _birth_reason(cells.dt.year.to_numpy())
    return _shape(texts, len(cells), n_patients) if texts else None


def _different_texts(cells: pd.Series) -> list[str]:
    """The different texts among the cells; none where the column holds no texts."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.dtype.categories.dtype)
    if not (pd.api.types.is_string_dtype(cells) or cells.dtype == object):
        return []
    texts = {cell.strip() for cell in cells if isinstance(cell, str)}
    return sorted(texts - {""})


def _shape(texts: list[str], n_cells: int, n_patients: int) -> str | None:
    """What most texts of a column without a role look like."""
    plain = _plain_shape(texts)
    if plain:
        return plain
    years = [found[1] or found[2] for text in texts if (found := _DATE.fullmatch(text))]
    if len(years) >= _MOST * len(texts):
        return _birth_reason(np.array(years, dtype=int))
    if len(texts) >= n_patients and _look_like_names(texts):
        return "its cells look like names"
    words = sorted(len(text.split()) for text in texts)[len(texts) // 2]
    hardly_repeat = len(texts) >= max(_FEWEST, _MOST * min(n_cells, n_patients))
    if words >= _WORDS_OF_A_TEXT and hardly_repeat:
        return "its cells are texts that hardly repeat"
    return None


def _shape_of_label(texts: list[str], named: str | None) -> str | None:
    """What most identifiers of patients or therapists look like."""
    plain = _plain_shape(texts)
    if plain:
        return plain
    without_digits = sum(not any(map(str.isdigit, text)) for text in texts)
    if _look_like_names(texts) or (named == "a name" and without_digits >= _MOST * len(texts)):
        return "its cells look like names"
    return None


def _plain_shape(texts: list[str]) -> str | None:
    shapes = {
        "its cells look like e-mail addresses": _EMAIL,
        "its cells look like internet addresses": _IP,
        "its cells look like telephone numbers": _PHONE,
    }
    return next((said for said, shape in shapes.items() if _share(shape, texts) >= _MOST), None)


def _look_like_names(texts: list[str]) -> bool:
    """Whether most texts are capitalised words whose first and last ones vary.

    >>> _look_like_names(["Anna Berg", "Jo Dahl"]), _look_like_names(["Therapist A", "Therapist B"])
    (True, False)
    """
    firsts = {text.split()[0] for text in texts}
    lasts = {text.split()[-1] for text in texts}
    return min(len(firsts), len(lasts)) > 1 and _share(_PERSON, texts) >= _MOST


def _birth_reason(years: np.ndarray) -> str | None:
    """Dates that span more years than a study lasts."""
    if len(set(years.tolist())) < _FEWEST or years.max() - years.min() <= _BIRTH_SPAN:
        return None
    return f"its dates span more than {_BIRTH_SPAN} years, as dates of birth do"


def _few_categories(cells: pd.Series, named: str, n_patients: int) -> bool:
    """Whether the cells are answers to a question rather than what the name says."""
    try:
        different = pd.unique(cells)
    except TypeError:
        return False
    if pd.api.types.is_numeric_dtype(cells) and set(different.tolist()) <= set(range(10)):
        return True
    if named in ("a name", "an e-mail address"):
        return False
    return len(different) <= min(_FEW_CATEGORIES, n_patients // 2, len(cells) // 2)


def _share(shape: re.Pattern[str], texts: list[str]) -> float:
    return sum(shape.fullmatch(text) is not None for text in texts) / len(texts)


def _n_patients(frame: pd.DataFrame, roles: Roles | None) -> int:
    """How many different cells a column must have that names every patient."""
    if roles is None:
        return _FEWEST_WITHOUT_ROLES
    return max(_FEWEST, int(_MOST * frame[roles.patient].nunique()))
