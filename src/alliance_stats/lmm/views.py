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
    named = (("weights", design.weights), ("offset", design.offset))
    columns = "".join(f", {argument}={column!r}" for argument, column in named if column)
    return ResultView(
        kind="lmm",
        title=f"Mixed model of {design.formula.response}",
        terms=fit.tidy(ddf=ddf),
        fit=fit.glance(),
        plot=None,
        levels=fit.levels(),
        messages=fit.messages,
        refit=f"al.fit_lmm({fit.formula!r}, data, reml={fit.reml}{columns})",
        labels={
            "formula": fit.formula,
            "outcome": design.formula.response,
            "ddf": ddf,
        },
        tables={"Random effects": fit.var_corr()},
    )


def text_of(fit: MixedModelResult) -> str:
    """The fit as text: model, fixed effects, random effects, messages."""
    groups = ", ".join(
        counted(len(level.labels), level.name) for level in fit.criterion.design.levels
    )
    parts = [
        f"Linear mixed model ({'REML' if fit.reml else 'ML'}): {fit.formula}",
        f"{counted(fit.n_obs, 'row')}; {groups}; log-likelihood {format_number(fit.loglik)}",
        frame_text(fit.tidy()),
        "Random effects",
        frame_text(fit.var_corr()),
        *fit.messages,
    ]
    return "\n\n".join(parts)


def html_of(fit: MixedModelResult) -> str:
    """The same for notebooks."""
    messages = "".join(f"<p>{escape_html(m)}</p>" for m in fit.messages)
    return (
        f"<p>{escape_html(fit.formula)}</p>{frame_html(fit.tidy())}"
        f"{frame_html(fit.var_corr(), caption='Random effects')}{messages}"
    )
