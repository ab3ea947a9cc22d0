"""How a generalised linear mixed model is shown: the view for reports, text, HTML, R code."""

from __future__ import annotations

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, format_number, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.formula.r_names import r_name
from alliance_stats.lmm.glmm.fitted import FittedGlmm
from alliance_stats.lmm.glmm.tables import glance, tidy, var_corr
from alliance_stats.lmm.r_code.lme4 import PRINTED
from alliance_stats.lmm.r_code.reading import r_formula, reading
from alliance_stats.lmm.tables import levels_table

#: The tests are z tests.
Z = {"statistic": "z"}
#: What exponentiated coefficients are called.
RATIOS = {"logit": "odds ratios", "cloglog": "hazard ratios", "log": "rate ratios"}
CONTROL = """\
control <- glmerControl(
  optimizer = "bobyqa", tolPwrss = 1e-13,
  optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 1e6)
)"""


def view_of(fit: FittedGlmm) -> ResultView:
    """What the report room may see of a fit."""
    design = fit.criterion.design
    default = "log" if fit.family == "poisson" else "logit"
    named = (("trials", design.trials), ("offset", design.offset))
    given = [f"family={fit.family!r}"]
    given += [f"link={fit.link!r}"] * (fit.link != default)
    given += [f"{argument}={column!r}" for argument, column in named if column]
    given += [f"n_agq={fit.n_agq}"] * (fit.n_agq != 1)
    return ResultView(
        kind="glmm",
        title=f"Mixed model of {design.formula.response} ({fit.family}, {fit.link})",
        terms=tidy(fit),
        fit=glance(fit),
        plot=None,
        levels=levels_table(design),
        notes=(about_scale(fit),),
        messages=fit.messages,
        refit=f"al.fit_glmm({fit.formula!r}, data, {', '.join(given)})",
        labels={"formula": fit.formula, "outcome": design.formula.response, "link": fit.link},
        tables={"Random effects": var_corr(fit)},
    )


def about_scale(fit: FittedGlmm) -> str:
    """``Estimates are log odds; exp(estimate) are odds ratios.``"""
    if fit.link == "probit":
        return "Estimates are on the probit scale, in standard deviations of a latent response."
    what = {"logit": "log-odds", "cloglog": "log-hazards", "log": "logs of rates"}[fit.link]
    return (
        f"Estimates are differences of {what} within groups; exponentiated they are "
        f"{RATIOS[fit.link]}. Standard errors hold the uncertainty of the variances."
    )


def text_of(fit: FittedGlmm) -> str:
    """The fit as text: model, fixed effects, random effects, messages."""
    levels = fit.criterion.design.levels
    groups = ", ".join(counted(len(level.labels), level.name) for level in levels)
    method = "Laplace" if fit.n_agq == 1 else f"quadrature with {fit.n_agq} points"
    parts = [
        f"Generalised linear mixed model ({fit.family}, {fit.link}; {method}): {fit.formula}",
        f"{counted(fit.n_obs, 'row')}; {groups}; log-likelihood {format_number(fit.loglik)}",
        frame_text(tidy(fit), headings=Z),
        about_scale(fit),
        "Random effects",
        frame_text(var_corr(fit)),
        *fit.messages,
    ]
    return "\n\n".join(parts)


def html_of(fit: FittedGlmm) -> str:
    """The same for notebooks."""
    notes = "".join(f"<p>{escape_html(m)}</p>" for m in (about_scale(fit), *fit.messages))
    return (
        f"<p>{escape_html(fit.formula)}</p>{frame_html(tidy(fit), headings=Z)}"
        f"{frame_html(var_corr(fit), caption='Random effects')}{notes}"
    )


def r_code(fit: FittedGlmm, data: str) -> str:
    """The text of `GlmmResult.to_r`, which documents the argument."""
    design = fit.criterion.design
    response = r_name(design.formula.response)
    if design.trials:
        response = f"cbind({response}, {r_name(design.trials)} - {response})"
    offset = [f",\n  offset = {r_name(design.offset)}"] if design.offset else []
    lines = [
        *reading(design, data, ("lme4",)),
        "",
        CONTROL,
        "m <- glmer(",
        f"  {r_formula(design, response)},",
        f'  data = d, family = {fit.family}("{fit.link}"), nAGQ = {fit.n_agq}, control = control'
        + "".join(offset),
        ")",
        f"stopifnot(nobs(m) == {design.n_obs})",
        PRINTED,
    ]
    return "\n".join(lines) + "\n"
