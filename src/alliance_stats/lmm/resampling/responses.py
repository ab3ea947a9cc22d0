"""Cross-products of simulated responses, drawn without a row of the data.

A response y = Wc + ε of one innermost group, W its standardised columns and G = W'W their Gram
matrix, enters a fit through W'y and y'y only. With P the projection on the range of G, of rank r,

    W'ε = σG^½e with e ~ N(0, P),    ε'ε = σ²(e'e + χ²) with n − r degrees of freedom,

jointly and exactly: e is the part of ε within the columns of W, and χ² the squared length of the
rest. Only the sum of y'y over groups is needed, so the χ² of all groups
are drawn as one, of n − Σr degrees. An eigenvalue of G below rounding may count for nothing or
for one: the law of ε'ε is the same and that of W'ε differs by as much as the eigenvalue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.resampling.gram_roots import gram_roots
from alliance_stats.lmm.resampling.replicate import nested_products


@dataclass(frozen=True, eq=False)
class ResponseLaw:
    """The law of new responses of a fitted model of nested factors.

    Made by `law_of`, or for the columns and groups of a larger model.

    Attributes
    ----------
    criterion : Criterion
        The model to draw from.
    profile : Profile
        Its β, σ² and Λ.
    grams : ndarray (m' − 1, m' − 1, G_1)
        Gram matrices of the columns whose products are wanted, a group each.
    columns : ndarray (m' − 1, m − 1)
        The model's own columns as combinations of these.
    ancestors : sequence of ndarray (G_1,)
        For every factor of the model, the group that holds each group of `grams`.
    """

    criterion: Criterion
    profile: Profile
    grams: np.ndarray
    columns: np.ndarray
    ancestors: Sequence[np.ndarray]

    @cached_property
    def _roots(self) -> tuple[np.ndarray, np.ndarray, int]:
        """G^½ and P (m' − 1, m' − 1, G_1) of every group, and the sum of ranks."""
        found = gram_roots(self.grams.transpose(2, 0, 1))
        root, inside = (
            np.ascontiguousarray(part.transpose(1, 2, 0)) for part in (found.root, found.inside)
        )
        return root, inside, int(found.rank.sum())

    @cached_property
    def rest(self) -> int:
        """Degrees of freedom n − Σr of the part of the residuals outside the columns."""
        return max(self.criterion.design.n_obs - self._roots[2], 0)

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """W'y (m' − 1, G_1) of every group and y'y over all rows, in units of the design."""
        sigma2 = self.profile.sigma2
        root, projection, _ = self._roots
        noise = rng.standard_normal(root.shape[1:])
        inside = np.einsum("abg,bg->ag", projection, noise)
        noise = np.sqrt(sigma2) * np.einsum("abg,bg->ag", root, inside)
        beyond = rng.chisquare(self.rest) if self.rest else 0.0
        c = self.columns @ self._coefficients(rng)
        mean = np.einsum("abg,bg->ag", self.grams, c)
        square = np.vdot(c, mean + 2.0 * noise) + sigma2 * (np.vdot(inside, inside) + beyond)
        return mean + noise, float(square)

    def _coefficients(self, rng: np.random.Generator) -> np.ndarray:
        """c (m − 1, G_1) of every group: β and the drawn effects of all factors."""
        design = self.criterion.design
        c = np.zeros((design.y, len(self.ancestors[0])))
        c[design.x] = self.profile.beta[:, None]
        factors = self.criterion.by_level(self.profile.factors)
        for level, factor, group in zip(design.levels, factors, self.ancestors, strict=True):
            drawn = factor @ rng.standard_normal((len(level.z), len(level.labels)))
            c[level.z] += np.sqrt(self.profile.sigma2) * drawn[:, group]
        return c


def law_of(criterion: Criterion, profile: Profile) -> ResponseLaw:
    """The law of new responses in a model's own columns and groups."""
    products = nested_products(criterion)
    ancestors = [np.arange(products.grams.shape[-1])]
    for parent in products.parents:
        ancestors.append(parent[ancestors[-1]])
    unit = np.eye(criterion.design.y)
    return ResponseLaw(criterion, profile, products.grams[:-1, :-1], unit, ancestors)
