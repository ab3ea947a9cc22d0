"""Refits of all models to the same resampled patients, or therapists where there are any."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.lmm.resampling.bootstrap import FEW, MANY_FAILED
from alliance_stats.lmm.resampling.refits import Refit, refit_each
from alliance_stats.lmm.resampling.replicate import with_counts
from alliance_stats.lmm.resampling.variance_classes import class_grams, refit_drawn
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.mediation.chain import SIDES, Side
from alliance_stats.models.mediation.draws import Draws
from alliance_stats.models.mediation.estimates import joint_values
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.specification import (
    MediationFits,
    MediationSpecification,
    stacked_rows,
)
from alliance_stats.numeric.resample import resample_counts


def bootstrap_draws(
    fits: MediationFits,
    prepared: PreparedMediation,
    chosen: MediationSpecification,
    n: int,
    seed: int | np.random.SeedSequence,
) -> Draws:
    """Parameters of every level in n sets of patients (therapists), drawn with replacement."""
    unit = list(prepared.groups)[-1]
    column = prepared.groups[unit][0]
    either = prepared.keep["mediator"] | prepared.keep["outcome"]
    labels = prepared.frame.loc[either, column].drop_duplicates()
    rng = np.random.default_rng(seed)
    counts = resample_counts(len(labels), n, rng).astype(int)
    of_label = pd.DataFrame(counts.T, index=pd.Index(labels))
    alone = [level for level in prepared.levels if level != "within" or fits.joint is None]
    found: dict[str, np.ndarray] = {}
    if alone:
        found = _apart(fits, prepared, of_label, n, alone)
    if fits.joint is not None:
        found = {"within": _joint(fits.joint, prepared, chosen, of_label, n)} | found
    values = {level: found[level] for level in prepared.levels}
    for draws in values.values():
        draws.setflags(write=False)
    return Draws("bootstrap", n, seed, values, unit, _messages(values, unit, len(labels), n))


def _own_counts(fit: MixedModelResult, of_label: pd.DataFrame) -> np.ndarray:
    """How often (n, G) each group of a model's highest factor was drawn."""
    return of_label.loc[list(fit.criterion.design.levels[-1].labels)].to_numpy().T


def _apart(
    fits: MediationFits,
    prepared: PreparedMediation,
    of_label: pd.DataFrame,
    n: int,
    levels: list[str],
) -> dict[str, np.ndarray]:
    """Parameters (n, 4) of the levels, from both equations by themselves."""
    betas = {side: _refitted(fits.of(side), of_label, n) for side in SIDES}
    found = {}
    for level in levels:
        a, b, direct = prepared.path_columns(level)
        wanted: list[tuple[Side, str]] = [("mediator", a), ("outcome", b), ("outcome", direct)]
        columns = [_column(fits.of(side), betas[side], name) for side, name in wanted]
        found[level] = np.column_stack([*columns, np.zeros(n)])
    return found


def _column(fit: MixedModelResult, betas: np.ndarray, name: str) -> np.ndarray:
    if name not in fit.names:
        return np.full(len(betas), np.nan)
    return np.asarray(betas[:, fit.names.index(name)])


def _refitted(fit: MixedModelResult, of_label: pd.DataFrame, n: int) -> np.ndarray:
    """Coefficients (n, p) of one model; NaN where a refit failed."""
    criterion, counts = fit.criterion, _own_counts(fit, of_label)
    found = np.full((n, len(fit.names)), np.nan)

    def keep(number: int, refit: Refit | None) -> None:
        if refit is not None and refit.minimum.converged:
            found[number] = refit.beta

    refit_each(
        criterion, fit.minimum.theta, lambda i: with_counts(criterion, counts[i]), keep, n=n,
        weighted=True,
    )  # fmt: skip
    design = criterion.design
    return np.asarray(design.scale * found @ design.transform.T + design.least_squares)


def _joint(
    fit: MixedModelResult,
    prepared: PreparedMediation,
    chosen: MediationSpecification,
    of_label: pd.DataFrame,
    n: int,
) -> np.ndarray:
    """a, b, direct and cov (n, 4) of the model of both equations."""
    grams, counts = class_grams(fit, stacked_rows(prepared, chosen)), _own_counts(fit, of_label)
    found = np.full((n, 4), np.nan)
    for number in range(n):
        refit = refit_drawn(grams, counts[number])
        if refit is not None:
            found[number] = joint_values(refit, prepared, chosen)
    return found


def _messages(values: Mapping[str, np.ndarray], unit: str, n_units: int, n: int) -> tuple[str, ...]:
    """Failed refits, and few units to draw from."""
    gone = [int(np.isnan(draws).any(axis=1).sum()) for draws in values.values()]
    failed = max([count for count in gone if count < n], default=n)
    if failed == n:
        raise DataError(
            "no model could be fitted to resampled data. Use interval='monte-carlo', or fewer "
            "random effects."
        )
    found = []
    if failed > MANY_FAILED * n:
        found.append(f"{failed:,} of {counted(n, 'refit')} failed and are left out of intervals.")
    if n_units < FEW:
        found.append(
            f"Only {counted(n_units, unit)} to draw from: intervals of the bootstrap are too "
            "narrow with few units. Compare interval='monte-carlo'."
        )
    return tuple(found)
