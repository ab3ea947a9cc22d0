"""reliability_of_means: how well the observed means of patients and therapists tell them apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    frame_given,
    numeric_column,
    probability,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.reliability.generalizability.coefficients import (
    coefficient_row,
    known_covariance,
)
from alliance_stats.reliability.generalizability.components import (
    about_estimates,
    component_table,
)
from alliance_stats.reliability.generalizability.restricted import (
    intercept_variances,
    profile_intervals,
)
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows


@dataclass(frozen=True, eq=False)
class _Units:
    """Patient of every rating, therapist of every patient, and the ratings."""

    values: np.ndarray
    patient: np.ndarray
    therapist: np.ndarray | None
    n_dropped: int
    messages: tuple[str, ...]

    @property
    def sessions(self) -> np.ndarray:
        """Ratings of each patient."""
        return np.bincount(self.patient).astype(float)

    @property
    def patients(self) -> np.ndarray:
        """Patients of each therapist."""
        if self.therapist is None:
            return np.array([])
        return np.bincount(self.therapist).astype(float)


def reliability_of_means(
    frame: pd.DataFrame,
    *,
    score: str,
    patient: str,
    therapist: str | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Reliability of observed means of patients and therapists, and what it does to their effects.

    A patient's mean over sessions, or a therapist's over patients, is not their true level. Its
    error pulls a coefficient between patients (or therapists) towards the coefficients of the
    levels below. The table *Expected coefficient of observed means* says how much of each arrives.

    Parameters
    ----------
    frame : DataFrame
        One row a session. Rows with a missing value are dropped and counted.
    score : str
        Column of ratings, such as the alliance.
    patient, therapist : str
        Columns of units. A patient with several therapists counts as one with each.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        A row a unit: the reliability of a mean of typical size (harmonic means of the numbers of
        sessions and patients), with the ``lowest`` and ``highest`` of all units. The frame
        ``view().plot`` has one row for every patient and therapist, without their names.

    Raises
    ------
    DataError, ArgumentError
        If columns are missing or not numeric, there are fewer than two patients or therapists, or
        no patient has two ratings.

    Notes
    -----
    λ = τ²/(τ² + σ²/n) of patients, with the REML variances of a mixed model (Snijders & Bosker,
    2012). With therapists it is the reliability of differences between patients of one therapist.
    `describe_levels` prints the same quantity from moments, which need no model. The two are equal
    in balanced data; with unequal therapists a small variance can differ much, and the intervals
    here say how little is known of it.

    References
    ----------
    Lüdtke, O., Marsh, H. W., Robitzsch, A., Trautwein, U., Asparouhov, T., & Muthén, B. (2008). The
    multilevel latent covariate model. Psychological Methods, 13, 203-229.

    Snijders, T. A. B., & Bosker, R. J. (2012). Multilevel analysis (2nd ed.). Sage.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> found = al.reliability.reliability_of_means(
    ...     sessions, score="wai_total", patient="patient", therapist="therapist")
    >>> found.tidy()[["unit", "estimate", "n_members"]].round(2)
            unit  estimate  n_members
    0  therapist      0.14       6.95
    1    patient      0.90       4.58
    """
    probability(conf_level, name="conf_level")
    units = _read(frame, score, patient, therapist)
    names = ["patient", *(["therapist"] if units.therapist is not None else []), "session"]
    columns = {"score": units.values, "patient": units.patient}
    if units.therapist is not None:
        columns["therapist"] = units.therapist[units.patient]
    groups = names[:-1]
    formula = "score ~ 1" + "".join(f" + (1 | {group})" for group in groups)
    fit = fit_quietly(formula, pd.DataFrame(columns))
    variance, covariance = intercept_variances(fit, groups)
    rows, each = _rows(units, variance, covariance, conf_level)
    low, high = profile_intervals(fit, groups, conf_level)
    se = np.sqrt(np.diag(covariance))
    messages = [*units.messages, *about_estimates(names, variance)]
    if not fit.converged:
        messages.append("The fit did not converge. Do not report it.")
    return ReliabilityResult(
        kind="reliability_of_means",
        title=f"Reliability of mean {score}",
        terms=coefficient_rows(rows),
        counts=_counts(units),
        n_dropped=units.n_dropped,
        conf_level=conf_level,
        notes=_notes(units),
        messages=tuple(messages),
        tables={
            "Variance components": component_table(names, variance, se, low, high),
            "Expected coefficient of observed means": arriving(
                variance, _harmonic(units.sessions), _harmonic(units.patients)
            ),
        },
        plot=each,
    )


def arriving(variance: np.ndarray, sessions: float, patients: float) -> pd.DataFrame:
    """Which true coefficients a coefficient of observed means is made of (Lüdtke et al., 2008).

    Parameters
    ----------
    variance : ndarray (2,) or (3,)
        Of the predictor: patients, therapists where there are any, sessions.
    sessions, patients : float
        Sessions a patient, and patients a therapist.

    Returns
    -------
    DataFrame
        A row a coefficient: ``unit own from_patients from_sessions``, which sum to one. A
        coefficient of observed means is expected at the sum of the true ones with these weights.

    Examples
    --------
    >>> arriving(np.array([6.0, 1.0, 8.0]), sessions=8.0, patients=10.0).round(3)
            unit    own  from_patients  from_sessions
    0  therapist  0.588          0.353          0.059
    1    patient  0.857            NaN          0.143
    """
    of_patient, of_session = float(variance[0]), float(variance[-1])
    total = of_patient + of_session / sessions
    rows = []
    if len(variance) == 3:
        whole = float(variance[1]) + total / patients
        rows.append(
            {
                "unit": "therapist",
                "own": _share(float(variance[1]), whole),
                "from_patients": _share(of_patient / patients, whole),
                "from_sessions": _share(of_session / sessions / patients, whole),
            }
        )
    rows.append(
        {
            "unit": "patient",
            "own": _share(of_patient, total),
            "from_patients": np.nan,
            "from_sessions": _share(of_session / sessions, total),
        }
    )
    return pd.DataFrame(rows)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan


def _rows(
    units: _Units, variance: np.ndarray, covariance: np.ndarray, level: float
) -> tuple[list[dict[str, object]], pd.DataFrame]:
    """A row a unit, outermost first, and the reliability of every single mean."""
    known = known_covariance(covariance)
    n, m = _harmonic(units.sessions), _harmonic(units.patients)
    last = len(variance) - 1
    one = np.eye(last + 1)
    rows: list[dict[str, object]] = []
    frames = []
    if units.therapist is not None:
        error = (one[0] + one[last] / n) / m
        row = coefficient_row(one[1], error, variance, known, level)
        of_means = variance[0] + variance[last] / units.sessions
        sums = np.bincount(units.therapist, weights=of_means)
        each = variance[1] / (variance[1] + sums / units.patients**2)
        rows.append(_row("therapist", row, m, each))
        frames.append(_each("therapist", units.patients, each))
    row = coefficient_row(one[0], one[last] / n, variance, known, level)
    each = variance[0] / (variance[0] + variance[last] / units.sessions)
    rows.append(_row("patient", row, n, each))
    frames.append(_each("patient", units.sessions, each))
    return rows, pd.concat(frames, ignore_index=True)


def _row(unit: str, row: dict[str, float], members: float, each: np.ndarray) -> dict[str, object]:
    found: dict[str, object] = {"unit": unit, "term": "reliability", **row}
    found["n_members"] = members
    found["lowest"], found["highest"] = float(each.min()), float(each.max())
    return found


def _each(unit: str, members: np.ndarray, each: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"unit": unit, "group": np.arange(len(each)), "n_members": members, "reliability": each}
    )


def _harmonic(counts: np.ndarray) -> float:
    return float(len(counts) / (1.0 / counts).sum()) if len(counts) else np.nan


def _read(frame: pd.DataFrame, score: str, patient: str, therapist: str | None) -> _Units:
    """Check the arguments and code the units."""
    frame_given(frame, name="frame")
    names = [score, patient, *([therapist] if therapist is not None else [])]
    if len(set(names)) < len(names):
        raise ArgumentError("score, patient and therapist are different columns. Name each once.")
    columns_present(frame, names)
    numeric_column(frame, score)
    rows = frame[names].dropna()
    if rows.empty:
        raise DataError(f"no row has all of {', '.join(names)}. Check the columns.")
    messages = []
    if len(rows) < len(frame):
        missing = frame[names].isna().sum()
        causes = ", ".join(f"{name} missing: {n:,}" for name, n in missing.items() if n)
        dropped = len(frame) - len(rows)
        messages.append(f"{dropped:,} of {counted(len(frame), 'row')} dropped ({causes}).")
    values = rows[score].to_numpy(dtype=float)
    codes = pd.factorize(rows[patient])[0].astype(np.intp)
    of_patient = None
    if therapist is not None:
        seen = pd.factorize(rows[therapist])[0].astype(np.intp)
        codes, of_patient, said = _within_therapists(codes, seen)
        messages += said
    _check(values, codes, of_patient, score)
    return _Units(values, codes, of_patient, len(frame) - len(rows), tuple(messages))


def _within_therapists(
    patient: np.ndarray, therapist: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Codes of patient-therapist pairs, the therapist of each, and what is said of it."""
    cells = patient * (therapist.max() + 1) + therapist
    pairs, first = np.unique(cells, return_index=True)
    codes = np.searchsorted(pairs, cells)
    n_patients = int(patient.max()) + 1
    changed = int((np.bincount(patient[first], minlength=n_patients) > 1).sum())
    said = []
    if changed:
        said.append(
            f"{changed:,} of {counted(n_patients, 'patient')} {agree(changed, 'is', 'are')} seen "
            "by more than one therapist: each patient-therapist pair counts as a patient."
        )
    return codes, therapist[first], said


def _check(
    values: np.ndarray, patient: np.ndarray, therapist: np.ndarray | None, score: str
) -> None:
    sizes = np.bincount(patient)
    if np.ptp(values) == 0:
        raise DataError(
            f"the scores '{score}' are all the same, so there is no variance to divide."
        )
    if len(sizes) < 2 or sizes.max() < 2:
        raise DataError(
            f"{counted(len(sizes), 'patient')} with at most {counted(int(sizes.max()), 'rating')} "
            "each: variances within and between patients cannot be told apart. Give two patients "
            "or more, some with two ratings or more."
        )
    if therapist is not None:
        patients = np.bincount(therapist)
        if len(patients) < 2 or patients.max() < 2:
            raise DataError(
                f"{counted(len(patients), 'therapist')} with at most "
                f"{counted(int(patients.max()), 'patient')} each: therapists cannot be told from "
                "their patients. Leave out therapist=."
            )


def _counts(units: _Units) -> dict[str, int]:
    counts = {"session": len(units.values), "patient": len(units.sessions)}
    if units.therapist is not None:
        counts["therapist"] = len(units.patients)
    return counts


def _notes(units: _Units) -> tuple[str, ...]:
    typical = f"{_harmonic(units.sessions):.3g} sessions a patient"
    if units.therapist is not None:
        typical += f", {_harmonic(units.patients):.3g} patients a therapist"
    return (
        f"For means of typical size (harmonic means): {typical}. Variances by REML with "
        "profile-likelihood intervals; intervals of reliabilities by the delta method on the "
        "logit.",
        "A coefficient of observed means is expected at own × the true one, plus from_patients × "
        "that of patients, plus from_sessions × that within patients.",
    )
