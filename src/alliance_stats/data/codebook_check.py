"""Whether a codebook still fits the data file it came with."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.roles import Roles

#: Columns of every codebook, in this order.
CODEBOOK_COLUMNS = (
    "parameter", "value", "unit", "source", "status", "structural", "estimand", "meaning",
)  # fmt: skip
REMEDY = (
    "One of the two was changed. Write both again with `make data`, or install alliance_stats again"
)


def file_quantities(frame: pd.DataFrame, roles: Roles) -> dict[str, float]:
    """What the codebook of a file says about the file itself, to 6 significant digits.

    Parameters
    ----------
    frame : DataFrame
        The rows of the file.
    roles : Roles
        Which of its columns hold what.

    Returns
    -------
    dict
        By the codebook's names: numbers of rows, patients and therapists (0 without the role),
        and the means of alliance and outcome; NaN where nobody is rated.
    """
    therapists = 0 if roles.therapist is None else frame[roles.therapist].nunique()
    found = {
        "file_rows": len(frame),
        "file_patients": frame[roles.patient].nunique(),
        "file_therapists": therapists,
        "file_alliance_mean": frame[roles.alliance].mean(),
        "file_outcome_mean": frame[roles.outcome].mean(),
    }
    return _rounded(found)


def effects_quantities(frame: pd.DataFrame) -> dict[str, float]:
    """The same of a file of study results: rows, studies, and the mean of the r that are there."""
    found = {
        "file_rows": len(frame),
        "file_studies": frame["study"].nunique(),
        "file_r_mean": frame["r"].mean(),
    }
    return _rounded(found)


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in found.items()}


def check_codebook(codebook: pd.DataFrame, quantities: Mapping[str, float], *, name: str) -> None:
    """Raise DataError for a codebook that does not describe its file.

    Parameters
    ----------
    codebook : DataFrame
        One row a parameter.
    quantities : mapping of str to float
        What the file holds: `file_quantities` or `effects_quantities`.
    name : str
        Name of the data file without its ending, for the message.

    Raises
    ------
    DataError
        If a column of the codebook or a quantity of the file is absent, or a quantity differs.
    """
    book, file = f"'{name}_codebook.csv'", f"'{name}.csv'"
    absent = [column for column in CODEBOOK_COLUMNS if column not in codebook]
    if absent:
        raise DataError(f"the codebook {book} has no column {name_list(absent)}. {REMEDY}.")
    stated = codebook.drop_duplicates("parameter").set_index("parameter")["value"]
    for quantity, value in quantities.items():
        if quantity not in stated:
            raise DataError(f"the codebook {book} has no row '{quantity}'. {REMEDY}.")
        said = _number(stated[quantity])
        if not (said == value or (pd.isna(said) and pd.isna(value))):
            raise DataError(
                f"the codebook {book} does not fit its file {file}: {quantity} is "
                f"{said:.6g} in the codebook and {value:.6g} in the file. {REMEDY}."
            )


def _number(value: object) -> float:
    """`value` as a number; NaN for a text that is none."""
    return float(pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0])
