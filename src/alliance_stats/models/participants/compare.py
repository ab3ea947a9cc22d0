"""Both ways beside each other: two stages, all effects jointly, one stage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats.meta.multilevel.result import MultilevelMetaResult
from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.models.participants.one_stage import OneStage

#: Estimates of both ways further apart than this many standard errors are named.
APART = 0.5
TWO, JOINT, ONE = "two stages", "two stages, jointly", "one stage"
COLUMNS = (
    "effect", "unit", "group", "way", "k", "estimate", "se", "statistic", "df", "p_value",
    "ci_low", "ci_high", "tau", "pi_low", "pi_high",
)  # fmt: skip


def comparison(
    metas: Mapping[str, MetaResult],
    joint: MultilevelMetaResult | None,
    one_stage: Mapping[str, OneStage],
    units: Mapping[str, str],
    scale: str,
    conf_level: float,
) -> pd.DataFrame:
    """One row an effect and way, on one scale."""
    rows: list[dict[str, object]] = []
    for effect, meta in metas.items():
        head = {"effect": effect, "unit": units[effect], "group": scale}
        rows.append(head | {"way": TWO, "k": meta.studies.k} | _two(meta, conf_level))
        if joint is not None:
            rows.append(head | {"way": JOINT} | _joint(joint, effect, conf_level))
        if effect in one_stage:
            one = one_stage[effect]
            rows.append(head | {"way": ONE, "k": one.n_studies} | one.row(conf_level))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _two(meta: MetaResult, conf_level: float) -> dict[str, object]:
    row = _numbers(meta.tidy(conf_level=conf_level).iloc[0])
    ends = meta.prediction_interval(conf_level=conf_level)[["pi_low", "pi_high"]].iloc[0]
    return row | {"tau": float(np.sqrt(meta.tau2))} | _numbers(ends)


def _joint(joint: MultilevelMetaResult, effect: str, conf_level: float) -> dict[str, object]:
    table, spread = joint.tidy(conf_level=conf_level), joint.heterogeneity()
    own = spread[spread["term"] == effect].iloc[0]
    row = _numbers(table[table["term"] == f"effect[{effect}]"].iloc[0])
    return row | {"k": int(own["n"]), "tau": float(own["tau"])}


def _numbers(row: pd.Series) -> dict[str, object]:
    """The columns of a row that the comparison has."""
    return {str(name): value for name, value in row.items() if name in COLUMNS}


def apart(table: pd.DataFrame) -> dict[str, float]:
    """Effects whose estimates differ between the ways, and the difference in standard errors."""
    found = {}
    for effect, part in table.groupby("effect", sort=False):
        rows = part.set_index("way")[["estimate", "se"]].T.to_dict()
        if ONE in rows:
            one, two = rows[ONE], rows[TWO]
            in_se = (one["estimate"] - two["estimate"]) / max(one["se"], two["se"])
            if abs(in_se) > APART:
                found[str(effect)] = float(in_se)
    return found
