"""The second stage: a meta-analysis of every effect on every scale, and of all effects jointly.

Two-stage meta-analysis of individual-participant data: Riley, Tierney & Stewart (2021, Individual
participant data meta-analysis). Several effects of a study: van Houwelingen, Arends & Stijnen
(2002, Statistics in Medicine, 21, 589–624).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from alliance_stats.meta.multilevel.fit import fit_meta_multilevel
from alliance_stats.meta.multilevel.result import MultilevelMetaResult
from alliance_stats.meta.univariate.between import Method
from alliance_stats.meta.univariate.fit import fit_meta
from alliance_stats.meta.univariate.fits import Test
from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.models.participants.first_stage import FirstStage
from alliance_stats.models.participants.study import Scale

#: Studies with several effects below which their covariance matrix is not estimated.
LEAST_JOINT = 4
Key = tuple[str, Scale]


def pooled(
    table: pd.DataFrame, scales: Sequence[Scale], *, method: Method, test: Test | None
) -> dict[Key, MetaResult]:
    """A meta-analysis for each effect and scale that two studies or more have."""
    found: dict[Key, MetaResult] = {}
    for scale in scales:
        for effect in dict.fromkeys(table["effect"]):
            rows = effects_of(table, effect, scale)
            if len(rows) >= 2:
                found[effect, scale] = fit_meta(rows, method=method, test=test)
    return found


def effects_of(table: pd.DataFrame, effect: str, scale: Scale) -> pd.DataFrame:
    """The rows of one effect on one scale that have an estimate."""
    rows = table[(table["effect"] == effect) & (table["scale"] == scale)]
    usable = np.isfinite(rows["yi"]) & np.isfinite(rows["vi"]) & (rows["vi"] > 0)
    return rows[usable].reset_index(drop=True)


def joint_model(
    table: pd.DataFrame, scale: Scale, stage: FirstStage, method: Method
) -> MultilevelMetaResult | None:
    """All effects in one model; None where there is one, or few studies have several.

    The covariance of a study's estimates is that of their errors in its data; true effects have
    an unstructured covariance matrix between studies.
    """
    rows = table[table["scale"] == scale]
    rows = rows[np.isfinite(rows["yi"]) & (rows["vi"] > 0)].reset_index(drop=True)
    several = rows.groupby("study")["effect"].size() > 1
    if several.sum() < LEAST_JOINT or method not in ("REML", "ML"):
        return None
    return fit_meta_multilevel(
        rows,
        random="effect | study",
        mods="0 + effect",
        method="ML" if method == "ML" else "REML",
        covariance=_covariances(rows, stage),
    )


def _covariances(rows: pd.DataFrame, stage: FirstStage) -> Mapping[str, np.ndarray]:
    """The sampling covariance of every study's effects, in the order of its rows."""
    found = {}
    for name, part in rows.groupby("study", sort=False):
        fit = stage.fits[str(name)]
        names = fit.coefficients()["effect"].tolist()
        at = [names.index(effect) for effect in part["effect"]]
        sd = np.sqrt(part["vi"].to_numpy(dtype=float))
        found[str(name)] = fit.correlation()[np.ix_(at, at)] * np.outer(sd, sd)
    return found
