"""Sentences about a model with latent means: associations, with observed means beside them."""

from __future__ import annotations

from math import isinf

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.within_between import CAUTION, CONCLUSIVE
from alliance_stats.report.wording.bounded import bounded
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import Row, has_interval, interval, number, records
from alliance_stats.report.wording.verdict import contextual_sentences, verdict, verdicts
from alliance_stats.report.wording.words import (
    effect_adjective,
    effect_place,
    fit_sentences,
    listed,
    names_of,
    time_sentence,
)


def latent_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: associations and contrasts; observed means; method."""
    bounded = view.terms[~view.terms["ci_low"].map(isinf)]
    contrasts = contextual_sentences(_with_terms(view, bounded))
    return [
        verdicts(view, CONCLUSIVE, lambda row: _association(view, row)),
        contrasts,
        _observed_sentences(view),
        [*_method_sentences(view), *fit_sentences(view, row="session"), CAUTION],
    ]


def _with_terms(view: ResultView, terms: pd.DataFrame) -> ResultView:
    return ResultView(
        view.kind, view.title, terms, view.fit, view.plot, view.levels, labels=view.labels,
        conf_level=view.conf_level,
    )  # fmt: skip


def _association(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    effect, (x, y) = row["effect"], names_of(view)
    asked = f"the {effect_adjective(effect)} association of {x} with {y}"
    if isinf(row["ci_low"]):
        estimate = row["estimate"]
        known = not pd.isna(estimate)
        value: str = "" if not known else f" (b = {number(estimate, view_decimals(view))})"
        return (
            f"{asked} cannot be told from these data{value}: they are compatible with no variance "
            f"of {x} {effect_place(effect)} once the sampling error of means is taken out, and "
            "then no coefficient is ruled out."
        )
    return verdict(
        view,
        row,
        asked=asked,
        found=lambda direction: CONCLUSIVE[effect].format(x=x, y=f"{direction} {y}"),
    )


def _observed_sentences(view: ResultView) -> list[str]:
    """The coefficients with observed means, for comparison."""
    frame = view.tables.get("Latent and observed means", pd.DataFrame())
    decimals = view_decimals(view)
    parts = [
        f"b = {number(row['estimate'], decimals)} {effect_place(row['effect'])}"
        + (f", {interval(row, decimals, view.conf_level)}" if has_interval(row) else "")
        for row in records(frame)
        if row.get("means") == "observed" and row["effect"] in CONCLUSIVE
    ]
    if not parts:
        return []
    found = f"With observed means the coefficients were {listed(parts)}."
    return [found, *_reliability_sentence(view)]


def _reliability_sentence(view: ResultView) -> list[str]:
    levels = view.tables.get("Covariances by level", pd.DataFrame())
    parts = [
        f"{bounded(row['mean_reliability'])} for {row['level']}s"
        for row in records(levels)
        if not pd.isna(row["mean_reliability"])
    ]
    x = names_of(view)[0]
    return [f"The reliability of observed means of {x} was {listed(parts)}."] if parts else []


def _method_sentences(view: ResultView) -> list[str]:
    x, y = names_of(view)
    return [
        f"{x} and {y} were responses of one multilevel model with latent means, fitted by maximum "
        "likelihood; intervals are of the profile likelihood.",
        time_sentence(view.labels),
    ]
