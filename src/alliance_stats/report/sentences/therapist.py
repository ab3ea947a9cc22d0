"""Sentences about therapists and patients: whose alliance goes with outcome, who differs."""

from __future__ import annotations

from math import isinf

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    interval,
    number,
    p_phrase,
    percent,
    records,
)
from alliance_stats.report.wording.verdict import contextual_sentences, verdict, verdicts
from alliance_stats.report.wording.words import (
    effect_place,
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
    tests_phrase,
)

_SUBJECTS = {
    "patient_between": (
        "an early {x} above that of the therapist's other patients",
        "the association between patients of one therapist of early {x} with post-treatment {y}",
    ),
    "therapist_between": (
        "a higher mean early {x} of the therapist's patients",
        "the association between therapists of mean early {x} with post-treatment {y}",
    ),
}
_MODELS = {
    "before": "of post-treatment {y} before the alliance was in the model",
    "after": "of it with the alliance in the model",
    "alliance": "of early {x}",
}
_CAUTION = (
    "These are associations: therapists and patients who differ in the alliance differ in much "
    "else."
)
_RANKS = (
    "Effects of single therapists are shrunken towards the average, and their intervals do not "
    "make a ranking."
)


def therapist_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: associations; means of therapists; therapists; method."""
    return [
        [
            *verdicts(view, _SUBJECTS, lambda row: _association(view, row)),
            *contextual_sentences(view),
            *_slope_sentences(view),
        ],
        [*_caseload_sentences(view), *_latent_sentences(view)],
        [*_share_sentences(view), *_reduction_sentences(view), *_people_sentences(view)],
        [*_method_sentences(view), *fit_sentences(view, row="patient"), _CAUTION],
    ]


def _association(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    x, y = names_of(view)
    subject, asked = (words.format(x=x, y=y) for words in _SUBJECTS[row["effect"]])
    return verdict(
        view,
        row,
        asked=asked,
        found=lambda direction: f"{subject} went with {direction} post-treatment {y}",
    )


def _slope_sentences(view: ResultView) -> list[str]:
    """Whether the coefficient between patients differed between therapists."""
    rows = records(
        view.tables.get("Differences of the coefficient between therapists", pd.DataFrame())
    )
    found = []
    for row in rows:
        test = "no test, because the model without differences is singular"
        if not pd.isna(row["p_value"]):
            law = one_line(row["reference"])
            test = f"LR = {number(row['statistic'], 2)} against {law}, {p_phrase(row['p_value'])}"
        sd = number(row["sd"], view_decimals(view))
        found.append(
            f"The coefficient between patients varied between therapists with SD = {sd} ({test})."
        )
    return found


def _caseload_sentences(view: ResultView) -> list[str]:
    rows = records(view.tables.get("Caseloads", pd.DataFrame()))
    return [
        f"The patient–therapist ratio was {number(row['ptr'], 1)} "
        f"({int(row['least'])} to {int(row['most'])} patients a therapist)."
        for row in rows
    ]


def _latent_sentences(view: ResultView) -> list[str]:
    """Reliability of therapist means, and the coefficients with latent means."""
    x = names_of(view)[0]
    means = records(view.tables.get("Observed means of therapists", pd.DataFrame()))
    found = [_reliability_sentence(x, row) for row in means]
    rows = [
        row
        for row in records(view.tables.get("Observed and latent means", pd.DataFrame()))
        if row.get("means") == "latent" and row["effect"] in _SUBJECTS
    ]
    parts = [_latent_part(view, row) for row in rows]
    return [*found, f"With latent means the coefficients were {listed(parts)}."] if parts else found


def _reliability_sentence(x: str, row: Row) -> str:
    patients = f"{number(row['caseload'], 1)} patients of one therapist (the harmonic mean)"
    if row["icc"] <= 0:
        return (
            f"No variance of early {x} between therapists was estimated: as far as these data "
            f"tell, means of {patients} differ by chance, and so the coefficient between "
            "therapists says nothing about therapists."
        )
    return (
        f"The mean early {x} of {patients} had a reliability of "
        f"{number(row['reliability'], 2)}, so that observed means show about that share of the "
        "difference of the two coefficients."
    )


def _latent_part(view: ResultView, row: Row) -> str:
    decimals, place = view_decimals(view), effect_place(row["effect"])
    known = not pd.isna(row["estimate"])
    size = f"b = {number(row['estimate'], decimals)} {place}" if known else f"not known {place}"
    if not has_interval(row):
        return size
    if isinf(row["ci_low"]):
        return f"{size} with an interval without ends"
    return f"{size}, {interval(row, decimals, view.conf_level)}"


def _share_sentences(view: ResultView) -> list[str]:
    """Therapists' intraclass correlations with their exact intervals."""
    x, y = names_of(view)
    parts = [
        f"{percent(row['icc'])} {_MODELS[row['model']].format(x=x, y=y)}, "
        f"{100 * view.conf_level:g}% CI [{percent(row['ci_low'])}, {percent(row['ci_high'])}]"
        for row in records(view.tables.get("Therapists' share of variance", pd.DataFrame()))
        if has_interval(row)
    ]
    return [f"Therapists' share of variance was {listed(parts)}."] if parts else []


def _reduction_sentences(view: ResultView) -> list[str]:
    """How much of the variance between therapists goes with the alliance."""
    rows = records(view.tables.get("Variance left after the alliance", pd.DataFrame()))
    for row in rows:
        if row["unit"] != "therapist" or pd.isna(row["explained"]):
            continue
        if row["explained"] < 0:
            return [
                "The variance between therapists was larger with the alliance than before, so no "
                "share of it is explained."
            ]
        return [
            f"With the alliance the variance between therapists was {percent(row['explained'])} "
            "smaller; this has no interval here."
        ]
    return []


def _people_sentences(view: ResultView) -> list[str]:
    """How many therapists' intervals leave out the average."""
    plot = view.plot
    if plot is None or plot.empty:
        return []
    n = int(plot["y"].max())
    if not (plot["ci_high"] > plot["ci_low"]).any():
        return ["The variance between therapists is estimated as zero, so no therapist stands out."]
    counts = [
        int(plot.loc[plot["panel"] == panel, "excludes_average"].sum())
        for panel in ("before", "after")
    ]
    return [
        f"Intervals of {counts[0]:,} of {counted(n, 'therapist')} left out the average before and "
        f"of {counts[1]:,} with the alliance in the model.",
        _RANKS,
    ]


def _method_sentences(view: ResultView) -> list[str]:
    x, y = names_of(view)
    window = one_line(view.labels.get("window", "the early sessions"))
    first = one_line(view.labels.get("first_session", ""))
    method = fit_value(view, "method")
    given = "the score at intake was"
    if view.labels.get("controls") == "change":
        given = f"the score at intake and the change to session {first} were"
    return [
        f"Post-treatment {y} was modelled with random intercepts of therapists"
        + (f", fitted by {one_line(method)}" if method else "")
        + f"{tests_phrase(view)}.",
        one_line(view.labels.get("therapist_changes", "")),
        f"Early {x} was the mean over {window}, split into the mean of the therapist's patients "
        f"and the deviation from it; {given} in the model.",
    ]
