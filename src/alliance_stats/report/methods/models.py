"""What was modelled, in a sentence for each kind of model of sessions or patients."""

from __future__ import annotations

from collections.abc import Callable

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.words import capital, fit_value, names_of, one_line

#: Sentences in which nothing but the names of the ratings differs.
_TEMPLATES = {
    "confounding": (
        "How strong a confounder that was not measured would have to be to explain the "
        "association of {alliance} with {outcome} was examined by a sensitivity analysis."
    ),
    "dyads": (
        "An actor–partner interdependence model of both members' ratings was fitted as one mixed "
        "model in which the members' intercepts and residuals may correlate."
    ),
    "growth": (
        "Courses of {alliance} and {outcome} were described by mixed models of growth whose "
        "starts and rates differ between patients."
    ),
    "importance": (
        "The importance of predictors of {outcome} was compared by dominance analysis: the "
        "variance that a predictor explains within and between patients, over all linear mixed "
        "models with and without the others."
    ),
    "lagged": (
        "Two linear mixed models estimated how {alliance} and {outcome} predict each other from "
        "session to session; each rating was predicted from the other and from its own earlier "
        "value, both centred within patients."
    ),
    "latent_within_between": (
        "The associations of {alliance} with {outcome} within and between patients were estimated "
        "in one model of both ratings in which means of patients are latent."
    ),
    "rupture_outcome": (
        "The last {outcome} was predicted from the ruptures and repairs in the course of "
        "{alliance}, counted beyond what chance brings about, in a linear mixed model of patients."
    ),
    "ruptures": (
        "Ruptures and repairs were counted in the course of {alliance} of each patient and "
        "compared with their expectation in simulated ratings without ruptures."
    ),
    "therapist": (
        "Differences between therapists in post-treatment {outcome} were estimated in linear "
        "mixed models of patients without and with early {alliance}, split into the patient's "
        "deviation from the therapist's mean and that mean."
    ),
}


def _filled(template: str) -> Callable[[ResultView], str]:
    """The sentence of a template, with the names of a view's ratings."""

    def sentence(view: ResultView) -> str:
        alliance, outcome = names_of(view)
        return template.format(alliance=alliance, outcome=outcome)

    return sentence


def _mixed(view: ResultView) -> str:
    return f"A linear mixed model of {_outcome(view)} was fitted."


def _generalised(view: ResultView) -> str:
    link = one_line(view.labels.get("link", ""))
    linked = f" with a {link} link" if link else ""
    return f"A generalised linear mixed model of {_outcome(view)}{linked} was fitted."


def _within_between(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    therapist = ", the patient's mean and the therapist's mean"
    means = therapist if has_therapists(view) else " and the patient's mean"
    return (
        f"The association of {alliance} with {outcome} was estimated in a linear mixed model in "
        f"which {alliance} was split into the session's deviation from the patient's mean"
        f"{means}, each with a coefficient of its own."
    )


def _outcome_kind(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    window = one_line(view.labels.get("window", ""))
    early = f" ({window})" if window else ""
    return (
        f"Post-treatment {outcome} was predicted from early {alliance}{early}, given the score "
        "before treatment and the change until then where the formula names them, in a linear "
        "mixed model of patients."
    )


def _panel(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    model = one_line(view.labels.get("model_words", "cross-lagged panel model"))
    return f"{capital(with_article(model))} of {alliance} and {outcome} was fitted."


def _event(view: ResultView) -> str:
    event = one_line(view.labels.get("event", "the event"))
    rival = one_line(view.labels.get("competing", ""))
    beside = f", with '{rival}' as competing event" if rival else ""
    return f"The hazard of '{event}' from session to session was modelled in discrete time{beside}."


def _mediation(view: ResultView) -> str:
    labels, (_, outcome) = view.labels, names_of(view)
    x, m = (one_line(labels.get(name, name)) for name in ("predictor", "mediator"))
    return (
        f"The indirect association of {x} with {outcome} through {m} was estimated by multilevel "
        "mediation."
    )


def _moderation(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    by = one_line(view.labels.get("moderator", "the moderator"))
    return (
        f"A linear mixed model estimated how the association of {alliance} with {outcome} differs "
        f"with {by}; every part of {alliance} has an interaction of its own."
    )


def _congruence(view: ResultView) -> str:
    truth, judgement = (one_line(view.labels.get(k, k)) for k in ("truth", "judgement"))
    return (
        f"A truth-and-bias model of {judgement} as a judgement of {truth} was fitted: its "
        "directional bias, and how far it tracks the other rating within and between patients."
    )


def _perspectives(view: ResultView) -> str:
    _, outcome = names_of(view)
    who = one_line(view.labels.get("perspectives", ""))
    rated = f" as rated by {' and '.join(who.rsplit(', ', 1))}" if who else ""
    return (
        f"The associations of the alliance{rated} with {outcome} were estimated in linear mixed "
        "models, each perspective alone and all together."
    )


def _surface(view: ResultView) -> str:
    _, outcome = names_of(view)
    x, y = (one_line(view.labels.get(name, name)) for name in ("x", "y"))
    return (
        f"Congruence of {x} and {y} as a predictor of {outcome} was examined by response surface "
        "analysis: a linear mixed model with the ratings, their squares and their product."
    )


def _multiverse(view: ResultView) -> str:
    n = fit_value(view, "n_specifications")
    choices = one_line(view.labels.get("choices", ""))
    of = f" of {choices}" if choices else ""
    size = f" ({counted(int(str(n)), 'specification')})" if n is not None else ""
    return (
        f"All combinations{of} were fitted{size}, each a defensible analysis of the same question, "
        "and their estimates are reported together."
    )


#: The sentence of each kind of view that models sessions or patients.
MODELS: dict[str, Callable[[ResultView], str]] = {
    **{kind: _filled(template) for kind, template in _TEMPLATES.items()},
    "congruence": _congruence,
    "cross_lagged": _panel,
    "event": _event,
    "glmm": _generalised,
    "lmm": _mixed,
    "mediation": _mediation,
    "moderation": _moderation,
    "multiverse": _multiverse,
    "outcome": _outcome_kind,
    "perspectives": _perspectives,
    "surface": _surface,
    "within_between": _within_between,
}


def with_article(words: str) -> str:
    """``a random-effects model``, ``an equal-effects one``."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def _outcome(view: ResultView) -> str:
    return one_line(view.labels.get("outcome", "the outcome"))


def has_therapists(view: ResultView) -> bool:
    """Whether therapists are among the units."""
    return "unit" in view.levels.columns and "therapist" in set(view.levels["unit"].astype(str))
