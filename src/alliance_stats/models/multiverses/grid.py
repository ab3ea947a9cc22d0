"""Every combination of options, without those that no model can have or that say nothing new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import Any

from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.multiverses.choices import (
    LISTED,
    PERMITTED,
    Options,
    specifications_words,
)
from alliance_stats.models.multiverses.rupture_options import (
    RULES_OF,
    USUAL,
    applies,
    drop_of,
    too_few_for_own,
)
from alliance_stats.models.ruptures.rule import LEAST_OWN

_SAME = "makes no difference there: the same specification is in already"
#: Most combinations that one multiverse may have.
MOST = 20_000
DEFAULTS: dict[str, Any] = {name: options[0] for name, options in LISTED.items()} | {
    "min_ratings": 1,
    "covariates": (),
    "alliance_window": (3, 5),
    "random_slopes": None,
    **USUAL,
}


@dataclass(frozen=True, eq=False)
class Grid:
    """The specifications of a multiverse.

    Attributes
    ----------
    question : str
    choices : dict of str to tuple
        Options of the varied choices, in the order of columns.
    rows : tuple of dict
        One a specification: an option for every choice of the question.
    excluded : dict of str to int
        Combinations left out, by the rule.
    """

    question: str
    choices: dict[str, tuple[Any, ...]]
    rows: tuple[Options, ...]
    excluded: dict[str, int]

    @property
    def names(self) -> tuple[str, ...]:
        """The varied choices."""
        return tuple(self.choices)


def _needs_therapists(options: Options) -> bool:
    slopes = options.get("random_slopes") or {}
    return options.get("therapist") == "ignored" and "therapist" in slopes


def _idle_in_rule(name: str, options: Options) -> bool:
    """Whether a choice about ruptures says nothing under the rule of the combination."""
    return not applies(name, options)


#: Combinations that no model can have.
RULES: dict[str, Callable[[Options], bool]] = {
    "residual='ar1' counts sessions, time_column='time' weeks": lambda o: (
        o.get("residual") == "ar1" and o.get("time_column") == "time"
    ),
    "random slopes over therapists that are ignored": _needs_therapists,
    "fewer sessions in alliance_window than min_ratings": lambda o: (
        "alliance_window" in o
        and o["min_ratings"] > o["alliance_window"][1] - o["alliance_window"][0] + 1
    ),
    f"fewer than {LEAST_OWN} ratings for the patient's own SD": lambda o: (
        "rule" in o and too_few_for_own(o)
    ),
}
#: A choice, and when it makes no difference: only its first option is kept there.
IDLE: dict[str, Callable[[Options], bool]] = {
    "therapist_mean": lambda o: o.get("therapist") == "ignored",
    "covariate_parts": lambda o: not o["covariates"],
    **{name: partial(_idle_in_rule, name) for name in RULES_OF},
}


def make_grid(question: str, choices: dict[str, tuple[Any, ...]], fixed: Mapping[str, Any]) -> Grid:
    """Combine the options of all choices, and count what is left out."""
    n = prod(len(options) for options in choices.values())
    if n > MOST:
        raise ArgumentError(
            f"the choices make {specifications_words(n)}; at most {MOST:,} are accepted. "
            "Leave options out."
        )
    common = {name: DEFAULTS[name] for name in PERMITTED[question]} | dict(fixed)
    rows: list[Options] = []
    excluded: Counter[str] = Counter()
    for chosen in product(*choices.values()):
        options = common | dict(zip(choices, chosen, strict=True))
        reason = _excluded(options, choices)
        if reason is None:
            rows.append(options)
        else:
            excluded[reason] += 1
    if len(rows) < 2:
        raise ArgumentError(
            f"{specifications_words(len(rows))} left of {n}: "
            f"{'; '.join(f'{rule} ({k})' for rule, k in excluded.items())}. Give other options."
        )
    return Grid(question, choices, tuple(rows), dict(excluded))


def _excluded(options: Options, choices: Mapping[str, tuple[Any, ...]]) -> str | None:
    """The rule by which a combination is left out, or None."""
    for rule, broken in RULES.items():
        if broken(options):
            return rule
    for name, idle in IDLE.items():
        if name in choices and options[name] != choices[name][0] and idle(options):
            return f"{name} {_SAME}"
    if _same_drop(options, choices.get("drop", ())):
        return f"drop {_SAME}"
    return None


def _same_drop(options: Options, drops: tuple[Any, ...]) -> bool:
    """Whether an earlier option asks for the same fall, under this rule."""
    earlier = drops[: drops.index(options["drop"])] if drops else ()
    return any(drop_of(options, drop) == drop_of(options, options["drop"]) for drop in earlier)
