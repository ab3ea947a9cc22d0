"""The profile of one parameter as a frame, for a figure."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import ArgumentError, FitWarning, UnsupportedError
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.inference.parameters import Parameter, Wanted, chosen, parameters_of
from alliance_stats.lmm.inference.profile_ends import Profiles, from_the_best, quantile
from alliance_stats.lmm.residual.limits import no_structure

Curve = tuple[np.ndarray, np.ndarray]


def profile_frame(
    self: FittedModel,
    parameter: Wanted,
    *,
    conf_level: float = 0.99,
    n: int = 21,
    reml: bool = False,
) -> pd.DataFrame:
    """The likelihood profile behind an interval of `confint`, as a curve.

    Parameters
    ----------
    parameter : str or tuple
        One parameter, named as in `confint`: ``"session"``, ``("patient", "(Intercept)")``.
    conf_level : float
        The curve reaches from one end of this interval to the other.
    n : int
        Number of points, odd: as many below the estimate as above.
    reml : bool
        As in `confint`.

    Returns
    -------
    DataFrame
        Columns ``group term with_term value zeta``. ζ is the root of the rise in deviance, negative
        below the estimate: the 95% interval lies between −1.96 and 1.96, and where the likelihood
        is quadratic ζ is a straight line.

    Raises
    ------
    ArgumentError
        If the name fits none or several parameters, or `n` is not an odd number from 3.
    UnsupportedError
        If the data do not bound the parameter, so that there is no curve; with a residual
        structure.

    Warns
    -----
    FitWarning
        If the profile came upon a higher likelihood than that of the fit.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
    >>> curve = fit.profile_frame(("patient", "(Intercept)"))
    >>> bool(curve["zeta"].is_monotonic_increasing)
    True
    """
    probability(conf_level, name="conf_level")
    one_of(reml, (True, False), name="reml")
    if not isinstance(n, int) or n < 3 or n % 2 == 0:
        raise ArgumentError(f"n={n!r} is not an odd number from 3. Give a number such as 21.")
    no_structure(self, "a profile", "Use confint(method='wald').")
    known = parameters_of(self.criterion.design, self.beta, self.covariances, self.sigma)
    one = _only(chosen(known, [parameter]), parameter)
    messages: list[str] = []
    work = partial(_curve_of, one, quantile(conf_level), n)
    try:
        found = from_the_best(self, reml and one.kind != "fixed", messages, work)
    except FloatingPointError:  # the likelihood is not defined beside the fit
        found = None
    for message in messages:
        warnings.warn(message, FitWarning, stacklevel=2)
    if found is None:
        raise UnsupportedError(f"no profile of {one.label} was found. Use fewer random effects.")
    names = {"group": one.group, "term": one.term, "with_term": one.with_term}
    return pd.DataFrame(
        {key: [name] * n for key, name in names.items()} | {"value": found[0], "zeta": found[1]}
    )


def _only(found: list[Parameter], wanted: Wanted) -> Parameter:
    """The one parameter that was meant. Raises ArgumentError for several."""
    if len(found) > 1:
        first = found[0]
        raise ArgumentError(
            f"{wanted!r} is the name of {len(found)} parameters. Give one of them, such as "
            f"{(first.group, first.term)!r}."
        )
    return found[0]


def _curve_of(parameter: Parameter, z: float, n: int, profiles: Profiles) -> Curve:
    """The curve. Raises UnsupportedError where the data do not bound the parameter."""
    ends = profiles.ends(parameter, z)
    if parameter.kind == "correlation" and ends == (-1.0, 1.0) or not np.isfinite(ends).all():
        raise UnsupportedError(
            f"{parameter.label} has no profile to show: the data do not bound it. "
            "Look at the standard deviations, one of which may be zero, or lower conf_level."
        )
    return profiles.curve(parameter, z, n)
