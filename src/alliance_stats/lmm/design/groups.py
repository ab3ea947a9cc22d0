"""Grouping factors: codes, labels, and whether they nest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError


@dataclass(frozen=True, eq=False)
class Grouping:
    """One grouping factor over the rows, as runs of rows of one group.

    Attributes
    ----------
    name : str
        ``patient``, or ``clinic:patient`` for an interaction.
    runs : ndarray (n_runs,)
        First row of every run.
    of_run : ndarray (n_runs,) of int
        Group of every run, numbered by first appearance.
    n_rows : int
    labels : ndarray (G,)
        Label of every group; a tuple of labels for an interaction.
    """

    name: str
    runs: np.ndarray
    of_run: np.ndarray
    n_rows: int
    labels: np.ndarray

    @property
    def n(self) -> int:
        """Number of groups."""
        return len(self.labels)

    @cached_property
    def codes(self) -> np.ndarray:
        """Group (n,) of every row."""
        return np.repeat(self.of_run, np.diff(self.runs, append=self.n_rows))


def grouping_of(name: str, codes: np.ndarray, labels: np.ndarray) -> Grouping:
    """A factor from the group of every row."""
    runs = _runs(codes)
    return Grouping(name, runs, codes[runs], len(codes), labels)


def factorise(frame: pd.DataFrame, columns: tuple[str, ...]) -> Grouping:
    """Number the groups that `columns` define, by first appearance."""
    found = _of_column(frame[columns[0]])
    for column in columns[1:]:
        inner = _of_column(frame[column])
        joint, pairs = pd.factorize(found.codes.astype(np.int64) * inner.n + inner.codes)
        labels = np.empty(len(pairs), dtype=object)
        labels[:] = [
            (*(a if isinstance(a, tuple) else (a,)), b)
            for a, b in zip(
                found.labels[pairs // inner.n], inner.labels[pairs % inner.n], strict=True
            )
        ]
        found = grouping_of("", joint, labels)
    return replace(found, name=":".join(columns))


def _of_column(column: pd.Series) -> Grouping:
    """The groups of a column; of whole numbers only one a run is looked up, and none if sorted."""
    if not (isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu"):
        codes, labels = pd.factorize(column)
        return grouping_of("", codes, np.asarray(labels, dtype=object))
    values = column.to_numpy()
    runs = _runs(values)
    found = values[runs]
    if (found[1:] > found[:-1]).all():
        return Grouping("", runs, np.arange(len(runs)), len(values), found)
    of_run, found = pd.factorize(found)
    return Grouping("", runs, of_run, len(values), np.asarray(found))


def _runs(values: np.ndarray) -> np.ndarray:
    """First positions of runs of equal values."""
    change = np.empty(len(values), dtype=bool)
    change[:1] = True
    np.not_equal(values[1:], values[:-1], out=change[1:])
    return np.flatnonzero(change)


def parents_of(groupings: Sequence[Grouping]) -> list[np.ndarray] | None:
    """The parent of every group where each factor is nested in the next, else None.

    Parameters
    ----------
    groupings : sequence of Grouping
        Innermost (most groups) first.

    Returns
    -------
    list of ndarray or None
        For every factor but the last, the parent's code of each of its groups.
    """
    parents = []
    for inner, outer in pairwise(groupings):
        parent = _parents(inner, outer)
        if not np.array_equal(parent[inner.codes], outer.codes):
            return None
        parents.append(parent)
    return parents


def _parents(inner: Grouping, outer: Grouping) -> np.ndarray:
    """One of the outer groups with which every inner group occurs."""
    parent = np.zeros(inner.n, dtype=np.intp)
    parent[inner.codes] = outer.codes
    return parent


def crossing_messages(groupings: Sequence[Grouping]) -> list[str]:
    """In plain words, which factors are crossed and for how many groups."""
    messages = []
    for inner, outer in combinations(groupings, 2):
        strays = np.unique(inner.codes[_parents(inner, outer)[inner.codes] != outer.codes])
        if len(strays):
            messages.append(
                f"'{inner.name}' and '{outer.name}' are crossed: {len(strays):,} of "
                f"{counted(inner.n, 'group')} of '{inner.name}' occur with more than one group of "
                f"'{outer.name}'. If labels of '{inner.name}' are reused for other "
                f"groups, write (… | {outer.name}/{inner.name})."
            )
    return messages


def check_enough_groups(grouping: Grouping, n_rows: int, n_columns: int) -> None:
    """Raise DataError where the random effects of a factor cannot be told from the residual."""
    if grouping.n < 2:
        raise DataError(
            f"grouping factor '{grouping.name}' has {counted(grouping.n, 'group')}. "
            "A random effect needs at least 2 groups; leave the term out."
        )
    if grouping.n * n_columns >= n_rows:
        raise DataError(
            f"grouping factor '{grouping.name}' has {grouping.n:,} groups with "
            f"{counted(n_columns, 'random effect')} each, for {counted(n_rows, 'row')}. "
            "The random effects cannot be told from the residual: "
            "use fewer random terms, or data with several rows a group."
        )


@dataclass(frozen=True, eq=False)
class Nesting:
    """Order of every level's groups, first children, and parents in that order."""

    orders: list[np.ndarray]
    starts: list[np.ndarray]
    parents: list[np.ndarray]

    @property
    def rank(self) -> np.ndarray:
        """Place (G,) of every innermost group in that order."""
        return _places(self.orders[0])


def _places(order: np.ndarray) -> np.ndarray:
    """Where each item of an order stands in it."""
    found = np.empty(len(order), dtype=np.intp)
    found[order] = np.arange(len(order))
    return found


def nesting_of(groupings: Sequence[Grouping]) -> Nesting | None:
    """Sort the groups of every level by their parents; None where factors are crossed."""
    raw = parents_of(groupings)
    if raw is None:
        return None
    orders = [np.arange(groupings[-1].n)]
    starts: list[np.ndarray] = []
    parents: list[np.ndarray] = []
    for parent in reversed(raw):
        new_parent = _places(orders[0])[parent]
        order = np.argsort(new_parent, kind="stable")
        orders.insert(0, order)
        parents.insert(0, new_parent[order])
        starts.insert(0, np.flatnonzero(np.diff(new_parent[order], prepend=-1)))
    return Nesting(orders, starts, parents)


def rows_by_group(grouping: Grouping) -> tuple[np.ndarray | None, np.ndarray]:
    """Order that brings the rows of every group together, and each group's first position.

    The order is None where the rows are together already. Groups keep their numbers.
    """
    if len(grouping.runs) == grouping.n:
        return None, grouping.runs
    n = grouping.n_rows
    member = csr_array(  # turning it by columns is a counting sort, faster than sorting
        (np.empty(n, dtype=np.int8), grouping.codes, np.arange(n + 1)), shape=(n, grouping.n)
    ).tocsc()
    return member.indices, member.indptr[:-1]
