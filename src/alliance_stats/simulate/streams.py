"""Independent streams of random numbers, one for each part of a simulation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alliance_stats._base.random import RandomSource, as_generator


class Streams(NamedTuple):
    """One generator a part, so that more draws in one part leave the other parts as they were.

    The order of the fields is the order of spawning: add new ones at the end only, or every
    file made with a fixed seed changes.
    """

    caseloads: np.random.Generator
    lengths: np.random.Generator
    missed: np.random.Generator
    therapists: np.random.Generator
    patients: np.random.Generator
    sessions: np.random.Generator
    ratings: np.random.Generator
    improvement: np.random.Generator
    intake: np.random.Generator
    days: np.random.Generator
    styles: np.random.Generator
    dropout: np.random.Generator
    dyads: np.random.Generator
    changes: np.random.Generator
    arms: np.random.Generator
    closing: np.random.Generator


def spawn_streams(rng: RandomSource) -> Streams:
    """Streams seeded by 256 bits drawn from `rng`; a Generator is advanced by these only."""
    return Streams(*spawned(rng, len(Streams._fields)))


class StudyStreams(NamedTuple):
    """The streams of `simulate_process_study`: those of sessions first, new ones at the end only.

    With one seed both functions share all draws of their common parts.
    """

    shared: Streams
    treatments: np.random.Generator
    before: np.random.Generator
    motivation: np.random.Generator
    adherence: np.random.Generator
    observers: np.random.Generator


def spawn_study_streams(rng: RandomSource) -> StudyStreams:
    """The streams of `simulate_process_study`."""
    common = len(Streams._fields)
    streams = spawned(rng, common + len(StudyStreams._fields) - 1)
    return StudyStreams(Streams(*streams[:common]), *streams[common:])


class ItemStreams(NamedTuple):
    """One generator a part of `simulate_items`; new ones at the end only."""

    therapists: np.random.Generator
    patients: np.random.Generator
    sessions: np.random.Generator
    unique_patients: np.random.Generator
    unique_sessions: np.random.Generator
    missed: np.random.Generator
    missing: np.random.Generator
    structure: np.random.Generator


def spawn_item_streams(rng: RandomSource) -> ItemStreams:
    """The streams of `simulate_items`."""
    return ItemStreams(*spawned(rng, len(ItemStreams._fields)))


class EffectStreams(NamedTuple):
    """One generator a part of `simulate_studies`; new ones at the end only."""

    studies: np.random.Generator
    effects: np.random.Generator
    reliabilities: np.random.Generator
    between: np.random.Generator
    within: np.random.Generator
    sampling: np.random.Generator
    selection: np.random.Generator
    reports: np.random.Generator


def spawn_effect_streams(rng: RandomSource) -> EffectStreams:
    """The streams of `simulate_studies`."""
    return EffectStreams(*spawned(rng, len(EffectStreams._fields)))


def spawned(rng: RandomSource, n: int) -> list[np.random.Generator]:
    """`n` independent generators seeded by 256 bits drawn from `rng`."""
    entropy = as_generator(rng).integers(0, 2**32, size=8, dtype=np.uint32)
    root = np.random.SeedSequence([int(word) for word in entropy])
    return [np.random.default_rng(child) for child in root.spawn(n)]
