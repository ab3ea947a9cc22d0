"""Whether a scoring key hangs together: what a slip of the pen would break."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.measures.instruments.key import ScoringKey
from alliance_stats.measures.instruments.thresholds import CASES, CONFIDENCE, MISSING_KINDS

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_METHODS = ("sum", "mean")


def check_instrument(given: ScoringKey) -> None:
    """Raise ArgumentError for the first part of a key that cannot be right."""
    _check_names(given)
    _check_responses(given)
    _check_items(given)
    _check_partition(given)
    _check_composites(given)
    _check_method(given)
    _check_missing(given)
    _check_thresholds(given)
    _check_confidence(given)


def _wrong(given: ScoringKey, where: str, what: str) -> NoReturn:
    raise ArgumentError(f"instrument '{given.key}', {where}: {what}")


def _check_names(given: ScoringKey) -> None:
    for name in (given.key, *given.subscales, *given.composites):
        if not _NAME.fullmatch(name):
            raise ArgumentError(
                f"instrument '{given.key}': the name {name!r} cannot start or end a column. "
                "Write small letters, digits and underscores, such as 'my_scale'."
            )
    twice = sorted(set(given.subscales) & set(given.composites))
    if twice:
        _wrong(given, "composites", f"{twice[0]} is a subscale too. Give another name.")


def _check_responses(given: ScoringKey) -> None:
    if not given.responses:
        _wrong(given, "responses", "there is none. Give the lowest and highest, such as [1, 5].")
    for low, high in given.responses:
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            _wrong(given, "responses", f"[{low:g}, {high:g}] is no range. Give [low, high].")
        if given.whole and not (float(low).is_integer() and float(high).is_integer()):
            _wrong(given, "responses", f"[{low:g}, {high:g}] is not whole. Give whole = false too.")


def _check_items(given: ScoringKey) -> None:
    if given.n_items < 1:
        _wrong(given, "n_items", f"{given.n_items} is no number of items. Give 1 or more.")
    lists = {f"subscales.{name}": items for name, items in given.subscales.items()}
    lists |= {"reversed": given.reversed, "not_applicable": given.not_applicable}
    for where, items in lists.items():
        out = [item for item in items if not 1 <= item <= given.n_items]
        if out:
            _wrong(
                given, where,
                f"items {name_list(out)} are not among 1 to {given.n_items}. Correct the number "
                "of the item, or n_items.",
            )  # fmt: skip
        if again := _repeated(items):
            _wrong(given, where, f"items {name_list(again)} stand there twice. Keep one.")
    empty = [name for name, items in given.subscales.items() if not items]
    if empty:
        _wrong(given, f"subscales.{empty[0]}", "it has no items. List them.")


def _repeated(items: Iterable[int]) -> list[int]:
    return [item for item, times in Counter(items).items() if times > 1]


def _check_partition(given: ScoringKey) -> None:
    """Every item in one subscale, unless the key says that subscales overlap or leave items out."""
    if not given.partition:
        return
    times = Counter(item for items in given.subscales.values() for item in items)
    several = sorted(item for item, n in times.items() if n > 1)
    absent = [item for item in range(1, given.n_items + 1) if item not in times]
    for items, what in ((several, "in several subscales"), (absent, "in no subscale")):
        if items:
            _wrong(
                given, "subscales",
                f"items {name_list(items)} are {what}. Correct the lists, or give "
                "partition = false if it is meant.",
            )  # fmt: skip


def _check_composites(given: ScoringKey) -> None:
    for name, parts in given.composites.items():
        unknown = [part for part in parts if part not in given.subscales]
        if unknown or not parts:
            _wrong(
                given, f"composites.{name}",
                f"{name_list(unknown) or 'nothing'} is no subscale. "
                f"Subscales: {name_list(given.subscales)}.",
            )  # fmt: skip
        items = [item for part in parts for item in given.subscales[part]]
        if again := _repeated(items):
            _wrong(given, f"composites.{name}", f"items {name_list(again)} would count twice.")
    unknown = [name for name in given.unscored if name not in given.subscales]
    if unknown:
        _wrong(given, "unscored", f"{unknown[0]} is no subscale.")
    if not given.item_scores:
        _wrong(given, "subscales", "there is no score. Give at least one, such as total.")


def _check_method(given: ScoringKey) -> None:
    unknown = [method for method in given.methods if method not in _METHODS]
    if unknown or not given.methods:
        _wrong(given, "methods", f"{name_list(unknown) or 'none'}. Give 'sum', 'mean' or both.")
    if not (math.isfinite(given.multiplier) and given.multiplier > 0):
        _wrong(given, "multiplier", f"{given.multiplier:g} is no factor. Give a number above 0.")
    if given.not_applicable and given.methods != ("sum",):
        _wrong(given, "not_applicable", "it needs methods = ['sum'].")


def _check_missing(given: ScoringKey) -> None:
    rule = given.missing
    if rule.rule not in MISSING_KINDS:
        _wrong(
            given,
            "missing.rule",
            f"{rule.rule!r} is not known. Allowed: {name_list(MISSING_KINDS)}.",
        )
    scores = given.subscales if rule.rule.startswith("rounded") else given.item_scores
    for score, limit in rule.limits.items():
        if score not in scores:
            _wrong(given, f"missing.limits.{score}", f"no such score. Scores: {name_list(scores)}.")
        n = len(given.item_scores[score])
        if not 0 <= limit < n:
            _wrong(given, f"missing.limits.{score}", f"{limit} of {n} items. Give 0 to {n - 1}.")
    if (rule.rule == "none") != (not rule.limits):
        _wrong(given, "missing", "a rule needs limits, and limits need a rule.")


def _check_thresholds(given: ScoringKey) -> None:
    for cutoff in given.cutoffs:
        if cutoff.case not in CASES:
            _wrong(given, "cutoffs", f"case {cutoff.case!r}. Allowed: {name_list(CASES)}.")
        if cutoff.case.startswith("<") != given.higher_is_better:
            _wrong(
                given, "cutoffs",
                f"a case is {cutoff.case} {cutoff.value:g}, but higher_is_better is "
                f"{str(given.higher_is_better).lower()}. Correct one of the two.",
            )  # fmt: skip
        _check_reachable(given, "cutoffs", cutoff.score, (cutoff.value,))
    for bands in given.bands:
        rising = all(a < b for a, b in zip(bands.limits, bands.limits[1:], strict=False))
        if not bands.limits or not rising or len(bands.labels) != len(bands.limits) + 1:
            _wrong(given, "bands", "limits must rise, with one label more than there are limits.")
        _check_reachable(given, "bands", bands.score, bands.limits)
    for where, changes in (("rci", given.rci), ("mcid", given.mcid)):
        for change in changes:
            low, high = _range(given, where, change.score)
            if not 0 < change.value <= high - low:
                _wrong(given, where, f"a change of {change.value:g} does not fit the score.")
            if change.level is not None and not 0 < change.level < 1:
                _wrong(given, where, f"level {change.level:g} is not between 0 and 1.")


def _range(given: ScoringKey, where: str, score: str) -> tuple[float, float]:
    if score not in given.scores:
        _wrong(given, where, f"there is no score '{score}'. Scores: {name_list(given.scores)}.")
    return given.score_range(score)


def _check_reachable(given: ScoringKey, where: str, score: str, values: tuple[float, ...]) -> None:
    low, high = _range(given, where, score)
    out = [value for value in values if not low <= value <= high]
    if out:
        _wrong(
            given,
            where,
            f"{out[0]:g} is no value of '{score}', which goes from {low:g} to {high:g}.",
        )


def _check_confidence(given: ScoringKey) -> None:
    thresholds = (given.cutoffs, given.bands, given.rci, given.mcid)
    of_parts = [part.confidence for parts in thresholds for part in parts]
    for confidence in (given.confidence, *of_parts):
        if confidence not in CONFIDENCE:
            _wrong(given, "confidence", f"{confidence!r}. Allowed: {name_list(CONFIDENCE)}.")
    if given.confidence != "high" and not given.uncertain:
        _wrong(given, "uncertain", "a key of medium confidence must say what is not certain.")
