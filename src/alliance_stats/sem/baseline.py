"""The baseline model, of uncorrelated variables, at its estimates: CFI and TLI compare with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.blocks import Blocks
from alliance_stats.sem.builders import baseline_model
from alliance_stats.sem.evidence import Evidence
from alliance_stats.sem.layout import build_layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.saturated import Saturated, available_moments, theta_of
from alliance_stats.sem.search import search
from alliance_stats.sem.spec import ModelSpec
from alliance_stats.sem.start import start_values

Floats = NDArray[np.float64]


def fit_baseline(
    spec: ModelSpec, evidence: Evidence, saturated: Saturated
) -> tuple[Likelihood, Floats]:
    """The likelihood of the baseline and its free parameters at the maximum.

    At one level it has a closed form, because each variable stands alone.
    """
    layout = build_layout(baseline_model(spec))
    likelihood = Likelihood(layout, evidence, saturated.value)
    if isinstance(evidence, Blocks) and spec.levels == ("",):
        return likelihood, theta_of(layout, *available_moments(evidence))
    start = start_values(layout, saturated.sigma, saturated.mu)
    return likelihood, search(likelihood, start).x
