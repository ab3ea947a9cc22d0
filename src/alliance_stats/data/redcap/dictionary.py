"""REDCap's data dictionary: its fields and choices, and whether an export agrees with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.reading.files import as_path, read_file

#: Columns that are read, by their names in the file of the project and in that of the API.
_COLUMNS = {
    "field": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "type": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": (
        "Choices, Calculations, OR Slider Labels",
        "select_choices_or_calculations",
    ),
    "validation": (
        "Text Validation Type OR Show Slider Number",
        "text_validation_type_or_show_slider_number",
    ),
    "identifier": ("Identifier?", "identifier"),
}
_NEEDED = ("field", "form", "type")
_WITH_CHOICES = ("radio", "dropdown", "checkbox")
_TWO_CHOICES = {
    "yesno": {"1": "Yes", "0": "No"},
    "truefalse": {"1": "True", "0": "False"},
}
_NUMBERS = ("integer", "number")
#: Columns of an export that no dictionary lists.
_OF_REDCAP = "redcap_"
_OF_FORMS = ("_complete", "_timestamp", "_return_code")


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Fields of a REDCap project.

    Attributes
    ----------
    source : str
        Name of the file.
    fields : DataFrame
        One row a field: ``field, form, type, label, validation, identifier``.
    choices : mapping of str to mapping
        Codes and labels of each field that has choices.
    """

    source: str
    fields: pd.DataFrame
    choices: Mapping[str, Mapping[str, str]]

    @cached_property
    def columns(self) -> dict[str, str]:
        """The export's columns, each with the field it comes from."""
        names: dict[str, str] = {}
        for field, kind in zip(self.fields["field"], self.fields["type"], strict=True):
            if kind == "checkbox":
                codes = self.choices.get(field, {})
                names |= {f"{field}___{checkbox_code(code)}": field for code in codes}
            elif kind != "descriptive":
                names[field] = field
        return names

    def field_of(self, column: str) -> str | None:
        """The field of an export's column, also for a checkbox's missing-data code."""
        if column in self.columns:
            return self.columns[column]
        stem, underscores, _ = column.partition("___")
        return stem if underscores and stem in self.checkboxes else None

    @cached_property
    def checkboxes(self) -> frozenset[str]:
        """Fields that are checkboxes."""
        return frozenset(self.fields.loc[self.fields["type"] == "checkbox", "field"])

    def value_labels(self) -> pd.DataFrame:
        """One row a choice: ``field, code, label``."""
        rows = [
            (f, code, text) for f, codes in self.choices.items() for code, text in codes.items()
        ]
        return pd.DataFrame(rows, columns=["field", "code", "label"], dtype=object)


def read_dictionary(x: str | Path | pd.DataFrame) -> Dictionary:
    """Read a data dictionary, as *Download the current Data Dictionary* writes it.

    Raises
    ------
    DataError
        If the file is no data dictionary, or names a field twice.
    """
    if isinstance(x, pd.DataFrame):
        frame, source = x, "DataFrame"
    else:
        path = as_path(x)
        frame, source = read_file(path).frame, path.name
    found = {
        key: next((name for name in names if name in frame.columns), None)
        for key, names in _COLUMNS.items()
    }
    lacking = [_COLUMNS[key][0] for key in _NEEDED if found[key] is None]
    if lacking:
        raise DataError(
            f"'{source}' is no REDCap data dictionary: {agree(len(lacking), 'column', 'columns')} "
            f"{name_list(map(repr, lacking))} not found. Available: {name_list(frame.columns)}. "
            "Download it in REDCap under Data Dictionary."
        )
    fields = pd.DataFrame(
        {key: _cells(frame, name) for key, name in found.items() if key != "choices"}
    )
    twice = fields.loc[fields["field"].duplicated(), "field"].tolist()
    if twice:
        raise DataError(
            f"the dictionary '{source}' lists {counted(len(twice), 'field')} twice: "
            f"{name_list(twice)}. Download it again."
        )
    texts = _cells(frame, found["choices"])
    choices = {
        field: choices_of(kind, text)
        for field, kind, text in zip(fields["field"], fields["type"], texts, strict=True)
    }
    return Dictionary(source, fields, {field: codes for field, codes in choices.items() if codes})


def choices_of(kind: str, text: str) -> dict[str, str]:
    """Codes and labels of one field.

    >>> choices_of("radio", "0, Not at all | 1, Several days, or more")
    {'0': 'Not at all', '1': 'Several days, or more'}
    >>> choices_of("yesno", ""), choices_of("calc", "sum([a], [b])")
    ({'1': 'Yes', '0': 'No'}, {})
    """
    if kind in _TWO_CHOICES:
        return dict(_TWO_CHOICES[kind])
    if kind not in _WITH_CHOICES:
        return {}
    pairs = [choice.partition(",") for choice in text.split("|") if choice.strip()]
    return {code.strip(): (label if comma else code).strip() for code, comma, label in pairs}


def checkbox_code(code: str) -> str:
    """A choice's code as it stands in the name of a checkbox column.

    >>> checkbox_code("1"), checkbox_code("-1"), checkbox_code("B2")
    ('1', '_1', 'b2')
    """
    return re.sub(r"[^a-z0-9_]", "_", code.lower())


def check_dictionary(dictionary: Dictionary, columns: list[str]) -> str | None:
    """Raise DataError for columns that the dictionary lacks; say which fields the export lacks."""
    first = dictionary.fields["field"].iloc[0]
    if columns[0] != first:
        raise DataError(
            f"the dictionary '{dictionary.source}' does not belong to the export: its first field "
            f"is '{first}', the first column of the export '{columns[0]}'. Give the dictionary of "
            "the same project."
        )
    forms = set(dictionary.fields["form"])
    unknown = [
        column
        for column in columns
        if dictionary.field_of(column) is None
        and not column.startswith(_OF_REDCAP)
        and not any(column == f"{form}{end}" for form in forms for end in _OF_FORMS)
    ]
    if unknown:
        raise DataError(
            f"{counted(len(unknown), 'column')} of the export {agree(len(unknown), 'is', 'are')} "
            f"not in the dictionary '{dictionary.source}': {name_list(unknown)}. Download the data "
            "and the dictionary on the same day."
        )
    exported = {dictionary.field_of(column) for column in columns}
    absent = [field for field in dict.fromkeys(dictionary.columns.values())
              if field not in exported]  # fmt: skip
    if not absent:
        return None
    return (
        f"{counted(len(absent), 'field')} of the dictionary {agree(len(absent), 'is', 'are')} not "
        f"in the export: {name_list(absent)}. This is fine if only a part was exported."
    )


def check_choices(dictionary: Dictionary, frame: pd.DataFrame) -> list[str]:
    """Raise DataError where cells are labels of choices; say where they are no choice."""
    labelled, odd = [], {}
    for field, codes in dictionary.choices.items():
        if field not in frame.columns:
            continue
        cells = _as_codes(frame[field].dropna())
        other = cells[~cells.isin(list(codes))]
        if not len(other):
            continue
        if other.isin(list(codes.values())).any():
            labelled.append(field)
        odd[field] = len(other)
    if labelled:
        raise labels_exported(labelled)
    if not odd:
        return []
    shown = name_list(f"{field} ({counted(n, 'cell')})" for field, n in odd.items())
    return [
        f"{counted(len(odd), 'field')} {agree(len(odd), 'has', 'have')} cells that are no choice "
        f"of the dictionary: {shown}. If they are missing-data codes, give missing_codes=; "
        "otherwise the dictionary is newer or older than the data."
    ]


def check_number_fields(dictionary: Dictionary, frame: pd.DataFrame) -> list[str]:
    """Say which fields that hold numbers by the dictionary hold other cells."""
    fields = dictionary.fields
    numbers = fields.loc[
        fields["validation"].isin(_NUMBERS) & fields["type"].eq("text")
        | fields["type"].isin(["calc", "slider"]),
        "field",
    ]
    odd = {}
    for field in numbers:
        if field in frame.columns and not pd.api.types.is_numeric_dtype(frame[field]):
            cells = frame[field].dropna()
            n = int(pd.to_numeric(cells, errors="coerce").isna().sum())
            if n:
                odd[field] = n
    if not odd:
        return []
    shown = name_list(f"{field} ({counted(n, 'cell')})" for field, n in odd.items())
    return [
        f"{counted(len(odd), 'field')} {agree(len(odd), 'holds', 'hold')} numbers by the "
        f"dictionary, but also other cells: {shown}. If they are missing-data codes, give "
        "missing_codes=."
    ]


def labels_exported(columns: list[str]) -> DataError:
    """The error for an export of labels instead of raw values."""
    return DataError(
        f"the export holds labels instead of raw values, in {name_list(columns)}. In REDCap's "
        "Data Exports choose 'CSV / Microsoft Excel (raw data)'."
    )


def _as_codes(cells: pd.Series) -> pd.Series:
    """Cells as choices are written: ``1``, not ``1.0``."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return cells.map(lambda value: f"{value:g}").astype(object)
    return cells.astype(str).str.strip()


def _cells(frame: pd.DataFrame, name: str | None) -> list[str]:
    """The cells of a column as texts, empty where missing or where there is no such column."""
    if name is None:
        return [""] * len(frame)
    return ["" if pd.isna(cell) else str(cell).strip() for cell in frame[name]]
