"""Tests of whole terms: type III hypotheses and their F tests.

Categorical predictors are coded against a reference level, so that the coefficient of ``arm`` in
``arm * phase`` is a difference in the reference phase. Type III hypotheses are those of
sum-to-zero coding: main effects are averages over the levels of the other factors, each level
with equal weight. Both codings span the same functions of the predictors, C = C_treatment T, so
β_sum = T⁻¹β, and a term is tested by its rows of T⁻¹. Numeric parts of a column are the same in
both codings: T is found among the columns with the same ones, on combinations of levels.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.coding import Parts
from alliance_stats.formula.memory import ColumnMemory
from alliance_stats.lmm.design.mixed_design import ModelDesign
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.inference.contrasts import Ddf, check_ddf, joint_columns, joint_test

#: Every categorical factor of a column with its level.
Cell = dict[int, int]


def anova(self: FittedModel, *, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
    """F tests of every term of the fixed part (type III), as lmerTest's ``anova``.

    A term is tested given all others. In an interaction, a main effect is its average over the
    levels of the other factor, each with equal weight, and, where it meets a numeric predictor,
    its effect where that predictor is zero: centre it if zero means nothing.

    Parameters
    ----------
    ddf : {"satterthwaite", "kenward-roger", "normal"}
        As in `tidy`; with ``"normal"`` a χ² test, its statistic divided by its degrees.

    Returns
    -------
    DataFrame
        Columns ``term statistic df_numerator df_denominator p_value``, a row a term.

    Raises
    ------
    UnsupportedError
        If fixed effects were dropped, as with combinations of levels that do not occur: averages
        over levels are then not defined. For Kenward-Roger after maximum likelihood.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> late = sessions.assign(phase=(sessions["session"] > 6).map({True: "late", False: "early"}))
    >>> fit = al.fit_lmm("phq9 ~ phase * wai_total + (1 | patient)", late)
    >>> list(fit.anova()["term"])
    ['phase', 'wai_total', 'phase:wai_total']
    """
    check_ddf(ddf, self)
    hypotheses = type3_hypotheses(self.criterion.design)
    rows = [joint_test(self, weights, ddf) for weights in hypotheses.values()]
    return joint_columns(list(hypotheses), rows)


def type3_hypotheses(design: ModelDesign) -> dict[str, np.ndarray]:
    """Contrasts (q, p) of every term, by its name."""
    if design.redundant:
        raise UnsupportedError(
            f"type III tests are not defined: the data do not determine "
            f"{name_list(design.redundant)}, for instance because combinations of levels do not "
            "occur. Leave the interaction out, join levels, or test chosen contrasts with "
            "joint_tests."
        )
    memory = design.memories[0]
    inverse = sum_to_zero(memory)
    of_column = np.array(memory.term_of_column)
    terms = enumerate(design.formula.fixed.terms)
    found = {str(term): inverse[of_column == number] for number, term in terms}
    return {name: rows for name, rows in found.items() if len(rows)}


def sum_to_zero(memory: ColumnMemory) -> np.ndarray:
    """T⁻¹ (p, p): coefficients of sum-to-zero coding from those of the design."""
    parts: list[Parts] = [*([()] if memory.intercept else []), *memory.parts]
    categorical = [factor.n_levels > 0 for factor in memory.factors]
    cells: list[Cell] = [{f: k for f, k in part if categorical[f]} for part in parts]
    numeric = [frozenset(pair for pair in part if not categorical[pair[0]]) for part in parts]
    contrasts = _coded_by_contrasts(memory, cells, numeric)
    inverse = np.zeros((len(parts), len(parts)))
    for kind in dict.fromkeys(numeric):
        columns = [j for j, own in enumerate(numeric) if own == kind]
        rows = _combinations(memory, [cells[j] for j in columns])
        treatment = [[_indicator(cells[j], row, frozenset()) for j in columns] for row in rows]
        summed = [[_indicator(cells[j], row, contrasts[j]) for j in columns] for row in rows]
        inverse[np.ix_(columns, columns)] = np.linalg.lstsq(
            np.array(summed), np.array(treatment), rcond=None
        )[0]
    inverse[np.abs(inverse) < 1e-12] = 0.0
    return inverse


def _coded_by_contrasts(
    memory: ColumnMemory, cells: list[Cell], numeric: list[frozenset[tuple[int, int]]]
) -> list[frozenset[int]]:
    """For every column the factors of which its term leaves out the reference level."""
    groups: dict[tuple[object, ...], list[int]] = {}
    keys = [
        (term, frozenset(cell), own)
        for term, cell, own in zip(memory.term_of_column, cells, numeric, strict=True)
    ]
    for j, key in enumerate(keys):
        groups.setdefault(key, []).append(j)
    found = []
    for cell, key in zip(cells, keys, strict=True):
        whole = {f for j in groups[key] for f, k in cells[j].items() if k == 0}
        found.append(frozenset(cell) - whole)
    return found


def _combinations(memory: ColumnMemory, cells: list[Cell]) -> list[Cell]:
    """Combinations of levels that tell functions of these columns apart.

    For the factors of every column all combinations, with the others at their reference: values
    there determine any sum of functions of the columns' factors.
    """
    found: dict[tuple[tuple[int, int], ...], Cell] = {}
    for factors in dict.fromkeys(frozenset(cell) for cell in cells):
        ordered = sorted(factors)
        for levels in product(*(range(memory.factors[f].n_levels) for f in ordered)):
            row = {f: k for f, k in zip(ordered, levels, strict=True) if k}
            found.setdefault(tuple(row.items()), row)
    return list(found.values())


def _indicator(cell: Cell, row: Cell, contrasts: frozenset[int]) -> float:
    """Value of a column in a combination of levels (the reference where it names none)."""
    value = 1.0
    for factor, level in cell.items():
        at = row.get(factor, 0)
        value *= (at == level) - (factor in contrasts and at == 0)
    return value
