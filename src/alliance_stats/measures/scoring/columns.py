"""Which columns of a frame hold the items of an instrument."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pandas as pd

from alliance_stats._base.checks import columns_present, counted, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.shown import item_numbers

Numbered = dict[int, list[str]]

#: A stem and a number at the end: ``WAI-SR_item07``.
_NUMBERED = re.compile(r"(.*?)[\s_.\-]*(?:(?<=[\s_.\-])(?:items?|i|q))?[\s_.\-]*0*(\d{1,3})", re.I)
_SEPARATOR = r"[\s_.\-]*"


def item_columns(
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    items: Sequence[str] | None = None,
    item_prefix: str | None = None,
) -> list[str]:
    """Names of the item columns in the order of the items.

    Without `items` they are looked for: a prefix and the number of the item, in any case, with
    or without separators and leading zeros (``wai1``, ``WAI_01``, ``wai-item-1``).

    Raises
    ------
    DataError
        If the columns found are not one for each item.
    ArgumentError
        If `items` and `item_prefix` are both given, or `items` has another number of names.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError(
            "the columns of the frame have several levels. Give them one name each, such as "
            "frame.columns = ['_'.join(map(str, names)) for names in frame.columns]."
        )
    if items is not None:
        if item_prefix is not None:
            raise ArgumentError("items and item_prefix are both given. Give one of them.")
        return _listed(frame, instrument, items)
    if item_prefix is not None and not any(map(str.isalnum, item_prefix)):
        raise ArgumentError(f"item_prefix={item_prefix!r} is empty. Give the columns as items=.")
    prefixes = instrument.prefixes if item_prefix is None else (item_prefix,)
    candidates = [numbered_columns(frame, prefix) for prefix in prefixes]
    wanted = set(range(1, instrument.n_items + 1))
    whole = {
        tuple(found[item][0] for item in sorted(wanted)): None
        for found in candidates
        if set(found) == wanted and all(len(names) == 1 for names in found.values())
    }
    if len(whole) > 1:
        first = name_list(names[0] for names in whole)
        raise DataError(
            f"{instrument.key}: there are {len(whole)} sets of item columns (beginning with "
            f"{first}). Say which with item_prefix= or items=."
        )
    if whole:
        return list(next(iter(whole)))
    raise DataError(_not_found(frame, instrument, prefixes, candidates))


def numbered_columns(frame: pd.DataFrame, prefix: str) -> Numbered:
    """Columns that are `prefix` and a number, by number.

    >>> numbered_columns(pd.DataFrame(columns=["WAI_01", "wai-2", "wai_total", "swai3"]), "wai")
    {1: ['WAI_01'], 2: ['wai-2']}
    """
    letters = [re.escape(letter) for letter in prefix if letter.isalnum()]
    start = _SEPARATOR.join(letters)
    # after a digit a separator must follow: phq91 may be the PHQ-9 of session 1
    between = r"[\s_.\-]+" if prefix[-1:].isdigit() else _SEPARATOR
    pattern = re.compile(rf"{start}{between}(?:(?:items?|i|q){_SEPARATOR})?0*(\d{{1,3}})", re.I)
    found: Numbered = defaultdict(list)
    for name in frame.columns:
        if isinstance(name, str) and (match := pattern.fullmatch(name.strip())):
            found[int(match[1])].append(name)
    return dict(sorted(found.items()))


def _listed(frame: pd.DataFrame, instrument: Instrument, items: Sequence[str]) -> list[str]:
    names = [items] if isinstance(items, str) else list(items)
    columns_present(frame, names)
    if len(set(names)) < len(names):
        raise ArgumentError("items names a column twice. Give one column an item.")
    if len(names) != instrument.n_items:
        raise ArgumentError(
            f"items holds {counted(len(names), 'column')}, but {instrument.key} has "
            f"{counted(instrument.n_items, 'item')}. Give one column an item, in the order of the "
            "questionnaire."
        )
    return names


def _not_found(
    frame: pd.DataFrame,
    instrument: Instrument,
    prefixes: Sequence[str],
    candidates: Sequence[Numbered],
) -> str:
    """What was found, what is missing, what is too much, and what to give instead."""
    n = instrument.n_items
    prefix, found = max(
        zip(prefixes, candidates, strict=True), key=lambda pair: len(pair[1]), default=("", {})
    )
    if not found:
        tried = " or ".join(f"{p}1 … {p}{n}" for p in prefixes)
        return (
            f"no item columns of {instrument.key} found: looked for {tried}, with any separator "
            f"and leading zeros.{_other_stems(frame, n)} Give item_prefix=, or items= with the "
            f"{counted(n, 'column')} in order."
        )
    wanted = set(range(1, n + 1))
    parts = [f"{instrument.key} has {counted(n, 'item')}, but '{prefix}' numbers {len(found)}"]
    if missing := wanted - set(found):
        parts.append(f"missing: {item_numbers(tuple(missing))}")
    if extra := set(found) - wanted:
        parts.append(f"too much: {item_numbers(tuple(extra))}")
    if several := [names for names in found.values() if len(names) > 1]:
        parts.append(f"several columns for one item: {name_list(several[0])}")
    return (
        "; ".join(parts) + f".{_other_stems(frame, n, but=prefix)} Give items= with the "
        f"{counted(n, 'column')} in order, or the instrument that has these items."
    )


def _other_stems(frame: pd.DataFrame, n: int, *, but: str = "") -> str:
    """`` Numbered columns there: 'all' (1–12).`` for stems with exactly `n` numbers first."""
    stems = [(stem, numbers) for stem, numbers in _stems(frame) if stem.lower() != but.lower()]
    fitting = [stem for stem, numbers in stems if numbers == set(range(1, n + 1))]
    if fitting:
        return f" Columns numbered 1 to {n}: {name_list(map(repr, fitting))}."
    if but:
        return ""
    shown = [f"'{s}' ({item_numbers(tuple(numbers))})" for s, numbers in stems if len(numbers) > 2]
    return f" Numbered columns there: {name_list(shown)}." if shown else ""


def _stems(frame: pd.DataFrame) -> Iterator[tuple[str, set[int]]]:
    found: dict[str, set[int]] = defaultdict(set)
    for name in frame.columns:
        if isinstance(name, str) and (match := _NUMBERED.fullmatch(name.strip())):
            found[match[1]].add(int(match[2]))
    yield from ((stem, numbers) for stem, numbers in found.items() if stem)
