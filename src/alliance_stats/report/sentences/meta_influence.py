"""Sentences about influence in a meta-analysis: what changes it, and how far it moves.

Nothing is said of data being right or wrong: a study may lie far from the others for good reasons.
"""

from __future__ import annotations

import math

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.effect_scale import effect_scale
from alliance_stats.report.wording.numbers import number
from alliance_stats.report.wording.words import fit_value, listed, one_line, units_phrase

#: Names said in one sentence, at most.
NAMED = 5
_WHAT = {"study": "study", "effect": "effect size"}
_NO_REASON = "That alone is no reason to leave a study out."


def influence_paragraphs(view: ResultView) -> list[list[str]]:
    """How many lie far from the others, how many change the result, by which limits."""
    what = _WHAT[view.labels["by"]]
    rows = _plot(view)
    flagged = list(dict.fromkeys(rows.loc[rows["influential"].astype(bool), "label"]))
    who = f"{_names(flagged)} changed" if flagged else "none changed"
    changed = (
        f"Each {what} was left out in turn ({units_phrase(view)}); by the limits of Viechtbauer "
        f"and Cheung (2010) {who} the result more than others."
    )
    far = _far(view)
    reason = _NO_REASON if flagged or far.startswith(tuple(_labels(view))) else ""
    return [[changed, far, _largest(view), _undefined(view), reason]]


def _labels(view: ResultView) -> list[str]:
    return [one_line(label) for label in _plot(view)["label"].unique()]


def _far(view: ResultView) -> str:
    """Externally standardised residuals, where there are any."""
    rows = _measure(view, "rstudent")
    if rows.empty:
        return ""
    far = rows.loc[rows["flagged"].astype(bool), "label"].tolist()
    by_chance = float(str(fit_value(view, "far_by_chance")))
    said = f"{_names(far)} lay far from the others" if far else "No effect lay far from the others"
    return (
        f"{said} (externally standardised residual beyond ±1.96; by chance about {by_chance:.1f})."
    )


def _largest(view: ResultView) -> str:
    largest = fit_value(view, "max_cooks_distance")
    if largest is None or math.isnan(float(str(largest))):
        return ""
    who = _highest(_measure(view, "cooks_distance"), "value")
    return f"The largest Cook's distance was {number(float(str(largest)), None)} ({who})."


def leave_one_out_paragraphs(view: ResultView) -> list[list[str]]:
    """The range of the mean over what was left out, and which of it turns the conclusion."""
    rows = _plot(view)
    known = rows.dropna(subset=["estimate"])
    if known.empty:
        return [[f"{one_line(view.title)}.", _undefined(view)]]
    scale, what = effect_scale(view), _WHAT[view.labels["by"]]
    low, high = known.sort_values("shown", kind="stable").iloc[[0, -1]].to_dict("records")
    ends = [scale.number(row["shown"]) for row in (low, high)]
    mean = scale.number(_fitted(view, "shown"))
    span = (
        f"The mean over {units_phrase(view)} was {scale.symbol} = {mean}; "
        f"with one {what} left out at a time it lay between {ends[0]} (without "
        f"{one_line(low['label'])}) and {ends[1]} (without "
        f"{one_line(high['label'])})."
    )
    return [[span, _turns(view, known), _undefined(view)]]


def _turns(view: ResultView, known: pd.DataFrame) -> str:
    """Whether the interval of the mean leaves out no effect with and without each."""
    null = float(view.labels["null"])
    sides = (known["ci_low"] > null).astype(int) - (known["ci_high"] < null).astype(int)
    low, high = float(str(fit_value(view, "ci_low"))), float(str(fit_value(view, "ci_high")))
    whole = int(low > null) - int(high < null)
    others = known.loc[sides != whole, "label"].tolist()
    with_all = "leaves out no effect" if whole else "includes no effect"
    level = f"{100 * view.conf_level:g}% interval"
    if not others:
        return f"The {level} {with_all} each time, as it does with all."
    return (
        f"The {level} {with_all} with all of them, but not without {_names(others)}: the "
        "conclusion rests on single studies."
    )


def cumulative_paragraphs(view: ResultView) -> list[list[str]]:
    """Where the mean began and ended, and how its interval narrowed."""
    rows = _plot(view).dropna(subset=["estimate"])
    if rows.empty:
        return [[f"{one_line(view.title)}."]]
    first, last = rows.iloc[0], rows.iloc[-1]
    scale = effect_scale(view)
    said = [
        f"{one_line(row['label']).removeprefix('+ ')}, {scale.symbol} = "
        f"{scale.number(row['shown'])}, {scale.interval_words} "
        f"{scale.interval(row['shown_low'], row['shown_high'])}"
        for row in (first, last)
    ]
    return [
        [
            f"As effect sizes were added ({counted(int(last['k']), 'effect size')} in the end), "
            f"the mean went from {said[0]}, to {said[1]}.",
            "Rows of a cumulative analysis contain each other: they are no independent tests.",
        ]
    ]


def baujat_paragraphs(view: ResultView) -> list[list[str]]:
    """Which effects make for heterogeneity, and which change the result."""
    rows = _plot(view)
    named = rows.loc[rows["flagged"].astype(bool), "label"].tolist()
    most, mover = _highest(rows, "x"), _highest(rows, "y")
    said = f"Of {units_phrase(view)}, {most} contributed most to heterogeneity"
    if mover == most:
        said += ", and changed the result most when it was left out"
    elif mover:
        said += f"; leaving out {mover} changed the result most"
    beyond = f"Beyond the usual range were {_names(named)}." if named else ""
    return [[f"{said}.", beyond, _NO_REASON if named else ""]]


def _plot(view: ResultView) -> pd.DataFrame:
    return pd.DataFrame() if view.plot is None else view.plot


def _measure(view: ResultView, name: str) -> pd.DataFrame:
    """The rows of one measure of influence."""
    rows = _plot(view)
    return rows[rows["measure"] == name]


def _highest(rows: pd.DataFrame, name: str) -> str:
    """Whose value is the highest; empty where none is known."""
    known = rows.dropna(subset=[name])
    if known.empty:
        return ""
    return one_line(known["label"].tolist()[int(known[name].to_numpy(float).argmax())])


def _names(labels: list[str]) -> str:
    """Some names, and how many more there are."""
    shown = [one_line(label) for label in labels[:NAMED]]
    if len(labels) > NAMED:
        shown.append(f"{len(labels) - NAMED} more")
    return listed(shown)


def _fitted(view: ResultView, name: str) -> float:
    return float(str(fit_value(view, name)))


def _undefined(view: ResultView) -> str:
    n = int(str(fit_value(view, "n_undefined") or 0))
    if not n:
        return ""
    which = "one of them" if n == 1 else f"each of {n} of them"
    return f"Without {which} the model could not be estimated."
