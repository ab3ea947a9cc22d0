"""From a residual structure and rows to ordered blocks: gaps in time, roles, classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, numeric_column
from alliance_stats._base.errors import DataError
from alliance_stats.formula.memory import FactorMemory
from alliance_stats.formula.read import read_again, read_factor
from alliance_stats.formula.terms import Factor
from alliance_stats.lmm.design.groups import Grouping, factorise
from alliance_stats.lmm.residual.structure import ResidualStructure


@dataclass(frozen=True, eq=False)
class Blocks:
    """Rows brought into the order of groups, blocks and positions.

    All arrays but `order` are in that order.

    Attributes
    ----------
    order : ndarray (n,)
        Where every row stood.
    starts : ndarray (B,)
        First row of every block.
    gaps : ndarray (n,)
        Time since the row before in the block; 0 at the first row of a block. Empty unless the
        structure has time.
    roles : ndarray (n,) of int
        Role of every row; empty unless the structure has roles.
    classes : ndarray (n,) of int
        Class of variance of every row.
    """

    order: np.ndarray
    starts: np.ndarray
    gaps: np.ndarray
    roles: np.ndarray
    classes: np.ndarray

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.order)


def class_memory(structure: ResidualStructure, frame: pd.DataFrame) -> FactorMemory | None:
    """The levels that differ in variance, the reference first; None where all rows are alike."""
    if structure.classes is None:
        return None
    return read_factor(frame, Factor(structure.classes, "C")).memory


def block_grouping(structure: ResidualStructure, frame: pd.DataFrame) -> Grouping | None:
    """The blocks as a grouping of the rows; None where every row is its own block."""
    return factorise(frame, structure.within) if structure.within else None


def read_blocks(
    structure: ResidualStructure,
    frame: pd.DataFrame,
    *,
    memory: FactorMemory | None,
    group: np.ndarray,
) -> Blocks:
    """Order complete rows by `group` (n,), block and position.

    Raises
    ------
    DataError
        If a block has the same position twice, a time is not a number (for ``ar1`` not a whole
        one), or a level was not fitted.
    """
    n = len(frame)
    classes = _codes(frame, memory)
    grouping = block_grouping(structure, frame)
    if grouping is None:
        order = np.argsort(group, kind="stable")
        empty = np.empty(0)
        return Blocks(order, np.arange(n), empty, empty.astype(int), classes[order])
    position = classes if structure.kind == "unstructured" else _times(structure, frame)
    order = np.lexsort((position, grouping.codes, group))
    codes, sorted_position = grouping.codes[order], position[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    step = np.diff(sorted_position, prepend=0)
    step[starts] = 0
    again = step == 0
    again[starts] = False
    _refuse_repeated(structure, int(np.count_nonzero(again)), order[again])
    if structure.kind == "unstructured":
        return Blocks(order, starts, np.empty(0), sorted_position, classes[order])
    return Blocks(order, starts, step, np.empty(0, dtype=int), classes[order])


def _codes(frame: pd.DataFrame, memory: FactorMemory | None) -> np.ndarray:
    """Position (n,) of every row's level among the fitted ones."""
    if memory is None:
        return np.zeros(len(frame), dtype=np.intp)
    codes = read_again(frame, memory).codes
    return np.zeros(len(frame), dtype=np.intp) if codes is None else codes


def _times(structure: ResidualStructure, frame: pd.DataFrame) -> np.ndarray:
    name = str(structure.position)
    numeric_column(frame, name, what="time column")
    times = frame[name].to_numpy(dtype=float)
    broken = np.flatnonzero(times != np.round(times))
    if structure.kind == "ar1" and len(broken):
        raise DataError(
            f"ar1 counts sessions, and column '{name}' is no whole number in "
            f"{counted(len(broken), 'row')} of {len(times):,}, first at row {broken[0]} "
            "(counted from 0, of the rows used). Give the number of the session, or use "
            "continuous_ar1 for time."
        )
    return times


def _refuse_repeated(structure: ResidualStructure, n: int, rows: np.ndarray) -> None:
    if n:
        raise DataError(
            f"residual {structure}: {counted(n, 'row')} {agree(n, 'has', 'have')} a "
            f"'{structure.position}' that their block of "
            f"{' and '.join(repr(name) for name in structure.within)} already has, first at row "
            f"{int(rows.min())} (counted from 0, of the rows used). Remove doubled rows, or name "
            "in within= every column that tells blocks apart."
        )


def check_within(blocks: Grouping, outer: Grouping) -> None:
    """Raise DataError unless every residual block lies in one group of a random factor."""
    parent = np.zeros(blocks.n, dtype=np.intp)
    parent[blocks.codes] = outer.codes
    stray = len(np.unique(blocks.codes[parent[blocks.codes] != outer.codes]))
    if stray:
        raise DataError(
            f"residual blocks are to lie within the groups of the innermost random factor: "
            f"{stray:,} of {counted(blocks.n, 'block')} of '{blocks.name}' "
            f"{agree(stray, 'has', 'have')} rows in more than one group of '{outer.name}'. Name "
            f"the columns of '{outer.name}' in within= too."
        )
