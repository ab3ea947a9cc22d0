"""Which quantity each question is about, and why other choices would lead to another one.

A multiverse holds only specifications that estimate the same quantity: estimates of different
ones differ for a reason that is no choice of analysis (Del Giudice & Gangestad, 2021).
"""

from __future__ import annotations

QUESTIONS = ("within", "between", "lagged", "outcome", "ruptures")
#: Those in which a patient is one row.
ONE_ROW = ("outcome", "ruptures")

#: The effect of every question in two-level data; `between` is ``patient_between`` with therapists.
EFFECTS = {
    "within": "within",
    "between": "between",
    "lagged": "alliance_to_outcome",
    "outcome": "early_alliance",
    "ruptures": "excess_ruptures",
}
#: What is compared, in words.
QUANTITIES = {
    "within": "sessions of a patient in which the alliance differs by one point",
    "between": "patients whose mean alliance differs by one point",
    "lagged": "sessions of a patient after sessions in which the alliance differed by one point",
    "outcome": "patients whose early alliance differs by one point",
    "ruptures": "patients who differ by one rupture beyond chance",
}
PLACES = {
    "within": "within patients",
    "between": "between patients",
    "lagged": "from one session to the next",
    "outcome": "early in therapy",
    "ruptures": "by ruptures beyond chance",
}

_CGM = (
    "centring at the grand mean mixes the effects within and between patients, which is another "
    "estimand. Ask question='within' and question='between' in two multiverses."
)
_LAG = (
    "the path to a later session is another estimand than the association in the same session. "
    "Ask question='lagged' in a multiverse of its own."
)
_EARLY = "the early alliance is another estimand. Ask question='outcome'."
_CHANGE = (
    "each way of counting patients with several therapists defines another effect. Set one for "
    "all specifications: fixed={'therapist_change': 'first'}."
)
_LEVELS = (
    "without therapists the effect between patients also holds the differences between therapists, "
    "which is another estimand. Leave the therapist role out of one multiverse, or keep it."
)
_PATIENTS = "one row is one patient here, so that there is no time and no slope of a patient."

_MEASURE = (
    "raw counts, repairs, shares of repairs and depths are other quantities than ruptures beyond "
    "chance. fit_ruptures shows the first three beside them."
)

_SESSION_LEVEL = {
    "method": _CGM,
    "centring": _CGM,
    "gap": _LAG,
    "lag": _LAG,
    "lagged": _LAG,
    "step": _LAG,
    "alliance_window": _EARLY,
    "split": _EARLY,
    "therapist_change": _CHANGE,
    "effect": "every effect has a multiverse of its own. Ask question='within' or 'between'.",
}
#: Choices that would change the estimand, with the reason, by question.
OTHER_CHOICES: dict[str, dict[str, str]] = {
    "question": {
        "contextual": "the contextual effect is between − within, another estimand whose two "
        "parts are asked apart.",
        "therapist_between": "few therapists are compared; fit_within_between shows the effect.",
        "patient_between": "with a therapist role question='between' is this effect.",
    },
    "within": _SESSION_LEVEL,
    "between": _SESSION_LEVEL | {"therapist": _LEVELS},
    "lagged": _SESSION_LEVEL
    | {
        "step": "the path over another number of sessions is another estimand.",
        "mean_rows": "parts are centred on all ratings before they are lagged.",
        "therapist_mean": "only the path within patients is asked for.",
        "covariates": "fit_lagged takes no covariates.",
        "residual": "the outcome's own earlier value is in the model instead.",
    },
    "outcome": {
        "method": _CGM,
        "split": "a split gives patients and therapists a coefficient each: other estimands.",
        "gap": _LAG,
        "step": _LAG,
        "therapist_change": _CHANGE,
        "time": _PATIENTS,
        "random_slopes": _PATIENTS,
        "residual": _PATIENTS,
        "covariates": "fit_outcome adjusts for intake and early change, in all specifications.",
    },
    "ruptures": {
        **dict.fromkeys(("measure", "effect", "count", "raw", "repaired", "depth"), _MEASURE),
        "outliers": "low ratings are what ruptures are found in; without them there are fewer.",
        "min_ratings": "the fewest ratings of a patient are min_sessions here.",
        "alliance_window": "ruptures in a part of therapy are another quantity than those in all "
        "of it. Give the sessions of that part.",
        "autocorrelation": "'refuse' makes no other estimate than 'widen': it raises.",
        "scale": "the ends of the scale are a fact. Set them for all specifications: "
        "fixed={'scale': (12, 84)}.",
        "step": "the steps of the scale are a fact. Set them for all specifications: "
        "fixed={'step': 1}.",
        "simulations": "more simulations are the same choice with less noise. Set them for all "
        "specifications: fixed={'simulations': 1999}.",
        "rng": "random numbers are no choice of analysis. All specifications have rng=1 for what "
        "chance brings about.",
        "therapist_change": _CHANGE,
        "covariates": "fit_ruptures adjusts for intake, in all specifications.",
        "time": _PATIENTS,
        "random_slopes": _PATIENTS,
        "residual": _PATIENTS,
    },
}
#: Options that would change it.
OTHER_OPTIONS: dict[tuple[str, str], str] = {
    ("time", "none"): "without time, common trends count as effect of the alliance: another "
    "estimand. The results of single models carry that row.",
    ("random_slopes", "auto"): "it chooses between two specifications by their fit. Give both: "
    "[{}, {'patient': ['within']}].",
    ("time", "lagged"): _LAG,
}
