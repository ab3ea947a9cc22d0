"""The tables of a description of levels as they are printed: ratings as rows, one kind a column."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Title, source and columns of each table, in print order: measure to the name it is printed by.
#: The names in lower case are those that printing knows how to head and to round.
_LAYOUT: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "Sizes",
        "sizes",
        {"distribution": "Distribution", "n": "n", "min": "Minimum", "q1": "Lower quartile"}
        | {"median": "Median", "q3": "Upper quartile", "max": "Maximum", "mean": "Mean"},
    ),
    (
        "Ratings",
        "variables",
        {"variable": "Variable", "n": "n", "missing": "Missing", "min": "Minimum"}
        | {"max": "Maximum", "mean": "Mean", "sd": "sd"},
    ),
    (
        "Ratings within and between patients",
        "variables",
        {"variable": "Variable", "sd_within": "SD within", "sd_between": "SD between"}
        | {"share_at_maximum": "Share at maximum", "patients": "Patients"}
        | {"flat_patients": "Flat", "rated_once": "Rated once"},
    ),
    (
        "Change over sessions",
        "variables",
        {"variable": "Variable", "change_per_session": "Change per session"}
        | {"change_first_last": "Change first to last"},
    ),
    (
        "Lag-1 autocorrelation (N = pairs of sessions)",
        "variables",
        {"variable": "Variable", "autocorrelation": "correlation", "autocorrelation_pairs": "n"},
    ),
    (
        "Variance by unit",
        "variances",
        {"variable": "Variable", "unit": "unit", "variance": "variance", "icc": "ICC"}
        | {"members": "Members", "reliability": "Reliability", "reliability_lowest": "Lowest"}
        | {"reliability_highest": "Highest"},
    ),
    (
        "Alliance with outcome",
        "correlations",
        {"level": "Level", "r": "correlation", "n": "n", "df": "Degrees of freedom"},
    ),
)
#: Measures that are counts or ratings themselves, and so often whole numbers.
_OFTEN_WHOLE = ("min", "q1", "median", "q3", "max")
_MOST = 1e7


def printed_tables(**sources: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables by title, in print order, under their headings.

    Parameters
    ----------
    sizes, variables, variances, correlations : DataFrame
        The frames of a `LevelsDescription`.
    """
    return {
        title: pd.DataFrame(
            {
                heading: _whole(sources[source][name])
                if name in _OFTEN_WHOLE
                else sources[source][name]
                for name, heading in columns.items()
            }
        )
        for title, source, columns in _LAYOUT
    }


def _whole(column: pd.Series) -> pd.Series:
    """Whole numbers as integers if none is missing or has decimals, and the column else."""
    values = column.to_numpy(dtype=float)
    whole = (np.abs(values) < _MOST) & (values == np.floor(values))
    return column.astype("int64") if whole.all() else column
