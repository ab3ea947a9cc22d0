"""The plain frame of a forest plot of dependent effects: effects, mean, prediction interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats.meta.moderators import columns_of
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.predictions import predict
from alliance_stats.meta.multilevel.tables import tidy
from alliance_stats.meta.subgroups import subgroup_column, subgroup_labels, subgroup_rows

_ENDS = {"estimate": "shown", "ci_low": "shown_low", "ci_high": "shown_high"}


def forest_frame(self: FittedMultilevel, conf_level: float = 0.95) -> pd.DataFrame:
    """One row a line of the forest plot.

    Effects come in the order of the data with normal intervals of their own; a model without
    moderators adds its mean and the prediction interval of a new study, one whose only moderator
    is a category those of every level.

    Returns
    -------
    DataFrame
        ``row`` (study, subgroup, mean, prediction), ``study``, ``effect``, ``group``, ``estimate
        ci_low ci_high se`` on the scale of analysis, ``shown shown_low shown_high`` as read,
        ``weight`` (shares over the effects), ``n``, ``fitted``, ``residual``, and the moderators.
    """
    parts = [_effect_rows(self, conf_level)]
    if self.mean_only:
        parts += _summary_rows(self, conf_level)
    parts += _subgroup_rows(self, conf_level)
    frame = pd.concat(parts, ignore_index=True)
    back = self.scale.back
    for name, shown in _ENDS.items():
        values = frame[name].to_numpy(dtype=float)
        frame[shown] = values if back is None else back(values)
    return frame


def _summary_rows(self: FittedMultilevel, conf_level: float) -> list[pd.DataFrame]:
    """The mean, and the prediction interval where it is one for all effects."""
    n = np.nan if self.studies.ni is None else float(self.studies.ni.sum())
    names = {"study": "", "effect": "", "group": ""}
    columns = ["estimate", "ci_low", "ci_high", "se"]
    mean = tidy(self, conf_level=conf_level)[columns].assign(row="mean", n=n, **names)
    if any(np.ptp(np.diag(matrix)) > 0 for matrix in self.matrices):
        return [mean]
    found = predict(self, conf_level=conf_level)[["estimate", "pi_low", "pi_high"]]
    new = found.rename(columns={"pi_low": "ci_low", "pi_high": "ci_high"})
    return [mean, new.assign(row="prediction", **names)]


def _subgroup_rows(self: FittedMultilevel, conf_level: float) -> list[pd.DataFrame]:
    """Means and prediction intervals of subgroups, where each has one variance of true effects."""
    pairs = zip(self.layout.terms, self.matrices, strict=True)
    varying = {term.said.inner for term, matrix in pairs if np.ptp(np.diag(matrix)) > 0}
    if varying - {subgroup_column(self.studies)}:
        return []
    return subgroup_rows(self.studies, lambda new: predict(self, new, conf_level=conf_level))


def _effect_rows(self: FittedMultilevel, conf_level: float) -> pd.DataFrame:
    studies = self.studies
    se = np.sqrt(studies.vi)
    half = float(ndtri((1.0 + conf_level) / 2.0)) * se
    rows = pd.DataFrame(
        {
            "row": "study",
            "study": studies.study,
            "effect": effect_labels(self),
            "group": subgroup_labels(studies),
            "estimate": studies.yi,
            "ci_low": studies.yi - half,
            "ci_high": studies.yi + half,
            "se": se,
            "shown": np.nan,
            "shown_low": np.nan,
            "shown_high": np.nan,
            "weight": weights(self),
            "n": np.nan if studies.ni is None else studies.ni,
            "fitted": self.fitted,
            "residual": studies.yi - self.fitted,
        }
    )
    used = [name for name in columns_of(studies.moderators.fixed) if name not in rows]
    return pd.concat([rows, studies.frame[used]], axis=1) if used else rows


def weights(self: FittedMultilevel) -> np.ndarray:
    """Shares (k,) of the effects in a mean: the row sums of the inverse covariance."""
    sums = self.point.precision.solve(np.ones((self.studies.k, 1)))[:, 0]
    return self.in_order(sums / sums.sum())


def effect_labels(self: FittedMultilevel) -> list[str]:
    """What tells the effects of a study apart: outcome, name of the effect, or its number."""
    names = pd.Series(self.studies.study)
    several = (names.map(names.value_counts()) > 1).to_numpy()
    inner = [term.said.inner or term.said.columns[-1] for term in self.layout.terms]
    frame, study = self.studies.frame, self.studies.columns.get("study")
    own = [name for name in inner if name in frame and name != study]
    labels = (names.groupby(names).cumcount() + 1).astype(str)
    for name in own:
        pairs = pd.DataFrame({"study": names, "label": frame[name].astype(str)})
        if not pairs.duplicated().any():
            labels = pairs["label"]
            break
    return [str(label) if shown else "" for label, shown in zip(labels, several, strict=True)]
