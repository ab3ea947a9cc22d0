"""How one model extends another: by fixed effects, by one variance, by a slope, or more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from alliance_stats.lmm.design.mixed_design import ModelDesign

#: What the larger model adds. ``covariances``: no effect, but correlations between effects.
#: ``residual``: parameters of a residual structure, with fixed effects or without.
Kind = Literal["fixed", "variance", "slope", "covariances", "residual", "several"]

Effects = frozenset[str]

#: A word on the test of an autoregression in continuous time.
AT_ZERO = (
    "ρ in continuous time is between 0 and 1, and 0 in the smaller model, at the end of what it "
    "can be: the p value is cautious"
)


@dataclass(frozen=True)
class Extension:
    """What a model adds to one that is nested in it.

    Attributes
    ----------
    kind : str
    group : str
        The grouping factor of an added variance, slope or covariance.
    r : int
        For a slope: random effects of its block before it.
    n_fixed, n_covariance, n_residual : int
        Fixed effects, variances and covariances, and residual parameters that were added.
    continuous : bool
        Whether an autoregression in continuous time was added.
    """

    kind: Kind
    group: str
    r: int
    n_fixed: int
    n_covariance: int
    n_residual: int = 0
    continuous: bool = False

    @property
    def df(self) -> int:
        """Number of parameters that were added."""
        return self.n_fixed + self.n_covariance + self.n_residual


def extension(smaller: ModelDesign, larger: ModelDesign) -> Extension | None:
    """What `larger` adds to `smaller`; None where `smaller` is not nested in it.

    Fixed effects are compared by the names of their columns, random ones by factor and block: a
    block of the smaller model must lie within one block of the larger one.
    """
    if not set(smaller.names) <= set(larger.names):
        return None
    before, after = _blocks(smaller), _blocks(larger)
    if any(not any(e <= other for other in after.get(group, [])) for group, e in _pairs(before)):
        return None
    n_fixed = len(larger.names) - len(smaller.names)
    n_covariance = _count(after) - _count(before)
    changed = [(g, e) for g, e in _pairs(after) if e not in before.get(g, [])]
    if not _residual_nested(smaller, larger):
        return None
    n_residual = larger.n_residual - smaller.n_residual
    if not n_fixed and not changed and not n_residual:
        return None
    kind, group, r = _kind(before, changed)
    if n_fixed or n_residual:
        kind = "several" if changed else "residual" if n_residual else "fixed"
    continuous = _correlated_in(larger) == "continuous_ar1" != _correlated_in(smaller)
    return Extension(kind, group, r, n_fixed, n_covariance, n_residual, continuous)


def _residual_nested(smaller: ModelDesign, larger: ModelDesign) -> bool:
    """Whether the residuals of the smaller model are a case of the larger one's."""
    if smaller.residual is None:
        return True
    if larger.residual is None:
        return False
    one, other = smaller.residual.structure, larger.residual.structure
    if one.kind != "variance_by" and replace(one, classes=other.classes) != other:
        return False
    return one.classes is None or one.classes == other.classes


def _correlated_in(design: ModelDesign) -> str:
    return "" if design.residual is None else design.residual.structure.kind


def shown_model(design: ModelDesign) -> str:
    """The formula, with the residual structure if there is one."""
    structure = design.residual.structure if design.residual else None
    return f"{design.formula}; {structure}" if structure else str(design.formula)


def same_model(one: ModelDesign, other: ModelDesign) -> bool:
    """Whether two models have the same fixed effects, blocks of random ones and residuals."""
    blocks = [
        {group: frozenset(effects) for group, effects in _blocks(d).items()} for d in (one, other)
    ]
    structures = [d.residual.structure if d.residual else None for d in (one, other)]
    return (
        set(one.names) == set(other.names)
        and blocks[0] == blocks[1]
        and structures[0] == structures[1]
    )


def _kind(
    before: dict[frozenset[str], list[Effects]], changed: list[tuple[frozenset[str], Effects]]
) -> tuple[Kind, str, int]:
    """What the changed blocks of the larger model are."""
    if not changed:
        return "fixed", "", 0
    group = ":".join(sorted(changed[0][0]))
    inside = [[old for old in before.get(g, []) if old <= e] for g, e in changed]
    new = [len(e) - sum(map(len, old)) for (_, e), old in zip(changed, inside, strict=True)]
    if not any(new):
        return "covariances", group, 0
    if len(changed) == 1 and new == [1]:
        if not inside[0]:
            return "variance", group, 0
        if len(inside[0]) == 1:
            return "slope", group, len(inside[0][0])
    return "several", group, 0


def _blocks(design: ModelDesign) -> dict[frozenset[str], list[Effects]]:
    """The effects of every block, by grouping factor."""
    return {
        frozenset(level.name.split(":")): [frozenset(block.names) for block in level.blocks]
        for level in design.levels
    }


def _pairs(blocks: dict[frozenset[str], list[Effects]]) -> list[tuple[frozenset[str], Effects]]:
    return [(group, effects) for group, found in blocks.items() for effects in found]


def _count(blocks: dict[frozenset[str], list[Effects]]) -> int:
    return sum(len(e) * (len(e) + 1) // 2 for _, e in _pairs(blocks))
