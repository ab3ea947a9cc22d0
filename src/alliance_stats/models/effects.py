"""Tidy rows keyed by effect: within, between, and their contextual differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.inference.contrasts import Ddf

#: The unit whose members an effect compares.
UNITS = {
    "early_alliance": "patient",
    "within": "session",
    "between": "patient",
    "patient_between": "patient",
    "therapist_between": "therapist",
}


class HasContrasts(Protocol):
    """A fit that tests linear combinations of its named coefficients."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        ...

    def contrasts(
        self,
        contrasts: Mapping[str, Mapping[str, float]],
        *,
        conf_level: float = 0.95,
        ddf: Ddf = "satterthwaite",
    ) -> pd.DataFrame:
        """Linear combinations with their tests."""
        ...


def effects_table(
    fit: HasContrasts,
    effects: tuple[tuple[str, str], ...],
    conf_level: float,
    ddf: Ddf,
) -> pd.DataFrame:
    """Tidy rows of a fit keyed by effect, with the contextual differences."""
    weights: dict[str, dict[str, float]] = {column: {column: 1.0} for _, column in effects}
    kinds = [(effect, UNITS[effect]) for effect, _ in effects]
    for (_, lower), (effect, upper) in zip(effects, effects[1:], strict=False):
        weights[f"{upper} - {lower}"] = {upper: 1.0, lower: -1.0}
        kinds.append(("contextual", UNITS[effect]))
    columns = {column for _, column in effects}
    for name in fit.names:
        if name not in columns:
            weights[name] = {name: 1.0}
            kinds.append(("", ""))
    table = fit.contrasts(weights, conf_level=conf_level, ddf=ddf)
    table.insert(0, "effect", [effect for effect, _ in kinds])
    table.insert(1, "unit", [unit for _, unit in kinds])
    return table[["effect", "unit", *TIDY_COLUMNS]]
