"""From a formula, a frame and a residual structure to the problem to be solved."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataError
from alliance_stats.formula.parse import MixedFormula
from alliance_stats.lmm.design.build import Layout, build_ordered
from alliance_stats.lmm.design.groups import Grouping
from alliance_stats.lmm.design.rows import Rows
from alliance_stats.lmm.residual.blocks import (
    Blocks,
    block_grouping,
    check_within,
    class_memory,
    read_blocks,
)
from alliance_stats.lmm.residual.correlation import typical_gap
from alliance_stats.lmm.residual.problem import OrderedRows, ResidualProblem
from alliance_stats.lmm.residual.structure import ResidualStructure

#: Roles are the bits of a number.
MOST_ROLES = 30


def read_problem(
    formula: str | MixedFormula,
    frame: pd.DataFrame,
    structure: ResidualStructure,
    *,
    reml: bool,
    weights: str | None,
    offset: str | None,
) -> ResidualProblem:
    """Check formula, frame and structure against each other, and order the rows.

    Raises
    ------
    DataError
        If a column is absent, a block has a position twice, no block has two rows, or a block is
        not within one group of the innermost random factor; and as `build_design`.
    UnsupportedError
        If factors are crossed.
    """
    read: list[tuple[Blocks, np.ndarray]] = []
    memories = []

    def layout(rows: Rows, groupings: list[Grouping], rank: np.ndarray) -> Layout:
        memories.append(class_memory(structure, rows.frame))
        blocks = read_blocks(structure, rows.frame, memory=memories[0], group=rank)
        grouping = block_grouping(structure, rows.frame)
        if grouping is not None:
            if groupings:
                check_within(grouping, groupings[0])
            _check_blocks(structure, blocks)
        starts = np.flatnonzero(np.diff(rank[blocks.order], prepend=-1))
        read.append((blocks, starts))
        return Layout(blocks.order, starts)

    design, unique = build_ordered(
        formula, frame, layout, also=structure.columns, weights=weights, offset=offset
    )
    (blocks, starts), memory = read[0], memories[0]
    unit = typical_gap(blocks) if structure.kind == "continuous_ar1" else None
    rows = OrderedRows(structure, memory, blocks, unique, starts, unit)
    return ResidualProblem(design, reml, rows)


def _check_blocks(structure: ResidualStructure, blocks: Blocks) -> None:
    """Raise DataError where no two rows are in one block, or a pair of roles never meets."""
    if len(blocks.starts) == blocks.n_rows:
        names = " and ".join(f"'{name}'" for name in structure.within)
        raise DataError(
            f"residual {structure}: no two of {blocks.n_rows:,} rows have the same {names}, so "
            "there is no correlation to estimate. Name in within= what rows of a block share."
        )
    if structure.kind != "unstructured":
        return
    n_roles = int(blocks.roles.max()) + 1
    if n_roles > MOST_ROLES:
        raise DataError(
            f"residual {structure}: '{structure.position}' has {n_roles:,} levels, at most "
            f"{MOST_ROLES} are possible. Is it a column of roles?"
        )
    block = np.repeat(np.arange(len(blocks.starts)), np.diff(blocks.starts, append=blocks.n_rows))
    present = np.zeros((len(blocks.starts), n_roles))
    present[block, blocks.roles] = 1.0
    if (apart := int(np.count_nonzero(present.T @ present == 0)) // 2) > 0:
        raise DataError(
            f"residual {structure}: {apart} of {n_roles * (n_roles - 1) // 2} pairs of levels of "
            f"'{structure.position}' are never in one block, so their correlation cannot be "
            "estimated. Leave a level out."
        )
