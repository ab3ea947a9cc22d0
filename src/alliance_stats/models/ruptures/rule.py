"""The parameters of a rule, what a rule finds, and their checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alliance_stats._base.checks import is_whole, one_of, positive_number
from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.ruptures.series import Flags, Floats

RuleName = Literal["criterion", "control_chart", "partition", "regression"]
RULES = ("criterion", "control_chart", "partition", "regression")
Autocorrelation = Literal["widen", "refuse"]
#: Fewest ratings from which a patient's own standard deviation is taken.
LEAST_OWN = 8
#: Sessions after a rupture's first in which a return counts as repair.
WINDOW = 2
#: How close to the former level a return must come, in standard deviations.
TOLERANCE = 0.5
#: How far ratings must fall, in standard deviations, by rule.
DROPS = {"criterion": 1.0, "control_chart": 3.0, "partition": 1.0, "regression": 2.0}


@dataclass(frozen=True)
class Rule:
    """One rule with its parameters; `find_ruptures` documents them."""

    name: RuleName = "criterion"
    drop: float = 1.0
    sd: Literal["own", "pooled"] | float = "own"
    lookback: int | None = 1
    window: int = WINDOW
    tolerance: float = TOLERANCE
    penalty: float | None = None
    autocorrelation: Autocorrelation = "widen"
    min_sessions: int = LEAST_OWN

    @property
    def near(self) -> float:
        """How close to the level a return must come, in SDs; a partition has its high level."""
        return 0.0 if self.name == "partition" else self.tolerance

    @property
    def trend(self) -> bool:
        """Whether ratings are compared with a line of the patient's own."""
        return self.name == "regression"


@dataclass(frozen=True, eq=False)
class Signals:
    """What a rule finds in ratings.

    Attributes
    ----------
    y : array (n_sessions, n_patients, n_studies)
        What is compared with the level: ratings, or residuals from a line.
    onset : array of bool, same shape
        Sessions that start a rupture unless one is open.
    level : array, broadcast to that shape
        The level before the rupture, which a repair must regain.
    sd : array (n_patients, n_studies) or (1, n_studies)
        The unit of depth and of the tolerance.
    """

    y: Floats
    onset: Flags
    level: Floats
    sd: Floats


def rule_from(
    name: RuleName, *, drop: float | None, sd: object, lookback: int | None, window: int,
    tolerance: float | None, penalty: float | None, autocorrelation: Autocorrelation | None,
    min_sessions: int,
) -> Rule:  # fmt: skip
    """A checked rule; an argument that another rule would ignore is refused."""
    one_of(name, RULES, name="rule")
    _only(name, "criterion", sd != "own", f"sd={sd!r}")
    _only(name, "criterion", lookback != 1, f"lookback={lookback!r}")
    _only(name, "partition", penalty is not None, f"penalty={penalty!r}")
    _only(name, "control_chart", autocorrelation is not None, f"autocorrelation={autocorrelation}")
    if name == "partition" and tolerance is not None:
        raise ArgumentError(
            f"tolerance={tolerance!r} would be ignored: with rule='partition' a rupture is "
            "repaired where the upper level is entered again. Leave it out."
        )
    one_of(autocorrelation, ("widen", "refuse", None), name="autocorrelation")
    _check_sd(sd)
    chosen = DROPS[name] if drop is None else drop
    positive_number(chosen, name="drop")
    if penalty is not None:
        positive_number(penalty, name="penalty")
    if lookback is not None:
        _whole(lookback, 1, name="lookback")
    _whole(window, 1, name="window")
    _check_tolerance(tolerance)
    _check_least(min_sessions, own=not (name == "criterion" and sd != "own"))
    return Rule(
        name, float(chosen), sd if isinstance(sd, str) else float(sd),  # type: ignore[arg-type]
        lookback, int(window), TOLERANCE if tolerance is None else float(tolerance), penalty,
        autocorrelation or "widen", int(min_sessions),
    )  # fmt: skip


def _only(name: str, rule: str, given: bool, seen: str) -> None:
    """Raise where an argument of one rule is given to another."""
    if given and name != rule:
        raise ArgumentError(
            f"{seen} would be ignored with rule={name!r}: it belongs to rule={rule!r}. "
            "Leave it out, or give that rule."
        )


def _check_sd(sd: object) -> None:
    if isinstance(sd, str):
        one_of(sd, ("own", "pooled"), name="sd")
    else:
        positive_number(sd, name="sd")


def _check_tolerance(tolerance: object) -> None:
    if tolerance is None:
        return
    is_number = isinstance(tolerance, int | float | np.number) and not isinstance(tolerance, bool)
    if not (is_number and 0 <= float(tolerance) < float("inf")):  # type: ignore[arg-type]
        raise ArgumentError(
            f"tolerance={tolerance!r} is not a number from 0. Give standard deviations, such as "
            "0.5; 0 asks for the former level itself."
        )


def _check_least(min_sessions: object, *, own: bool) -> None:
    least = LEAST_OWN if own else 3
    if is_whole(min_sessions) and min_sessions >= least:
        return
    why = (
        "a patient's own standard deviation is not known from fewer. "
        f"Give {LEAST_OWN} or more, or a standard deviation that is not the patient's own "
        "(rule='criterion', sd='pooled')."
    )
    raise ArgumentError(
        f"min_sessions={min_sessions!r} is not a whole number from {least}"
        + (f": {why}" if own else ". Give 3 or more.")
    )


def _whole(value: object, least: int, *, name: str) -> None:
    if not is_whole(value) or value < least:
        raise ArgumentError(
            f"{name}={value!r} is not a number of sessions. Give a whole number from {least}."
        )
