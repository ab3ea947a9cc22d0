"""Choices about ruptures: their options, how these are called, and the call of fit_ruptures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alliance_stats._base.checks import counted, one_of, positive_number
from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.ruptures.find import (
    SIMULATIONS,
    check_simulations,
    reliability_share,
)
from alliance_stats.models.ruptures.rule import (
    DROPS,
    LEAST_OWN,
    RULES,
    TOLERANCE,
    WINDOW,
    rule_from,
)

#: Choices of the question, those that the count of chance needs last.
CHOICES = (
    "rule", "drop", "sd", "lookback", "penalty", "window", "tolerance", "min_sessions",
    "reliability", "trend",
)  # fmt: skip
#: What all specifications have in common: facts of the instrument, and how much is simulated.
COMMON = ("scale", "step", "simulations")
#: Options of choices without a closed list, where nothing is chosen.
USUAL: dict[str, Any] = {
    "drop": None, "sd": "own", "lookback": 1, "penalty": None, "window": WINDOW,
    "tolerance": TOLERANCE, "min_sessions": LEAST_OWN, "reliability": None, "scale": "observed",
    "step": "observed", "simulations": SIMULATIONS,
}  # fmt: skip
#: The only rule, or the rules, that a choice belongs to.
RULES_OF: dict[str, tuple[str, ...]] = {
    "sd": ("criterion",),
    "lookback": ("criterion",),
    "penalty": ("partition",),
    "tolerance": ("criterion", "control_chart", "regression"),
    "trend": ("criterion", "control_chart", "partition"),
}
_WORDS: dict[tuple[str, Any], str] = {
    ("drop", None): "usual of the rule",
    ("lookback", 1): "session before",
    ("lookback", None): "all sessions before",
    ("penalty", None): "log n",
    ("reliability", None): "1",
    ("rule", "control_chart"): "control chart",
}


def rupture_option(name: str, option: Any) -> Any:
    """One option as `fit_ruptures` takes it. Raises ArgumentError for one that is not allowed."""
    if name == "drop":
        return _drop(option)
    if name == "reliability":
        reliability_share(option)
        return option
    if name == "simulations":
        check_simulations(option)
        return int(option)
    if name in ("scale", "step"):  # the fit checks them, with the ratings
        return tuple(option) if isinstance(option, list) else option
    given: dict[str, Any] = dict.fromkeys(("drop", "tolerance", "penalty", "autocorrelation"))
    given |= {"sd": "own", "lookback": 1, "window": WINDOW, "min_sessions": LEAST_OWN}
    if name == "min_sessions":
        given["sd"] = "pooled"
    rule_from(RULES_OF.get(name, RULES)[0], **(given | {name: option}))  # type: ignore[arg-type]
    return option


def _drop(option: Any) -> Any:
    """None for the usual one of every rule, one number for all rules, or numbers by rule."""
    if not isinstance(option, Mapping):
        if option is not None:
            positive_number(option, name="drop")
        return option
    for rule, size in option.items():
        one_of(rule, RULES, name="rule in drop")
        positive_number(size, name=f"drop of rule {rule!r}")
    if not option:
        raise ArgumentError(
            "drop={} names no rule. Give None for the usual drop of every rule, a number, or "
            "numbers by rule such as {'criterion': 1.5, 'regression': 2.5}."
        )
    return dict(option)


def drop_of(options: Mapping[str, Any], drop: Any) -> float:
    """How far ratings must fall under the rule of `options`."""
    rule = options["rule"]
    size = drop.get(rule) if isinstance(drop, Mapping) else drop
    return float(DROPS[rule] if size is None else size)


def applies(name: str, options: Mapping[str, Any]) -> bool:
    """Whether a choice says anything under the rule of `options`."""
    return options["rule"] in RULES_OF.get(name, RULES)


def too_few_for_own(options: Mapping[str, Any]) -> bool:
    """Whether patients have too few ratings for a standard deviation of their own."""
    own = options["rule"] != "criterion" or options["sd"] == "own"
    return own and options["min_sessions"] < LEAST_OWN


def rupture_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `fit_ruptures`, without those that the rule does not take."""
    known = [name for name in (*CHOICES, *COMMON) if name in options and applies(name, options)]
    kept = {name: options[name] for name in known}
    return kept | {"drop": drop_of(options, options["drop"])}


def rupture_label(name: str, option: Any) -> str | None:
    """An option in a table or figure, or None where it is called as it is written."""
    if name == "drop" and isinstance(option, Mapping):
        return ", ".join(f"{rule.replace('_', ' ')} {size:g}" for rule, size in option.items())
    if (name, option) in _WORDS:
        return _WORDS[name, option]
    if name == "lookback":
        return f"{option} sessions before"
    return counted(option, "session") if name == "window" else None
