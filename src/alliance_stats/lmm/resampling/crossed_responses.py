"""Cross-products of simulated responses of crossed factors, drawn without a row of the data.

As in the module `responses`, with two sets of columns: Z₁ of the factor with most groups, block
by block, and R = [Z_R, X] of all groups of the others and the fixed effects, as one. With F the
symmetric root of Z₁'Z₁ and H = F⁺Z₁'R,

    Z₁'ε = σFe,    R'ε = σ(H'e + Df),    D² = R'R − H'H,    ε'ε = σ²(e'e + f'f + χ²),

e and f standard normal in the ranges of F and D, the χ² of n less their ranks degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.algebra.crossed_dense import DenseProducts
from alliance_stats.lmm.algebra.crossed_sparse import SparseProducts
from alliance_stats.lmm.algebra.crossings import Crossings
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.resampling.gram_roots import RANK, GramRoots, gram_roots
from alliance_stats.lmm.resampling.replicate import Replicate, with_response

#: Most columns of R, whose Gram matrix is held as one.
MOST = 3_000


@dataclass(frozen=True, eq=False)
class ResponseProducts:
    """A response as far as a model sees it, in standardised columns.

    Attributes
    ----------
    effects : list of ndarray (q_l, G_l)
        Z_l'y of the groups of every factor.
    fixed : ndarray (p,)
        X'y.
    square : float
        y'y.
    """

    effects: list[np.ndarray]
    fixed: np.ndarray
    square: float


@dataclass(frozen=True, eq=False)
class CrossedLaw:
    """The law of new responses in the columns and groups of a model of crossed factors.

    Made by `crossed_law_of`, or with the parameters of a smaller model.

    Parameters
    ----------
    criterion : Criterion
    beta : ndarray (p,)
    factors : sequence of ndarray (q_l, r_l)
        Λ of every factor; without columns where the responses have no such effects.
    sigma2 : float
    """

    criterion: Criterion
    beta: np.ndarray
    factors: Sequence[np.ndarray]
    sigma2: float

    @cached_property
    def crossings(self) -> Crossings:
        """The products of the model."""
        return crossed_products_of(self.criterion).crossings

    @cached_property
    def links(self) -> np.ndarray:
        """Z₁'R (G_1·q_1, Q + p), rows by group."""
        found, x, z = self.crossings, self.criterion.design.x, self.crossings.z[0]
        if len(found.along) + len(x) > MOST:
            raise UnsupportedError(
                f"{len(found.along):,} random effects of crossed factors beside those of the "
                f"largest one are too many to draw responses for: at most {MOST:,}. Draw them "
                "with fit.simulate(data, n=…, rng=…) and fit the model to each."
            )
        wide = DenseProducts(found).matrix([links.products for links in found.links])
        dense = wide if isinstance(wide, np.ndarray) else wide.toarray()
        fixed = found.grams[z[:, None], x].transpose(2, 0, 1).reshape(-1, len(x))
        return np.concatenate([dense, fixed], axis=1)

    @cached_property
    def rest_gram(self) -> np.ndarray:
        """R'R (Q + p, Q + p)."""
        found, x = self.crossings, self.criterion.design.x
        cross = found.along[:, x]
        between = DenseProducts(found).between
        return np.block([[between, cross], [cross.T, found.total[x[:, None], x]]])

    @cached_property
    def first_gram(self) -> np.ndarray:
        """Z₁'Z₁ (G_1, q_1, q_1) of every group."""
        z = self.crossings.z[0]
        return np.asarray(self.crossings.grams[z[:, None], z].transpose(2, 0, 1))

    @cached_property
    def first_roots(self) -> GramRoots:
        """F (G_1, q_1, q_1) of every group."""
        return gram_roots(self.first_gram)

    @cached_property
    def lift(self) -> np.ndarray:
        """H (G_1·q_1, Q + p)."""
        inverse = self.first_roots.inverse
        g, q = inverse.shape[:2]
        return np.asarray((inverse @ self.links.reshape(g, q, -1)).reshape(g * q, -1))

    @cached_property
    def rest_roots(self) -> GramRoots:
        """D (Q + p, Q + p)."""
        least = RANK * np.diag(self.rest_gram).max() * len(self.rest_gram)
        return gram_roots(self.rest_gram - self.lift.T @ self.lift, least=least)

    @cached_property
    def rest(self) -> int:
        """Degrees of freedom of the part of the residuals outside all columns."""
        ranks = int(self.first_roots.rank.sum()) + int(self.rest_roots.rank)
        return max(self.criterion.design.n_obs - ranks, 0)

    def draw(self, rng: np.random.Generator) -> ResponseProducts:
        """The products of a drawn response."""
        sigma = np.sqrt(self.sigma2)
        one, two = self.first_roots, self.rest_roots
        e = one.inside @ rng.standard_normal(one.root.shape[:2])[..., None]
        f = two.inside @ rng.standard_normal(len(two.root))
        first = sigma * (one.root @ e).ravel()
        rest = sigma * (self.lift.T @ e.ravel() + two.root @ f)
        beyond = rng.chisquare(self.rest) if self.rest else 0.0
        own, others = self._coefficients(rng)
        shape = self.first_gram.shape[:2]
        mean_first = (self.first_gram @ own.reshape(shape)[..., None]).ravel() + self.links @ others
        mean_rest = self.links.T @ own + self.rest_gram @ others
        square = own @ (mean_first + 2.0 * first) + others @ (mean_rest + 2.0 * rest)
        square += sigma**2 * (np.vdot(e, e) + f @ f + beyond)
        return self._products(mean_first + first, mean_rest + rest, float(square))

    def _coefficients(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Drawn effects of factor 1, by group, and those of the others with β."""
        sigma = np.sqrt(self.sigma2)
        drawn = [
            sigma * factor @ rng.standard_normal((factor.shape[1], n))
            for factor, n in zip(self.factors, self.crossings.groups, strict=True)
        ]
        others = [effects.ravel() for effects in drawn[1:]]
        return drawn[0].T.ravel(), np.concatenate([*others, self.beta])

    def _products(self, first: np.ndarray, rest: np.ndarray, square: float) -> ResponseProducts:
        """From Z₁'y and [Z_R, X]'y to one array a factor."""
        found, n = self.crossings, len(self.crossings.along)
        others = [one[:, 0] for one in found.by_group(rest[:n, None])]
        return ResponseProducts([first.reshape(-1, len(found.z[0])).T, *others], rest[n:], square)


def crossed_law_of(criterion: Criterion, profile: Profile) -> CrossedLaw:
    """The law of new responses of a fitted model of crossed factors."""
    factors = criterion.by_level(profile.factors)
    return CrossedLaw(criterion, profile.beta, factors, profile.sigma2)


def with_products(criterion: Criterion, found: ResponseProducts) -> Replicate:
    """The model of a criterion with another response; its factors may be nested or crossed."""
    if isinstance(criterion.design.products, NestedProducts):
        along = _by_innermost(criterion, criterion.design.products, found)
        return with_response(criterion, along, found.square)
    design, products = criterion.design, crossed_products_of(criterion)
    crossings = products.crossings
    along = np.zeros(crossings.grams.shape[1:])  # of all but Z₁ only sums over groups are used
    along[design.x, 0] = found.fixed
    along[crossings.z[0]] = found.effects[0]
    along[-1] = 0.0
    along[-1, 0] = found.square
    grams, across = crossings.grams.copy(), crossings.along.copy()
    grams[:, -1] = grams[-1] = along
    across[:, -1] = np.concatenate([effects.ravel() for effects in found.effects[1:]])
    new = replace(products, crossings=replace(crossings, grams=grams, along=across))
    own = Criterion(replace(design, products=new), criterion.reml)
    return Replicate(own, along[:-1], found.square)


def _by_innermost(
    criterion: Criterion, products: NestedProducts, found: ResponseProducts
) -> np.ndarray:
    """W'y (m − 1, G_1): what is known of larger groups only stands with the first one inside."""
    firsts = [np.arange(products.grams.shape[-1])]
    for starts in products.starts:
        firsts.append(firsts[-1][starts])
    along = np.zeros((criterion.design.y, len(firsts[0])))
    along[criterion.design.x, 0] = found.fixed
    levels = list(zip(criterion.design.levels, firsts, found.effects, strict=True))
    for level, first, effects in reversed(levels):
        along[level.z] = 0.0
        along[level.z[:, None], first] = effects
    return along


def crossed_products_of(criterion: Criterion) -> DenseProducts | SparseProducts:
    """The products of crossed factors."""
    products = criterion.design.products
    if not isinstance(products, DenseProducts | SparseProducts):
        raise TypeError("the factors of this model are nested")
    return products
