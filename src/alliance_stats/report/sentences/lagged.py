"""Sentences about a lagged model: what predicts what, and which path this design cannot test."""

from __future__ import annotations

from alliance_stats._base.printing import MINUS, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.sensitivity import sensitivity_sentences
from alliance_stats.report.wording.numbers import Row, standardised_sizes
from alliance_stats.report.wording.verdict import verdict, verdicts
from alliance_stats.report.wording.words import (
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
    tests_phrase,
    time_sentence,
)

#: The paths, and whether the outcome is what they predict.
PATHS = {"alliance_to_outcome": True, "outcome_to_alliance": False}
_REMEDY = (
    "A path that is biased for this design needs a model that does not centre on observed means, "
    "such as a random-intercept cross-lagged panel model or a dynamic panel model "
    "(fit_cross_lagged)."
)
_CAUTION = (
    "The order in time rules out that the later rating shaped the earlier one; it does not show "
    "that one changed the other, since what varies from session to session may move both."
)


def lagged_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: both paths; sizes; sensitivity; method."""
    tested = [effect for effect in PATHS if not _bias(view, effect)]
    return [
        [
            *verdicts(view, PATHS, lambda row: _prediction(view, row)),
            _REMEDY if len(tested) < len(PATHS) else "",
        ],
        [_standardised_sentence(view, tested)],
        sensitivity_sentences(view, tested),
        [*_method_sentences(view), *fit_sentences(view), _CAUTION],
    ]


def when_words(lag: str) -> str:
    """How long after the predictor: ``in the same session``, ``in the next session``."""
    known = {"0": "in the same session", "1": "in the next session"}
    return known.get(lag, f"{one_line(lag)} sessions later")


def _prediction(view: ResultView, row: Row) -> str:
    """One path as a sentence that starts in lower case."""
    effect = row["effect"]
    x, y = names_of(view) if PATHS[effect] else names_of(view)[::-1]
    subject = f"a {x} above the patient's own average"
    when = when_words(view.labels.get(f"{effect}_lag", "1"))
    return verdict(
        view,
        row,
        asked=f"whether {subject} predicts {y} {when}",
        found=lambda direction: f"{subject} predicted a {direction} {y} {when}",
        given=f"given the patient's earlier {y}",
        better=None if PATHS[effect] else "",
        not_tested=_bias(view, effect),
    )


def _bias(view: ResultView, effect: str) -> str:
    """Why a path is not tested; empty for one that is."""
    size = bias_in_se(view, effect)
    if not size:
        return ""
    return f"in simulated studies of this design its estimate is biased by {size} standard errors"


def bias_in_se(view: ResultView, effect: str) -> str:
    """The bias of a path in standard errors, ``+0.7``; empty for one that is not biased."""
    in_se = view.labels.get(f"{effect}_biased", "")
    if not in_se:
        return ""
    size = format_fixed(float(in_se), 1, minus=MINUS)
    return size if size.startswith(MINUS) else f"+{size}"


def _standardised_sentence(view: ResultView, effects: list[str]) -> str:
    sizes = standardised_sizes(view, effects)
    if not sizes:
        return ""
    return (
        "In standard deviations within patients, taken as known, the "
        f"{'paths were' if len(sizes) > 1 else 'path was'} {listed(sizes)}."
    )


def _method_sentences(view: ResultView) -> list[str]:
    method = fit_value(view, "method")
    fitted = f", fitted by {one_line(method)}" if method else ""
    order = one_line(view.labels.get("timing", ""))
    paths = [one_line(view.labels.get(f"{effect}_path", "")) for effect in PATHS]
    said = listed([path for path in paths if path])
    return [
        f"Each rating was regressed on the other one's last rating before it and on its own in a "
        f"linear mixed model{fitted}{tests_phrase(view)}.",
        f"Order of the ratings: {order}, so that {said}." if order and said else "",
        "Predictors were centred on the patient's mean of all ratings and then lagged; the "
        "predictor's means entered too.",
        one_line(view.labels.get("therapist_changes", "")),
        time_sentence(view.labels),
    ]
