"""The ruptures of ratings and those of simulated ratings without any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.models.ruptures.chance import (
    Chance,
    measures_of,
    p_values,
    simulate_chance,
)
from alliance_stats.models.ruptures.episodes import Episodes, episodes_of, signals_of
from alliance_stats.models.ruptures.null import Null, estimate_null
from alliance_stats.models.ruptures.rule import Rule, Signals
from alliance_stats.models.ruptures.series import Floats, Series
from alliance_stats.models.ruptures.simulate import Scale
from alliance_stats.models.ruptures.trends import Trend


@dataclass(frozen=True, eq=False)
class Analysis:
    """What a rule finds, and what it finds by chance.

    Attributes
    ----------
    signals, episodes
        Of the data.
    null : Null
    chance : Chance
    """

    signals: Signals
    episodes: Episodes
    null: Null
    chance: Chance

    @cached_property
    def counts(self) -> np.ndarray:
        """`chance.COUNTS` of every patient (4, n_patients)."""
        return self.episodes.counts()[:, :, 0]

    @cached_property
    def measures(self) -> Floats:
        """`chance.MEASURES` of the data."""
        return measures_of(self.counts[:, :, None])[:, 0]

    @cached_property
    def excess(self) -> Floats:
        """Measures beyond their expectations."""
        return self.measures - self.chance.expected

    @cached_property
    def p_values(self) -> Floats:
        """Tests that a measure is not above its expectation."""
        return p_values(self.chance.excess, self.excess)

    @cached_property
    def z_autocorrelation(self) -> float:
        """Observed less expected autocorrelation of independent ratings, in standard errors.

        Of n independent ratings neighbouring deviations have a mean product of −1/n mean squares.
        """
        series = self.null.series
        pairs = series.pairs.sum(axis=0)
        expected = -float((pairs / series.n[:, 0]).sum() / pairs.sum())
        return (self.null.autocorrelation - expected) * float(np.sqrt(pairs.sum()))


def analyse(
    series: Series,
    rule: Rule,
    *,
    scale: Scale,
    reliability: float,
    simulations: int,
    rng: np.random.Generator,
    trend: Trend = "none",
) -> Analysis:
    """Find ruptures, fit the ratings without ruptures, simulate them and count."""
    match, draw = rng.spawn(2)
    null = estimate_null(series, rule, scale=scale, reliability=reliability, rng=match, trend=trend)
    signals = signals_of(series, rule, null.neighbours(np.array([null.rho])))
    chance = simulate_chance(null, rule, simulations, draw)
    return Analysis(signals, episodes_of(signals, rule), null, chance)
