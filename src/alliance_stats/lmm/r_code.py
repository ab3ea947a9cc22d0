"""R code that fits the same model: names, texts and the file's name cannot become code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.formula.memory import FactorMemory
from alliance_stats.formula.names import is_syntactic, quote_name
from alliance_stats.formula.terms import Factor, Term
from alliance_stats.lmm.design.mixed_design import MixedDesign, ModelDesign
from alliance_stats.lmm.design.unique import random_terms

#: Cells that R shall read as missing.
MISSING = ("", "NA", "NaN")

CONTROL = """\
control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)"""
PRINTED = """\
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)"""


def r_code(design: MixedDesign, *, reml: bool, data: str) -> str:
    """The text of `MixedModelResult.to_r`, which documents the arguments."""
    call = lmer_call(design, reml=reml)
    lines = [
        *preparation(design, data=data),
        f"m <- {call[0]}",
        *call[1:],
        f"stopifnot(nobs(m) == {design.n_obs})",
        PRINTED,
    ]
    return "\n".join(lines) + "\n"


def preparation(design: MixedDesign, *, data: str) -> list[str]:
    """Lines that load the packages, read the file into ``d`` and set lme4's ``control``."""
    extra = [column for column in (design.weights, design.offset) if column]
    return [*reading(design, data, extra, ("lme4", "lmerTest")), "", CONTROL]


def reading(
    design: ModelDesign, data: str, extra: Sequence[str], packages: Sequence[str]
) -> list[str]:
    """Lines that load packages and read the file into ``d``; `extra` columns are used too."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'sessions.csv'.")
    columns = list(dict.fromkeys([*design.formula.columns, *extra]))
    splines = any(m.factor.transform == "bs" for memory in design.memories for m in memory.factors)
    return [
        *(f"library({package})" for package in packages),
        *(["library(splines)"] if splines else []),
        'options(contrasts = c("contr.treatment", "contr.poly"))',
        "",
        *_reading(design, _categorical(design, extra), columns, data),
    ]


def lmer_call(design: MixedDesign, *, reml: bool) -> list[str]:
    """Lines that fit the model to ``d``."""
    extra = [column for column in (design.weights, design.offset) if column]
    return [
        "lmer(",
        f"  {r_formula(design, extra)},",
        f"  data = d, REML = {'TRUE' if reml else 'FALSE'}, control = control"
        + "".join(
            f",\n  {argument} = {r_name(column)}"
            for argument, column in (("weights", design.weights), ("offset", design.offset))
            if column
        ),
        ")",
    ]


@dataclass(frozen=True, slots=True)
class _Coded:
    """A categorical factor: its memory, and the column of R's frame that holds it."""

    memory: FactorMemory
    name: str


def _categorical(design: ModelDesign, extra: Iterable[str]) -> dict[Factor, _Coded]:
    """Every categorical factor once; a new column where the data's own has another use too."""
    memories = {m.factor: m for memory in design.memories for m in memory.factors}
    uses: dict[str, set[Factor]] = {}
    for factor in memories:
        uses.setdefault(factor.column, set()).add(factor)
    taken = {*design.formula.columns, *extra}
    found: dict[Factor, _Coded] = {}
    for factor, memory in memories.items():
        if not memory.levels:
            continue
        name = factor.column
        if len(uses[name]) > 1:
            name = next(n for k in range(1, 99) if (n := f"{name}.factor{k}") not in taken)
            taken.add(name)
        found[factor] = _Coded(memory, name)
    return found


def _reading(
    design: ModelDesign, factors: dict[Factor, _Coded], columns: list[str], data: str
) -> list[str]:
    """Lines that read the file, drop incomplete rows and make the categorical columns."""
    text = ", ".join(f'{r_name(c)} = "character"' for c in _read_as_text(design, factors))
    classes = [f"  colClasses = c({text}),"] if text else []
    lines = [
        "d <- read.csv(",
        f'  {r_text(data)}, check.names = FALSE, encoding = "UTF-8",',
        *classes,
        f"  na.strings = c({', '.join(map(r_text, MISSING))})",
        ")",
        f"d <- d[complete.cases(d[c({', '.join(map(r_text, columns))})]), ]",
    ]
    for factor, coded in factors.items():
        levels = ", ".join(map(_level, coded.memory.levels))
        source = f"d[[{r_text(factor.column)}]]"
        lines.append(f"d[[{r_text(coded.name)}]] <- factor({source}, levels = c({levels}))")
    return lines


def _read_as_text(design: ModelDesign, factors: dict[Factor, _Coded]) -> list[str]:
    """Columns whose cells R must not turn into numbers: "007" would become 7, "True" logical."""
    memories = {m.factor: m for memory in design.memories for m in memory.factors}
    numeric = {factor.column for factor, memory in memories.items() if not memory.levels}
    numeric |= {f.column for f, coded in factors.items() if _are_numbers(f, coded.memory.levels)}
    groups = [column for term in random_terms(design.formula) for column in term.group]
    used = [*(factor.column for factor in factors), *groups]
    return [column for column in dict.fromkeys(used) if column not in numeric]


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


def r_formula(design: ModelDesign, extra: Iterable[str], response: str | None = None) -> str:
    """The formula with ``||`` written out and categorical columns by their names.

    `response` is the left side in R, by default the column; `extra` as in `reading`.
    """
    formula, factors = design.formula, _categorical(design, extra)
    left = response or r_name(formula.response)

    def effects(intercept: bool, terms: Iterable[Term]) -> str:
        parts = ["1" if intercept else "0"]
        parts += [":".join(_factor(f, factors) for f in term.factors) for term in terms]
        return " + ".join(parts)

    random = [
        f"({effects(term.intercept, term.terms)} | {':'.join(map(r_name, term.group))})"
        for term in random_terms(formula)
    ]
    fixed = effects(formula.fixed.intercept, formula.fixed.terms)
    return " +\n    ".join([f"{left} ~ {fixed}", *random])


def _factor(factor: Factor, factors: dict[Factor, _Coded]) -> str:
    if factor in factors:
        return r_name(factors[factor].name)
    name = r_name(factor.column)
    return str(factor).replace(quote_name(factor.column), name, 1)


def r_name(name: str) -> str:
    """A column's name in R code; in backticks unless it is a plain ASCII name.

    Raises FormulaError for a name with a backtick, a line break or the like.
    """
    quoted = quote_name(name)
    if is_syntactic(name) and name.isascii():
        return quoted
    return quoted if quoted.startswith("`") else f"`{quoted}`"


def r_text(text: str) -> str:
    """A text in R code, in double quotes; what is not printable is escaped.

    Raises UnsupportedError for a text that R cannot hold.
    """
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise UnsupportedError(
            "a text holds a character that R cannot hold (a null or half of a surrogate pair). "
            "Rename the level, column or file."
        )
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{{{ord(character):x}}}"
