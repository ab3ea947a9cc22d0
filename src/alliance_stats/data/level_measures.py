"""Measures of one rating at each unit, on arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted
from alliance_stats.data.units import Codes, Floats, at_rows, parent_codes, unit_means
from alliance_stats.data.variance_parts import (
    VarianceParts,
    harmonic_mean,
    three_level_parts,
    two_level_parts,
)

_NAN = float("nan")


def size_distribution(name: str, counts: Codes) -> dict[str, object]:
    """Quartiles, range and mean of how many members each unit has."""
    if not len(counts):
        counts = np.array([np.nan])
        n_units = 0
    else:
        n_units = len(counts)
    quartiles = np.quantile(counts, [0, 0.25, 0.5, 0.75, 1])
    low, q1, median, q3, high = (float(q) for q in quartiles)
    row: dict[str, object] = {"distribution": name, "n": n_units}
    row |= {"min": low, "q1": q1, "median": median, "q3": q3, "max": high}
    return row | {"mean": float(np.mean(counts))}


def series_measures(values: Floats, patient: Codes, session: Floats) -> dict[str, float]:
    """Means, spreads, ceiling, autocorrelation and change of one rating."""
    seen = ~np.isnan(values)
    y, p, s = values[seen], patient[seen], session[seen]
    n_patients = int(patient.max()) + 1
    means = unit_means(y, p, n_patients)
    sizes = np.bincount(p, minlength=n_patients)
    deviations = y - means[p]
    known = means[sizes > 0]
    r, pairs = lag_one(deviations, p, s)
    return {
        "n": len(y),
        "missing": int((~seen).sum()),
        "min": float(y.min()) if len(y) else _NAN,
        "max": float(y.max()) if len(y) else _NAN,
        "mean": _mean(y),
        "sd": sd(y),
        "sd_within": _root_mean_square(deviations, len(y) - len(known)),
        "sd_between": sd(known),
        "share_at_maximum": float((y == y.max()).mean()) if len(y) else _NAN,
        "patients": len(known),
        "flat_patients": flat_patients(deviations, p, sizes),
        "rated_once": int((sizes == 1).sum()),
        "autocorrelation": r,
        "autocorrelation_pairs": pairs,
        "change_per_session": slope_within(deviations, p, s),
        "change_first_last": change_first_last(y, p, s),
    }


def sd(values: Floats) -> float:
    """Standard deviation with n - 1; NaN below two values."""
    return float(values.std(ddof=1)) if len(values) > 1 else _NAN


def flat_patients(deviations: Floats, patient: Codes, sizes: Codes) -> int:
    """Patients with two or more ratings that are all equal."""
    moved = np.zeros(len(sizes), dtype=bool)
    moved[patient[deviations != 0]] = True
    return int(((sizes >= 2) & ~moved).sum())


def lag_one(deviations: Floats, patient: Codes, session: Floats) -> tuple[float, int]:
    """Pooled correlation of deviations at sessions exactly one apart, and the pairs used."""
    order = np.lexsort((session, patient))
    d, p, s = deviations[order], patient[order], session[order]
    next_one = (p[1:] == p[:-1]) & (s[1:] - s[:-1] == 1)
    first, second = d[:-1][next_one], d[1:][next_one]
    return cosine(first, second), len(first)


def cosine(x: Floats, y: Floats) -> float:
    """Correlation of deviations: sum of products over the root of the sums of squares."""
    squares = float(x @ x) * float(y @ y)
    return float(x @ y) / float(np.sqrt(squares)) if squares > 0 else _NAN


def slope_within(deviations: Floats, patient: Codes, session: Floats) -> float:
    """Change per session: pooled slope of the deviations on the patients' own session numbers."""
    if not len(session):
        return _NAN
    time = session - at_rows(unit_means(session, patient, int(patient.max()) + 1), patient)
    total = float(time @ time)
    return float(time @ deviations) / total if total > 0 else _NAN


def change_first_last(values: Floats, patient: Codes, session: Floats) -> float:
    """Mean over patients with two or more ratings of the last minus the first rating."""
    order = np.lexsort((session, patient))
    y, p = values[order], patient[order]
    starts = np.flatnonzero(np.r_[True, p[1:] != p[:-1]]) if len(p) else np.array([], dtype=int)
    ends = np.r_[starts[1:], len(p)] - 1 if len(p) else starts
    several = ends > starts
    return float((y[ends[several]] - y[starts[several]]).mean()) if several.any() else _NAN


def correlation_rows(x: Floats, y: Floats, patient: Codes) -> list[dict[str, object]]:
    """Correlation within patients and of patient means, over rows with both ratings."""
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    p, patients = pd.factorize(patient[both])
    n = len(patients)
    mean_x, mean_y = unit_means(x, p, n), unit_means(y, p, n)
    within = cosine(x - mean_x[p], y - mean_y[p])
    between = cosine(mean_x - _mean(mean_x), mean_y - _mean(mean_y))
    return [
        {"level": "within", "r": within, "n": len(x), "df": len(x) - n - 1},
        {"level": "between", "r": between, "n": n, "df": n - 2},
    ]


def variance_table(
    values: Floats, patient: Codes, therapist: Codes | None, column: str
) -> tuple[list[dict[str, object]], list[str]]:
    """Variance, ICC and reliability of each unit, outermost first, and what must be said."""
    seen = ~np.isnan(values)
    y, p = values[seen], patient[seen]
    messages: list[str]
    if therapist is None:
        raw, messages = two_level_parts(y, p), []
        sessions, of_patient = np.bincount(p), None
    else:
        known = therapist[seen] >= 0
        y, p, t = y[known], p[known], therapist[seen][known]
        p, messages = patients_of_therapists(p, t, len(known) - len(y), column)
        raw = three_level_parts(y, p, t)
        sessions = np.bincount(p)
        of_patient = t[np.unique(p, return_index=True)[1]]
        if np.isnan(raw.session):
            raw = two_level_parts(y, p)
            messages.append(
                f"{column}: therapists cannot be told from their patients (fewer than two "
                "therapists, or one patient each); their variance is not estimated."
            )
    messages += parts_messages(raw, column)
    return parts_rows(raw.truncated(), sessions, of_patient), messages


def patients_of_therapists(
    patient: Codes, therapist: Codes, n_unknown: int, column: str
) -> tuple[Codes, list[str]]:
    """Patient codes nested in therapists: each patient-therapist pair is one unit."""
    messages = []
    if n_unknown:
        messages.append(
            f"{column}: {counted(n_unknown, 'rating')} without a therapist left out of the "
            "variances by unit."
        )
    n_patients = int(patient.max(initial=-1)) + 1
    _, changed = parent_codes(patient, therapist, n_patients)
    if changed:
        messages.append(
            f"{changed:,} of {counted(len(np.unique(patient)), 'patient')} "
            f"{agree(changed, 'is', 'are')} seen by more than one therapist: in the variances by "
            "unit each patient-therapist pair counts as a patient."
        )
    pairs = patient * (int(therapist.max(initial=-1)) + 1) + therapist
    return pd.factorize(pairs)[0].astype(np.int64), messages


def parts_messages(raw: VarianceParts, column: str) -> list[str]:
    """Say which variances are negative, or that none can be estimated."""
    if np.isnan(raw.session):
        return [
            f"{column}: variances within and between patients cannot be told apart: no patient "
            "has two ratings, or there are fewer than two patients."
        ]
    negative = [unit for unit in ("patient", "therapist") if getattr(raw, unit) < 0]
    return [
        f"{column}: the variance of {unit}s is estimated below zero ({getattr(raw, unit):.3g}) "
        "and shown as 0."
        for unit in negative
    ]


def parts_rows(
    parts: VarianceParts, sessions: Codes, therapist_of: Codes | None = None
) -> list[dict[str, object]]:
    """Rows of the table of variances, outermost unit first.

    Parameters
    ----------
    parts : VarianceParts
        Variances, none below zero.
    sessions : array of int
        Ratings of each patient; patients without any count for nothing.
    therapist_of : array of int, optional
        Therapist of each patient, where there are therapists.
    """
    n = sessions[sessions > 0].astype(float)
    of_mean = parts.patient + parts.session / n
    rows = [_unit_row("patient", parts, n, parts.patient / _positive(of_mean))]
    if therapist_of is not None:
        m = np.bincount(therapist_of).astype(float)
        sums = np.bincount(therapist_of, weights=of_mean)
        m, sums = m[m > 0], sums[m > 0]
        reliable = parts.therapist / _positive(parts.therapist + sums / m**2)
        rows.insert(0, _unit_row("therapist", parts, m, reliable))
        typical = parts.patient + parts.session / harmonic_mean(n)
        rows[0]["reliability"] = _share(
            parts.therapist, parts.therapist + typical / harmonic_mean(m)
        )
    typical = parts.patient + parts.session / harmonic_mean(n)
    rows[-1]["reliability"] = _share(parts.patient, typical)
    nothing = np.array([])
    return [*rows, _unit_row("session", parts, nothing, nothing)]


def _unit_row(
    unit: str, parts: VarianceParts, members: Floats, reliable: Floats
) -> dict[str, object]:
    """Variance and ICC of one unit, its members, and the range of its reliabilities."""
    total = float(np.nansum([parts.session, parts.patient, parts.therapist]))
    variance = getattr(parts, unit)
    known = reliable[~np.isnan(reliable)]
    return {
        "unit": unit,
        "variance": variance,
        "icc": _share(variance, total),
        "members": harmonic_mean(members),
        "reliability": _NAN,
        "reliability_lowest": float(known.min()) if len(known) else _NAN,
        "reliability_highest": float(known.max()) if len(known) else _NAN,
    }


def _positive(values: Floats) -> Floats:
    """Values that may divide: NaN in place of zero."""
    return np.where(values > 0, values, np.nan)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else _NAN


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else _NAN


def _root_mean_square(deviations: Floats, df: int) -> float:
    return float(np.sqrt(deviations @ deviations / df)) if df > 0 else _NAN
