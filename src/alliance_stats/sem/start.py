"""Where the search begins: values from the sample moments, latent variable by latent variable.

Indicators of a latent variable get the loadings of one factor, larger sets first, and what they
explain is taken off before the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.layout import Layout

Floats = NDArray[np.float64]

#: Least share of a variable's variance that is left as residual at the start.
LEAST = 0.2
#: Rounds of loadings and residual variances of one factor; each takes off most of what is wrong.
ROUNDS = 3


def start_values(layout: Layout, covariance: Floats, mean: Floats) -> Floats:
    """Free parameters (n_free,) to begin with.

    Parameters
    ----------
    covariance, mean : array (parts, p, p), (parts, p)
        Sample moments of every part.
    """
    by_entry = np.zeros(len(layout.part))
    for part in range(layout.n_parts):
        _start_part(layout, part, covariance[part], mean[part], by_entry)
    given = [entry.start for entry in layout.entries]
    by_entry = np.array(
        [v if s is None else s for v, s in zip(by_entry, given, strict=True)], dtype=float
    )
    counts = np.bincount(layout.free, minlength=layout.n_free)
    return np.bincount(layout.free, by_entry, minlength=layout.n_free) / np.maximum(counts, 1)


def _start_part(
    layout: Layout, part: int, covariance: Floats, mean: Floats, by_entry: Floats
) -> None:
    p = layout.n_observed
    loadings, latent = _factors(layout, part, covariance)
    own = covariance.diagonal()
    explained = loadings[:p, p:] ** 2 @ latent
    variances = np.append(np.maximum(own - explained, LEAST * own), latent)
    means = np.append(mean, np.zeros(len(latent)))
    row, column = layout.row, layout.column
    found = np.empty(len(row))
    a, s, m = layout.kinds
    found[a] = loadings[row[a], column[a]]
    found[s] = np.where(row[s] == column[s], variances[row[s]], 0.0)
    found[m] = means[row[m]]
    by_entry[layout.owners[part]] = found[layout.owners[part]]


def _factors(layout: Layout, part: int, covariance: Floats) -> tuple[Floats, Floats]:
    """Loadings (v, v) and variances of the latent variables."""
    p, v = layout.n_observed, layout.paths.shape[-1]
    loadings, variances = np.zeros((v, v)), np.full(v - p, 1.0)
    a, s = layout.kinds[:2]
    free = (layout.part[a] == part) & (layout.row[a] < p) & (layout.column[a] >= p)
    children: dict[int, list[int]] = {j: [] for j in range(p, v)}
    for i, j in zip(layout.row[a][free], layout.column[a][free], strict=True):
        children[int(j)].append(int(i))
    fixed = layout.paths[part]
    freed = {int(i) for i in layout.row[s][layout.part[s] == part]}
    left = covariance.copy()
    for j in sorted(children, key=lambda j: -len(children[j])):
        markers = [i for i in range(p) if fixed[i, j] != 0.0]
        measured = sorted({*children[j], *markers})
        if not measured:
            continue
        unit = _one_factor(left[np.ix_(measured, measured)], covariance.diagonal()[measured])
        left[np.ix_(measured, measured)] -= np.outer(unit, unit)
        scale = _scale(layout, part, j, measured, unit, fixed, freed)
        loadings[measured, j] = unit / scale
        variances[j - p] = scale**2
        for i in markers:
            loadings[i, j] = fixed[i, j]
    return loadings, variances


def _scale(
    layout: Layout,
    part: int,
    j: int,
    measured: list[int],
    unit: Floats,
    fixed: Floats,
    freed: set[int],
) -> float:
    """Standard deviation of a latent variable, by its fixed loading or its fixed variance."""
    for at, i in enumerate(measured):
        if fixed[i, j] != 0.0 and j in freed:
            return float(np.copysign(max(abs(unit[at]), 1e-3), unit[at]) / fixed[i, j])
    variance = layout.covariances[part, j, j]
    return float(np.sqrt(variance)) if variance > 0 else 1.0


def _one_factor(covariance: Floats, variances: Floats) -> Floats:
    """Loadings of one factor of variance one, at most √(1 − LEAST) of a variable's SD.

    Given residual variances Ψ, they follow from the first eigenvector of Ψ^-½ΣΨ^-½ (Lawley &
    Maxwell, 1971), and the residual variances from them.
    """
    sds = np.sqrt(np.maximum(variances, 1e-300))
    most = np.sqrt(1.0 - LEAST)
    if len(covariance) == 1:
        return most / np.sqrt(2.0) * sds
    scaled = covariance / np.outer(sds, sds)
    np.fill_diagonal(scaled, 1.0)
    found = np.full(len(sds), np.sqrt(0.5))
    for _ in range(ROUNDS):
        root = np.sqrt(1.0 - found**2)
        values, vectors = np.linalg.eigh(scaled / np.outer(root, root))
        found = root * vectors[:, -1] * np.sqrt(max(values[-1] - 1.0, 0.0))
        found = np.clip(found, -most, most)
    sign = np.sign(found.sum() or 1.0)
    return np.where(sign * found < 0, -1.0, 1.0) * np.maximum(np.abs(found), 0.1) * sds
