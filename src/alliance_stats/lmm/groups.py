"""Grouping factors: codes, labels, and the order in which they nest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError, UnsupportedError


@dataclass(frozen=True, eq=False)
class Grouping:
    """One grouping factor over the rows.

    Attributes
    ----------
    name : str
        ``patient``, or ``clinic:patient`` for an interaction.
    codes : ndarray (n,) of int
        Group of every row, numbered by first appearance.
    labels : ndarray (G,) of object
        Label of every group; a tuple of labels for an interaction.
    """

    name: str
    codes: np.ndarray
    labels: np.ndarray

    @property
    def n(self) -> int:
        """Number of groups."""
        return len(self.labels)


def factorise(frame: pd.DataFrame, columns: tuple[str, ...]) -> Grouping:
    """Number the groups that `columns` define, by first appearance."""
    codes, labels = _codes(frame[columns[0]])
    for column in columns[1:]:
        inner, inner_labels = _codes(frame[column])
        joint, pairs = pd.factorize(codes.astype(np.int64) * len(inner_labels) + inner)
        outer = labels[pairs // len(inner_labels)]
        codes, labels = joint, np.empty(len(pairs), dtype=object)
        labels[:] = [
            (*(a if isinstance(a, tuple) else (a,)), b)
            for a, b in zip(outer, inner_labels[pairs % len(inner_labels)], strict=True)
        ]
    return Grouping(":".join(columns), codes, labels)


def _codes(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    codes, labels = pd.factorize(column)
    return codes, np.asarray(labels, dtype=object)


def nest(groupings: Sequence[Grouping]) -> list[np.ndarray]:
    """Check that every factor is nested in the next; return the parent of every group.

    Parameters
    ----------
    groupings : sequence of Grouping
        Innermost (most groups) first.

    Returns
    -------
    list of ndarray
        For every factor but the last, the parent's code of each of its groups.

    Raises
    ------
    UnsupportedError
        If a group occurs within several groups of the next factor (crossed factors).
    """
    parents = []
    for inner, outer in zip(groupings, groupings[1:], strict=False):
        parent = np.zeros(inner.n, dtype=np.intp)
        parent[inner.codes] = outer.codes
        strays = np.unique(inner.codes[parent[inner.codes] != outer.codes])
        if len(strays):
            raise UnsupportedError(
                f"'{inner.name}' is not nested in '{outer.name}': {len(strays):,} of "
                f"{counted(inner.n, 'group')} of '{inner.name}' occur with more than one group of "
                f"'{outer.name}'. Crossed random effects are not available yet; if the labels of "
                f"'{inner.name}' are reused across '{outer.name}', "
                f"write (… | {outer.name}/{inner.name})."
            )
        parents.append(parent)
    return parents


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


def nesting_of(groupings: Sequence[Grouping]) -> Nesting:
    """Sort the groups of every level by their parents, outermost level first."""
    raw = nest(groupings)
    orders = [np.arange(groupings[-1].n)]
    starts: list[np.ndarray] = []
    parents: list[np.ndarray] = []
    for parent in reversed(raw):
        position = np.empty(len(orders[0]), dtype=np.intp)
        position[orders[0]] = np.arange(len(orders[0]))
        new_parent = position[parent]
        order = np.argsort(new_parent, kind="stable")
        orders.insert(0, order)
        parents.insert(0, new_parent[order])
        starts.insert(0, np.flatnonzero(np.diff(new_parent[order], prepend=-1)))
    return Nesting(orders, starts, parents)
