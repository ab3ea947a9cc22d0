"""d_study: the coefficients of measurements with other numbers of conditions (Brennan, 2001)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.reliability.generalizability.coefficients import (
    coefficient_row,
    known_covariance,
    measurement_weights,
)
from alliance_stats.reliability.generalizability.decision import DStudyResult
from alliance_stats.reliability.generalizability.design import Design, make_design
from alliance_stats.reliability.generalizability.read import Nested
from alliance_stats.reliability.generalizability.result import GStudyResult
from alliance_stats.reliability.result import coefficient_rows

#: More measurements than these are no plan.
MOST = 10_000


def d_study(
    study: GStudyResult,
    *,
    n: Mapping[str, int | Iterable[int]],
    nested: Nested | None = None,
    fixed: Sequence[str] | None = None,
) -> DStudyResult:
    """Decision study: how reliable a measurement with other numbers of conditions would be.

    Use it to plan: how many sessions, raters, items are needed, and which of them pays most.

    Parameters
    ----------
    study : GStudyResult
        From `g_study`.
    n : mapping of str to int or ints
        Numbers of conditions of each facet to look at, ``{"session": range(1, 13), "item": [4,
        12]}``; of a nested facet within each of its parents. A facet that is not named keeps the
        number of the study.
    nested : mapping, optional
        Facets that would be nested though the study crossed them: ``{"session": "patient"}`` for
        sessions that each patient has for itself, ``{"item": "session"}`` for new items at each
        session.
    fixed : sequence of str, optional
        Facets whose conditions would be all there are, instead of those of the study.

    Returns
    -------
    DStudyResult
        ``table`` with G and Phi for every combination; ``needed(0.90)`` is the smallest number
        that reaches a goal.

    Raises
    ------
    ArgumentError
        If a facet is not in the study, or a number is not a whole one of 1 or more.

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory. Springer.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> ratings = pd.DataFrame({
    ...     "patient": [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
    ...     "rater": ["A", "B", "C"] * 4,
    ...     "alliance": [4, 5, 5, 2, 4, 2, 6, 6, 7, 3, 5, 4]})
    >>> g = al.reliability.g_study(ratings, score="alliance", facets=["rater"])
    >>> d = al.reliability.d_study(g, n={"rater": [1, 2, 3]})
    >>> d.table[["n_rater", "G", "Phi"]].round(3)
       n_rater      G    Phi
    0        1  0.821  0.743
    1        2  0.902  0.852
    2        3  0.932  0.897
    >>> int(d.needed(0.90)["n_rater"].item())
    2
    """
    if not isinstance(study, GStudyResult):
        raise ArgumentError(f"study is a {type(study).__name__}. Give the result of g_study.")
    design = _planned(study.design, nested, fixed)
    numbers = _numbers(study, design, n)
    rows = []
    covariance = known_covariance(study.estimated.covariance)
    for chosen in product(*numbers.values()):
        counts = dict(zip(numbers, chosen, strict=True))
        weights = measurement_weights(study.estimated.effects, design, counts)
        for term, error in weights.errors().items():
            row = coefficient_row(
                weights.universe, error, study.estimated.kept, covariance, study.conf_level
            )
            shown = {f"n_{facet}": number for facet, number in counts.items()}
            rows.append({"term": term, **row, **shown})
    varied = tuple(facet for facet, values in numbers.items() if len(values) > 1)
    return DStudyResult(study, design, coefficient_rows(rows), varied)


def _planned(design: Design, nested: Nested | None, fixed: Sequence[str] | None) -> Design:
    """The design of the measurement: that of the study with more nested or other facets fixed."""
    if fixed is not None:
        if isinstance(fixed, str) or any(facet not in design.facets for facet in fixed):
            raise ArgumentError(
                f"fixed={fixed!r} is not a list of facets. Facets here: {name_list(design.facets)}."
            )
        if set(fixed) == set(design.facets):
            raise ArgumentError(
                f"fixed={list(fixed)!r} holds every facet, so there is nothing to generalise over. "
                "Leave one facet random."
            )
        design = replace(design, fixed=frozenset(fixed))
    if not nested:
        return design
    parents: dict[str, frozenset[str]] = dict(design.parents)
    for inner, outer in nested.items():
        given = frozenset([outer] if isinstance(outer, str) else outer)
        for name in (inner, *given):
            if name not in design.factors:
                raise ArgumentError(
                    f"nested names '{name}', which is not in the study."
                    f"{did_you_mean(name, design.factors)} In it: {name_list(design.factors)}."
                )
        if inner not in design.facets:
            raise ArgumentError(
                f"nested={dict(nested)!r} nests the objects of measurement. Only facets can be "
                "nested anew; fit another g_study for other objects."
            )
        if inner in given or any(inner in design.closed(frozenset([o])) for o in given):
            raise ArgumentError(f"'{inner}' would be nested in itself. Correct nested=.")
        parents[inner] = parents[inner] | given
    (objects,) = [f for f in design.objects if design.closed(frozenset([f])) == design.objects]
    made = make_design(objects, design.facets, parents)
    return replace(made, fixed=design.fixed)


def _numbers(
    study: GStudyResult, design: Design, n: Mapping[str, int | Iterable[int]]
) -> dict[str, list[float]]:
    """Numbers of conditions to look at, for every facet in order."""
    unknown = [facet for facet in n if facet not in design.facets]
    if unknown:
        raise ArgumentError(
            f"n names '{unknown[0]}', which is no facet of the study."
            f"{did_you_mean(unknown[0], design.facets)} Facets: {name_list(design.facets)}."
        )
    numbers: dict[str, list[float]] = {}
    for facet in design.facets:
        if facet in n:
            numbers[facet] = _whole(facet, n[facet])
        else:
            numbers[facet] = [study.n[facet]]
        if facet in design.fixed and numbers[facet] != [study.n[facet]]:
            raise ArgumentError(
                f"'{facet}' is fixed, so its conditions are the {study.n[facet]:g} of the study. "
                f"Leave '{facet}' out of n=, or out of fixed=."
            )
    if np.prod([len(values) for values in numbers.values()], dtype=float) > MOST:
        raise ArgumentError(
            f"n asks for more than {MOST:,} combinations. Give fewer numbers, such as [4, 8, 12]."
        )
    return numbers


def _whole(facet: str, given: int | Iterable[int]) -> list[float]:
    """Numbers of conditions as a list. Raises ArgumentError for what is no number of conditions."""
    values = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    right = [isinstance(v, int | np.integer) and not isinstance(v, bool) and v >= 1 for v in values]
    if not values or not all(right):
        raise ArgumentError(
            f"n[{facet!r}]={given!r} holds no numbers of conditions. Give whole numbers from 1, "
            f"such as {{'{facet}': range(1, 13)}}."
        )
    return list(dict.fromkeys(int(v) for v in values))
