"""Simulated studies with the sessions of a real one, fitted by the same two equations.

A study has the patients, therapists, sessions, gaps and missing ratings of the data; only the
ratings are drawn anew. Columns are made as for the data: centred on all ratings of the patient,
then lagged. Random slopes are estimated where the model has them and do not vary in truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alliance_stats.data.lags import previous_rows, strict_rows
from alliance_stats.data.units import Codes, Floats, float_values, unit_codes
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import roots, unpack
from alliance_stats.lmm.prediction.new_rows import group_columns, known_groups, read_new_rows
from alliance_stats.lmm.resampling.own_columns import OwnColumns, fit_together, mean_theta
from alliance_stats.lmm.resampling.refits import CACHE, interior
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.equations import Equation
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.process import Grid, Process, draw_deviations, grid_of
from alliance_stats.models.study_centring import Centring, centring_of

#: Ratings of one side drawn at a time: studies × sessions.
_CHUNK = 1_000_000
#: Predicted decrease of the deviance that is left at the end of a fit. θ is then within a
#: twentieth of its standard error, and the paths, which hardly depend on θ, far nearer: their
#: mean over studies moves by less than a hundredth of its Monte Carlo error.
TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Layout:
    """What all studies of one design share.

    Attributes
    ----------
    grid : Grid
    patient, therapist : ndarray (n,)
        Codes of every session; without therapists None.
    centring : dict of str to Centring
        Of the ratings of each side, where they are not missing.
    earlier : ndarray (n,)
        Row of the session `step` before, −1 where there is none.
    """

    grid: Grid
    patient: Codes
    therapist: Codes | None
    centring: dict[str, Centring]
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

    def fit(
        self,
        layout: Layout,
        ratings: Mapping[str, Floats],
        start: Floats,
        *,
        tolerance: float = TOLERANCE,
    ) -> tuple[Floats, Floats]:
        """Fit the equation to ratings (n, studies) of both sides.

        Returns
        -------
        found : ndarray (studies, 3)
            Cross path, its standard error, and the autoregression; NaN where there is no fit.
        theta : ndarray (k,)
            Of the mean covariances: a start for studies of the same kind.
        """
        data = OwnColumns(self.criterion, ratings["outcome"].shape[1], weighted=False)
        data.fill_all(self._columns(layout, ratings), ratings[self.equation.side][self.rows])
        sizes = self.criterion.sizes
        first = roots(unpack(interior(start, sizes), sizes))
        ends = fit_together(data, first, tolerance=tolerance)
        cross, own = self.places["cross"], self.places["own"]
        found = np.column_stack([ends.beta[:, cross], ends.se[:, cross], ends.beta[:, own]])
        found[~ends.converged] = np.nan
        used = ends.entries[ends.converged]
        return found, mean_theta(self.criterion, used) if len(used) else start

    def _columns(self, layout: Layout, ratings: Mapping[str, Floats]) -> Floats:
        """The fixed columns (p, n_equation, studies)."""
        side = self.equation.side
        other = "alliance" if side == "outcome" else "outcome"
        before = layout.earlier[self.rows]
        crossing = before if self.equation.lag else self.rows
        own, _ = layout.centring[side].parts(ratings[side], within=before, between=before)
        cross, between = layout.centring[other].parts(
            ratings[other], within=crossing, between=self.rows
        )
        made = {"own": own, "cross": cross} | between
        columns = np.empty((*self.columns.shape, own.shape[1]))
        columns[:] = self.columns[..., None]
        for name, place in self.places.items():
            columns[place] = made[name]
        return columns


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
    therapist = None if roles.therapist is None else unit_codes(frame, roles.therapist)[0]
    columns = {"outcome": roles.outcome, "alliance": roles.alliance}
    return Layout(
        grid=grid_of(patient, session, prepared.step, by_rows=not strict),
        patient=patient,
        therapist=therapist,
        centring={
            side: centring_of(patient, therapist, frame[column].notna().to_numpy())
            for side, column in columns.items()
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
        start=fit.minimum.theta,
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
    starts = {fitter.equation.side: fitter.start for fitter in fitters}
    size = max(1, min(n, _CHUNK // int(layout.grid.length.sum())))
    for first in range(0, n, size):
        k = min(size, n - first)
        outcome, alliance = draw_deviations(process, layout.grid, k, rng)
        of_outcome, of_alliance = _draw_levels(layout, levels, k, rng)
        outcome += of_outcome
        alliance += of_alliance
        together = max(1, CACHE // len(outcome))
        for at in range(0, k, together):
            some = slice(at, at + together)
            ratings = {
                "outcome": np.ascontiguousarray(outcome[:, some]),
                "alliance": np.ascontiguousarray(alliance[:, some]),
            }
            for fitter in fitters:
                side = fitter.equation.side
                rows, starts[side] = fitter.fit(layout, ratings, starts[side])
                found[side].append(rows)
    return {side: np.concatenate(rows) for side, rows in found.items()}


def _draw_levels(
    layout: Layout, levels: Levels, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Levels of outcome and alliance at every session (rows, n), patients' and therapists'."""
    outcome = np.zeros((len(layout.patient), n))
    alliance = np.zeros_like(outcome)
    units = [layout.patient] if layout.therapist is None else [layout.patient, layout.therapist]
    for codes, sd_x, sd_y, slope in zip(
        units, levels.alliance, levels.outcome, levels.slopes, strict=True
    ):
        x, y = rng.standard_normal((2, n, int(codes.max()) + 1))
        known = np.flatnonzero(codes >= 0)
        alliance[known] += (sd_x * x.T)[codes[known]]
        outcome[known] += (slope * sd_x * x.T + sd_y * y.T)[codes[known]]
    return outcome, alliance
