"""REML of patients × sessions × items when sessions are unequal but every session has all items.

The ratings of a session are turned into their sum over √m and their deviations from the mean. The
two are independent, so the restricted likelihood is the product of two: with V of patients and
sessions as crossed factors,

    sum:         V(m σ²_p + σ²_pi, m σ²_s + σ²_si, m σ²_ps + σ²_e), with a fixed mean,
    deviations:  V(σ²_pi, σ²_si, σ²_e) + σ²_i 11', m − 1 times.

Patients are eliminated in closed form: σ²_p 11' + σ²_e I of n sessions has an inverse that
depends on n only. So the cross-products of patients with equally many sessions are summed once,
and an evaluation costs as much as one matrix of the sessions' size, however many patients there
are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from alliance_stats.reliability.generalizability.newton import VarianceMinimum, minimise_variances

#: Shares of the variance at which the search starts: p, s, i, ps, pi, si, e.
START = np.array([0.2, 0.05, 0.1, 0.2, 0.1, 0.05, 0.3])
#: Positions of patients, patients × sessions and error.
NESTED = np.array([0, 3, 6])
#: Those of nested sessions with components of items.
NESTED_WITH_ITEMS = np.array([0, 2, 3, 4, 6])


@dataclass(frozen=True, eq=False)
class Products:
    """Cross-products of session indicators, the constant and the responses.

    Attributes
    ----------
    sizes, counts : ndarray (g,)
        Numbers of sessions a patient, and how many patients have them.
    total : ndarray (k, k)
        Over all rows; columns are t sessions, the constant, the sum, m deviations.
    by_size : ndarray (g, k, k)
        Of the patients' sums, added over patients with the same number of sessions.
    n_sessions, n_items : int
    """

    sizes: np.ndarray
    counts: np.ndarray
    total: np.ndarray
    by_size: np.ndarray
    n_sessions: int
    n_items: int

    @property
    def n_rows(self) -> int:
        """Sessions over all patients."""
        return int(self.sizes @ self.counts)


def cross_products(patient: np.ndarray, session: np.ndarray | None, values: np.ndarray) -> Products:
    """Sum the cross-products of ratings (n, m), with sessions crossed or (None) nested."""
    n, m = values.shape
    t = 0 if session is None else int(session.max()) + 1
    means = values.mean(axis=1)
    dense = np.empty((n, 2 + m))
    dense[:, 0], dense[:, 1], dense[:, 2:] = 1.0, means * np.sqrt(m), values - means[:, None]
    sessions_of = np.bincount(patient)
    sums = np.zeros((len(sessions_of), t + 2 + m))
    for column in range(2 + m):
        sums[:, t + column] = np.bincount(patient, dense[:, column])
    total = np.zeros((t + 2 + m, t + 2 + m))
    total[t:, t:] = dense.T @ dense
    if session is not None:
        sums[patient, session] = 1.0
        by_session = np.array([np.bincount(session, column, t) for column in dense.T])
        total[np.arange(t), np.arange(t)] = by_session[0]
        total[t:, :t], total[:t, t:] = by_session, by_session.T
    sizes, which, counts = np.unique(sessions_of, return_inverse=True, return_counts=True)
    by_size = np.array([sums[which == g].T @ sums[which == g] for g in range(len(sizes))])
    return Products(sizes.astype(float), counts.astype(float), total, by_size, t, m)


def deviance(
    products: Products, variance: np.ndarray, *, item_means_fixed: bool = False
) -> complex:
    """Twice the negative restricted log-likelihood, but for constants.

    Parameters
    ----------
    products : Products
    variance : ndarray (7,)
        Of patients, sessions, items, patients × sessions, patients × items, sessions × items,
        error; real or complex.
    item_means_fixed : bool
        Whether the items' means are fixed effects; their variance counts for nothing then.
    """
    p, s, i, ps, pi, si, e = variance
    m, t = products.n_items, products.n_sessions
    one, both = _without_patients(products, m * p + pi, m * ps + e)
    x, y = t, t + 1
    inner, logdet = without(one, np.full(t, m * s + si), t)
    weight, cross, square = inner[x, x], inner[x, y], inner[y, y]
    found = both + logdet + np.log(weight) + square - cross**2 / weight
    one, both = _without_patients(products, pi, e)
    random = np.append(np.full(t, si), 0.0 if item_means_fixed else i)
    if item_means_fixed:
        one, logdet = without(one, random[:t], t)
        weight = one[t, t]
        inner = one - np.outer(one[:, t], one[t]) / weight
        logdet = logdet + np.log(weight)
    else:
        inner, logdet = without(one, random, t + 1)
    return found + (m - 1) * (both + logdet) + np.trace(inner[t + 2 :, t + 2 :])


def _without_patients(
    products: Products, patient: complex, error: complex
) -> tuple[np.ndarray, complex]:
    """U'V⁻¹U and log|V| for V = patient · ZZ' + error · I."""
    sizes, counts = products.sizes, products.counts
    both = error + patient * sizes
    inner = (products.total - np.tensordot(patient / both, products.by_size, axes=1)) / error
    logdet = (counts * ((sizes - 1.0) * np.log(error) + np.log(both))).sum()
    return inner, logdet


def without(inner: np.ndarray, variances: np.ndarray, k: int) -> tuple[np.ndarray, complex]:
    """Eliminate the first `k` columns, random effects of these variances, and log|I + AD|."""
    if k == 0:
        return inner, 0.0
    a = inner[:k, :k] * variances + np.eye(k)
    sign, logabs = np.linalg.slogdet(a)
    solved = np.linalg.solve(a, inner[:k]) * variances[:, None]
    logdet = logabs + 1j * np.angle(sign) if np.iscomplexobj(a) else logabs
    return inner - inner[:, :k] @ solved, logdet


def crossed_estimates(
    patient: np.ndarray, session: np.ndarray | None, values: np.ndarray
) -> VarianceMinimum:
    """REML of all components, with sessions crossed or (None) nested in patients."""
    centred = values - values.mean()
    products = cross_products(patient, session, centred)
    moving = np.arange(7) if session is not None else NESTED_WITH_ITEMS
    start = np.zeros(7)
    start[moving] = START[moving] * centred.var()
    return minimise_variances(partial(deviance, products), start, moving)
