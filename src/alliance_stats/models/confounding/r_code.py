"""R code of a sensitivity analysis: lmer, the regression within patients, and the formulas."""

from __future__ import annotations

from collections.abc import Sequence

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.data.centering import derived_name
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.prepare import PreparedSessions, time_term
from alliance_stats.models.specification import Specification

_NEEDS = """\
row_of <- function(fit) {
  table <- coef(summary(fit))
  rownames(table) <- gsub("`", "", rownames(table), fixed = TRUE)
  table
}
unit <- row_of(w)[x, "Std. Error"]
unit_df <- df.residual(w)
equal <- function(f) (sqrt(f^4 + 4 * f^2) - f^2) / 2
needs <- function(b, se, df) {
  f <- q * abs(b) / (unit * sqrt(unit_df))
  least <- qt(1 - alpha / 2, df - 1) * se / (unit * sqrt(unit_df - 1))
  rv <- if (f <= least) 0 else equal(f - least)
  if (rv > 0 && rv + least^2 > 1) rv <- (f^2 - least^2) / (1 + f^2)
  t2 <- (b / unit)^2
  c(
    estimate = b, se = se, df = df, partial_r2 = t2 / (t2 + unit_df),
    robustness = equal(f), robustness_alpha = rv
  )
}
mixed <- row_of(m)[x, ]
within <- row_of(w)[x, ]
rows <- rbind(
  "mixed model" = needs(mixed[["Estimate"]], mixed[["Std. Error"]], mixed[["df"]]),
  "within regression" = needs(within[["Estimate"]], unit, unit_df)
)
print(rows, digits = 8)"""

_BOUNDS = """\
partial <- function(fit, name) {
  t2 <- row_of(fit)[name, "t value"]^2
  t2 / (t2 + df.residual(fit))
}
adjusted <- function(r2_d, r2_y) {
  b <- rows["mixed model", "estimate"]
  se <- rows["mixed model", "se"] * sqrt((1 - r2_y) / (1 - r2_d) * unit_df / (unit_df - 1))
  df <- rows["mixed model", "df"] - 1
  left <- sign(b) * (abs(b) - unit * sqrt(unit_df * r2_y * r2_d / (1 - r2_d)))
  t <- (left - (1 - q) * b) / se
  half <- qt(1 - alpha / 2, df) * se
  c(
    estimate = left, se = se, statistic = t, df = df, p_value = 2 * pt(-abs(t), df),
    ci_low = left - half, ci_high = left + half
  )
}
bound <- function(name, kd, ky) {
  r2_d <- partial(a, name)
  r2_y <- partial(w, name)
  with_d <- kd * r2_d / (1 - r2_d)
  tied <- kd * r2_d^2 / ((1 - kd * r2_d) * (1 - r2_d))
  if (with_d >= 1 || kd * r2_d >= 1 || tied >= 1) {
    with_d <- with_y <- NA
  } else {
    eta <- (sqrt(ky) + sqrt(tied)) / sqrt(1 - tied)
    with_y <- min(eta^2 * r2_y / (1 - r2_y), 1)
  }
  c(k = kd, r2_alliance = with_d, r2_outcome = with_y, adjusted(with_d, with_y))
}"""


def confounding_r_code(
    fit: MixedModelResult,
    prepared: PreparedSessions,
    chosen: Specification,
    *,
    benchmarks: Sequence[str],
    strengths: Sequence[tuple[float, float]],
    q: float,
    alpha: float,
    data: str,
) -> str:
    """The text of `ConfoundingResult.to_r`, which documents the arguments."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'data.csv'.")
    if chosen.residual is not None:
        raise UnsupportedError(
            f"residual={chosen.residual!r}: R fits correlated residuals without Satterthwaite's "
            "degrees of freedom, which the row of the mixed model needs. Ask a model with "
            "independent residuals."
        )
    x = dict(prepared.effects)["within"]
    parts = [derived_name(name, "within") for name in benchmarks]
    held = " + ".join([*map(r_name, parts), *_held(prepared, chosen)])
    y = prepared.roles.outcome
    lines = [
        fit.to_r(data=data).rstrip("\n"),
        "",
        "# the regression within patients, and what a confounder would need (Cinelli & Hazlett, "
        "2020)",
        f"x <- {r_text(x)}",
        f"q <- {q!r}",
        f"alpha <- {alpha!r}",
        f"w <- lm({r_name(y)} ~ {r_name(x)} + {held}, data = d)",
        _NEEDS,
    ]
    if benchmarks:
        lines += ["", "# confounders k times as strong as what was observed"]
        lines += [f"a <- lm({r_name(x)} ~ {held}, data = d)", _BOUNDS, *_table(parts, strengths)]
    return "\n".join(lines) + "\n"


def _held(prepared: PreparedSessions, chosen: Specification) -> list[str]:
    """Terms that are held constant besides the benchmarks: patients, time, and what moves."""
    columns = ", ".join(f"d[[{r_text(column)}]]" for column in prepared.groups["patient"])
    patients = f"interaction({columns}, drop = TRUE)" if "," in columns else f"factor({columns})"
    terms = [patients]
    time = time_term(chosen.time, prepared)
    if time is not None:
        terms.append(f"{patients}:{r_name(time)}" if chosen.time == "patient" else r_name(time))
    if prepared.therapist_change == "crossed":
        terms += [r_name(column) for _, column in prepared.effects[1:]]
    return terms


def _table(parts: Sequence[str], strengths: Sequence[tuple[float, float]]) -> list[str]:
    """Lines that print every benchmark with every multiple."""
    kd = ", ".join(f"{k:g}" for k, _ in strengths)
    ky = ", ".join(f"{k:g}" for _, k in strengths)
    return [
        f"kd <- c({kd})",
        f"ky <- c({ky})",
        f"benchmarks <- c({', '.join(map(r_text, parts))})",
        "cells <- expand.grid(k = seq_along(kd), name = benchmarks, stringsAsFactors = FALSE)",
        "bounds <- t(mapply(function(k, name) bound(name, kd[k], ky[k]), cells$k, cells$name))",
        "rownames(bounds) <- cells$name",
        "print(bounds, digits = 8)",
    ]
