"""Words for effects, units, terms and model settings, the same in tables, texts and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView

#: Where the effects of a mediation model lie, and what its rows are called.
_MEDIATION_LEVELS = {
    "within": "within patients",
    "between": "between patients",
    "patient_between": "between patients",
    "therapist_between": "between therapists",
}
_MEDIATION_ROWS = {
    "total": "Total",
    "indirect": "Indirect",
    "direct": "Direct",
    "a": "Path a",
    "b": "Path b",
    "covariance": "Covariance of a and b",
}
_MEDIATION = {
    f"{level}_{row}": f"{word} {place}"
    for level, place in _MEDIATION_LEVELS.items()
    for row, word in _MEDIATION_ROWS.items()
}

#: Effects in the order in which they are printed; other terms follow.
EFFECT_ORDER = (
    "early_alliance", "current_alliance", "mean_alliance", "alliance_change",
    "bias", "within", "between", "patient_between", "therapist_between", "contextual",
    "within_difference", "between_difference", "patient_between_difference",
    "therapist_between_difference",
    "b1", "b2", "b3", "b4", "b5", "a1", "a2", "a3", "a4", "a5",
    "alliance_to_outcome", "outcome_to_alliance", "outcome_autoregression",
    "alliance_autoregression",
    "actor", "partner", "actor_between", "partner_between", "actor_patient_between",
    "partner_patient_between", "actor_therapist_between", "partner_therapist_between",
    "alliance_start", "alliance_trend", "alliance_bend", "outcome_start", "outcome_trend",
    "outcome_bend", "early_rate", "patient_between_rate", "therapist_between_rate", *_MEDIATION,
    "excess_ruptures", "excess_repaired",
)  # fmt: skip

_EFFECTS = {
    **_MEDIATION,
    "early_alliance": "Early alliance",
    "bias": "Directional bias",
    "current_alliance": "Current alliance",
    "mean_alliance": "Mean alliance so far",
    "alliance_change": "Change of alliance",
    "within": "Within patients",
    "between": "Between patients",
    "patient_between": "Between patients",
    "therapist_between": "Between therapists",
    "within_difference": "Difference within patients",
    "between_difference": "Difference between patients",
    "patient_between_difference": "Difference between patients",
    "therapist_between_difference": "Difference between therapists",
    "alliance_to_outcome": "Alliance to outcome",
    "outcome_to_alliance": "Outcome to alliance",
    "outcome_autoregression": "Outcome to itself",
    "alliance_autoregression": "Alliance to itself",
    "actor": "Actor, within patients",
    "partner": "Partner, within patients",
    "actor_between": "Actor, between patients",
    "partner_between": "Partner, between patients",
    "actor_patient_between": "Actor, between patients",
    "partner_patient_between": "Partner, between patients",
    "actor_therapist_between": "Actor, between therapists",
    "partner_therapist_between": "Partner, between therapists",
    "alliance_start": "Alliance, first session",
    "alliance_trend": "Alliance, trend",
    "alliance_bend": "Alliance, bend",
    "outcome_start": "Outcome, first session",
    "outcome_trend": "Outcome, trend",
    "outcome_bend": "Outcome, bend",
    "b1": "b1 (x)",
    "b2": "b2 (y)",
    "b3": "b3 (x²)",
    "b4": "b4 (xy)",
    "b5": "b5 (y²)",
    "a1": "a1 (congruence, slope)",
    "a2": "a2 (congruence, curvature)",
    "a3": "a3 (incongruence, slope)",
    "a4": "a4 (incongruence, curvature)",
    "a5": "a5 (b3 − b5)",
    "early_rate": "Early alliance × later time",
    "patient_between_rate": "Between patients × later time",
    "therapist_between_rate": "Between therapists × later time",
    "asymmetry": "Asymmetry",
    "limit": "Limit without sampling error",
    "pet": "PET",
    "peese": "PEESE",
    "observed": "As observed",
    "adjusted": "Adjusted",
    "weight": "Weight",
    "failsafe_n": "Fail-safe N",
    "excess_ruptures": "Ruptures beyond chance",
    "excess_repaired": "Repairs beyond chance",
    "centre": "Centre",
    "selection": "Selection by p",
}
#: Parts of columns' names that are written in a way of their own.
_ABBREVIATIONS = {
    "sd": "SD", "se": "SE", "icc": "ICC", "aic": "AIC", "bic": "BIC", "lr": "LR", "ci": "CI",
    "df": "df", "r2": "R²", "i2": "I²", "tau2": "τ²", "chi2": "χ²", "rho": "ρ", "sem": "SEM",
}  # fmt: skip
_ADJECTIVES = {
    "within": "within-patient",
    "between": "between-patient",
    "patient_between": "between-patient",
    "therapist_between": "between-therapist",
}
_PLACES = {
    **{effect: f"({words[0].lower()}{words[1:]})" for effect, words in _MEDIATION.items()},
    "within": "within patients",
    "between": "between patients",
    "patient_between": "between patients",
    "therapist_between": "between therapists",
    "alliance_to_outcome": "from alliance to outcome",
    "outcome_to_alliance": "from outcome to alliance",
    "outcome_autoregression": "from outcome to outcome",
    "alliance_autoregression": "from alliance to alliance",
}
_CONTEXTUAL = {
    "patient": "Contextual (patient − session)",
    "therapist": "Contextual (therapist − patient)",
}
_TERMS = {
    "(Intercept)": "Intercept",
    "Intercept": "Intercept",
    "1": "Intercept",
    "time": "Time",
    "tau2": "τ²",
    "mean_r": "Mean r, observed",
    "mean_rho": "Mean r, corrected",
}
#: Between two variables whose covariance is meant, or twice the one whose variance is.
_COVARIES = " ~~ "
_SINCE_START = "_since_start"

#: What is said first of a fit that failed.
FAILED = "The fit did not converge: the numbers are not to be interpreted."
_TIME = {
    "none": "Time was not in the model.",
    "linear": "Time since the patient's first session entered as a linear term.",
    "log": "Time since the patient's first session entered as a logarithmic term.",
    "factor": "Time entered as one level for each session.",
    "patient": (
        "Time since the patient's first session entered as a linear term whose slope varied "
        "over patients."
    ),
}
_DF = {
    "satterthwaite": "Satterthwaite degrees of freedom",
    "kenward-roger": "Kenward–Roger degrees of freedom",
    "normal": "the normal distribution",
    "residual": "residual degrees of freedom",
}


def one_line(text: object) -> str:
    """Text with every run of white space as one blank, so that a name cannot break a line."""
    return " ".join(str(text).split())


def as_heading(name: object) -> str:
    """A column's name as a heading: blanks for underscores, the first letter a capital.

    What holds blanks is a heading already, and its underscores are those of a name in it.
    """
    words = one_line(name)
    words = words if " " in words else words.replace("_", " ")
    if words.startswith("tau2 ("):  # the variance of true effects of a unit
        return words.replace("tau2", "τ²", 1)
    if " " in one_line(name):
        return words[:1].upper() + words[1:]
    first, *rest = (_ABBREVIATIONS.get(part, part) for part in words.split(" "))
    return " ".join([first if first in _ABBREVIATIONS.values() else capital(first), *rest])


def capital(words: str) -> str:
    """Words with a first letter that is a capital; Greek symbols stay as they are.

    >>> capital("odds ratio"), capital("τ² without it")
    ('Odds ratio', 'τ² without it')
    """
    return words[:1].upper() + words[1:] if words[:1].isascii() else words


def effect_words(effect: object, unit: object = "") -> str:
    """An effect in plain words: ``Within patients``; an unknown one as it is."""
    if effect == "contextual":
        return _CONTEXTUAL.get(str(unit), "Contextual")
    return _EFFECTS.get(str(effect), one_line(effect))


def effect_adjective(effect: str) -> str:
    """An effect as an adjective: ``within-patient``."""
    return _ADJECTIVES.get(effect, one_line(effect))


def effect_place(effect: str) -> str:
    """Where an effect lies: ``within patients``; empty for one that is not split."""
    return _PLACES.get(effect, "")


def term_words(term: object) -> str:
    """A term in plain words: ``(Intercept)`` is ``Intercept``; a column stays as it is.

    >>> term_words("session_since_start")
    'Time (session since start)'
    >>> term_words("phq9 ~ (Intercept)")
    'phq9: Intercept'
    """
    name = one_line(term)
    one, covaries, other = name.partition(_COVARIES)
    if covaries:
        return f"Variance of {one}" if one == other else f"{one} with {other}"
    response, of_equation, rest = name.partition(" ~ ")
    if of_equation:
        return f"{response}: {term_words(rest)}"
    if name.endswith(f"{_SINCE_START}_log") and ":" not in name:
        return f"Time (log of 1 + {name.removesuffix(f'{_SINCE_START}_log')} since start)"
    if name.endswith(_SINCE_START) and ":" not in name:
        return f"Time ({name.removesuffix(_SINCE_START)} since start)"
    return _TERMS.get(name, name)


def time_sentence(labels: Mapping[str, str]) -> str:
    """How time entered the model, as a sentence; empty if the view does not say."""
    return _TIME.get(labels.get("time", ""), "")


def df_words(ddf: str) -> str:
    """The kind of degrees of freedom: ``Satterthwaite degrees of freedom``."""
    known = _DF.get(ddf.lower().replace("–", "-"))
    return known or f"{one_line(ddf)} degrees of freedom"


def tests_phrase(view: ResultView) -> str:
    """``; tests used Satterthwaite degrees of freedom``; empty if the view does not say."""
    ddf = view.labels.get("ddf", "")
    return f"; tests used {df_words(ddf)}" if ddf else ""


def names_of(view: ResultView) -> tuple[str, str]:
    """The alliance and the outcome, by name."""
    names = (view.labels.get("alliance", "alliance"), view.labels.get("outcome", "outcome"))
    return one_line(names[0]), one_line(names[1])


def listed(parts: Sequence[str]) -> str:
    """``a; b and c``: intervals hold commas, so longer lists are set with semicolons."""
    return " and ".join(parts) if len(parts) < 3 else f"{'; '.join(parts[:-1])}; and {parts[-1]}"


def title_with_units(view: ResultView) -> str:
    """``Cohen's kappa (60 units).``: what the result is, and what it rests on."""
    title, units = one_line(view.title).rstrip("."), units_phrase(view)
    return f"{title} ({units})." if units else f"{title}."


def units_phrase(view: ResultView) -> str:
    """``1,987 sessions of 240 patients seen by 24 therapists``; empty without counts."""
    levels = view.levels
    if not {"unit", "n"} <= set(levels.columns) or levels.empty:
        return ""
    counts = dict(zip(levels["unit"].astype(str), levels["n"].astype(int), strict=True))
    words = [counted(n, one_line(unit)) for unit, n in counts.items()]
    if list(counts) == ["session", "patient"]:
        return f"{words[0]} of {words[1]}"
    if list(counts) == ["session", "patient", "therapist"]:
        return f"{words[0]} of {words[1]} seen by {words[2]}"
    if list(counts) == ["patient", "therapist"]:
        return f"{words[0]} seen by {words[1]}"
    if list(counts) in (["row", "patient"], ["effect size", "study"]):
        return f"{words[0]} of {words[1]}"
    if list(counts) == ["row", "patient", "therapist"]:
        return f"{words[0]} of {words[1]} seen by {words[2]}"
    if list(counts) == ["session", "patient", "study"]:
        return f"{words[0]} of {words[1]} in {words[2]}"
    if list(counts) == ["patient", "study"]:
        return f"{words[0]} in {words[1]}"
    return ", ".join(words)


def fit_value(view: ResultView, name: str) -> object:
    """A cell of the one-row summary, or None."""
    if name not in view.fit.columns or view.fit.empty:
        return None
    value: object = view.fit[name].iloc[0]
    return value


def fit_failed(view: ResultView) -> bool:
    """Whether the fit says that it did not converge."""
    return fit_value(view, "converged") in (False, "no")


def fit_singular(view: ResultView) -> bool:
    """Whether the fit says that it is singular."""
    return fit_value(view, "singular") in (True, "yes")


def fit_sentences(view: ResultView, *, row: str = "row") -> list[str]:
    """Imputations, rows not used and a singular fit; a failed fit is said first, by `FAILED`.

    `row` is what a row of the model is: ``patient``.
    """
    sentences = []
    imputations = fit_value(view, "n_imputations")
    if imputations is not None:
        sentences.append(
            f"Estimates were pooled over {imputations} imputed data sets by Rubin's rules."
        )
    dropped, used = int(str(fit_value(view, "n_dropped") or 0)), fit_value(view, "n_obs")
    if dropped:
        total = f" of {dropped + int(str(used)):,} {row}s" if used is not None else ""
        verb = "was" if dropped == 1 else "were"
        of = f"{dropped:,}{total}" if total else counted(dropped, row)
        sentences.append(f"{of} {verb} not used.")
    if fit_singular(view):
        sentences.append(
            "The fit was singular: a variance or a correlation of the random effects was "
            "estimated at its limit, so the random part is simpler than specified."
        )
    return sentences
