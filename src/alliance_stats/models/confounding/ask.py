"""The question to a within/between model: its arguments, the rows with all benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    columns_present,
    counted,
    name_list,
    numeric_column,
    probability,
)
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.data.centering import derived_name
from alliance_stats.data.units import float_values
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.confounding.demeaned import demeaned, within_patients
from alliance_stats.models.confounding.omitted import Coefficient
from alliance_stats.models.confounding.result import ConfoundingResult
from alliance_stats.models.prepare import PreparedSessions
from alliance_stats.models.specification import Specification, fit_specification

#: Values this close to their patient's mean, in shares of the largest, do not vary.
SAME = 1e-12


def confounding_of(
    fit: MixedModelResult,
    prepared: PreparedSessions,
    chosen: Specification,
    *,
    effect: str,
    q: float,
    alpha: float,
    benchmarks: Sequence[str] | None,
    kd: Sequence[float],
    ky: Sequence[float] | None,
) -> ConfoundingResult:
    """The result of `AllianceResult.confounding`, which documents the arguments."""
    strengths = _checked(effect, q, alpha, benchmarks, kd, ky)
    names = tuple(benchmarks or ())
    messages: tuple[str, ...] = ()
    if names:
        prepared, parts, messages = _with_benchmarks(prepared, names)
        fit = fit_specification(prepared, chosen, extra=[quote_name(part) for part in parts])
        messages = (*messages, *fit.messages)
    else:
        parts = []
    within = demeaned(prepared, chosen, parts)
    if within.df < 2:
        raise DataError(
            f"{counted(len(prepared.frame), 'session')} leave {within.df} degrees of freedom "
            "within patients. More sessions a patient are needed."
        )
    b, unit = within.estimate()
    term = dict(prepared.effects)["within"]
    row = fit.contrasts({term: {term: 1.0}}).iloc[0]
    mixed = Coefficient(float(row["estimate"]), float(row["se"]), float(row["df"]), unit, within.df)
    return ConfoundingResult(
        mixed=mixed,
        regression=Coefficient(b, unit, within.df, unit, within.df),
        fit=fit,
        within=within,
        prepared=prepared,
        specification=chosen,
        benchmarks=names,
        strengths=strengths,
        q=float(q),
        alpha=float(alpha),
        messages=messages,
    )


def _checked(
    effect: str,
    q: float,
    alpha: float,
    benchmarks: Sequence[str] | None,
    kd: Sequence[float],
    ky: Sequence[float] | None,
) -> tuple[tuple[float, float], ...]:
    """The multiples k, after all arguments are checked."""
    if effect != "within":
        raise UnsupportedError(
            f"effect={effect!r}: only the within effect is covered. Between patients and "
            "therapists every stable difference confounds, and no regression within patients "
            "measures it. Give effect='within'."
        )
    probability(alpha, name="alpha")
    if not 0 < q <= 1:
        raise ArgumentError(f"q={q!r} is not a share of the effect. Give one above 0, up to 1.")
    if isinstance(benchmarks, str) or (benchmarks is not None and not len(benchmarks)):
        raise ArgumentError(
            f"benchmarks={benchmarks!r}: give a list of columns, such as ['motivation']."
        )
    if benchmarks is not None and len(set(benchmarks)) < len(benchmarks):
        raise ArgumentError(f"benchmarks={list(benchmarks)!r} names a column twice.")
    pairs = list(zip(kd, kd if ky is None else ky, strict=False))
    if (
        len(kd) != len(kd if ky is None else ky)
        or not pairs
        or min(min(pair) for pair in pairs) <= 0
    ):
        raise ArgumentError(
            f"kd={kd!r}, ky={ky!r}: give multiples above 0, as many of each, such as (1, 2, 3)."
        )
    return tuple((float(a), float(b)) for a, b in pairs)


def _with_benchmarks(
    prepared: PreparedSessions, names: Sequence[str]
) -> tuple[PreparedSessions, list[str], tuple[str, ...]]:
    """The sessions in which all benchmarks are known, with their parts within patients."""
    source = _source_rows(prepared, names)
    known = source.notna().all(axis=1).to_numpy()
    frame = prepared.frame[known].reset_index(drop=True)
    kept = replace(prepared, frame=frame, rows=prepared.rows[known])
    if not len(frame):
        raise DataError(f"no session of the model has {name_list(list(names))}.")
    patient = kept.group_codes(kept.groups["patient"])
    values = np.column_stack([float_values(source[known], name) for name in names])
    centred, _ = within_patients(values, patient, None)
    sizes = SAME * np.abs(values).max(axis=0, initial=0.0)
    still = (np.abs(centred) <= sizes).all(axis=0)
    flat = [name for name, none in zip(names, still, strict=True) if none]
    if flat:
        raise DataError(
            f"{name_list(flat)} does not vary within patients: what is stable in a patient cannot "
            "confound a within effect. Give benchmarks that change from session to session."
        )
    parts = [derived_name(name, "within") for name in names]
    taken = [part for part in parts if part in frame]
    if taken:
        raise ArgumentError(
            f"benchmarks: {name_list(taken)} is in the model already. Give other columns."
        )
    frame = frame.assign(**dict(zip(parts, centred.T, strict=True)))
    dropped = int((~known).sum())
    said = (
        f"{dropped:,} of {counted(len(known), 'session')} left out: {name_list(list(names))} "
        "missing."
    )
    return replace(kept, frame=frame), parts, (said,) if dropped else ()


def _source_rows(prepared: PreparedSessions, names: Sequence[str]) -> pd.DataFrame:
    """The benchmarks in the rows of the model, from the sessions that were given."""
    source = prepared.source
    columns_present(source, list(names))
    roles = prepared.roles
    same = len(source) > prepared.rows.max(initial=-1)
    for column in (roles.outcome, roles.alliance):
        if same:
            now = float_values(source, column)[prepared.rows]
            same = bool((now == float_values(prepared.frame, column)).all())
    if not same:
        raise DataError(
            "the sessions were changed after the fit, so the benchmarks may belong to other rows. "
            "Fit again."
        )
    for name in names:
        numeric_column(source, name)
    return source[list(names)].iloc[prepared.rows].reset_index(drop=True)
