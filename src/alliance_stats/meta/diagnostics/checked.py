"""What may be asked of which results."""

from __future__ import annotations

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.univariate.fitted import FittedMeta


def checked(result: object, name: str) -> None:
    """Raise unless `result` is a meta-analysis made by `fit_meta`."""
    if not isinstance(result, FittedMeta):
        raise UnsupportedError(
            f"{name} takes a result of fit_meta; this is a {type(result).__name__}. "
            "Fit the effect sizes with fit_meta first."
        )


def mean_only(result: FittedMeta, name: str) -> None:
    """Raise where there are moderators: one mean is followed."""
    if not result.mean_only:
        raise UnsupportedError(
            f"{name} follows one mean effect, and this model has moderators "
            f"({result.studies.moderators.fixed}). influence(result).changes() has every "
            "coefficient without each effect."
        )
