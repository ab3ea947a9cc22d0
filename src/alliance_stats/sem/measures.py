"""The fit of a model: its test, its baseline, its indices, in one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.baseline import fit_baseline
from alliance_stats.sem.blocks import Blocks
from alliance_stats.sem.density import expand_moments
from alliance_stats.sem.evidence import Evidence
from alliance_stats.sem.fit_indices import (
    Statistic,
    cfi,
    close_fit,
    p_value,
    rmsea,
    rmsea_interval,
    srmr,
    srmr_of_level,
    tli,
)
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.moments import Implied
from alliance_stats.sem.robust import Compared
from alliance_stats.sem.saturated import Saturated, available_moments
from alliance_stats.sem.spec import ModelSpec

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measures:
    """Test statistics of a model and of its baseline, with what indices need besides.

    Attributes
    ----------
    model, baseline : Statistic
    n : float
        Rows.
    groups : int
    """

    model: Statistic
    baseline: Statistic
    n: float
    groups: int

    def normal(self) -> dict[str, float]:
        """Indices that rest on the unscaled statistics."""
        model, baseline = self.model, self.baseline
        plain = model.value - model.df if model.df else model.value
        low, high = rmsea_interval(model.value, model.df, self.n, self.groups)
        against = baseline.value - baseline.df
        return {
            "chi2": model.value,
            "df": model.df,
            "p_value": p_value(model.value, model.df),
            "cfi": cfi(plain, against),
            "tli": tli(plain, model.df, against, baseline.df),
            "rmsea": rmsea(plain, model.df, self.n, self.groups),
            "rmsea_low": low,
            "rmsea_high": high,
            "p_close": close_fit(model.value, model.df, self.n, self.groups),
        }

    def scaled(self) -> dict[str, float]:
        """The same of scaled statistics."""
        model = Statistic(self.model.scaled, self.model.df)
        baseline = Statistic(self.baseline.scaled, self.baseline.df)
        one = Measures(model, baseline, self.n, self.groups).normal()
        del one["df"]
        # the interval takes the unscaled statistic as chi-squared with scaling · df degrees
        value, df = self.model.value, self.model.df * self.model.scaling
        one["rmsea_low"], one["rmsea_high"] = rmsea_interval(value, df, self.n, self.groups)
        one["p_close"] = close_fit(value, df, self.n, self.groups)
        found = {f"{name}_scaled": value for name, value in one.items()}
        return {"scaling": self.model.scaling, **found}

    def robust(self) -> dict[str, float]:
        """Population indices from statistics and scaling factors of complete rows.

        Under non-normality Brosseau-Liard & Savalei (2014); with values missing see
        `robust_measures`.
        """
        model, baseline = self.model, self.baseline
        c, df = model.scaling, model.df
        low, high = rmsea_interval(model.scaled, df, self.n, self.groups, stretch=c)
        return {
            "cfi_robust": cfi(model.excess, baseline.excess),
            "tli_robust": tli(model.excess, df, baseline.excess, baseline.df),
            "rmsea_robust": rmsea(model.excess, df, self.n, self.groups),
            "rmsea_low_robust": low,
            "rmsea_high_robust": high,
            "p_close_robust": close_fit(model.scaled, df, self.n, self.groups, stretch=c),
        }


def measures(
    spec: ModelSpec,
    likelihood: Likelihood,
    saturated: Saturated,
    model: Statistic,
    compared: Compared | None,
) -> Measures:
    """The test `model` of a fit, and that of its baseline."""
    evidence = likelihood.evidence
    if isinstance(evidence, Blocks) and spec.levels == ("",):
        value, df = _one_level(spec, evidence, saturated)
    else:
        value, df = _two_level(spec, evidence, saturated)
    scaling = compared.baseline_trace / df if compared is not None and df else 1.0
    baseline = Statistic(2.0 * value, df, scaling)
    return Measures(model, baseline, float(evidence.n_rows), len(spec.groups))


def _one_level(spec: ModelSpec, blocks: Blocks, saturated: Saturated) -> tuple[float, int]:
    """The baseline in closed form: means and variances of each variable alone."""
    p = len(spec.observed)
    sigma, mu = available_moments(blocks)
    value = expand_moments(blocks, sigma * np.eye(p), mu).value - saturated.value
    return value, len(spec.groups) * p * (p - 1) // 2


def _two_level(spec: ModelSpec, evidence: Evidence, saturated: Saturated) -> tuple[float, int]:
    """The baseline at both levels."""
    likelihood, theta = fit_baseline(spec, evidence, saturated)
    return likelihood.value(theta), count_moments(spec) - len(theta)


def count_moments(spec: ModelSpec) -> int:
    """Free parameters of the saturated model."""
    p = len(spec.observed)
    n = len(spec.parts) * p * (p + 1) // 2
    return n + p * len(spec.groups) * spec.has_means


def residual_measures(
    spec: ModelSpec, at: Implied, best: Saturated, group_sizes: Mapping[str, int]
) -> dict[str, float]:
    """SRMR: over groups weighted by their rows; of each level at two levels."""
    sizes = np.array([group_sizes[group] for group in spec.groups], dtype=float)
    weight = sizes / sizes.sum()
    if spec.levels == ("",):
        means = spec.has_means
        by_group = [
            srmr(*moments, means=means)
            for moments in zip(at.sigma, at.mu, best.sigma, best.mu, strict=True)
        ]
        return {"srmr": float(weight @ by_group)}
    by_part = [srmr_of_level(*pair) for pair in zip(at.sigma, best.sigma, strict=True)]
    within, between = weight @ np.reshape(by_part, (-1, 2))
    return {"srmr_within": float(within), "srmr_between": float(between)}
