"""Sentences about ruptures: what was found beside chance, and what the excess goes with."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import Row, number, numbers, p_phrase, percent, records
from alliance_stats.report.wording.verdict import verdict, verdicts
from alliance_stats.report.wording.words import (
    fit_sentences,
    fit_value,
    names_of,
    one_line,
    tests_phrase,
    units_phrase,
)

#: A test of the excess below this is spoken of as one.
_ALPHA = 0.05
_SUBJECTS = {
    "excess_ruptures": (
        "more ruptures than by chance",
        "the association of ruptures beyond chance with the last {y}",
    ),
    "excess_repaired": (
        "more repairs than by chance",
        "the association of repairs beyond chance with the last {y}",
    ),
}
_PATTERN = (
    "These are patterns in ratings: whether anything happened between the two people, they do not "
    "show."
)
_CAUTION = (
    "This is an association without an order in time: ruptures are counted until the last outcome, "
    "and patients who differ in ruptures differ in much else."
)


def ruptures_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: ruptures; repairs; method."""
    rows = _by_measure(view, "Beside chance")
    return [
        [_found_sentence(view, rows), _patients_sentence(view, rows)],
        [_repaired_sentence(rows)],
        [*_method_sentences(view), _PATTERN],
    ]


def rupture_outcome_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: associations; sensitivity; counts beside chance; method."""
    rows = _by_measure(view, "Beside chance")
    return [
        verdicts(view, _SUBJECTS, lambda row: _association(view, row)),
        [*_sensitivity_sentences(view), _tracks_sentence(view), _spread_sentence(view)],
        [_found_sentence(view, rows), _repaired_sentence(rows)],
        [*_rule_sentences(view), _model_sentence(view), *fit_sentences(view, row="patient"),
         _CAUTION],
    ]  # fmt: skip


def _by_measure(view: ResultView, table: str) -> dict[str, Row]:
    """Rows of a further table by their measure."""
    return {row["measure"]: row for row in records(view.tables.get(table, pd.DataFrame()))}


def _found_sentence(view: ResultView, rows: dict[str, Row]) -> str:
    """Ruptures, their expectation, and whether there are more."""
    if "ruptures" not in rows:
        return ""
    row = rows["ruptures"]
    units = units_phrase(view) if view.kind == "ruptures" else ""
    where = f"In {units}, " if units else ""
    n = int(row["observed"])
    first = (
        f"{where}{counted(n, 'rupture')} of {names_of(view)[0]} were found, where chance brings "
        f"about {_beside(row, 0)}"
    )
    first = first[:1].upper() + first[1:]
    if row["p_value"] < _ALPHA:
        return f"{first}: more than by chance ({p_phrase(row['p_value'])})."
    return (
        f"{first}: whether there are more than by chance is inconclusive "
        f"({p_phrase(row['p_value'])})."
    )


def _beside(row: Row, decimals: int) -> str:
    """``215 (197 to 233)``."""
    low, high = number(row["expected_low"], decimals), number(row["expected_high"], decimals)
    return f"{number(row['expected'], decimals)} ({low} to {high})"


def _patients_sentence(view: ResultView, rows: dict[str, Row]) -> str:
    if "patients" not in rows:
        return ""
    row, n = rows["patients"], fit_value(view, "n_patients")
    of = f" of {int(str(n)):,}" if n is not None else ""
    have = "patient had" if int(row["observed"]) == 1 else "patients had"
    return f"{int(row['observed']):,}{of} {have} a rupture; by chance {_beside(row, 0)} have one."


def _repaired_sentence(rows: dict[str, Row]) -> str:
    """How many are repaired, beside chance."""
    if "repaired" not in rows or not rows["ruptures"]["observed"]:
        return ""
    row, share, later = (rows[name] for name in ("repaired", "share_repaired", "resolved"))
    verb = "was" if int(row["observed"]) == 1 else "were"
    return (
        f"{int(row['observed']):,} of them ({percent(share['observed'], 0)}) {verb} repaired, "
        f"where chance repairs {_beside(row, 0)}, or {percent(share['expected'], 0)} "
        f"({p_phrase(share['p_value'])} for a larger share); {int(later['observed']):,} were "
        f"resolved at some time, by chance {_beside(later, 0)}."
    )


def _rule_sentences(view: ResultView) -> list[str]:
    labels = view.labels
    return [
        f"A rupture was {one_line(labels.get('rupture', ''))}; a repair was "
        f"{one_line(labels.get('repair', ''))}."
    ]


def _method_sentences(view: ResultView) -> list[str]:
    n, rho = fit_value(view, "simulations"), fit_value(view, "rho")
    chance = (
        f"Chance is {int(str(n)):,} simulated studies of the same patients without ruptures, with "
        f"their means, standard deviations, rated sessions and a first-order autoregression of "
        f"{bounded(float(str(rho)))}."
        if n is not None and rho is not None
        else ""
    )
    dropped = int(str(fit_value(view, "n_dropped") or 0))
    left = f"{counted(dropped, 'patient')} could not be judged." if dropped else ""
    return [*_rule_sentences(view), chance, left]


def _association(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    y = names_of(view)[1]
    subject, asked = (words.format(y=y) for words in _SUBJECTS[row["effect"]])
    return verdict(
        view,
        row,
        asked=asked,
        found=lambda direction: f"{subject} went with a {direction} last {y}",
        given="given the score at intake",
    )


def _sensitivity_sentences(view: ResultView) -> list[str]:
    """Coefficients of raw counts and of the share repaired."""
    found = []
    for row in records(view.tables.get("Sensitivity", pd.DataFrame())):
        if pd.isna(row["estimate"]) or row["effect"] not in ("ruptures", "share_repaired"):
            continue
        name = {
            "ruptures": "the raw count of ruptures",
            "share_repaired": f"the share repaired ({int(row['n']):,} patients with ruptures)",
        }[row["effect"]]
        found.append(
            f"As sensitivity, the coefficient of {name} was "
            f"{numbers(row, view_decimals(view), view.conf_level)}."
        )
    return found


def _tracks_sentence(view: ResultView) -> str:
    """What a raw count measures besides ruptures."""
    rows = _by_measure(view, "What counts go with")
    if not {"ruptures", "excess_ruptures"} <= set(rows):
        return ""
    raw, excess = (bounded(rows[name]["n_ratings"]) for name in ("ruptures", "excess_ruptures"))
    return (
        "Raw counts grow with the number of sessions, because falls by chance do: over patients "
        f"the raw count correlated {raw} with the number of ratings, the excess {excess}."
    )


def _spread_sentence(view: ResultView) -> str:
    """How far the excesses are more than noise."""
    rows = _by_measure(view, "Spread beside chance")
    if not {"excess_ruptures", "excess_repaired"} <= set(rows):
        return ""
    first, second = (number(rows[name]["ratio"], 2) for name in _SUBJECTS)
    return (
        f"The excesses varied over patients {first} (ruptures) and {second} (repairs) times as "
        "much as in ratings without ruptures; what chance makes of it draws coefficients towards "
        "zero."
    )


def _model_sentence(view: ResultView) -> str:
    y, method = names_of(view)[1], fit_value(view, "method")
    if method == "OLS":
        return f"The last {y} was regressed by ordinary least squares{tests_phrase(view)}."
    return (
        f"The last {y} was modelled with random intercepts of therapists"
        + (f", fitted by {one_line(method)}" if method else "")
        + f"{tests_phrase(view)}."
    )
