"""Predictions of a fitted model for rows of a frame, with intervals."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from alliance_stats._base.checks import agree, counted, one_of, probability
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.lmm.design.mixed_design import MixedDesign, ModelDesign
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.prediction.conditional import (
    error_variances,
    in_parts,
    level_transform,
    mean_arrays,
)
from alliance_stats.lmm.prediction.new_rows import (
    NewRows,
    group_columns,
    known_groups,
    missing_counts,
    number_groups,
    read_new_rows,
    residual_sd,
)

Kind = Literal["conditional", "marginal"]
NewGroups = Literal["raise", "population"]
Interval = Literal["confidence", "prediction"]

#: Rows whose variances are computed at a time.
PART = 50_000


@dataclass(frozen=True, eq=False)
class Target:
    """What is predicted for every row.

    Attributes
    ----------
    rows : NewRows
    z : list of ndarray (q_l, n)
        Columns of every factor, zero where a row uses no effect of the factor; empty for means
        over all groups.
    groups : list of ndarray (n,)
        Position of the row's group among the fitted ones; any where `known` is False.
    known : ndarray (L, n) of bool
        Whether a row uses the fitted effect of a factor.
    """

    rows: NewRows
    z: list[np.ndarray]
    groups: list[np.ndarray]
    known: np.ndarray


def predict(
    self: FittedModel,
    data: pd.DataFrame,
    *,
    kind: Kind = "conditional",
    new_groups: NewGroups = "raise",
    interval: Interval | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Predict the response for the rows of a frame.

    Parameters
    ----------
    data : DataFrame
        The columns of the predictors (and offset); for ``"conditional"`` also those of the
        groups; for prediction intervals those of random slopes and weights.
    kind : {"conditional", "marginal"}
        The mean of a row's own groups, ``Xβ + Zb``, or the mean over all groups, ``Xβ``.
    new_groups : {"raise", "population"}
        What to do about rows of groups that were not fitted: refuse them, or use zero for
        the effects of those groups only (a new patient of a known therapist).
    interval : {"confidence", "prediction"}, optional
        *confidence* is for the mean that is predicted: it holds the uncertainty of β and,
        jointly, of the fitted effects used. *prediction* is for one new observation: it adds
        the variance of the effects not used and the residual variance of the row. Variances
        are taken as known, and correlated residuals of other rows are not used. Quantiles are
        Satterthwaite's t for confidence intervals of rows that use no fitted effect, and
        normal elsewhere.
    conf_level : float

    Returns
    -------
    DataFrame
        Index of `data`; columns ``prediction``, ``ci_low ci_high`` or ``pi_low pi_high``,
        and ``blups``: the factors whose fitted effects were used.

    Raises
    ------
    DataError
        If a column is absent or of another type than in the fit, a level of a predictor or
        (with ``"raise"``) a group was not fitted.

    Warns
    -----
    DataWarning
        About rows with missing values, whose prediction is NaN, and of new groups.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", sessions)
    >>> row = sessions.head(1).assign(patient="new")
    >>> fit.predict(row, new_groups="population")["blups"].item()
    'therapist'
    """
    _check_arguments(kind, new_groups, interval, conf_level)
    design = self.criterion.design
    conditional = kind == "conditional"
    rows = read_new_rows(design, data, random=conditional or interval == "prediction")
    target = target_of(design, data, rows, new_groups) if conditional else no_groups(design, rows)
    means = mean_arrays(self.criterion, self.profile) if conditional else []
    mean = predictor_of(target, self.beta.to_numpy(), means)
    found = {"prediction": mean}
    if interval is not None:
        variance = error_variance_of(self, target)
        if interval == "prediction":
            variance += _scatter(self, target) + residual_sd(design, data, self.sigma2) ** 2
            quantile = np.full(len(data), ndtri((1 + conf_level) / 2))
        else:
            quantile = _quantiles(design, target, conf_level, self.satterthwaite.dfs)
        half = quantile * np.sqrt(variance)
        prefix = "ci" if interval == "confidence" else "pi"
        found |= {f"{prefix}_low": mean - half, f"{prefix}_high": mean + half}
    warn_incomplete(data, rows)
    names = [level.name for level in design.levels]
    return pd.DataFrame(found, index=data.index).assign(blups=used_blups(target.known, names))


def predictor_of(target: Target, beta: np.ndarray, means: Sequence[np.ndarray]) -> np.ndarray:
    """Xβ + Zb + offset (n,) with the conditional means of the groups used; NaN if incomplete."""
    found = beta @ target.rows.x + target.rows.offset
    for z, groups, blups in zip(target.z, target.groups, means, strict=True):
        found += np.einsum("qn,qn->n", z, blups.take(groups, axis=1))
    found[target.rows.incomplete] = np.nan
    return np.asarray(found)


def warn_incomplete(data: pd.DataFrame, rows: NewRows) -> None:
    """Warn of rows that have no prediction."""
    incomplete = rows.incomplete
    if incomplete.any():
        warnings.warn(
            f"No prediction for {missing_counts(data, rows.used, incomplete)}.",
            DataWarning,
            stacklevel=3,
        )


def _check_arguments(kind: str, new_groups: str, interval: str | None, conf_level: float) -> None:
    one_of(kind, ("conditional", "marginal"), name="kind")
    one_of(new_groups, ("raise", "population"), name="new_groups")
    one_of(interval, (None, "confidence", "prediction"), name="interval")
    probability(conf_level, name="conf_level")
    if kind == "marginal" and new_groups != "raise":
        raise ArgumentError(
            "new_groups='population' has no effect with kind='marginal', which looks at no groups. "
            "Leave new_groups out, or ask for kind='conditional'."
        )


def no_groups(design: ModelDesign, rows: NewRows) -> Target:
    """Means over all groups: no fitted effect is used."""
    known = np.zeros((len(design.levels), len(rows.offset)), dtype=bool)
    return Target(rows, [], [], known)


def target_of(
    design: ModelDesign, data: pd.DataFrame, rows: NewRows, new_groups: NewGroups
) -> Target:
    """Means of the rows' own groups, where these were fitted."""
    columns_of = group_columns(design)
    positions = [
        known_groups(level, data, columns)
        for level, columns in zip(design.levels, columns_of, strict=True)
    ]
    messages = [
        _about_new(data, level.name, columns, position)
        for level, columns, position in zip(design.levels, columns_of, positions, strict=True)
        if (position < 0).any()
    ]
    if messages and new_groups == "raise":
        raise DataError(
            f"{' '.join(messages)} Give new_groups='population' to predict these rows without the "
            "effects of such groups, or kind='marginal' to leave out the effects of all groups."
        )
    for message in messages:
        warnings.warn(
            f"{message} Predicted without an effect of theirs.", DataWarning, stacklevel=3
        )
    known = np.reshape(positions, (len(positions), len(data))) >= 0
    z = [np.where(use, columns, 0.0) for use, columns in zip(known, rows.z, strict=True)]
    return Target(rows, z, [np.maximum(position, 0) for position in positions], known)


def _about_new(
    data: pd.DataFrame, name: str, columns: tuple[str, ...], position: np.ndarray
) -> str:
    """``12 of 40 rows have no fitted group of 'patient' (3 new groups; no label in 2 rows).``"""
    codes = number_groups(data, columns)[0]
    new = len(np.unique(codes[(position < 0) & (codes >= 0)]))
    unlabelled = int(np.count_nonzero(codes < 0))
    causes = [counted(new, "new group")] * (new > 0)
    causes += [f"no label in {counted(unlabelled, 'row')}"] * (unlabelled > 0)
    n = int(np.count_nonzero(position < 0))
    return (
        f"{n:,} of {counted(len(data), 'row')} {agree(n, 'has', 'have')} no fitted group of "
        f"'{name}' ({'; '.join(causes)})."
    )


def error_variance_of(fit: FittedModel, target: Target) -> np.ndarray:
    """Variance (n,) of the error of the predicted means: from β and the effects used."""
    criterion, profile = fit.criterion, fit.profile
    design = criterion.design
    transforms = [level_transform(level).T for level in design.levels]

    def part(rows: slice) -> np.ndarray:
        z = [t @ z[:, rows] for t, z in zip(transforms, target.z, strict=False)]
        x = design.transform.T @ target.rows.x[:, rows]
        return error_variances(criterion, profile, x, z, [g[rows] for g in target.groups])

    unscaled = in_parts(len(target.rows.offset), PART, part)
    return unscaled * fit.sigma2 / design.mean_weight


def _scatter(fit: FittedModel, target: Target) -> np.ndarray:
    """Variance (n,) of the random effects that a row has but the prediction does not use."""
    total = np.zeros(target.known.shape[1])
    for level, z, known in zip(
        fit.criterion.design.levels, target.rows.z, target.known, strict=True
    ):
        covariance = fit.covariances[level.name].to_numpy()
        total += np.where(known, 0.0, np.einsum("qn,qn->n", z, covariance @ z))
    return total


def _quantiles(
    design: MixedDesign,
    target: Target,
    level: float,
    degrees: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """t quantiles (n,) where only fixed effects are combined, normal ones elsewhere."""
    upper = (1 + level) / 2
    quantile = np.full(target.known.shape[1], ndtri(upper))
    fixed = ~target.known.any(axis=0)
    if fixed.any():
        quantile[fixed] = stdtrit(degrees(design.transform.T @ target.rows.x[:, fixed]), upper)
    return quantile


def used_blups(known: np.ndarray, names: list[str]) -> np.ndarray:
    """Names of the factors whose fitted effects every row uses: ``patient, therapist``."""
    code = (1 << np.arange(len(names))) @ known
    texts = [
        ", ".join(name for bit, name in enumerate(names) if number >> bit & 1)
        for number in range(1 << len(names))
    ]
    return np.array(texts, dtype=object)[code]
