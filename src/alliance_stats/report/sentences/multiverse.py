"""Sentences about a multiverse: where its estimates lie, what moves them, and the joint test."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import number, p_phrase, percent, records
from alliance_stats.report.wording.verdict import direction
from alliance_stats.report.wording.words import (
    effect_place,
    listed,
    names_of,
    one_line,
    units_phrase,
)

_CAUTION = (
    "Shares of specifications describe and test nothing: all specifications use the same data, "
    "and how many of each kind there are was chosen."
)
#: Level of the joint tests.
_ALPHA = 0.05


def multiverse_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: range and signs; what moves the estimate; the joint test."""
    summary = view.tables["All specifications"].iloc[0]
    return [
        [_range(view, summary), _signs(view, summary), *_states(summary), _CAUTION],
        [_influence(view)],
        _joint(view),
    ]


def _range(view: ResultView, summary: pd.Series) -> str:
    """From the lowest to the highest estimate, with the median."""
    x, y = names_of(view)
    decimals = view_decimals(view)
    low, middle, high = (number(summary[c], decimals) for c in ("lowest", "median", "highest"))
    what = {
        "lagged": f"coefficient of {x} for {y} in the next session",
        "outcome": f"coefficient of early {x} for {y} after therapy",
        "ruptures": f"coefficient of a rupture of {x} beyond chance for {y} after therapy",
    }.get(view.labels.get("question", ""))
    place = effect_place(view.labels.get("effect", ""))
    return (
        f"Across {int(summary['n_specifications']):,} specifications (at most "
        f"{units_phrase(view)}), the {what or f'association of {x} with {y} {place}'} lay between "
        f"{low} and {high} (median {middle})."
    )


def _signs(view: ResultView, summary: pd.Series) -> str:
    """How many estimates and intervals lie on either side of zero."""
    better = view.labels.get("outcome_better", "")
    ruptures = view.labels.get("question") == "ruptures"
    more = "more ruptures than by chance" if ruptures else "a higher alliance"
    parts = []
    for sign, side, zone in ((-1, "negative", "below"), (1, "positive", "above")):
        share, apart = summary[f"share_{side}"], summary[f"share_{zone}_zero"]
        if share > 0:
            word = one_line(direction(sign, better))
            parts.append(
                f"{percent(share, 0)} of the estimates were {side}, so that {more} went "
                f"with a {word} outcome ({percent(apart, 0)} with a {100 * view.conf_level:g}% "
                f"interval {zone} zero)"
            )
    return f"{listed(parts)}." if parts else ""


def _states(summary: pd.Series) -> list[str]:
    lost = int(summary["n_failed"] + summary["n_not_converged"])
    if not lost:
        return []
    return [f"{lost:,} could not be fitted and {'does' if lost == 1 else 'do'} not count."]


def _influence(view: ResultView) -> str:
    """The choice that moves the estimate most."""
    table = view.tables.get("What moves the estimate", pd.DataFrame())
    rows = [row for row in records(table) if not row["with_choice"]]
    if not rows or pd.isna(rows[0]["share"]):
        return "No choice moved the estimate."
    first = rows[0]
    size = number(first["range"], view_decimals(view))
    return (
        f"Most of the variation between specifications went with the choice of "
        f"{one_line(first['choice'])} ({percent(first['share'], 0)}, by {first['way']}): the mean "
        f"estimates of its options differed by up to {size}."
    )


def _joint(view: ResultView) -> list[str]:
    """All three joint tests, whatever they say."""
    rows = records(view.tables.get("Joint test", pd.DataFrame()))
    if not rows:
        return ["The specifications were not tested jointly."]
    said = [f"{row['test']}, {p_phrase(float(row['p_value']))}" for row in rows]
    shown = [row for row in rows if float(row["p_value"]) < _ALPHA]
    unit = one_line(view.labels.get("unit", "unit"))
    verdict = (
        "that there is no effect in any specification was rejected by all three statistics"
        if len(shown) == len(rows)
        else "the evidence against no effect in any specification was inconclusive"
        if not shown
        else f"{len(shown)} of {len(rows)} statistics rejected that there is no effect in any "
        "specification"
    )
    return [
        f"In {int(rows[0]['draws']):,} draws without the effect, made by random signs of the "
        f"residuals of whole {unit}s, {verdict} (two-sided: {listed(said)})."
    ]
