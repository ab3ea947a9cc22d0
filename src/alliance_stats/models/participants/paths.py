"""The lagged question in one study: both paths, with the correlation of their errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats.data.units import Floats, unit_codes
from alliance_stats.lmm.prediction.new_rows import read_new_rows
from alliance_stats.models.lagged.equations import CROSS_EFFECTS, Equation
from alliance_stats.models.lagged.result import LaggedResult
from alliance_stats.models.lagged.standardised import path_ratios, within_sds
from alliance_stats.models.participants.study import (
    COEFFICIENTS,
    StudyRows,
    coefficient,
    no_correlations,
)
from alliance_stats.models.prepare import time_term
from alliance_stats.models.timing import before


@dataclass(frozen=True, eq=False)
class Paths:
    """A lagged model of one study. Attribute ``result``: the LaggedResult."""

    result: LaggedResult

    @cached_property
    def _sds(self) -> tuple[float, float]:
        return within_sds(self.result.prepared)

    def coefficients(self) -> pd.DataFrame:
        """Both cross paths."""
        alliance, outcome = self._sds
        ratios = path_ratios(alliance, outcome)
        rows = []
        for equation in self.result.prepared.equations:
            fit, name = self.result.fits[equation.side], equation.cross
            term = f"{equation.response} ~ {name}"
            b, se = coefficient(fit, name)
            effect = equation.cross_effect
            rows.append((effect, "session", term, b, se, alliance, outcome, ratios[effect]))
        return pd.DataFrame(rows, columns=list(COEFFICIENTS))

    def correlation(self) -> Floats:
        """From the two equations' influence of every patient (Zeger & Liang, 1986)."""
        first, second = (self._influence(e) for e in self.result.prepared.equations)
        both = float(first @ second) / np.sqrt(float(first @ first) * float(second @ second))
        return np.array([[1.0, both], [both, 1.0]])

    def _influence(self, equation: Equation) -> Floats:
        """What every patient of the study adds to the error of a path, (patients,).

        (X'V⁻¹X)⁻¹ X_i'(V⁻¹r)_i, where V⁻¹r are the conditional residuals over σ².
        """
        fit, prepared = self.result.fits[equation.side], self.result.prepared
        rows = prepared.rows(equation)
        x = read_new_rows(fit.criterion.design, rows, random=False).x
        left = fit.residuals(rows)["conditional"].to_numpy(dtype=float) / fit.sigma**2
        weights = fit.vcov.loc[equation.cross].to_numpy(dtype=float) @ x
        codes, n = unit_codes(prepared.frame, prepared.roles.patient)
        keep = prepared.keep[equation.side]
        added = np.bincount(codes[keep], weights=weights * left, minlength=n)
        return np.asarray(added, dtype=np.float64)

    def correlations(self) -> pd.DataFrame:
        """None: a path is a coefficient."""
        return no_correlations()

    def rows(self, effect: str) -> StudyRows:
        """The rows of one equation; its other terms are not of interest."""
        prepared, chosen = self.result.prepared, self.result.specification
        side = next(side for side, name in CROSS_EFFECTS.items() if name == effect)
        equation = next(e for e in prepared.equations if e.side == side)
        columns = {"cross": equation.cross, "autoregression": equation.own}
        slopes = {u: [columns[n] for n in names] for u, names in chosen.slopes[side].items()}
        time = time_term(chosen.time, prepared)
        if chosen.time == "patient" and time is not None:
            slopes["patient"] = [*slopes.get("patient", []), time]
        between = [column for _, column in prepared.between(equation)]
        alliance, outcome = self._sds
        own, other = (outcome, alliance) if side == "outcome" else (alliance, outcome)
        return StudyRows(
            frame=prepared.rows(equation),
            response=equation.response,
            column=equation.cross,
            nuisance=(*([] if time is None else [time]), equation.own, *between),
            factor=chosen.time == "factor",
            units=prepared.groups,
            slopes={unit: tuple(names) for unit, names in slopes.items()},
            sds={equation.response: own, equation.own: own, equation.cross: other},
            outcome=(equation.response, equation.own) if side == "outcome" else (equation.cross,),
        )

    @property
    def order(self) -> str:
        """``alliance to outcome: t − 1 to t; outcome to alliance: t to t``."""
        return "; ".join(
            f"{equation.cross_effect.replace('_', ' ')}: {before(equation.lag)} to t"
            for equation in self.result.prepared.equations
        )

    def sizes(self) -> tuple[int, int]:
        """Patients and sessions in one equation or in both."""
        counts = self.result.counts()
        return counts["patient"], counts["session"]
