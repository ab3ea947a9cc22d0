"""The first table of a paper: means, SDs, ICCs, reliabilities, correlations within and between."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import MINUS, format_fixed, without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.tables.table import Table
from alliance_stats.report.wording.words import one_line, units_phrase

_HEADINGS = {
    "n": "N",
    "mean": "M",
    "sd_within": "SD within",
    "sd_between": "SD between",
    "icc patient": "ICC patients",
    "icc therapist": "ICC therapists",
    "reliability": "Reliability",
}
_BOUNDED = ("icc", "reliability", "r ")


def descriptives_table(levels: Source) -> Table:
    """Set means, SDs, ICCs, reliabilities and correlations of the ratings as one APA table.

    It is the first table of most papers on session data. Correlations within patients stand above
    the diagonal, those of patients' means below it.

    Parameters
    ----------
    levels : LevelsDescription
        From `describe_levels`.

    Returns
    -------
    Table

    Raises
    ------
    ArgumentError
        If the result is another one than that of `describe_levels`.

    Examples
    --------
    >>> import alliance_stats as al
    >>> levels = al.describe_levels(al.load_example("sessions"))
    >>> print(al.report.descriptives_table(levels).frame.iloc[:, [0, 2, 8, 9]].to_string())
           Variable      M     1     2
    0  1. wai_total  48.84     –  −.23
    1       2. phq9  11.42  −.42     –
    """
    view = as_view(levels)
    frame = view.tables.get(view.labels.get("descriptives", ""))
    if frame is None:
        raise ArgumentError(
            f"a result of kind '{view.kind}' has no descriptives. Give that of describe_levels."
        )
    return printed_descriptives(view, frame)


def printed_descriptives(view: ResultView, frame: pd.DataFrame) -> Table:
    """The frame of a view as a table: two decimals, no zero before the point of correlations."""
    numbered = enumerate(frame["variable"], start=1)
    printed = pd.DataFrame({"Variable": [f"{k}. {one_line(name)}" for k, name in numbered]})
    for name in frame.columns[1:]:
        heading = _HEADINGS.get(str(name), str(name).removeprefix("r "))
        printed[heading] = [_cell(str(name), value) for value in frame[name]]
    left = (True, *[False] * (printed.shape[1] - 1))
    return Table(printed, view.labels["descriptives"], _notes(view, frame), left)


def _cell(name: str, value: float) -> str:
    if name == "n":
        return f"{int(value):,}"
    shown = format_fixed(float(value), 2, minus=MINUS)
    return without_zero(shown) if name.startswith(_BOUNDED) else shown


def _notes(view: ResultView, frame: pd.DataFrame) -> tuple[str, ...]:
    units = units_phrase(view)
    notes = [f"{units[:1].upper()}{units[1:]}."] if units else []
    if len(frame) > 1:
        notes.append(
            "Correlations within patients (of deviations from the patient's mean, pooled) stand "
            "above the diagonal, correlations of patients' means below it."
        )
    return (
        *notes,
        "SD within = pooled standard deviation within patients; SD between = standard deviation "
        "of patients' means; ICC = share of the variance at the unit; reliability is that of a "
        "patient's mean.",
    )
