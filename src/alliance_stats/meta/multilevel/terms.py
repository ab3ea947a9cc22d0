"""Random terms on the rows of a data set: who belongs to which group, and sums over groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from alliance_stats.meta.multilevel.partitions import Partition, partition_of
from alliance_stats.meta.multilevel.random import RandomTerm
from alliance_stats.meta.multilevel.structures import Structure


@dataclass(frozen=True, eq=False)
class Term:
    """One random term.

    Attributes
    ----------
    said : RandomTerm
    structure : Structure
    codes : array (n,) of int
        Group of every row.
    n_groups : int
    named : GroupNames
        What the groups are called.
    inner : array (n,) of int
        Which of the effects of its group a row has; zeros for an intercept.
    levels : tuple of str
        Names of those effects; one empty name for an intercept.
    """

    said: RandomTerm
    structure: Structure
    codes: np.ndarray
    n_groups: int
    named: GroupNames
    inner: np.ndarray
    levels: tuple[str, ...]

    @property
    def label(self) -> str:
        """As in `RandomTerm`."""
        return self.said.label

    @property
    def is_intercept(self) -> bool:
        """Whether a group has one effect."""
        return self.said.inner is None

    @property
    def groups(self) -> pd.DataFrame:
        """What the groups are called: a row a group, the columns of the term."""
        return self.named.frame

    @cached_property
    def partition(self) -> Partition | None:
        """The groups as rows that stand together; None where they do not."""
        found = partition_of(self.codes)
        return found if len(found) == len(np.unique(self.codes)) else None

    @cached_property
    def indicator(self) -> csr_array:
        """Which of the effects of all groups (groups · m) a row has (n, groups · m)."""
        n, m = len(self.codes), self.structure.m
        where = self.codes * m + self.inner
        shape = (n, self.n_groups * m)
        return csr_array((np.ones(n), where, np.arange(n + 1)), shape=shape)

    def totals(self, b: np.ndarray) -> np.ndarray:
        """Z'b (groups, m, columns) of b (n, columns)."""
        return (self.indicator.T @ b).reshape(self.n_groups, self.structure.m, b.shape[1])

    def back(self, effects: np.ndarray) -> np.ndarray:
        """Z times effects (groups, m, columns): (n, columns)."""
        return np.asarray(effects[self.codes, self.inner])

    def matrices(self, rows: np.ndarray) -> list[np.ndarray]:
        """Q_a (J, s, s) of blocks of rows (J, s), for every natural parameter."""
        codes, inner = self.codes[rows], self.inner[rows]
        joined = (codes[:, :, None] == codes[:, None, :]).astype(float)
        if self.is_intercept:
            return [joined]
        pair = inner[:, :, None], inner[:, None, :]
        return [joined * basis[pair] for basis in self.structure.bases]


@dataclass(frozen=True, eq=False)
class TermDirection:
    """Q_a of one natural parameter of a term."""

    term: Term
    basis: np.ndarray

    def times(self, b: np.ndarray) -> np.ndarray:
        """Q_a b (n, m)."""
        term = self.term
        if term.is_intercept and term.partition is not None:
            return term.partition.spread(term.partition.sums(b))
        totals = term.totals(b)
        return term.back(totals if term.is_intercept else self.basis @ totals)


def directions_of(terms: Sequence[Term]) -> tuple[TermDirection, ...]:
    """Q of every natural parameter of every term."""
    return tuple(TermDirection(term, basis) for term in terms for basis in term.structure.bases)


@dataclass(frozen=True, eq=False)
class GroupNames:
    """What groups are called.

    Attributes
    ----------
    rows : DataFrame
        The rows analysed.
    columns : tuple of str
        Those that name a group; the last may be none of `rows`.
    codes : array (n,) of int
    """

    rows: pd.DataFrame
    columns: tuple[str, ...]
    codes: np.ndarray

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row a group, the columns of the term."""
        first = np.unique(self.codes, return_index=True)[1]
        known = [name for name in self.columns if name in self.rows]
        names = self.rows.loc[:, known].iloc[first].reset_index(drop=True)
        if len(known) == len(self.columns):
            return names
        numbers = names.groupby(known).cumcount() + 1 if known else np.arange(len(names)) + 1
        return names.assign(**{self.columns[-1]: numbers})


def codes_of(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Groups of equal values in columns, in order of appearance; a column that is not there
    numbers the rows within the others, so that every row is a group.
    """
    if any(name not in frame for name in columns):
        return np.arange(len(frame))
    codes = pd.factorize(frame[columns[0]])[0].astype(np.int64)
    for name in columns[1:]:
        values = pd.factorize(frame[name])[0]
        codes = pd.factorize(codes * (int(values.max()) + 1) + values)[0].astype(np.int64)
    return np.asarray(codes)


def build_term(said: RandomTerm, frame: pd.DataFrame) -> Term:
    """A random term on the rows analysed."""
    codes = codes_of(frame, said.columns)
    named = GroupNames(frame, said.columns, codes)
    inner = np.zeros(len(frame), dtype=np.int64)
    levels: tuple[str, ...] = ("",)
    if said.inner is not None:
        inner, found = pd.factorize(frame[said.inner], sort=True)
        levels = tuple(map(str, found))
    structure = Structure(said.kind, len(levels))
    return Term(said, structure, codes, int(codes.max()) + 1, named, inner, levels)
