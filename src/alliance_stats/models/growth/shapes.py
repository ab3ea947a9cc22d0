"""Mixed models of a course over time, one a shape, and the choice between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataError
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.growth.prepare import PreparedGrowth


@dataclass(frozen=True, eq=False)
class Course:
    """The course of one variable over time.

    Attributes
    ----------
    role, column : str
        ``alliance`` or ``outcome``, and its column.
    shape : str
        The shape reported.
    fit : MixedModelResult
        Its model by REML.
    fits : mapping of str to MixedModelResult
        Every shape by ML, for the comparison.
    """

    role: str
    column: str
    shape: str
    fit: MixedModelResult
    fits: Mapping[str, MixedModelResult]


def growth_formula(
    prepared: PreparedGrowth, column: str, shape: str, *, extra: Sequence[str] = ()
) -> str:
    """``y ~ time + (1 + time | patient) + (1 | therapist)``, with the columns of the shape."""
    times = [quote_name(name) for name in prepared.shapes[shape]]
    patient, therapist = prepared.roles.patient, prepared.roles.therapist
    parts = [*times, *extra, f"(1 + {' + '.join(times)} | {quote_name(patient)})"]
    if therapist is not None:
        parts.append(f"(1 | {quote_name(therapist)})")
    return f"{quote_name(column)} ~ {' + '.join(parts)}"


def fit_course(prepared: PreparedGrowth, role: str, column: str, shape: str) -> Course:
    """Fit every shape by ML; choose by BIC where `shape` is ``"auto"``; refit it by REML."""
    fits = {
        name: fit_quietly(growth_formula(prepared, column, name), prepared.frame, reml=False)
        for name in prepared.shapes
    }
    chosen = _smallest_bic(fits, column) if shape == "auto" else shape
    fit = fit_quietly(growth_formula(prepared, column, chosen), prepared.frame)
    return Course(role, column, chosen, fit, fits)


def _smallest_bic(fits: Mapping[str, MixedModelResult], column: str) -> str:
    """The converged shape of smallest BIC."""
    bic = {name: fit.glance()["bic"].item() for name, fit in fits.items() if fit.converged}
    if not bic:
        raise DataError(
            f"no shape of the course of '{column}' could be fitted. "
            "Check the column for extreme values."
        )
    return min(bic, key=lambda name: bic[name])


def shape_table(courses: Sequence[Course], *, post_selection: bool) -> pd.DataFrame:
    """Fit of every shape by ML: ``variable shape n_parameters loglik aic bic …``."""
    rows = []
    for course in courses:
        lowest = min(fit.glance()["bic"].item() for fit in course.fits.values())
        for shape, fit in course.fits.items():
            row = fit.glance().iloc[0]
            rows.append(
                {
                    "variable": course.column,
                    "shape": shape,
                    "n_parameters": int(row["n_parameters"]),
                    "loglik": row["loglik"],
                    "aic": row["aic"],
                    "bic": row["bic"],
                    "bic_patients": _bic_patients(fit),
                    "delta_bic": row["bic"] - lowest,
                    "converged": bool(row["converged"]),
                    "singular": bool(row["singular"]),
                    "chosen": _choice(shape == course.shape, post_selection),
                }
            )
    return pd.DataFrame(rows)


def _choice(chosen: bool, post_selection: bool) -> str:
    """How a shape came to be reported; empty for the others."""
    if not chosen:
        return ""
    return "by BIC (post-selection)" if post_selection else "beforehand"


def _bic_patients(fit: MixedModelResult) -> float:
    """BIC that counts the groups of the innermost factor."""
    n = len(fit.criterion.design.levels[0].labels)
    return float(-2.0 * fit.loglik + fit.n_parameters * np.log(n))
