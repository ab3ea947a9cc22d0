"""Which columns a list of terms has: the coding of categorical factors, decided by formulaic.

Formulaic sees neutral names (``x0``, ``x1`` …) as lookup terms, never text, and one row of made-up
values whose categories are level numbers: whether a factor gets an indicator for every level or
for all but the reference depends on the terms alone, not on the data. Its column names
(``x1[T.2]:x0``) then say which columns to multiply. At 500,000 rows this is several times faster
than to let formulaic compute the columns, and the answer is kept for the next call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import pandas as pd

#: A column as a product: factor number and, for each, level or column number.
Parts = tuple[tuple[int, int], ...]

_PART = re.compile(r"x(\d+)(?:\[(?:T\.)?(\d+)\])?")


@lru_cache(maxsize=256)
def column_parts(
    terms: tuple[tuple[int, ...], ...],
    widths: tuple[int, ...],
    n_levels: tuple[int, ...],
    /,
    *,
    intercept: bool,
) -> tuple[tuple[int, Parts], ...]:
    """Every column as its term's number and the parts it is the product of.

    Parameters
    ----------
    terms : tuple of tuple of int
        The factor numbers of every term.
    widths : tuple of int
        Number of columns of every numeric factor (more than 1 for ``poly`` and ``bs``).
    n_levels : tuple of int
        Number of levels of every categorical factor, 0 for a numeric one.
    intercept : bool
        Whether the model has an intercept, which the coding depends on.

    Returns
    -------
    tuple of (term, parts)
        In R's order: terms as given; within a term the first factor varies fastest. The
        intercept is not among them.

    Examples
    --------
    Factor 0 is numeric and factor 1 has two levels: ``x + x:g`` needs no indicator of the first.

    >>> column_parts(((0,), (0, 1)), (1, 1), (0, 2), intercept=True)
    ((0, ((0, 0),)), (1, ((0, 0), (1, 1))))
    """
    if any(n_levels):
        coded = _formulaic_columns(terms, n_levels, intercept)
    else:
        # Numeric terms have one column each: nothing to decide, and formulaic need not be loaded.
        coded = [(i, dict.fromkeys(term, 0)) for i, term in enumerate(terms)]
    groups: dict[tuple[int, tuple[int, ...]], list[Parts]] = {}
    for number, level in coded:
        present = tuple(factor for factor in terms[number] if factor in level)
        choices = [[level[f]] if n_levels[f] else range(widths[f]) for f in present]
        products = [tuple(zip(present, chosen, strict=True)) for chosen in product(*choices)]
        groups.setdefault((number, present), []).extend(products)
    return tuple(
        (number, parts)
        for (number, _), columns in groups.items()
        for parts in sorted(columns, key=_last_slowest)
    )


def _last_slowest(parts: Parts) -> list[int]:
    """Sorting key of columns of the same factors: the first factor varies fastest."""
    return [level for _, level in reversed(parts)]


def _formulaic_columns(
    terms: Sequence[tuple[int, ...]], n_levels: Sequence[int], intercept: bool
) -> list[tuple[int, dict[int, int]]]:
    """Ask formulaic for full-rank coding: of every column the term, and each factor's level.

    A column may lack a factor of its term: the first columns of ``g:h`` without ``g`` and ``h``
    are indicators of ``h`` alone.
    """
    from formulaic import Formula
    from formulaic.parser.types import Factor as FormulaicFactor
    from formulaic.parser.types import Term as FormulaicTerm

    made_up = pd.DataFrame(
        {
            f"x{i}": pd.Categorical(["0"], categories=[str(k) for k in range(n)]) if n else [1.0]
            for i, n in enumerate(n_levels)
        }
    )
    lookups = [
        FormulaicTerm([FormulaicFactor(f"x{i}", eval_method="lookup") for i in term])
        for term in terms
    ]
    if intercept:
        lookups.insert(0, FormulaicTerm([FormulaicFactor("1", eval_method="literal")]))
    matrix = Formula(lookups).get_model_matrix(made_up, na_action="ignore", output="numpy")
    spec = matrix.model_spec
    found: list[tuple[int, dict[int, int]]] = []
    for number, term in enumerate(lookups[intercept:]):
        for column in spec.term_indices[term]:
            parts = _PART.findall(spec.column_names[column])
            found.append((number, {int(factor): int(level or 0) for factor, level in parts}))
    return found
