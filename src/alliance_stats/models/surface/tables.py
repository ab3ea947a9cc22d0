"""Tables of a response surface: coefficients, lines, agreement of the ratings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.surface.geometry import COMBINATIONS
from alliance_stats.models.surface.prepare import PreparedSurface

#: Ratings that differ by less than this share of their SD are called alike.
ALIKE = 0.5
#: Fewer rows than this share on one side are said.
FEW_APART = 0.1
B_NAMES = ("b1", "b2", "b3", "b4", "b5")


def tidy_table(
    fit: MixedModelResult, prepared: PreparedSurface, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """b1 … b5, a1 … a5, then the other fixed effects."""
    names = prepared.names
    weights: dict[str, dict[str, float]] = {name: {name: 1.0} for name in names}
    for a, combination in COMBINATIONS.items():
        weights[_words(a)] = {n: w for n, w in zip(names, combination, strict=True) if w}
    others = [name for name in fit.names if name not in names]
    weights |= {name: {name: 1.0} for name in others}
    table = fit.contrasts(weights, conf_level=conf_level, ddf=ddf)
    table.insert(0, "effect", [*B_NAMES, *COMBINATIONS, *[""] * len(others)])
    return table[["effect", *TIDY_COLUMNS]]


def _words(a: str) -> str:
    """A combination in terms of the coefficients: ``b1 - b2``.

    >>> _words("a4")
    'b3 - b4 + b5'
    """
    parts = [
        f"{'+' if weight > 0 else '-'} {name}"
        for name, weight in zip(B_NAMES, COMBINATIONS[a], strict=True)
        if weight
    ]
    return " ".join(parts).removeprefix("+ ")


def improved(tidy: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Rows a1 … a5, signed so that positive is a better outcome."""
    rows = tidy[tidy["effect"].isin(list(COMBINATIONS))].reset_index(drop=True)
    if sign > 0:
        return rows
    return rows.assign(
        estimate=-rows["estimate"], statistic=-rows["statistic"],
        ci_low=-rows["ci_high"], ci_high=-rows["ci_low"],
    )  # fmt: skip


def surface_tests(fit: MixedModelResult, prepared: PreparedSurface, ddf: Ddf) -> pd.DataFrame:
    """F tests of the whole surface, and of its curvature."""
    names = prepared.names
    table = fit.joint_tests(
        {
            "surface": [{name: 1.0} for name in names],
            "curvature": [{name: 1.0} for name in names[2:]],
        },
        ddf=ddf,
    )
    return table


def agreement_table(prepared: PreparedSurface) -> pd.DataFrame:
    """How often the ratings disagree; see `SurfaceResult.agreement`."""
    x, y, _ = prepared.points()
    spread = _spread(prepared)
    gap = x - y
    return pd.DataFrame(
        {
            "compared": ["session" if prepared.level == "within" else "patient"],
            "n": [len(gap)],
            "sd": [spread],
            "x_higher": [float((gap > ALIKE * spread).mean())],
            "alike": [float((np.abs(gap) <= ALIKE * spread).mean())],
            "y_higher": [float((gap < -ALIKE * spread).mean())],
            "mean_difference": [float(gap.mean())],
        }
    )


def _spread(prepared: PreparedSurface) -> float:
    """Root of the mean variance of both ratings: of sessions, or of patients' means."""
    columns = list(prepared.pair) if prepared.level == "within" else [prepared.x, prepared.y]
    frame = prepared.frame
    if prepared.level == "between":
        frame = frame.loc[~frame[prepared.sessions.roles.patient].duplicated().to_numpy()]
    return float(np.sqrt(np.mean([frame[c].astype(float).var(ddof=1) for c in columns])))
