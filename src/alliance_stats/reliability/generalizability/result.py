"""GStudyResult: components and coefficients of a generalizability study as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.reliability.generalizability.coefficients import (
    coefficient_row,
    known_covariance,
    measurement_weights,
)
from alliance_stats.reliability.generalizability.components import Components, component_table
from alliance_stats.reliability.generalizability.design import Design
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

_INTERVALS = {
    "ting": "Ting's",
    "profile": "profile-likelihood",
    "satterthwaite": "Satterthwaite's",
}


@dataclass(frozen=True, eq=False, repr=False)
class GStudyResult:
    """Variance components and coefficients of a measurement.

    Made by `g_study`. Nothing is rounded.

    Attributes
    ----------
    score, objects : str
        Columns of the scores and of what is measured.
    design : Design
        What crosses and what nests; ``design.text`` in the field's notation.
    estimated : Components
        Estimates on arrays.
    n : mapping of str to float
        Conditions of each facet per object, for which the coefficients are.
    counts : mapping of str to int
        Units seen, by factor.
    n_obs, n_dropped : int
        Scores used, and rows left out.
    conf_level : float
    notes, messages : tuple of str
        What was found about nesting; what a reader must know.
    """

    score: str
    objects: str
    design: Design
    estimated: Components
    n: Mapping[str, float]
    counts: Mapping[str, int]
    n_obs: int
    n_dropped: int
    conf_level: float
    notes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", MappingProxyType(dict(self.n)))
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))

    @property
    def method(self) -> str:
        """``ANOVA`` or ``REML``."""
        return "REML" if self.estimated.mean_square is None else "ANOVA"

    @cached_property
    def components(self) -> pd.DataFrame:
        """Variance components, one row an effect.

        Columns ``effect variance share se ci_low ci_high``, and from mean squares ``df
        mean_square``. Shares are of the components with negative ones set to zero.
        """
        found = self.estimated
        names = [self.design.name(effect) for effect in found.effects]
        frame = component_table(names, found.variance, found.se, found.low, found.high)
        if found.mean_square is not None:
            frame["df"] = found.mean_square_df
            frame["mean_square"] = found.mean_square
        return frame

    @cached_property
    def coefficients(self) -> ReliabilityResult:
        """G and Phi as a result."""
        rows = rows_of(self, self.design, self.n)
        return ReliabilityResult(
            kind="g_study",
            title=f"Generalizability of {self.score}: {self.design.text}",
            terms=coefficient_rows(rows),
            counts=self.counts,
            n_dropped=self.n_dropped,
            conf_level=self.conf_level,
            notes=(*self._about_numbers(), *self.notes),
            messages=self.messages,
            tables={"Variance components": self.components},
        )

    def _about_numbers(self) -> list[str]:
        numbers = ", ".join(f"{n:.4g} of {facet}" for facet, n in self.n.items())
        fixed = [facet for facet in self.design.facets if facet in self.design.fixed]
        notes = [
            f"G and Phi are of the mean over these conditions: {numbers}. G counts errors that "
            f"change the order of {self.objects}s, Phi all errors; sem is the SD of the error.",
            f"Components by {self.method} with {_INTERVALS[self.estimated.intervals]} intervals; "
            "intervals of the coefficients by the delta method on the logit.",
        ]
        if fixed:
            notes.append(f"Fixed: {', '.join(fixed)}. Nothing is claimed of other conditions.")
        return notes

    def value(self, term: str) -> float:
        """The coefficient ``"G"`` or ``"Phi"``."""
        return self.coefficients.value(term)

    def tidy(self) -> pd.DataFrame:
        """G and Phi, one row each, with the standard error of measurement ``sem``."""
        return self.coefficients.tidy()

    def glance(self) -> pd.DataFrame:
        """One row: the design, the method, what it rests on."""
        frame = self.coefficients.glance()
        frame.insert(0, "method", self.method)
        frame.insert(0, "design", self.design.text)
        frame.insert(2, "n_obs", self.n_obs)
        return frame

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return self.coefficients.view()

    def __repr__(self) -> str:
        return repr(self.coefficients)

    def _repr_html_(self) -> str:
        return self.coefficients._repr_html_()


def rows_of(study: GStudyResult, design: Design, n: Mapping[str, float]) -> list[dict[str, object]]:
    """Rows of G and Phi for a measurement with these numbers of conditions."""
    found = study.estimated
    covariance = known_covariance(found.covariance)
    weights = measurement_weights(found.effects, design, n)
    rows: list[dict[str, object]] = []
    for term, error in weights.errors().items():
        row = coefficient_row(weights.universe, error, found.kept, covariance, study.conf_level)
        rows.append({"term": term, **row})
    return rows
