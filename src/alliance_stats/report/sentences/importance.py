"""Sentences about importance: what explains how much, and whether the alliance explains most."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    interval,
    number,
    percent,
    records,
)
from alliance_stats.report.wording.words import (
    effect_place,
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
    time_sentence,
    units_phrase,
)

LEVELS = ("within", "between")
_CLAIMS = "Is the alliance the biggest predictor?"
_CAUTION = (
    "Weights compare associations of what was measured, as it was measured. They do not show what "
    "determines the outcome, and a predictor that was not measured has no weight."
)


def importance_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: weights and verdict of each level; where outcomes differ; method."""
    return [
        *([*_weights(view, level), *_verdict(view, level)] for level in LEVELS),
        _partition(view),
        [*_method(view), *fit_sentences(view, row="session"), _CAUTION],
    ]


def _weights(view: ResultView, level: str) -> list[str]:
    """What all predictors of a level explain, and how it divides."""
    rows = _layer(view, "weights", level)
    everything, time = fit_value(view, f"r2_{level}"), fit_value(view, f"r2_{level}_time")
    if not rows or everything is None:
        return []
    _, y = names_of(view)
    first = f"Across {units_phrase(view)}, the" if level == _first_level(view) else "The"
    over = f"; time alone accounted for {percent(time)}" if float(str(time)) > 0 else ""
    said = [f"{percent(row['x'])} to {one_line(row['term'])}" for row in rows]
    return [
        f"{first} model accounted for {percent(everything)} of the variance of {y} "
        f"{effect_place(level)}{over}. General dominance weights credit {listed(said)}."
    ]


def _first_level(view: ResultView) -> str:
    return next((level for level in LEVELS if _layer(view, "weights", level)), "")


def _verdict(view: ResultView, level: str) -> list[str]:
    """The differences from the alliance, and what they allow to be said."""
    claims = {row["effect"]: row for row in records(view.tables.get(_CLAIMS, pd.DataFrame()))}
    rows = _layer(view, "differences", level)
    if level not in claims or not rows:
        return []
    subject = one_line(view.labels.get("subject", "the alliance"))
    place = effect_place(level)
    words = {
        "shown": f"By every difference in weight, {subject} accounted for more than any other "
        f"predictor {place}",
        "contradicted": f"The claim that {subject} is the biggest predictor {place} is "
        "contradicted",
        "not shown": f"That {subject} is the biggest predictor {place} is not shown: the "
        "comparison is inconclusive",
    }
    claim = words.get(str(claims[level]["biggest"]))
    if claim is None:
        return [f"Nothing is said about the biggest predictor {place}: no draws were made."]
    said = listed([_difference(view, row) for row in rows])
    return [f"{claim} ({said})."]


def _difference(view: ResultView, row: Row) -> str:
    """``7.9 points from expectation, 95% CI [3.2, 13.0]``."""
    size, low, high = (100 * float(row[name]) for name in ("x", "x_low", "x_high"))
    ends = {"ci_low": low, "ci_high": high}
    words = f"{number(size, 1)} points from {one_line(row['term'])}"
    return words + (f", {interval(ends, 1, view.conf_level)}" if has_interval(ends) else "")


def _partition(view: ResultView) -> list[str]:
    """Shares of the variance by unit, before and after the predictors."""
    rows = records(view.tables.get("Where outcomes differ", pd.DataFrame()))
    if not rows:
        return []
    _, y = names_of(view)
    who = {"session": "sessions of a patient", "patient": "patients", "therapist": "therapists"}
    said = [
        f"{percent(row['share_before'])} between {who.get(str(row['unit']), row['unit'])} "
        f"({percent(row['share'])} of what is left after the predictors)"
        for row in rows
    ]
    return [
        f"Of the variance of {y}, time apart, {listed(said)}. These shares say where outcomes "
        "differ, not why; they are not to be ranked with the weights."
    ]


def _method(view: ResultView) -> list[str]:
    """How the models were fitted, and what was drawn."""
    models, draws = fit_value(view, "n_models"), int(str(fit_value(view, "n_draws") or 0))
    cluster = one_line(view.labels.get("cluster", ""))
    found = [
        f"Dominance analysis compared {models} mixed models with the same random intercepts and "
        "all predictors of the other level; R² are shares of the variance that the models imply "
        "for the level.",
        time_sentence(view.labels),
    ]
    if draws and cluster:
        found.append(
            f"Intervals are percentiles of {draws:,} draws of whole {cluster}s, taken further out "
            "for few of them (Hesterberg, 2015)."
        )
    return found


def _layer(view: ResultView, layer: str, level: str) -> list[Row]:
    """Rows of the figure's frame."""
    plot = view.plot
    if plot is None:
        return []
    return list(records(plot[(plot["layer"] == layer) & (plot["panel"] == level)]))
