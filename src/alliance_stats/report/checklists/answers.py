"""What views say to an item of a checklist; nothing where they do not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from alliance_stats._base.views import ResultView
from alliance_stats.report.methods.estimation import dependence_sentence, estimation_sentence
from alliance_stats.report.methods.kinds import model_sentence
from alliance_stats.report.methods.stated import stated
from alliance_stats.report.methods.text import missing_rule, row_sentences, singular_parts
from alliance_stats.report.wording.software import software_words
from alliance_stats.report.wording.words import (
    FAILED,
    fit_failed,
    fit_singular,
    fit_value,
    one_line,
    time_sentence,
    units_phrase,
)

Views = Sequence[ResultView]
_CENTRED = re.compile(r"\bcent(?:red|ring)\b|\bmeans are\b|^(?:Linear time|Time )")


def answer(name: str, views: Views) -> str:
    """What is known to an item, by the name of its answer; empty if nothing is."""
    return ANSWERS[name](views) if name else ""


def _each(views: Views, sentence: Callable[[ResultView], str]) -> str:
    """A sentence of each view, those that say the same once."""
    return " ".join(dict.fromkeys(text for text in map(sentence, views) if text))


def _units(views: Views) -> str:
    return _each(
        views, lambda v: f"{one_line(v.title)}: {units_phrase(v)}." if units_phrase(v) else ""
    )


def _missing(views: Views) -> str:
    return " ".join(dict.fromkeys(said for view in views for said in row_sentences(view)))


def _timing(views: Views) -> str:
    def one(view: ResultView) -> str:
        words = next(filter(None, map(view.labels.get, ("timing", "order", "rated"))), "")
        return f"{one_line(words).replace('->', '→')}." if words else ""

    return _each(views, one)


def _model(views: Views) -> str:
    """What was modelled, and what notes say of centring and of time."""

    def one(view: ResultView) -> str:
        said = [sentence for sentence in stated(view) if _CENTRED.search(sentence)]
        return " ".join([model_sentence(view), *said])

    return _each(views, one)


def _tables(views: Views, *words: str) -> list[str]:
    """Headings of further tables that hold one of the words."""
    names = [name for view in views for name in view.tables if not view.tables[name].empty]
    return list(dict.fromkeys(n for n in names if any(w in n.lower() for w in words)))


def _named_tables(*words: str) -> Callable[[Views], str]:
    def found(views: Views) -> str:
        names = _tables(views, *words)
        return f"Reported: {', '.join(names)}." if names else ""

    return found


def _estimates(views: Views) -> str:
    levels = sorted({view.conf_level for view in views if not view.terms.empty})
    if not levels:
        return ""
    return f"Reported with {', '.join(f'{100 * level:g}%' for level in levels)} intervals."


def _problems(views: Views) -> str:
    fitted = [view for view in views if fit_value(view, "converged") is not None]
    if not fitted:
        return ""

    def one(view: ResultView) -> str:
        if fit_failed(view):
            return f"{one_line(view.title)}: {FAILED}"
        singular = fit_singular(view) or singular_parts(view)
        return f"{one_line(view.title)}: a fit is singular." if singular else ""

    found = _each(fitted, one) or "All fits converged, and none is singular."
    return f"{found} Assumptions are for the author."


def _code(views: Views) -> str:
    known = any(view.refit for view in views)
    return "Code to fit the models again is known; the rest is the author's." if known else ""


def _measure(views: Views) -> str:
    words = dict.fromkeys(one_line(v.labels.get("measure_words", "")) for v in views)
    return f"{', '.join(w for w in words if w)}." if any(words) else ""


def _dependence(views: Views) -> str:
    def one(view: ResultView) -> str:
        random = one_line(view.labels.get("random", ""))
        return f"Random effects of {random}. {dependence_sentence(view)}".strip() if random else ""

    return _each(views, one)


def _heterogeneity(views: Views) -> str:
    def one(view: ResultView) -> str:
        tau2, i2 = fit_value(view, "tau2"), fit_value(view, "i2")
        if not isinstance(tau2, float) or not isinstance(i2, float):
            return ""
        return f"{one_line(view.title)}: τ² = {tau2:.3f}, I² = {100 * i2:.1f}%."

    return _each(views, one)


def _of_kind(*kinds: str) -> Callable[[Views], str]:
    def found(views: Views) -> str:
        titles = dict.fromkeys(one_line(view.title) for view in views if view.kind in kinds)
        return f"Reported: {'; '.join(titles)}." if titles else ""

    return found


def _moderators(views: Views) -> str:
    names = dict.fromkeys(one_line(view.labels.get("moderators", "")) for view in views)
    return f"Moderators: {', '.join(name for name in names if name)}." if any(names) else ""


#: Answers by name.
ANSWERS: dict[str, Callable[[Views], str]] = {
    "bias": _of_kind(
        "meta_egger", "meta_begg", "meta_trim_fill", "meta_selection", "meta_failsafe",
        "meta_bias", "meta_pet_peese", "meta_funnel",
    ),
    "code": _code,
    "dependence": _dependence,
    "descriptives": _named_tables("means, sds"),
    "estimates": _estimates,
    "estimation": lambda views: _each(views, estimation_sentence),
    "forest": _of_kind("meta", "meta_multilevel"),
    "heterogeneity": _heterogeneity,
    "influence": _of_kind("meta_influence", "meta_leave_one_out", "meta_cumulative", "meta_baujat"),
    "measure": _measure,
    "missing": _missing,
    "model": _model,
    "moderators": _moderators,
    "problems": _problems,
    "reliability": _named_tables("reliabilit", "items"),
    "sensitivity": _named_tables("sensitivity"),
    "sizes": _named_tables("standardised"),
    "rule": lambda views: _each(views, missing_rule),
    "software": lambda views: f"{software_words()}.",
    "time": lambda views: _each(views, lambda v: time_sentence(v.labels)),
    "timing": _timing,
    "units": _units,
    "variances": _named_tables("random effects", "growth factors"),
}  # fmt: skip
