"""The deviance of a model with structured residuals in its variances and in ψ.

For a given ψ the rows are whitened by C^(−1/2), and the deviance is that of independent residuals
plus log|C|. Its derivative in ψ follows from that in the Gram matrix of every innermost group
(`algebra/gram_adjoint.py`), with β, σ² and the conditional means held: an envelope.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alliance_stats.formula.memory import FactorMemory
from alliance_stats.lmm.algebra.gram_adjoint import gram_adjoint, left_over
from alliance_stats.lmm.algebra.kernels import group_grams
from alliance_stats.lmm.algebra.nested import NestedElimination, NestedProducts
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.factors import unpack_roots
from alliance_stats.lmm.residual.blocks import Blocks
from alliance_stats.lmm.residual.covariance import ResidualCovariance
from alliance_stats.lmm.residual.structure import ResidualStructure

#: Beyond it a correlation is ±1, or a ratio of standard deviations infinite, to all digits; and
#: below the second a correlation in continuous time is 0, also of neighbours close in time.
FAR, VANISHED = 18.0, -40.0
#: Added to the guess of the Hessian in ψ: where a correlation in continuous time goes to zero,
#: slope and information vanish together, and their ratio would promise a decrease that never comes.
FLOOR = 1.0


@dataclass(frozen=True, eq=False)
class OrderedRows:
    """The standardised rows of a model in the order of their residual blocks.

    Attributes
    ----------
    structure : ResidualStructure
    memory : FactorMemory or None
        The classes of variance, the reference first.
    blocks : Blocks
    unique : ndarray (m, n)
        The unique columns.
    starts : ndarray (G,)
        First row of every innermost group.
    unit : float or None
        In continuous time: the median time between neighbouring rows.
    """

    structure: ResidualStructure
    memory: FactorMemory | None
    blocks: Blocks
    unique: np.ndarray
    starts: np.ndarray
    unit: float | None = None


@dataclass(frozen=True, eq=False)
class Whitened:
    """The model at one ψ.

    Attributes
    ----------
    covariance : ResidualCovariance
    columns : ndarray (m, n)
        The unique columns with independent residuals.
    criterion : Criterion
        That of these columns.
    """

    covariance: ResidualCovariance
    columns: np.ndarray
    criterion: Criterion


@dataclass(frozen=True, eq=False)
class ResidualProblem:
    """The deviance as a function of the variances and of ψ.

    Attributes
    ----------
    design : MixedDesign
        With the rows as they are.
    reml : bool
    rows : OrderedRows
    """

    design: MixedDesign
    reml: bool
    rows: OrderedRows

    @property
    def sizes(self) -> list[int]:
        """Number of random effects of every block."""
        return Criterion(self.design, self.reml).sizes

    @property
    def n_theta(self) -> int:
        """Number of variance parameters besides σ² and ψ."""
        return Criterion(self.design, self.reml).n_theta

    def clipped(self, psi: np.ndarray) -> np.ndarray:
        """ψ within the range in which C still changes; beyond, the deviance is taken as level."""
        lowest = np.full(len(psi), -FAR)
        if self.rows.unit is not None:
            lowest[-1] = VANISHED
        return np.clip(psi, lowest, FAR)

    def covariance(self, psi: np.ndarray) -> ResidualCovariance:
        """C at ψ."""
        rows = self.rows
        n_classes = 1 if rows.memory is None else len(rows.memory.levels)
        return ResidualCovariance(rows.structure.kind, rows.blocks, n_classes, psi, rows.unit)

    def whitened(self, psi: np.ndarray) -> Whitened:
        """The model at ψ."""
        covariance = self.covariance(psi)
        columns = covariance.whiten(self.rows.unique)
        products = self.design.products
        if not isinstance(products, NestedProducts):  # refused before
            raise TypeError("structured residuals need factors that nest")
        grams = group_grams(columns, self.rows.starts)
        design = replace(
            self.design,
            products=NestedProducts(grams, products.z, products.starts, products.parents),
        )
        return Whitened(covariance, columns, Criterion(design, self.reml))

    def expand(self, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Deviance, gradient and a guess of the Hessian in (entries of roots, ψ)."""
        k = len(point)
        undefined = np.inf, np.zeros(k), np.eye(k)
        n_theta = self.n_theta
        psi = self.clipped(point[n_theta:])
        model = self.whitened(psi)
        criterion, covariance = model.criterion, model.covariance
        profile = criterion.defined(unpack_roots(point[:n_theta], criterion.sizes))
        if profile is None:
            return undefined
        slope, hessian = np.empty(k), np.zeros((k, k))
        slope[:n_theta], hessian[:n_theta, :n_theta] = criterion.expansion(profile)
        slope[n_theta:] = self.gradient(model, profile) * (psi == point[n_theta:])
        hessian[n_theta:, n_theta:] = covariance.information + FLOOR * np.eye(len(psi))
        return profile.deviance + covariance.logdet, slope, hessian

    def gradient(self, model: Whitened, profile: Profile) -> np.ndarray:
        """∂deviance/∂ψ (k,)."""
        adjoint = gram_adjoint(nested(profile), model.criterion.adjoint(profile))
        weighted = _by_group(adjoint, model.columns, self.rows.starts)
        changes = model.covariance.slopes(self.rows.unique, model.columns)
        inner = [2.0 * float(np.vdot(weighted, change)) for change in changes]
        return np.asarray(model.covariance.logdet_slopes + inner)

    def top_slopes(self, model: Whitened, profile: Profile) -> np.ndarray:
        """∂(U'V⁻¹U)/∂ψ (k, m, m)."""
        left = left_over(nested(profile), len(self.rows.unique))
        turned = _by_group(left.transpose(0, 2, 1), model.columns, self.rows.starts)
        found = []
        for change in model.covariance.slopes(self.rows.unique, model.columns):
            half = _by_group(left.transpose(0, 2, 1), change, self.rows.starts) @ turned.T
            found.append(half + half.T)
        return np.array(found).reshape(-1, len(turned), len(turned))


def nested(profile: Profile) -> NestedElimination:
    """The elimination of a profile of nested factors."""
    eliminated = profile.eliminated
    if not isinstance(eliminated, NestedElimination):  # refused before
        raise TypeError("structured residuals need factors that nest")
    return eliminated


def _by_group(matrices: np.ndarray, columns: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Every group's matrix (G, m, m) times its rows of the columns (m, n)."""
    n = columns.shape[1]
    if len(matrices) == 1:
        return np.asarray(matrices[0] @ columns)
    lengths = np.diff(starts, append=n)
    found = np.zeros_like(columns)
    for a in range(len(columns)):
        for b in range(len(columns)):
            found[a] += np.repeat(matrices[:, a, b], lengths) * columns[b]
    return found
