"""R code of the models of therapists: patients made from the file of sessions, fits by lme4."""

from __future__ import annotations

from math import sqrt

from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.outcome.prepare import PreparedPatients
from alliance_stats.models.r_code import cell, check_r_code, reading
from alliance_stats.models.therapist.fits import TherapistFits

_EXACT = """\
exact_icc <- function(m, level = 0.95) {
  X <- getME(m, "X")
  Z <- as.matrix(getME(m, "Z"))
  y <- getME(m, "y")
  MZ <- qr.resid(qr(X), Z)
  parts <- eigen(crossprod(MZ), symmetric = TRUE)
  kept <- parts$values > 1e-10 * parts$values[1]
  d <- parts$values[kept]
  u2 <- drop(crossprod(parts$vectors[, kept], crossprod(MZ, y)))^2 / d
  e <- nrow(X) - ncol(X) - length(d)
  rest <- (sum(qr.resid(qr(X), y)^2) - sum(u2)) / e
  w <- function(icc) mean(u2 * (1 - icc) / (1 - icc + icc * d)) / rest
  end <- function(p) {
    value <- qf(p, length(d), e)
    if (w(0) <= value) 0 else uniroot(function(icc) w(icc) - value, 0:1, tol = 1e-12)$root
  }
  tau2 <- as.numeric(VarCorr(m)[[1]])
  c(
    icc = tau2 / (tau2 + sigma(m)^2), low = end((1 + level) / 2), high = end((1 - level) / 2),
    F = w(0), p = pf(w(0), length(d), e, lower.tail = FALSE)
  )
}"""


def therapist_r_code(fits: TherapistFits, prepared: PreparedPatients, *, data: str) -> str:
    """The text of `TherapistResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.changes)
    roles = prepared.roles
    groups = {"patient": (roles.patient,), "therapist": (str(roles.therapist),)}
    models = {"before": fits.before, "after": fits.after, "alliance": fits.alliance}
    if fits.model is not fits.after:
        models["m"] = fits.model
    lines = [
        "library(lme4)",
        "library(lmerTest)",
        "",
        *reading(roles, groups, data),
        *_patients(prepared),
        *_centring(prepared),
        "",
        CONTROL,
    ]
    for name, fit in models.items():
        call = lmer_call(fit.criterion.design, reml=fit.reml)
        if name == "m":
            lines.append("control$optCtrl$rhobeg <- 0.001  # near the start: else it may end apart")
            call[-2] += f",\n  start = c({_start(fit)})"
        lines += [f"{name} <- {call[0]}", *call[1:]]
    if "m" not in models:
        lines.append("m <- after")
    lines += [f"stopifnot(nobs(m) == {len(prepared.frame)})", "", *_printed(prepared, fits)]
    return "\n".join(lines) + "\n"


def _start(fit: MixedModelResult) -> str:
    """lme4's θ of an intercept and a slope: the lower root of their covariance over σ²."""
    covariance = next(iter(fit.covariances.values())).to_numpy() / fit.sigma2
    first = sqrt(covariance[0, 0])
    below = covariance[0, 1] / first if first > 0 else 0.0
    theta = first, below, sqrt(max(covariance[1, 1] - below**2, 0.0))
    return ", ".join(f"{float(value):.6g}" for value in theta)


def _patients(prepared: PreparedPatients) -> list[str]:
    """Lines that make one row a patient."""
    roles, (low, high) = prepared.roles, prepared.window
    alliance, outcome = f"r[[{r_text(roles.alliance)}]]", f"r[[{r_text(roles.outcome)}]]"
    session, baseline = f"r[[{r_text(roles.session)}]]", r_text(str(roles.baseline))
    therapist = f"r[[{r_text(str(roles.therapist))}]]"
    early, post = r_text(prepared.early), r_text(prepared.post)
    change = prepared.controls[1:]
    made = [
        "p <- lapply(split(d, factor(patient, unique(patient))), function(r) {",
        f"  rated <- {alliance}[{session} >= {low} & {session} <= {high}]",
        "  rated <- rated[!is.na(rated)]",
        f"  last <- {outcome}[{session} > {high}]",
        "  last <- last[!is.na(last)]",
        f"  start <- {outcome}[{session} == {low}]",
        f"  intake <- mean(r[[{baseline}]], na.rm = TRUE)",
        f"  if (length(rated) < {prepared.min_ratings} || !length(last)) return(NULL)",
        "  one <- list()",
        f"  one[[{r_text(str(roles.therapist))}]] <- {therapist}[!is.na({therapist})][1]",
        f"  one[[{early}]] <- mean(rated)",
        f"  one[[{post}]] <- last[length(last)]",
        f"  one[[{baseline}]] <- intake",
        *(f"  one[[{r_text(c)}]] <- if (length(start)) start - intake else NA" for c in change),
        "  as.data.frame(one, optional = TRUE)",
        "})",
        "d <- do.call(rbind, p)",
        "d <- d[complete.cases(d), ]",
    ]
    return made


def _centring(prepared: PreparedPatients) -> list[str]:
    """Lines that split the early alliance."""
    early, therapist = cell(prepared.early), cell(str(prepared.roles.therapist))
    columns = dict(prepared.effects)
    return [
        f"theirs <- tapply({early}, {therapist}, mean)",
        f"mean_of <- as.numeric(theirs[as.character({therapist})])",
        f"{cell(columns['patient_between'])} <- {early} - mean_of",
        f"{cell(columns['therapist_between'])} <- mean_of - mean(theirs)",
    ]


def _printed(prepared: PreparedPatients, fits: TherapistFits) -> list[str]:
    """Lines that print the models, the contextual difference, shares and therapists."""
    columns = dict(prepared.effects)
    places = [fits.model.names.index(columns[e]) for e in ("patient_between", "therapist_between")]
    weights = ["0"] * len(fits.model.names)
    weights[places[0]], weights[places[1]] = "-1", "1"
    return [
        PRINTED,
        f"print(contest1D(m, c({', '.join(weights)}), confint = TRUE), digits = 8)",
        _EXACT,
        "shares <- sapply(list(before = before, after = after, alliance = alliance), exact_icc)",
        "print(t(shares), digits = 8)",
        "print(as.data.frame(ranef(before, condVar = TRUE)), digits = 8)",
        "print(as.data.frame(ranef(after, condVar = TRUE)), digits = 8)",
        *(
            [
                "lr <- as.numeric(2 * (logLik(m) - logLik(after)))",
                "p <- mean(pchisq(lr, 1:2, lower.tail = FALSE))",
                'print(c(statistic = lr, "p of the mixture" = p), digits = 8)',
            ]
            if fits.model is not fits.after
            else []
        ),
    ]
