"""What a study may ask: the public calls by name, and what data each takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal

Takes = Literal["sessions", "effects"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the library: its module, and the data it takes."""

    module: str
    takes: Takes = "sessions"


#: Every `fit` of study.toml.
CALLS: dict[str, Call] = {
    "describe_levels": Call("alliance_stats.data.describe"),
    "fit_congruence": Call("alliance_stats.models.congruence.fit"),
    "fit_cross_lagged": Call("alliance_stats.models.panel.fit"),
    "fit_dyads": Call("alliance_stats.models.dyads.fit"),
    "fit_event": Call("alliance_stats.models.event.fit"),
    "fit_growth": Call("alliance_stats.models.growth.fit"),
    "fit_importance": Call("alliance_stats.models.importance.fit"),
    "fit_lagged": Call("alliance_stats.models.lagged.fit"),
    "fit_latent_within_between": Call("alliance_stats.models.latent.fit"),
    "fit_mediation": Call("alliance_stats.models.mediation.fit"),
    "fit_meta": Call("alliance_stats.meta.univariate.fit", "effects"),
    "fit_meta_multilevel": Call("alliance_stats.meta.multilevel.fit", "effects"),
    "fit_moderation": Call("alliance_stats.models.moderation.fit"),
    "fit_outcome": Call("alliance_stats.models.outcome.fit"),
    "fit_perspectives": Call("alliance_stats.models.perspectives.fit"),
    "fit_ruptures": Call("alliance_stats.models.ruptures.fit"),
    "fit_therapist": Call("alliance_stats.models.therapist.fit"),
    "fit_within_between": Call("alliance_stats.models.within_between.fit"),
    "reliability_report": Call("alliance_stats.reliability.report.report"),
}

#: Arguments that study.toml sets in places of their own.
_SET_ELSEWHERE = {"sessions", "frame", "roles", "rng"}


def function_of(name: str) -> Callable[..., Any]:
    """The function itself; its room loads now."""
    found: Callable[..., Any] = getattr(import_module(CALLS[name].module), name)
    return found


@cache
def options_of(name: str) -> tuple[str, ...]:
    """The arguments that options may set."""
    return tuple(
        p for p in inspect.signature(function_of(name)).parameters if p not in _SET_ELSEWHERE
    )


@cache
def draws(name: str) -> bool:
    """Whether the call draws random numbers."""
    return "rng" in inspect.signature(function_of(name)).parameters


def as_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the calls take them: lists of TOML are tuples."""
    return {name: _tupled(value) for name, value in options.items()}


def _tupled(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_tupled(item) for item in value)
    if isinstance(value, dict):
        return {name: _tupled(item) for name, item in value.items()}
    return value
