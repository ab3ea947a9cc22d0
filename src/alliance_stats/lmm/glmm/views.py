"""How a generalised linear mixed model is shown: the view for reports, text, HTML, R code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, format_number, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.r_code import PRINTED, r_formula, r_name, reading

if TYPE_CHECKING:
    from alliance_stats.lmm.glmm.result import GlmmResult

#: The tests are z tests.
Z = {"statistic": "z"}
#: What exponentiated coefficients are called.
RATIOS = {"logit": "odds ratios", "cloglog": "hazard ratios", "log": "rate ratios"}
CONTROL = """\
control <- glmerControl(
  optimizer = "bobyqa", tolPwrss = 1e-13,
  optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 1e6)
)"""


def view_of(fit: GlmmResult) -> ResultView:
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
        terms=fit.tidy(),
        fit=fit.glance(),
        plot=None,
        levels=fit.levels(),
        notes=(about_scale(fit),),
        messages=fit.messages,
        refit=f"al.fit_glmm({fit.formula!r}, data, {', '.join(given)})",
        labels={"formula": fit.formula, "outcome": design.formula.response, "link": fit.link},
        tables={"Random effects": fit.var_corr()},
    )


def about_scale(fit: GlmmResult) -> str:
    """``Estimates are log odds; exp(estimate) are odds ratios.``"""
    if fit.link == "probit":
        return "Estimates are on the probit scale, in standard deviations of a latent response."
    what = {"logit": "log-odds", "cloglog": "log-hazards", "log": "logs of rates"}[fit.link]
    return (
        f"Estimates are differences of {what} within groups; tidy(exponentiate=True) gives "
        f"{RATIOS[fit.link]}. Standard errors hold the uncertainty of the variances."
    )


def text_of(fit: GlmmResult) -> str:
    """The fit as text: model, fixed effects, random effects, messages."""
    levels = fit.criterion.design.levels
    groups = ", ".join(counted(len(level.labels), level.name) for level in levels)
    method = "Laplace" if fit.n_agq == 1 else f"quadrature with {fit.n_agq} points"
    parts = [
        f"Generalised linear mixed model ({fit.family}, {fit.link}; {method}): {fit.formula}",
        f"{counted(fit.n_obs, 'row')}; {groups}; log-likelihood {format_number(fit.loglik)}",
        frame_text(fit.tidy(), headings=Z),
        about_scale(fit),
        "Random effects",
        frame_text(fit.var_corr()),
        *fit.messages,
    ]
    return "\n\n".join(parts)


def html_of(fit: GlmmResult) -> str:
    """The same for notebooks."""
    notes = "".join(f"<p>{escape_html(m)}</p>" for m in (about_scale(fit), *fit.messages))
    return (
        f"<p>{escape_html(fit.formula)}</p>{frame_html(fit.tidy(), headings=Z)}"
        f"{frame_html(fit.var_corr(), caption='Random effects')}{notes}"
    )


def r_code(fit: GlmmResult, data: str) -> str:
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
