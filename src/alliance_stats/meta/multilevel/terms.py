"""Random terms on the rows of a data set: who belongs to which group, and sums over groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

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
    groups : DataFrame
        What the groups are called: a row a group, the columns of the term.
    inner : array (n,) of int
        Which of the effects of its group a row has; zeros for an intercept.
    levels : tuple of str
        Names of those effects; one empty name for an intercept.
    """

    said: RandomTerm
    structure: Structure
    codes: np.ndarray
    groups: pd.DataFrame
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

    @cached_property
    def indicator(self) -> csr_array:
        """Which of the effects of all groups (groups · m) a row has (n, groups · m)."""
        n, m = len(self.codes), self.structure.m
        where = self.codes * m + self.inner
        shape = (n, len(self.groups) * m)
        return csr_array((np.ones(n), where, np.arange(n + 1)), shape=shape)

    def totals(self, b: np.ndarray) -> np.ndarray:
        """Z'b (groups, m, columns) of b (n, columns)."""
        return (self.indicator.T @ b).reshape(len(self.groups), self.structure.m, b.shape[1])

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
        totals = self.term.totals(b)
        return self.term.back(totals if self.term.is_intercept else self.basis @ totals)


def directions_of(terms: Sequence[Term]) -> tuple[TermDirection, ...]:
    """Q of every natural parameter of every term."""
    return tuple(TermDirection(term, basis) for term in terms for basis in term.structure.bases)


def codes_of(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Groups of equal values in columns that exist, in order of appearance; rows if none do.

    A column that does not exist numbers the rows within the others.
    """
    known = [name for name in columns if name in frame]
    codes = np.zeros(len(frame), dtype=np.int64)
    for name in known:
        values = pd.factorize(frame[name])[0]
        codes = pd.factorize(codes * (values.max() + 1) + values)[0]
    first = np.unique(codes, return_index=True)[1]
    names = frame.loc[:, known].iloc[first].reset_index(drop=True)
    if len(known) < len(columns):
        numbers = pd.Series(codes).groupby(codes).cumcount().to_numpy() + 1
        names = frame.loc[:, known].reset_index(drop=True).assign(**{columns[-1]: numbers})
        codes = np.arange(len(frame))
    return codes, names


def build_term(said: RandomTerm, frame: pd.DataFrame) -> Term:
    """A random term on the rows analysed."""
    codes, groups = codes_of(frame, said.columns)
    inner = np.zeros(len(frame), dtype=np.int64)
    levels: tuple[str, ...] = ("",)
    if said.inner is not None:
        inner, found = pd.factorize(frame[said.inner], sort=True)
        levels = tuple(map(str, found))
    return Term(said, Structure(said.kind, len(levels)), codes, groups, inner, levels)
