"""Pooled values are read back on the scale of the field."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from alliance_stats.meta.scales import SCALES, mean_over_distribution, scale_of


@pytest.mark.parametrize("tau2", [0.0, 0.003, 0.03, 0.3])
def test_mean_correlation_over_the_true_effects(tau2: float) -> None:
    if tau2:
        sd = np.sqrt(tau2)

        def density(z: float) -> float:
            return float(np.exp(-0.5 * ((z - 0.3) / sd) ** 2) / (sd * np.sqrt(2.0 * np.pi)))

        oracle = quad(lambda z: np.tanh(z) * density(z), 0.3 - 10 * sd, 0.3 + 10 * sd)[0]
    else:
        oracle = np.tanh(0.3)
    assert mean_over_distribution(0.3, tau2) == pytest.approx(oracle, rel=1e-8)


def test_scales_read_no_effect_as_no_effect() -> None:
    for scale in SCALES.values():
        if scale.back is not None:
            shown = float(scale.back(np.array(scale.null)))
            assert shown == {"r": 0.0, "pr": 0.0, "OR": 1.0}[scale.symbol]
    assert scale_of(None).symbol == "ES"
