"""The frame that the figure of ruptures draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.models.ruptures.analysis import Analysis
from alliance_stats.models.ruptures.control_chart import D2, moving_range
from alliance_stats.models.ruptures.ratings import Ratings
from alliance_stats.models.ruptures.rule import Rule
from alliance_stats.models.ruptures.series import Floats
from alliance_stats.models.ruptures.trends import residuals

COLUMNS = ("panel", "layer", "group", "x", "y")


def ruptures_frame(analysis: Analysis, ratings: Ratings, rule: Rule) -> pd.DataFrame:
    """Ratings, limits, ruptures and repairs of every patient, and counts that chance brings about.

    Columns ``panel`` (patients, chance), ``layer``, ``group`` (patients numbered in the order of
    the data), ``x`` and ``y``. Layers of patients: ``ratings``, ``level`` (mean, line or levels of
    the rule), ``limit`` (below which a rupture starts), ``rupture`` and ``repair``, and ``count``
    (x: ruptures, y: their expectation). Layers of chance: ``simulated`` (x: a count of all
    ruptures; y: share of simulated studies with it) and
    ``observed``.
    """
    y = ratings.series.y[:, :, 0]
    level, limit = _lines(analysis, ratings, rule)
    layers = {
        "ratings": y,
        "level": level,
        "limit": limit,
        "rupture": np.where(analysis.episodes.start[:, :, 0], y, np.nan),
        "repair": np.where(analysis.episodes.repair[:, :, 0], y, np.nan),
    }
    parts = [_layer(name, values, ratings) for name, values in layers.items()]
    return pd.concat([*parts, _counts(analysis), _chance(analysis)], ignore_index=True)[
        list(COLUMNS)
    ]


def _lines(analysis: Analysis, ratings: Ratings, rule: Rule) -> tuple[Floats, Floats]:
    """Level and limit at every session (n_sessions, n_patients); NaN where there is none."""
    series, signals = ratings.series, analysis.signals
    y = series.y[:, :, 0]
    nothing = np.full_like(y, np.nan)
    if rule.name == "criterion":
        return nothing, signals.level[:, :, 0] - rule.drop * signals.sd[:, 0]
    if rule.name == "partition":
        return signals.y[:, :, 0], nothing
    if rule.name == "regression":
        line = y - residuals(series, "own")[:, :, 0]
        return line, line - rule.drop * signals.sd[:, 0]
    rho = analysis.null.neighbours(np.array([analysis.null.rho]))
    sigma = moving_range(series) / D2 / np.sqrt(1.0 - rho)
    level = np.where(series.seen, series.mean[:, 0], np.nan)
    return level, level - rule.drop * sigma[:, 0]


def _layer(name: str, values: Floats, ratings: Ratings) -> pd.DataFrame:
    """The known values of one layer, by patient and session."""
    patient, place = np.nonzero(~np.isnan(values.T))
    return pd.DataFrame(
        {
            "panel": "patients",
            "layer": name,
            "group": patient,
            "x": (ratings.first[patient] + place).astype(float),
            "y": values[place, patient],
        }
    )


def _counts(analysis: Analysis) -> pd.DataFrame:
    """Ruptures of every patient and their expectation."""
    observed, expected = analysis.counts[0], analysis.chance.patients[0].mean(axis=1)
    return pd.DataFrame(
        {
            "panel": "patients",
            "layer": "count",
            "group": np.arange(len(observed)),
            "x": observed.astype(float),
            "y": expected,
        }
    )


def _chance(analysis: Analysis) -> pd.DataFrame:
    """Distribution of the count of all ruptures by chance, and the observed count."""
    counts = np.rint(analysis.chance.expected[0] + analysis.chance.excess[0])
    values, n = np.unique(counts, return_counts=True)
    drawn = pd.DataFrame(
        {"panel": "chance", "layer": "simulated", "group": -1, "x": values, "y": n / n.sum()}
    )
    seen = pd.DataFrame(
        {"panel": "chance", "layer": "observed", "group": -1, "x": [analysis.measures[0]], "y": 0.0}
    )
    return pd.concat([drawn, seen], ignore_index=True)
