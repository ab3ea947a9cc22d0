"""Blocks of random terms and the factors they belong to: joining and splitting matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alliance_stats.lmm.design.mixed_design import Level


def block_sizes(levels: Sequence[Level]) -> list[int]:
    """Number of random effects of every block, the factor with most groups first."""
    return [len(block.names) for level in levels for block in level.blocks]


def one_block_each(levels: Sequence[Level]) -> bool:
    """Whether every factor has one block, which holds all of its columns."""
    return all(
        len(level.blocks) == 1 and len(level.blocks[0].names) == len(level.z) for level in levels
    )


def join_blocks(levels: Sequence[Level], factors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The factors (…, q, q) of blocks joined to one block-diagonal factor a level."""
    remaining = iter(factors)
    found = []
    for level in levels:
        factor = np.zeros((*factors[0].shape[:-2], len(level.z), len(level.z)))
        for block in level.blocks:
            factor[..., block.columns, block.columns] = next(remaining)
        found.append(factor)
    return found


def split_blocks(levels: Sequence[Level], matrices: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The diagonal blocks of matrices (q_l, q_l, …), one a level."""
    return [
        matrix[block.columns, block.columns]
        for level, matrix in zip(levels, matrices, strict=True)
        for block in level.blocks
    ]
