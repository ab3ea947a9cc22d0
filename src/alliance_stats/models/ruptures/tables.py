"""Tables of ruptures: one row a rupture, one a patient, one a measure of the study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.models.ruptures.analysis import Analysis
from alliance_stats.models.ruptures.chance import COUNTS, MEASURES, p_values
from alliance_stats.models.ruptures.ratings import Ratings
from alliance_stats.models.ruptures.rule import Rule
from alliance_stats.models.ruptures.series import Floats

RUPTURE_COLUMNS = (
    "start", "lowest_session", "repair", "resolved_at", "level", "lowest", "depth", "depth_sd",
    "length", "repaired", "resolved",
)  # fmt: skip


def ruptures_table(analysis: Analysis, ratings: Ratings, rule: Rule, patient: str) -> pd.DataFrame:
    """One row a rupture, by patient and session."""
    starts = analysis.episodes.start[:, :, 0]
    rows = [_rupture(analysis, ratings, rule, t, p) for p, t in np.argwhere(starts.T)]
    table = pd.DataFrame(rows, columns=[patient, *RUPTURE_COLUMNS])
    whole = dict.fromkeys(("lowest_session", "start", "repair", "resolved_at"), "Int64")
    kinds = dict.fromkeys(("level", "lowest", "depth", "depth_sd", "length"), float)
    return table.astype({**whole, **kinds, "repaired": bool, "resolved": bool})


def _rupture(analysis: Analysis, ratings: Ratings, rule: Rule, t: int, p: int) -> list[object]:
    """One rupture that starts at place `t` of patient `p`."""
    signals, first = analysis.signals, int(ratings.first[p])
    y = signals.y[:, p, 0]
    sd = float(np.broadcast_to(signals.sd, (signals.y.shape[1], 1))[p, 0])
    level = float(np.broadcast_to(signals.level, signals.y.shape)[t, p, 0])
    goal = level - rule.near * sd * (1.0 + 1e-12)
    with np.errstate(invalid="ignore"):
        back = np.flatnonzero(y[t + 1 :] >= goal) + t + 1
    resolved_at = int(back[0]) if len(back) else None
    repaired = resolved_at is not None and resolved_at <= t + rule.window
    end = resolved_at if repaired and resolved_at is not None else t + rule.window + 1
    place = t + int(np.nanargmin(y[t:end]))
    depth = level - float(y[place])
    lowest = float(ratings.series.y[place, p, 0])
    return [
        ratings.patients[p], first + t, first + place,
        first + resolved_at if repaired and resolved_at is not None else pd.NA,
        pd.NA if resolved_at is None else first + resolved_at,
        lowest + depth if rule.trend else level, lowest, depth, depth / sd,
        np.nan if resolved_at is None else float(resolved_at - t), repaired,
        resolved_at is not None,
    ]  # fmt: skip


def patients_table(
    analysis: Analysis, ratings: Ratings, patient: str, conf_level: float
) -> pd.DataFrame:
    """One row a patient: counts beside what chance brings about in ratings like theirs."""
    series, drawn = ratings.series, analysis.chance.patients
    observed = analysis.counts.astype(float)
    expected = drawn.mean(axis=2)
    low, high = _ends(drawn[0].astype(float), conf_level)
    excess = drawn[0] - expected[0][:, None]
    return pd.DataFrame(
        {
            patient: ratings.patients,
            "n_ratings": series.n[:, 0].astype(int),
            "mean": series.mean[:, 0],
            "sd": series.sd[:, 0],
            **{name: analysis.counts[k].astype(int) for k, name in enumerate(COUNTS)},
            "expected": expected[0],
            "expected_low": low,
            "expected_high": high,
            "excess": observed[0] - expected[0],
            "p_value": p_values(excess, observed[0] - expected[0]),
            "expected_repaired": expected[1],
            "expected_resolved": expected[2],
        }
    )


def chance_table(analysis: Analysis, conf_level: float) -> pd.DataFrame:
    """One row a measure: observed, expected by chance with its range, excess and its test."""
    expected = analysis.chance.expected
    low, high = _ends(analysis.chance.excess, conf_level)
    return pd.DataFrame(
        {
            "measure": list(MEASURES),
            "observed": analysis.measures,
            "expected": expected,
            "expected_low": np.maximum(expected + low, 0.0),
            "expected_high": np.minimum(expected + high, _most(analysis)),
            "excess": analysis.excess,
            "p_value": analysis.p_values,
        }
    )


def _most(analysis: Analysis) -> Floats:
    """The largest value that each measure can have."""
    n_sessions = float(analysis.null.series.n.sum())
    return np.array([*[n_sessions] * 4, float(analysis.counts.shape[1]), 1.0])


def tidy_table(analysis: Analysis, conf_level: float) -> pd.DataFrame:
    """Excesses as a tidy table; intervals are of the excess, the law of chance shifted to it."""
    excess = analysis.chance.excess
    low, high = _ends(excess, conf_level)
    se = _spread(excess)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(se > 0, analysis.excess / se, np.nan)
    table = pd.DataFrame(
        {
            "effect": [f"excess_{name}" for name in MEASURES],
            "unit": ["session"] * 4 + ["patient", "session"],
            "term": list(MEASURES),
            "estimate": analysis.excess,
            "se": se,
            "statistic": statistic,
            "df": np.nan,
            "p_value": analysis.p_values,
            "ci_low": analysis.excess - high,
            "ci_high": analysis.excess - low,
        }
    )
    return table[["effect", "unit", *TIDY_COLUMNS]]


def _ends(values: Floats, conf_level: float) -> tuple[Floats, Floats]:
    """Quantiles over simulations that leave out half of 1 − conf_level at each end."""
    tail = (1.0 - conf_level) / 2.0
    if not np.isnan(values).any():
        low, high = np.quantile(values, [tail, 1.0 - tail], axis=1)
        return low, high
    ends = np.full((2, len(values)), np.nan)
    for k, row in enumerate(values):
        if (known := row[~np.isnan(row)]).size:
            ends[:, k] = np.quantile(known, [tail, 1.0 - tail])
    return ends[0], ends[1]


def _spread(values: Floats) -> Floats:
    known = (~np.isnan(values)).sum(axis=1)
    found = np.full(len(values), np.nan)
    some = known > 1
    found[some] = np.nanstd(values[some], axis=1, ddof=1)
    return found
