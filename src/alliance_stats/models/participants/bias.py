"""The bias of pooled paths: that of the studies, weighted as the studies are.

Sampling errors of studies average out in a mean; their biases do not. So a bias that is small in
every study may be large in the standard errors of the mean.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.models.lagged.result import LaggedResult
from alliance_stats.models.participants.first_stage import FirstStage
from alliance_stats.models.participants.second_stage import Key

COLUMNS = ("effect", "unit", "group", "truth", "bias", "mc_error", "bias_in_se", "k")


def pooled_bias(
    stage: FirstStage, metas: Mapping[Key, MetaResult], scale: str, signs: Mapping[str, int]
) -> pd.DataFrame:
    """Rows of `COLUMNS`; none where nothing was simulated or the question has no such bias."""
    rows = []
    for (effect, own), meta in metas.items():
        if own != scale:
            continue
        for truth in ("zero", "estimate"):
            found = _studies(stage, meta, effect, truth, None if scale == "raw" else signs)
            if found is None:
                return pd.DataFrame(columns=list(COLUMNS))
            weights = meta.weights / meta.weights.sum()
            bias, error = float(weights @ found[0]), float(np.hypot.reduce(weights * found[1]))
            in_se = bias / float(meta.se[0])
            rows.append((effect, "session", scale, truth, bias, error, in_se, meta.studies.k))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _studies(
    stage: FirstStage, meta: MetaResult, effect: str, truth: str, signs: Mapping[str, int] | None
) -> np.ndarray | None:
    """Bias and Monte Carlo error (2, studies), in the units of the meta-analysis."""
    found = []
    for name in meta.studies.study.tolist():
        fit = stage.fits[name]
        if not isinstance(fit.result, LaggedResult) or not len(fit.result.bias):
            return None
        table = fit.result.bias
        row = table[(table["effect"] == effect) & (table["truth"] == truth)].iloc[0]
        per_unit = dict(fit.coefficients()[["effect", "per_unit"]].to_numpy().tolist())
        factor = 1.0 if signs is None else float(per_unit[effect]) * signs[name]
        found.append((float(row["bias"]) * factor, float(row["mc_error"]) * abs(factor)))
    return np.array(found).T
