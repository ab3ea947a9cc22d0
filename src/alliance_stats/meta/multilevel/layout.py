"""Which algebra fits the units: nested in closed form, blocks of one size, crossed units dense."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.batches import row_batches
from alliance_stats.meta.multilevel.blocks import BATCH, batch_of, block_precision
from alliance_stats.meta.multilevel.criterion import Problem
from alliance_stats.meta.multilevel.crossed import CrossedPrecision, Crossing
from alliance_stats.meta.multilevel.estimate import Parameters
from alliance_stats.meta.multilevel.nested import nested_precision
from alliance_stats.meta.multilevel.partitions import Chain, is_within, partition_of, sorted_rows
from alliance_stats.meta.multilevel.precision import Precision
from alliance_stats.meta.multilevel.sampling import Sampling, sampling_matrix
from alliance_stats.meta.multilevel.terms import Term, directions_of

#: Most groups of crossed units.
MOST_CROSSED = 2_000
#: Most effects of a block whose covariance matrix is formed.
MOST_IN_BLOCK = 2_000
#: Groups that overlap are put into one block up to this many effects.
SMALL = 40

Make = Callable[[np.ndarray], Precision]


@dataclass(frozen=True, eq=False)
class Layout:
    """Rows in the order of the algebra, and how M⁻¹ is found.

    Attributes
    ----------
    y, vi : array (n,)
    x : array (n, p)
    terms : tuple of Term
    sampling : Sampling
    order : array (n,) of int
        Position among the rows analysed of every row here.
    precision_at : callable
        M⁻¹ at natural parameters.
    """

    y: np.ndarray
    vi: np.ndarray
    x: np.ndarray
    terms: tuple[Term, ...]
    sampling: Sampling
    order: np.ndarray
    precision_at: Make

    @cached_property
    def parameters(self) -> Parameters:
        """Free parameters of the random terms."""
        return Parameters(tuple(term.structure for term in self.terms))

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal columns (n, p) with the span of X, and R with X = QR."""
        return np.linalg.qr(self.x)

    def problem(self, reml: bool) -> Problem:
        """The criterion of these rows."""
        directions = directions_of(self.terms)
        return Problem(self.y, self.columns[0], directions, self.precision_at, reml)

    @cached_property
    def independent(self) -> np.ndarray:
        """Codes (n,) of the largest sets of rows that no random effect or error joins."""
        codes = [term.codes for term in self.terms]
        return joined([*codes, self.sampling.codes] if self.sampling.correlated else codes)


def joined(codes: Sequence[np.ndarray]) -> np.ndarray:
    """Rows that share a group, by way of others too, get one code."""
    n = len(codes[0])
    found = codes[0]
    for other in codes[1:]:
        if is_within(found, other):
            found = other
        elif not is_within(other, found):
            size = int(found.max()) + 1
            edges = csr_array(
                (np.ones(n), (found, other + size)), shape=(size + other.max() + 1,) * 2
            )
            found = connected_components(edges, directed=False)[1][found]
    return np.unique(found, return_inverse=True)[1]


def lay_out(
    y: np.ndarray, vi: np.ndarray, x: np.ndarray, terms: Sequence[Term], sampling: Sampling
) -> Layout:
    """Choose the algebra and sort the rows for it.

    Raises
    ------
    UnsupportedError
        If crossed units have thousands of groups, or blocks thousands of effects.
    """
    dense = sampling.blocks is not None or any(not term.is_intercept for term in terms)
    inside = _in_blocks(terms, sampling) if dense else _in_chain(terms, sampling)
    base = [terms[number] for number in inside]
    levels = [term.codes for term in base]
    if sampling.correlated:
        levels.append(sampling.codes)
    levels = sorted(levels, key=lambda codes: -int(codes.max()))
    order = sorted_rows([joined(levels), *levels][1:] if not dense else [joined(levels)])
    terms = tuple(replace(term, codes=term.codes[order], inner=term.inner[order]) for term in terms)
    moved = _sorted(sampling, order)
    base = [terms[number] for number in inside]
    make = _by_blocks(base, moved, vi[order]) if dense else _by_chain(base, moved, vi[order])
    make = _with_crossed(terms, inside, make)
    return Layout(y[order], vi[order], x[order], terms, moved, order, make)


def _sorted(sampling: Sampling, order: np.ndarray) -> Sampling:
    if sampling.blocks is None:
        return replace(sampling, codes=sampling.codes[order])
    place = np.argsort(order)
    blocks = {}
    for code, (rows, block) in sampling.blocks.items():
        at = place[rows]
        by = np.argsort(at)
        blocks[code] = at[by], block[np.ix_(by, by)]
    return replace(sampling, codes=sampling.codes[order], blocks=blocks)


def _in_chain(terms: Sequence[Term], sampling: Sampling) -> list[int]:
    """The terms that nest in each other, and with correlated errors; the others are crossed."""
    chain = [sampling.codes] if sampling.correlated else []
    found = []
    for number in np.argsort([-term.n_groups for term in terms], kind="stable").tolist():
        codes = terms[number].codes
        if all(is_within(codes, other) or is_within(other, codes) for other in chain):
            chain.append(codes)
            found.append(number)
    return sorted(found)


def _in_blocks(terms: Sequence[Term], sampling: Sampling) -> list[int]:
    """The terms inside dense blocks: those with a matrix, and all that leave blocks small."""
    must = [number for number, term in enumerate(terms) if not term.is_intercept]
    codes = [terms[number].codes for number in must]
    block = joined([*codes, sampling.codes] if sampling.correlated else codes)
    found = list(must)
    for number in np.argsort([-term.n_groups for term in terms], kind="stable").tolist():
        if number in must:
            continue
        larger = joined([block, terms[number].codes])
        if is_within(terms[number].codes, block) or np.bincount(larger).max() <= SMALL:
            block = larger
            found.append(number)
    if (most := int(np.bincount(block).max())) > MOST_IN_BLOCK:
        raise UnsupportedError(
            f"a random term with '|' or given covariances join {most:,} effects in one block; at "
            f"most {MOST_IN_BLOCK:,} are possible. Use nested intercepts and rho=."
        )
    return sorted(found)


def _by_chain(base: Sequence[Term], sampling: Sampling, vi: np.ndarray) -> Make:
    """M⁻¹ of nested intercepts."""
    codes = [term.codes for term in base] + ([sampling.codes] if sampling.correlated else [])
    n = len(vi)
    parts = [partition_of(np.arange(n))]
    for each in sorted(codes, key=lambda c: -int(c.max())):
        part = partition_of(each)
        if len(part) < len(parts[-1]):
            parts.append(part)
    chain = Chain(tuple(parts))
    sizes = [len(part) for part in parts]
    units = [sizes.index(len(partition_of(term.codes))) for term in base]
    cluster = sizes.index(len(partition_of(sampling.codes))) if sampling.correlated else 0
    rho = sampling.rho or 0.0
    return lambda natural: nested_precision(chain, units, natural, vi, rho, cluster)


def _by_blocks(base: Sequence[Term], sampling: Sampling, vi: np.ndarray) -> Make:
    """M⁻¹ of dense blocks."""
    codes = [term.codes for term in base]
    block = joined([*codes, sampling.codes] if sampling.correlated else codes)
    k = sum(term.structure.n_natural for term in base)
    batches = [
        batch_of(rows, sampling_matrix(sampling, vi, rows), base)
        for rows in row_batches(block, BATCH // (k + 2))
    ]
    return lambda natural: block_precision(batches, natural)


def _with_crossed(terms: Sequence[Term], inside: Sequence[int], make: Make) -> Make:
    """M⁻¹ with the terms outside the blocks."""
    crossed = [number for number in range(len(terms)) if number not in inside]
    if not crossed:
        return make
    q = sum(terms[number].n_groups for number in crossed)
    if q > MOST_CROSSED:
        names = ", ".join(f"'{terms[number].label}'" for number in crossed)
        raise UnsupportedError(
            f"the crossed units {names} have {q:,} groups together; at most {MOST_CROSSED:,} are "
            "possible. Leave a crossed unit out."
        )
    first = np.cumsum([0, *(term.structure.n_natural for term in terms)])
    owners = np.concatenate([np.full(terms[c].n_groups, first[c]) for c in crossed])
    own = [np.arange(first[number], first[number + 1]) for number in inside]
    places = np.concatenate([np.array([], dtype=int), *own]).astype(int)
    z = np.hstack([terms[number].indicator.toarray() for number in crossed])
    crossing = Crossing(z, owners, places, directions_of([terms[number] for number in inside]))
    return lambda natural: CrossedPrecision(make(natural[places]), crossing, natural)
