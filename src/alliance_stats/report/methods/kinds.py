"""What was modelled, in a sentence for each kind of result."""

from __future__ import annotations

from collections.abc import Callable

from alliance_stats._base.views import ResultView
from alliance_stats.report.words import as_heading, names_of, one_line


def _mixed(view: ResultView) -> str:
    return f"A linear mixed model of {_outcome(view)} was fitted."


def _generalised(view: ResultView) -> str:
    link = one_line(view.labels.get("link", ""))
    linked = f" with a {link} link" if link else ""
    return f"A generalised linear mixed model of {_outcome(view)}{linked} was fitted."


def _within_between(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    therapist = ", the patient's mean and the therapist's mean"
    means = therapist if _has_therapists(view) else " and the patient's mean"
    return (
        f"The association of {alliance} with {outcome} was estimated in a linear mixed model in "
        f"which {alliance} was split into the session's deviation from the patient's mean"
        f"{means}, each with a coefficient of its own."
    )


def _lagged(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    timing = one_line(view.labels.get("timing", ""))
    rated = f" ({timing})" if timing else ""
    return (
        f"Two linear mixed models estimated how {alliance} and {outcome} predict each other from "
        f"session to session{rated}; each rating was predicted from the other and from its own "
        "earlier value, both centred within patients."
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


def _therapist(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    return (
        f"Differences between therapists in post-treatment {outcome} were estimated in linear "
        f"mixed models of patients without and with early {alliance}, split into the patient's "
        "deviation from the therapist's mean and that mean."
    )


def _panel(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    model = one_line(view.labels.get("model_words", "cross-lagged panel model"))
    waves = one_line(view.labels.get("waves", ""))
    over = f" over {waves}" if waves else ""
    return f"A {model} of {alliance} and {outcome}{over} was fitted."


def _latent(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    return (
        f"The associations of {alliance} with {outcome} within and between patients were estimated "
        "in one model of both ratings in which means of patients are latent."
    )


def _growth(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    return (
        f"Courses of {alliance} and {outcome} were described by mixed models of growth whose "
        "starts and rates differ between patients."
    )


def _event(view: ResultView) -> str:
    event = one_line(view.labels.get("event", "the event"))
    rival = one_line(view.labels.get("competing", ""))
    beside = f", with '{rival}' as competing event" if rival else ""
    return (
        f"The hazard of '{event}' from session to session was modelled in discrete time"
        f"{beside}; a row of the model is a session at which the event could happen."
    )


def _mediation(view: ResultView) -> str:
    labels, (_, outcome) = view.labels, names_of(view)
    x, m = (one_line(labels.get(name, name)) for name in ("predictor", "mediator"))
    order = one_line(labels.get("order", "")).replace("->", "→")
    timed = f" in the order {order}" if order else ""
    return (
        f"The indirect association of {x} with {outcome} through {m} was estimated by multilevel "
        f"mediation{timed}."
    )


def _moderation(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    by = one_line(view.labels.get("moderator", "the moderator"))
    return (
        f"A linear mixed model estimated how the association of {alliance} with {outcome} differs "
        f"with {by}; every part of {alliance} has an interaction of its own."
    )


def _dyads(view: ResultView) -> str:
    return (
        "An actor–partner interdependence model of both members' ratings was fitted as one mixed "
        "model in which the members' intercepts and residuals may correlate."
    )


def _congruence(view: ResultView) -> str:
    truth, judgement = (one_line(view.labels.get(k, k)) for k in ("truth", "judgement"))
    return (
        f"A truth-and-bias model of {judgement} as a judgement of {truth} was fitted: its "
        "directional bias, and how far it tracks the other rating within and between patients."
    )


def _meta(view: ResultView) -> str:
    model = one_line(view.labels.get("model", "random-effects"))
    words = one_line(view.labels.get("measure_words", "effect sizes"))
    by = one_line(view.labels.get("moderators", ""))
    moderated = f", with {by} as moderators" if by else ""
    return f"Effect sizes ({words}) were pooled in a {model} meta-analysis{moderated}."


def _participants(view: ResultView) -> str:
    alliance, outcome = names_of(view)
    return (
        f"The model of {alliance} and {outcome} was fitted in each study, and its effects were "
        "pooled by a random-effects meta-analysis (two stages)."
    )


def _multiverse(view: ResultView) -> str:
    return (
        "All combinations of defensible choices of the analysis were fitted, and their estimates "
        "are reported together."
    )


#: The sentence of each kind of view; other kinds are named by their title.
SENTENCES: dict[str, Callable[[ResultView], str]] = {
    "congruence": _congruence,
    "cross_lagged": _panel,
    "dyads": _dyads,
    "event": _event,
    "glmm": _generalised,
    "growth": _growth,
    "lagged": _lagged,
    "latent_within_between": _latent,
    "lmm": _mixed,
    "mediation": _mediation,
    "meta": _meta,
    "meta_multilevel": _meta,
    "moderation": _moderation,
    "multiverse": _multiverse,
    "outcome": _outcome_kind,
    "participants": _participants,
    "therapist": _therapist,
    "within_between": _within_between,
}


def model_sentence(view: ResultView) -> str:
    """What was modelled; for a kind without a sentence of its own, the title of the result."""
    write = SENTENCES.get(view.kind)
    if write is not None:
        return write(view)
    title = one_line(view.title).rstrip(".") or as_heading(view.kind)
    return f"Analysis: {title}."


def _outcome(view: ResultView) -> str:
    return one_line(view.labels.get("outcome", "the outcome"))


def _has_therapists(view: ResultView) -> bool:
    return "unit" in view.levels.columns and "therapist" in set(view.levels["unit"].astype(str))
