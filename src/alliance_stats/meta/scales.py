"""Scales of effect sizes: how a measure is named, and how a pooled value is read back.

Pooled Fisher's z: besides tanh of the mean there is the mean correlation over the distribution of
true effects, E[tanh ζ] for ζ ~ N(μ, τ²) (Hafdahl, 2009, Br. J. Math. Stat. Psychol. 62, 233–261).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import did_you_mean
from alliance_stats._base.errors import ArgumentError

#: Nodes and weights of Gauss–Hermite quadrature for a standard normal variable.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)


@dataclass(frozen=True)
class Scale:
    """One measure of effect size.

    Attributes
    ----------
    words : str
        The scale of analysis in words.
    shown_words : str
        The scale on which results are read.
    symbol : str
        Of the scale on which results are read: ``r``, ``g``, ``OR``.
    back : callable or None
        From the scale of analysis to that; None where they are the same.
    null : float
        No effect, on the scale of analysis.
    """

    words: str
    shown_words: str
    symbol: str
    back: Callable[[np.ndarray], np.ndarray] | None = None
    null: float = 0.0


def _same(words: str, symbol: str) -> Scale:
    return Scale(words, words, symbol)


#: Every measure that this room knows.
SCALES = {
    "ZCOR": Scale("Fisher's z", "correlation r", "r", np.tanh),
    "COR": _same("correlation r", "r"),
    "UCOR": _same("correlation r, corrected for bias", "r"),
    "ZPCOR": Scale("Fisher's z of partial r", "partial correlation r", "pr", np.tanh),
    "PCOR": _same("partial correlation r", "pr"),
    "SPCOR": _same("semi-partial correlation r", "sr"),
    "SMD": _same("standardised mean difference g", "g"),
    "SMCC": _same("standardised mean change d", "d"),
    "SMCR": _same("standardised mean change d", "d"),
    "SMDC": _same("standardised difference of changes d", "d"),
    "MD": _same("mean difference", "MD"),
    "OR": Scale("log odds ratio", "odds ratio", "OR", np.exp),
}

#: Effect sizes of no stated measure.
GENERIC = Scale("effect size", "effect size", "ES")


def scale_of(measure: str | None) -> Scale:
    """The scale of a measure; `GENERIC` for none."""
    if measure is None:
        return GENERIC
    if measure not in SCALES:
        raise ArgumentError(
            f"measure={measure!r} is not known.{did_you_mean(str(measure), SCALES)} "
            f"Allowed: {', '.join(SCALES)}; leave it out for effect sizes of another kind."
        )
    return SCALES[measure]


def mean_over_distribution(mean: float, tau2: float) -> float:
    """E[tanh ζ] for ζ ~ N(mean, tau2): the mean correlation of the studies' true effects.

    Examples
    --------
    >>> round(mean_over_distribution(0.2855, 0.0), 4), round(mean_over_distribution(0.2855, 0.1), 4)
    (0.278, 0.256)
    """
    return float(_WEIGHTS @ np.tanh(mean + np.sqrt(tau2) * _NODES) / _WEIGHTS.sum())
