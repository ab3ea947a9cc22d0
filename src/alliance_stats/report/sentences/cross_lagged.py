"""Sentences about a panel model: what predicts what from session to session."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    interval,
    number,
    p_phrase,
    records,
)
from alliance_stats.report.wording.verdict import verdict
from alliance_stats.report.wording.words import (
    effect_words,
    fit_sentences,
    listed,
    names_of,
    one_line,
    units_phrase,
)

CROSS = ("alliance_to_outcome", "outcome_to_alliance")
#: A higher rating, as each model means it.
_HIGHER = {
    "clpm": "a higher {x}",
    "dpm": "a higher {x}",
    "ri-clpm": "a {x} above the patient's own level",
    "lcm-sr": "a {x} above the patient's own line of growth",
}
_GIVEN = {
    "clpm": "given the earlier {y}",
    "dpm": "given the earlier {y} and all that is stable in a patient",
    "ri-clpm": "given the earlier {y}",
    "lcm-sr": "given the earlier {y}",
}
_MIXED = (
    "The model has no stable differences between patients, so that these effects mix differences "
    "between patients with changes within them."
)
_CAUTION = (
    "The order in time and the stable part leave what else changes within a patient; they do not "
    "show that the one caused the other."
)
_CAUTION_CLPM = "The order in time does not show that the one caused the other."


def cross_lagged_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: predictions; sizes; method."""
    model = view.labels.get("model", "ri-clpm")
    return [
        [*_predictions(view), _MIXED if model == "clpm" else ""],
        _size_sentences(view),
        [
            *_method_sentences(view),
            *_test_sentences(view),
            *fit_sentences(view, row="patient"),
            _CAUTION_CLPM if model == "clpm" else _CAUTION,
        ],
    ]


def _predictions(view: ResultView) -> list[str]:
    """A sentence for each cross-lagged effect, the first with the counts."""
    rows = [row for row in records(view.terms) if row.get("effect") in CROSS]
    waves = Counter((row["effect"], row.get("group", "")) for row in rows)
    sentences = [_prediction(view, row, waves[row["effect"], row.get("group", "")]) for row in rows]
    units = units_phrase(view)
    if units and sentences:
        sentences[0] = f"Across {units}, {sentences[0]}"
    return [s[:1].upper() + s[1:] for s in sentences]


def _prediction(view: ResultView, row: Row, n_waves: int) -> str:
    """One effect as a sentence that starts in lower case."""
    names = names_of(view)
    to_outcome = row["effect"] == "alliance_to_outcome"
    x, y = names if to_outcome else names[::-1]
    model = view.labels.get("model", "ri-clpm")
    subject = _HIGHER[model].format(x=x)
    # better and worse are words for the outcome alone
    words = view if to_outcome else replace(view, labels={**view.labels, "outcome_better": ""})
    path = f" ({one_line(row['term']).replace(' -> ', ' to ')})" if n_waves > 1 else ""
    place = _in_group(row) + path
    return verdict(
        words,
        row,
        asked=f"whether {subject} predicts the next {y}{place}",
        found=lambda direction: f"{subject} predicted a {direction} next {y}{place}",
        given=_GIVEN[model].format(y=y),
    )


def _in_group(row: Row) -> str:
    return f" in {one_line(row['group'])}" if row.get("group") else ""


def _size_sentences(view: ResultView) -> list[str]:
    """The range of standardised effects over the waves, and long-run effects."""
    sentences = []
    frame = view.tables.get("Standardised effects", pd.DataFrame())
    parts = [
        f"{_range(own['estimate'])} for {effect_words(effect).lower()}"
        for effect in CROSS
        if len(own := frame[frame["effect"] == effect] if len(frame) else frame)
        and own["estimate"].notna().any()
    ]
    if parts:
        sentences.append(f"Standardised effects were {listed(parts)}.")
    long_run = [
        f"{number(row['estimate'], 2)}, {interval(row, 2, view.conf_level)}, for "
        f"{effect_words(row['effect']).lower()}{_in_group(row)}"
        for row in records(view.tables.get("Long-run effects", pd.DataFrame()))
        if has_interval(row)
    ]
    if long_run:
        sentences.append(f"Long-run effects, b/(1 − φ), were {listed(long_run)}.")
    return sentences


def _range(values: pd.Series) -> str:
    """``−0.12`` or, over waves, ``−0.14 to −0.09``."""
    low, high = number(float(values.min()), 2), number(float(values.max()), 2)
    return low if low == high else f"{low} to {high}"


def _method_sentences(view: ResultView) -> list[str]:
    labels = view.labels
    model, waves = (one_line(labels.get(name, "")) for name in ("model_words", "waves"))
    how = (
        "full-information maximum likelihood on all ratings"
        if labels.get("missing") == "fiml"
        else "maximum likelihood on patients with all ratings"
    )
    paths = one_line(labels.get("paths", "")).replace(" -> ", " to ")
    return [
        f"A {model} of {waves} was fitted by {how}.",
        f"By the order of measurement the paths led from {paths.replace('; ', ', and from ')}.",
        f"Its fit was {one_line(labels['fit']).replace('chi2', 'χ²')}."
        if labels.get("fit")
        else "",
    ]


def _test_sentences(view: ResultView) -> list[str]:
    """What the tests of equal effects say."""
    sentences = []
    for row in records(view.tables.get("Tests of equal effects", pd.DataFrame())):
        if pd.isna(row["p_value"]):
            continue
        differ = "differed" if row["p_value"] < 1.0 - view.conf_level else "did not differ clearly"
        where = "over time" if "time" in str(row["test"]) else "between groups"
        sentences.append(
            f"Lagged effects {differ} {where} (χ²({int(row['df'])}) = "
            f"{number(row['chi2'], 2)}, {p_phrase(float(row['p_value']))})."
        )
    return sentences
