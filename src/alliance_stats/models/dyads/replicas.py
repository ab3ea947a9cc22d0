"""Simulated studies with the sessions of a real one, fitted by the same model of dyads.

A study has the patients, therapists, sessions, gaps and missing ratings of the data; only the
ratings are drawn anew, from a bivariate autoregressive process without trends. The residuals'
variances and correlation are held at those of the fit; the other variances are estimated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.data.lags import previous_rows, strict_rows
from alliance_stats.data.units import Codes, Floats, float_values, unit_codes
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import roots, unpack
from alliance_stats.lmm.prediction.new_rows import group_columns, known_groups, read_new_rows
from alliance_stats.lmm.resampling.own_columns import OwnColumns, fit_together, mean_theta
from alliance_stats.lmm.resampling.refits import CACHE, interior
from alliance_stats.lmm.residual.blocks import read_blocks
from alliance_stats.lmm.residual.covariance import ResidualCovariance
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.effects import SIDES
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.process import Grid, Process, draw_deviations, grid_of
from alliance_stats.models.study_centring import Centring, centring_of

#: Ratings of one member drawn at a time: studies × sessions.
_CHUNK = 1_000_000
#: Predicted decrease of the deviance that is left at the end of a fit, as for lagged models.
TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Layout:
    """What all studies of one design share.

    Attributes
    ----------
    grid : Grid
    patient, therapist : ndarray (n,)
        Codes of every session; without therapists None.
    centring : tuple of Centring
        Of either member's ratings.
    earlier : ndarray (n,)
        Row of the earlier session, −1 where there is none.
    """

    grid: Grid
    patient: Codes
    therapist: Codes | None
    centring: tuple[Centring, Centring]
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
    start : ndarray
        θ of the fit.
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
    start: Floats
    covariance: ResidualCovariance
    member: Codes
    session: Codes
    columns: Floats
    places: Codes

    def fit(
        self, layout: Layout, ratings: Floats, start: Floats, *, tolerance: float = TOLERANCE
    ) -> tuple[Floats, Floats]:
        """Fit the model to ratings (2, n, studies) of both members.

        Returns
        -------
        found : ndarray (studies, 2, 2, 2)
            By member, and actor or partner: coefficient and standard error; NaN without a fit.
        theta : ndarray (k,)
            Of the mean covariances: a start for studies of the same kind.
        """
        n = ratings.shape[-1]
        white = self.covariance.whiten(self._columns(layout, ratings).reshape(-1, len(self.member)))
        white = white.reshape(-1, n, len(self.member)).transpose(0, 2, 1)
        data = OwnColumns(self.criterion, n, weighted=False)
        data.fill_all(white[:-1], white[-1])
        sizes = self.criterion.sizes
        ends = fit_together(data, roots(unpack(interior(start, sizes), sizes)), tolerance=tolerance)
        found = np.stack([ends.beta[:, self.places], ends.se[:, self.places]], axis=-1)
        found[~ends.converged] = np.nan
        used = ends.entries[ends.converged]
        return found, mean_theta(self.criterion, used) if len(used) else start

    def _columns(self, layout: Layout, ratings: Floats) -> Floats:
        """The fixed columns and the response (p + 1, studies, n_rows)."""
        p, n_rows = self.columns.shape
        columns = np.empty((p + 1, ratings.shape[-1], n_rows))
        columns[:-1] = self.columns[:, None]
        for k in range(2):
            own = np.flatnonzero(self.member == k)
            before = layout.earlier[self.session[own]]
            for source, place in zip((k, 1 - k), self.places[k], strict=True):
                within, _ = layout.centring[source].parts(
                    ratings[source], within=before, between=before
                )
                columns[place] = 0.0
                columns[place, :, own] = within
        columns[-1] = ratings[self.member, self.session].T
        return columns


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
    therapist = None if roles.therapist is None else unit_codes(wide, roles.therapist)[0]
    first, second = (
        centring_of(patient, None, wide[member.predictor].notna().to_numpy())
        for member in prepared.pair.both
    )
    grid = grid_of(patient, session, step, by_rows=not strict)
    return Layout(grid, patient, therapist, (first, second), earlier)


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
        start=fit.minimum.theta,
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
    found, start = [], fitter.start
    size = max(1, min(n, _CHUNK // int(layout.grid.length.sum())))
    for first in range(0, n, size):
        ratings = _studies(layout, process, levels, min(size, n - first), rng)
        together = max(1, CACHE // ratings.shape[1])
        for at in range(0, ratings.shape[-1], together):
            some = np.ascontiguousarray(ratings[..., at : at + together])
            rows, start = fitter.fit(layout, some, start)
            found.append(rows)
    return np.concatenate(found)


def _studies(
    layout: Layout, process: Process, levels: list[Floats], n: int, rng: np.random.Generator
) -> Floats:
    """Ratings (2, sessions, n) of n studies."""
    ratings = np.stack(draw_deviations(process, layout.grid, n, rng))
    for codes, root in zip(layout.units, levels, strict=True):
        drawn = np.einsum("ab,bun->aun", root, rng.standard_normal((2, int(codes.max()) + 1, n)))
        known = np.flatnonzero(codes >= 0)
        ratings[:, known] += drawn[:, codes[known]]
    return ratings
