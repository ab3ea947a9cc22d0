"""What design columns take from the rows they were made of, kept for new rows; holds no row."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats.formula.coding import Parts
from alliance_stats.formula.terms import Factor


@dataclass(frozen=True, slots=True)
class FactorMemory:
    """What one factor took from its column.

    Attributes
    ----------
    factor : Factor
    names : tuple of str
        Names of its numeric columns, or of its levels, the reference first.
    levels : tuple of str
        Labels of the levels of a categorical factor in the order of `names`, else empty.
    constants : tuple of float
        For ``scale``, ``poly`` and ``bs`` the numbers computed from all rows.
    """

    factor: Factor
    names: tuple[str, ...]
    levels: tuple[str, ...] = ()
    constants: tuple[float, ...] = ()

    @property
    def n_levels(self) -> int:
        """Number of levels, 0 for a numeric factor."""
        return len(self.levels)


@dataclass(frozen=True, slots=True)
class ColumnMemory:
    """What `same_columns` needs to compute the same design columns for other rows.

    Attributes
    ----------
    names : tuple of str
        Names of the design columns.
    term_of_column : tuple of int
        For every column the position of its term, -1 for the intercept.
    intercept : bool
        Whether the first column is the intercept.
    factors : tuple of FactorMemory
    parts : tuple of tuple of (int, int)
        Every column but the intercept as a product: number of the factor, and which of its
        columns or levels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.formula import design_columns, parse_formula
    >>> frame = pd.DataFrame({"wai": [4.0, 5.0, 6.0], "arm": ["cbt", "pdt", "cbt"]})
    >>> fixed = parse_formula("phq9 ~ scale(wai) + arm").fixed
    >>> memory = design_columns(fixed.terms, fixed.intercept, frame).memory
    >>> [factor.constants or factor.levels for factor in memory.factors]
    [(5.0, 1.0), ('cbt', 'pdt')]
    """

    names: tuple[str, ...]
    term_of_column: tuple[int, ...]
    intercept: bool
    factors: tuple[FactorMemory, ...]
    parts: tuple[Parts, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All data columns used, each once."""
        return tuple(dict.fromkeys(memory.factor.column for memory in self.factors))
