"""Mean and variance of correlations, corrected for attenuation (Hunter & Schmidt, 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.meta.artefacts.reliabilities import Reliabilities
from alliance_stats.meta.effects.sample_sizes import required_sizes
from alliance_stats.meta.studies import Studies


@dataclass(frozen=True, eq=False)
class Moments:
    """What Hunter and Schmidt's analysis computes.

    Attributes
    ----------
    mean_r : float
        Mean of the observed correlations, weighted by n.
    mean_rho : float
        Mean of the corrected ones.
    attenuation : array (k,)
        By what each observed correlation is smaller; one number in all places for a distribution.
    total : float
        Variance between correlations: corrected ones (individual) or observed ones (distribution).
    sampling, artefact : float
        Its parts due to sampling error and to differences of reliability (0 for individual).
    scale : float
        Divisor from the SD of these correlations to that of true ones.
    """

    mean_r: float
    mean_rho: float
    attenuation: np.ndarray
    total: float
    sampling: float
    artefact: float
    scale: float

    @property
    def residual(self) -> float:
        """What is left of the variance; below zero where they vary less than by chance."""
        return self.total - self.sampling - self.artefact

    @property
    def sd_rho(self) -> float:
        """Standard deviation of true correlations between studies."""
        return float(np.sqrt(max(self.residual, 0.0))) / self.scale


def one_by_one(studies: Studies, given: tuple[Reliabilities, ...]) -> Moments:
    """Chapter 3: every correlation by its own reliabilities, weighted by n times their product."""
    r, n = studies.yi, _sizes(studies)
    attenuation = np.sqrt(np.prod([each.filled() for each in given], axis=0))
    corrected, weights = r / attenuation, n * attenuation**2
    mean_r, mean_rho = _mean(r, n), _mean(corrected, weights)
    sampling = (1 - mean_r**2) ** 2 / (n - 1) / attenuation**2
    return Moments(
        mean_r=mean_r,
        mean_rho=mean_rho,
        attenuation=attenuation,
        total=_mean((corrected - mean_rho) ** 2, weights),
        sampling=_mean(sampling, weights),
        artefact=0.0,
        scale=1.0,
    )


def by_distribution(studies: Studies, given: tuple[Reliabilities, ...]) -> Moments:
    """Chapter 4: the mean compound factor, and the squared coefficients of variation added."""
    r, n = studies.yi, _sizes(studies)
    mean_r = _mean(r, n)
    factor = float(np.prod([each.roots.mean() for each in given]))
    variation = sum(float(each.roots.var() / each.roots.mean() ** 2) for each in given)
    mean_rho = mean_r / factor
    return Moments(
        mean_r=mean_r,
        mean_rho=mean_rho,
        attenuation=np.full(len(r), factor),
        total=_mean((r - mean_r) ** 2, n),
        sampling=_mean((1 - mean_r**2) ** 2 / (n - 1), n),
        artefact=(mean_rho * factor) ** 2 * variation,
        scale=factor,
    )


def _sizes(studies: Studies) -> np.ndarray:
    return required_sizes(studies, "correlations are weighted by it")


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float(weights @ values / weights.sum())
