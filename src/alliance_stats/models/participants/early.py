"""The question of the early alliance, in one study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats.data.units import Floats
from alliance_stats.meta.studies import MEASURE
from alliance_stats.models.outcome.result import OutcomeResult
from alliance_stats.models.participants.study import COEFFICIENTS, StudyRows, coefficient

EFFECT, UNIT = "early_alliance", "patient"


@dataclass(frozen=True, eq=False)
class Early:
    """A model of early alliance and outcome of one study. Attribute ``result``."""

    result: OutcomeResult

    def coefficients(self) -> pd.DataFrame:
        """The effect of the early alliance."""
        fit, sizes = self.result.fit, self.result.effect_sizes().iloc[0]
        name = self.result.prepared.early
        alliance, outcome = float(sizes["sd_alliance"]), float(sizes["sd_outcome"])
        b, se = coefficient(fit, name)
        row = (EFFECT, UNIT, name, b, se, alliance, outcome, alliance / outcome)
        return pd.DataFrame([row], columns=list(COEFFICIENTS))

    def correlation(self) -> Floats:
        """There is one effect."""
        return np.ones((1, 1))

    def correlations(self) -> pd.DataFrame:
        """Fisher's z of the zero-order and of the partial correlation, positive = better."""
        tables = [
            self.result.to_effect(kind=kind).assign(scale=kind)
            for kind in ("zero-order", "partial")
        ]
        found = pd.concat(tables, ignore_index=True).assign(effect=EFFECT, unit=UNIT)
        return found[["effect", "unit", "scale", "yi", "vi", MEASURE]]

    def rows(self, effect: str) -> StudyRows:
        """One row a patient, the early alliance centred at the study's mean."""
        prepared, sizes = self.result.prepared, self.result.effect_sizes().iloc[0]
        frame = prepared.frame.copy()
        frame[prepared.early] -= frame[prepared.early].mean()
        therapist = prepared.roles.therapist
        return StudyRows(
            frame=frame,
            response=prepared.post,
            column=prepared.early,
            nuisance=prepared.controls,
            factor=False,
            units={} if therapist is None else {"therapist": (therapist,)},
            slopes={},
            sds={
                prepared.post: float(sizes["sd_outcome"]),
                prepared.early: float(sizes["sd_alliance"]),
            },
            outcome=(prepared.post,),
        )

    @property
    def order(self) -> str:
        """Early ratings come before the outcome in every study."""
        return ""

    def sizes(self) -> tuple[int, int]:
        """Patients in the model, which are its rows."""
        n = self.result.prepared.counts()["patient"]
        return n, n
