"""What an effect, or the difference of two, allows to be said: the same steps in every text."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import (
    Row,
    compatible_range,
    has_interval,
    numbers,
    records,
    sign_of,
)
from alliance_stats.report.wording.words import units_phrase

_COMPARED = {
    "patient": ("between-patient", "within-patient"),
    "therapist": ("between-therapist", "between-patient"),
}


def verdict(
    view: ResultView,
    row: Row,
    *,
    asked: str,
    found: Callable[[str], str],
    given: str = "",
    better: str | None = None,
    not_tested: str = "",
) -> str:
    """One effect as a sentence that starts in lower case.

    It says that the effect could not be estimated, has no interval, is inconclusive (with the
    effects that the interval leaves open), or what was found.

    Parameters
    ----------
    view : ResultView
        The result, for its decimals, its confidence level and which outcome is better.
    row : mapping
        The effect's row of the coefficients.
    asked : str
        The effect by name: ``the within-patient association of wai with phq9``.
    found : callable
        Makes the finding of its direction, such as ``lower (better)``.
    given : str
        What was held constant; stands with the finding and with an inconclusive effect.
    better : {"lower", "higher", ""}, optional
        Which direction of what is predicted is better; by default that of the outcome.
    not_tested : str
        Why the effect is not tested here; estimate and standard error are given all the same.
    """
    decimals = view_decimals(view)
    if pd.isna(row["estimate"]):
        return f"{asked} could not be estimated."
    if not_tested:
        size = {name: row[name] for name in ("estimate", "se") if name in row}
        return f"{asked} is not tested: {not_tested} ({numbers(size, decimals, view.conf_level)})."
    detail = numbers(row, decimals, view.conf_level)
    if not has_interval(row):
        return f"{asked} has no interval, so nothing is concluded from it ({detail})."
    held = f", {given}" if given else ""
    if sign_of(row) == 0:
        return (
            f"{asked}{held + ',' if held else ''} was inconclusive: the data are compatible with "
            f"effects from {compatible_range(row, decimals)} ({detail})."
        )
    known = view.labels.get("outcome_better", "") if better is None else better
    towards = direction(sign_of(row), known)
    return f"{found(towards)}{held} ({detail})."


def verdicts(view: ResultView, effects: Iterable[str], sentence: Callable[[Row], str]) -> list[str]:
    """A `sentence` for each of the `effects` that the result has, the first with the counts."""
    rows = {row["effect"]: row for row in records(view.terms) if row.get("effect")}
    sentences = [sentence(rows[effect]) for effect in effects if effect in rows]
    units = units_phrase(view)
    if units and sentences:
        sentences[0] = f"Across {units}, {sentences[0]}"
    return [s[:1].upper() + s[1:] for s in sentences]


def direction(sign: int, better: str) -> str:
    """``lower``, followed by ``(better)`` or ``(worse)`` when the direction has a meaning."""
    word = "higher" if sign > 0 else "lower"
    if better not in ("lower", "higher"):
        return word
    return f"{word} ({'better' if word == better else 'worse'})"


def contextual_sentences(view: ResultView) -> list[str]:
    """Whether the coefficients of two units differ."""
    rows = [row for row in records(view.terms) if row.get("effect") == "contextual"]
    return [_contextual(view, row) for row in rows if not pd.isna(row["estimate"])]


def _contextual(view: ResultView, row: Row) -> str:
    decimals = view_decimals(view)
    upper, lower = _COMPARED.get(row["unit"], ("between", "within"))
    detail = numbers(row, decimals, view.conf_level)
    if sign_of(row):
        word = "above" if sign_of(row) > 0 else "below"
        return (
            f"The {upper} coefficient lay {word} the {lower} one (contextual difference: {detail})."
        )
    left_open = (
        f": the data are compatible with differences from {compatible_range(row, decimals)}"
        if has_interval(row)
        else ""
    )
    pair = f"the {upper} and the {lower} association"
    return f"Whether {pair} differ is inconclusive{left_open} ({detail})."
