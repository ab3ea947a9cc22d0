"""The bias of both paths in studies of this design, by simulation, and Nickell's approximation.

The mean of a patient's own ratings holds the errors of the sessions predicted, so that centring
on it biases a regression on earlier ratings (Nickell, 1981), and the cross paths with it. So the
estimates are not the parameters of a process that leads to them: these are found first, as those
whose studies give the estimates on average (indirect inference; Gouriéroux, Monfort & Renault,
1993), in a few rounds of simulation. Then each path is set to zero, or to its estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alliance_stats._base.random import RandomSource
from alliance_stats.data.units import Floats, unit_codes, unit_means
from alliance_stats.lmm.prediction.new_rows import read_new_rows
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effect_size import level_sds
from alliance_stats.models.lagged.equations import CROSS_EFFECTS, OWN_EFFECTS, Equation
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.lagged.replicas import (
    EquationFitter,
    Levels,
    fitter_of,
    layout_of,
    simulated_estimates,
)
from alliance_stats.models.process import Process, process_of
from alliance_stats.numeric.resample import spawn_generators

#: A simulated bias of more than this many standard errors is named.
LARGE = 0.5
#: Two-sided 5% point of the normal distribution.
_Z = 1.959963984540054
#: Rounds of simulation that look for the parameters behind the estimates, and studies in each.
ROUNDS = 3
LEAST = 50
#: Largest autoregression looked at.
MOST = 0.9
_SIDES = ("outcome", "alliance")
COLUMNS = (
    "effect", "unit", "truth", "true", "mean", "bias", "mc_error", "bias_in_se", "rejected",
    "nickell", "n_studies",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paths:
    """The parameters of the process: autoregressions and cross paths by the side predicted."""

    own: Mapping[str, float]
    cross: Mapping[str, float]


def bias_table(
    fits: Mapping[str, MixedModelResult],
    prepared: PreparedLags,
    *,
    n: int,
    rng: RandomSource,
) -> pd.DataFrame:
    """Simulated bias of both paths, at zero and near the estimate, and of the autoregressions.

    Returns
    -------
    DataFrame
        Columns ``effect unit truth true mean bias mc_error bias_in_se rejected nickell n_studies``:
        `truth` is ``zero`` or ``estimate``, for an autoregression ``matched``: the value whose
        studies give the estimate; `mc_error` is the Monte Carlo error of the bias;
        `bias_in_se` divides the bias by the standard error of the fit; `rejected` is the share of
        studies whose z test at 5% rejects zero; `nickell` is −(1 + φ)/(T − 1) of an
        autoregression φ.
    """
    layout = layout_of(prepared)
    fitters: dict[str, EquationFitter] = {
        e.side: fitter_of(fits[e.side], prepared, e) for e in prepared.equations
    }
    levels = _levels(fits, prepared)
    noise = _noise(fits, prepared)
    at_estimates = Paths(
        {e.side: float(fits[e.side].beta[e.own]) for e in prepared.equations},
        {e.side: float(fits[e.side].beta[e.cross]) for e in prepared.equations},
    )
    streams = spawn_generators(rng, 2 + len(_SIDES))

    def studies(
        paths: Paths, sides: tuple[str, ...], k: int, generator: np.random.Generator
    ) -> dict[str, Floats]:
        chosen = [fitters[side] for side in sides]
        process = _process(prepared, paths, noise)
        return simulated_estimates(layout, chosen, process, levels, k, generator)

    truth = at_estimates
    few = max(n // 4, LEAST)
    for generator in streams[0].spawn(ROUNDS):
        truth = _improved(truth, at_estimates, studies(truth, _SIDES, few, generator))
    found = studies(replace(truth, cross=at_estimates.cross), _SIDES, n, streams[1])
    rows = []
    for equation, generator in zip(prepared.equations, streams[2:], strict=True):
        side, se = equation.side, _se(fits[equation.side], equation)
        null = replace(truth, cross={**truth.cross, side: 0.0})
        without = studies(null, (side,), n, generator)[side]
        rows.append(_row(equation, "zero", 0.0, without[:, :2], se))
        true = at_estimates.cross[side]
        rows.append(_row(equation, "estimate", true, found[side][:, :2], se))
        own = _row(equation, "matched", truth.own[side], found[side][:, [2, 2]], np.nan)
        nickell = approximate_nickell(truth.own[side], _mean_length(prepared, equation))
        rows.append(own | {"effect": OWN_EFFECTS[side], "rejected": np.nan, "nickell": nickell})
    table = pd.DataFrame(rows)
    order = [*CROSS_EFFECTS.values(), *OWN_EFFECTS.values()]
    rank = table["effect"].map(order.index).to_numpy()
    return table.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


def empty_bias_table() -> pd.DataFrame:
    """The table of `bias_table` without rows."""
    return pd.DataFrame(columns=list(COLUMNS))


def approximate_nickell(autoregression: float, sessions: float) -> float:
    """−(1 + φ)/(T − 1), the bias of an autoregression φ over T sessions (Nickell, 1981).

    >>> round(approximate_nickell(0.3, 6), 2)
    -0.26
    """
    return -(1.0 + autoregression) / (sessions - 1.0) if sessions > 1 else float("nan")


def large_bias(table: pd.DataFrame) -> dict[str, float]:
    """Paths whose simulated bias exceeds half a standard error, with the larger one, in SEs."""
    found: dict[str, float] = {}
    for effect in CROSS_EFFECTS.values():
        in_se = table.loc[table["effect"] == effect, "bias_in_se"].to_numpy(dtype=float)
        in_se = in_se[np.isfinite(in_se)]
        if len(in_se) and np.abs(in_se).max() > LARGE:
            found[effect] = float(in_se[np.abs(in_se).argmax()])
    return found


def _improved(truth: Paths, wanted: Paths, found: Mapping[str, Floats]) -> Paths:
    """Paths whose studies should give the wanted estimates, by those that these gave."""
    means = {side: np.nanmean(found[side], axis=0) for side in _SIDES}

    def moved(old: float, goal: float, mean: float) -> float:
        step = goal - mean if np.isfinite(mean) else 0.0
        return float(np.clip(old + step, -MOST, MOST))

    return Paths(
        {s: moved(truth.own[s], wanted.own[s], float(means[s][2])) for s in _SIDES},
        {s: truth.cross[s] + wanted.cross[s] - float(means[s][0]) for s in _SIDES},
    )


def _row(
    equation: Equation, truth: str, true: float, found: Floats, se: float
) -> dict[str, object]:
    """One row of the table, from estimates and standard errors (n, 2)."""
    used = found[np.isfinite(found).all(axis=1)]
    n = len(used)
    mean = float(used[:, 0].mean()) if n else float("nan")
    return {
        "effect": CROSS_EFFECTS[equation.side],
        "unit": "session",
        "truth": truth,
        "true": true,
        "mean": mean,
        "bias": mean - true,
        "mc_error": float(used[:, 0].std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"),
        "bias_in_se": (mean - true) / se,
        "rejected": float((np.abs(used[:, 0]) > _Z * used[:, 1]).mean()) if n else float("nan"),
        "nickell": float("nan"),
        "n_studies": n,
    }


def _se(fit: MixedModelResult, equation: Equation) -> float:
    place = fit.names.index(equation.cross)
    return float(np.sqrt(fit.vcov.to_numpy()[place, place]))


def _beta(fit: MixedModelResult, column: str) -> float:
    """A coefficient; zero where the column determined nothing of its own."""
    return float(fit.beta[column]) if column in fit.names else 0.0


def _process(prepared: PreparedLags, paths: Paths, noise: Floats) -> Process:
    """The process of some paths; outcome first in every matrix."""
    within, before = np.zeros((2, 2)), np.zeros((2, 2))
    for k, equation in enumerate(prepared.equations):
        before[k, k] = paths.own[equation.side]
        target = before if equation.lag else within
        target[k, 1 - k] = paths.cross[equation.side]
    return process_of(within, before, noise)


def _noise(fits: Mapping[str, MixedModelResult], prepared: PreparedLags) -> Floats:
    """Variances of the residuals, and their covariance where neither rating comes first."""
    sds = np.array([fits[equation.side].sigma for equation in prepared.equations])
    noise = np.diag(sds**2)
    if all(equation.lag for equation in prepared.equations):
        noise[0, 1] = noise[1, 0] = sds.prod() * _residual_correlation(fits, prepared)
    return noise


def _residual_correlation(fits: Mapping[str, MixedModelResult], prepared: PreparedLags) -> float:
    """Correlation within patients of both equations' residuals, without the fixed part."""
    patient, n = unit_codes(prepared.frame, prepared.roles.patient)
    both = prepared.keep["outcome"] & prepared.keep["alliance"]
    frame, codes = prepared.frame[both], patient[both]
    left = []
    for equation in prepared.equations:
        fit = fits[equation.side]
        x = read_new_rows(fit.criterion.design, frame, random=False).x
        rest = frame[equation.response].to_numpy(dtype=float) - fit.beta.to_numpy() @ x
        left.append(rest - unit_means(rest, codes, n)[codes])
    return float(np.clip(np.corrcoef(left)[0, 1], -0.95, 0.95)) if len(codes) > 2 else 0.0


def _levels(fits: Mapping[str, MixedModelResult], prepared: PreparedLags) -> Levels:
    """SDs between units, and how the outcome's levels depend on the alliance's."""
    outcome = prepared.equations[0]
    fit, groups = fits["outcome"], prepared.groups
    rated = prepared.rated(outcome.predictor)
    slopes = [_beta(fit, column) for _, column in prepared.between(outcome)]
    return Levels(
        alliance=tuple(level_sds(rated, groups, outcome.predictor)[1:]),
        outcome=tuple(
            float(np.sqrt(fit.covariances[name].to_numpy()[0, 0])) for (name,) in groups.values()
        ),
        slopes=tuple(slopes),
    )


def _mean_length(prepared: PreparedLags, equation: Equation) -> float:
    """Mean number of ratings of the patients in an equation, in steps."""
    frame = prepared.frame
    patients = frame.loc[prepared.keep[equation.side], prepared.roles.patient].unique()
    theirs = frame[frame[prepared.roles.patient].isin(patients)]
    return float(theirs[equation.response].notna().sum() / max(len(patients), 1))
