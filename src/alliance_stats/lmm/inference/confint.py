"""Confidence intervals of every parameter of a mixed model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import ArgumentError, FitWarning
from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.inference.contrasts import tidy
from alliance_stats.lmm.inference.parameters import Parameter, Wanted, chosen, parameters_of
from alliance_stats.lmm.inference.profile_ends import Ends, profile_ends
from alliance_stats.lmm.inference.satterthwaite import FLAT, free_parameters, profiled_hessian
from alliance_stats.lmm.information import twice_inverse
from alliance_stats.lmm.resampling.bootstrap import bootstrap
from alliance_stats.lmm.residual.limits import no_structure

Method = Literal["wald", "profile", "bootstrap"]


def confint(
    self: FittedModel,
    *,
    method: Method = "profile",
    conf_level: float = 0.95,
    parameters: Sequence[Wanted] | None = None,
    reml: bool = False,
    n: int | None = None,
    rng: RandomSource | None = None,
) -> pd.DataFrame:
    """Confidence intervals of fixed effects, standard deviations and correlations.

    A profile-likelihood interval holds every value that the data do not reject by a
    likelihood-ratio test. Unlike estimate ± a multiple of the standard error it is asymmetric where
    the likelihood is, does not leave the range of the parameter, and serves variances too.

    Parameters
    ----------
    method : {"profile", "wald", "bootstrap"}
        *wald* is estimate ± normal quantile × standard error, for fixed effects, and for the
        parameters of a residual structure: on the scale of logs for ratios of standard deviations,
        of logits for ρ in continuous time, of Fisher's z for other correlations. The other
        rows are missing. (Intervals with t quantiles are in `tidy`.) *bootstrap* gives quantiles
        of refits to simulated responses; other kinds of it are in `bootstrap`. With a residual
        structure there is *wald* only.
    conf_level : float
    parameters : sequence, optional
        What to give intervals for, all by default. A string is a fixed effect, a grouping factor
        (all its parameters) or ``"Residual"``; a tuple is one parameter:
        ``("patient", "(Intercept)")`` or, for a correlation, ``("patient", "(Intercept)", "x")``.
    reml : bool
        Profile the REML criterion for standard deviations and correlations. By default all
        profiles are of the maximum likelihood, as in lme4, after a fit by REML too; those of fixed
        effects are so always, because REML cannot compare them.
    n : int, optional
        Refits of the bootstrap, 1,000 by default.
    rng : int, SeedSequence or Generator, optional
        Random numbers of the bootstrap, which needs them.

    Returns
    -------
    DataFrame
        Columns ``group term with_term estimate ci_low ci_high``; the group is empty for fixed
        effects, and rows of random effects are those of `var_corr`. A row without `with_term` is a
        standard deviation, one with it a correlation. ``estimate`` is that of the fit, so after
        REML it is not the middle of the likelihood that the interval belongs to.

    Raises
    ------
    ArgumentError
        If a parameter is not in the model, an argument has no meaning for the method, or the
        bootstrap has no `rng`.
    UnsupportedError
        For profile and bootstrap with a residual structure.

    Warns
    -----
    FitWarning
        If a standard deviation may be zero, a correlation have any value, an end does not exist,
        or the profiles came upon a higher likelihood than that of the fit.

    See Also
    --------
    tidy : Tests of fixed effects and intervals with t quantiles.
    var_corr : Variances and correlations.

    Notes
    -----
    The test compares with χ² of one degree of freedom. For a standard deviation near zero that is
    cautious, and with few groups all profile intervals are somewhat too narrow.

    References
    ----------
    Bates, D., Mächler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects models
    using lme4. Journal of Statistical Software, 67(1).

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 + session | patient)", sessions)
    >>> table = fit.confint(parameters=["session", "patient"])
    >>> table["group"].tolist()
    ['', 'patient', 'patient', 'patient']
    """
    one_of(method, ("wald", "profile", "bootstrap"), name="method")
    probability(conf_level, name="conf_level")
    one_of(reml, (True, False), name="reml")
    _refuse_ignored(method, reml, n, rng)
    if method != "wald":
        no_structure(self, f"method='{method}'", "Use method='wald'.")
    rows = chosen(
        parameters_of(self.criterion.design, self.beta, self.covariances, self.sigma), parameters
    )
    if method == "wald":
        table = tidy(self, ddf="normal", conf_level=conf_level)
        ends, messages = wald_ends(table, rows, residual_ends(self, conf_level))
    elif rng is not None:
        ends, messages = bootstrap_ends(self, rows, conf_level, 1_000 if n is None else n, rng)
    else:
        ends, messages = profile_ends(self, rows, conf_level, reml=reml)
    for message in messages:
        warnings.warn(message, FitWarning, stacklevel=2)
    return interval_table(rows, ends)


def _refuse_ignored(method: str, reml: bool, n: int | None, rng: RandomSource | None) -> None:
    """Raise for arguments of another method, and for a bootstrap without random numbers."""
    given = {"reml": reml and method != "profile"}
    given |= {"n": n is not None and method != "bootstrap"}
    given |= {"rng": rng is not None and method != "bootstrap"}
    for name in (name for name, ignored in given.items() if ignored):
        raise ArgumentError(f"{name}= has no meaning for method='{method}'. Leave it out.")
    if method == "bootstrap" and rng is None:
        raise ArgumentError(
            "method='bootstrap' draws random numbers and rng= is missing. Give a seed, such as "
            "rng=1, so that the interval can be had again."
        )


def interval_table(parameters: Sequence[Parameter], ends: Sequence[Ends]) -> pd.DataFrame:
    """One row a parameter, with its estimate and interval."""
    return pd.DataFrame(
        {
            "group": [p.group for p in parameters],
            "term": [p.term for p in parameters],
            "with_term": [p.with_term for p in parameters],
            "estimate": [p.estimate for p in parameters],
            "ci_low": [low for low, _ in ends],
            "ci_high": [high for _, high in ends],
        }
    )


def wald_ends(
    table: pd.DataFrame, parameters: Sequence[Parameter], structure: Sequence[Ends] = ()
) -> tuple[list[Ends], list[str]]:
    """Ends of fixed effects from the `tidy` table of normal tests, and of residual parameters.

    `structure` are the ends of those; other parameters have none.
    """
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    nan = float("nan")
    ends = [
        (float(low[p.places[0]]), float(high[p.places[0]]))
        if p.kind == "fixed"
        else structure[p.places[0]]
        if p.kind == "structure"
        else (nan, nan)
        for p in parameters
    ]
    return ends, []


def residual_ends(fit: FittedModel, conf_level: float) -> list[Ends]:
    """Ends of the parameters of a residual structure, each on its own scale.

    Their covariance is twice the inverse of the Hessian of the deviance in all variance
    parameters that have not vanished. NaN where that is not positive definite.
    """
    fitted, theta = fit.residual, fit.minimum.theta
    if fitted is None:
        return []
    free = free_parameters(theta, fit.criterion.sizes)
    inverse = twice_inverse(profiled_hessian(fit.criterion, theta, free), flat=FLAT)
    nowhere = float("nan"), float("nan")
    covariance = np.zeros((len(fitted.psi), len(fitted.psi)))
    covariance[np.ix_(fitted.free, fitted.free)] = inverse[len(free) :, len(free) :]
    quantile = float(ndtri((1.0 + conf_level) / 2.0))
    return [
        nowhere if p.slope[fitted.at_end].any() else p.interval(covariance, quantile)
        for p in fitted.parameters
    ]


def bootstrap_ends(
    fit: FittedModel,
    parameters: Sequence[Parameter],
    conf_level: float,
    n: int,
    rng: RandomSource,
) -> tuple[list[Ends], list[str]]:
    """Percentiles of n parametric refits, and what is to be said of the refits."""
    result = bootstrap(fit, n, rng=rng)
    table = result.confint(conf_level=conf_level)
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    at = [_place(p, list(table["term"]), len(fit.names)) for p in parameters]
    return [(float(low[k]), float(high[k])) for k in at], list(result.messages)


def _place(parameter: Parameter, names: Sequence[str], n_fixed: int) -> int:
    """Position of a parameter among those of a bootstrap: fixed effects first, σ last."""
    if parameter.kind == "fixed":
        return parameter.places[0]
    if parameter.kind == "residual":
        return len(names) - 1
    if parameter.kind == "sd":
        name = f"sd_{parameter.term}|{parameter.group}"
    else:
        name = f"cor_{parameter.with_term}.{parameter.term}|{parameter.group}"
    return names.index(name, n_fixed)
