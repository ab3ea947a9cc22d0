"""R code from the file of sessions on: rows at risk, predictors, glm or glmer of each hazard."""

from __future__ import annotations

from collections.abc import Sequence

from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.glmm.fixed import FixedGlm
from alliance_stats.lmm.glmm.views import CONTROL
from alliance_stats.lmm.r_code.lme4 import PRINTED
from alliance_stats.lmm.r_code.reading import r_formula
from alliance_stats.models.event.hazard import Hazard
from alliance_stats.models.event.prepare import COMPETING, EVENT, PreparedEvents
from alliance_stats.models.event.specification import predictor_column
from alliance_stats.models.r_code import cell, check_r_code, reading

_GLM_PRINTED = """\
print(coef(summary(m)), digits = 8)
print(logLik(m), digits = 12)"""
_LAST = """\
last_one <- function(v) c(NA, v[!is.na(v)])[cumsum(!is.na(v)) + 1]
filled <- ave(rating, patient, FUN = last_one)"""


def event_r_code(hazards: Sequence[Hazard], prepared: PreparedEvents, data: str) -> str:
    """The text of `EventResult.to_r`, which documents the arguments."""
    check_r_code(data, None)
    roles, chosen = prepared.roles, prepared.specification
    groups = {"patient": (roles.patient,)}
    if prepared.therapist is not None:
        groups["therapist"] = (prepared.therapist,)
    if not chosen.by_column:
        groups["ended"] = (str(roles.ended),)
    lines = [
        *(["library(lme4)"] if chosen.frailty else []),
        *(["library(splines)"] if chosen.baseline == "spline" else []),
        'options(contrasts = c("contr.treatment", "contr.poly"))', "",
        *reading(roles, groups, data),
        f"session <- {cell(roles.session)}",
        f"rating <- {cell(roles.alliance)}",
        "", *_endings(prepared), "", *_predictors(prepared), "", *_complete(prepared),
        *(["", CONTROL] if chosen.frailty else []),
    ]  # fmt: skip
    for hazard, response in zip(hazards, (EVENT, COMPETING), strict=False):
        lines += ["", *_fit(hazard, response)]
    return "\n".join(lines) + "\n"


def _endings(prepared: PreparedEvents) -> list[str]:
    chosen, roles = prepared.specification, prepared.roles
    allowed = "TRUE" if chosen.at_risk is None else f"{cell(chosen.at_risk)} %in% 1"
    if chosen.by_column:
        columns = [chosen.event, *chosen.competing]
        competing = " | ".join(f"{cell(c)} %in% 1" for c in chosen.competing) or "FALSE"
        known = " & ".join(f"!is.na({cell(c)})" for c in columns)
        return [
            f"{cell(EVENT)} <- as.integer({cell(chosen.event)} %in% 1)",
            f"{cell(COMPETING)} <- as.integer({competing})",
            f"keep <- {known} & {allowed}",
        ]
    return [
        "last <- session == ave(session, patient, FUN = max)",
        f"ended <- ave({cell(str(roles.ended))}, patient, FUN = function(v) v[!is.na(v)][1])",
        f"{cell(EVENT)} <- as.integer(last & ended %in% {r_text(chosen.event)})",
        f"{cell(COMPETING)} <- as.integer(last & ended %in% {_vector(chosen.competing)})",
        f"keep <- !(last & ended %in% {_vector(chosen.censored, 'NA')}) & {allowed}",
    ]


def _vector(texts: Sequence[str], *more: str) -> str:
    return f"c({', '.join([*map(r_text, texts), *more])})"


def _predictors(prepared: PreparedEvents) -> list[str]:
    chosen, alliance = prepared.specification, prepared.roles.alliance
    low, high = chosen.early_window
    lines = _LAST.split("\n") if chosen.missing == "last" else ["filled <- rating"]
    column = {name: cell(predictor_column(alliance, name)) for name in chosen.predictors}
    made = {
        "current": ["{x} <- filled"],
        "running_mean": [
            "sums <- ave(ifelse(is.na(rating), 0, rating), patient, FUN = cumsum)",
            "{x} <- sums / ave(as.numeric(!is.na(rating)), patient, FUN = cumsum)",
        ],
        "change": [
            "earlier <- match(paste(patient, session - 1), paste(patient, session))",
            "{x} <- filled - filled[earlier]",
        ],
        "early": [
            f"early <- ifelse(session >= {low} & session <= {high}, rating, NA)",
            "{x} <- ave(early, patient, FUN = function(v) mean(v, na.rm = TRUE))",
            f"{{x}}[session < {high}] <- NA",
        ],
    }
    for name, x in column.items():
        lines += [line.replace("{x}", x) for line in made[name]]
    return lines


def _complete(prepared: PreparedEvents) -> list[str]:
    columns = [*prepared.predictors, *([prepared.therapist] if prepared.therapist else [])]
    return [f"keep <- keep & complete.cases(d[{_vector(columns)}])"]


def _fit(hazard: Hazard, response: str) -> list[str]:
    """Lines that take the rows at risk of one event and fit its hazard."""
    prepared, chosen = hazard.prepared, hazard.prepared.specification
    session = cell(prepared.roles.session).replace("d[[", "e[[", 1)
    of_event = f" & {cell(COMPETING)} == 0" if response == EVENT else ""
    lines = [f"e <- d[keep{of_event}, ]"]
    if chosen.baseline == "factor":
        came = cell(response).replace("d[[", "e[[", 1)
        lines += [
            f"share <- ave({came}, {session})",
            "e <- e[share > 0 & share < 1, ]",
            f"{session} <- factor({session})",
        ]
    formula = r_formula(hazard.design)
    family = f'family = binomial("{chosen.link}")'
    if isinstance(hazard.fit, FixedGlm):
        call = f"  data = e, {family}, control = glm.control(epsilon = 1e-14, maxit = 100)"
        lines += ["m <- glm(", f"  {formula},", call, ")"]
    else:
        call = f"  data = e, {family}, nAGQ = {chosen.n_agq}, control = control"
        lines += ["m <- glmer(", f"  {formula},", call, ")"]
    printed = _GLM_PRINTED if isinstance(hazard.fit, FixedGlm) else PRINTED
    return [*lines, f"stopifnot(nobs(m) == {hazard.fit.n_obs})", printed]
