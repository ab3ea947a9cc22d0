"""Moderators of effect sizes: from the text of a formula to design columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError, DataError, FormulaError
from alliance_stats.formula import (
    ColumnMemory,
    FixedPart,
    design_columns,
    parse_formula,
    quote_name,
    same_columns,
)
from alliance_stats.numeric.least_squares import column_rank

INTERCEPT_ONLY = FixedPart(intercept=True, terms=())


@dataclass(frozen=True, eq=False)
class Moderators:
    """The design matrix of moderators.

    Attributes
    ----------
    fixed : FixedPart
        The terms.
    x : array (k, p)
        Read-only.
    names : tuple of str
        ``(Intercept)``, ``year``, ``format[group]`` …
    term_of_column : tuple of int
        For every column the position of its term, -1 for the intercept.
    memory : ColumnMemory
        Computes the same columns of other rows (`columns_for`).
    """

    fixed: FixedPart
    x: np.ndarray
    names: tuple[str, ...]
    term_of_column: tuple[int, ...]
    memory: ColumnMemory

    def columns_for(self, frame: pd.DataFrame) -> np.ndarray:
        """The design columns (rows, p) of other rows, such as the values to predict at."""
        return same_columns(self.memory, frame).matrix


def read_moderators(mods: str | Sequence[str] | None, *, yi: str = "yi") -> FixedPart:
    """The terms of moderators of column `yi`, from ``"year + format"`` or a list of columns.

    Examples
    --------
    >>> from alliance_stats.meta.moderators import read_moderators
    >>> str(read_moderators("~ year * format")), str(read_moderators(["year of print"]))
    ('year + format + year:format', '`year of print`')
    """
    if mods is None:
        return INTERCEPT_ONLY
    if not isinstance(mods, str):
        mods = " + ".join(_listed(mods))
    text = mods.strip().removeprefix("~").strip()
    if not text:
        raise ArgumentError(
            "mods is empty. Name the moderators, as in mods='year + format', or leave mods out."
        )
    formula = parse_formula(f"{quote_name(yi)} ~ {text}")
    if formula.random:
        raise FormulaError(
            f"mods holds a random term: {formula.random[0]}. Moderators are fixed; random effects "
            "go into random= of fit_meta_multilevel."
        )
    if not (formula.fixed.terms or formula.fixed.intercept):
        raise FormulaError("mods leaves no column at all. Keep the intercept or a moderator.")
    return formula.fixed


def _listed(mods: Sequence[str]) -> list[str]:
    """Columns of a list, as they stand in a formula."""
    if not (isinstance(mods, list | tuple) and mods and all(isinstance(m, str) for m in mods)):
        raise ArgumentError(
            f"mods={mods!r} is no formula and no list of column names. Write mods='year + format' "
            "or mods=['year', 'format']."
        )
    return [quote_name(name) for name in mods]


def columns_of(fixed: FixedPart) -> tuple[str, ...]:
    """The data columns that the terms use, each once."""
    factors = (factor for term in fixed.terms for factor in term.factors)
    return tuple(dict.fromkeys(factor.column for factor in factors))


def build_moderators(fixed: FixedPart, frame: pd.DataFrame) -> Moderators:
    """The design of complete rows; moderators that do not vary or repeat others are refused."""
    _refuse_constant(fixed, frame)
    design = design_columns(fixed.terms, fixed.intercept, frame)
    x = design.matrix
    if len(x) <= x.shape[1]:
        raise DataError(
            f"{len(x)} effect sizes cannot tell {x.shape[1]} coefficients apart: "
            f"{name_list(design.names)}. Use fewer moderators."
        )
    if column_rank(x) < x.shape[1]:
        raise DataError(
            f"some moderators follow from the others: {name_list(design.names)}. "
            "Leave out the one that says nothing of its own."
        )
    return Moderators(fixed, x, design.names, design.term_of_column, design.memory)


def _refuse_constant(fixed: FixedPart, frame: pd.DataFrame) -> None:
    constant = [name for name in columns_of(fixed) if frame[name].nunique() < 2]
    if constant and fixed.intercept:
        raise DataError(
            f"moderators that do not vary over the {len(frame)} effect sizes analysed: "
            f"{name_list(constant)}. Leave them out."
        )
