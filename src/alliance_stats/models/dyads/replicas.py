"""Simulated studies with the sessions of a real one, fitted by the same model of dyads.

A study has the patients, therapists, sessions, gaps and missing ratings of the data; only the
ratings are drawn anew, from a bivariate autoregressive process without trends. Coefficients are
those of generalised least squares at the variances of the fit to the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from alliance_stats.data.centering import center_within
from alliance_stats.data.lags import previous_rows, strict_rows
from alliance_stats.data.units import Codes, Floats, float_values, unit_codes
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.prediction.new_rows import group_columns, known_groups, read_new_rows
from alliance_stats.lmm.resampling.replicate import with_columns
from alliance_stats.lmm.residual.blocks import read_blocks
from alliance_stats.lmm.residual.covariance import ResidualCovariance
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.effects import SIDES
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.process import Grid, Process, draw_deviations, grid_of

#: Ratings of one member drawn at a time: studies × sessions.
_CHUNK = 1_000_000


@dataclass(frozen=True, eq=False)
class Layout:
    """What all studies of one design share.

    Attributes
    ----------
    grid : Grid
    patient, therapist : ndarray (n,)
        Codes of every session; without therapists None.
    unrated : ndarray (2, n) of bool
        Where the rating of a member is missing.
    earlier : ndarray (n,)
        Row of the earlier session, −1 where there is none.
    """

    grid: Grid
    patient: Codes
    therapist: Codes | None
    unrated: np.ndarray
    earlier: Codes

    @property
    def units(self) -> list[Codes]:
        """Codes of patients, then of therapists."""
        return [self.patient] if self.therapist is None else [self.patient, self.therapist]


@dataclass(frozen=True, eq=False)
class DyadFitter:
    """The model, ready to be fitted to new ratings.

    Attributes
    ----------
    criterion : Criterion
        Of the fit to the data, rows whitened.
    theta : ndarray
        Of the fit.
    covariance : ResidualCovariance
        Of the ordered rows.
    member, session : ndarray (n_rows,)
        Whose row each is (0 or 1), and its row among the sessions.
    columns : ndarray (p, n_rows)
        Fixed columns of the data; those of `places` are replaced.
    places : ndarray (2, 2)
        Place of actor and partner (columns) of each member (rows) among the columns.
    """

    criterion: Criterion
    theta: Floats
    covariance: ResidualCovariance
    member: Codes
    session: Codes
    columns: Floats
    places: Codes

    def fit(self, layout: Layout, ratings: Floats) -> Floats:
        """Coefficients and standard errors (2, 2, 2): member, actor or partner, which of both."""
        within = np.array([center_within(r, layout.patient)["within"] for r in ratings])
        lagged = np.where(layout.earlier >= 0, within[:, layout.earlier], np.nan)
        columns = self.columns.copy()
        for k in range(2):
            own = self.member == k
            for side, place in enumerate(self.places[k]):
                source = k if side == 0 else 1 - k
                columns[place] = np.where(own, lagged[source, self.session], 0.0)
        response = ratings[self.member, self.session]
        white = self.covariance.whiten(np.vstack([columns, response]))
        beta, se = _coefficients(with_columns(self.criterion, white[:-1], white[-1]), self.theta)
        return np.stack([beta[self.places], se[self.places]], axis=-1)


def _coefficients(criterion: Criterion, theta: Floats) -> tuple[Floats, Floats]:
    """β and its standard errors, in the units of the columns, at a given θ."""
    design, profile = criterion.design, criterion.profile(theta)
    beta = design.transform @ profile.beta * design.scale + design.least_squares
    covariance = design.transform @ profile.unscaled @ design.transform.T
    se = np.sqrt(profile.sigma2 * np.diag(covariance)) * design.scale
    return beta, se


def layout_of(prepared: PreparedDyads) -> Layout:
    """The design of a study."""
    wide, roles, step = prepared.wide, prepared.roles, prepared.lag.step
    patient, _ = unit_codes(wide, roles.patient)
    session = float_values(wide, roles.session)
    sort = np.lexsort((session, patient))
    strict = prepared.lag.gap == "strict"
    earlier = (
        strict_rows(patient, session, sort, step) if strict else previous_rows(patient, sort, step)
    )
    return Layout(
        grid=grid_of(patient, session, step, by_rows=not strict),
        patient=patient,
        therapist=None if roles.therapist is None else unit_codes(wide, roles.therapist)[0],
        unrated=np.array([wide[m.predictor].isna().to_numpy() for m in prepared.pair.both]),
        earlier=earlier,
    )


def fitter_of(fit: MixedModelResult, prepared: PreparedDyads) -> DyadFitter:
    """The model of a fit, ready for new ratings."""
    design, residual, frame = fit.criterion.design, fit.residual, prepared.frame
    if residual is None:  # the model of dyads has always one
        raise TypeError("the fit has independent residuals")
    group = known_groups(design.levels[0], frame, group_columns(design)[0])
    blocks = read_blocks(residual.structure, frame, memory=residual.memory, group=group)
    kept = [np.flatnonzero(prepared.keep[name]) for name in prepared.pair.names]
    member = np.repeat([0, 1], [len(rows) for rows in kept])
    names = list(fit.names)
    return DyadFitter(
        criterion=fit.criterion,
        theta=fit.minimum.theta,
        covariance=residual.covariance(blocks),
        member=member[blocks.order],
        session=np.concatenate(kept)[blocks.order],
        columns=read_new_rows(design, frame, random=False).x[:, blocks.order],
        places=np.array([[names.index(m.column(s)) for s in SIDES] for m in prepared.pair.both]),
    )


def simulated_estimates(
    layout: Layout,
    fitter: DyadFitter,
    process: Process,
    levels: list[Floats],
    n: int,
    rng: np.random.Generator,
) -> Floats:
    """Coefficients and errors (n, 2, 2, 2) of n studies; `levels` are roots (2, 2) by unit."""
    return np.array([fitter.fit(layout, r) for r in _studies(layout, process, levels, n, rng)])


def _studies(
    layout: Layout, process: Process, levels: list[Floats], n: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """Ratings (2, sessions) of n studies."""
    size = max(1, min(n, _CHUNK // int(layout.grid.length.sum())))
    for first in range(0, n, size):
        k = min(size, n - first)
        ratings = np.stack(draw_deviations(process, layout.grid, k, rng), axis=1)
        for codes, root in zip(layout.units, levels, strict=True):
            drawn = rng.standard_normal((k, int(codes.max()) + 1, 2)) @ root.T
            known = (codes >= 0)[:, None]
            ratings += (drawn[:, np.maximum(codes, 0)] * known).transpose(0, 2, 1)
        ratings[:, layout.unrated] = np.nan
        yield from ratings
