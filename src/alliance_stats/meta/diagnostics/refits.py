"""Refits of a meta-analysis to many subsets of its effect sizes, in pieces that stay in cache.

As a likelihood of τ² can have several maxima, that of every subset is first looked at over a grid,
to which the τ² of all studies belongs: a subset that lacks one of them is near it. The sums that
takes are those over all studies minus those left out, or those of the first studies added up, so
that a point of the grid costs no more for all subsets than for one. Where a search ends lower than
it began, it begins anew as in `fit_meta`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.univariate.between import log_likelihoods_at
from alliance_stats.meta.univariate.fits import Fits, fit_many
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.kernel import data_sets

#: Effect sizes of all subsets that are fitted at once, at most.
CELLS = 20_000
#: Smallest eigenvalue of Q'Q of a subset, Q orthonormal over all studies, that counts as full rank.
RANK = 1e-10
#: Likelihoods are looked at from this share of the smallest sampling variance on, in such steps.
SMALL, STEP = 0.1, 1.5
#: A log-likelihood is lower from this difference on.
LOWER = 1e-9


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
    spread : array (n,)
        v + τ² of the subset, of the first effect size it lacks; NaN where it lacks none.
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
    spread: np.ndarray

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
    pieces = []
    for at in _chunks(np.arange(len(possible)), result.studies.k):
        start = None if begin is None else begin[at]
        pieces.append(_refit_piece(result, subsets, possible[at], start))
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
    result: FittedMeta, subsets: Subsets, which: np.ndarray, start: np.ndarray | None
) -> Refits:
    studies = result.studies
    keep = subsets.keep(which)
    data = data_sets(studies.yi, studies.vi, studies.x, keep=keep)
    fits = fit_many(data, method=result.method, test=result.test, start=start)
    if start is not None and _ended_lower(fits, start):
        fits = fit_many(data, method=result.method, test=result.test)
    with np.errstate(divide="ignore", invalid="ignore"):  # Q = 0 of equal effects
        return _refits_of(fits, keep)


def _ended_lower(fits: Fits, start: np.ndarray) -> bool:
    """Whether a search for the highest likelihood left the hill that it began on."""
    if fits.method not in ("REML", "ML"):
        return False
    began = log_likelihoods_at(fits.data, start, fits.method == "REML")
    return bool((fits.loglik < began - LOWER).any())


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
        spread=_spread(fits, keep),
    )


def _spread(fits: Fits, keep: np.ndarray) -> np.ndarray:
    first = np.argmin(keep, axis=1)
    rows = np.arange(len(keep))
    return np.where(keep[rows, first] > 0, np.nan, fits.data.vi[rows, first] + fits.tau2)


def _of_all(fits: Fits, keep: np.ndarray) -> np.ndarray:
    """(X'WX)⁻¹ over all studies at every τ², times s²."""
    data = fits.data
    weights = (1.0 - keep) / (data.vi + fits.tau2[:, None])
    whole = np.linalg.inv(np.linalg.inv(fits.at.inverse) + data.crossed(weights))
    return np.asarray(data.to_beta @ whole @ data.to_beta.T * fits.s2[:, None, None])


def _joined(pieces: list[Refits], possible: np.ndarray, k: np.ndarray, p: int) -> Refits:
    """The pieces put in their places, with NaN for subsets that were not fitted."""
    shapes = {"beta": (p,), "covariance": (p, p), "of_all": (p, p)}
    found = {}
    for each in fields(Refits):
        values = np.full((len(k), *shapes.get(each.name, ())), np.nan)
        if pieces:
            values[possible] = np.concatenate([getattr(piece, each.name) for piece in pieces])
        found[each.name] = values
    return Refits(**{**found, "k": k})


def _starts(result: FittedMeta, subsets: Subsets, possible: np.ndarray) -> np.ndarray | None:
    """Where the search for τ² begins in every subset that can be fitted; None: as in `fit_meta`."""
    if result.method not in ("REML", "ML"):
        return None if subsets.growing else np.full(len(possible), result.tau2)
    if not len(possible):
        return None
    best, highest = np.full(len(possible), result.tau2), np.full(len(possible), -np.inf)
    grid = np.concatenate([[result.tau2], _grid(result, subsets, possible)])
    for at in _chunks(grid, result.studies.k):
        values = _log_likelihoods(result, subsets, possible, at)
        top = values.argmax(axis=0)
        value = values[top, np.arange(len(possible))]
        best = np.where(value > highest, at[top], best)
        highest = np.maximum(value, highest)
    return best


def _grid(result: FittedMeta, subsets: Subsets, possible: np.ndarray) -> np.ndarray:
    """Values of τ² at which likelihoods are looked at: 0, then from below the smallest v on.

    The last is that above which the likelihood of no subset rises: `upper_bound` of the largest.
    """
    vi = result.studies.vi
    ones = np.ones((1, len(vi)))
    rss, _, k = _sums_at(result, subsets, possible, ones)
    low, high = SMALL * vi.min(), (rss[0] / (k[0] - result.studies.p)).max() + vi.max()
    points = int(np.ceil(np.log(high / low) / np.log(STEP))) + 1
    return np.concatenate([[0.0], np.geomspace(low, high, points)])


def _log_likelihoods(
    result: FittedMeta, subsets: Subsets, possible: np.ndarray, tau2: np.ndarray
) -> np.ndarray:
    """Of every subset that can be fitted, at values of τ² (G,), but for a constant: (G, n)."""
    variances = result.studies.vi + tau2[:, None]
    rss, log_det, _ = _sums_at(result, subsets, possible, 1.0 / variances)
    logs = subsets.sums(np.log(variances).T)[possible].T
    return np.asarray(-0.5 * (logs + rss + (log_det if result.method == "REML" else 0.0)))


def _sums_at(
    result: FittedMeta, subsets: Subsets, possible: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residual sums of squares, log |Q'WQ| and sums of weights w (G, k) of subsets: (G, n) each."""
    q, residual = result.fits.data.q, result.fits.at.residual[0]
    g, p = len(w), q.shape[1]
    columns = np.column_stack([_products(q), q * residual[:, None], residual**2, np.ones(len(q))])
    weighted = (w.T[:, :, None] * columns[:, None, :]).reshape(len(q), -1)
    sums = subsets.sums(weighted)[possible].reshape(len(possible), g, -1).swapaxes(0, 1)
    a, b = sums[..., : p * p].reshape(g, -1, p, p), sums[..., p * p : -2]
    taken = (b * np.linalg.solve(a, b[..., None])[..., 0]).sum(axis=-1)
    return sums[..., -2] - taken, np.linalg.slogdet(a)[1], sums[..., -1]
