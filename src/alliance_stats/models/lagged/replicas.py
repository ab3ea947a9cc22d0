"""Simulated studies with the sessions of a real one, fitted by the same two equations.

A study has the patients, therapists, sessions, gaps and missing ratings of the data; only the
ratings are drawn anew. Columns are made as for the data: centred on all ratings of the patient,
then lagged. Random slopes are estimated where the model has them and do not vary in truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alliance_stats.data.centering import center_within
from alliance_stats.data.lags import previous_rows, strict_rows
from alliance_stats.data.units import Codes, Floats, float_values, unit_codes
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.minimum import search
from alliance_stats.lmm.prediction.new_rows import group_columns, known_groups, read_new_rows
from alliance_stats.lmm.resampling.refits import interior
from alliance_stats.lmm.resampling.replicate import with_columns
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.equations import Equation
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.process import Grid, Process, draw_deviations, grid_of
from alliance_stats.numeric.optimise import drive

#: Ratings of one side drawn at a time: studies × sessions.
_CHUNK = 1_000_000


@dataclass(frozen=True, eq=False)
class Layout:
    """What all studies of one design share.

    Attributes
    ----------
    grid : Grid
    patient, therapist : ndarray (n,)
        Codes of every session; without therapists None.
    unrated : dict of str to ndarray (n,) of bool
        Where the rating of a side is missing.
    earlier : ndarray (n,)
        Row of the session `step` before, −1 where there is none.
    """

    grid: Grid
    patient: Codes
    therapist: Codes | None
    unrated: dict[str, np.ndarray]
    earlier: Codes


@dataclass(frozen=True, eq=False)
class Levels:
    """SDs between units: of the alliance, and of the outcome given the alliance.

    `slopes` are the outcome's coefficients on the alliance's levels; patients first everywhere.
    """

    alliance: tuple[float, ...]
    outcome: tuple[float, ...]
    slopes: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class EquationFitter:
    """One equation of the model, ready to be fitted to new ratings.

    Attributes
    ----------
    equation : Equation
    criterion : Criterion
        Of the fit to the data.
    start : ndarray
        θ to start from.
    rows : ndarray (n_equation,)
        Rows of the equation, sorted as its cross-products are.
    columns : ndarray (p, n_equation)
        Fixed columns of the data; those of `places` are replaced.
    places : dict of str to int
        Place of ``own``, ``cross`` and the parts between among the columns.
    """

    equation: Equation
    criterion: Criterion
    start: Floats
    rows: Codes
    columns: Floats
    places: dict[str, int]

    def fit(self, layout: Layout, ratings: Mapping[str, Floats]) -> Floats:
        """Cross path, its standard error, and the autoregression; NaN where there is no fit."""
        parts = {
            side: center_within(values, layout.patient, layout.therapist)
            for side, values in ratings.items()
        }
        other = "alliance" if self.equation.side == "outcome" else "outcome"
        made = {
            "own": parts[self.equation.side]["within"][layout.earlier],
            "cross": parts[other]["within"][layout.earlier]
            if self.equation.lag
            else parts[other]["within"],
        } | {effect: part for effect, part in parts[other].items() if effect != "within"}
        columns = self.columns.copy()
        for name, place in self.places.items():
            columns[place] = made[name][self.rows]
        return self._estimates(columns, ratings[self.equation.side][self.rows])

    def _estimates(self, columns: Floats, response: Floats) -> Floats:
        criterion = with_columns(self.criterion, columns, response)
        try:
            minimum = drive(search(criterion, self.start), criterion.expand)
        except np.linalg.LinAlgError:
            return np.full(3, np.nan)
        result = MixedModelResult("", criterion, minimum)
        if not minimum.converged or not np.isfinite(minimum.deviance):
            return np.full(3, np.nan)
        beta, vcov = result.beta.to_numpy(), result.vcov.to_numpy()
        cross, own = self.places["cross"], self.places["own"]
        return np.array([beta[cross], np.sqrt(vcov[cross, cross]), beta[own]])


def layout_of(prepared: PreparedLags) -> Layout:
    """The design of a study."""
    frame, roles = prepared.frame, prepared.roles
    patient, _ = unit_codes(frame, roles.patient)
    session = float_values(frame, roles.session)
    sort = np.lexsort((session, patient))
    strict = prepared.gap == "strict"
    earlier = (
        strict_rows(patient, session, sort, prepared.step)
        if strict
        else previous_rows(patient, sort, prepared.step)
    )
    return Layout(
        grid=grid_of(patient, session, prepared.step, by_rows=not strict),
        patient=patient,
        therapist=None if roles.therapist is None else unit_codes(frame, roles.therapist)[0],
        unrated={
            "outcome": frame[roles.outcome].isna().to_numpy(),
            "alliance": frame[roles.alliance].isna().to_numpy(),
        },
        earlier=earlier,
    )


def fitter_of(fit: MixedModelResult, prepared: PreparedLags, equation: Equation) -> EquationFitter:
    """The equation of a fit, ready for new ratings."""
    design, frame = fit.criterion.design, prepared.rows(equation)
    group = known_groups(design.levels[0], frame, group_columns(design)[0])
    order = np.argsort(group, kind="stable")
    columns = {"own": equation.own, "cross": equation.cross} | dict(prepared.between(equation))
    names = list(fit.names)
    return EquationFitter(
        equation=equation,
        criterion=fit.criterion,
        start=interior(fit.minimum.theta, fit.criterion.sizes),
        rows=np.flatnonzero(prepared.keep[equation.side])[order],
        columns=read_new_rows(design, frame, random=False).x[:, order],
        places={key: names.index(column) for key, column in columns.items() if column in names},
    )


def simulated_estimates(
    layout: Layout,
    fitters: list[EquationFitter],
    process: Process,
    levels: Levels,
    n: int,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Estimates (n, 3) of n studies, by side: cross path, its standard error, autoregression."""
    found: dict[str, list[Floats]] = {fitter.equation.side: [] for fitter in fitters}
    size = max(1, min(n, _CHUNK // int(layout.grid.length.sum())))
    for first in range(0, n, size):
        k = min(size, n - first)
        outcome, alliance = draw_deviations(process, layout.grid, k, rng)
        of_outcome, of_alliance = _draw_levels(layout, levels, k, rng)
        outcome += of_outcome
        alliance += of_alliance
        outcome[:, layout.unrated["outcome"]] = np.nan
        alliance[:, layout.unrated["alliance"]] = np.nan
        for y, x in zip(outcome, alliance, strict=True):
            for fitter in fitters:
                ratings = {"outcome": y, "alliance": x}
                found[fitter.equation.side].append(fitter.fit(layout, ratings))
    return {side: np.array(rows) for side, rows in found.items()}


def _draw_levels(
    layout: Layout, levels: Levels, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Levels of outcome and alliance at every session (n, rows), patients' and therapists'."""
    outcome = np.zeros((n, len(layout.patient)))
    alliance = np.zeros_like(outcome)
    units = [layout.patient] if layout.therapist is None else [layout.patient, layout.therapist]
    for codes, sd_x, sd_y, slope in zip(
        units, levels.alliance, levels.outcome, levels.slopes, strict=True
    ):
        x, y = rng.standard_normal((2, n, int(codes.max()) + 1))
        at, known = np.maximum(codes, 0), codes >= 0
        alliance += sd_x * x[:, at] * known
        outcome += (slope * sd_x * x + sd_y * y)[:, at] * known
    return outcome, alliance
