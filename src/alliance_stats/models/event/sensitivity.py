"""The same effects under other choices, and with missing ratings set to other values.

*Delta-adjusted pattern mixture* (Little, 1993, Journal of the American Statistical Association, 88,
125–134): ratings that are missing at a session are filled in by what the earlier ones let expect,
and those of patients who did not come back, the pattern that may differ, are shifted by delta SDs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.data.roles import Roles
from alliance_stats.data.units import float_values, unit_codes
from alliance_stats.models.event.endings import endings_of_therapy
from alliance_stats.models.event.hazard import fit_hazard
from alliance_stats.models.event.predictors import running_mean
from alliance_stats.models.event.prepare import (
    COMPETING,
    EVENT,
    PreparedEvents,
    check_baseline_rows,
    prepare_events,
)
from alliance_stats.models.event.specification import OF_SESSION, EventSpecification, Link
from alliance_stats.models.event.tables import hazard_rows

AS_FITTED = "as fitted"
DELTAS = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
_POINTS = 9
_BASELINES = {
    "spline": "with a spline of session", "factor": "with a level for every session",
    "log": "with log(session)",
}  # fmt: skip


def sensitivity_rows(
    prepared: PreparedEvents, frame: pd.DataFrame, fitted: pd.DataFrame, conf_level: float
) -> pd.DataFrame:
    """The effects as fitted and under other choices; one that cannot be fitted is left out."""
    chosen = prepared.specification
    found = {AS_FITTED: fitted.drop(columns="group")}
    for model, other in _others(chosen).items():
        effects = _refitted(frame, prepared.roles, other, conf_level)
        if effects is not None:
            found[model] = effects
    if prepared.frame[COMPETING].any():
        at_risk = replace(prepared, frame=prepared.frame.assign(**{COMPETING: 0}))
        found[f"with sessions that ended by '{chosen.competing_name}' at risk"] = _effects(
            at_risk, conf_level
        )
    for model, table in found.items():
        found[model] = table.assign(model=model)
    whole = pd.concat(found.values(), ignore_index=True)
    return whole[["model", *found[AS_FITTED].columns[:-1]]]


def _others(chosen: EventSpecification) -> dict[str, EventSpecification]:
    """Other choices, one changed at a time, by what the row is called."""
    link: Link = "logit" if chosen.link == "cloglog" else "cloglog"
    found = {f"with the {link} link": replace(chosen, link=link)}
    for baseline, words in _BASELINES.items():
        if baseline != chosen.baseline:
            found[words] = replace(chosen, baseline=baseline)  # type: ignore[arg-type]
    if chosen.frailty:
        found["without therapists"] = replace(chosen, frailty=False, n_agq=1)
        points, words = (_POINTS, f"{_POINTS} points") if chosen.n_agq == 1 else (1, "one point")
        found[f"with quadrature of {words}"] = replace(chosen, n_agq=points)
    if chosen.missing == "drop" and set(chosen.predictors) & set(OF_SESSION):
        found["with the last rating where it is missing"] = replace(chosen, missing="last")
    elif chosen.missing == "last":
        found["without sessions whose rating is missing"] = replace(chosen, missing="drop")
    return found


def _refitted(
    frame: pd.DataFrame, roles: Roles, chosen: EventSpecification, conf_level: float
) -> pd.DataFrame | None:
    try:
        prepared = prepare_events(frame, roles, chosen)
        check_baseline_rows(prepared)
        return _effects(prepared, conf_level)
    except (DataError, ArgumentError):
        return None


def _effects(prepared: PreparedEvents, conf_level: float) -> pd.DataFrame:
    """Effects of the alliance on the event."""
    table = hazard_rows(fit_hazard(prepared, EVENT), conf_level).head(len(prepared.effects))
    return table.drop(columns="group")


def delta_rows(
    prepared: PreparedEvents, frame: pd.DataFrame, deltas: Sequence[float], conf_level: float
) -> pd.DataFrame:
    """The effects with missing ratings filled in, those before the event shifted by delta SDs."""
    _check_deltas(deltas)
    chosen, roles = prepared.specification, prepared.roles
    if not prepared.effects:
        raise UnsupportedError(
            "there are no predictors made of the alliance whose missing ratings could be filled in."
        )
    filled, gaps, before_event = _expected(prepared, frame)
    sd = float(frame[roles.alliance].std(ddof=1))
    tables = []
    for delta in deltas:
        rating = np.where(gaps & before_event, filled + delta * sd, filled)
        given = frame.assign(**{roles.alliance: rating})
        table = _effects(prepare_events(given, roles, chosen), conf_level)
        tables.append(table.assign(delta=float(delta), n_filled=int(gaps.sum()),
                                   n_shifted=int((gaps & before_event).sum())))  # fmt: skip
    whole = pd.concat(tables, ignore_index=True)
    return whole[["delta", "n_filled", "n_shifted", *tables[0].columns[:-3]]]


def _expected(
    prepared: PreparedEvents, frame: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratings with the missing ones filled in, which were, and which rows the event follows.

    A missing rating is expected to be the mean of the patient's earlier ones or, where there are
    none, that of all ratings at sessions of this number.
    """
    roles, chosen = prepared.roles, prepared.specification
    patient, _ = unit_codes(frame, roles.patient)
    session, rating = float_values(frame, roles.session), float_values(frame, roles.alliance)
    order = np.lexsort((session, patient))
    expected = np.empty(len(frame))
    expected[order] = running_mean(rating[order], patient[order])
    by_number = pd.Series(rating).groupby(session).transform("mean").to_numpy()
    expected = np.where(np.isnan(expected), by_number, expected)
    expected = np.where(np.isnan(expected), np.nanmean(rating), expected)
    gaps = np.isnan(rating)
    if chosen.by_column:
        came = float_values(frame, chosen.event) == 1
    else:
        came = endings_of_therapy(frame, roles, chosen, patient).event
    return np.where(gaps, expected, rating), gaps, came


def _check_deltas(deltas: object) -> None:
    numbers = list(deltas) if isinstance(deltas, Sequence | np.ndarray) else []
    plain = all(isinstance(d, int | float | np.number) and np.isfinite(d) for d in numbers)
    if not numbers or isinstance(deltas, str) or not plain:
        raise ArgumentError(
            f"deltas={deltas!r} is not a grid of shifts in SDs. Give numbers such as (-1, 0, 1)."
        )
