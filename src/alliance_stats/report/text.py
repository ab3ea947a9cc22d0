"""Results in sentences, in APA style; the words depend on what kind of result it is."""

from __future__ import annotations

from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.writers import WRITERS
from alliance_stats.report.sources import Sources, as_views, numbered_titles
from alliance_stats.report.wording.numbers import coefficient_numbers
from alliance_stats.report.wording.prose import ReportText
from alliance_stats.report.wording.words import (
    FAILED,
    df_words,
    effect_words,
    fit_failed,
    fit_sentences,
    fit_value,
    one_line,
    term_words,
    units_phrase,
)


def report_text(results: Sources) -> ReportText:
    """Write a result in sentences, as they stand in the results section of a paper.

    The sentences claim what the model can show: `fit_within_between` estimates an association,
    `fit_outcome` a prediction from early sessions to the last outcome, `fit_event` one of events
    from what was known before them, `fit_lagged` and `fit_cross_lagged` predictions from session to
    session, the former without a test where the design is biased. An interval that includes zero is
    called inconclusive, with the effects it leaves open.
    "Better" and "worse" are used only when the roles say which direction of the outcome is
    improvement. A fit that did not converge is named first.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``. Several results stand one below the other, each under its
        title: that of a mapping ``{"All patients": first, "Completers": second}``, else its own.

    Returns
    -------
    ReportText
        A string: plain text, not escaped for any target, without line breaks inside a paragraph,
        so that it pastes well; paragraphs are parted by an empty line. A notebook shows it as
        paragraphs, a console wrapped; ``print(text.wrapped())`` prints it wrapped.

    Raises
    ------
    ArgumentError
        If there is no result, or one of them has no ``view()``.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> terms = pd.DataFrame({
    ...     "effect": ["within"], "unit": ["session"], "term": ["wai_within"],
    ...     "estimate": [-0.108], "se": [0.021], "statistic": [-5.14], "df": [187.3],
    ...     "p_value": [7e-7], "ci_low": [-0.149], "ci_high": [-0.067]})
    >>> levels = pd.DataFrame({"unit": ["session", "patient"], "n": [1987, 240]})
    >>> labels = {"alliance": "wai", "outcome": "phq9", "outcome_better": "lower"}
    >>> view = ResultView("within_between", "", terms, pd.DataFrame(), None, levels, labels=labels)
    >>> print(report_text(view).splitlines()[0])  # doctest: +NORMALIZE_WHITESPACE
    Across 1,987 sessions of 240 patients, sessions with higher wai than the patient's own average
    went with lower (better) phq9 (b = −0.108, SE = 0.021, t(187.3) = −5.14, p < .001,
    95% CI [−0.149, −0.067]).
    """
    views = as_views(results)
    if len(views) == 1:
        return ReportText(view_text(views[0]))
    titles = numbered_titles(views)
    texts = [f"{t}\n{view_text(v)}" for t, v in zip(titles, views, strict=True)]
    return ReportText("\n\n".join(texts))


def view_text(view: ResultView) -> str:
    """The sentences of one view, paragraphs parted by an empty line."""
    write = WRITERS.get(view.kind, _model_paragraphs)
    paragraphs = [" ".join(s for s in sentences if s) for sentences in write(view)]
    first = [FAILED] if fit_failed(view) else []
    return "\n\n".join([*first, *(paragraph for paragraph in paragraphs if paragraph)])


def _model_paragraphs(view: ResultView) -> list[list[str]]:
    """A model of no special kind: units, every coefficient, how it was fitted."""
    units = units_phrase(view)
    method = fit_value(view, "method")
    formula = one_line(view.labels.get("formula", ""))
    first = one_line(view.title).rstrip(".")
    if not view.terms.empty:
        model = f"The model {formula}" if formula else "The model"
        fitted = f" was fitted by {one_line(method)}" if method else " was fitted"
        first = model + fitted
    sentences = [f"{first}: {units}." if units else f"{first}."] if first or units else []
    for row, numbers in coefficient_numbers(view):
        effect = row.get("effect", "")
        named = effect_words(effect, row.get("unit", "")) if effect else term_words(row["term"])
        sentences.append(f"{named}: {numbers}.")
    ddf = view.labels.get("ddf", "")
    if ddf and not view.terms.empty:
        sentences.append(f"Tests used {df_words(ddf)}.")
    return [[*sentences, *fit_sentences(view)]]
