"""Counts that chance brings about, and tests of what is found beyond them.

The excess of a study is its count less the count expected at its own autocorrelation. Simulated
studies are treated as the data are: their autocorrelation is estimated too, and their expectation
moves with it, along the line of expected counts over mean autocorrelations. Without that a study
whose ratings jump by chance would be expected to jump, and the test would reject too rarely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.models.ruptures.episodes import episodes_of, signals_of
from alliance_stats.models.ruptures.null import HIGHEST, LOWEST, STEP, Null
from alliance_stats.models.ruptures.rule import Rule
from alliance_stats.models.ruptures.series import Floats, Series

#: Counts of each patient, and measures of a whole study.
COUNTS = ("ruptures", "repaired", "resolved", "unrepaired")
MEASURES = (*COUNTS, "patients", "share_repaired")
#: Ratings simulated at a time.
CHUNK = 400_000
#: Series behind the line of expected counts, at least and at most this many studies.
_LINE_SERIES, _LEAST, _MOST = 10_000, 80, 500


@dataclass(frozen=True, eq=False)
class Chance:
    """Counts of simulated studies without ruptures.

    Attributes
    ----------
    patients : array (4, n_patients, n_simulations)
        `COUNTS` of every patient.
    measures : array (6, n_simulations)
        `MEASURES` of every study.
    shifts : array (6, n_simulations)
        How far the expectation of a study moves with its own autocorrelation.
    """

    patients: np.ndarray
    measures: Floats
    shifts: Floats

    @property
    def expected(self) -> Floats:
        """Mean of every measure."""
        return _known_mean(self.measures)

    @property
    def excess(self) -> Floats:
        """Measures of the simulated studies less their expectations."""
        return self.measures - self.expected[:, None] - self.shifts


def counts_of(series: Series, rule: Rule, rho: Floats) -> np.ndarray:
    """`COUNTS` of every patient of every study (4, n_patients, n_studies)."""
    return episodes_of(signals_of(series, rule, rho), rule).counts()


def measures_of(counts: np.ndarray) -> Floats:
    """`MEASURES` of every study (6, n_studies); a share of no ruptures is NaN."""
    totals = counts.sum(axis=1).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = totals[1] / totals[0]
    return np.vstack([totals, (counts[0] > 0).sum(axis=0), share])


def simulate_chance(null: Null, rule: Rule, n: int, rng: np.random.Generator) -> Chance:
    """Counts of `n` studies without ruptures."""
    main, line = rng.spawn(2)
    seen, counts = _drawn(null, rule, n, main)
    slopes = expectation_slopes(null, rule, line) if null.matched else np.zeros(len(MEASURES))
    return Chance(counts, measures_of(counts), slopes[:, None] * (seen - null.autocorrelation))


def expectation_slopes(null: Null, rule: Rule, rng: np.random.Generator) -> Floats:
    """Change of every expected measure with the observed autocorrelation.

    From studies at two coefficients of the autoregression about the estimated one, made of the
    same random numbers.
    """
    n = int(np.clip(_LINE_SERIES // null.series.seen.shape[1], _LEAST, _MOST))
    seed = rng.bit_generator.seed_seq.spawn(1)[0]  # type: ignore[attr-defined]
    seen, measures = [], []
    for rho in (max(null.rho - STEP, LOWEST), min(null.rho + STEP, HIGHEST)):
        found, counts = _drawn(null, rule, n, np.random.default_rng(seed), rho=rho)
        seen.append(found.mean())
        measures.append(_known_mean(measures_of(counts)))
    return np.asarray((measures[1] - measures[0]) / (seen[1] - seen[0]))


def _known_mean(values: Floats) -> Floats:
    """Mean of every row without its missing values; NaN where all are missing."""
    known = ~np.isnan(values)
    n = known.sum(axis=1).astype(float)
    return np.where(known, values, 0.0).sum(axis=1) / np.where(n > 0, n, np.nan)


def _drawn(
    null: Null, rule: Rule, n: int, rng: np.random.Generator, *, rho: float | None = None
) -> tuple[Floats, np.ndarray]:
    """Autocorrelation and counts of `n` studies, simulated and counted a few at a time."""
    size = max(1, CHUNK // null.series.seen.size)
    seen, counts = [], []
    for begin in range(0, n, size):
        studies = null.studies(rng, min(size, n - begin), rho=rho)
        own, found = null.rhos(studies)
        seen.append(found)
        counts.append(counts_of(studies, rule, null.neighbours(own)).astype(np.int16))
    return np.concatenate(seen), np.concatenate(counts, axis=2)


def p_values(excess: Floats, observed: Floats) -> Floats:
    """(1 + b)/(1 + m) of each measure: b of m simulated excesses are as large or larger."""
    known = ~np.isnan(excess)
    with np.errstate(invalid="ignore"):
        larger = (excess >= observed[:, None] - 1e-9) & known
    p = (1.0 + larger.sum(axis=1)) / (1.0 + known.sum(axis=1))
    return np.where(np.isnan(observed) | ~known.any(axis=1), np.nan, p)
