"""R code of all models: centring, one call of lmer for each subset, R² and weights by hand."""

from __future__ import annotations

from collections.abc import Sequence

from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL
from alliance_stats.models.importance.predictors import Contender, Predictor, category_name
from alliance_stats.models.importance.prepare import PreparedImportance
from alliance_stats.models.importance.specification import ImportanceSpecification
from alliance_stats.models.prepare import time_term
from alliance_stats.models.r_code import cell, check_r_code, reading, time_lines

_FUNCTIONS = """\
explained <- function(m, patient) {
  x <- model.matrix(m)
  means <- apply(x, 2, function(v) ave(v, patient))
  f <- fixef(m)[colnames(x)]
  within <- sum(drop((x - means) %*% f)^2) / (nrow(x) - 1)
  between <- var(drop(means %*% f))
  random <- sum(as.data.frame(VarCorr(m))$vcov) - sigma(m)^2
  c(within = within / (within + sigma(m)^2), between = between / (between + random))
}
weights_of <- function(r2, k) {
  members <- sapply(seq_len(k), function(i) bitwAnd(seq_len(2^k) - 1L, 2L^(i - 1)) > 0)
  members <- matrix(members, ncol = k)
  sapply(seq_len(k), function(i) {
    without <- which(!members[, i])
    gain <- r2[without + 2^(i - 1)] - r2[without]
    mean(tapply(gain, rowSums(members)[without], mean))
  })
}
all_subsets <- function(level, ranked, others) {
  k <- length(ranked)
  r2 <- sapply(seq_len(2^k) - 1, function(s) {
    chosen <- ranked[bitwAnd(s, 2^(seq_len(k) - 1)) > 0]
    terms <- c("1", time, others, unlist(chosen), random)
    f <- as.formula(paste("outcome ~", paste(terms, collapse = " + ")))
    m <- lmer(f, data = d, REML = TRUE, control = control)
    explained(m, patient)[[level]]
  })
  weights <- weights_of(r2, k)
  names(weights) <- names(ranked)
  print(r2, digits = 8)
  print(weights, digits = 8)
  invisible(r2)
}"""


def importance_r_code(
    prepared: PreparedImportance, chosen: ImportanceSpecification, n_obs: int, data: str
) -> str:
    """The text of `ImportanceResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.changes)
    roles = prepared.roles
    lines = [
        "library(lme4)", "",
        *reading(roles, prepared.groups, data),
        *time_lines(roles, prepared.time, chosen.time, chosen.time_column), "",
        *_columns(prepared, chosen), "",
        *_plain_names(prepared, chosen), f"stopifnot(nrow(d) == {n_obs})", "",
        CONTROL, _FUNCTIONS, "",
    ]  # fmt: skip
    names = _names(prepared)
    for level, found in prepared.levels.items():
        if found:
            others = [names[c] for lv, all_ in prepared.levels.items() if lv != level
                      for one in all_ for c in one.columns]  # fmt: skip
            lines.append(f"r2_{level} <- all_subsets(")
            lines.append(f"  {r_text(level)}, {_ranked(found, names)},")
            lines.append(f"  c({', '.join(map(r_text, others))})" if others else "  NULL")
            lines.append(")")
    return "\n".join(lines) + "\n"


def _columns(prepared: PreparedImportance, chosen: ImportanceSpecification) -> list[str]:
    """Lines that make the columns of the predictors, and keep complete rows."""
    roles = prepared.roles
    units = [c for columns in prepared.groups.values() for c in columns]
    needed = [roles.outcome, *(p.column for p in prepared.predictors), *units, prepared.time]
    keep = f"d <- d[complete.cases(d[c({', '.join(map(r_text, needed))})]), ]"
    lines = [keep, f"patient <- {cell(roles.patient)}"]
    centring = [line for p in prepared.predictors for line in _predictor_lines(p)]
    return [*lines, *centring] if chosen.mean_rows == "fitted" else [*centring, *lines]


def _predictor_lines(predictor: Predictor) -> list[str]:
    """Lines that centre a rating, or make a column of ones and zeros for each category."""
    own = cell(predictor.column)
    if predictor.kind == "session":
        within, between = cell(predictor.within[0]), cell(predictor.between[0])
        return [
            f"own <- ave({own}, patient, FUN = function(v) mean(v, na.rm = TRUE))",
            f"{within} <- {own} - own",
            f"{between} <- own - mean(own[!duplicated(patient)], na.rm = TRUE)",
        ]
    if predictor.kind == "patient":
        return []
    return [
        f"{cell(category_name(predictor.column, label))} <- as.numeric({own} == {r_text(label)})"
        for label in predictor.categories[1:]
    ]


def _names(prepared: PreparedImportance) -> dict[str, str]:
    """Plain names in R of the columns of the predictors: ``x1``, ``x2`` …"""
    columns = [c for found in prepared.levels.values() for one in found for c in one.columns]
    return {column: f"x{number}" for number, column in enumerate(columns, start=1)}


def _plain_names(prepared: PreparedImportance, chosen: ImportanceSpecification) -> list[str]:
    """Lines that copy the columns of the models to plain names."""
    time = time_term(chosen.time, prepared)
    lines = [f"d$outcome <- {cell(prepared.roles.outcome)}"]
    lines += [f"d${name} <- {cell(column)}" for column, name in _names(prepared).items()]
    for unit, columns in prepared.groups.items():
        lines.append(f"d$unit_{unit} <- {cell(columns[0])}")
    if time is not None:
        lines.append(f"d$time_term <- {cell(time)}")
    random = ", ".join(r_text(f"(1 | unit_{unit})") for unit in prepared.groups)
    return [
        *lines,
        f"time <- {'NULL' if time is None else r_text('time_term')}",
        f"random <- c({random})",
    ]


def _ranked(found: Sequence[Contender], names: dict[str, str]) -> str:
    """The ranked predictors as an R list of their columns."""
    parts = [
        f"{r_text(one.name)} = c({', '.join(r_text(names[c]) for c in one.columns)})"
        for one in found
    ]
    return f"list({', '.join(parts)})"
