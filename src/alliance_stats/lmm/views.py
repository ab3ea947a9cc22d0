"""How a fit is shown: the view for reports, text, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, format_number, frame_html, frame_text
from alliance_stats._base.views import ResultView

if TYPE_CHECKING:
    from alliance_stats.lmm.inference.contrasts import Ddf
    from alliance_stats.lmm.result import MixedModelResult


def view_of(fit: MixedModelResult, ddf: Ddf = "satterthwaite") -> ResultView:
    """What the report room may see of a fit."""
    design = fit.criterion.design
    return ResultView(
        kind="lmm",
        title=f"Mixed model of {design.formula.response}",
        terms=fit.tidy(ddf=ddf),
        fit=fit.glance(),
        plot=None,
        levels=fit.levels(),
        messages=fit.messages,
        refit=f"al.fit_lmm({fit.formula!r}, data, reml={fit.reml}{design.arguments})",
        labels={
            "formula": fit.formula,
            "outcome": design.formula.response,
            "ddf": ddf,
            **({"residual": str(fit.residual.structure)} if fit.residual else {}),
        },
        tables={"Random effects": fit.var_corr()},
    )


def kind_of(fit: MixedModelResult) -> str:
    """What a model is called, with random effects or without."""
    mixed = bool(fit.criterion.design.levels)
    return "Linear mixed model" if mixed else "Linear generalised least-squares model"


def about_residuals(fit: MixedModelResult) -> list[str]:
    """``Residuals: ar1('session', within='patient')``; nothing where they are independent."""
    return [f"Residuals: {fit.residual.structure}"] if fit.residual else []


def text_of(fit: MixedModelResult) -> str:
    """The fit as text: model, fixed effects, random effects, messages."""
    groups = [counted(len(level.labels), level.name) for level in fit.criterion.design.levels]
    counts = "; ".join([counted(fit.n_obs, "row"), *([", ".join(groups)] if groups else [])])
    parts = [
        f"{kind_of(fit)} ({'REML' if fit.reml else 'ML'}): {fit.formula}",
        *about_residuals(fit),
        f"{counts}; log-likelihood {format_number(fit.loglik)}",
        frame_text(fit.tidy()),
        "Random effects",
        frame_text(fit.var_corr()),
        *fit.messages,
    ]
    return "\n\n".join(parts)


def html_of(fit: MixedModelResult) -> str:
    """The same for notebooks."""
    messages = "".join(f"<p>{escape_html(m)}</p>" for m in fit.messages)
    residuals = "".join(f"<p>{escape_html(line)}</p>" for line in about_residuals(fit))
    return (
        f"<p>{escape_html(fit.formula)}</p>{residuals}{frame_html(fit.tidy())}"
        f"{frame_html(fit.var_corr(), caption='Random effects')}{messages}"
    )
