"""The same effects under other choices about time and gaps.

*Detrended* names three models: a line common to all patients (fixed time, the default), a line of
each patient in the model (random time slope), and each patient's own least-squares line taken out
of both ratings before (Curran & Bauer, 2011; Wang & Maxwell, 2015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.lags import Gap
from alliance_stats.data.sessions import SessionData
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.effects import lagged_effects
from alliance_stats.models.lagged.prepare import Detrend, PreparedLags, prepare_lags
from alliance_stats.models.lagged.specification import (
    LaggedSpecification,
    fit_equation,
    too_few_rows,
)
from alliance_stats.models.prepare import Time, length_terms

_OTHER_GAP: dict[Gap, tuple[Gap, str]] = {
    "strict": ("previous", "with the session before, however long ago"),
    "previous": ("strict", "with session t − 1 only"),
}


def sensitivity_rows(
    fits: Mapping[str, MixedModelResult],
    prepared: PreparedLags,
    chosen: LaggedSpecification,
    data: SessionData,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """Effects as fitted, without time (or with it), with other trends, with other gaps.

    A row that the data do not allow is left out.
    """
    found = {"as fitted": lagged_effects(fits, prepared, ddf)}
    for model, time in _times(chosen.time).items():
        effects = _refitted(prepared, replace(chosen, time=time), ddf)
        if effects is not None:
            found[model] = effects
    length = [":".join(map(quote_name, term)) for term in length_terms(prepared, chosen.time)]
    if length and (effects := _refitted(prepared, chosen, ddf, length)) is not None:
        found["with treatment length"] = effects
    others: dict[str, tuple[Gap, Detrend]] = {
        "with ratings detrended by each patient's own line": (prepared.gap, "patient")
    }
    if prepared.step == 1:
        gap, words = _OTHER_GAP[prepared.gap]
        others[words] = (gap, "none")
    for model, (gap, detrend) in others.items():
        again = _prepared_again(prepared, chosen, data, gap, detrend)
        effects = None if again is None else _refitted(again, chosen, ddf)
        if effects is not None:
            found[model] = effects
    for model, table in found.items():
        table.insert(0, "model", model)
    return pd.concat(found.values(), ignore_index=True)


def _times(time: Time) -> dict[str, Time]:
    """Other ways in which time may enter, by what the row is called."""
    found: dict[str, Time] = {"without time": "none", "with linear time": "linear"}
    found["with a time slope of each patient"] = "patient"
    return {model: other for model, other in found.items() if other != time}


def _refitted(
    prepared: PreparedLags,
    chosen: LaggedSpecification,
    ddf: Ddf,
    extra: Sequence[str] = (),
) -> pd.DataFrame | None:
    """The effects of another model; None where it cannot be fitted."""
    if any(too_few_rows(prepared, equation, chosen) for equation in prepared.equations):
        return None
    try:
        fits: dict[str, MixedModelResult] = {
            e.side: fit_equation(prepared, e, chosen, extra=extra) for e in prepared.equations
        }
    except DataError:
        return None
    return lagged_effects(fits, prepared, ddf)


def _prepared_again(
    prepared: PreparedLags,
    chosen: LaggedSpecification,
    data: SessionData,
    gap: Gap,
    detrend: Detrend,
) -> PreparedLags | None:
    """The same sessions, lagged or centred in another way; None where that is not possible."""
    try:
        return prepare_lags(
            data, prepared.roles, step=prepared.step, gap=gap, time_column=chosen.time_column,
            therapist_change=prepared.therapist_change, detrend=detrend,
        )  # fmt: skip
    except (DataError, ArgumentError):
        return None
