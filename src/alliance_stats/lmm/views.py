"""How a fit is shown: the view for reports, text, HTML."""

from __future__ import annotations

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, format_number, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.inference.contrasts import Ddf, tidy
from alliance_stats.lmm.tables import glance, levels_table, var_corr


def view_of(fit: FittedModel, ddf: Ddf = "satterthwaite") -> ResultView:
    """What the report room may see of a fit."""
    design = fit.criterion.design
    return ResultView(
        kind="lmm",
        title=f"Mixed model of {design.formula.response}",
        terms=tidy(fit, ddf=ddf),
        fit=glance(fit),
        plot=None,
        levels=levels_table(design),
        messages=fit.messages,
        refit=f"al.fit_lmm({fit.formula!r}, data, reml={fit.reml}{design.arguments})",
        labels={
            "formula": fit.formula,
            "outcome": design.formula.response,
            "ddf": ddf,
            **({"residual": str(fit.residual.structure)} if fit.residual else {}),
        },
        tables={"Random effects": var_corr(fit)},
    )


def kind_of(fit: FittedModel) -> str:
    """What a model is called, with random effects or without."""
    mixed = bool(fit.criterion.design.levels)
    return "Linear mixed model" if mixed else "Linear generalised least-squares model"


def about_residuals(fit: FittedModel) -> list[str]:
    """``Residuals: ar1('session', within='patient')``; nothing where they are independent."""
    return [f"Residuals: {fit.residual.structure}"] if fit.residual else []


def text_of(fit: FittedModel) -> str:
    """The fit as text: model, fixed effects, random effects, messages."""
    groups = [counted(len(level.labels), level.name) for level in fit.criterion.design.levels]
    counts = "; ".join([counted(fit.n_obs, "row"), *([", ".join(groups)] if groups else [])])
    parts = [
        f"{kind_of(fit)} ({'REML' if fit.reml else 'ML'}): {fit.formula}",
        *about_residuals(fit),
        f"{counts}; log-likelihood {format_number(fit.loglik)}",
        frame_text(tidy(fit)),
        "Random effects",
        frame_text(var_corr(fit)),
        *fit.messages,
    ]
    return "\n\n".join(parts)


def html_of(fit: FittedModel) -> str:
    """The same for notebooks."""
    messages = "".join(f"<p>{escape_html(m)}</p>" for m in fit.messages)
    residuals = "".join(f"<p>{escape_html(line)}</p>" for line in about_residuals(fit))
    return (
        f"<p>{escape_html(fit.formula)}</p>{residuals}{frame_html(tidy(fit))}"
        f"{frame_html(var_corr(fit), caption='Random effects')}{messages}"
    )
