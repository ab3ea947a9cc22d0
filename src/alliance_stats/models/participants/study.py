"""What every question tells about one study: its coefficients, and rows for a joint model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from alliance_stats.models.lagged.result import LaggedResult
from alliance_stats.models.outcome.result import OutcomeResult
from alliance_stats.models.within_between.result import AllianceResult

StudyResult = LaggedResult | OutcomeResult | AllianceResult
Scale = Literal["raw", "standardised", "zero-order", "partial"]

#: Columns of `StudyFit.coefficients`.
COEFFICIENTS = (
    "effect", "unit", "term", "estimate", "se", "sd_alliance", "sd_outcome", "per_unit",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class StudyRows:
    """The rows of one study in the model of one effect, and what is in it.

    Attributes
    ----------
    frame : DataFrame
        Complete rows.
    response, column : str
        What is predicted, and the column whose coefficient is the effect.
    nuisance : tuple of str
        Further fixed columns.
    factor : bool
        Whether the first of them is time with one mean a session.
    units : dict of str to tuple of str
        Columns of the grouping factors, patients first.
    slopes : dict of str to tuple of str
        Columns whose coefficients vary, by unit.
    sds : dict of str to float
        What columns are divided by to be standardised; others keep their units.
    outcome : tuple of str
        Columns that hold the outcome, turned where its direction is another one.
    """

    frame: pd.DataFrame
    response: str
    column: str
    nuisance: tuple[str, ...]
    factor: bool
    units: Mapping[str, tuple[str, ...]]
    slopes: Mapping[str, tuple[str, ...]]
    sds: Mapping[str, float]
    outcome: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every column, in the same order in every study; those of groups last."""
        groups = (column for columns in self.units.values() for column in columns)
        return tuple(dict.fromkeys((self.response, self.column, *self.nuisance, *groups)))


class _Fit(Protocol):
    """A fit with named coefficients."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        ...

    @property
    def beta(self) -> pd.Series:
        """Coefficients."""
        ...

    @property
    def vcov(self) -> pd.DataFrame:
        """Their covariance matrix."""
        ...


def coefficient(fit: _Fit, name: str) -> tuple[float, float]:
    """A coefficient and its standard error; NaN for one that was dropped from the model."""
    if name not in fit.names:
        return float("nan"), float("nan")
    place = fit.names.index(name)
    variance = fit.vcov.to_numpy(dtype=float)[place, place]
    return float(fit.beta.to_numpy()[place]), float(np.sqrt(variance))


class StudyFit(Protocol):
    """The model of a question in one study."""

    @property
    def result(self) -> StudyResult:
        """The result as the question's own function gives it."""
        ...

    def coefficients(self) -> pd.DataFrame:
        """Effects of the alliance: `COEFFICIENTS`; ``per_unit`` turns b into standard units."""
        ...

    def correlation(self) -> np.ndarray:
        """Correlations of the sampling errors of the coefficients."""
        ...

    def correlations(self) -> pd.DataFrame:
        """Effects that are correlations: ``effect unit scale yi vi es_measure``; may be empty."""
        ...

    def rows(self, effect: str) -> StudyRows:
        """The rows of the model of one effect."""
        ...

    @property
    def order(self) -> str:
        """Sessions between predictor and what it predicts, which must be the same everywhere."""
        ...

    def sizes(self) -> tuple[int, int]:
        """Patients and sessions (patients, where a patient is one row) in the model."""
        ...


def no_correlations() -> pd.DataFrame:
    """The frame of a question whose effects are coefficients only."""
    return pd.DataFrame(columns=["effect", "unit", "scale", "yi", "vi", "es_measure"])
