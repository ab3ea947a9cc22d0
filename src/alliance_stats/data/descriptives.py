"""Means, SDs, intraclass correlations, reliabilities and correlations of the ratings, one frame."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from alliance_stats.data.level_measures import correlation_rows
from alliance_stats.data.units import Codes, Floats

#: Heading of the frame among the tables of a view.
DESCRIPTIVES = "Means, SDs, ICCs, reliabilities and correlations"


def correlation_pairs(ratings: Mapping[str, Floats], patient: Codes) -> pd.DataFrame:
    """Correlations within and between patients of each two ratings, by the columns' names.

    Within: of deviations from the patients' means, pooled; between: of the patients' means; both
    over the sessions with both ratings. Columns ``variable, with_variable, level, r, n, df``.
    """
    rows = [
        {"variable": one, "with_variable": other} | row
        for one, other in combinations(ratings, 2)
        for row in correlation_rows(ratings[one], ratings[other], patient)
    ]
    columns = ["variable", "with_variable", "level", "r", "n", "df"]
    return pd.DataFrame(rows, columns=columns)


def descriptives_frame(
    variables: pd.DataFrame, variances: pd.DataFrame, pairs: pd.DataFrame
) -> pd.DataFrame:
    """One row a rating: the usual first table of a paper.

    Columns ``variable, n, mean, sd_within, sd_between``, ``icc <unit>`` of patients and therapists,
    ``reliability`` of a patient's mean, and ``r 1``, ``r 2`` …: the correlations with the rating
    of that row, within patients above the diagonal and between patients below it.
    """
    frame = variables[["variable", "n", "mean", "sd_within", "sd_between"]].copy()
    of_units = variances.set_index(["variable", "unit"])
    for unit in [u for u in ("patient", "therapist") if u in set(variances["unit"])]:
        frame[f"icc {unit}"] = [_cell(of_units, name, unit, "icc") for name in frame["variable"]]
    frame["reliability"] = [
        _cell(of_units, name, "patient", "reliability") for name in frame["variable"]
    ]
    names = list(frame["variable"])
    matrix = np.full((len(names), len(names)), np.nan)
    for row in pairs.itertuples(index=False):
        i, j = names.index(row.variable), names.index(row.with_variable)
        matrix[(i, j) if row.level == "within" else (j, i)] = row.r
    return frame.assign(**{f"r {k + 1}": matrix[:, k] for k in range(len(names))})


def _cell(frame: pd.DataFrame, variable: str, unit: str, name: str) -> float:
    key = (variable, unit)
    return float(frame.loc[key, name]) if key in frame.index else np.nan  # type: ignore[arg-type]
