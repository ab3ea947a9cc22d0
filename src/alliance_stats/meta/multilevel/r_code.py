"""Lines of R (metafor, clubSandwich) that fit the same model and print the same digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats.formula.names import is_syntactic
from alliance_stats.formula.r_names import r_text
from alliance_stats.meta.moderators import columns_of
from alliance_stats.meta.multilevel.fitted import FittedMultilevel

#: Names that the lines themselves use.
_TAKEN = {"d", "V", "fit", "T", "F"}

HEAD = """\
library(metafor)
library(clubSandwich)
options(contrasts = c("contr.treatment", "contr.poly"))
"""
CONTROL = 'list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 1000)'


def to_r(self: FittedMultilevel, *, data: str = "effects.csv") -> str:
    """R code of this model: ``rma.mv`` of metafor, tests by clubSandwich.

    Parameters
    ----------
    data : str
        The file with the rows of the frame, in their order.

    Raises
    ------
    ArgumentError
        If `data` is no file name.
    """
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'effects.csv'.")
    names = _Names(self)
    return "\n".join(
        [HEAD, *_reading(self, data, names), *_sampling(self, names), *_fit(self, names)]
    )


class _Names:
    """Names of columns as R formulas take them: as they are, or plain ones in their place."""

    def __init__(self, fit: FittedMultilevel) -> None:
        columns = [*fit.studies.columns.values(), *map(str, fit.studies.frame.columns)]
        columns += [name for term in fit.layout.terms for name in term.said.columns]
        self.known = {
            name: name
            if is_syntactic(name) and name.isascii() and name not in _TAKEN
            else f"column{place}"
            for place, name in enumerate(dict.fromkeys(columns), start=1)
        }

    def __getitem__(self, name: str) -> str:
        return self.known[name]

    def lines(self) -> list[str]:
        """Columns under their plain names."""
        return [
            f"d${plain} <- d[[{r_text(name)}]]"
            for name, plain in self.known.items()
            if plain != name
        ]


def _reading(self: FittedMultilevel, data: str, names: _Names) -> list[str]:
    studies = self.studies
    text = [
        name
        for name in studies.frame.columns
        if not pd.api.types.is_numeric_dtype(studies.frame[name])
    ]
    classes = ", ".join(f'{r_text(str(name))} = "character"' for name in text)
    lines = [f'd <- read.csv({r_text(data)}, check.names = FALSE, encoding = "UTF-8",']
    lines += [f"  colClasses = c({classes}))" if classes else "  stringsAsFactors = FALSE)"]
    lines += names.lines()
    used = [studies.columns["yi"], studies.columns["vi"], *columns_of(studies.moderators.fixed)]
    kept = ", ".join(r_text(names[name]) for name in used)
    lines.append(f"d <- d[complete.cases(d[c({kept})]), ]")
    numbered = [
        name
        for term in self.layout.terms
        for name in term.said.columns
        if name not in studies.frame
    ]
    lines += [f"d${names[name]} <- seq_len(nrow(d))" for name in dict.fromkeys(numbered)]
    return lines


def _sampling(self: FittedMultilevel, names: _Names) -> list[str]:
    columns = self.studies.columns
    vi, study = names[columns["vi"]], names[columns["study"]]
    sampling = self.layout.sampling
    if sampling.blocks is not None:
        return _block_lines(self)
    if not sampling.rho:
        return [f"V <- d${vi}"]
    return [
        f"V <- vcalc({vi}, cluster = {study}, obs = seq_along({vi}), rho = {sampling.rho!r}, "
        "data = d)"
    ]


def _block_lines(self: FittedMultilevel) -> list[str]:
    """Every block of sampling covariances in full."""
    n, blocks = self.studies.k, self.layout.sampling.blocks or {}
    lines = [f"V <- matrix(0, {n}, {n})"]
    for rows, block in blocks.values():
        at = self.layout.order[rows]
        by = np.argsort(at)
        places = ", ".join(str(int(place) + 1) for place in at[by])
        values = ", ".join(repr(float(v)) for v in block[np.ix_(by, by)].ravel())
        lines.append(f"V[c({places}), c({places})] <- c({values})")
    return lines


def _fit(self: FittedMultilevel, names: _Names) -> list[str]:
    columns, terms = self.studies.columns, self.layout.terms
    random = [f"~ 1 | {'/'.join(names[c] for c in path)}" for path in _paths(self)]
    outer: list[str] = []
    for term in terms:
        if term.said.inner is not None:
            unit = term.said.columns
            name = names[unit[0]] if len(unit) == 1 else f"unit{len(outer) + 1}"
            if len(unit) > 1:
                parts = ", ".join(f"d${names[column]}" for column in unit)
                outer.append(f"d${name} <- interaction({parts}, drop = TRUE)")
            random.append(f"~ {names[term.said.inner]} | {name}")
    kinds = [term.structure.kind for term in terms if term.said.inner is not None]
    mods = "" if self.mean_only else f"mods = ~ {_formula(self, names.__getitem__)}, "
    struct = f"struct = c({', '.join(map(r_text, kinds))}), " if kinds else ""
    lines = [
        *outer,
        f"fit <- rma.mv({names[columns['yi']]}, V, {mods}random = list({', '.join(random)}),",
        f"  {struct}data = d, method = {r_text(self.method)},",
        f"  control = {CONTROL})",
        "print(fit, digits = 10)",
    ]
    if self.cluster is None:
        return [*lines, 'print(coef(summary(update(fit, test = "t"))), digits = 10)']
    own = [f"d${names[column]}" for column in self.cluster.split("/")]
    both = f"interaction({', '.join(own)}, drop = TRUE)"
    cluster = own[0] if len(own) == 1 else both
    test = f'vcov = "CR2", cluster = {cluster}, test = "Satterthwaite"'
    return [*lines, f"print.data.frame(coef_test(fit, {test}), digits = 10)"]


def _paths(self: FittedMultilevel) -> list[tuple[str, ...]]:
    """The columns of nested intercepts, the deepest path of each."""
    paths = [term.said.columns for term in self.layout.terms if term.is_intercept]
    return [
        path
        for path in paths
        if not any(other[: len(path)] == path and len(other) > len(path) for other in paths)
    ]


def _formula(self: FittedMultilevel, name: Callable[[str], str]) -> str:
    """The moderators in R's words."""
    text = str(self.studies.moderators.fixed)
    for column in sorted(columns_of(self.studies.moderators.fixed), key=len, reverse=True):
        if name(column) != column:
            text = text.replace(f"`{column}`", name(column))
    return text
