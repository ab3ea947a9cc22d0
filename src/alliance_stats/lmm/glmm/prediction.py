"""Predictions, simulated responses and residuals of a generalised linear mixed model.

The mean over all groups on the scale of the response is E g⁻¹(η + e) with e normal, of the variance
z'Tz that the random effects of a row have: integrated by Gauss–Hermite quadrature.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, counted, frame_given, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.lmm.design.mixed_design import columns_of
from alliance_stats.lmm.glmm.fitted import FittedGlmm
from alliance_stats.lmm.prediction.new_rows import NewRows, number_column, read_new_rows
from alliance_stats.lmm.prediction.predict import (
    NewGroups,
    no_groups,
    predictor_of,
    target_of,
    used_blups,
    warn_incomplete,
)
from alliance_stats.lmm.prediction.simulate import (
    Groups,
    check_simulation,
    codes_of,
    new_effects,
    warn_undrawn,
)

Kind = Literal["conditional", "typical", "marginal"]
Scale = Literal["response", "link"]
#: Nodes of the integral over the random effects of a row.
NODES = 41


def predict(
    self: FittedGlmm,
    data: pd.DataFrame,
    *,
    kind: Kind = "conditional",
    scale: Scale = "response",
    new_groups: NewGroups = "raise",
) -> pd.DataFrame:
    """Predict probabilities (or rates) for the rows of a frame.

    Parameters
    ----------
    data : DataFrame
        The columns of the predictors (and offset); those of the groups for ``"conditional"``.
    kind : {"conditional", "typical", "marginal"}
        *conditional*: of a row's own groups. *typical*: of groups whose random effects are zero
        (``re.form = NA`` in R). *marginal*: the mean over all groups, which the curve of the link
        pulls away from that of a typical one; integrated over the random effects.
    scale : {"response", "link"}
        Probability of one trial or expected count, or the linear predictor (log-odds, log-rate).
    new_groups : {"raise", "population"}
        For ``"conditional"``: refuse rows of groups that were not fitted, or use zero for their
        effects.

    Returns
    -------
    DataFrame
        Index of `data`; columns ``prediction`` and ``blups``: the factors whose fitted effects
        were used.

    Raises
    ------
    ArgumentError
        For the marginal mean of the linear predictor, which is that of a typical group.
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
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> sessions = sessions.assign(severe=sessions["phq9"] >= 15)
    >>> fit = al.fit_glmm("severe ~ session + (1 | patient)", sessions)
    >>> typical = fit.predict(sessions.head(1), kind="typical")["prediction"].item()
    >>> bool(0 < typical < 1)
    True
    """
    _check_arguments(kind, scale, new_groups)
    design = self.criterion.design
    rows = read_new_rows(design, data, random=kind != "typical")
    own = kind == "conditional"
    target = target_of(design, data, rows, new_groups) if own else no_groups(design, rows)
    eta = predictor_of(target, self.beta.to_numpy(), self.effect_arrays if own else [])
    family = design.response.family
    if kind == "marginal":
        prediction = _averaged(self, rows, eta)
    else:
        prediction = family.mean(eta) if scale == "response" else eta
    warn_incomplete(data, rows)
    names = [level.name for level in design.levels]
    found = pd.DataFrame({"prediction": prediction}, index=data.index)
    return found.assign(blups=used_blups(target.known, names))


def _check_arguments(kind: str, scale: str, new_groups: str) -> None:
    one_of(kind, ("conditional", "typical", "marginal"), name="kind")
    one_of(scale, ("response", "link"), name="scale")
    one_of(new_groups, ("raise", "population"), name="new_groups")
    if kind != "conditional" and new_groups != "raise":
        raise ArgumentError(
            f"new_groups='population' has no effect with kind={kind!r}, which looks at no groups. "
            "Leave new_groups out, or ask for kind='conditional'."
        )
    if kind == "marginal" and scale == "link":
        raise ArgumentError(
            "kind='marginal' with scale='link' is the linear predictor of a typical group. "
            "Give kind='typical', or scale='response'."
        )


def _averaged(fit: FittedGlmm, rows: NewRows, eta: np.ndarray) -> np.ndarray:
    """Mean (n,) of the response over the random effects of every row."""
    variance = np.zeros(len(eta))
    for level, z in zip(fit.criterion.design.levels, rows.z, strict=True):
        variance += np.einsum("qn,qn->n", z, fit.covariances[level.name].to_numpy() @ z)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    sd, total = np.sqrt(variance), np.zeros(len(eta))
    if fit.family == "poisson":  # the mean of a log-normal variable
        return np.asarray(fit.criterion.design.response.family.mean(eta + variance / 2.0))
    for node, weight in zip(nodes, weights, strict=True):
        total += weight * fit.criterion.design.response.family.mean(eta + node * sd)
    return total / np.sqrt(2.0 * np.pi)


def simulate(
    self: FittedGlmm,
    data: pd.DataFrame,
    *,
    n: int = 1,
    rng: RandomSource,
    groups: Groups = "new",
) -> pd.DataFrame:
    """Draw responses from the fitted model for the rows of a frame.

    Parameters
    ----------
    data : DataFrame
        Predictors, groups, trials and offset, as in the fit.
    n : int
        Number of responses of every row.
    rng : int, SeedSequence or Generator
    groups : {"new", "same"}
        Draw new random effects for every group of `data`, or keep the fitted ones.

    Returns
    -------
    DataFrame
        Index of `data`; columns ``sim_1`` … ``sim_n`` of 0/1, successes or counts. NaN where a
        value or label is missing.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> sessions = sessions.assign(severe=sessions["phq9"] >= 15)
    >>> fit = al.fit_glmm("severe ~ session + (1 | patient)", sessions)
    >>> bool(fit.simulate(sessions.head(9), rng=1)["sim_1"].isin([0, 1]).all())
    True
    """
    check_simulation(n, groups)
    generator = as_generator(rng)
    design = self.criterion.design
    rows = read_new_rows(design, data, random=True)
    codes = codes_of(design, data, groups)
    trials = _trials(self, data)
    incomplete = rows.incomplete | np.isnan(trials) | np.any([c < 0 for c in codes], axis=0)
    eta = self.beta.to_numpy() @ rows.x + rows.offset
    if groups == "same":
        for z, code, effects in zip(rows.z, codes, self.effect_arrays, strict=True):
            eta += np.einsum("qn,qn->n", z, effects[:, code])
    drawn = {}
    for number in range(1, n + 1):
        shifted = (
            eta + new_effects(self.effect_roots, rows, codes, generator) if groups == "new" else eta
        )
        drawn[f"sim_{number}"] = _drawn(self, shifted, trials, incomplete, generator)
    warn_undrawn(design, data, rows, incomplete)
    return pd.DataFrame(drawn, index=data.index)


def _drawn(
    fit: FittedGlmm,
    eta: np.ndarray,
    trials: np.ndarray,
    incomplete: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:
    """One response (n,) a row; NaN for incomplete rows."""
    mean = np.where(incomplete, 0.5, fit.criterion.design.response.family.mean(eta))
    if fit.family == "poisson":
        found = generator.poisson(mean)
    else:
        found = generator.binomial(np.where(incomplete, 1, trials).astype(np.int64), mean)
    return np.where(incomplete, np.nan, found)


def _trials(fit: FittedGlmm, data: pd.DataFrame) -> np.ndarray:
    """Number of trials (n,) of every row; NaN where missing."""
    name = fit.criterion.design.trials
    if name is None:
        return np.ones(len(data))
    trials = number_column(data, name)
    bad = int(np.count_nonzero((trials < 1) | (trials != np.floor(trials)) & ~np.isnan(trials)))
    if bad:
        raise DataError(
            f"trials column '{name}' has {counted(bad, 'value')} that cannot be numbers of trials. "
            "Give whole numbers from 1 on."
        )
    return trials


def residuals(self: FittedGlmm, data: pd.DataFrame) -> pd.DataFrame:
    """Residuals of the rows of a frame about the fitted means of their own groups.

    Parameters
    ----------
    data : DataFrame
        Response, predictors, groups, trials and offset, as in the fit.

    Returns
    -------
    DataFrame
        Index of `data`, NaN where a value is missing. Columns ``fitted`` (expected 0/1, successes
        or count), ``response`` (the response minus it), ``pearson`` (over the standard deviation
        of the family) and ``deviance`` (signed root of the row's part of the deviance).

    Raises
    ------
    DataError
        If a column is absent, or a group was not in the fit.

    Notes
    -----
    Residuals of 0/1 rows take two values at every fitted mean and say little one by one: average
    them over ranges of a predictor.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> sessions = sessions.assign(severe=sessions["phq9"] >= 15)
    >>> fit = al.fit_glmm("severe ~ session + (1 | patient)", sessions)
    >>> bool(fit.residuals(sessions)["response"].abs().max() < 1)
    True
    """
    design = self.criterion.design
    frame_given(data, name="data")
    used = list(columns_of(design))
    columns_present(data, used)
    names = ("fitted", "response", "pearson", "deviance")
    found = pd.DataFrame(np.nan, index=data.index, columns=list(names))
    complete = data[used].notna().all(axis=1).to_numpy()
    if complete.any():
        values = _residuals(self, data[complete])
        for name, column in zip(names, values, strict=True):
            found.loc[complete, name] = column
    return found


def _residuals(fit: FittedGlmm, data: pd.DataFrame) -> tuple[np.ndarray, ...]:
    family = fit.criterion.design.response.family
    trials = _trials(fit, data)
    y = number_column(data, fit.criterion.design.formula.response)
    mean = predict(fit, data)["prediction"].to_numpy()
    response = y - trials * mean
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = response / np.sqrt(family.variance(mean, trials))
    root = np.sqrt(family.deviance(y, mean, trials))
    return trials * mean, response, pearson, np.sign(response) * root
