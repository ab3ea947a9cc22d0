"""Layout: a ModelSpec as arrays of positions, so that evaluations need no names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.spec import MATRICES, ModelSpec, Parameter, key

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Layout:
    """Where every free entry of a model stands.

    A *part* is a group at a level. Entries are sorted by matrix: paths, covariances, means.

    Attributes
    ----------
    n_observed : int
        The first variables are the observed ones.
    paths, covariances : array (parts, v, v)
        Fixed values; zero at free entries.
    means : array (parts, v)
    part, row, column : array (k,)
        Where each free entry stands.
    free : array (k,)
        Which free parameter it is.
    kinds : tuple of slice
        Entries that are paths, covariances, means.
    entries : tuple of Parameter
        The entries themselves, in order.
    n_free : int
    """

    n_observed: int
    paths: Floats
    covariances: Floats
    means: Floats
    part: Ints
    row: Ints
    column: Ints
    free: Ints
    kinds: tuple[slice, slice, slice]
    entries: tuple[Parameter, ...]
    n_free: int

    @property
    def n_parts(self) -> int:
        """Groups times levels."""
        return len(self.paths)

    @cached_property
    def owners(self) -> tuple[Ints, ...]:
        """The entries of every part."""
        return tuple(np.flatnonzero(self.part == part) for part in range(self.n_parts))

    @cached_property
    def is_one_to_one(self) -> bool:
        """Whether no two entries are the same parameter."""
        return len(self.free) == self.n_free

    @cached_property
    def selection(self) -> Floats:
        """One where an entry (column) is a free parameter (row)."""
        return (self.free == np.arange(self.n_free)[:, None]).astype(np.float64)

    def collect(self, by_entry: Floats) -> Floats:
        """Sum what belongs to entries (k, …) over those that are the same parameter."""
        if self.is_one_to_one:
            out = np.empty_like(by_entry)
            out[self.free] = by_entry
            return out
        return self.selection @ by_entry

    def collect_square(self, by_entry: Floats) -> Floats:
        """Sum a matrix (k, k) over entries that are the same parameter, both ways."""
        return self.collect(self.collect(by_entry).T).T


def build_layout(spec: ModelSpec) -> Layout:
    """Positions of the free entries and values of the fixed ones.

    Free parameters are numbered in the order in which the specification lists them.
    """
    variables = {name: i for i, name in enumerate(spec.variables)}
    parts = {part: i for i, part in enumerate(spec.parts)}
    v = len(variables)
    fixed = [np.zeros((len(parts), v, v)) for _ in range(2)] + [np.zeros((len(parts), v))]
    numbers: dict[tuple[str, ...], int] = {}
    found: list[tuple[int, int, int, int, int, Parameter]] = []
    for p in spec.parameters:
        kind, part = MATRICES.index(p.matrix), parts[p.group, p.level]
        row, column = variables[p.row], variables.get(p.column, 0)
        if p.value is None:
            number = numbers.setdefault(key(p), len(numbers))
            found.append((kind, part, row, column, number, p))
        else:
            _fix(fixed, kind, part, row, column, p.value)
    found.sort(key=lambda entry: entry[0])
    counts = np.cumsum([0, *(sum(e[0] == kind for e in found) for kind in range(3))])
    positions = np.array([entry[1:5] for entry in found], dtype=np.intp).reshape(-1, 4)
    return Layout(
        len(spec.observed),
        fixed[0],
        fixed[1],
        fixed[2],
        part=positions[:, 0].copy(),
        row=positions[:, 1].copy(),
        column=positions[:, 2].copy(),
        free=positions[:, 3].copy(),
        kinds=(slice(0, counts[1]), slice(counts[1], counts[2]), slice(counts[2], counts[3])),
        entries=tuple(entry[5] for entry in found),
        n_free=len(numbers),
    )


def _fix(fixed: list[Floats], kind: int, part: int, row: int, column: int, value: float) -> None:
    if kind == 2:
        fixed[2][part, row] = value
        return
    fixed[kind][part, row, column] = value
    if kind == 1:
        fixed[1][part, column, row] = value


def filled(layout: Layout, theta: Floats) -> tuple[Floats, Floats, Floats]:
    """The matrices A, S and m at the free parameters theta (n_free,)."""
    paths, covariances, means = layout.paths.copy(), layout.covariances.copy(), layout.means.copy()
    values = theta[layout.free]
    a, s, m = layout.kinds
    part, row, column = layout.part, layout.row, layout.column
    paths[part[a], row[a], column[a]] = values[a]
    covariances[part[s], row[s], column[s]] = values[s]
    covariances[part[s], column[s], row[s]] = values[s]
    means[part[m], row[m]] = values[m]
    return paths, covariances, means
