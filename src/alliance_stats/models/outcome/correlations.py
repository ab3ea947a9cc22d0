"""Zero-order, partial and semi-partial correlations from moments, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from alliance_stats._base.random import RandomSource
from alliance_stats.data.units import unit_codes
from alliance_stats.models.outcome.prepare import PreparedPatients
from alliance_stats.numeric.resample import bootstrap_sums

Floats = NDArray[np.float64]

KINDS = ("zero-order", "partial", "semi-partial")
#: A resample whose smallest eigenvalue of the correlation matrix is below this is not used.
DEGENERATE = 1e-10


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Correlations in every resample.

    Attributes
    ----------
    replicates : ndarray (n_boot, n_effects, 3)
        Zero-order, partial, semi-partial; NaN where a resample has no correlation.
    unit : str
        What was resampled: ``"therapist"`` or ``"patient"``.
    seed : int or None
        The seed, if it was a number.
    """

    replicates: Floats
    unit: str
    seed: int | None

    @property
    def n_boot(self) -> int:
        """Number of resamples."""
        return len(self.replicates)

    @property
    def n_unused(self) -> int:
        """Resamples in which columns do not vary or depend on each other."""
        return int(np.isnan(self.replicates).any(axis=(1, 2)).sum())


def moments(values: Floats, cluster: NDArray[np.integer], n_clusters: int) -> Floats:
    """Sums of products of columns (n, q), with a leading column of ones, by cluster.

    Columns are standardised first: correlations do not change, and no digits are lost.
    """
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    wide = np.column_stack([np.ones(len(values)), scaled])
    if n_clusters == len(values):
        return np.einsum("ni,nj->nij", wide, wide)
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(n_clusters))
    parts = np.split(wide[order], starts[1:])
    return np.array([part.T @ part for part in parts])


def correlations_of(sums: Floats, n_effects: int) -> Floats:
    """Correlations of the effects with the outcome, from sums of products.

    Parameters
    ----------
    sums : array (…, q + 1, q + 1)
        Sums of products of a column of ones, the outcome, the effects and the controls.
    n_effects : int

    Returns
    -------
    array (…, n_effects, 3)
        Zero-order, partial (given every other predictor) and semi-partial (the effect less the
        other predictors, the outcome as it is); NaN where a column does not vary.
    """
    n = sums[..., 0, 0]
    mean = sums[..., 0, 1:] / n[..., None]
    covariance = sums[..., 1:, 1:] / n[..., None, None] - mean[..., :, None] * mean[..., None, :]
    variance = np.einsum("...ii->...i", covariance)
    varies = (variance > DEGENERATE).all(axis=-1)
    sd = np.sqrt(np.where(varies[..., None], variance, 1.0))
    r = covariance / (sd[..., :, None] * sd[..., None, :])
    r = np.where(varies[..., None, None], r, np.eye(r.shape[-1]))
    usable = varies & (np.linalg.eigvalsh(r)[..., 0] > DEGENERATE)
    inverse = np.linalg.inv(np.where(usable[..., None, None], r, np.eye(r.shape[-1])))
    effects = slice(1, 1 + n_effects)
    outcome = inverse[..., 0, 0][..., None]
    cross = inverse[..., 0, effects]
    own = np.einsum("...ii->...i", inverse)[..., effects]
    partial = -cross / np.sqrt(outcome * own)
    # own precision of the effect among the predictors alone; b·SD of the effect given the others
    semi = -cross / outcome / np.sqrt(own - cross**2 / outcome)
    found = np.stack([r[..., 0, effects], partial, semi], axis=-1)
    return np.where(usable[..., None, None], found, np.nan)


def _columns(prepared: PreparedPatients) -> Floats:
    columns = [prepared.post, *prepared.predictors]
    return prepared.frame[columns].to_numpy(dtype=float)


def observed_correlations(prepared: PreparedPatients) -> Floats:
    """Correlations of every effect with the outcome over the patients, (n_effects, 3)."""
    values = _columns(prepared)
    one = moments(values, np.zeros(len(values), dtype=int), 1)[0]
    return correlations_of(one, len(prepared.effects))


def bootstrap_correlations(prepared: PreparedPatients, n_boot: int, rng: RandomSource) -> Bootstrap:
    """Correlations in resamples of therapists with all their patients, or of patients."""
    values, therapist = _columns(prepared), prepared.roles.therapist
    if therapist is None:
        codes, n = np.arange(len(values)), len(values)
    else:
        codes, n = unit_codes(prepared.frame, therapist)
    sums = bootstrap_sums(moments(values, codes, n), n_boot, rng)
    replicates = correlations_of(sums, len(prepared.effects))
    replicates.setflags(write=False)
    unit = "patient" if therapist is None else "therapist"
    seed = int(rng) if isinstance(rng, int | np.integer) else None
    return Bootstrap(replicates, unit, seed)


def correlation_table(
    prepared: PreparedPatients, bootstrap: Bootstrap | None, *, sign: int, conf_level: float
) -> pd.DataFrame:
    """Correlations with their intervals; see `OutcomeResult.correlations`."""
    observed = observed_correlations(prepared)
    n, others = len(prepared.frame), len(prepared.predictors) - 1
    rows = []
    for i, (effect, _) in enumerate(prepared.effects):
        for j, kind in enumerate(KINDS):
            k = 0 if kind == "zero-order" else others
            r = float(observed[i, j])
            closed = prepared.roles.therapist is None and kind != "semi-partial"
            if closed:
                low, high = _fisher(r, n - k - 3, conf_level)
                interval = "Fisher z"
            elif bootstrap is not None:
                low, high = _percentiles(bootstrap.replicates[:, i, j], conf_level)
                interval = f"bootstrap over {bootstrap.unit}s"
            else:
                low, high, interval = float("nan"), float("nan"), ""
            low, high = sorted((sign * low, sign * high))
            rows.append((effect, kind, sign * r, low, high, n, k, interval))
    columns = ["effect", "kind", "r", "ci_low", "ci_high", "n", "n_controls", "interval"]
    return pd.DataFrame(rows, columns=columns)


def _fisher(r: float, weight: int, conf_level: float) -> tuple[float, float]:
    """Interval of a correlation whose Fisher z has variance 1/weight."""
    z, half = np.arctanh(r), ndtri((1.0 + conf_level) / 2.0) / np.sqrt(weight)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _percentiles(values: Floats, conf_level: float) -> tuple[float, float]:
    """Percentile interval over the resamples that have a value."""
    used = values[~np.isnan(values)]
    if not len(used):
        return float("nan"), float("nan")
    tail = (1.0 - conf_level) / 2.0
    low, high = np.quantile(used, [tail, 1.0 - tail])
    return float(low), float(high)
