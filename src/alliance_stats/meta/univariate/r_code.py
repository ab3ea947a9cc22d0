"""R code of metafor that fits the same model and prints the same digits, its data typed out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula import Factor, quote_name
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.formula.read import read_again
from alliance_stats.meta.moderators import Moderators
from alliance_stats.meta.univariate.fitted import FittedMeta

#: Iterative estimators of metafor, run until they stand.
CONTROL = "list(threshold = 1e-12, tol = 1e-12, maxiter = 1000)"
_WIDTH = 88


def meta_code(self: FittedMeta) -> str:
    """The lines: data, fit, heterogeneity with its interval, prediction."""
    studies = self.studies
    terms, moderators = r_moderators(studies.moderators, studies.frame)
    columns = {
        "yi": r_numbers(studies.yi),
        "vi": r_numbers(studies.vi),
        "study": r_texts([str(name) for name in studies.study]),
    }
    _refuse_twice(columns, moderators)
    data = ",\n".join(f"  {r_name(n)} = {v}" for n, v in {**columns, **moderators}.items())
    mods = "" if self.mean_only else f"mods = ~ {terms}, "
    return "\n".join(
        [
            "library(metafor)",
            *(["library(splines)"] if "bs(" in terms else []),
            'options(digits = 10, contrasts = c("contr.treatment", "contr.poly"))',
            f"dat <- data.frame(\n{data},\n  check.names = FALSE)",
            f'fit <- rma(yi, vi, {mods}data = dat, slab = study, method = "{self.method}",',
            f'  test = "{self.test}", control = {CONTROL})',
            "print(fit, digits = 8)",
            *([] if self.method == "EE" else ["confint(fit)"]),
            *(["predict(fit)"] if self.mean_only else []),
        ]
    )


def r_moderators(moderators: Moderators, frame: pd.DataFrame) -> tuple[str, dict[str, str]]:
    """The right side of the formula, and the columns it uses as R types them.

    A categorical column is typed as a factor with our order of levels, under a name of its own
    where the same column is used as a number too.
    """
    columns: dict[str, str] = {}
    names: dict[Factor, str] = {}
    for memory in moderators.memory.factors:
        factor = memory.factor
        if memory.levels:
            name = next(n for n in _names(factor.column) if n not in columns)
            codes = read_again(frame, memory).codes
            labels = [memory.levels[c] for c in (() if codes is None else codes)]
            columns[name] = r_factor(labels, memory.levels)
            names[factor] = r_name(name)
        else:
            columns[factor.column] = r_numbers(frame[factor.column].to_numpy(dtype=float))
            plain = quote_name(factor.column)
            names[factor] = str(factor).replace(plain, r_name(factor.column), 1)
    parts = ["1" if moderators.fixed.intercept else "0"]
    parts += [":".join(names[f] for f in term.factors) for term in moderators.fixed.terms]
    return " + ".join(parts), columns


def _names(column: str) -> Iterator[str]:
    """``format``, ``format.factor1``, ``format.factor2`` …"""
    yield column
    yield from (f"{column}.factor{k}" for k in range(1, 99))


def _refuse_twice(own: Mapping[str, str], moderators: Mapping[str, str]) -> None:
    twice = [name for name in moderators if name in own]
    if twice:
        raise UnsupportedError(
            f"moderators have names that the R code needs itself: {name_list(twice)}. Rename them."
        )


def r_numbers(values: np.ndarray) -> str:
    """``c(0.1, 0.25)`` with every digit."""
    return _vector([repr(float(value)) for value in values])


def r_texts(values: Sequence[str]) -> str:
    """``c("Abel 2001", "Bond 2003")``."""
    return _vector([r_text(value) for value in values])


def r_factor(values: Sequence[str], levels: Sequence[str]) -> str:
    """``factor(c(…), levels = c(…))``."""
    return f"factor({r_texts(values)}, levels = {r_texts(levels)})"


def _vector(cells: Sequence[str]) -> str:
    """``c(…)`` in lines of a readable width."""
    lines, line = [], ""
    for cell in cells:
        if line and len(line) + len(cell) > _WIDTH:
            lines.append(line.rstrip())
            line = ""
        line += f"{cell}, "
    lines.append(line.removesuffix(", "))
    return "c(" + "\n    ".join(lines) + ")"
