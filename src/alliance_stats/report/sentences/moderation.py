"""Sentences about a moderation model: the same for all, different, or not decided by these data."""

from __future__ import annotations

import math

import pandas as pd

from alliance_stats._base.printing import MINUS, format_df, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import Row, number, p_phrase, records
from alliance_stats.report.wording.words import (
    effect_adjective,
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
    tests_phrase,
    time_sentence,
    units_phrase,
)

_CLAIMS = "Tests of the interaction and of equivalence"
_PAIRS = "Differences of slopes"
_NEEDED = "Patients needed to show equivalence"
_CAUTION = (
    "These are associations; that a slope is the same everywhere does not show what it is due to."
)


def moderation_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: what each effect allows; its slopes; patients needed; method."""
    claims = records(view.tables.get(_CLAIMS, pd.DataFrame()))
    found = [_claim_sentence(view, row) for row in claims]
    units = units_phrase(view)
    if units and found:
        found[0] = f"Across {units}, {found[0]}"
    return [
        [s[:1].upper() + s[1:] for s in found],
        [_slopes_sentence(view, row["effect"]) for row in claims],
        [s for s in (_needed_sentence(view, row) for row in claims) if s],
        [*_method_sentences(view), *fit_sentences(view), _CAUTION],
    ]


def _claim_sentence(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    x, y = names_of(view)
    what = f"the {effect_adjective(row['effect'])} association of {x} with {y}"
    where, bound = _where(view, row["effect"]), _bound(view, row)
    details, verdict = _details(view, row), row["verdict"]
    if verdict == "equivalent":
        return f"{what} was equivalent {where}, within {bound} ({details})."
    by = one_line(view.labels.get("moderator", "the moderator"))
    if verdict == "different but negligible":
        return f"{what} differed with {by}, by less than {bound}, which counts as none ({details})."
    if verdict == "different":
        return (
            f"{what} differed with {by}; that it does so by less than {bound} was not shown "
            f"({details})."
        )
    return (
        f"whether {what} is the same {where} was inconclusive: differences from "
        f"{_range(view, row['effect'])} are compatible with the data, and only those within "
        f"{bound} count as none ({details})."
    )


def _where(view: ResultView, effect: str) -> str:
    """What is compared: ``at all levels of arm``, ``at −1 SD and +1 SD of intake``."""
    by = one_line(view.labels.get("moderator", "the moderator"))
    if view.labels.get("moderator_kind") == "categorical":
        return f"at all levels of {by}"
    pairs = view.tables[_PAIRS]
    label = one_line(pairs.loc[pairs["effect"] == effect, "comparison"].iloc[0])
    high, _, low = label.partition(" vs ")
    if by in high:
        return f"at {low} and {high}"
    return f"at {low} and {high} of {by}"


def _details(view: ResultView, row: Row) -> str:
    """The test of the interaction and that of equivalence."""
    parts: list[str] = []
    if not pd.isna(row["p_interaction"]):
        df = row["df_denominator"]
        error = format_df(df) if math.isfinite(df) else "∞"
        test = f"F({row['df_numerator']:g}, {error}) = {format_fixed(row['f'], 2, minus=MINUS)}"
        parts.append(f"interaction {test}, {p_phrase(float(row['p_interaction']))}")
    if not pd.isna(row["p_equivalence"]):
        several = "of all differences " if row["n_differences"] > 1 else ""
        parts.append(f"equivalence {several}{p_phrase(float(row['p_equivalence']))}")
    if not pd.isna(row["largest"]):
        word = "largest difference" if row["n_differences"] > 1 else "difference"
        parts.append(f"{word} {number(row['largest'], view_decimals(view))}")
    return "; ".join(parts) or "not defined"


def _bound(view: ResultView, row: Row) -> str:
    return f"±{number(row['smallest_effect'], view_decimals(view))}"


def _range(view: ResultView, effect: str) -> str:
    """The lowest and the highest end of the intervals of an effect's differences."""
    pairs = view.tables[_PAIRS]
    own = pairs[pairs["effect"] == effect]
    decimals = view_decimals(view)
    low, high = number(own["tost_low"].min(), decimals), number(own["tost_high"].max(), decimals)
    return f"{low} to {high} ({view.labels.get('tost_level', '90')}% intervals)"


def _slopes_sentence(view: ResultView, effect: str) -> str:
    """The slopes of one effect by group."""
    decimals = view_decimals(view)
    slopes = [row for row in records(view.terms) if row["effect"] == effect]
    said = [f"{number(row['estimate'], decimals)} ({one_line(row['group'])})" for row in slopes]
    sentence = f"{effect_adjective(effect)} slopes: {listed(said)}."
    return sentence[:1].upper() + sentence[1:]


def _needed_sentence(view: ResultView, claim: Row) -> str:
    """Patients for 80% power where the claim was not decided."""
    table = view.tables.get(_NEEDED, pd.DataFrame())
    if table.empty or claim["verdict"] in ("equivalent", "different but negligible"):
        return ""
    own = table[table["effect"] == claim["effect"]].iloc[-1]
    if not math.isfinite(own["n_patients"]):
        return ""
    return (
        f"To show equivalence of the {effect_adjective(claim['effect'])} slopes with a power of "
        f"80%, if they are the same, this design would need {own['n_patients']:,.0f} patients."
    )


def _method_sentences(view: ResultView) -> list[str]:
    x, y = names_of(view)
    method = fit_value(view, "method")
    fitted = f" was fitted by {one_line(method)}" if method else " was fitted"
    level = view.labels.get("tost_level", "90")
    return [
        f"A linear mixed model of {y}{fitted}{tests_phrase(view)}.",
        f"{x} was centred first and then multiplied with the moderator.",
        f"Equivalence was tested by two one-sided tests for each difference of slopes, with a "
        f"bound stated beforehand: the {level}% interval must lie inside it; with several "
        "differences, each of them.",
        time_sentence(view.labels),
    ]
