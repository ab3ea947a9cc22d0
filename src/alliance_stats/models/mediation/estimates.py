"""Paths a, b and direct of every level, their sampling covariance, and the effects they make.

With cov = Σ_units cov(a_j, b_j), which is there within patients only and where both paths vary,

    indirect = ab + cov,   total = direct + ab + cov

(Bauer, Preacher & Gil, 2006, equations 9 and 10). Of normal estimates the variance of the first is

    b²V(a) + a²V(b) + V(a)V(b) + 2ab C(a, b) + C(a, b)² + V(cov),

and the total adds V(direct) + 2b C(a, direct) + 2a C(b, direct).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.inference.component_errors import Entry, component_covariance
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.specification import (
    PATHS,
    MediationFits,
    MediationSpecification,
    joint_name,
    stacked_units,
)

#: Order of the parameters of a level.
PARAMETERS = ("a", "b", "direct", "covariance")
#: What follows from them.
EFFECTS = ("indirect", "total")


@dataclass(frozen=True, eq=False)
class LevelEstimates:
    """What is known of one level.

    Attributes
    ----------
    level : str
        ``within``, ``patient_between`` …
    values : ndarray (4,)
        a, b, direct, cov (zero where the paths do not both vary).
    vcov : ndarray (4, 4)
        Their sampling covariance.
    """

    level: str
    values: np.ndarray
    vcov: np.ndarray

    def effects(self) -> np.ndarray:
        """Indirect and total effect (2,)."""
        return effects_of(self.values)

    def errors(self) -> np.ndarray:
        """Standard errors (2,) of both, of second order."""
        a, b = self.values[:2]
        v = self.vcov
        indirect = (
            b**2 * v[0, 0] + a**2 * v[1, 1] + v[0, 0] * v[1, 1]
            + 2.0 * a * b * v[0, 1] + v[0, 1] ** 2 + v[3, 3]
        )  # fmt: skip
        total = indirect + v[2, 2] + 2.0 * b * v[0, 2] + 2.0 * a * v[1, 2]
        return np.sqrt([indirect, total])

    @property
    def defined(self) -> bool:
        """Whether all parameters could be estimated."""
        return bool(np.isfinite(self.values).all() and np.isfinite(self.vcov).all())


def effects_of(values: np.ndarray) -> np.ndarray:
    """Indirect and total effect (…, 2) of parameters (…, 4)."""
    indirect = values[..., 0] * values[..., 1] + values[..., 3]
    return np.stack([indirect, indirect + values[..., 2]], axis=-1)


def level_estimates(
    fits: MediationFits, prepared: PreparedMediation, chosen: MediationSpecification
) -> tuple[LevelEstimates, ...]:
    """The estimates of every level at which the predictor varies."""
    found = []
    for level in prepared.levels:
        if level == "within" and fits.joint is not None:
            found.append(_joint(fits.joint, prepared, chosen))
        else:
            found.append(_apart(fits, prepared, level))
    return tuple(found)


def joint_paths(prepared: PreparedMediation) -> tuple[str, str, str]:
    """Columns of a, b and direct in the stacked rows."""
    columns = prepared.path_columns("within")
    sides = PATHS.values()
    a, b, direct = (
        joint_name(prepared.chain.response(side), column)
        for side, column in zip(sides, columns, strict=True)
    )
    return a, b, direct


def joint_entries(prepared: PreparedMediation, chosen: MediationSpecification) -> list[Entry]:
    """Where cov(a_j, b_j) stands, a unit each."""
    a, b, _ = joint_paths(prepared)
    return [(prepared.groups[unit][0], a, b) for unit in chosen.joint_units]


def joint_values(
    fit: MixedModelResult, prepared: PreparedMediation, chosen: MediationSpecification
) -> np.ndarray:
    """a, b, direct and cov (4,) of a model of both equations; NaN for one it does not hold."""
    return _stacked_values(fit, prepared, chosen) * _units(prepared)


def _units(prepared: PreparedMediation) -> np.ndarray:
    """What turns a, b, direct and cov of the stacked ratings into those of the ratings."""
    size = stacked_units(prepared)
    first, second = size["mediator"], size["outcome"]
    return np.array([first, second, second, first * second])


def _stacked_values(
    fit: MixedModelResult, prepared: PreparedMediation, chosen: MediationSpecification
) -> np.ndarray:
    paths = [_coefficient(fit, name) for name in joint_paths(prepared)]
    covariance = 0.0
    for group, i, j in joint_entries(prepared, chosen):
        table = fit.covariances[group]
        names = list(table.columns)
        covariance += float(table.to_numpy()[names.index(i), names.index(j)])
    return np.array([*paths, covariance])


def apart_values(
    mediator: MixedModelResult, outcome: MixedModelResult, prepared: PreparedMediation, level: str
) -> np.ndarray:
    """a, b, direct and 0 (4,) of two models; NaN for a coefficient they do not hold."""
    a, b, direct = prepared.path_columns(level)
    found = _coefficient(mediator, a), _coefficient(outcome, b), _coefficient(outcome, direct)
    return np.array([*found, 0.0])


def _joint(
    fit: MixedModelResult, prepared: PreparedMediation, chosen: MediationSpecification
) -> LevelEstimates:
    vcov = np.zeros((4, 4))
    vcov[:3, :3] = _covariance(fit, joint_paths(prepared))
    entries = joint_entries(prepared, chosen)
    vcov[3, 3] = component_covariance(fit, entries).sum()
    units = _units(prepared)
    vcov *= np.outer(units, units)
    return LevelEstimates("within", joint_values(fit, prepared, chosen), vcov)


def _apart(fits: MediationFits, prepared: PreparedMediation, level: str) -> LevelEstimates:
    a, b, direct = prepared.path_columns(level)
    vcov = np.zeros((4, 4))
    vcov[:1, :1] = _covariance(fits.mediator, [a])
    vcov[1:3, 1:3] = _covariance(fits.outcome, [b, direct])
    values = apart_values(fits.mediator, fits.outcome, prepared, level)
    return LevelEstimates(level, values, vcov)


def _coefficient(fit: MixedModelResult, name: str) -> float:
    return float(fit.beta[name]) if name in fit.names else float("nan")


def _covariance(fit: MixedModelResult, names: Sequence[str]) -> np.ndarray:
    """Covariance of coefficients; NaN where one could not be estimated."""
    known = [name in fit.names for name in names]
    places = [fit.names.index(name) for name in names if name in fit.names]
    found = np.full((len(names), len(names)), np.nan)
    found[np.ix_(known, known)] = fit.vcov.to_numpy()[np.ix_(places, places)]
    return found
