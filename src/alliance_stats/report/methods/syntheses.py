"""What was done, in a sentence for each kind of meta-analytic result."""

from __future__ import annotations

from collections.abc import Callable

from alliance_stats._base.views import ResultView
from alliance_stats.report.methods.models import with_article
from alliance_stats.report.wording.words import fit_value, names_of, one_line


def _effects(view: ResultView) -> str:
    words = one_line(view.labels.get("measure_words", ""))
    return f"effect sizes ({words})" if words else "effect sizes"


def _meta(view: ResultView) -> str:
    model = one_line(view.labels.get("model", "random-effects"))
    by = one_line(view.labels.get("moderators", ""))
    several = "moderators" if "," in by else "a moderator"
    moderated = f", with {by} as {several}" if by else ""
    effects = _effects(view)
    return (
        f"{effects[:1].upper()}{effects[1:]} were pooled in {with_article(model)} "
        f"meta-analysis{moderated}."
    )


def _participants(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    model = one_line(view.labels.get("model", "random-effects"))
    return (
        f"The model of {alliance} and {outcome} was fitted in each study, and its effects were "
        f"pooled by {with_article(model)} meta-analysis (two stages)."
    )


def _attenuation(view: ResultView) -> str:
    way = one_line(view.labels.get("correction", ""))
    return (
        "Correlations were corrected for unreliable measurement"
        f"{f' ({way})' if way else ''} and pooled by the method of Hunter and Schmidt."
    )


def _of_effects(what: str) -> Callable[[ResultView], str]:
    """A sentence whose braces take the effect sizes in words."""
    return lambda view: what.format(effects=_effects(view))


def _failsafe(view: ResultView) -> str:
    method = str(fit_value(view, "method") or "").capitalize()
    after = f" after {method}" if method else ""
    return f"The number of missing studies that would undo the finding was computed{after}."


#: The sentence of each kind of meta-analytic view.
SYNTHESES: dict[str, Callable[[ResultView], str]] = {
    "meta": _meta,
    "meta_attenuation": _attenuation,
    "meta_baujat": _of_effects(
        "What each study adds to heterogeneity and does to the pooled effect was drawn against "
        "each other."
    ),
    "meta_begg": _of_effects(
        "Funnel plot asymmetry of {effects} was tested by the rank correlation of effects and "
        "sampling variances."
    ),
    "meta_bias": _of_effects("Publication bias in {effects} was examined by several methods."),
    "meta_bubble": _meta,
    "meta_cumulative": _of_effects(
        "{effects} were pooled cumulatively, one study after the other."
    ),
    "meta_egger": _of_effects(
        "Funnel plot asymmetry of {effects} was tested by Egger's regression."
    ),
    "meta_failsafe": _failsafe,
    "meta_funnel": _of_effects(
        "A funnel plot of {effects} against their standard errors was drawn."
    ),
    "meta_influence": _of_effects(
        "The influence of each study was examined by leaving it out and fitting the "
        "meta-analysis of {effects} again."
    ),
    "meta_leave_one_out": _of_effects(
        "The meta-analysis of {effects} was repeated with each study left out in turn."
    ),
    "meta_multilevel": _meta,
    "meta_pet_peese": _of_effects(
        "The effect without small-study effects was estimated by regressions of {effects} on "
        "their standard errors (PET) and sampling variances (PEESE)."
    ),
    "meta_profile": _of_effects("The likelihood was profiled over the variance of true effects."),
    "meta_selection": _of_effects(
        "A selection model of {effects} estimated how publication depends on p values."
    ),
    "meta_trim_fill": _of_effects("{effects} that may be missing were added by trim and fill."),
    "participants": _participants,
}
