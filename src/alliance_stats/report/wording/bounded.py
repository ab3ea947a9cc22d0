"""Values of at most one in size: correlations, reliabilities, shares. No zero before the point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance_stats._base.printing import (
    MINUS,
    format_fixed,
    format_interval,
    interval_heading,
    without_zero,
)
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.effect_scale import CORRELATIONS

#: Measures of effect that are analysed as the correlations they are.
_ANALYSED_AS_R = frozenset({"COR", "UCOR", "PCOR", "SPCOR"})
_ENDS_OF_R = frozenset({"estimate", "ci_low", "pi_low"})
#: Columns beside coefficients of reliability that hold coefficients, or parts of them, too.
_OF_COEFFICIENTS = frozenset(
    {
        "estimate", "se", "ci_low", "own", "from_patients", "from_sessions", "one_session",
        "observed", "expected", "highest_kappa", "within", "between", "lowest", "average",
        "highest", "precision", "accuracy", "G", "Phi",
    }
)  # fmt: skip
#: Columns of tables in points of the score.
_IN_POINTS = frozenset({"variance", "mean"})
_ENDS = ("estimate", "ci_low", "ci_high")
#: Two decimals would show what is nearer to one, or to zero, than this as one or as zero.
_NEAR = 0.005


def is_bounded(view: ResultView) -> bool:
    """Whether the estimates of a view cannot exceed one in size."""
    if view.labels.get("moderators"):
        return False
    return "bounded" in view.labels or view.labels.get("measure") in _ANALYSED_AS_R


def bounded_decimals(view: ResultView) -> int | None:
    """Two decimals of what the view calls bounded, three where two hide some; else None."""
    if "bounded" not in view.labels:
        return None
    from_one = 1.0 - view.terms.reindex(columns=list(_ENDS)).abs()
    gaps = from_one.assign(se=view.terms.get("se", math.nan))
    return 3 if ((gaps > 0.0) & (gaps < _NEAR)).any(axis=None) else 2


def bounded_columns(view: ResultView, name: str) -> frozenset[str]:
    """Columns of a further table of a view whose numbers cannot exceed one."""
    columns = frozenset(map(str, view.tables[name].columns))
    as_read = name.lower() == view.labels.get("shown_words", "").lower()
    if as_read and view.labels.get("measure") in CORRELATIONS:
        return columns & _ENDS_OF_R
    if "bounded" in view.labels and not _IN_POINTS & columns:
        return columns & _OF_COEFFICIENTS
    return frozenset()


def bounded(value: float, decimals: int = 2) -> str:
    """A value as APA style prints it: ``.28``, ``−.05``, ``1.00``."""
    return without_zero(format_fixed(value, decimals, minus=MINUS))


def bounded_interval(row: Mapping[str, Any], conf_level: float, decimals: int = 2) -> str:
    """``95% CI [.20, .36]``."""
    ends = format_interval(row["ci_low"], row["ci_high"], decimals, minus=MINUS)
    return f"{interval_heading(conf_level)} {without_zero(ends)}"


def with_bounded_interval(row: Mapping[str, Any], name: str, conf_level: float) -> str:
    """A value with its interval, where there is one: ``.28, 95% CI [.20, .36]``."""
    shown = bounded(row[name])
    known = not any(pd.isna(row.get(end, math.nan)) for end in ("ci_low", "ci_high"))
    return f"{shown}, {bounded_interval(row, conf_level)}" if known else shown
