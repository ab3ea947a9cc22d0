"""The arguments that a structural equation model was fitted with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of a fit."""

    missing: str
    estimator: str
    information: str
    groups: str | None
    cluster: str | None
