"""R code that fits a model with structured residuals by nlme."""

from __future__ import annotations

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.formula.terms import Factor, RandomTerm
from alliance_stats.lmm.design.mixed_design import Level, MixedDesign
from alliance_stats.lmm.design.unique import random_terms
from alliance_stats.lmm.r_code.reading import Coded, categorical, effects, reading
from alliance_stats.lmm.residual.fitted import FittedResidual

CONTROL = """\
control <- {name}Control(
  maxIter = 500, msMaxIter = 1000, tolerance = 1e-12, msTol = 1e-12, returnObject = TRUE
)"""
PRINTED = """\
print(summary(m), digits = 8)
print(logLik(m), digits = 12)
try(print(intervals(m, which = "var-cov"), digits = 8))"""


def nlme_code(design: MixedDesign, *, reml: bool, data: str) -> str:
    """A script that reads the file and fits the model with ``lme``, or ``gls`` without groups.

    Raises
    ------
    UnsupportedError
        If the model has no residual structure.
    """
    fitted = design.residual
    if fitted is None:
        raise UnsupportedError("nlme is for residual structures, and the model has none.")
    factors = categorical(design)
    name = "lme" if design.levels else "gls"
    fixed = effects(design.formula.fixed.intercept, design.formula.fixed.terms, factors)
    arguments = [
        f"{_response(design)} ~ {fixed}",
        f"data = d, method = {r_text('REML' if reml else 'ML')}, control = control",
        *_random(design, factors),
        *_correlation(design, fitted),
        *_weights(design, fitted),
    ]
    lines = [
        *reading(design, data, ("nlme",)),
        *_made(design, fitted),
        "",
        CONTROL.format(name=name),
        f"m <- {name}(",
        ",\n".join(f"  {argument}" for argument in arguments),
        ")",
        f"stopifnot(m$dims$N == {design.n_obs})",
        PRINTED,
    ]
    return "\n".join(lines) + "\n"


def _response(design: MixedDesign) -> str:
    """The response; nlme knows no offset, which is subtracted."""
    response = r_name(design.formula.response)
    return f"I({response} - {r_name(design.offset)})" if design.offset else response


def _groups(design: MixedDesign) -> list[tuple[str, str]]:
    """R's name of every factor, outermost first, and what it is made of."""
    found = []
    for number, level in enumerate(reversed(design.levels), start=1):
        columns = ", ".join(f"d[[{r_text(c)}]]" for c in level.name.split(":"))
        found.append((f"group{number}", f"interaction({columns}, drop = TRUE)"))
    return found


def _made(design: MixedDesign, fitted: FittedResidual) -> list[str]:
    """Lines that make the columns of groups, blocks and roles."""
    columns = _groups(design)
    structure = fitted.structure
    if structure.within:
        within = ", ".join(f"d[[{r_text(c)}]]" for c in structure.within)
        columns.append(("block", f"interaction({within}, drop = TRUE)"))
    if fitted.memory is not None:
        levels = ", ".join(map(r_text, fitted.levels))
        source = f"d[[{r_text(fitted.memory.factor.column)}]]"
        columns.append(("class", f"factor({source}, levels = c({levels}))"))
    if structure.kind == "unstructured":
        columns.append(("place", 'as.integer(d[["residual.class"]])'))
    return [f'd[["residual.{name}"]] <- {made}' for name, made in columns]


def _random(design: MixedDesign, factors: dict[Factor, Coded]) -> list[str]:
    """The random terms by factor, outermost first."""
    terms = random_terms(design.formula)
    parts = []
    for level, (name, _) in zip(reversed(design.levels), _groups(design), strict=True):
        own = [term for term in terms if frozenset(term.group) == _columns(level)]
        parts.append(f"residual.{name} = {_block(own, factors)}")
    return [f"random = list({', '.join(parts)})"] if parts else []


def _columns(level: Level) -> frozenset[str]:
    return frozenset(level.name.split(":"))


def _block(terms: list[RandomTerm], factors: dict[Factor, Coded]) -> str:
    """One formula, or several whose effects do not correlate."""
    texts = [f"~ {effects(term.intercept, term.terms, factors)}" for term in terms]
    if len(texts) == 1:
        return texts[0]
    inner = ", ".join(f"pdSymm({text})" for text in texts)
    return f"pdBlocked(list({inner}))"


def _correlation(design: MixedDesign, fitted: FittedResidual) -> list[str]:
    structure = fitted.structure
    if not structure.within:
        return []
    names = [f"residual.{name}" for name, _ in _groups(design)]
    if not design.levels or _columns(design.levels[0]) != frozenset(structure.within):
        names.append("residual.block")
    groups = " / ".join(names)
    if structure.kind == "unstructured":
        return [f"correlation = corSymm(form = ~ residual.place | {groups})"]
    kind = "corAR1" if structure.kind == "ar1" else "corCAR1"
    return [
        f"correlation = {kind}({fitted.rho:.3g}, "
        f"form = ~ {r_name(str(structure.position))} | {groups})"
    ]


def _weights(design: MixedDesign, fitted: FittedResidual) -> list[str]:
    """Variance functions; a level without a value is the reference."""
    parts = []
    if fitted.n_classes > 1:
        values = ", ".join(f"{r_name(level)} = 1" for level in fitted.levels[1:])
        parts.append(f"varIdent(c({values}), form = ~ 1 | residual.class)")
    if design.weights:
        parts.append(f"varFixed(~ I(1 / {r_name(design.weights)}))")
    if not parts:
        return []
    both = ", ".join(parts)
    return [f"weights = varComb({both})" if len(parts) > 1 else f"weights = {both}"]
