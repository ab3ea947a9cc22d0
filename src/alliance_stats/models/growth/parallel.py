"""Alliance and outcome in one model: correlations of where patients start and how they change.

Both variables are stacked, each with an intercept and a time of its own that vary between patients
with one covariance matrix; residuals of the same session have a variance each and a correlation
(MacCallum, Kim, Malarkey & Kiecolt-Glaser, 1997, Multivariate Behavioral Research 32, 215–253).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats.data.units import float_values
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.residual.structure import unstructured
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.growth.prepare import PreparedGrowth

FACTORS = ("alliance_start", "alliance_trend", "outcome_start", "outcome_trend")
_PAIRS = {
    "start with start": ("alliance_start", "outcome_start"),
    "trend with trend": ("alliance_trend", "outcome_trend"),
    "alliance start with outcome trend": ("alliance_start", "outcome_trend"),
    "alliance trend with outcome start": ("alliance_trend", "outcome_start"),
}
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class ParallelGrowth:
    """The growth factors of alliance and outcome in one model.

    Attributes
    ----------
    fit : MixedModelResult
        Of the stacked rows by REML, each variable in its own standard deviations.
    frame : DataFrame
        The stacked rows.
    shapes : tuple of str
        Time of the alliance and of the outcome: linear or log.
    """

    fit: MixedModelResult
    frame: pd.DataFrame
    shapes: tuple[str, str]
    patient: str

    def correlations(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Correlations over patients with intervals by Fisher's z and the delta method.

        Columns ``factor correlation se ci_low ci_high``; missing where a growth factor does not
        vary, without intervals where the covariance of the growth factors is singular.
        """
        rows = [self._row(name, pair, conf_level) for name, pair in _PAIRS.items()]
        columns = ["factor", "correlation", "se", "ci_low", "ci_high"]
        return pd.DataFrame(rows, columns=columns)

    def _row(self, name: str, pair: tuple[str, str], conf_level: float) -> tuple[object, ...]:
        estimate = _correlation(self.fit, self.patient, pair)
        se = self._se(pair)
        with np.errstate(divide="ignore", invalid="ignore"):
            half = float(ndtri((1 + conf_level) / 2)) * se / (1.0 - estimate**2)
            z = np.arctanh(estimate)
        return name, estimate, se, float(np.tanh(z - half)), float(np.tanh(z + half))

    def _se(self, pair: tuple[str, str]) -> float:
        """Delta-method standard error of a correlation, from the Hessian behind Satterthwaite."""
        curvature = self.fit.satterthwaite
        blocks = len(self.fit.minimum.theta)
        singular = self.fit.covariances[self.patient].to_numpy()
        if np.linalg.cond(_as_correlation(singular)) > 1e8 or (curvature.curvatures <= 0).any():
            return float("nan")
        slope = np.zeros(len(curvature.scale))
        for place, j in enumerate(curvature.free):
            step = _STEP * np.eye(blocks)[j]
            up, down = (
                _correlation(_moved(self.fit, sign * step), self.patient, pair) for sign in (1, -1)
            )
            slope[place] = (up - down) / (2 * _STEP)
        along = curvature.directions.T @ (curvature.scale * slope)
        return float(np.sqrt(2.0 * (along**2 / curvature.curvatures).sum()))


def _moved(fit: MixedModelResult, step: np.ndarray) -> MixedModelResult:
    """The same fit at another θ."""
    return replace(fit, minimum=replace(fit.minimum, theta=fit.minimum.theta + step))


def _as_correlation(covariance: np.ndarray) -> np.ndarray:
    sd = np.sqrt(np.maximum(np.diag(covariance), np.finfo(float).tiny))
    return np.asarray(covariance / np.outer(sd, sd))


def _correlation(fit: MixedModelResult, patient: str, pair: tuple[str, str]) -> float:
    table = fit.covariances[patient]
    i, j = (list(table.columns).index(name) for name in pair)
    values = table.to_numpy(dtype=float)
    both = float(np.sqrt(values[i, i] * values[j, j]))
    return float(values[i, j]) / both if both > 0 else float("nan")


def fit_parallel(prepared: PreparedGrowth, shapes: tuple[str, str]) -> ParallelGrowth | str:
    """Fit both courses in one model, or say why that cannot be done.

    Shapes with two time terms count as linear here: of each variable one rate is correlated.
    """
    times = tuple(shape if shape in ("linear", "log") else "linear" for shape in shapes)
    frame = _stacked(prepared, times)
    roles = prepared.roles
    factors = " + ".join(FACTORS)
    random = f"(0 + {factors} | {quote_name(roles.patient)})"
    if roles.therapist is not None:
        random += f" + (0 + alliance_start + outcome_start | {quote_name(roles.therapist)})"
    residual = unstructured("variable", within=(roles.patient, roles.session))
    try:
        fit = fit_quietly(f"value ~ 0 + {factors} + {random}", frame, residual=residual)
    except (DataError, UnsupportedError) as error:
        return f"Parallel growth left out: {error}"
    return ParallelGrowth(fit, frame, (times[0], times[1]), roles.patient)


def _stacked(prepared: PreparedGrowth, times: tuple[str, ...]) -> pd.DataFrame:
    """One row a rating, with intercept and time of its own variable and zeros for the other."""
    roles = prepared.roles
    units = [roles.patient, roles.session]
    units += [roles.therapist] if roles.therapist is not None else []
    parts = []
    for (role, column), shape in zip(prepared.variables, times, strict=True):
        values = float_values(prepared.frame, column)
        clock = float_values(prepared.frame, prepared.shapes[shape][0])
        own = {f"{role}_start": 1.0, f"{role}_trend": clock / clock.std()}
        part = prepared.frame[units].assign(
            **dict.fromkeys(FACTORS, 0.0) | own, variable=role, value=values / np.nanstd(values)
        )
        parts.append(part[~np.isnan(values)])
    return pd.concat(parts, ignore_index=True)
