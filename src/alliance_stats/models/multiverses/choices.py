"""The choices of each question, their options as given, and how both are called in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from alliance_stats._base.checks import counted, did_you_mean, is_whole, name_list, one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.multiverses.estimand import OTHER_CHOICES, OTHER_OPTIONS, QUESTIONS
from alliance_stats.models.multiverses.rupture_options import CHOICES as RUPTURES
from alliance_stats.models.multiverses.rupture_options import (
    COMMON,
    rupture_label,
    rupture_option,
)
from alliance_stats.models.ruptures.rule import RULES
from alliance_stats.models.windows import session_window

#: One specification: an option for every choice of the question.
Options = dict[str, Any]

OUTLIERS = ("keep", "drop_2sd", "drop_3sd", "winsorise_2sd", "winsorise_3sd")

#: Options of choices that have a closed list, the default first.
LISTED: dict[str, tuple[Any, ...]] = {
    "outliers": OUTLIERS,
    "therapist": ("random", "ignored"),
    "time_column": ("session", "time"),
    "time": ("linear", "log", "factor", "patient"),
    "mean_rows": ("available", "fitted"),
    "therapist_mean": ("patients", "sessions"),
    "covariate_parts": ("both", "raw"),
    "gap": ("strict", "previous"),
    "residual": (None, "ar1", "continuous_ar1"),
    "reml": (True, False),
    "therapist_change": ("raise", "first", "dyad", "crossed"),
    "rule": RULES,
    "trend": ("none", "common"),
}

_SESSIONS = ("outliers", "min_ratings", "therapist", "time_column", "mean_rows", "therapist_mean")
_COVARIATES = ("covariates", "covariate_parts")
#: The choices of every question, in the order of columns; those that change the data come first.
PERMITTED: dict[str, tuple[str, ...]] = {
    "within": (*_SESSIONS, *_COVARIATES, "time", "random_slopes", "residual", "reml"),
    "between": (
        *(name for name in _SESSIONS if name != "therapist"), *_COVARIATES,
        "time", "random_slopes", "residual", "reml",
    ),
    "lagged": (
        "outliers", "min_ratings", "therapist", "time_column", "gap", "time", "random_slopes",
        "reml",
    ),
    "outcome": ("outliers", "alliance_window", "min_ratings", "therapist"),
    "ruptures": ("therapist", *RUPTURES),
}  # fmt: skip
#: What must be the same in all specifications, and may be set by ``fixed=``.
FIXED_ONLY: dict[str, tuple[str, ...]] = {
    question: ("therapist_change", *(COMMON if question == "ruptures" else ()))
    for question in QUESTIONS
}
#: What a choice is called in tables and figures.
HEADINGS = {
    "outliers": "Outliers", "min_ratings": "Fewest ratings", "therapist": "Therapists",
    "time_column": "Clock", "mean_rows": "Patient means from", "time": "Time",
    "therapist_mean": "Therapist means of", "covariates": "Covariates",
    "covariate_parts": "Covariates enter", "gap": "Lag", "random_slopes": "Random slopes",
    "residual": "Residuals", "reml": "Estimation", "alliance_window": "Early sessions",
    "rule": "Rule", "drop": "Fall, in SD", "sd": "SD", "lookback": "Fall from",
    "penalty": "Penalty of a change", "window": "Repair within", "tolerance": "Repair up to, in SD",
    "min_sessions": "Fewest ratings of alliance", "reliability": "Reliability of a rating",
    "trend": "Trend by chance",
}  # fmt: skip

_WORDS: dict[tuple[str, Any], str] = {
    ("residual", None): "independent",
    ("residual", "continuous_ar1"): "continuous ar1",
    ("reml", True): "REML",
    ("reml", False): "ML",
    ("time_column", "time"): "weeks",
    ("time", "patient"): "line of each patient",
    **{("outliers", name): name.replace("_2sd", " 2 SD").replace("_3sd", " 3 SD")
       for name in OUTLIERS[1:]},
}  # fmt: skip


def check_question(question: str) -> None:
    """Raise ArgumentError unless the question is known; another estimand is told why not."""
    if question in OTHER_CHOICES["question"]:
        raise ArgumentError(
            f"question={question!r} has no multiverse: {OTHER_CHOICES['question'][question]} "
            f"Questions: {', '.join(map(repr, QUESTIONS))}."
        )
    one_of(question, QUESTIONS, name="question")


def checked_choices(
    question: str, choices: Mapping[str, Sequence[Any]], fixed: Mapping[str, Any]
) -> tuple[dict[str, tuple[Any, ...]], Options]:
    """The options of every varied choice in the order of columns, and what all have in common.

    Raises
    ------
    ArgumentError
        For what is unknown, has another estimand, is empty, given twice, or no choice.
    """
    for given, what in ((choices, "choices"), (fixed, "fixed")):
        if not isinstance(given, Mapping):
            raise ArgumentError(
                f"{what} is a {type(given).__name__}. Give a dict such as "
                + ("{'time': ['linear', 'log']}." if what == "choices" else "{'reml': False}.")
            )
        for name in given:
            _check_name(question, name, fixed=what == "fixed")
    if not choices:
        raise ArgumentError(
            "choices is empty: a multiverse needs at least one choice with two options, such as "
            f"{{'outliers': ['keep', 'drop_3sd']}}. Choices here: {name_list(PERMITTED[question])}."
        )
    if both := [name for name in choices if name in fixed]:
        raise ArgumentError(f"'{both[0]}' is in choices and in fixed. Leave one out.")
    found = {
        name: _checked_options(question, name, choices[name])
        for name in PERMITTED[question]
        if name in choices
    }
    common = {name: option_of(question, name, value) for name, value in fixed.items()}
    return found, common


def _check_name(question: str, name: str, *, fixed: bool) -> None:
    """Raise for a choice that the question does not have, with the reason where there is one."""
    known = (*PERMITTED[question], *(FIXED_ONLY[question] if fixed else ()))
    if name in known:
        return
    if reason := OTHER_CHOICES[question].get(name):
        raise ArgumentError(f"'{name}' is no choice of question={question!r}: {reason}")
    raise ArgumentError(
        f"choice {name!r} is not known.{did_you_mean(str(name), known)} "
        f"Choices of question={question!r}: {', '.join(known)}."
    )


def _checked_options(question: str, name: str, options: Sequence[Any]) -> tuple[Any, ...]:
    """The options of one choice: a list of at least two that differ."""
    if isinstance(options, str | Mapping) or not isinstance(options, Sequence):
        raise ArgumentError(
            f"choices[{name!r}]={options!r} is not a list of options. Give a list, or "
            f"fixed={{{name!r}: …}} for what all specifications have in common."
        )
    found = tuple(option_of(question, name, option) for option in options)
    if len(found) < 2:
        seen = "no option" if not found else f"one option, {found[0]!r}"
        raise ArgumentError(
            f"choices[{name!r}] has {seen}: that is no choice. Give two or more, or "
            f"fixed={{{name!r}: …}} for what all specifications have in common."
        )
    counts = Counter(option_label(name, option) for option in found)
    label, times = counts.most_common(1)[0]
    if times > 1:
        raise ArgumentError(f"choices[{name!r}] has the option {label!r} twice. Give it once.")
    return found


def option_of(question: str, name: str, option: Any) -> Any:
    """One option as the models take it. Raises ArgumentError for one that is not allowed."""
    if isinstance(option, str) and (reason := OTHER_OPTIONS.get((name, option))):
        raise ArgumentError(
            f"{name}={option!r} is no option in a multiverse of question={question!r}: {reason}"
        )
    if name in LISTED:
        one_of(option, LISTED[name], name=name)
        return option
    if name == "min_ratings":
        if not is_whole(option) or option < 1:
            raise ArgumentError(
                f"min_ratings={option!r} is not a number of ratings. Give a whole number from 1."
            )
        return int(option)
    if name == "alliance_window":
        return session_window(option, name="alliance_window")
    if name == "covariates":
        return _columns(option)
    return _slopes(option) if name == "random_slopes" else rupture_option(name, option)


def _columns(option: Any) -> tuple[str, ...]:
    """A set of covariates: a list of columns, empty for none."""
    texts = isinstance(option, Sequence) and not isinstance(option, str)
    if not texts or not all(isinstance(column, str) and column for column in option):
        raise ArgumentError(
            f"covariates={option!r} is not a list of columns. Each option is a list, such as "
            "[[], ['motivation'], ['motivation', 'adherence']]."
        )
    return tuple(dict.fromkeys(option))


def _slopes(option: Any) -> dict[str, tuple[str, ...]]:
    """Random slopes by unit; which effects may vary is checked with the data."""
    plain = isinstance(option, Mapping) and all(
        isinstance(names, Sequence) and not isinstance(names, str) for names in option.values()
    )
    if not plain:
        raise ArgumentError(
            f"random_slopes={option!r} is no option. Give mappings such as {{}} for none and "
            "{'patient': ['within']}."
        )
    return {unit: tuple(names) for unit, names in option.items() if len(names)}


def option_label(name: str, option: Any) -> str:
    """An option in a table or figure.

    >>> option_label("random_slopes", {"patient": ("within",)}), option_label("residual", None)
    ('patient: within', 'independent')
    """
    if name == "random_slopes":
        return "; ".join(f"{u}: {', '.join(names)}" for u, names in option.items()) or "none"
    if name == "covariates":
        return " + ".join(option) or "none"
    if name == "alliance_window":
        low, high = option
        return f"{low}" if low == high else f"{low}–{high}"
    words = rupture_label(name, option) if name in RUPTURES else _WORDS.get((name, option))
    return str(option) if words is None else words


def choice_words(options: Mapping[str, Any], names: Sequence[str]) -> str:
    """``time: linear; reml: ML`` of the choices named."""
    return "; ".join(f"{name}: {option_label(name, options[name])}" for name in names)


def specifications_words(n: int) -> str:
    """``1 specification`` or ``24 specifications``."""
    return counted(n, "specification")
