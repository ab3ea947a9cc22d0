"""How many decimals the estimates of one result share."""

from __future__ import annotations

from alliance_stats._base.printing import decimals_for
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded_decimals


def view_decimals(view: ResultView, digits: int | None = None) -> int | None:
    """The decimals that table, text and figure of one view share; None if rows must differ."""
    if digits is not None:
        return digits
    if bounded_decimals(view) is not None:
        return bounded_decimals(view)
    if "se" not in view.terms.columns:
        return None
    errors = [float(s) for s in view.terms["se"]]
    shared = decimals_for(errors)
    return None if any(0 < s < 0.5 * 10**-shared for s in errors) else shared
