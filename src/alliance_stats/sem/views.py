"""How a fit is shown: the view for reports, text, HTML."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import (
    escape_html,
    format_interval,
    format_number,
    format_p,
    frame_html,
    frame_text,
    without_zero,
)
from alliance_stats._base.views import TIDY_COLUMNS, TIDY_LEADING, ResultView
from alliance_stats.sem.fitted import FittedSem
from alliance_stats.sem.problems import all_messages
from alliance_stats.sem.tables import glance, tidy

HEADINGS = {"estimate": "Estimate", "statistic": "z"}


def shown_rows(fit: FittedSem, *, standardised: bool = False) -> pd.DataFrame:
    """The tidy rows with the columns that every result has."""
    rows = tidy(fit, standardised=standardised)
    return rows[[c for c in rows.columns if c in (*TIDY_LEADING, *TIDY_COLUMNS)]]


def view_of(fit: FittedSem) -> ResultView:
    """What the report room may see of a fit."""
    units = [("row", fit.n_obs)]
    if fit.n_clusters:
        units.append((fit.settings.cluster or "cluster", fit.n_clusters))
    return ResultView(
        kind="sem",
        title=title_of(fit),
        terms=shown_rows(fit),
        fit=glance(fit),
        plot=None,
        levels=pd.DataFrame(units, columns=["unit", "n"]),
        notes=(estimation_note(fit),),
        labels={"fit": fit_sentence(fit)},
        messages=all_messages(fit),
        tables={"Standardised solution": shown_rows(fit, standardised=True)},
    )


def title_of(fit: FittedSem) -> str:
    """One line: what kind of model it is."""
    kind = "Factor model" if fit.spec.latent else "Path model"
    latent = f", {counted(len(fit.spec.latent), 'latent variable')}" if fit.spec.latent else ""
    levels = "Two-level " if len(fit.spec.levels) > 1 else ""
    name = f"{levels}{kind.lower() if levels else kind}"
    return f"{name} of {counted(len(fit.spec.observed), 'variable')}{latent}"


def estimation_note(fit: FittedSem) -> str:
    """How it was estimated, in one sentence."""
    rows = (
        f"all rows ({counted(fit.n_patterns, 'pattern')} of missing values)"
        if fit.settings.missing == "fiml"
        else "complete rows"
    )
    if fit.settings.estimator == "ml":
        errors = f"standard errors from the {fit.settings.information} information"
    elif fit.settings.cluster:
        errors = f"standard errors robust to dependence within {fit.settings.cluster}"
    else:
        errors = "standard errors robust to non-normality"
    return f"Normal maximum likelihood on {rows}; {errors}."


def fit_sentence(fit: FittedSem) -> str:
    """The test and the indices in one sentence."""
    row = glance(fit).iloc[0]
    if not row["df"]:
        return "chi2 has no degrees of freedom: the model fits any data and cannot be tested"
    scaled = "_scaled" if fit.bread is not None else ""
    p = format_p(row["p_value" + scaled])
    p = f"p {p}" if p.startswith(("<", ">")) else f"p = {p}"
    residual = ", ".join(
        f"{str(name).replace('_', ' ').replace('srmr', 'SRMR')} = {_index(row[name])}"
        for name in row.index
        if str(name).startswith("srmr")
    )
    ends = format_interval(row["rmsea_low" + scaled], row["rmsea_high" + scaled])
    return (
        f"{'scaled ' if scaled else ''}chi2({row['df']}) = "
        f"{format_number(row['chi2' + scaled])}, {p}; "
        f"CFI = {_index(row['cfi' + scaled])}, TLI = {_index(row['tli' + scaled])}, "
        f"RMSEA = {_index(row['rmsea' + scaled])} {without_zero(ends)} (90%), {residual}"
    )


def _index(value: float) -> str:
    """A fit index, which hardly exceeds one: ``.968``."""
    return without_zero(format_number(value))


def text_of(fit: FittedSem) -> str:
    """The fit as text: fit indices, parameters, messages."""
    clusters = f", {counted(fit.n_clusters, 'cluster')}" if fit.n_clusters else ""
    parts = [
        f"{title_of(fit)} ({counted(fit.n_obs, 'row')}{clusters})",
        fit_sentence(fit),
        frame_text(shown_rows(fit), headings=HEADINGS),
        estimation_note(fit),
        *all_messages(fit),
    ]
    return "\n\n".join(parts)


def html_of(fit: FittedSem) -> str:
    """The same for notebooks."""
    messages = "".join(
        f"<p>{escape_html(m)}</p>" for m in (estimation_note(fit), *all_messages(fit))
    )
    table = frame_html(shown_rows(fit), caption=title_of(fit), headings=HEADINGS)
    return f"<p>{escape_html(fit_sentence(fit))}</p>{table}{messages}"
