"""Refits of a meta-analysis to many subsets of its effect sizes, in pieces that stay in cache.

REML and ML begin near the solution of all studies. As a likelihood can have several maxima, that of
every subset is first looked at over a grid of τ²: the sums it needs are those over all studies
minus those left out, so that a point of the grid costs no more for all subsets than for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.univariate.between import GRID
from alliance_stats.meta.univariate.fits import Fits, fit_many
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.kernel import data_sets

#: Effect sizes of all subsets that are fitted at once, at most.
CELLS = 30_000
#: Smallest eigenvalue of Q'Q of a subset, Q orthonormal over all studies, that counts as full rank.
RANK = 1e-10


@dataclass(frozen=True, eq=False)
class Refits:
    """What was fitted to n subsets; NaN where a subset cannot be fitted.

    Attributes
    ----------
    beta : array (n, p)
    covariance : array (n, p, p)
        Of the coefficients.
    of_all : array (n, p, p)
        (X'WX)⁻¹ of all studies with the weights 1/(v + τ²) of the subset, times `s2`.
    s2 : array (n,)
        What the covariance is multiplied by: 1 unless tests are Knapp–Hartung's.
    tau2, i2, h2, q, df : array (n,)
        As in `Fits`.
    k : array (n,)
        Effect sizes of the subset.
    converged : array (n,)
        1 where τ² was found to its tolerance.
    """

    beta: np.ndarray
    covariance: np.ndarray
    of_all: np.ndarray
    s2: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    h2: np.ndarray
    q: np.ndarray
    df: np.ndarray
    k: np.ndarray
    converged: np.ndarray

    @property
    def defined(self) -> np.ndarray:
        """Which subsets could be fitted, (n,)."""
        return ~np.isnan(self.tau2)

    @property
    def se(self) -> np.ndarray:
        """Standard errors, (n, p)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))


def refit(result: FittedMeta, subsets: Subsets) -> Refits:
    """Fit the model of `result` to every subset of its effect sizes."""
    k = subsets.sums(np.ones((result.studies.k, 1)))[:, 0]
    possible = np.flatnonzero(_estimable(result, subsets, k))
    begin = _starts(result, subsets, possible)
    pieces: list[Refits] = []
    for which in _chunks(possible, result.studies.k):
        pieces.append(_refit_piece(result, subsets, which, begin))
    return _joined(pieces, possible, k, result.studies.p)


def _chunks(which: np.ndarray, k: int) -> Iterator[np.ndarray]:
    size = max(1, CELLS // k)
    for first in range(0, len(which), size):
        yield which[first : first + size]


def _estimable(result: FittedMeta, subsets: Subsets, k: np.ndarray) -> np.ndarray:
    """Which subsets have more effect sizes than coefficients, and a design of full rank."""
    p = result.studies.p
    q = result.fits.data.q
    inner = np.eye(p) - subsets.left_out(_products(q)).reshape(-1, p, p)
    return np.asarray((k > p) & (np.linalg.eigvalsh(inner)[:, 0] > RANK))


def _products(q: np.ndarray) -> np.ndarray:
    return np.asarray((q[:, :, None] * q[:, None, :]).reshape(len(q), -1))


def _refit_piece(
    result: FittedMeta, subsets: Subsets, which: np.ndarray, begin: np.ndarray | None
) -> Refits:
    studies = result.studies
    keep = subsets.keep(which)
    data = data_sets(studies.yi, studies.vi, studies.x, keep=keep)
    start = None if begin is None else begin[which]
    fits = fit_many(data, method=result.method, test=result.test, start=start)
    with np.errstate(divide="ignore", invalid="ignore"):  # Q = 0 of equal effects
        return _refits_of(fits, keep)


def _refits_of(fits: Fits, keep: np.ndarray) -> Refits:
    return Refits(
        beta=fits.beta,
        covariance=fits.covariance,
        of_all=_of_all(fits, keep),
        s2=fits.s2,
        tau2=fits.tau2,
        i2=fits.i2,
        h2=fits.h2,
        q=fits.q,
        df=fits.df,
        k=fits.data.k,
        converged=fits.between.converged.astype(float),
    )


def _of_all(fits: Fits, keep: np.ndarray) -> np.ndarray:
    """(X'WX)⁻¹ over all studies at every τ², times s²."""
    data = fits.data
    weights = (1.0 - keep) / (data.vi + fits.tau2[:, None])
    whole = np.linalg.inv(np.linalg.inv(fits.at.inverse) + data.crossed(weights))
    return np.asarray(data.to_beta @ whole @ data.to_beta.T * fits.s2[:, None, None])


def _joined(pieces: list[Refits], possible: np.ndarray, k: np.ndarray, p: int) -> Refits:
    """The pieces one after the other, with NaN in the places of subsets that were not fitted."""
    shapes = {"beta": (p,), "covariance": (p, p), "of_all": (p, p)}
    found = {}
    for each in fields(Refits):
        values = np.full((len(k), *shapes.get(each.name, ())), np.nan)
        if pieces:
            values[possible] = np.concatenate([getattr(piece, each.name) for piece in pieces])
        found[each.name] = values
    return Refits(**{**found, "k": k})


def _starts(result: FittedMeta, subsets: Subsets, possible: np.ndarray) -> np.ndarray | None:
    """Where the search for τ² begins in every subset, (n,); None where nothing is near."""
    if result.method in ("PM", "EB") and not subsets.growing:
        return np.full(subsets.n, result.tau2)
    if result.method not in ("REML", "ML") or not len(possible):
        return None
    tau2 = np.concatenate([[result.tau2], GRID * _upper_bound(result, subsets, possible)])
    values = np.array([_log_likelihoods(result, subsets, possible, at) for at in tau2])
    found = np.full(subsets.n, np.nan)
    found[possible] = tau2[values.argmax(axis=0)]
    return found


def _upper_bound(result: FittedMeta, subsets: Subsets, possible: np.ndarray) -> float:
    """A τ² above which the likelihood of no subset rises: `upper_bound` of the largest."""
    rss, _, k = _sums_at(result, subsets, possible, np.ones(result.studies.k))
    return float((rss / (k - result.studies.p)).max() + result.studies.vi.max())


def _log_likelihoods(
    result: FittedMeta, subsets: Subsets, possible: np.ndarray, tau2: float
) -> np.ndarray:
    """Of every subset that can be fitted, at one τ², but for a constant of the subset."""
    variances = result.studies.vi + tau2
    rss, log_det, _ = _sums_at(result, subsets, possible, 1.0 / variances)
    logs = subsets.sums(np.log(variances)[:, None])[possible, 0]
    return np.asarray(-0.5 * (logs + rss + (log_det if result.method == "REML" else 0.0)))


def _sums_at(
    result: FittedMeta, subsets: Subsets, possible: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted residual sum of squares, log |Q'WQ| and sum of weights of subsets."""
    q, residual = result.fits.data.q, result.fits.at.residual[0]
    p = q.shape[1]
    columns = np.column_stack([_products(q), q * residual[:, None], residual**2, np.ones(len(w))])
    sums = subsets.sums(w[:, None] * columns)[possible]
    a, b = sums[:, : p * p].reshape(-1, p, p), sums[:, p * p : -2]
    taken = (b * np.linalg.solve(a, b[:, :, None])[:, :, 0]).sum(axis=1)
    return sums[:, -2] - taken, np.linalg.slogdet(a)[1], sums[:, -1]
