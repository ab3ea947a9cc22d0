"""The Methods paragraph: sample, model, centring, estimation, missing rows, problems, versions."""

from __future__ import annotations

import re

from alliance_stats._base.views import ResultView
from alliance_stats.report.citing.rests_on import WORKS, reference_keys
from alliance_stats.report.citing.styles import in_text
from alliance_stats.report.methods.estimation import dependence_sentence, estimation_sentence
from alliance_stats.report.methods.kinds import model_sentence
from alliance_stats.report.methods.stated import of_analyst, of_results, sentences_of, stated
from alliance_stats.report.sources import Sources, as_views, numbered_titles
from alliance_stats.report.wording.prose import ReportText
from alliance_stats.report.wording.software import software_words
from alliance_stats.report.wording.words import (
    FAILED,
    fit_failed,
    fit_sentences,
    fit_singular,
    fit_value,
    one_line,
    units_phrase,
)

#: Messages that say which rows were used.
_OF_ROWS = re.compile(r"\b(?:dropped|not predicted|not in the models?|left out|not used)\b")
_MIXED = ("REML", "ML")
_OF_SESSIONS = (
    "Rows with a missing value in a variable of the model were left out; all other rows of a "
    "patient were used. That is unbiased if outcomes are missing at random given what is in the "
    "model, and if whether a predictor is missing does not depend on the outcome."
)
_OF_PATIENTS = (
    "Only patients with all variables of the model were used. That is unbiased if whether one is "
    "missing does not depend on the outcome, given the predictors."
)
#: Kinds whose rows are patients.
_ROWS_ARE_PATIENTS = ("outcome", "therapist", "rupture_outcome")
#: Kinds that ask how ratings of one session go together.
_OF_BOTH_RATINGS = (
    "within_between", "latent_within_between", "moderation", "perspectives", "surface",
    "confounding",
)  # fmt: skip
_TIMED = re.compile(r"\b(?:is|are|was|were)(?: both)? rated\b|^Order:", re.MULTILINE)


def methods_text(results: Sources) -> ReportText:
    """Write the paragraph of a Methods section that belongs to these results.

    It says what was modelled and how: units and their numbers, centring, order in time and lags,
    the formula, estimation, degrees of freedom, rows that were left out and why, whether fits
    were singular or failed, and versions. Every sentence is taken from what the result holds;
    nothing is said of what it cannot know, such as recruitment: see `reporting_checklist`.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``.

    Returns
    -------
    ReportText
        A string; several results have a paragraph each under their titles, then one on software.

    Raises
    ------
    ArgumentError
        If there is no result, or one of them has no ``view()``.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_within_between(al.load_example("sessions"))
    >>> print(al.report.methods_text(result).wrapped().splitlines()[0])
    The association of wai_total with phq9 was estimated in a linear mixed model in which
    """
    views = as_views(results)
    if len(views) == 1:
        return ReportText(f"{methods_paragraph(views[0])} {_software()}")
    titles = numbered_titles(views)
    parts = [f"{t}\n{methods_paragraph(v)}" for t, v in zip(titles, views, strict=True)]
    return ReportText("\n\n".join([*parts, _software()]))


def methods_paragraph(view: ResultView) -> str:
    """Everything a view says of its method, in one paragraph."""
    sentences = [
        _with_works(model_sentence(view), view),
        _sample(view),
        _timing(view),
        *stated(view),
        _formula(view),
        dependence_sentence(view),
        estimation_sentence(view),
        *row_sentences(view),
        *_problems(view),
    ]
    said = dict.fromkeys(sentence for sentence in sentences if sentence)
    return " ".join(said).replace("->", "→")


def _with_works(sentence: str, view: ResultView) -> str:
    cited = in_text(WORKS[key] for key in reference_keys(view))
    return f"{sentence.rstrip('.')} {cited}." if cited else sentence


def _sample(view: ResultView) -> str:
    units = units_phrase(view)
    return f"The analysis rests on {units}." if units else ""


def _timing(view: ResultView) -> str:
    """When the ratings were made, unless a note says it."""
    rated = one_line(view.labels.get("rated", ""))
    said = any(_TIMED.search(note) for note in view.notes)
    asked = view.kind in _OF_BOTH_RATINGS
    return f"Timing: {rated}." if rated and asked and not said else ""


def _formula(view: ResultView) -> str:
    formula = one_line(view.labels.get("formula", ""))
    if not formula or len(formula) > 600:
        return ""
    word = "Formulas" if "; " in formula else "Formula"
    return f"{word}: {formula}."


def row_sentences(view: ResultView) -> list[str]:
    """Rows that were left out, with the reasons."""
    said = [
        one_line(message)
        for message in view.messages
        if _OF_ROWS.search(message) and not of_analyst(message) and not of_results(message)
    ]
    own = [] if said else [s for s in fit_sentences(view) if s.endswith("not used.")]
    return [*said, *own, *filter(None, [missing_rule(view) if said or own else ""])]


def missing_rule(view: ResultView) -> str:
    """How a mixed model treats missing values, and when that is unbiased; else empty."""
    if str(fit_value(view, "method")) not in _MIXED or "formula" not in view.labels:
        return ""
    return _OF_PATIENTS if view.kind in _ROWS_ARE_PATIENTS else _OF_SESSIONS


def _problems(view: ResultView) -> list[str]:
    """Failed and singular fits, and pooling over imputations."""
    failed = [FAILED] if fit_failed(view) else []
    parts = [] if fit_singular(view) else singular_parts(view)
    pooled = any(note.startswith("Pooled over") for note in view.notes)
    further = [
        sentence
        for sentence in fit_sentences(view)
        if not sentence.endswith("not used.")
        and not (pooled and sentence.startswith("Estimates were pooled"))
    ]
    return [*failed, *further, *parts]


def singular_parts(view: ResultView) -> list[str]:
    """What messages say of singular fits, the first sentence of each."""
    said = (sentences_of(message)[0] for message in view.messages)
    return [sentence for sentence in said if "singular fit" in sentence.lower()]


def _software() -> str:
    return f"Analyses used {software_words()}."
