"""The check that an argument is a fitted mixed model."""

from __future__ import annotations

from alliance_stats._base.errors import ArgumentError
from alliance_stats.lmm.result import MixedModelResult


def fit_given(value: object, *, name: str) -> None:
    """Raise ArgumentError unless `value` is a MixedModelResult."""
    if isinstance(value, MixedModelResult):
        return
    inner = isinstance(getattr(value, "fit", None), MixedModelResult)
    advice = f"Give its mixed model, {name}.fit." if inner else "Give a result of fit_lmm."
    raise ArgumentError(f"{name} is a {type(value).__name__}, not a fitted mixed model. {advice}")
