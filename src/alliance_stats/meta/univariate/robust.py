"""Cluster-robust tests of a meta-analysis by fit_meta: effects of one study may depend."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.robust import Rows
from alliance_stats.meta.univariate.fitted import FittedMeta


def robust_rows(self: FittedMeta, cluster: str) -> Rows:
    """What a sandwich needs: the working covariance is v + τ², without correlations.

    Raises
    ------
    ArgumentError
        If `cluster` is neither the study nor a moderator's column.
    """
    studies, marginal = self.studies, 1.0 / self.weights
    q, r = np.linalg.qr(studies.x)

    def covariance_of(at: np.ndarray) -> np.ndarray:
        return np.asarray(marginal[at][:, :, None] * np.eye(at.shape[1]))

    return Rows(
        q,
        studies.yi - self.fitted,
        _codes(self, cluster),
        covariance_of,
        np.linalg.inv(q.T @ (self.weights[:, None] * q)),
        np.linalg.inv(r),
    )


def _codes(self: FittedMeta, cluster: str) -> np.ndarray:
    studies = self.studies
    if cluster in (studies.columns.get("study"), "study"):
        return np.asarray(pd.factorize(studies.study)[0])
    if cluster not in studies.frame:
        known = list(dict.fromkeys(["study", *studies.frame.columns]))
        raise ArgumentError(
            f"cluster={cluster!r} is not known to the fit.{did_you_mean(str(cluster), known)} "
            f"It knows: {name_list(known)}. Name it as study= of fit_meta."
        )
    return np.asarray(pd.factorize(studies.frame[cluster])[0])
