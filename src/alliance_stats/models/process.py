"""A bivariate autoregressive process over the sessions of a design, many studies at once.

With s = (f, e) the deviations of outcome and alliance from the patient's levels, C the path within
a session (from the rating made before it to the one after it) and L those from `step` sessions
before,

    s_t = C s_t + L s_{t-step} + u_t,   so   s_t = A s_{t-step} + v_t

with A = (I − C)⁻¹L and Var(v) = Q = (I − C)⁻¹ Var(u) (I − C)⁻ᵀ. The process runs through missed
sessions and starts in its stationary distribution S = ASA' + Q.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.data.units import Codes, Floats

#: A process with a larger spectral radius is pulled back to it: it would take too long to settle.
MOST_CARRIED = 0.95
#: Steps after which nothing of a deviation is left; longer gaps are cut to this.
FORGOTTEN = 40


@dataclass(frozen=True, eq=False)
class Grid:
    """The sessions through which the process runs, and which of them are rows of the data.

    Attributes
    ----------
    length : ndarray (G,)
        Sessions of every patient from the first to the last, missed ones included.
    row : ndarray (n,)
        Place of every row of the data among all sessions of all patients.
    step : int
        Sessions between a rating and the one it predicts.
    """

    length: Codes
    row: Codes
    step: int


@dataclass(frozen=True, eq=False)
class Process:
    """The matrices of the module's equations: A, Q and S (2, 2), outcome first."""

    a: Floats
    q: Floats
    s: Floats


def grid_of(patient: Codes, session: Floats, step: int, *, by_rows: bool) -> Grid:
    """Lay out every patient's sessions by number or, if `by_rows`, one after the other."""
    sort = np.lexsort((session, patient))
    apart = np.diff(session[sort], prepend=0.0)
    apart = np.ones(len(sort)) if by_rows else np.minimum(apart, FORGOTTEN * step)
    new = np.diff(patient[sort], prepend=-1) != 0
    apart[new] = 1.0
    along = np.cumsum(apart).astype(np.int64) - 1  # patients one after the other
    starts = np.append(along[new], along[-1] + 1)
    row = np.empty(len(sort), dtype=np.int64)
    row[sort] = along
    return Grid(np.diff(starts), row, step)


def process_of(within: Floats, before: Floats, noise: Floats) -> Process:
    """The process of paths C within a session, L from an earlier one, and Var(u), each (2, 2)."""
    inverse = np.linalg.inv(np.eye(2) - within)
    a = inverse @ before
    radius = float(np.abs(np.linalg.eigvals(a)).max())
    if radius > MOST_CARRIED:
        a *= MOST_CARRIED / radius
    q = inverse @ noise @ inverse.T
    s = np.linalg.solve(np.eye(4) - np.kron(a, a), q.ravel()).reshape(2, 2)
    return Process(a, q, (s + s.T) / 2)


def draw_deviations(
    process: Process, grid: Grid, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Deviations of outcome and alliance at every row of the data, each (rows, n studies)."""
    length, step = grid.length, grid.step
    total = int(length.sum())
    first = np.cumsum(length) - length
    noise = rng.standard_normal((total, 2, n))
    start, going = np.linalg.cholesky(process.s), np.linalg.cholesky(process.q)
    s = np.empty((total, 2, n))
    for t in range(int(length.max())):
        row = first[length > t] + t
        if t < step:
            s[row] = start @ noise[row]
        else:
            s[row] = process.a @ s[row - step] + going @ noise[row]
    return s[grid.row, 0], s[grid.row, 1]
