"""The plain frame of a forest plot: studies, mean, prediction interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from alliance_stats.meta.moderators import columns_of
from alliance_stats.meta.subgroups import subgroup_labels, subgroup_rows
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.predictions import predict, quantile

_ENDS = {"estimate": "shown", "ci_low": "shown_low", "ci_high": "shown_high"}


def forest_frame(self: FittedMeta, conf_level: float = 0.95) -> pd.DataFrame:
    """One row a line of the forest plot.

    Studies come in the order of the data with normal intervals of their own; a model without
    moderators adds its mean and the prediction interval of a new study, one whose only moderator
    is a category those of every level.

    Returns
    -------
    DataFrame
        ``row`` (study, subgroup, mean, prediction), ``study``, ``effect``, ``group``, ``estimate
        ci_low ci_high se`` on the scale of analysis, ``shown shown_low shown_high`` as read,
        ``weight`` (shares over the studies), ``n``, ``fitted``, ``residual``, and the moderators.
    """
    parts = [_study_rows(self, conf_level)]
    if self.mean_only:
        parts += [_mean_row(self, conf_level)]
        parts += [_prediction_row(self, conf_level)] if self.method != "EE" else []
    parts += subgroup_rows(
        self.studies,
        lambda new: predict(self, new, conf_level=conf_level),
        prediction=self.method != "EE",
    )
    frame = pd.concat(parts, ignore_index=True)
    return with_shown(frame, self.scale.back)


def with_shown(
    frame: pd.DataFrame, back: Callable[[np.ndarray], np.ndarray] | None
) -> pd.DataFrame:
    """Add the columns that hold estimate and interval as they are read."""
    for name, shown in _ENDS.items():
        values = frame[name].to_numpy(dtype=float)
        frame[shown] = values if back is None else back(values)
    return frame


def _study_rows(self: FittedMeta, conf_level: float) -> pd.DataFrame:
    studies = self.studies
    se = np.sqrt(studies.vi)
    half = quantile(np.inf, conf_level) * se
    rows = pd.DataFrame(
        {
            "row": "study",
            "study": studies.study,
            "effect": effect_labels(studies.study),
            "group": subgroup_labels(studies),
            "estimate": studies.yi,
            "ci_low": studies.yi - half,
            "ci_high": studies.yi + half,
            "se": se,
            "shown": np.nan,
            "shown_low": np.nan,
            "shown_high": np.nan,
            "weight": self.weights / self.weights.sum(),
            "n": np.nan if studies.ni is None else studies.ni,
            "fitted": self.fitted,
            "residual": studies.yi - self.fitted,
        }
    )
    used = [name for name in columns_of(studies.moderators.fixed) if name not in rows]
    return pd.concat([rows, studies.frame[used]], axis=1) if used else rows


def effect_labels(study: np.ndarray) -> list[str]:
    """``1``, ``2`` … of the effects of a study that has several; empty where it has one."""
    names = pd.Series(study)
    several = names.map(names.value_counts()) > 1
    numbers = names.groupby(names).cumcount() + 1
    return [str(n) if s else "" for n, s in zip(numbers, several, strict=True)]


def _mean_row(self: FittedMeta, conf_level: float) -> pd.DataFrame:
    found = predict(self, conf_level=conf_level)[["estimate", "ci_low", "ci_high", "se"]]
    n = np.nan if self.studies.ni is None else float(self.studies.ni.sum())
    return found.assign(row="mean", study="", effect="", group="", n=n)


def _prediction_row(self: FittedMeta, conf_level: float) -> pd.DataFrame:
    found = predict(self, conf_level=conf_level)[["estimate", "pi_low", "pi_high"]]
    found.columns = pd.Index(["estimate", "ci_low", "ci_high"])
    return found.assign(row="prediction", study="", effect="", group="")
