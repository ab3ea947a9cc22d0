"""REML of patients × sessions × items when some sessions lack items.

A missing rating is filled in and given a fixed effect of its own, which leaves the restricted
likelihood of the others as it is (Bartlett, 1937). V, of patients, patients × items, patients ×
sessions and error, has a closed inverse, in which cells (r, i) and (s, j) of one patient meet with

    (δ_rs − w₀)/(m c₀) + (δ_ij − 1/m)(δ_rs − w₁)/c₁,    c₀ = m σ²_ps + σ²_e,    c₁ = σ²_e,
    w = a/(c + a n),                                     a₀ = m σ²_p + σ²_pi,    a₁ = σ²_pi.

The effects of missing ratings are eliminated a patient at a time, then sessions, sessions × items
and items as random effects, then the mean.

Bartlett, M. S. (1937). Some examples of statistical methods of research in agriculture and applied
biology. Supplement to the Journal of the Royal Statistical Society, 4, 137–183.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from alliance_stats.reliability.generalizability.complete_facet import (
    NESTED_WITH_ITEMS,
    crossed_estimates,
    without,
)
from alliance_stats.reliability.generalizability.newton import VarianceMinimum, minimise_variances

#: Curvature that is tried in a variance at zero nearby, relative to that of the error.
FLAT = 1.0


@dataclass(frozen=True, eq=False)
class Holes:
    """Missing ratings of the patients who lack equally many, h of each.

    Attributes
    ----------
    n_sessions : ndarray (p,)
        Sessions of each patient.
    item : ndarray (p, h)
    same_row, same_item : ndarray (p, h, h)
        Whether two missing ratings are of one session, of one item.
    sums, patient_sums : ndarray (p, h, b), (p, 1, b)
        Basis of the sums: of the session of a missing rating, and over the patient.
    parts, patient_parts : ndarray (p, h, b)
        Basis of the deviations at the missing rating's item, likewise.
    """

    n_sessions: np.ndarray
    item: np.ndarray
    same_row: np.ndarray
    same_item: np.ndarray
    sums: np.ndarray
    patient_sums: np.ndarray
    parts: np.ndarray
    patient_parts: np.ndarray


@dataclass(frozen=True, eq=False)
class PartialProducts:
    """Cross-products of t session, t·m session × item and m item columns, the constant and y.

    Attributes
    ----------
    sizes, counts : ndarray (g,)
        Numbers of sessions a patient, and how many patients have them.
    sums, sums_by_size : ndarray (c, c), (g, c, c)
        Of the sessions' sums over √m; and of the patients' sums of them.
    parts, parts_by_size : ndarray (c, c), (g, c, c)
        Of the deviations, likewise.
    expand_sums, expand_parts : ndarray (b, c), (m, b, c)
        From the basis (session indicators, constant, response) to the columns.
    holes : tuple of Holes
    n_sessions, n_items : int
    """

    sizes: np.ndarray
    counts: np.ndarray
    sums: np.ndarray
    sums_by_size: np.ndarray
    parts: np.ndarray
    parts_by_size: np.ndarray
    expand_sums: np.ndarray
    expand_parts: np.ndarray
    holes: tuple[Holes, ...]
    n_sessions: int
    n_items: int


def partial_estimates(
    patient: np.ndarray, session: np.ndarray | None, values: np.ndarray
) -> VarianceMinimum:
    """REML of all components from ratings (n, m) with NaN, sessions crossed or (None) nested."""
    centred = values - np.nanmean(values)
    products = partial_products(patient, session, centred)
    moving = np.arange(7) if session is not None else NESTED_WITH_ITEMS
    near = _nearby(patient, session, centred)
    start = np.zeros(7)
    start[moving] = np.maximum(near.variance[moving], 1e-3 * near.variance[-1])
    curvature = near.curvature + np.diag(
        np.where(np.diag(near.curvature) > 0, 0.0, FLAT * near.curvature[-1, -1])
    )
    return minimise_variances(
        partial(partial_deviance, products), start, moving, curvature=curvature
    )


def _nearby(patient: np.ndarray, session: np.ndarray | None, values: np.ndarray) -> VarianceMinimum:
    """The minimum with missing ratings filled in by patient, session and item means."""
    filled = values.copy()
    row, item = np.nonzero(np.isnan(values))
    of_row = np.nanmean(values, axis=1)
    of_item = np.nanmean(values - of_row[:, None], axis=0)
    filled[row, item] = of_row[row] + of_item[item]
    return crossed_estimates(patient, session, filled)


def partial_products(
    patient: np.ndarray, session: np.ndarray | None, values: np.ndarray
) -> PartialProducts:
    """Form the cross-products and the missing ratings' parts."""
    m, t = values.shape[1], 0 if session is None else int(session.max()) + 1
    filled = np.where(np.isnan(values), 0.0, values)
    means = filled.mean(axis=1)
    total = _Basis(patient, session, t, filled.sum(axis=1))
    each = [_Basis(patient, session, t, filled[:, i] - means) for i in range(m)]
    to_sums, to_parts = _expansions(t, m)
    sizes, which, counts = np.unique(total.sessions_of, return_inverse=True, return_counts=True)
    groups = [which == g for g in range(len(sizes))]
    sums_by_size = [to_sums.T @ total.patient_gram(g) @ to_sums / m for g in groups]
    parts_by_size = [
        sum(e.T @ b.patient_gram(g) @ e for b, e in zip(each, to_parts, strict=True))
        for g in groups
    ]
    return PartialProducts(
        sizes=sizes.astype(float),
        counts=counts.astype(float),
        sums=to_sums.T @ total.gram() @ to_sums / m,
        sums_by_size=np.array(sums_by_size),
        parts=np.sum([e.T @ b.gram() @ e for b, e in zip(each, to_parts, strict=True)], axis=0),
        parts_by_size=np.array(parts_by_size),
        expand_sums=to_sums,
        expand_parts=to_parts,
        holes=tuple(_holes(np.isnan(values), patient, total, each)),
        n_sessions=t,
        n_items=m,
    )


class _Basis:
    """Session indicators, a constant and one response: rows, and their sums over patients."""

    def __init__(
        self, patient: np.ndarray, session: np.ndarray | None, t: int, response: np.ndarray
    ) -> None:
        self.rows = np.zeros((len(patient), t + 2))
        if session is not None:
            self.rows[np.arange(len(patient)), session] = 1.0
        self.rows[:, t], self.rows[:, t + 1] = 1.0, response
        self.sessions_of = np.bincount(patient)
        columns = [np.bincount(patient, column) for column in self.rows.T]
        self.patients = np.stack(columns, axis=1)

    def gram(self) -> np.ndarray:
        return np.asarray(self.rows.T @ self.rows)

    def patient_gram(self, group: np.ndarray) -> np.ndarray:
        return np.asarray(self.patients[group].T @ self.patients[group])


def _expansions(t: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns (sessions, sessions × items, items, constant, y) from the basis of sums and parts."""
    c = t + t * m + m + 2
    sums, parts = np.zeros((t + 2, c)), np.zeros((m, t + 2, c))
    centre = np.eye(m) - 1.0 / m
    for s in range(t):
        first = t + s * m
        sums[s, s], sums[s, first : first + m] = m, 1.0
        parts[:, s, first : first + m] = centre
    sums[t, c - 2 - m : c - 2], sums[t, c - 2], sums[t + 1, c - 1] = 1.0, m, 1.0
    parts[:, t, c - 2 - m : c - 2] = centre
    parts[:, t + 1, c - 1] = 1.0
    return sums, parts


def _holes(
    missing: np.ndarray, patient: np.ndarray, total: _Basis, each: list[_Basis]
) -> list[Holes]:
    """The missing ratings, patients with equally many together."""
    row, item = np.nonzero(missing)
    order = np.lexsort((item, row, patient[row]))
    row, item = row[order], item[order]
    who, first, counts = np.unique(patient[row], return_index=True, return_counts=True)
    rows = np.stack([b.rows for b in each])
    patients = np.stack([b.patients for b in each])
    found = []
    for h in np.unique(counts):
        chosen = counts == h
        at = first[chosen][:, None] + np.arange(h)
        r, i, p = row[at], item[at], who[chosen]
        found.append(
            Holes(
                n_sessions=total.sessions_of[p].astype(float),
                item=i,
                same_row=(r[:, :, None] == r[:, None, :]).astype(float),
                same_item=(i[:, :, None] == i[:, None, :]).astype(float),
                sums=total.rows[r],
                patient_sums=total.patients[p][:, None, :],
                parts=rows[i, r],
                patient_parts=patients[i, p[:, None]],
            )
        )
    return found


def partial_deviance(products: PartialProducts, variance: np.ndarray) -> complex:
    """Twice the negative restricted log-likelihood, but for constants; as `deviance`."""
    p, s, i, ps, pi, si, e = variance
    m, t = products.n_items, products.n_sessions
    a = (m * p + pi, pi)
    c = (m * ps + e, e)
    sizes, counts = products.sizes, products.counts
    both = [error + unit * sizes for unit, error in zip(a, c, strict=True)]
    inner = (products.sums - np.tensordot(a[0] / both[0], products.sums_by_size, axes=1)) / c[0]
    inner = (
        inner
        + (products.parts - np.tensordot(a[1] / both[1], products.parts_by_size, axes=1)) / c[1]
    )
    logdet = sum(
        times * (counts * ((sizes - 1.0) * np.log(error) + np.log(whole))).sum()
        for times, error, whole in zip((1, m - 1), c, both, strict=True)
    )
    for holes in products.holes:
        lost, more = _without_holes(products, holes, a, c)
        inner, logdet = inner - lost, logdet + more
    random = np.concatenate([np.full(t, s), np.full(t * m, si), np.full(m, i)])
    inner, more = without(inner, random, len(random))
    k = len(random)
    weight, cross, square = inner[k, k], inner[k, k + 1], inner[k + 1, k + 1]
    return logdet + more + np.log(weight) + square - cross**2 / weight


def _without_holes(
    products: PartialProducts,
    holes: Holes,
    a: tuple[complex, complex],
    c: tuple[complex, complex],
) -> tuple[np.ndarray, complex]:
    """What the missing ratings take from the cross-products, and their log-determinant."""
    m = products.n_items
    n = holes.n_sessions[:, None, None]
    w = [unit / (error + unit * n) for unit, error in zip(a, c, strict=True)]
    blocks = (holes.same_row - w[0]) / (m * c[0])
    blocks = blocks + (holes.same_item - 1.0 / m) * (holes.same_row - w[1]) / c[1]
    left = (holes.sums - w[0] * holes.patient_sums) / (m * c[0]) @ products.expand_sums
    parts = (holes.parts - w[1] * holes.patient_parts) / c[1]
    for item in range(m):
        chosen = holes.item == item
        left[chosen] += parts[chosen] @ products.expand_parts[item]
    sign, logabs = np.linalg.slogdet(blocks)
    flat = (-1, left.shape[-1])
    lost = left.reshape(flat).T @ np.linalg.solve(blocks, left).reshape(flat)
    logdet = logabs.sum()
    return lost, logdet + 1j * np.angle(sign).sum() if np.iscomplexobj(blocks) else logdet
