"""A measurement design: what crosses and what nests, and which variances follow (Brennan, 2001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

Effect = frozenset[str]


@dataclass(frozen=True, slots=True)
class Design:
    """Factors of a measurement design.

    Attributes
    ----------
    factors : tuple of str
        All factors, in the order of print.
    objects : frozenset of str
        What is measured: the objects of measurement and what they are nested in.
    parents : mapping of str to frozenset of str
        Every factor that a factor is nested in, directly or not; empty sets for crossed ones.
    fixed : frozenset of str
        Facets whose conditions are all there are.
    """

    factors: tuple[str, ...]
    objects: frozenset[str]
    parents: Mapping[str, frozenset[str]]
    fixed: frozenset[str] = frozenset()

    @property
    def facets(self) -> tuple[str, ...]:
        """The factors that are not measured but measured with."""
        return tuple(factor for factor in self.factors if factor not in self.objects)

    def closed(self, members: Effect) -> Effect:
        """The members and all that they are nested in."""
        return frozenset(members.union(*(self.parents[factor] for factor in members)))

    @property
    def effects(self) -> tuple[Effect, ...]:
        """All sets of factors that hold what their members are nested in, small ones first."""
        found = [
            frozenset(chosen)
            for size in range(1, len(self.factors) + 1)
            for chosen in combinations(self.factors, size)
        ]
        return tuple(effect for effect in found if self.closed(effect) == effect)

    def name(self, effect: Effect) -> str:
        """``patient × rater:task``: a colon stands for *within*."""
        outer = frozenset().union(*(self.parents[factor] for factor in effect))
        inner = [factor for factor in self.factors if factor in effect - outer]
        named = [factor for factor in self.factors if factor in outer]
        shown = " × ".join(inner)
        return f"{shown}:{' × '.join(named)}" if named else shown

    @property
    def text(self) -> str:
        """The design in the field's notation: ``patient × (rater:task)``."""
        inner = [f for f in self.factors if not any(f in self.parents[g] for g in self.factors)]
        inner.sort(key=lambda f: not self.closed(frozenset([f])) & self.objects)
        parts = [self._chain(factor) for factor in inner]
        if len(parts) == 1:
            return parts[0]
        return " × ".join(f"({part})" if ":" in part else part for part in parts)

    def _chain(self, factor: str) -> str:
        """A factor with all that it is nested in: ``rater:task`` or ``item:(task × rater)``."""
        parents = self.parents[factor]
        if not parents:
            return factor
        direct = [
            f
            for f in self.factors
            if f in parents and not any(f in self.parents[g] for g in parents)
        ]
        chains = [self._chain(parent) for parent in direct]
        return f"{factor}:{chains[0]}" if len(chains) == 1 else f"{factor}:({' × '.join(chains)})"


def make_design(
    objects: str,
    facets: Sequence[str],
    nested: Mapping[str, frozenset[str]],
    fixed: Sequence[str] = (),
) -> Design:
    """A design from the objects, the facets and what each factor is directly nested in.

    What the objects are nested in is measured with them, unless it is a facet.
    """
    around = [parent for parent in sorted(_all_parents(objects, nested)) if parent not in facets]
    factors = (*around, objects, *facets)
    parents = {factor: _all_parents(factor, nested) for factor in factors}
    return Design(factors, frozenset((objects, *around)), parents, frozenset(fixed))


def _all_parents(factor: str, nested: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(nested.get(factor, ()))
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(nested.get(parent, ()))
    return frozenset(found)
