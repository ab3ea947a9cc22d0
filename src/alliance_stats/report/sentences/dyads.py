"""Sentences about a model of dyads: actor and partner effects, patterns, how the members differ."""

from __future__ import annotations

import math
from itertools import groupby

import pandas as pd

from alliance_stats._base.printing import MINUS, format_df, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.lagged import when_words
from alliance_stats.report.sentences.sensitivity import changed_words
from alliance_stats.report.wording.bounded import with_bounded_interval
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    interval,
    number,
    p_phrase,
    records,
)
from alliance_stats.report.wording.verdict import verdict
from alliance_stats.report.wording.words import (
    fit_sentences,
    fit_value,
    listed,
    one_line,
    tests_phrase,
    time_sentence,
    units_phrase,
)

_SIDES = ("actor", "partner")
_REMEDY = (
    "An effect that is biased for this design needs a model that does not centre on observed "
    "means, such as a random-intercept cross-lagged panel model (fit_cross_lagged)."
)


def dyad_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: effects; patterns and differences; covariation; method."""
    effects = [row for row in records(view.terms) if row.get("effect") and _side(row)]
    sentences = [_effect(view, row) for row in effects]
    units = units_phrase(view)
    if units and sentences:
        sentences[0] = f"Across {units}, {sentences[0]}"
    biased = any(_bias(view, row) for row in effects)
    return [
        [*(s[:1].upper() + s[1:] for s in sentences), _REMEDY if biased else ""],
        [*_patterns(view), *([] if biased else _equality(view)), _told_apart(view)],
        _covariation(view),
        _sensitivity(view),
        [*_method(view), *fit_sentences(view, row="rating"), _caution(view)],
    ]


def _side(row: Row) -> str:
    """``actor`` or ``partner``; empty for another effect."""
    side = str(row["effect"]).partition("_")[0]
    return side if side in _SIDES else ""


def _member(view: ResultView, name: object) -> tuple[str, str]:
    """Number of a member in the labels, and of the other one."""
    first = one_line(view.labels.get("member_1", "")) == one_line(name)
    return ("1", "2") if first else ("2", "1")


def _effect(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    own, other = _member(view, row["group"])
    source = own if _side(row) == "actor" else other
    x, y = _rating(view, "predictor", source), _rating(view, "outcome", own)
    between = row["unit"] != "session"
    where = f" (between {row['unit']}s)" if between else ""
    lagged = view.labels.get("step", "0") != "0" and not between
    when = f" {when_words(view.labels['step'])}" if lagged else ""
    subject = f"a higher mean {x}" if between else f"an above-average {x}"
    known = one_line(view.labels.get(f"outcome_{own}", ""))
    return verdict(
        view,
        row,
        asked=(
            f"whether {subject} {'is followed by' if lagged else 'goes with'} a higher or lower "
            f"{y}{when}{where} ({_side(row)} effect)"
        ),
        found=lambda towards: (
            f"{subject} {'was followed by' if lagged else 'went with'} a {towards} {y}{when}{where}"
        ),
        given=f"given {_given(view, row, own, other)}",
        better=None if known == one_line(view.labels.get("outcome", "")) else "",
        not_tested=_bias(view, row),
    )


def _rating(view: ResultView, part: str, k: str) -> str:
    """``wai_total of the patient``."""
    column = one_line(view.labels.get(f"{part}_{k}", part))
    return f"{column} of the {one_line(view.labels.get(f'member_{k}', 'member'))}"


def _given(view: ResultView, row: Row, own: str, other: str) -> str:
    """The other side of the same level, which is held constant."""
    held = other if _side(row) == "actor" else own
    return f"that of the {one_line(view.labels.get(f'member_{held}', 'other'))}"


def _bias(view: ResultView, row: Row) -> str:
    """Why an effect is not tested; empty for one that is."""
    own, _ = _member(view, row["group"])
    in_se = view.labels.get(f"{row['effect']}_{own}_biased", "")
    if not in_se:
        return ""
    size = format_fixed(float(in_se), 1, minus=MINUS)
    sign = "" if size.startswith(MINUS) else "+"
    return (
        f"in simulated studies of this design its estimate is biased by {sign}{size} standard "
        "errors"
    )


def _patterns(view: ResultView) -> list[str]:
    """k of both members within patients."""
    table = view.tables.get("Actor-partner patterns", pd.DataFrame())
    rows = [row for row in records(table) if row.get("unit") == "session"]
    return [_pattern(view, row) for row in rows]


def _pattern(view: ResultView, row: Row) -> str:
    member = one_line(row["member"])
    named = [{"effect": side, "group": member} for side in _SIDES]
    if any(_bias(view, one) for one in named):
        return f"The k of the {member} is not read: it rests on an effect that is biased here."
    if pd.isna(row["k"]):
        return (
            f"The ratio k of partner to actor effect of the {member} is undefined: the actor "
            "effect is not told from zero, so that any ratio is left open."
        )
    patterns = one_line(row["compatible"])
    allowed = f"compatible with: {patterns}" if patterns else "none of couple, actor only, contrast"
    return (
        f"The ratio of partner to actor effect of the {member} was k = {number(row['k'], 2)}, "
        f"{interval(row, 2, view.conf_level)} ({allowed})."
    )


def _equality(view: ResultView) -> list[str]:
    """The joint test that both effects are equal."""
    table = view.tables.get("Tests that the members are equal", pd.DataFrame())
    for row in records(table):
        if row["hypothesis"] != "equal effects (session)" or pd.isna(row["p_value"]):
            continue
        df = f"{format_df(float(row['df 1']))}, {format_df(float(row['df 2']))}"
        value = format_fixed(row["F"], 2, minus=MINUS)
        detail = f"F({df}) = {value}, {p_phrase(float(row['p_value']))}"
        if math.isinf(row["df 2"]):
            detail = f"χ²/df = {value}, {p_phrase(float(row['p_value']))}"
        found = "differed" if row["p_value"] < 1.0 - view.conf_level else "may differ or not"
        return [f"Raw actor and partner effects of the members {found} ({detail})."]
    return []


def _told_apart(view: ResultView) -> str:
    table = view.tables.get("Test that the members can be told apart", pd.DataFrame())
    if table.empty or pd.isna(table["p_value"].iloc[0]):
        return ""
    row = table.iloc[0]
    detail = (
        f"χ²({int(row['df'])}) = {format_fixed(row['χ²'], 2, minus=MINUS)}, "
        f"{p_phrase(float(row['p_value']))}"
    )
    if row["p_value"] < 1.0 - view.conf_level:
        return f"A model in which the members are alike in everything fitted worse ({detail})."
    return (
        f"Whether the members differ in anything is inconclusive ({detail}); the model still tells "
        "them apart."
    )


def _covariation(view: ResultView) -> list[str]:
    """Correlations of the members' residuals and intercepts."""
    table = view.tables.get("Variation and correlation", pd.DataFrame())
    names = {one_line(view.labels.get(f"member_{k}", "")) for k in (1, 2)}
    found = []
    for row in records(table):
        if row["kind"] != "correlation" or {row["term"], row["with_term"]} != names:
            continue
        if pd.isna(row["estimate"]):
            continue
        where = (
            "What is left of both members' ratings of a session"
            if row["unit"] == "session"
            else f"The members' levels over {row['unit']}s"
        )
        shown = with_bounded_interval(row, "estimate", view.conf_level)
        found.append(f"{where} correlated {shown}.")
    return found


def _sensitivity(view: ResultView) -> list[str]:
    """Which other models would lead to another statement about an effect within patients."""
    table = view.tables.get("Sensitivity", pd.DataFrame())
    rows = [row for row in records(table) if row.get("unit") == "session"]
    fitted = {_key(row): row for row in rows if row["model"] == "as fitted"}
    others = [row for row in rows if row["model"] != "as fitted" and not _bias(view, row)]
    if not others:
        return []
    sentences = []
    for model, same in groupby(others, key=lambda row: str(row["model"])):
        parts = [_changed(view, row, fitted[_key(row)]) for row in same if _key(row) in fitted]
        if any(parts):
            sentences.append(
                f"Sensitivity analysis {one_line(model)}: {listed([*filter(None, parts)])}."
            )
    models = list(dict.fromkeys(one_line(row["model"]) for row in others))
    return sentences or [
        f"Sensitivity analyses ({listed(models)}) lead to the same statements about these effects."
    ]


def _key(row: Row) -> tuple[object, object]:
    return row["effect"], row["group"]


def _changed(view: ResultView, row: Row, fitted: Row) -> str:
    words = changed_words(row, fitted)
    if not words:
        return ""
    decimals = view_decimals(view)
    ends = f", {interval(row, decimals, view.conf_level)}" if has_interval(row) else ""
    name = f"{row['effect']} effect of {one_line(row['group'])}"
    return f"{name} b = {number(row['estimate'], decimals)}{ends}{words}"


def _method(view: ResultView) -> list[str]:
    method = fit_value(view, "method")
    fitted = f", fitted by {one_line(method)}" if method else ""
    lagged = " and then lagged" if view.labels.get("step", "0") != "0" else ""
    return [
        "Each member's rating was regressed on the own predictor (actor) and the other member's "
        "(partner) in one linear mixed model with two rows a session, intercepts and trends of "
        "each member, random intercepts that correlate, and residuals with two variances and a "
        f"correlation{fitted}{tests_phrase(view)}.",
        f"Predictors were centred on the patient's mean of all ratings{lagged}: above average "
        "means above it.",
        time_sentence(view.labels),
    ]


def _caution(view: ResultView) -> str:
    if view.labels.get("step", "0") == "0":
        return (
            "Ratings of one session have no order: these are associations, and either may have "
            "shaped the other."
        )
    return (
        "The order in time rules out that the later rating shaped the earlier one; it does not "
        "show that one member changed the other, since what varies from session to session may "
        "move both."
    )
