"""How a pooled result is shown: the view for reports, text, HTML."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.pooling.pooled import PooledFits
from alliance_stats.lmm.pooling.tables import glance, levels, tidy, var_corr
from alliance_stats.lmm.views import about_residuals, kind_of

HEADINGS = {"riv": "RIV", "fmi": "FMI"}
#: Heading of the variances, which are not tested.
MEANS = "Random effects, means over imputations"


def view_of(result: PooledFits) -> ResultView:
    """What the report room may see of a pooled result."""
    inner, terms = result.fits[0].view(), tidy(result)
    return ResultView(
        kind=inner.kind,
        title=f"{inner.title}, {result.n_imputations} imputations",
        terms=terms,
        fit=glance(result),
        plot=None,
        levels=levels(result),
        notes=(note_of(result),),
        messages=result.messages,
        refit=_refit(result, inner.refit or ""),
        labels={**inner.labels, "ddf": "Barnard–Rubin"},
        tables={MEANS: var_corr(result), "Missing information": _missing_information(terms)},
    )


def _missing_information(terms: pd.DataFrame) -> pd.DataFrame:
    names = {"riv": "Relative increase in variance", "fmi": "Fraction of missing information"}
    return terms[["term", *names]].rename(columns=names)


def note_of(result: PooledFits) -> str:
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


def _refit(result: PooledFits, call: str) -> str:
    complete = "" if result.df_complete == "satterthwaite" else f", df_complete={_given(result)}"
    return f"al.lmm.pool([{call.replace(', data, ', ', frame, ')} for frame in imputed]{complete})"


def _given(result: PooledFits) -> str:
    value = result.df_complete
    return repr(value) if isinstance(value, str) else f"{value:g}"


def text_of(result: PooledFits) -> str:
    """The result as text: model, fixed effects, random effects, messages."""
    method, first = "REML" if result.reml else "ML", result.fits[0]
    parts = [
        f"{kind_of(first)} ({method}), {result.n_imputations} imputations: {result.formula}",
        *about_residuals(first),
        note_of(result),
        frame_text(tidy(result), headings=HEADINGS),
        MEANS,
        frame_text(var_corr(result)),
        *result.messages,
    ]
    return "\n\n".join(parts)


def html_of(result: PooledFits) -> str:
    """The same for notebooks."""
    head = [result.formula, *about_residuals(result.fits[0]), note_of(result)]
    above = "".join(f"<p>{escape_html(line)}</p>" for line in head)
    said = "".join(f"<p>{escape_html(m)}</p>" for m in result.messages)
    return (
        f"{above}{frame_html(tidy(result), headings=HEADINGS)}"
        f"{frame_html(var_corr(result), caption=MEANS)}{said}"
    )
