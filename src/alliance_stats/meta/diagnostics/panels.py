"""The plain frame of a figure of influence: one panel a measure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.meta.diagnostics.answers import Answer, total_tau2

#: Measures in the order of the panels, DFBETAS apart.
DRAWN = (
    "rstudent", "dffits", "cooks_distance", "cov_ratio", "tau2_without", "q_without", "hat",
    "weight",
)  # fmt: skip


def plot_frame(
    result: Answer,
    names: pd.DataFrame,
    table: pd.DataFrame,
    dfbetas: np.ndarray,
    limits: dict[str, float],
) -> pd.DataFrame:
    """One row a measure and study, or effect.

    Returns
    -------
    DataFrame
        ``measure term study effect label value reference limit flagged influential``: `term` names
        the coefficient of DFBETAS; `reference` is the value of all effects, or of no influence;
        `limit` the size above which a value is `flagged` (NaN: it has none); `influential` says
        whether the study or effect is marked by any measure.
    """
    columns = [(name, "", table[name].to_numpy(dtype=float)) for name in DRAWN if name in table]
    terms = zip(result.term_names, dfbetas.T, strict=True)
    columns += [("dfbetas", term, values) for term, values in terms]
    references = _references(result, len(names))
    parts = []
    for measure, term, values in columns:
        limit = limits.get(measure, np.nan)
        head = pd.DataFrame({"measure": measure, "term": term}, index=names.index)
        parts.append(
            pd.concat([head, names], axis=1).assign(
                value=values,
                reference=references.get(measure, 0.0),
                limit=limit,
                flagged=np.abs(np.nan_to_num(values)) > limit,
                influential=table["flagged"],
            )
        )
    return pd.concat(parts, ignore_index=True)


def _references(result: Answer, n: int) -> dict[str, float]:
    """The values of all effects, or of no influence, where these are not zero."""
    return {
        "cov_ratio": 1.0,
        "tau2_without": total_tau2(result),
        "q_without": result.q,
        "hat": result.studies.p / n,
        "weight": 1.0 / n,
    }
