"""The refusal of what does not hold with structured residuals, one message style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliance_stats._base.errors import UnsupportedError

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult


def no_structure(fit: MixedModelResult, what: str, instead: str) -> None:
    """Raise UnsupportedError where a fit has a residual structure."""
    if fit.residual is not None:
        raise UnsupportedError(
            f"{what} with a residual structure, {fit.residual.structure}, is not available. "
            f"{instead}"
        )
