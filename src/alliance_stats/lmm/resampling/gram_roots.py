"""Symmetric roots of Gram matrices, which do not depend on how eigenvectors are turned.

Signs of eigenvectors, and their directions where eigenvalues are equal, differ between machines. So
would draws of one seed that are made from them. The symmetric root G^½, its pseudo-inverse and the
projection P on the range of G are the same everywhere: with e standard normal, Pe is as good as a
standard normal vector in any orthonormal basis of the range, and G^½e = G^½Pe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Eigenvalues of a Gram matrix below this share of its largest are rounding.
RANK = 1e-12


@dataclass(frozen=True, eq=False)
class GramRoots:
    """Roots of Gram matrices.

    Attributes
    ----------
    root, inverse, inside : ndarray (…, m, m)
        G^½, its pseudo-inverse, and P.
    rank : ndarray (…) of int
    """

    root: np.ndarray
    inverse: np.ndarray
    inside: np.ndarray
    rank: np.ndarray


def gram_roots(grams: np.ndarray, *, least: np.ndarray | float | None = None) -> GramRoots:
    """Roots of matrices (…, m, m); eigenvalues up to `least` count as zero."""
    values, vectors = np.linalg.eigh((grams + np.swapaxes(grams, -1, -2)) / 2.0)
    kept = values > (RANK * values[..., -1:] if least is None else least)
    roots = np.sqrt(np.where(kept, values, 0.0))
    inverse = np.divide(1.0, roots, out=np.zeros_like(roots), where=kept)
    back = np.swapaxes(vectors, -1, -2)
    return GramRoots(
        root=(vectors * roots[..., None, :]) @ back,
        inverse=(vectors * inverse[..., None, :]) @ back,
        inside=(vectors * kept[..., None, :]) @ back,
        rank=kept.sum(axis=-1),
    )
