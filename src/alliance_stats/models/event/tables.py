"""Tables of an event model: coefficients, hazard ratios, events by session, therapists' frailty."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.errors import FitWarning
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.glmm.result import GlmmResult
from alliance_stats.models.event.hazard import Hazard
from alliance_stats.models.event.prepare import COMPETING, EVENT, PreparedEvents
from alliance_stats.models.event.specification import PREDICTORS

#: What exponentiated coefficients are called.
RATIOS = {"cloglog": "hazard ratio", "logit": "odds ratio"}


def hazard_rows(hazard: Hazard, conf_level: float, *, exponentiate: bool = False) -> pd.DataFrame:
    """Tidy rows of one hazard, effects of the alliance first."""
    effects = {column: effect for effect, column in hazard.prepared.effects}
    units = dict(PREDICTORS.values())
    names = [*effects, *(name for name in hazard.fit.names if name not in effects)]
    table = hazard.fit.contrasts(
        {name: {name: 1.0} for name in names}, conf_level=conf_level, exponentiate=exponentiate
    )
    kinds = [effects.get(name, "") for name in names]
    table.insert(0, "effect", kinds)
    table.insert(1, "unit", [units.get(kind, "") for kind in kinds])
    table.insert(2, "group", hazard.cause)
    table["term"] = [f"{hazard.cause} ~ {name}" for name in names]
    return table[["effect", "unit", "group", *TIDY_COLUMNS]]


def ratio_rows(
    hazards: Sequence[Hazard], sds: pd.Series, conf_level: float, link: str
) -> pd.DataFrame:
    """Ratios of hazards (or odds) a point and an SD of every predictor that is a number."""
    tables = []
    for hazard in hazards:
        rows = hazard_rows(hazard, conf_level)
        columns = rows["term"].str.removeprefix(f"{hazard.cause} ~ ")
        rows = rows[columns.isin(sds.index)].assign(column=columns)
        for per, size in (("point", np.ones(len(rows))), ("SD", sds[rows["column"]].to_numpy())):
            table = rows[["effect", "unit", "group", "term"]].assign(ratio=RATIOS[link], per=per)
            for name in ("estimate", "ci_low", "ci_high"):
                table[name] = np.exp(rows[name].to_numpy() * size)
            tables.append(table.assign(sd=sds[rows["column"]].to_numpy()))
    return pd.concat(tables, ignore_index=True)


def predictor_sds(prepared: PreparedEvents) -> pd.Series:
    """SD of every predictor that is a number, over the sessions at risk of the event."""
    rows = prepared.rows(EVENT)[list(prepared.predictors)]
    return rows.select_dtypes("number").std(ddof=1)


def life_table(prepared: PreparedEvents) -> pd.DataFrame:
    """Sessions at risk, events and their shares by session number.

    The share of the event is that among sessions which the competing event did not end.
    """
    chosen = prepared.specification
    by_session = prepared.frame.groupby(prepared.roles.session)
    table = by_session[[COMPETING, EVENT]].sum().reset_index()
    n = by_session.size().to_numpy()
    table.insert(1, "at_risk", n)
    left = n - table[COMPETING].to_numpy()
    share = np.where(left > 0, table[EVENT] / np.where(left > 0, left, 1), np.nan)
    if not prepared.frame[COMPETING].any():
        table = table.drop(columns=COMPETING)
    named = {
        COMPETING: chosen.competing_name,
        EVENT: chosen.event,
        prepared.roles.session: "session",
    }
    return table.rename(columns=named).assign(hazard=share)


def competing_shares(prepared: PreparedEvents, sessions: np.ndarray) -> np.ndarray:
    """Observed share (n,) of sessions at risk that the competing event ended."""
    shares = prepared.frame.groupby(prepared.roles.session)[COMPETING].mean()
    return np.asarray(shares[sessions], dtype=float)


def frailty_rows(hazards: Sequence[Hazard], conf_level: float) -> pd.DataFrame:
    """SD of the therapists' frailty for every event, with profile-likelihood intervals.

    Columns ``group unit sd variance ci_low ci_high``; the interval is that of the SD.
    """
    rows = []
    for hazard in hazards:
        fit, therapist = hazard.fit, hazard.prepared.therapist
        if not isinstance(fit, GlmmResult) or therapist is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)  # a lower end of 0 is in the table
            ends = fit.confint(parameters=[therapist], conf_level=conf_level).iloc[0]
        sd = float(ends["estimate"])
        rows.append((hazard.cause, "therapist", sd, sd**2, ends["ci_low"], ends["ci_high"]))
    return pd.DataFrame(rows, columns=["group", "unit", "sd", "variance", "ci_low", "ci_high"])
