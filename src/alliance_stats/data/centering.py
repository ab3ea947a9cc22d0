"""Centring: splitting a rating into its within- and between-patient parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    columns_present,
    counted,
    frame_given,
    name_list,
    names_free,
    numeric_column,
    one_of,
    row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.therapist_change import (
    TherapistChange,
    check_one_therapist,
    check_way,
    dyad_codes,
    home_codes,
    with_first_therapist,
)
from alliance_stats.data.units import (
    Codes,
    Floats,
    at_rows,
    float_values,
    parent_codes,
    unit_codes,
    unit_means,
)

Method = Literal["cwc", "cgm"]
TherapistMean = Literal["patients", "sessions"]

#: Effects in two-level and in three-level data, innermost first.
TWO_LEVEL_EFFECTS = ("within", "between")
THREE_LEVEL_EFFECTS = ("within", "patient_between", "therapist_between")
#: Endings of the columns that `center` adds.
DERIVED_SUFFIXES = ("_within", "_between", "_patient_between", "_therapist_between", "_grand")

_LAG = re.compile(r"_lag\d+$")
#: Patient means this close to zero, in SDs, show that a column is centred already.
_CENTERED_TOLERANCE = 1e-8


def derived_name(column: str, effect: str) -> str:
    """Name of the derived column of one effect: ``wai_total`` gives ``wai_total_within``."""
    return f"{column}_{effect}"


def grand_name(column: str) -> str:
    """``wai_total_grand``: centred on the mean of the patient means."""
    return derived_name(column, "grand")


def centered_columns(column: str, *, therapist: bool) -> tuple[tuple[str, str], ...]:
    """Pairs of effect and derived column, innermost first.

    >>> centered_columns("wai", therapist=False)
    (('within', 'wai_within'), ('between', 'wai_between'))
    """
    effects = THREE_LEVEL_EFFECTS if therapist else TWO_LEVEL_EFFECTS
    return tuple((effect, derived_name(column, effect)) for effect in effects)


def center(
    frame: pd.DataFrame,
    column: str | Sequence[str],
    *,
    by: str = "patient",
    therapist: str | None = None,
    method: Method = "cwc",
    therapist_mean: TherapistMean = "patients",
    therapist_change: TherapistChange = "raise",
    order: str | None = None,
) -> pd.DataFrame:
    """Split ratings into what varies within patients and what varies between them.

    Use it to look at the parts, or for a model of your own; the ``fit_*`` functions take the raw
    column and centre themselves.

    Parameters
    ----------
    frame : DataFrame
        One row a session, in any order. Not changed.
    column : str or list of str
        Raw numeric columns, such as the alliance.
    by : str
        Column of the patient's identifier.
    therapist : str, optional
        Column of the therapist's identifier; adds the split between patients of one therapist
        and between therapists.
    method : {"cwc", "cgm"}
        Centring within clusters (the patient mean is taken out), or at the grand mean.
    therapist_mean : {"patients", "sessions"}
        Whether a therapist's mean is the mean of the patient means, or of all sessions, which
        gives patients with longer treatments more weight.
    therapist_change : {"raise", "dyad", "first", "crossed"}
        What to do about patients with several therapists: raise, with counts; centre within each
        patient-therapist pair; give all sessions to the first therapist; or take the therapist's
        mean out of every session and centre the rest within the patient. See *Notes*.
    order : str, optional
        Column of session numbers; ``therapist_change="first"`` needs it.

    Returns
    -------
    DataFrame
        `frame` and new columns, in the units of `column`.

        * two levels: ``x_within`` = x - patient mean; ``x_between`` = patient mean - mean of
          the patient means;
        * with `therapist`: ``x_within``; ``x_patient_between`` = patient mean - therapist mean;
          ``x_therapist_between`` = therapist mean - mean of the therapist means;
        * ``method="cgm"``: ``x_grand`` = x - mean of the patient means.

    Raises
    ------
    DataError
        If a column is missing, not numeric, without any rating or centred already; if a derived
        column exists; if rows have no patient; if a patient has several therapists (or, with
        ``therapist_change="first"``, several at the earliest session).
    ArgumentError
        If an argument has a value that is not allowed or would be ignored.

    Notes
    -----
    Patient means use all observed ratings of the patient. Where the rating is missing
    ``x_within`` is missing and the between columns are filled. Rows without a therapist have
    missing therapist columns (``x_within`` is filled), and a patient never seen with a known
    therapist enters no therapist mean; models drop and count such rows.

    Where patients change their therapist, with k the therapist of the session and j the patient:

    * ``"dyad"``: every pair kj is a patient of its own. ``x_within`` = x - mean of the pair;
      ``x_patient_between`` = mean of the pair - mean of the therapist's pair means;
      ``x_therapist_between`` = that mean - mean of the therapists' means.
    * ``"first"``: all sessions of a patient count for the therapist of the earliest session with a
      known one. The column of therapists itself stays as it is.
    * ``"crossed"``: the therapist's mean is that of the therapist's pair means, so that a patient
      counts once for each therapist, with the sessions held there. ``x_patient_between`` = mean
      over all sessions of the patient of x - the session's therapist mean; ``x_within`` =
      x - the session's therapist mean - ``x_patient_between``; ``x_therapist_between`` as above.

    Sessions without a therapist count towards the mean of a patient with one therapist; those of
    a patient with several belong to no pair, and ``x_within`` is missing there too (``"dyad"``,
    ``"crossed"``). Where nobody changes, all ways give the same columns.

    References
    ----------
    Enders, C. K., & Tofighi, D. (2007). Centering predictor variables in cross-sectional
    multilevel models. *Psychological Methods, 12*(2), 121-138.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.data import center
    >>> frame = pd.DataFrame({"patient": ["a", "a", "b", "b"], "wai": [4.0, 6.0, 1.0, 3.0]})
    >>> center(frame, "wai")
      patient  wai  wai_within  wai_between
    0       a  4.0        -1.0          1.5
    1       a  6.0         1.0          1.5
    2       b  1.0        -1.0         -1.5
    3       b  3.0         1.0         -1.5
    """
    columns = [column] if isinstance(column, str) else list(column)
    check_way(therapist_change, therapist, order)
    _check_arguments(frame, columns, by, therapist, method, therapist_mean)
    patient = _patient_codes(frame, by)
    therapists = _therapist_codes(frame, by, therapist, therapist_change, order)
    if therapist is not None and therapists is not None and therapist_change == "raise":
        n_patients = _n_units(patient)
        changed = parent_codes(patient, therapists, n_patients)[1]
        check_one_therapist(changed, n_patients, therapist)
    added: dict[str, Floats] = {}
    for name in columns:
        values = _raw_values(frame, name, patient)
        if method == "cgm":
            added[grand_name(name)] = center_at_grand_mean(values, patient)
            continue
        parts = _parts(values, patient, therapists, therapist_mean, therapist_change)
        added |= {derived_name(name, effect): part for effect, part in parts.items()}
    names_free(frame, list(added))
    return frame.assign(**added)


def center_within(
    values: Floats,
    patient: Codes,
    therapist: Codes | None = None,
    *,
    therapist_mean: TherapistMean = "patients",
) -> dict[str, Floats]:
    """Within and between parts of ratings, on arrays: what `center` computes, without checks.

    Parameters
    ----------
    values : array of float
        Ratings, NaN where missing.
    patient : array of int
        Patient codes 0, 1, … (`unit_codes`), none missing.
    therapist : array of int, optional
        Therapist codes, -1 where unknown; at most one therapist a patient.
    therapist_mean : {"patients", "sessions"}
        What a therapist's mean averages.

    Returns
    -------
    dict
        Effect to an array of the length of `values`: ``within`` and ``between``, or ``within``,
        ``patient_between`` and ``therapist_between``.

    Examples
    --------
    >>> parts = center_within(np.array([4.0, 6.0, 1.0, 3.0]), np.array([0, 0, 1, 1]))
    >>> parts["between"].tolist()
    [1.5, 1.5, -1.5, -1.5]
    """
    n_patients = _n_units(patient)
    patient_means = unit_means(values, patient, n_patients)
    row_means = at_rows(patient_means, patient)
    within = values - row_means
    if therapist is None:
        return {"within": within, "between": row_means - _mean(patient_means)}
    n_therapists = _n_units(therapist)
    if therapist_mean == "patients":
        of_patient, _ = parent_codes(patient, therapist, n_patients)
        means = unit_means(patient_means, of_patient, n_therapists)
    else:
        means = unit_means(values, therapist, n_therapists)
    row_therapist = at_rows(means, therapist)
    return {
        "within": within,
        "patient_between": row_means - row_therapist,
        "therapist_between": row_therapist - _mean(means),
    }


def center_crossed(
    values: Floats,
    patient: Codes,
    therapist: Codes,
    *,
    therapist_mean: TherapistMean = "patients",
) -> dict[str, Floats]:
    """The three parts where patients may have several therapists, on arrays.

    The therapist's mean is taken out of every rating first; what is left is centred within the
    patient, over all sessions. So a change of therapist moves the therapist part and not the
    part within patients. Arguments and result are those of `center_within`.

    Examples
    --------
    >>> x, patient = np.array([3.0, 5.0, 8.0, 4.0]), np.array([0, 0, 0, 1])
    >>> center_crossed(x, patient, np.array([0, 0, 1, 0]))["therapist_between"].tolist()
    [-2.0, -2.0, 2.0, -2.0]
    """
    n_patients, n_therapists = _n_units(patient), _n_units(therapist)
    home = home_codes(patient, therapist)
    if therapist_mean == "patients":
        dyad = dyad_codes(patient, therapist)
        n_dyads = _n_units(dyad)
        of_dyad, _ = parent_codes(dyad, therapist, n_dyads)
        means = unit_means(unit_means(values, dyad, n_dyads), of_dyad, n_therapists)
    else:
        means = unit_means(values, therapist, n_therapists)
    left = values - at_rows(means, home)
    never = np.bincount(patient, weights=home >= 0, minlength=n_patients)[patient] == 0
    left = np.where(never, values, left)  # no therapist's mean to take out
    own = at_rows(unit_means(left, patient, n_patients), patient)
    return {
        "within": left - own,
        "patient_between": np.where(therapist < 0, np.nan, own),
        "therapist_between": at_rows(means, therapist) - _mean(means),
    }


def center_at_grand_mean(values: Floats, patient: Codes) -> Floats:
    """Ratings minus the mean of the patient means."""
    return values - _mean(unit_means(values, patient, _n_units(patient)))


def refuse_centered(frame: pd.DataFrame, column: str, patient: Codes) -> None:
    """Raise DataError if `column` is centred already, by its name or by its patient means."""
    base = _LAG.sub("", column)
    ending = max((s for s in DERIVED_SUFFIXES if base.endswith(s)), key=len, default=None)
    if ending is not None:
        raise DataError(
            f"column '{column}' is centred already: its name ends in '{ending}'. "
            f"Give the raw column, such as '{base.removesuffix(ending)}'."
        )
    values = float_values(frame, column)
    observed = values[~np.isnan(values)]
    if not len(observed) or (spread := float(observed.std())) == 0:
        return
    means = unit_means(values, patient, _n_units(patient))
    if np.nanmax(np.abs(means)) <= _CENTERED_TOLERANCE * spread:
        raise DataError(
            f"column '{column}' is centred already: the means of all "
            f"{counted(int((~np.isnan(means)).sum()), 'patient')} are zero. "
            "Give the raw column, with the patient means left in."
        )


def _n_units(codes: Codes) -> int:
    return int(codes.max(initial=-1)) + 1


def _mean(means: Floats) -> float:
    known = means[~np.isnan(means)]
    return float(known.mean()) if len(known) else float("nan")


def _check_arguments(
    frame: pd.DataFrame,
    columns: list[str],
    by: str,
    therapist: str | None,
    method: str,
    therapist_mean: str,
) -> None:
    frame_given(frame, name="frame")
    one_of(method, ("cwc", "cgm"), name="method")
    one_of(therapist_mean, ("patients", "sessions"), name="therapist_mean")
    if not columns or len(set(columns)) < len(columns):
        raise ArgumentError(
            f"column={columns!r} names no column or one twice. Give each raw column once."
        )
    if therapist is None and therapist_mean != "patients":
        raise ArgumentError(
            "therapist_mean='sessions' would be ignored: no therapist is given. "
            "Give therapist='…', or leave therapist_mean out."
        )
    if therapist is not None and method == "cgm":
        raise ArgumentError(
            "therapist would be ignored: method='cgm' centres at the mean of the patient means. "
            "Leave therapist out, or use method='cwc'."
        )
    units = [by] if therapist is None else [by, therapist]
    columns_present(frame, units)
    columns_present(frame, columns)
    if len({*units, *columns}) < len(units) + len(columns):
        raise ArgumentError(
            f"one column is named twice among {name_list([*units, *columns])}. "
            "Identifiers and ratings are different columns."
        )


def _patient_codes(frame: pd.DataFrame, by: str) -> Codes:
    codes, _ = unit_codes(frame, by)
    missing = np.flatnonzero(codes < 0)
    if len(missing):
        raise DataError(
            f"column '{by}' is missing in {counted(len(missing), 'row')}, first at "
            f"{row_places(missing[:1].tolist())}. Drop them, as load_sessions does."
        )
    return codes


def _therapist_codes(
    frame: pd.DataFrame, by: str, therapist: str | None, way: TherapistChange, order: str | None
) -> Codes | None:
    """Therapist of every row, the patient's first one if asked."""
    if therapist is None:
        return None
    if way == "first":
        frame, _ = with_first_therapist(frame, by, therapist, order)
    return unit_codes(frame, therapist)[0]


def _parts(
    values: Floats,
    patient: Codes,
    therapist: Codes | None,
    therapist_mean: TherapistMean,
    way: TherapistChange,
) -> dict[str, Floats]:
    """The parts of ratings, by what is done about patients with several therapists."""
    if therapist is not None and way == "crossed":
        return center_crossed(values, patient, therapist, therapist_mean=therapist_mean)
    if therapist is not None and way == "dyad":
        patient = dyad_codes(patient, therapist)
    return center_within(values, patient, therapist, therapist_mean=therapist_mean)


def _raw_values(frame: pd.DataFrame, name: str, patient: Codes) -> Floats:
    numeric_column(frame, name)
    refuse_centered(frame, name, patient)
    values = float_values(frame, name)
    if np.isnan(values).all():
        raise DataError(f"column '{name}' has no observed value in {counted(len(values), 'row')}.")
    return values
