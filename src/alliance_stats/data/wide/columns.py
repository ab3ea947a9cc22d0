"""Columns of a wide frame: which of them a pattern reads, and what is wrong with the choice."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.wide.patterns import (
    NameParts,
    NamePattern,
    numbered_columns,
    suggestion,
)

#: Kinds of cells in words, by what pandas infers.
_KINDS = {
    "integer": "numbers", "floating": "numbers", "mixed-integer-float": "numbers",
    "decimal": "numbers", "boolean": "truth values", "string": "texts", "date": "dates",
    "datetime": "dates", "datetime64": "dates", "timedelta": "durations",
    "timedelta64": "durations", "period": "periods",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """One matched column: where it stands, its name, the new column and the session."""

    position: int
    source: str
    column: str
    session: int


def matched_columns(
    frame: pd.DataFrame, patterns: list[NamePattern], id: str, labels: dict[str, int]
) -> tuple[list[Match], dict[str, NameParts]]:
    """Columns that a pattern reads, and those it would read if their session were a number."""
    matches: list[Match] = []
    missed: dict[str, NameParts] = {}
    for position, name in enumerate(map(str, frame.columns)):
        if name == id:
            continue
        parts = next((found for p in patterns if (found := p.match(name))), None)
        if parts is not None:
            number = labels[parts.session] if parts.session in labels else int(parts.session)
            matches.append(Match(position, name, parts.column, number))
            continue
        almost = next((found for p in patterns if (found := p.match_label(name))), None)
        if almost is not None:
            missed[name] = almost
    return matches, missed


def by_new_column(matches: list[Match]) -> dict[str, list[Match]]:
    """Matches of each new column, both in the order of the wide frame."""
    groups: dict[str, list[Match]] = {}
    for match in matches:
        groups.setdefault(match.column, []).append(match)
    return groups


def check_labels_used(
    frame: pd.DataFrame, patterns: list[NamePattern], labels: dict[str, int], id: str
) -> None:
    """Raise ArgumentError for a label of `sessions` that no column has."""
    read = {
        parts.session
        for name in map(str, frame.columns)
        if name != id and (parts := next((f for p in patterns if (f := p.match(name))), None))
    }
    unused = [label for label in labels if label not in read]
    if unused:
        raise ArgumentError(
            f"sessions has {counted(len(unused), 'label')} that no matched column has: "
            f"{name_list(map(repr, unused))}. Write labels as they stand in the column names."
        )


def check_matches(
    frame: pd.DataFrame, matches: list[Match], missed: dict[str, NameParts], given: str
) -> None:
    """Raise DataError if nothing, one session only, or one session twice is matched."""
    if not matches:
        raise DataError(f"{given} matches no column.{_instead(frame, missed)}")
    numbers = {match.session for match in matches}
    if len(numbers) == 1:
        raise DataError(
            f"{given} matches one session only: session {matches[0].session}, in "
            f"{name_list(match.source for match in matches)}. A wide frame has several sessions "
            f"side by side.{_instead(frame, missed)}"
        )
    seen: dict[tuple[str, int], str] = {}
    for match in matches:
        key = (match.column, match.session)
        if key in seen:
            raise DataError(
                f"columns '{seen[key]}' and '{match.source}' both give session {match.session} "
                f"of '{match.column}'. Rename or drop one of them."
            )
        seen[key] = match.source


def _instead(frame: pd.DataFrame, missed: dict[str, NameParts]) -> str:
    """What would match: labels that could be mapped, or other patterns."""
    labels = list(dict.fromkeys(parts.session for parts in missed.values()))
    mapped = ""
    if labels:
        mapped = (
            f" With anything in the place of {{session}} it would match "
            f"{name_list(missed)} (labels {name_list(map(repr, labels))}): sessions must be whole "
            "numbers, or be mapped with sessions={label: number}."
        )
    return f"{mapped} {suggestion([str(name) for name in frame.columns])}"


def check_kinds(frame: pd.DataFrame, matches: list[Match]) -> None:
    """Raise DataError unless the columns of each measure hold cells of one kind."""
    for column, group in by_new_column(matches).items():
        kinds: dict[str, list[str]] = {}
        for match in group:
            kind = cell_kind(frame.iloc[:, match.position])
            if kind:
                kinds.setdefault(kind, []).append(match.source)
        if len(kinds) > 1:
            seen = "; ".join(f"{kind} in {name_list(names)}" for kind, names in kinds.items())
            raise DataError(
                f"the columns of '{column}' hold different kinds of cells: {seen}. "
                "Make them one kind before, so that nothing is converted unseen."
            )
        types = {frame.dtypes.iloc[match.position] for match in group}
        if "categories" in kinds and len(types) > 1:
            raise DataError(
                f"the columns of '{column}' hold categories that differ or stand in another order: "
                f"{name_list(kinds['categories'])}. Give them the same categories before."
            )
        if "mixed cells" in kinds:
            raise DataError(
                f"{agree(len(kinds['mixed cells']), 'column', 'columns')} "
                f"{name_list(kinds['mixed cells'])} of '{column}' "
                f"{agree(len(kinds['mixed cells']), 'mixes', 'mix')} numbers, texts or other "
                "cells. Make them one kind before."
            )


def cell_kind(column: pd.Series) -> str | None:
    """What the observed cells of a column are, in words; None if all are missing.

    >>> cell_kind(pd.Series([1.0, 2.0])), cell_kind(pd.Series(["a", None]))
    ('numbers', 'texts')
    >>> cell_kind(pd.Series([None, None])), cell_kind(pd.Series([1, "a"], dtype=object))
    (None, 'mixed cells')
    """
    if column.isna().all():
        return None
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "categories"
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return f"dates in the time zone {column.dtype.tz}"
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    return _KINDS.get(inferred, "mixed cells")


def missed_messages(
    frame: pd.DataFrame,
    matches: list[Match],
    missed: dict[str, NameParts],
    carried: list[int],
) -> list[str]:
    """Which columns look as if they belonged to a matched measure, or to a session."""
    new = {match.column for match in matches}
    alike = [name for name, parts in missed.items() if parts.column in new]
    messages = []
    if alike:
        messages.append(
            f"{counted(len(alike), 'column')} named like a new one but without a session number "
            f"{agree(len(alike), 'is', 'are')} carried along: {name_list(alike)}. If "
            f"{agree(len(alike), 'it is a session', 'they are sessions')}, give "
            "sessions={label: number}."
        )
    names = [str(frame.columns[i]) for i in carried]
    numbered = sorted({n for names_alike in numbered_columns(names) for n in names_alike})
    numbered = [name for name in numbered if name not in alike]
    if numbered:
        messages.append(
            f"{counted(len(numbered), 'numbered column')} not matched and carried along: "
            f"{name_list(numbered)}. If these are sessions too, give a list of patterns. "
            f"{suggestion(names)}"
        )
    return messages


def single_messages(matches: list[Match]) -> list[str]:
    """Which new columns come from one column only."""
    single = [group[0] for group in by_new_column(matches).values() if len(group) == 1]
    return [
        f"new column '{match.column}' has session {match.session} only (from '{match.source}'). "
        "If the number belongs to its name, rename it before, such as to "
        f"'{match.source.rstrip('0123456789').rstrip('_.- ') or match.column}'."
        for match in single
    ]


def capital_messages(matches: list[Match]) -> list[str]:
    """Which new columns differ in capitals only."""
    names: dict[str, list[str]] = {}
    for column in by_new_column(matches):
        names.setdefault(column.casefold(), []).append(column)
    return [
        f"new columns {name_list(alike)} differ in capitals only. If they are one measure, rename "
        "its columns alike before."
        for alike in names.values()
        if len(alike) > 1
    ]


def digit_messages(matches: list[Match], patterns: list[NamePattern]) -> list[str]:
    """Which session numbers seem to hold a digit of the column's name."""
    if not any(pattern.digits_may_be_the_columns for pattern in patterns):
        return []
    messages = []
    for column, group in by_new_column(matches).items():
        numbers = [str(match.session) for match in group]
        if len(numbers) > 1 and len({n[0] for n in numbers}) == 1 and min(map(len, numbers)) > 1:
            messages.append(
                f"all session numbers of '{column}' begin with {numbers[0][0]}: the digit may "
                f"belong to the name. Then give the pattern '{column}{numbers[0][0]}{{session}}'."
            )
    return messages
