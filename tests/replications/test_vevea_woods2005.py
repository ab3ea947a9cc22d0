"""Vevea & Woods (2005), Psychol. Methods 10(4): weights given in advance; Citkowicz & Vevea (2017).

Validity of students' ratings (Cohen, 1981, in Cooper & Hedges, 1994, Table A.3), weights of Table 1
of Vevea and Woods; practice facilitation (Baskerville et al., 2012), whose p values get a beta
curve in Psychol. Methods 22(1). Numbers: metafor's own tests of both (test_misc_selmodel.r).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import alliance_stats as al

N = [10, 20, 13, 22, 28, 12, 12, 36, 19, 12, 36, 75, 33, 121, 37, 14, 40, 16, 14, 20]
R = [
    0.68, 0.56, 0.23, 0.64, 0.49, -0.04, 0.49, 0.33, 0.58, 0.18, -0.11, 0.27, 0.26, 0.40, 0.49,
    0.51, 0.40, 0.34, 0.42, 0.16,
]  # fmt: skip
STEPS = [0.005, 0.01, 0.05, 0.10, 0.25, 0.35, 0.50, 0.65, 0.75, 0.90, 0.95, 0.99, 0.995]
#: One-sided and two-sided selection, moderate and severe; mean of z and τ² under each.
MODERATE_1 = [1, 0.99, 0.95, 0.80, 0.75, 0.65, 0.60, 0.55, 0.50, 0.50, 0.50, 0.50, 0.50, 0.50]
SEVERE_1 = [1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.40, 0.35, 0.30, 0.25, 0.10, 0.10, 0.10, 0.10]
MODERATE_2 = [1, 0.99, 0.95, 0.90, 0.80, 0.75, 0.60, 0.60, 0.75, 0.80, 0.90, 0.95, 0.99, 1.00]
SEVERE_2 = [1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.25, 0.25, 0.50, 0.60, 0.75, 0.90, 0.99, 1.00]
PUBLISHED = [
    (MODERATE_1, 0.351894, 0.0045),
    (SEVERE_1, 0.321518, 0.009544),
    (MODERATE_2, 0.362019, 0.002774),
    (SEVERE_2, 0.33218, 0.005652),
]
SMD = [
    1.01, 0.82, 0.59, 0.44, 0.84, 0.73, 1.12, 0.04, 0.24, 0.32, 1.04, 1.31, 0.59, 0.66, 0.62,
    0.47, 1.08, 0.98, 0.26, 0.39, 0.60, 0.94, 0.11,
]  # fmt: skip
SE = [
    0.52, 0.46, 0.23, 0.18, 0.29, 0.29, 0.36, 0.37, 0.15, 0.40, 0.32, 0.57, 0.29, 0.19, 0.31,
    0.27, 0.32, 0.32, 0.18, 0.18, 0.31, 0.53, 0.27,
]  # fmt: skip
BLIND = [1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1]


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    return al.effect_sizes(pd.DataFrame({"ri": R, "ni": N}), measure="ZCOR")


@pytest.mark.parametrize(("weights", "mean", "tau2"), PUBLISHED)
def test_given_weights(
    ratings: pd.DataFrame, weights: list[float], mean: float, tau2: float
) -> None:
    result = al.meta.selection_model(ratings, steps=STEPS, weights=weights)
    assert result.beta[0] == pytest.approx(mean, abs=1e-5)
    assert result.tau2 == pytest.approx(tau2, abs=1e-5)


def test_maximum_by_integration(ratings: pd.DataFrame) -> None:
    """Severe one-sided selection: no step in mean or τ² leads higher, by integrals over p."""
    result = al.meta.selection_model(ratings, steps=STEPS, weights=SEVERE_1)
    yi, se = ratings["yi"].to_numpy(), np.sqrt(ratings["vi"].to_numpy())
    limits = np.array([0.0, *STEPS, 1.0])

    def weight(z: float) -> float:
        return float(SEVERE_1[min(np.searchsorted(limits, norm.sf(z)) - 1, 13)])

    def loglik(mean: float, tau2: float) -> float:
        total = 0.0
        for y, s in zip(yi, se, strict=True):
            wide = np.sqrt(s**2 + tau2)
            ends = s * norm.isf(np.clip(limits, 1e-15, 1 - 1e-15))
            masses = -np.diff(norm.cdf((ends - mean) / wide))
            total += norm.logpdf(y, mean, wide) + np.log(weight(y / s))
            total -= np.log(masses @ np.array(SEVERE_1))
        return total

    best = loglik(result.beta[0], result.tau2)
    for step in (-1e-3, 1e-3):
        assert loglik(result.beta[0] + step, result.tau2) < best
        assert loglik(result.beta[0], result.tau2 + step) < best


@pytest.mark.parametrize(
    ("mods", "shapes", "ratio"),
    [(None, [0.4731131, 4.4613162], 7.846907), ("blind", [0.4200973, 5.0959707], 9.044252)],
)
def test_beta_curve(mods: str | None, shapes: list[float], ratio: float) -> None:
    """A flat maximum: shapes to three decimals. Ours is higher; metafor's ends at τ² = 2e-6."""
    frame = pd.DataFrame({"yi": SMD, "vi": np.square(SE), "blind": BLIND})
    result = al.meta.selection_model(frame, kind="beta", mods=mods)
    assert result.tau2 == pytest.approx(0, abs=1e-5)
    assert result.weights.tolist() == pytest.approx(shapes, abs=2e-3)
    assert ratio < result.lr_test[0] < ratio + 3e-4
    if mods is not None:
        assert result.beta.tolist() == pytest.approx([0.1343001, -0.1363559], abs=1e-3)
        assert result.se[:2].tolist() == pytest.approx([0.1707418, 0.1244394], abs=1e-3)


def test_curve_is_normalised() -> None:
    """The likelihood by adaptive integration; p is at least 1e-5 in the curve, as in metafor."""
    frame = pd.DataFrame({"yi": SMD, "vi": np.square(SE)})
    result = al.meta.selection_model(frame, kind="beta")
    (a, b), mean, least = result.weights, result.beta[0], 1e-5

    def kept(z: float) -> float:
        p = np.clip(norm.sf(z), least, 1 - least)
        return float(p ** (a - 1) * (1 - p) ** (b - 1))

    loglik, ends = 0.0, [-12.0, norm.isf(1 - least), 0.0, norm.isf(least), 20.0]
    for y, s in zip(SMD, SE, strict=True):
        centre, wide = mean / s, np.sqrt(1 + result.tau2 / s**2)
        pieces = (
            quad(lambda z, c=centre, w=wide: kept(z) * norm.pdf(z, c, w), low, high)[0]
            for low, high in zip(ends, ends[1:], strict=False)
        )
        loglik += norm.logpdf(y, mean, s * wide) + np.log(kept(y / s)) - np.log(sum(pieces))
    assert result.loglik == pytest.approx(loglik, abs=1e-6)
