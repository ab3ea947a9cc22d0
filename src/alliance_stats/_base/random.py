"""Random numbers: one argument ``rng`` everywhere, never global state (SPEC 7)."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.errors import ArgumentError

RandomSource = int | np.random.SeedSequence | np.random.Generator


def as_generator(rng: RandomSource) -> np.random.Generator:
    """Turn an int, SeedSequence or Generator into a Generator; anything else is refused."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, np.random.SeedSequence) or (
        isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0
    ):
        return np.random.default_rng(rng)
    raise ArgumentError(
        f"rng={rng!r} cannot seed random numbers. "
        "Give a non-negative integer, a numpy SeedSequence or a numpy Generator."
    )


def seed_of(rng: RandomSource) -> int | np.random.SeedSequence:
    """Random numbers as a value that a result can keep: of a Generator, a seed taken at once."""
    as_generator(rng)  # refuses what cannot seed
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    return rng
