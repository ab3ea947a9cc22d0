"""R code that reads the data of a fit, and the terms of its formula by the names used there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.formula.memory import FactorMemory
from alliance_stats.formula.names import quote_name
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.formula.terms import Factor, Term
from alliance_stats.lmm.design.mixed_design import ModelDesign, columns_of
from alliance_stats.lmm.design.unique import random_terms

#: Cells that R shall read as missing.
MISSING = ("", "NA", "NaN")


def reading(design: ModelDesign, data: str, packages: Sequence[str]) -> list[str]:
    """Lines that load packages and read the file into ``d``."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'sessions.csv'.")
    splines = any(m.factor.transform == "bs" for memory in design.memories for m in memory.factors)
    return [
        *(f"library({package})" for package in packages),
        *(["library(splines)"] if splines else []),
        'options(contrasts = c("contr.treatment", "contr.poly"))',
        "",
        *_reading(design, data),
    ]


@dataclass(frozen=True, slots=True)
class Coded:
    """A categorical factor: its memory, and the column of R's frame that holds it."""

    memory: FactorMemory
    name: str


def categorical(design: ModelDesign) -> dict[Factor, Coded]:
    """Every categorical factor once; a new column where the data's own has another use too."""
    memories = {m.factor: m for memory in design.memories for m in memory.factors}
    uses: dict[str, set[Factor]] = {}
    for factor in memories:
        uses.setdefault(factor.column, set()).add(factor)
    taken = set(columns_of(design))
    found: dict[Factor, Coded] = {}
    for factor, memory in memories.items():
        if not memory.levels:
            continue
        name = factor.column
        if len(uses[name]) > 1:
            name = next(n for k in range(1, 99) if (n := f"{name}.factor{k}") not in taken)
            taken.add(name)
        found[factor] = Coded(memory, name)
    return found


def _reading(design: ModelDesign, data: str) -> list[str]:
    """Lines that read the file, drop incomplete rows and make the categorical columns."""
    factors = categorical(design)
    text = ", ".join(f'{r_name(c)} = "character"' for c in _read_as_text(design, factors))
    classes = [f"  colClasses = c({text}),"] if text else []
    lines = [
        "d <- read.csv(",
        f'  {r_text(data)}, check.names = FALSE, encoding = "UTF-8",',
        *classes,
        f"  na.strings = c({', '.join(map(r_text, MISSING))})",
        ")",
        f"d <- d[complete.cases(d[c({', '.join(map(r_text, columns_of(design)))})]), ]",
    ]
    for factor, coded in factors.items():
        levels = ", ".join(map(_level, coded.memory.levels))
        source = f"d[[{r_text(factor.column)}]]"
        lines.append(f"d[[{r_text(coded.name)}]] <- factor({source}, levels = c({levels}))")
    return lines


def _read_as_text(design: ModelDesign, factors: dict[Factor, Coded]) -> list[str]:
    """Columns whose cells R must not turn into numbers: "007" would become 7, "True" logical."""
    memories = {m.factor: m for memory in design.memories for m in memory.factors}
    numeric = {factor.column for factor, memory in memories.items() if not memory.levels}
    numeric |= {f.column for f, coded in factors.items() if _are_numbers(f, coded.memory.levels)}
    groups = [column for term in random_terms(design.formula) for column in term.group]
    if design.residual is not None:
        groups += [*design.residual.structure.within, *filter(None, [_class_column(design)])]
    used = [*(factor.column for factor in factors), *groups]
    return [column for column in dict.fromkeys(used) if column not in numeric]


def _class_column(design: ModelDesign) -> str | None:
    """The column of the classes of residual variance, unless it is numeric."""
    memory = design.residual.memory if design.residual else None
    if memory is None or _are_numbers(memory.factor, memory.levels):
        return None
    return memory.factor.column


def _are_numbers(factor: Factor, levels: Iterable[str]) -> bool:
    """Whether the levels of ``C(x)`` are what R, too, prints for numbers."""
    if factor.transform != "C":
        return False
    try:
        return all(format(float(level), ".15g") == level for level in levels)
    except ValueError:
        return False


def _level(label: str) -> str:
    if label in MISSING:
        raise UnsupportedError(
            f"a categorical predictor has the level {label!r}, which R would read from a file as "
            "missing. Rename the level before the fit."
        )
    return r_text(label)


def r_formula(design: ModelDesign, response: str | None = None) -> str:
    """The formula with ``||`` written out and categorical columns by their names.

    `response` is the left side in R, by default the column.
    """
    formula, factors = design.formula, categorical(design)
    left = response or r_name(formula.response)
    random = [
        f"({effects(term.intercept, term.terms, factors)} | {':'.join(map(r_name, term.group))})"
        for term in random_terms(formula)
    ]
    fixed = effects(formula.fixed.intercept, formula.fixed.terms, factors)
    return " +\n    ".join([f"{left} ~ {fixed}", *random])


def effects(intercept: bool, terms: Iterable[Term], factors: dict[Factor, Coded]) -> str:
    """The right side of a formula: ``1 + session + arm:session``."""
    parts = ["1" if intercept else "0"]
    parts += [":".join(_factor(f, factors) for f in term.factors) for term in terms]
    return " + ".join(parts)


def _factor(factor: Factor, factors: dict[Factor, Coded]) -> str:
    if factor in factors:
        return r_name(factors[factor].name)
    name = r_name(factor.column)
    return str(factor).replace(quote_name(factor.column), name, 1)
