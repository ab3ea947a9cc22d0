"""From a frame to codes of a design: arguments checked, nesting found in the data, rows dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    frame_given,
    name_list,
    numeric_column,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.generalizability.design import Design, make_design
from alliance_stats.reliability.generalizability.notation import parse_design

Nested = Mapping[str, str | Sequence[str]]
#: More factors than these give more variances than data ever tell apart.
MOST_FACTORS = 6


@dataclass(frozen=True, eq=False)
class Measured:
    """Scores of a design, on arrays.

    Attributes
    ----------
    design : Design
    score : ndarray (n,)
        The scores, none missing.
    codes : mapping of str to ndarray (n,)
        Level of every row, from 0, of each factor: a level of a nested factor is one within its
        parents.
    n_dropped : int
        Rows left out because a score or a factor is missing.
    notes, messages : tuple of str
        What was found about nesting; rows dropped.
    """

    design: Design
    score: np.ndarray
    codes: Mapping[str, np.ndarray]
    n_dropped: int
    notes: tuple[str, ...]
    messages: tuple[str, ...]


def read_design(
    frame: pd.DataFrame,
    *,
    score: str,
    design: str | None,
    objects: str,
    facets: Sequence[str] | None,
    nested: Nested | None,
    fixed: Sequence[str],
) -> Measured:
    """Check the arguments of `g_study` and code the factors.

    Raises
    ------
    ArgumentError, DataError
        With what was seen and what to do.
    """
    frame_given(frame, name="frame")
    facets, given = _wanted(design, objects, facets, nested)
    parents = [parent for outer in given.values() for parent in outer]
    factors = list(dict.fromkeys([*parents, *given, objects, *facets]))
    _check_names(objects, facets, given, factors, fixed, score)
    columns_present(frame, [score, *factors])
    numeric_column(frame, score)
    rows, messages = _complete_rows(frame, score, factors, objects)
    raw = {name: pd.factorize(rows[name])[0].astype(np.intp) for name in factors}
    _check_levels(raw, objects)
    known = dict(given)
    notes = [] if design is not None else _detect(raw, objects, known)
    _check_objects(objects, facets, known)
    made = make_design(objects, facets, known, fixed)
    codes = {name: _units(raw, [*made.parents[name], name]) for name in made.factors}
    values = rows[score].to_numpy(dtype=float)
    _check_cells(codes, values, score, made)
    n_dropped = len(frame) - len(rows)
    return Measured(made, values, codes, n_dropped, tuple(notes), tuple(messages))


def _wanted(
    design: str | None, objects: str, facets: Sequence[str] | None, nested: Nested | None
) -> tuple[list[str], dict[str, frozenset[str]]]:
    """The facets, and what each factor is directly nested in, from either way of saying it."""
    if design is not None:
        if facets is not None or nested is not None:
            raise ArgumentError(
                "design= says already what the facets are and what is nested. "
                "Give design=, or facets= and nested=."
            )
        factors, given = parse_design(design)
        if objects not in factors:
            raise ArgumentError(
                f"objects='{objects}' is not in the design {design!r}. "
                f"Give objects= one of {name_list(factors)}."
            )
        around = given.get(objects, frozenset())
        return [f for f in factors if f != objects and f not in around], given
    if isinstance(facets, str):
        facets = [facets]
    if not facets:
        raise ArgumentError(
            "no facets given. Name the columns that the measurement generalises over, "
            "such as facets=['session', 'item']."
        )
    given = {
        inner: frozenset([outer] if isinstance(outer, str) else outer)
        for inner, outer in (nested or {}).items()
    }
    return list(facets), given


def _check_names(
    objects: str,
    facets: Sequence[str],
    given: Mapping[str, frozenset[str]],
    factors: Sequence[str],
    fixed: Sequence[str],
    score: str,
) -> None:
    """Raise ArgumentError for a name in two parts, a circle of nesting or an unknown facet."""
    names = [objects, *facets]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if score in factors:
        twice.append(score)
    if twice:
        raise ArgumentError(
            f"'{twice[0]}' is named twice. Score, objects and facets are different columns."
        )
    if len(factors) > MOST_FACTORS:
        raise ArgumentError(
            f"{len(factors)} factors ({name_list(factors)}) give more variances than data tell "
            f"apart. Use at most {MOST_FACTORS}."
        )
    unknown = [name for name in given if name not in names and name not in _around(objects, given)]
    if unknown:
        raise ArgumentError(
            f"nested names '{unknown[0]}', which is neither the objects ('{objects}') nor a facet "
            f"({name_list(facets)}). Add it to facets=."
        )
    if isinstance(fixed, str) or any(name not in facets for name in fixed):
        raise ArgumentError(
            f"fixed={fixed!r} is not a list of facets. Facets here: {name_list(facets)}."
        )
    if len(set(fixed)) == len(facets):
        raise ArgumentError(
            f"fixed={list(fixed)!r} holds every facet, so there is nothing to generalise over. "
            "Leave one facet random."
        )
    for start in given:
        if start in _around(start, given):
            raise ArgumentError(f"'{start}' is nested in itself. Correct nested=.")


def _around(factor: str, given: Mapping[str, frozenset[str]]) -> set[str]:
    """All that a factor is nested in."""
    found: set[str] = set()
    waiting = list(given.get(factor, ()))
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(given.get(parent, ()))
    return found


def _complete_rows(
    frame: pd.DataFrame, score: str, factors: Sequence[str], objects: str
) -> tuple[pd.DataFrame, list[str]]:
    """Rows with score and factors, and what was dropped."""
    used = frame[[score, *factors]]
    rows = used.dropna()
    if rows.empty:
        raise DataError(
            f"no row has a score and all of {name_list(factors)}. Check the names of the columns."
        )
    messages = []
    if len(rows) < len(used):
        missing = used.isna().sum()
        causes = ", ".join(f"{name} missing: {n:,}" for name, n in missing.items() if n)
        messages.append(
            f"{len(used) - len(rows):,} of {counted(len(used), 'row')} dropped ({causes})."
        )
        gone = used[objects].nunique() - rows[objects].nunique()
        if gone:
            messages.append(
                f"{counted(gone, objects)} without any score {agree(gone, 'is', 'are')} left out."
            )
    return rows, messages


def _check_levels(raw: Mapping[str, np.ndarray], objects: str) -> None:
    for name, codes in raw.items():
        if codes.max() < 1:
            kind = "objects" if name == objects else "facet"
            what = (
                "nothing can be told apart; give data of several"
                if name == objects
                else "its variance cannot be estimated; leave it out of the design"
            )
            raise DataError(f"{kind} '{name}' has one level, so that {what}.")


def _detect(
    raw: Mapping[str, np.ndarray], objects: str, known: dict[str, frozenset[str]]
) -> list[str]:
    """Add to `known` what is nested by its labels, and say what was found."""
    notes = []
    for inner, outer in permutations(raw, 2):
        pairs = len(np.unique(raw[inner] * (raw[outer].max() + 1) + raw[outer]))
        n_inner, n_outer = int(raw[inner].max()) + 1, int(raw[outer].max()) + 1
        if pairs > n_inner or outer in _around(inner, known) or inner in _around(outer, known):
            continue
        if n_inner == n_outer:
            raise DataError(
                f"'{inner}' and '{outer}' are the same grouping: each level of one occurs with one "
                "level of the other. Leave one of them out."
            )
        known[inner] = known.get(inner, frozenset()) | {outer}
        notes.append(
            f"{inner} is nested in {outer}: every {inner} label occurs with one {outer} only."
        )
    crossed = [
        name
        for name in raw
        if name != objects and not _around(name, known) and name not in _around(objects, known)
    ]
    if crossed:
        notes.append(
            f"Crossed with {objects}: {', '.join(crossed)}. A label is taken for the same "
            f"condition throughout. Conditions of each {objects}'s own are nested: "
            f"nested={{'{crossed[0]}': '{objects}'}}."
        )
    return notes


def _check_objects(
    objects: str, facets: Sequence[str], known: Mapping[str, frozenset[str]]
) -> None:
    """Raise DataError for objects that are nested in a facet."""
    inside = [facet for facet in facets if facet in _around(objects, known)]
    if inside:
        raise DataError(
            f"every {objects} occurs with one {inside[0]} only, so that differences between "
            f"{inside[0]}s cannot be told from differences between {objects}s. Leave "
            f"'{inside[0]}' out of facets=; nested={{'{objects}': '{inside[0]}'}} measures both."
        )


def _units(raw: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Codes of the combinations of several factors that occur."""
    codes = raw[names[0]]
    for name in names[1:]:
        codes = np.unique(codes * (raw[name].max() + 1) + raw[name], return_inverse=True)[1]
    return codes


def combined(codes: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Codes of the cells of several factors that occur."""
    return _units(codes, names)


def _check_cells(
    codes: Mapping[str, np.ndarray], values: np.ndarray, score: str, design: Design
) -> None:
    """Raise DataError for constant scores, or several scores in one cell."""
    if np.ptp(values) == 0:
        raise DataError(
            f"the scores '{score}' are all the same, so there is no variance to divide. "
            "Check the column."
        )
    cells = _units(codes, design.factors)
    n_cells = int(cells.max()) + 1
    if n_cells < len(values):
        twice = int((np.bincount(cells) > 1).sum())
        raise DataError(
            f"{counted(twice, 'cell')} of {design.text} {agree(twice, 'holds', 'hold')} more than "
            f"one score ({len(values):,} rows, {n_cells:,} cells). Name the facet that tells them "
            "apart, drop duplicates, or average them."
        )
