"""Therapists one by one: predicted effects before and after the alliance, and their ranks.

Effects are conditional means (BLUPs) given the data and the estimated variances, with conditional
standard deviations, as lme4's ``ranef(condVar = TRUE)``. Ranks are those of draws from these
normal distributions (Goldstein & Spiegelhalter, 1996, J. R. Stat. Soc. A, 159, 385-443).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.data.units import unit_means, units_seen
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.outcome.prepare import PreparedPatients
from alliance_stats.models.therapist.caseload import reliability_of_mean
from alliance_stats.models.therapist.fits import TherapistFits
from alliance_stats.models.therapist.shares import therapist_variance

MODELS = ("before", "after")


def effects_frame(
    fits: TherapistFits, prepared: PreparedPatients, conf_level: float
) -> pd.DataFrame:
    """One row a model and therapist: see `TherapistResult.therapist_effects`."""
    models = {"before": fits.before, "after": fits.after}
    parts = [_effects(models[name], prepared, conf_level).assign(model=name) for name in MODELS]
    table = pd.concat(parts, ignore_index=True)
    return table[["model", *[name for name in table.columns if name != "model"]]]


def _effects(fit: MixedModelResult, prepared: PreparedPatients, conf_level: float) -> pd.DataFrame:
    column = str(prepared.roles.therapist)
    codes, labels = units_seen(prepared.frame, column)
    sizes = np.bincount(codes, minlength=len(labels))
    values, spread = fit.ranef()[column][INTERCEPT], fit.ranef_sd()[column][INTERCEPT]
    at = values.index.get_indexer(pd.Index(labels))
    estimate, sd = values.to_numpy()[at], spread.to_numpy()[at]
    half = float(ndtri((1.0 + conf_level) / 2.0)) * sd
    ratio = therapist_variance(fit) / fit.sigma2
    away = (estimate - half > 0) | (estimate + half < 0)
    return pd.DataFrame(
        {
            "therapist": labels,
            "n": sizes,
            "observed": _observed(fit, prepared, codes, len(labels)),
            "shrinkage": sizes * ratio / (1.0 + sizes * ratio),
            "estimate": estimate,
            "se": sd,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "excludes_average": away,
        }
    )


def _observed(
    fit: MixedModelResult, prepared: PreparedPatients, codes: np.ndarray, n: int
) -> np.ndarray:
    """Mean of what the fixed part leaves of every therapist's patients."""
    frame, beta = prepared.frame, fit.beta
    names = [name for name in fit.names if name != INTERCEPT]
    fixed = beta[INTERCEPT] + frame[names].to_numpy(dtype=float) @ beta[names].to_numpy()
    return unit_means(frame[prepared.post].to_numpy(dtype=float) - fixed, codes, n)


def ranks_frame(
    effects: pd.DataFrame, *, sign: int, top: float, n_draws: int, conf_level: float,
    rng: RandomSource,
) -> pd.DataFrame:  # fmt: skip
    """Ranks of one model's therapists, 1 for the best outcome; NaN where none differ."""
    estimate, sd = (effects[name].to_numpy(dtype=float) for name in ("estimate", "se"))
    n, tail = len(effects), (1.0 - conf_level) / 2.0
    shown = effects[["model", "therapist", "n"]].reset_index(drop=True)
    if not (sd > 0).any():
        nan = np.full(n, np.nan)
        return shown.assign(rank=nan, rank_low=nan, rank_high=nan, p_top=nan)
    draws = estimate + sd * as_generator(rng).standard_normal((n_draws, n))
    ranks = np.argsort(np.argsort(-sign * draws, axis=1, kind="stable"), axis=1) + 1
    low, high = np.quantile(ranks, [tail, 1.0 - tail], axis=0, method="inverted_cdf")
    return shown.assign(
        rank=ranks.mean(axis=0), rank_low=low, rank_high=high,
        p_top=(ranks <= n_top(n, top)).mean(axis=0),
    )  # fmt: skip


def n_top(n: int, top: float) -> int:
    """How many of n therapists are the top share, at least one."""
    return max(1, round(n * top))


def alliance_of_therapists(prepared: PreparedPatients, icc: float) -> pd.DataFrame:
    """Caseload, mean alliance and its reliability of every therapist."""
    column = str(prepared.roles.therapist)
    codes, labels = units_seen(prepared.frame, column)
    sizes = np.bincount(codes, minlength=len(labels))
    means = unit_means(prepared.frame[prepared.early].to_numpy(dtype=float), codes, len(labels))
    return pd.DataFrame(
        {
            "therapist": labels,
            "n": sizes,
            "alliance_mean": means,
            "reliability": reliability_of_mean(icc, sizes),
        }
    )


def plot_frame(effects: pd.DataFrame) -> pd.DataFrame:
    """What the figure draws: a panel a model, therapists in the order of their effect before."""
    before = effects.loc[effects["model"] == "before"]
    order = np.lexsort((before["observed"].to_numpy(), before["estimate"].to_numpy()))
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(1, len(order) + 1)
    drawn = effects.rename(columns={"model": "panel", "estimate": "x"})
    drawn = drawn.assign(y=np.tile(place, len(MODELS)))  # therapists in one order in both
    columns = ["panel", "y", "x", "ci_low", "ci_high", "observed", "n", "excludes_average"]
    return drawn[columns].reset_index(drop=True)
