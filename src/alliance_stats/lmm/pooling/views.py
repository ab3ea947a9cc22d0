"""How a pooled result is shown: the view for reports, text, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.views import about_residuals, kind_of

if TYPE_CHECKING:
    from alliance_stats.lmm.pooling.result import PooledResult

HEADINGS = {"riv": "RIV", "fmi": "FMI"}
#: Heading of the variances, which are not tested.
MEANS = "Random effects, means over imputations"


def view_of(result: PooledResult) -> ResultView:
    """What the report room may see of a pooled result."""
    inner, terms = result.fits[0].view(), result.tidy()
    return ResultView(
        kind=inner.kind,
        title=f"{inner.title}, {result.n_imputations} imputations",
        terms=terms,
        fit=result.glance(),
        plot=None,
        levels=result.levels(),
        notes=(note_of(result),),
        messages=result.messages,
        refit=_refit(result, inner.refit or ""),
        labels={**inner.labels, "ddf": "Barnard–Rubin"},
        tables={MEANS: result.var_corr(), "Missing information": _missing_information(terms)},
    )


def _missing_information(terms: pd.DataFrame) -> pd.DataFrame:
    names = {"riv": "Relative increase in variance", "fmi": "Fraction of missing information"}
    return terms[["term", *names]].rename(columns=names)


def note_of(result: PooledResult) -> str:
    """How the numbers were pooled."""
    if result.df_complete == "satterthwaite":
        complete = "after Satterthwaite, means over imputations"
    elif result.df_complete == "infinite":
        complete = "infinite"
    else:
        complete = f"{result.df_complete:g}"
    return (
        f"Pooled over {result.n_imputations} imputed data sets by Rubin's rules; complete-data "
        f"degrees of freedom: {complete}. Variances are means and are not tested."
    )


def _refit(result: PooledResult, call: str) -> str:
    complete = "" if result.df_complete == "satterthwaite" else f", df_complete={_given(result)}"
    return f"al.pool([{call.replace(', data, ', ', frame, ')} for frame in imputed]{complete})"


def _given(result: PooledResult) -> str:
    value = result.df_complete
    return repr(value) if isinstance(value, str) else f"{value:g}"


def text_of(result: PooledResult) -> str:
    """The result as text: model, fixed effects, random effects, messages."""
    method, first = "REML" if result.reml else "ML", result.fits[0]
    parts = [
        f"{kind_of(first)} ({method}), {result.n_imputations} imputations: {result.formula}",
        *about_residuals(first),
        note_of(result),
        frame_text(result.tidy(), headings=HEADINGS),
        MEANS,
        frame_text(result.var_corr()),
        *result.messages,
    ]
    return "\n\n".join(parts)


def html_of(result: PooledResult) -> str:
    """The same for notebooks."""
    head = [result.formula, *about_residuals(result.fits[0]), note_of(result)]
    above = "".join(f"<p>{escape_html(line)}</p>" for line in head)
    said = "".join(f"<p>{escape_html(m)}</p>" for m in result.messages)
    return (
        f"{above}{frame_html(result.tidy(), headings=HEADINGS)}"
        f"{frame_html(result.var_corr(), caption=MEANS)}{said}"
    )
