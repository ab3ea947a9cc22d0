"""The Methods paragraph: sample, model, centring, estimation, missing rows, problems, versions."""

from __future__ import annotations

import re

from alliance_stats._base.views import ResultView
from alliance_stats.report.citations import in_text, reference_keys
from alliance_stats.report.content import software_words
from alliance_stats.report.methods.kinds import model_sentence
from alliance_stats.report.prose import ReportText
from alliance_stats.report.sources import Sources, as_views, numbered_titles
from alliance_stats.report.words import (
    FAILED,
    df_words,
    fit_failed,
    fit_sentences,
    fit_singular,
    fit_value,
    one_line,
    units_phrase,
)

#: A sentence that speaks of calls and their arguments is for the analyst, not for a paper.
_OF_CODE = re.compile(r"[A-Za-z_]\w*\(|\w=\S|\bresult\.|\bfit_\w+|\baggregate_\w+|see fit_")
#: What numbers of the results say belongs there.
_OF_RESULTS = re.compile(r"^(?:Fit:|Bias in simulated|Biased|Lagged effects equal|Only \d)")
#: Messages that say which rows were used.
_OF_ROWS = re.compile(r"\b(?:dropped|not predicted|not in the models?|left out|not used)\b")
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\]’'][.])\s+(?=[A-ZÀ-ÞΑ-Ω])")
_MIXED = ("REML", "ML")
_AVAILABLE = (
    "Rows with a missing value in a variable of the model were left out; all other rows of a "
    "patient were used, which assumes that values are missing at random given these."
)


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
        *_stated(view),
        _formula(view),
        estimation_sentence(view),
        *row_sentences(view),
        *_problems(view),
    ]
    said = dict.fromkeys(sentence for sentence in sentences if sentence)
    return " ".join(said).replace("->", "→")


def _with_works(sentence: str, view: ResultView) -> str:
    cited = in_text(sorted(set(reference_keys(view))))
    return f"{sentence.rstrip('.')} {cited}." if cited else sentence


def _sample(view: ResultView) -> str:
    units = units_phrase(view)
    return f"The analysis rests on {units}." if units else ""


def _stated(view: ResultView) -> list[str]:
    """The notes of a result, sentence by sentence, without those on calls or on results."""
    return [
        sentence if sentence.endswith(".") else f"{sentence}."
        for note in view.notes
        for sentence in _SENTENCE_END.split(one_line(note))
        if not _OF_CODE.search(sentence) and not _OF_RESULTS.match(sentence)
    ]


def _formula(view: ResultView) -> str:
    formula = one_line(view.labels.get("formula", ""))
    if not formula or len(formula) > 600:
        return ""
    word = "Formulas" if "; " in formula else "Formula"
    return f"{word}: {formula}."


def estimation_sentence(view: ResultView) -> str:
    """Estimation, and what tests and intervals rest on."""
    method, ddf = fit_value(view, "method"), view.labels.get("ddf", "")
    parts = [f"Estimation was by {one_line(method)}"] if method else []
    if ddf:
        tests = f"tests and {100 * view.conf_level:g}% confidence intervals used {df_words(ddf)}"
        parts.append(tests if parts else tests[:1].upper() + tests[1:])
    return f"{'; '.join(parts)}." if parts else ""


def row_sentences(view: ResultView) -> list[str]:
    """Rows that were left out, with the reasons."""
    said = [one_line(m) for m in view.messages if _OF_ROWS.search(m) and not _OF_CODE.search(m)]
    own = [] if said else [s for s in fit_sentences(view) if s.endswith("not used.")]
    mixed = str(fit_value(view, "method")) in _MIXED and "formula" in view.labels
    dropped = bool(said or own)
    return [*said, *own, *([_AVAILABLE] if mixed and dropped else [])]


def _problems(view: ResultView) -> list[str]:
    """Failed and singular fits, and pooling over imputations."""
    failed = [FAILED] if fit_failed(view) else []
    parts = [] if fit_singular(view) else singular_parts(view)
    return [*failed, *(s for s in fit_sentences(view) if not s.endswith("not used.")), *parts]


def singular_parts(view: ResultView) -> list[str]:
    """What messages say of singular fits, the first sentence of each."""
    said = (_SENTENCE_END.split(one_line(message))[0] for message in view.messages)
    return [sentence for sentence in said if "singular fit" in sentence.lower()]


def _software() -> str:
    return f"Analyses used {software_words()}."
