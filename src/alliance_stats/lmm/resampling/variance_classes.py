"""Refits to groups drawn again of models whose residual variance differs between classes.

The Gram matrix of a group whitened at ψ is Σ_c exp(−2ψ_c) G_c, with G_c that of its rows of class
c. So no row is touched: drawn groups keep their G_c, and a search moves in the variances and in ψ
(ψ = 0 of the reference). With K_i the derivative of the deviance in the Gram matrix of group i
(`algebra/gram_adjoint.py`) that in ψ_c is 2n_c − 2 exp(−2ψ_c) Σ_i tr(K_i G_ci).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats.lmm.algebra.gram_adjoint import gram_adjoint
from alliance_stats.lmm.algebra.kernels import group_grams
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import canonical, pack, roots, unpack, unpack_roots
from alliance_stats.lmm.minimum import Minimum, minimise
from alliance_stats.lmm.prediction.new_rows import group_columns, known_groups, read_new_rows
from alliance_stats.lmm.resampling.refits import interior
from alliance_stats.lmm.resampling.replicate import drawn_design, nested_products
from alliance_stats.lmm.residual.problem import nested
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.numeric.optimise import minimise_smooth

#: Largest log ratio of residual standard deviations that is looked at.
_FAR = 9.0


@dataclass(frozen=True, eq=False)
class ClassGrams:
    """The Gram matrices of a fit by class of residual variance.

    Attributes
    ----------
    fit : MixedModelResult
    grams : ndarray (K, m, m, G)
        Of every class and innermost group, of standardised columns that are not whitened.
    rows : ndarray (K, G)
        Rows of every class and group.
    """

    fit: MixedModelResult
    grams: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True, eq=False)
class _Drawn:
    """One resampled data set: the design of the drawn groups, their Gram matrices and rows."""

    criterion: Criterion
    grams: np.ndarray
    rows: np.ndarray

    def at(self, psi: np.ndarray) -> Criterion:
        """The criterion of rows whitened at ψ (K − 1,)."""
        weights = np.exp(-2.0 * np.append(0.0, psi))
        design = self.criterion.design
        grams = np.einsum("k,kabg->abg", weights, self.grams)
        products = replace(nested_products(self.criterion), grams=grams)
        return Criterion(replace(design, products=products), self.criterion.reml)

    def expand(self, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Deviance, gradient and a guess of the Hessian in (entries of roots, ψ)."""
        n_theta = self.criterion.n_theta
        psi = np.clip(point[n_theta:], -_FAR, _FAR)
        criterion = self.at(psi)
        profile = criterion.defined(unpack_roots(point[:n_theta], criterion.sizes))
        k = len(point)
        if profile is None:
            return np.inf, np.zeros(k), np.eye(k)
        slope, hessian = np.empty(k), np.zeros((k, k))
        slope[:n_theta], hessian[:n_theta, :n_theta] = criterion.expansion(profile)
        adjoint = gram_adjoint(nested(profile), criterion.adjoint(profile))
        along = np.einsum("gab,kabg->k", adjoint, self.grams[1:])
        of_class = self.rows[1:].astype(float)
        slope[n_theta:] = 2.0 * of_class - 2.0 * np.exp(-2.0 * psi) * along
        share = of_class / self.rows.sum()
        curvature = 4.0 * self.rows.sum() * (np.diag(share) - np.outer(share, share))
        hessian[n_theta:, n_theta:] = curvature + np.eye(len(psi))
        return profile.deviance + 2.0 * float(of_class @ psi), slope, hessian


def class_grams(fit: MixedModelResult, frame: pd.DataFrame) -> ClassGrams:
    """The Gram matrices by class of a fit, from the rows it was fitted to.

    Raises
    ------
    UnsupportedError
        Unless residual variances differ by class and are all that the residual structure says.
    """
    design, residual = fit.criterion.design, fit.residual
    if residual is None or residual.structure.kind != "variance_by":
        raise UnsupportedError(
            "this bootstrap is of models with residual=variance_by(…). Use fit.bootstrap() for "
            "independent residuals."
        )
    group = known_groups(design.levels[0], frame, group_columns(design)[0])
    order = np.argsort(group, kind="stable")
    rows = frame.iloc[order]
    columns = read_new_rows(design, rows, random=False).x
    response = rows[design.formula.response].to_numpy(dtype=float)
    left = (response - design.least_squares @ columns) / design.scale
    unique = np.vstack([design.transform.T @ columns, left])
    starts = np.cumsum(design.counts) - design.counts
    classes = residual.blocks(rows).classes
    found, numbers = [], []
    for level in range(residual.n_classes):
        own = classes == level
        found.append(group_grams(unique * own, starts))
        numbers.append(np.add.reduceat(own.astype(int), starts))
    return ClassGrams(fit, np.array(found), np.array(numbers))


def refit_drawn(of: ClassGrams, counts: np.ndarray) -> MixedModelResult | None:
    """The model fitted to groups of the highest factor, each `counts` (G_L,) times.

    None where the search has no end.
    """
    residual = of.fit.residual
    if residual is None:  # refused before
        raise TypeError("a fit without classes of residual variance")
    criterion = of.fit.criterion
    design, taken = drawn_design(criterion, counts)
    rows = of.rows[:, taken].sum(axis=1)
    drawn = _Drawn(Criterion(design, criterion.reml), of.grams[..., taken], rows)
    start = interior(of.fit.minimum.theta, criterion.sizes)
    point = np.append(roots(unpack(start, criterion.sizes)), residual.psi)
    try:
        found = minimise_smooth(drawn.expand, point)
        psi = np.clip(found.x[criterion.n_theta :], -_FAR, _FAR)
        minimum = _settled(drawn.at(psi), found.x[: criterion.n_theta])
    except (DataError, np.linalg.LinAlgError):
        return None
    if not found.converged or not np.isfinite(minimum.deviance):
        return None
    return MixedModelResult(of.fit.formula, drawn.at(psi), minimum)


def _settled(criterion: Criterion, entries: np.ndarray) -> Minimum:
    """The minimum at the end of a search, its vanished directions looked at."""
    ends = unpack_roots(entries, criterion.sizes)
    theta = pack([canonical(root @ root.T, tolerance=0.0) for root in ends])
    return minimise(criterion, start=theta)
