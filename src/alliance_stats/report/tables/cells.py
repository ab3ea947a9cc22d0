"""Printed cells as APA style wants them, where rounding alone does not make them so."""

from __future__ import annotations

import re

import pandas as pd

from alliance_stats._base.printing import MINUS, format_interval, format_p, row_decimals

#: What `format_number` writes of a number that its decimals would show as zero.
_SCIENTIFIC = re.compile(rf"^[{MINUS}-]?\d\.\de-\d\d$")
_MOST_DECIMALS = 4


def without_exponents(printed: pd.DataFrame) -> pd.DataFrame:
    """Cells such as ``1.2e-04`` in four decimals: ``0.0001``, or ``< 0.0001`` if that is zero."""
    return printed.map(lambda cell: _decimal(str(cell)))


def _decimal(cell: str) -> str:
    if not _SCIENTIFIC.match(cell):
        return cell
    number = float(cell.replace(MINUS, "-"))
    shown = f"{abs(number):.{_MOST_DECIMALS}f}"
    if float(shown):
        return f"{MINUS if number < 0 else ''}{shown}"
    least = f"{10**-_MOST_DECIMALS:.{_MOST_DECIMALS}f}"
    return f"> {MINUS}{least}" if number < 0 else f"< {least}"


def with_p_values(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy with further columns of p values, such as ``p_equivalence``, in words."""
    names = [
        name
        for name in frame.columns
        if str(name).startswith("p_")
        and name != "p_value"
        and pd.api.types.is_float_dtype(frame[name])
    ]
    return frame.assign(**{name: [format_p(float(p)) for p in frame[name]] for name in names})


def with_prediction_intervals(
    frame: pd.DataFrame, *, conf_level: float, decimals: int | None
) -> pd.DataFrame:
    """A copy whose ends of prediction intervals stand in one column, ``95% PI``, in words."""
    if not {"pi_low", "pi_high"} <= set(frame.columns):
        return frame
    shared = row_decimals(frame, decimals)
    ends = zip(frame["pi_low"], frame["pi_high"], shared, strict=True)
    intervals = [format_interval(low, high, d, minus=MINUS) for low, high, d in ends]
    heading = f"{100 * conf_level:g}% PI"
    renamed = frame.assign(pi_low=intervals).rename(columns={"pi_low": heading})
    return renamed.drop(columns="pi_high")
