"""The refusal of what does not hold with structured residuals, one message style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from alliance_stats._base.errors import UnsupportedError

if TYPE_CHECKING:
    from alliance_stats.lmm.residual.fitted import FittedResidual

#: What Kenward-Roger is, and what to do instead.
NOT_LINEAR = (
    "Kenward-Roger, which needs a covariance that is linear in its parameters,",
    "Use ddf='satterthwaite'.",
)


class HasResidual(Protocol):
    """A fit, or its design."""

    @property
    def residual(self) -> FittedResidual | None:
        """The residual structure."""


def no_structure(fit: HasResidual, what: str, instead: str) -> None:
    """Raise UnsupportedError where a fit or design has a residual structure."""
    if fit.residual is not None:
        raise UnsupportedError(
            f"{what} with a residual structure, {fit.residual.structure}, is not available. "
            f"{instead}"
        )
