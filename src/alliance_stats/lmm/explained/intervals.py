"""Bootstrap columns of the tables of explained variance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.resampling.bootstrap_result import WORDS, BootstrapResult, Interval


def with_intervals(
    table: pd.DataFrame, found: BootstrapResult | None, *, conf_level: float, kind: Interval
) -> pd.DataFrame:
    """A table of estimates with the other columns of ``tidy``, and ``bias``.

    Parameters
    ----------
    table : DataFrame
        With columns ``term estimate``, rows in the order of the draws' columns.
    found : BootstrapResult or None
        Without it everything is NaN.
    conf_level, kind
        As in `BootstrapResult.confint`; left alone without a bootstrap.
    """
    if found is None:
        _refuse_ignored(conf_level, kind)
        return table.assign(**dict.fromkeys((*TIDY_COLUMNS[2:], "bias"), np.nan))
    drawn = found.tidy(conf_level=conf_level, kind=kind)
    bias = found.bias.to_numpy()
    return table.assign(**{name: drawn[name] for name in TIDY_COLUMNS[2:]}, bias=bias)


def _refuse_ignored(conf_level: float, kind: str) -> None:
    """Raise ArgumentError for intervals that are not there."""
    for name, value, default in (("conf_level", conf_level, 0.95), ("kind", kind, "percentile")):
        if value != default:
            raise ArgumentError(
                f"{name}={value!r} is of bootstrap intervals, and there are none. "
                "Ask for them first: bootstrap=1000, rng=1."
            )


def notes_on(found: BootstrapResult | None) -> tuple[str, ...]:
    """Where intervals come from."""
    if found is None:
        return ()
    of = f" of {found.unit}s" if found.unit else ""
    return (f"Percentile intervals of a {WORDS[found.kind].lower()}{of}, {found.n:,} draws.",)
