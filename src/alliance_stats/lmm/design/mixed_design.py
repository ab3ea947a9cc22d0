"""The design of a mixed model: its columns, its grouping factors, its cross-products.

Columns are standardised before any cross-product is formed and the results are transformed back,
so that a predictor in units of 1e-6 or 1e6 gives the same digits. The response is replaced by its
least-squares residuals, which keeps digits when its mean is large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from alliance_stats.formula.memory import ColumnMemory
from alliance_stats.formula.parse import MixedFormula
from alliance_stats.lmm.algebra.derivatives import Products

if TYPE_CHECKING:
    from alliance_stats.lmm.residual.fitted import FittedResidual


@dataclass(frozen=True, eq=False)
class Block:
    """One random term of a factor: effects that may correlate with each other.

    Attributes
    ----------
    names : tuple of str (q,)
        ``(Intercept)``, ``alliance_within``.
    columns : slice
        Its columns among those of the factor.
    transform : ndarray (q, q)
        Turns random effects of standardised columns into those of the original ones.
    """

    names: tuple[str, ...]
    columns: slice
    transform: np.ndarray


@dataclass(frozen=True, eq=False)
class Level:
    """The random effects of one grouping factor.

    Attributes
    ----------
    name : str
        The factor: ``patient``, ``therapist``, ``clinic:patient``.
    blocks : tuple of Block
        Usually one; several for ``||`` or several terms of the factor.
    labels : ndarray (G,)
        Labels of the groups, in the order of the cross-products.
    z : ndarray (q,)
        Positions of the columns among the unique columns.
    """

    name: str
    blocks: tuple[Block, ...]
    labels: np.ndarray
    z: np.ndarray

    @property
    def effects(self) -> tuple[str, ...]:
        """Names of all random effects of the factor."""
        return tuple(name for block in self.blocks for name in block.names)


class ModelDesign(Protocol):
    """What rows, tables and R code need to know of a design, whatever its likelihood."""

    @property
    def formula(self) -> MixedFormula:
        """The model."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed effects."""

    @property
    def redundant(self) -> tuple[str, ...]:
        """Fixed effects left out because earlier ones determine them."""

    @property
    def levels(self) -> tuple[Level, ...]:
        """The grouping factors, the one with most groups first."""

    @property
    def transform(self) -> np.ndarray:
        """Turns coefficients of the standardised columns into those of the original ones."""

    @property
    def memories(self) -> tuple[ColumnMemory, ...]:
        """What gives the same columns for other rows, the fixed ones first."""

    @property
    def rows(self) -> np.ndarray:
        """Positions in the frame of the rows used."""

    @property
    def missing(self) -> Mapping[str, int]:
        """Rows dropped for a missing value, by the column that was missing first."""

    @property
    def offset(self) -> str | None:
        """Name of the offset's column."""

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """Columns that a row must have besides those of the formula."""

    @property
    def n_obs(self) -> int:
        """Rows used."""

    @property
    def n_dropped(self) -> int:
        """Rows dropped for missing values."""

    @property
    def residual(self) -> FittedResidual | None:
        """The residual structure; None where residuals are independent, or there are none."""

    @property
    def n_residual(self) -> int:
        """Number of parameters of the residual structure."""


def columns_of(design: ModelDesign) -> tuple[str, ...]:
    """Every column that a row must have to be in the fit."""
    return tuple(dict.fromkeys([*design.formula.columns, *design.extra_columns]))


@dataclass(frozen=True, eq=False)
class MixedDesign:
    """All that the criterion needs of a model and its data. Holds no copy of the rows.

    Attributes
    ----------
    formula : MixedFormula
    names : tuple of str (p,)
        Names of the fixed effects.
    redundant : tuple of str
        Fixed effects left out because earlier ones determine them.
    levels : tuple of Level
        Innermost, or the one with most groups, first.
    products : NestedProducts, DenseProducts or SparseProducts
        Cross-products of the standardised unique columns: the p fixed ones, those of random
        terms only, and the response.
    transform : ndarray (p, p)
        Turns coefficients of the standardised columns into those of the original ones.
    least_squares : ndarray (p,)
        Coefficients taken out of the response before fitting.
    scale : float
        The response is divided by it.
    log_scales : float
        Sum of the logs of the fixed columns' scales: log|transform⁻¹|.
    memories : tuple of ColumnMemory
        What gives the same columns for other rows, the fixed ones first.
    rows : ndarray (n,)
        Positions in the frame of the rows used, in the frame's order.
    counts : ndarray (G_1,)
        Rows of every group of the first level, in the order of the cross-products.
    missing : dict of str to int
        Rows dropped for a missing value, by the column that was missing first.
    weights, offset : str or None
        Names of their columns.
    mean_weight, log_weights : float
        Mean of the weights, and the sum of the logs of weights / mean; with a residual structure
        less log|C|.
    crossings : tuple of str
        Which factors are crossed, in plain words.
    residual : FittedResidual or None
        The residual structure that the products are whitened by.
    unwhitened : NestedProducts or None
        The products before that.
    """

    formula: MixedFormula
    names: tuple[str, ...]
    redundant: tuple[str, ...]
    levels: tuple[Level, ...]
    products: Products
    transform: np.ndarray
    least_squares: np.ndarray
    scale: float
    log_scales: float
    memories: tuple[ColumnMemory, ...]
    rows: np.ndarray
    counts: np.ndarray
    missing: dict[str, int]
    weights: str | None = None
    offset: str | None = None
    mean_weight: float = 1.0
    log_weights: float = 0.0
    crossings: tuple[str, ...] = ()
    residual: FittedResidual | None = None
    unwhitened: Products | None = None

    @property
    def plain(self) -> Products:
        """Cross-products of the rows as they are, whatever their residuals."""
        return self.products if self.unwhitened is None else self.unwhitened

    @property
    def n_residual(self) -> int:
        """Number of parameters of the residual structure."""
        return 0 if self.residual is None else len(self.residual.psi)

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """Columns of weights, offset and residual structure."""
        structure = self.residual.structure.columns if self.residual else ()
        return (*filter(None, [self.weights, self.offset]), *structure)

    @property
    def arguments(self) -> str:
        """What a call of fit_lmm has besides formula, data and method: ``, weights='items'``."""
        named = (("weights", self.weights), ("offset", self.offset))
        columns = "".join(f", {argument}={column!r}" for argument, column in named if column)
        return columns + (f", residual=al.lmm.{self.residual.structure}" if self.residual else "")

    @property
    def x(self) -> np.ndarray:
        """Positions (p,) of the fixed columns among the unique columns."""
        return np.arange(len(self.names))

    @property
    def y(self) -> int:
        """Position of the response: it is the last of the unique columns."""
        return len(self.products.total) - 1

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return len(self.rows)

    @property
    def n_dropped(self) -> int:
        """Rows dropped for missing values."""
        return sum(self.missing.values())
