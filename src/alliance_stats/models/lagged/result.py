"""LaggedResult: what two lagged equations say about which of alliance and outcome comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.bias import bias_table
from alliance_stats.models.lagged.effects import EFFECTS, lagged_table
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.lagged.specification import LaggedSpecification


@dataclass(frozen=True, eq=False, repr=False)
class LaggedResult:
    fits: Mapping[str, MixedModelResult]
    prepared: PreparedLags
    specification: LaggedSpecification
    sessions: SessionData
    bias_simulations: int
    seed: int | np.random.SeedSequence
    path: tuple[str, ...] = ()

    @property
    def about_fits(self) -> tuple[str, ...]:
        return tuple(
            f"{e.response}: {text}"
            for e in self.prepared.equations
            for text in self.fits[e.side].about_fit
        )

    @property
    def effects(self) -> pd.DataFrame:
        return self.tidy().head(len(EFFECTS))

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        probability(conf_level, name="conf_level")
        return lagged_table(self.fits, self.prepared, conf_level, ddf)

    @cached_property
    def bias(self) -> pd.DataFrame:
        return bias_table(self.fits, self.prepared, n=self.bias_simulations, rng=self.seed)
