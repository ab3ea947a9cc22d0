"""R code of a model with latent means: both ratings stacked in one column, fitted by nlme."""

from __future__ import annotations

from alliance_stats.formula.r_names import r_text
from alliance_stats.models.prepare import PreparedSessions, Time, TimeColumn, time_term
from alliance_stats.models.r_code import cell, check_r_code, reading, time_lines

_CONTROL = """\
control <- lmeControl(
  msMaxIter = 2000, maxIter = 2000, tolerance = 1e-11, msTol = 1e-13, niterEM = 100,
  msMaxEval = 10000
)"""
_SLOPES = """\
slope <- function(s) s[1, 2] / s[1, 1]
ratio <- coef(m$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
r <- as.numeric(coef(m$modelStruct$corStruct, unconstrained = FALSE))
print(c(within = r * ratio[["outcome"]] / ratio[["alliance"]]), digits = 8)
print(sapply(m$modelStruct$reStruct, function(part) slope(as.matrix(part))), digits = 8)
print(logLik(m), digits = 12)"""


def latent_r_code(
    prepared: PreparedSessions, *, time: Time, time_column: TimeColumn, data: str
) -> str:
    """The text of `LatentResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.changes)
    roles, column = prepared.roles, time_term(time, prepared)
    lines = ["library(nlme)", "", *reading(roles, prepared.groups, data)]
    if column is not None:
        lines += time_lines(roles, prepared.time, time, time_column)
    lines += [*_stacking(prepared, column), "", _CONTROL, *_call(prepared, column), _SLOPES]
    return "\n".join(lines) + "\n"


def _stacking(prepared: PreparedSessions, time: str | None) -> list[str]:
    """Lines that make two rows of a session, one for each rating."""
    roles = prepared.roles
    used = [roles.alliance, roles.outcome, *filter(None, [roles.therapist, time])]
    kept = ", ".join(map(r_text, used))
    clock = "" if time is None else f" t = {cell(time)},"
    therapist = "" if roles.therapist is None else f" therapist = {cell(roles.therapist)},"
    return [
        f"d <- d[complete.cases(d[c({kept})]), ]",
        "half <- function(column, position) data.frame(",
        f"  patient = {cell(roles.patient)}, session = {cell(roles.session)},{therapist}{clock}",
        '  position = position, rating = c("alliance", "outcome")[position], value = d[[column]]',
        ")",
        f"rows <- rbind(half({r_text(roles.alliance)}, 1), half({r_text(roles.outcome)}, 2))",
        f"rows <- rows[order({_ordered(prepared)}), ]",
        f"stopifnot(nrow(rows) == {2 * len(prepared.frame)})",
    ]


def _ordered(prepared: PreparedSessions) -> str:
    units = ["patient", "session", "position"]
    if prepared.roles.therapist is not None:
        units.insert(0, "therapist")
    return ", ".join(f"rows${unit}" for unit in units)


def _call(prepared: PreparedSessions, time: str | None) -> list[str]:
    """The call of ``lme``."""
    units = ["patient"] if prepared.roles.therapist is None else ["therapist", "patient"]
    random = ", ".join(f"{unit} = pdSymm(~ 0 + rating)" for unit in units)
    fixed = "0 + rating" if time is None else "0 + rating + rating:t"
    return [
        "m <- lme(",
        f'  value ~ {fixed}, rows, method = "ML", control = control,',
        f"  random = list({random}),",
        f"  correlation = corSymm(form = ~ position | {' / '.join([*units, 'session'])}),",
        "  weights = varIdent(form = ~ 1 | rating)",
        ")",
    ]
