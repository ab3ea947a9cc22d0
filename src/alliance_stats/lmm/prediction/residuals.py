"""Residuals of the rows of a frame: about the groups' own means, and about the mean of all."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.checks import columns_present, frame_given
from alliance_stats._base.errors import DataError, DataWarning
from alliance_stats.lmm.design.mixed_design import columns_of
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.prediction.new_rows import (
    NewRows,
    missing_counts,
    number_column,
    read_new_rows,
    residual_sd,
)
from alliance_stats.lmm.prediction.predict import predict
from alliance_stats.lmm.residual.new_rows import whitening

#: A variance of a residual below this share of σ²/weight is rounding.
ROUNDING = 1e-9


def residuals(self: FittedModel, data: pd.DataFrame) -> pd.DataFrame:
    """Residuals of the rows of a frame: of the fit's rows, or some of them.

    Parameters
    ----------
    data : DataFrame
        Response, predictors, groups, weights and offset, as in the fit.

    Returns
    -------
    DataFrame
        Index of `data`, NaN where a value is missing. Columns

        * ``fitted``, ``conditional``: the mean of a row's own groups, and the response minus it;
        * ``pearson``: ``conditional`` over the residual standard deviation, σ/√weight;
        * ``normalized``, with a residual structure: ``pearson`` made independent within the
          blocks of the rows given, each residual less what those before it in its block tell;
        * ``studentised``: ``conditional`` over its own standard deviation, which is smaller
          where a row has much weight in its own mean;
        * ``fitted_marginal``, ``marginal``: the mean over all groups, and the response minus it;
        * ``marginal_pearson``: ``marginal`` over the standard deviation of the response about
          that mean.

    Raises
    ------
    DataError
        If a column is absent, or a group was not in the fit.

    Warns
    -----
    DataWarning
        About rows with missing values.

    Notes
    -----
    ``studentised`` holds for rows of the fit, each in it once; new rows of fitted groups have
    prediction errors, not residuals. Conditional residuals of rows with few others in their
    group are pulled to zero by the group's own effect, and look too well-behaved.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
    >>> found = fit.residuals(sessions)
    >>> bool(found.index.equals(sessions.index))
    True
    >>> bool((found["conditional"].abs().mean() < found["marginal"].abs().mean()))
    True
    """
    design = self.criterion.design
    used = columns_of(design)
    frame_given(data, name="data")
    columns_present(data, used)
    complete = data[list(used)].notna().all(axis=1).to_numpy()
    if not complete.any():
        raise DataError(
            f"no row of data is complete: {missing_counts(data, used, ~complete)}. "
            "Give the rows of the fit."
        )
    columns = _of_complete_rows(self, data[complete])
    found = pd.DataFrame(np.nan, index=data.index, columns=list(columns))
    for name, values in columns.items():
        found.loc[complete, name] = values
    if not complete.all():
        counts = missing_counts(data, used, ~complete)
        warnings.warn(f"No residual for {counts}.", DataWarning, stacklevel=2)
    return found


def _of_complete_rows(fit: FittedModel, data: pd.DataFrame) -> dict[str, np.ndarray]:
    """The columns of `residuals` for complete rows."""
    design = fit.criterion.design
    rows = read_new_rows(design, data, random=True)
    sd = residual_sd(design, data, fit.sigma2)
    response = number_column(data, design.formula.response)
    own = predict(fit, data, interval="confidence")
    uncertain = (own["ci_high"] - own["ci_low"]).to_numpy() / (2.0 * ndtri(0.975))
    fitted = own["prediction"].to_numpy()
    mean = fit.beta.to_numpy() @ rows.x + rows.offset
    conditional, marginal = response - fitted, response - mean
    left = sd**2 - uncertain**2
    around = sd**2 + _between_groups(fit, rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        studentised = np.where(left > ROUNDING * sd**2, conditional / np.sqrt(left), np.nan)
    normalized = {}
    if design.residual is not None:
        turn = whitening(design.residual, data, np.ones(len(data), dtype=bool))
        normalized["normalized"] = turn(conditional / sd)
    return {
        "fitted": fitted,
        "conditional": conditional,
        "pearson": conditional / sd,
        **normalized,
        "studentised": studentised,
        "fitted_marginal": mean,
        "marginal": marginal,
        "marginal_pearson": marginal / np.sqrt(around),
    }


def _between_groups(fit: FittedModel, rows: NewRows) -> np.ndarray:
    """Variance (n,) of the random effects of every row."""
    total = np.zeros(len(rows.offset))
    for level, z in zip(fit.criterion.design.levels, rows.z, strict=True):
        total += np.einsum("qn,qn->n", z, fit.covariances[level.name].to_numpy() @ z)
    return total
