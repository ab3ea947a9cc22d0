"""A smaller model in the columns and groups of a larger one with crossed factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.design.mixed_design import Level, MixedDesign
from alliance_stats.lmm.resampling.crossed_responses import CrossedLaw, ResponseProducts


@dataclass(frozen=True, eq=False)
class Within:
    """How the columns and groups of a smaller model are found in a larger one.

    Made by `within`.

    Attributes
    ----------
    fixed : ndarray (p', p)
        The smaller model's standardised fixed columns as combinations of the larger one's.
    factors : list of int
        Place of every factor of the smaller model in the larger one.
    effects : list of ndarray (q', q)
        For every such factor, its standardised columns as combinations of the larger one's.
    groups : list of ndarray (G,)
        For every such factor, the larger model's place of each of its groups.
    """

    fixed: np.ndarray
    factors: list[int]
    effects: list[np.ndarray]
    groups: list[np.ndarray]

    def law(self, smaller: Criterion, profile: Profile, larger: Criterion) -> CrossedLaw:
        """The smaller model's law of responses, in the larger one's columns and groups."""
        factors = [np.zeros((len(level.z), 0)) for level in larger.design.levels]
        own = smaller.by_level(profile.factors)
        for place, effects, factor in zip(self.factors, self.effects, own, strict=True):
            factors[place] = effects @ factor
        return CrossedLaw(larger, self.fixed @ profile.beta, factors, profile.sigma2)

    def products(self, found: ResponseProducts) -> ResponseProducts:
        """What the smaller model sees of a response, from what the larger one does."""
        parts = zip(self.factors, self.effects, self.groups, strict=True)
        effects = [turn.T @ found.effects[place][:, groups] for place, turn, groups in parts]
        return ResponseProducts(effects, self.fixed.T @ found.fixed, found.square)


def within(smaller: MixedDesign, larger: MixedDesign) -> Within:
    """Find a model in a larger one of the same rows that it is nested in."""
    at = [larger.names.index(name) for name in smaller.names]
    fixed = np.linalg.inv(larger.transform)[:, at] @ smaller.transform
    sets = [frozenset(level.name.split(":")) for level in larger.levels]
    factors = [sets.index(frozenset(level.name.split(":"))) for level in smaller.levels]
    pairs = [
        (level, larger.levels[place]) for level, place in zip(smaller.levels, factors, strict=True)
    ]
    return Within(
        fixed, factors, [_effects(*pair) for pair in pairs], [_groups(*pair) for pair in pairs]
    )


def _effects(smaller: Level, larger: Level) -> np.ndarray:
    """A factor's columns (q', q) as combinations of those in the larger model."""
    found = np.zeros((len(larger.z), len(smaller.z)))
    for block in smaller.blocks:
        whole = next(b for b in larger.blocks if set(block.names) <= set(b.names))
        at = [whole.names.index(name) for name in block.names]
        turn = np.linalg.inv(whole.transform)[:, at] @ block.transform
        found[whole.columns, block.columns] = turn
    return found


def _groups(smaller: Level, larger: Level) -> np.ndarray:
    """The larger model's place (G,) of each group; interactions may be written either way."""
    names = larger.name.split(":")
    order = [names.index(name) for name in smaller.name.split(":")]
    labels = larger.labels.tolist()
    if len(order) > 1:
        labels = [tuple(label[k] for k in order) for label in labels]
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places[label] for label in smaller.labels.tolist()])
