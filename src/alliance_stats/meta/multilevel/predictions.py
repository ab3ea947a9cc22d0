"""Mean effects at values of moderators, and where the true effects of new studies lie."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from alliance_stats._base.checks import columns_present, name_list, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.tables import Test, errors
from alliance_stats.meta.scales import mean_over_distribution


def predict(
    self: FittedMultilevel,
    new: pd.DataFrame | None = None,
    *,
    conf_level: float = 0.95,
    test: Test | None = None,
) -> pd.DataFrame:
    """Mean effects with confidence and prediction intervals, on the scale of analysis.

    The prediction interval holds one true effect of a new study, whose random effects are new in
    every unit: mean ± t·√(SE² + Σ τ²), with the degrees of freedom of the mean.

    Parameters
    ----------
    new : DataFrame, optional
        Values of the moderators, a row a prediction; with a random term such as
        ``outcome | study`` the outcome as well. Without it: the mean, in one row, or for a model
        with moderators the fitted effects.
    conf_level : float
    test : optional
        As in `tidy`.

    Returns
    -------
    DataFrame
        Columns ``estimate se df ci_low ci_high pi_low pi_high``.
    """
    probability(conf_level, name="conf_level")
    x, tau2 = _rows(self, new)
    return _at(self, x, tau2, conf_level, test)


def predict_rows(
    self: FittedMultilevel, x: np.ndarray, *, conf_level: float = 0.95, test: Test | None = None
) -> pd.DataFrame:
    """The table of `predict` at rows (r, p) of the design matrix, such as averages of rows."""
    return _at(self, x, _variances(self, None, len(x)), conf_level, test)


def _at(
    self: FittedMultilevel, x: np.ndarray, tau2: np.ndarray, conf_level: float, test: Test | None
) -> pd.DataFrame:
    estimate = x @ self.beta
    se, df = errors(self, x, test)
    upper = (1.0 + conf_level) / 2.0
    finite = np.where(np.isinf(df), 1.0, df)
    t = np.where(np.isinf(df), ndtri(upper), stdtrit(finite, upper))
    wide = t * np.sqrt(se**2 + tau2)
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "df": df,
            "ci_low": estimate - t * se,
            "ci_high": estimate + t * se,
            "pi_low": estimate - wide,
            "pi_high": estimate + wide,
        }
    )


def prediction_interval(
    self: FittedMultilevel,
    new: pd.DataFrame | None = None,
    *,
    conf_level: float = 0.95,
    test: Test | None = None,
) -> pd.DataFrame:
    """Where the true effect of a new study lies: `predict`, of a mean or at values given.

    Raises
    ------
    ArgumentError
        With moderators and without their values.
    """
    if new is None and not self.mean_only:
        raise ArgumentError(
            "a prediction interval of a model with moderators is one at their values. Give them: "
            "result.prediction_interval(frame with one row a prediction)."
        )
    return predict(self, new, conf_level=conf_level, test=test)


def back_transformed(self: FittedMultilevel, *, conf_level: float = 0.95) -> pd.DataFrame:
    """The mean and its intervals as they are read: correlations of Fisher's z, and so on.

    Returns
    -------
    DataFrame
        ``quantity estimate ci_low ci_high pi_low pi_high``. For Fisher's z a second row is the
        mean correlation E[tanh ζ] over the distribution of true effects (Hafdahl, 2009); its
        interval holds τ² at its estimate.

    Raises
    ------
    ArgumentError
        With moderators: predictions at their values can be transformed.
    """
    found = prediction_interval(self, conf_level=conf_level)
    back = self.scale.back
    ends = ["estimate", "ci_low", "ci_high", "pi_low", "pi_high"]
    values = found[ends].to_numpy(dtype=float)[0]
    rows = [[self.scale.shown_words, *(values if back is None else back(values))]]
    if back is np.tanh:
        tau2 = float(_variances(self, None, 1)[0])
        mean = [mean_over_distribution(float(v), tau2) for v in values[:3]]
        rows.append([f"mean {self.scale.shown_words} over studies", *mean, np.nan, np.nan])
    return pd.DataFrame(rows, columns=["quantity", *ends])


def _rows(self: FittedMultilevel, new: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Design rows, and the variance of a true effect at each."""
    if new is not None:
        x = self.studies.moderators.columns_for(new)
        x = x if len(x) == len(new) else np.ones((len(new), 1))
        return x, _variances(self, new, len(x))
    if self.mean_only:
        return self.studies.x[:1], _variances(self, None, 1)
    tau2 = np.zeros(self.studies.k)
    for term, matrix in zip(self.layout.terms, self.matrices, strict=True):
        tau2 += self.in_order(np.diag(matrix)[term.inner])
    return self.studies.x, tau2


def _variances(self: FittedMultilevel, new: pd.DataFrame | None, n: int) -> np.ndarray:
    found = np.zeros(n)
    for term, matrix in zip(self.layout.terms, self.matrices, strict=True):
        own = np.diag(matrix)
        inner = term.said.inner
        if inner is None or np.ptp(own) == 0:
            found += own[0]
            continue
        if new is None:
            raise ArgumentError(
                f"true effects vary differently by '{inner}' ({term.label}). Say of which: "
                f"result.prediction_interval(pd.DataFrame({{{inner!r}: [{term.levels[0]!r}]}}))."
            )
        columns_present(new, [inner])
        place = pd.Index(term.levels).get_indexer(pd.Index(new[inner].astype(str)))
        if (place < 0).any():
            raise DataError(
                f"'{inner}' has values that the model does not know. Known: "
                f"{name_list(term.levels)}."
            )
        found += own[place]
    return found
