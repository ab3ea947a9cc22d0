"""The question of parts within and between, in one study."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats.data.units import Floats
from alliance_stats.models.effect_size import component_sds
from alliance_stats.models.effects import UNITS
from alliance_stats.models.participants.study import (
    COEFFICIENTS,
    StudyRows,
    coefficient,
    no_correlations,
)
from alliance_stats.models.prepare import time_term
from alliance_stats.models.within_between.result import AllianceResult


@dataclass(frozen=True, eq=False)
class Parts:
    """A within/between model of one study. Attribute ``result``: the AllianceResult."""

    result: AllianceResult

    def coefficients(self) -> pd.DataFrame:
        """The effect of every part of the alliance."""
        return self._table

    @cached_property
    def _table(self) -> pd.DataFrame:
        fit, prepared = self.result.fit, self.result.prepared
        alliance = component_sds(prepared, prepared.roles.alliance)
        outcome = component_sds(prepared, prepared.roles.outcome)
        rows = []
        for effect, column in prepared.effects:
            b, se = coefficient(fit, column)
            x, y = alliance[effect], outcome[effect]
            ratio = x / y if x > 0 and y > 0 else float("nan")
            rows.append((effect, UNITS[effect], column, b, se, x, y, ratio))
        return pd.DataFrame(rows, columns=list(COEFFICIENTS))

    def correlation(self) -> Floats:
        """Of the coefficients of one model."""
        columns = [column for _, column in self.result.prepared.effects]
        covariance = self.result.fit.vcov.reindex(index=columns, columns=columns).to_numpy(float)
        sd = np.sqrt(np.diag(covariance))
        return np.asarray(covariance / np.outer(sd, sd), dtype=np.float64)

    def correlations(self) -> pd.DataFrame:
        """None: what meta-analyses pool as r is the early alliance and the outcome."""
        return no_correlations()

    def rows(self, effect: str) -> StudyRows:
        """The rows of the model; the other parts are not of interest."""
        prepared, chosen = self.result.prepared, self.result.specification
        columns = dict(prepared.effects)
        slopes = {u: [columns[n] for n in names] for u, names in chosen.slopes.items()}
        time = time_term(chosen.time, prepared)
        if chosen.time == "patient" and time is not None:
            slopes["patient"] = [*slopes.get("patient", []), time]
        others = [column for name, column in prepared.effects if name != effect]
        return StudyRows(
            frame=prepared.frame,
            response=prepared.roles.outcome,
            column=columns[effect],
            nuisance=(*([] if time is None else [time]), *others, *chosen.covariates),
            factor=chosen.time == "factor",
            units=prepared.groups,
            slopes={unit: tuple(names) for unit, names in slopes.items()},
            sds=self._sds(effect),
            outcome=(prepared.roles.outcome,),
        )

    def _sds(self, effect: str) -> dict[str, float]:
        """The outcome in its SD within patients, parts so that b becomes b·SD(x)/SD(y)."""
        table, columns = self._table.set_index("effect"), dict(self.result.prepared.effects)
        within, ratios = table["sd_outcome"].to_dict()["within"], table["per_unit"].to_dict()
        found = {columns[name]: ratios[name] * within for name in {"within", effect}}
        return found | {self.result.prepared.roles.outcome: within}

    @property
    def order(self) -> str:
        """Ratings of one session, in any order."""
        return ""

    def sizes(self) -> tuple[int, int]:
        """Patients and sessions in the model."""
        counts = self.result.prepared.counts()
        return counts["patient"], counts["session"]
