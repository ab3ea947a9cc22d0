"""The choices of a panel model of alliance and outcome, and the specification they lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from alliance_stats.models.panel.prepare import PreparedPanel
from alliance_stats.sem.builders import in_groups
from alliance_stats.sem.dynamic_panel import dynamic_panel
from alliance_stats.sem.fit import fit_quietly
from alliance_stats.sem.panel import (
    EQUAL_OVER_TIME,
    Panel,
    cross_lagged_panel,
    growth_panel,
    lagged_paths,
    random_intercept_panel,
    states,
)
from alliance_stats.sem.prepare import group_labels
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.spec import ModelSpec

Model = Literal["ri-clpm", "clpm", "dpm", "lcm-sr"]
Response = Literal["outcome", "alliance"]
CONSTRAINTS = EQUAL_OVER_TIME
LAGGED = ("autoregression", "cross_lagged")
#: Fewest waves of each model, with lagged effects that are equal over time.
LEAST_WAVES = {"ri-clpm": 3, "clpm": 2, "dpm": 3, "lcm-sr": 4}
#: The role of side 0 (x) and side 1 (y) of a panel.
SIDES = ("alliance", "outcome")
#: Effects in the order of the tables, by source and target.
EFFECTS = {
    (0, 1): "alliance_to_outcome",
    (1, 0): "outcome_to_alliance",
    (0, 0): "alliance_autoregression",
    (1, 1): "outcome_autoregression",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """The arguments of a fit that its specification and its estimation depend on."""

    model: Model
    constrain: tuple[str, ...]
    response: Response | None
    missing: Literal["fiml", "complete"]
    estimator: Literal["ml", "mlr"]

    @property
    def is_equal(self) -> bool:
        """Whether all lagged effects are equal over time."""
        return set(LAGGED) <= set(self.constrain)

    @property
    def least_waves(self) -> int:
        """Fewest waves at which the model is identified."""
        return LEAST_WAVES[self.model] + (self.model == "dpm" and not self.is_equal)

    def with_lagged(self, *, equal: bool) -> Choices:
        """The same model with all lagged effects equal over time, or none."""
        others = [name for name in self.constrain if name not in LAGGED]
        wanted = {*others, *(LAGGED if equal else ())}
        return replace(self, constrain=tuple(n for n in CONSTRAINTS if n in wanted))

    def spec(self, panel: Panel) -> ModelSpec:
        """The model of one group."""
        if self.model == "dpm":
            side = SIDES.index(self.response or "outcome")
            return dynamic_panel(panel, response=side, equal=self.constrain)
        build = {
            "ri-clpm": random_intercept_panel,
            "clpm": cross_lagged_panel,
            "lcm-sr": growth_panel,
        }[self.model]
        return build(panel, equal=self.constrain)


@dataclass(frozen=True, slots=True)
class Effect:
    """A lagged path as a row of the tables.

    Attributes
    ----------
    index : int
        Which parameter of the specification it is.
    effect : str
    group : str
    source, target : str
        Columns of the waves.
    label : str
        Effects with the same label are one; "" for one that differs over time.
    """

    index: int
    effect: str
    group: str
    source: str
    target: str
    label: str


def effects_of(spec: ModelSpec, panel: Panel) -> list[Effect]:
    """The lagged paths of a specification, by effect, group and wave."""
    of = panel.sides if states(panel)[0][0] not in spec.latent else states(panel)
    places = {
        (of[p.target][p.target_wave], of[p.source][p.source_wave]): p for p in lagged_paths(panel)
    }
    found = []
    for index, p in enumerate(spec.parameters):
        path = places.get((p.row, p.column)) if p.matrix == "paths" else None
        if path is not None:
            source = panel.sides[path.source][path.source_wave]
            target = panel.sides[path.target][path.target_wave]
            name = EFFECTS[path.source, path.target]
            found.append(Effect(index, name, p.group, source, target, p.label))
    order, groups = list(EFFECTS.values()), list(spec.groups)
    return sorted(found, key=lambda e: (order.index(e.effect), groups.index(e.group), e.index))


def fit_choices(
    prepared: PreparedPanel, choices: Choices, *, equal_groups: bool = False
) -> SemResult:
    """Fit one set of choices; with `equal_groups` lagged effects are the same in all groups."""
    spec, frame = choices.spec(prepared.panel), prepared.frame
    there = frame[list(spec.observed)].notna().to_numpy()
    complete = choices.missing == "complete"
    kept = np.asarray(there.all(axis=1) if complete else there.any(axis=1), dtype=np.bool_)
    if not kept.all():
        frame = frame[kept]
    if prepared.group is not None:
        labels = group_labels(frame, prepared.group)
        spec = in_groups(spec, labels, equal=["regressions"] if equal_groups else [])
    return fit_quietly(
        spec,
        frame,
        groups=prepared.group,
        missing=choices.missing,
        estimator=choices.estimator,
        cluster=prepared.cluster,
    )
