"""Cross-products of simulated responses, drawn without a row of the data.

A response y = Wc + ε of one innermost group, W its standardised columns and G = W'W their Gram
matrix, enters a fit through W'y and y'y only. With G = FF' and F of r columns, r the rank of G,

    W'ε = σFe with e ~ N(0, I_r),    ε'ε = σ²(e'e + χ²) with n − r degrees of freedom,

jointly and exactly: e is the part of ε within the columns of W, in an orthonormal basis, and χ²
the squared length of the rest. Only the sum of y'y over groups is needed, so the χ² of all groups
are drawn as one, of n − Σr degrees. An eigenvalue of G below rounding may count for nothing or
for one: the law of ε'ε is the same and that of W'ε differs by as much as the eigenvalue.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.resampling.replicate import nested_products

#: Eigenvalues of a Gram matrix below this share of its largest are rounding.
RANK = 1e-12


@dataclass(frozen=True, eq=False)
class ResponseLaw:
    """The law of new responses of a fitted model of nested factors.

    Parameters
    ----------
    criterion : Criterion
    profile : Profile
        β, σ² and Λ to draw from.
    """

    criterion: Criterion
    profile: Profile

    @cached_property
    def grams(self) -> np.ndarray:
        """Gram matrices (m − 1, m − 1, G_1) of the columns but the response."""
        return nested_products(self.criterion).grams[:-1, :-1]

    @cached_property
    def factors(self) -> np.ndarray:
        """F (m − 1, m − 1, G_1) of every group; columns beyond the rank are zero."""
        values, vectors = np.linalg.eigh(self.grams.transpose(2, 0, 1))
        values[values <= RANK * values[:, -1:]] = 0.0
        return np.ascontiguousarray((vectors * np.sqrt(values)[:, None]).transpose(1, 2, 0))

    @cached_property
    def kept(self) -> np.ndarray:
        """Which columns (m − 1, G_1) of F are not zero."""
        return np.asarray((self.factors != 0).any(axis=0))

    @cached_property
    def rest(self) -> int:
        """Degrees of freedom n − Σr of the part of the residuals outside the columns."""
        return max(self.criterion.design.n_obs - int(self.kept.sum()), 0)

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """W'y (m − 1, G_1) of every group and y'y over all rows, in units of the design."""
        sigma2 = self.profile.sigma2
        inside = rng.standard_normal(self.kept.shape) * self.kept
        noise = np.sqrt(sigma2) * np.einsum("abg,bg->ag", self.factors, inside)
        beyond = rng.chisquare(self.rest) if self.rest else 0.0
        c = self._coefficients(rng)
        mean = np.einsum("abg,bg->ag", self.grams, c)
        square = np.vdot(c, mean + 2.0 * noise) + sigma2 * (np.vdot(inside, inside) + beyond)
        return mean + noise, float(square)

    def _coefficients(self, rng: np.random.Generator) -> np.ndarray:
        """c (m − 1, G_1) of every group: β and the drawn effects of all factors."""
        criterion, design = self.criterion, self.criterion.design
        c = np.zeros(self.kept.shape)
        c[design.x] = self.profile.beta[:, None]
        group = np.arange(len(self.kept[0]))
        parents = nested_products(criterion).parents
        factors = criterion.by_level(self.profile.factors)
        for level, factor in enumerate(factors):
            if level:
                group = parents[level - 1][group]
            found = design.levels[level]
            drawn = factor @ rng.standard_normal((len(found.z), len(found.labels)))
            c[found.z] += np.sqrt(self.profile.sigma2) * drawn[:, group]
        return c
