"""The columns of the fixed and the random part of a model, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula.columns import INTERCEPT, design_columns
from alliance_stats.formula.memory import ColumnMemory
from alliance_stats.formula.parse import MixedFormula, RandomTerm


@dataclass(frozen=True, eq=False)
class UniqueColumns:
    """The columns of the fixed and the random part, each once.

    Attributes
    ----------
    names : tuple of str (m − 1,)
    arrays : list of ndarray (n,)
    p : int
        The first p columns are the fixed effects.
    blocks : list of list of int
        Positions of the columns of every random term.
    memories : tuple of ColumnMemory
        What gives the same columns for other rows, the fixed ones first.
    """

    names: tuple[str, ...]
    arrays: list[np.ndarray]
    p: int
    blocks: list[list[int]]
    memories: tuple[ColumnMemory, ...]

    def without(self, gone: Sequence[str]) -> UniqueColumns:
        """The same without some fixed effects; columns that random terms use stay."""
        kept = [j for j in range(self.p) if self.names[j] not in gone]
        wanted = {j for block in self.blocks for j in block}
        rest = [j for j in range(len(self.names)) if j not in kept and (j >= self.p or j in wanted)]
        order = kept + rest
        return UniqueColumns(
            tuple(self.names[j] for j in order),
            [self.arrays[j] for j in order],
            len(kept),
            [[order.index(j) for j in block] for block in self.blocks],
            self.memories,
        )


def random_terms(formula: MixedFormula) -> list[RandomTerm]:
    """The random terms with ``||`` written out: ``(1 + x || g)`` is ``(1 | g) + (0 + x | g)``."""
    return [part for term in formula.random for part in _correlated(term)]


def _correlated(term: RandomTerm) -> list[RandomTerm]:
    if term.correlated:
        return [term]
    alone = [RandomTerm(True, (), term.group)] if term.intercept else []
    return [*alone, *(RandomTerm(False, (slope,), term.group) for slope in term.terms)]


def unique_columns(
    formula: MixedFormula, random: Sequence[RandomTerm], frame: pd.DataFrame
) -> UniqueColumns:
    """The fixed columns, then those that only random terms use."""
    fixed = design_columns(formula.fixed.terms, formula.fixed.intercept, frame)
    names = list(fixed.names)
    arrays, memories = list(fixed.columns), [fixed.memory]
    blocks = [_block(term, frame, names, arrays, memories) for term in random]
    return UniqueColumns(tuple(names), arrays, len(fixed.names), blocks, tuple(memories))


def _block(
    term: RandomTerm,
    frame: pd.DataFrame,
    names: list[str],
    arrays: list[np.ndarray],
    memories: list[ColumnMemory],
) -> list[int]:
    """Positions of a random term's columns among the unique ones, which grow as needed."""
    wanted = [INTERCEPT] * term.intercept + [str(t) for t in term.terms]
    if all(name in names for name in wanted):
        return [names.index(name) for name in wanted]
    found = design_columns(term.terms, term.intercept, frame)
    memories.append(found.memory)
    for name, column in zip(found.names, found.columns, strict=True):
        if name not in names:
            names.append(name)
            arrays.append(column)
        elif not np.array_equal(arrays[names.index(name)], column):
            raise FormulaError(
                f"two different columns of the design are named '{name}'. "
                "Rename a column of the data."
            )
    return [names.index(name) for name in found.names]
