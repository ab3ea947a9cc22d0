"""R code that repeats methods for publication bias with metafor, the data typed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.meta.bias.source import Source
from alliance_stats.meta.univariate.r_code import CONTROL, r_moderators, r_numbers, r_texts

#: Names of further columns; no moderator can have them.
_STUDY = "study__"


def head(source: Source, further: Mapping[str, np.ndarray] | None = None) -> tuple[list[str], str]:
    """Lines that load metafor and type the data as ``dat``, and the terms of moderators."""
    studies = source.studies
    terms, moderators = r_moderators(studies.moderators, studies.frame)
    columns = {
        "yi__": r_numbers(studies.yi),
        "vi__": r_numbers(studies.vi),
        _STUDY: r_texts([str(name) for name in studies.study]),
        **{name: r_numbers(values) for name, values in (further or {}).items()},
        **moderators,
    }
    data = ",\n".join(f"  {r_name(name)} = {values}" for name, values in columns.items())
    lines = [
        "library(metafor)",
        *(["library(splines)"] if "bs(" in terms else []),
        'options(digits = 10, contrasts = c("contr.treatment", "contr.poly"))',
        f"dat <- data.frame(\n{data},\n  check.names = FALSE)",
    ]
    return lines, terms


def rma_call(terms: str, method: str, test: str) -> str:
    """A call of rma() on the data, with tight control."""
    mods = "" if terms == "1" else f"mods = ~ {terms}, "
    return (
        f'rma(yi__, vi__, {mods}data = dat, method = "{method}", test = "{test}",\n'
        f"  control = {CONTROL})"
    )


def call_on_effects(
    source: Source, function: str, arguments: Mapping[str, str] | None = None
) -> str:
    """Code that calls a function of metafor on effects and variances."""
    further = "".join(f", {key} = {value}" for key, value in (arguments or {}).items())
    return "\n".join([*head(source)[0], f"{function}(yi__, vi__, data = dat{further})"])


def regressions_code(
    source: Source,
    predictors: Mapping[str, np.ndarray],
    *,
    model: str,
    method: str,
    test: str,
) -> str:
    """Code that regresses effects on each of some predictors, clustered where that is needed."""
    lines, terms = head(source, predictors)
    studies = source.studies
    cluster = studies.k > studies.n_studies
    if cluster:
        lines.insert(1, "library(clubSandwich)")
    for name in predictors:
        all_terms = f"{terms} + {r_name(name)}"
        if model == "lm":
            fit = f"lm(yi__ ~ {all_terms}, weights = 1 / vi__, data = dat)"
        else:
            fit = rma_call(all_terms, method, test)
        lines += [f"fit <- {fit}", *_printing(model, clustered=cluster)]
    return "\n".join(lines)


def _printing(model: str, *, clustered: bool) -> list[str]:
    if not clustered:
        return ["summary(fit)", "confint(fit)"] if model == "lm" else ["print(fit, digits = 8)"]
    target = ", target = dat$vi__" if model == "lm" else ""
    return [
        f'v <- vcovCR(fit, cluster = dat${_STUDY}, type = "CR2"{target})',
        'coef_test(fit, vcov = v, test = "Satterthwaite")',
        'conf_int(fit, vcov = v, test = "Satterthwaite")',
    ]


def trim_fill_code(source: Source, *, estimator: str, side: str, method: str, test: str) -> str:
    """Code that trims and fills."""
    lines, terms = head(source)
    call = f'trimfill(fit, estimator = "{estimator}", side = "{side}")'
    return "\n".join(
        [
            *lines,
            f"fit <- {rma_call(terms, method, test)}",
            f"filled <- {call}",
            "c(k0 = filled$k0, se = filled$se.k0)",
            f'rma(filled$yi, filled$vi, method = "{method}", test = "{test}",',
            f"  control = {CONTROL})",
        ]
    )


def selection_code(
    source: Source,
    *,
    steps: Sequence[float],
    alternative: str,
    method: str,
    weights: Sequence[float] | None,
) -> str:
    """Code of a selection model; without steps that of the beta curve."""
    lines, terms = head(source)
    kind = 'type = "stepfun"' if steps else 'type = "beta"'
    parts = ["fit", kind, f"alternative = {r_text(alternative)}"]
    if steps:
        parts.append(f"steps = {r_numbers(np.array(steps))}")
    if weights is not None:
        parts.append(f"delta = {r_numbers(np.array(weights))}")
    parts.append('\n  control = list(optimizer = "Nelder-Mead", reltol = 1e-14, maxit = 1e5)')
    call = f"sel <- selmodel({', '.join(parts)})"
    return "\n".join(
        [*lines, f"fit <- {rma_call(terms, method, 'z')}", call, "print(sel, digits = 8)"]
    )
