"""Johnson–Neyman: where along a moderator a slope differs from zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.lmm.given import fit_given
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.marginal.grid import (
    At,
    Point,
    chosen_values,
    predictors_of,
)
from alliance_stats.lmm.marginal.slopes import linear_in, moderators_of, slope_weights
from alliance_stats.lmm.result import MixedModelResult

#: Values of the moderator at which the slope is computed first.
POINTS = 201


@dataclass(frozen=True, eq=False)
class JohnsonNeyman:
    """Regions of a moderator. Made by `johnson_neyman`.

    Attributes
    ----------
    slope, moderator : str
    conf_level : float
    bounds : tuple of float
        Values of the moderator where the slope begins or ceases to differ from zero.
    regions : DataFrame
        Columns ``low high differs sign``: stretches between the bounds; the sign of the slope is
        0 where it does not differ from zero.
    band : DataFrame
        Columns of `MixedModelResult.tidy`, led by the moderator's values: what a figure draws.
    """

    slope: str
    moderator: str
    conf_level: float
    bounds: tuple[float, ...]
    regions: pd.DataFrame
    band: pd.DataFrame


def johnson_neyman(
    fit: MixedModelResult,
    *,
    slope: str,
    moderator: str,
    within: tuple[float, float],
    at: At | None = None,
    conf_level: float = 0.95,
    ddf: Ddf = "satterthwaite",
) -> JohnsonNeyman:
    """Find where along a numeric moderator a slope differs from zero.

    Every value is tested at the level of one test: the region is not simultaneous, and says
    nothing outside the range of the moderator that was observed.

    Parameters
    ----------
    fit : MixedModelResult
    slope, moderator : str
        Numeric columns that interact.
    within : (float, float)
        Range of the moderator to look at, such as its least and largest value in the data.
    at : mapping, optional
        One value for each further moderator of the slope.
    conf_level, ddf
        As in `MixedModelResult.tidy`.

    Returns
    -------
    JohnsonNeyman

    Raises
    ------
    ArgumentError
        If `slope` and `moderator` do not interact, a further moderator has no value or several,
        or `within` is no range.
    UnsupportedError
        If `slope` enters by a curve, or fixed effects were dropped.

    References
    ----------
    Bauer, D. J., & Curran, P. J. (2005). Probing interactions in fixed and multilevel regression.
    Multivariate Behavioral Research, 40(3), 373-400.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session * wai_total + (1 | patient)", sessions)
    >>> found = al.lmm.johnson_neyman(fit, slope="wai_total", moderator="session", within=(1, 20))
    >>> list(found.regions.columns)
    ['low', 'high', 'differs', 'sign']
    """
    fit_given(fit, name="fit")
    probability(conf_level, name="conf_level")
    rest = _checked(fit, slope, moderator, within, at)
    known = predictors_of(fit.criterion.design)

    def table(values: np.ndarray) -> pd.DataFrame:
        points: list[Point] = [{**rest, moderator: float(value)} for value in values]
        weights = slope_weights(fit, known, slope, points)
        rows = {f"{slope} at {k}": row for k, row in enumerate(weights)}
        return fit.contrasts(rows, conf_level=conf_level, ddf=ddf)

    def excess(value: float) -> float:
        return float(_excess(table(np.array([value])))[0])

    values = np.linspace(within[0], within[1], POINTS)
    band = table(values)
    if band["ci_low"].isna().any():
        raise UnsupportedError(
            f"the degrees of freedom of the slope of '{slope}' are not defined at some values of "
            f"'{moderator}', so no interval is. Use ddf='normal', or simplify the random effects."
        )
    bounds = _crossings(values, _excess(band), excess)
    ends = np.array([values[0], *bounds, values[-1]])
    middle = table((ends[:-1] + ends[1:]) / 2.0)
    differs = (_excess(middle) > 0).to_numpy()
    sign = np.where(differs, np.sign(middle["estimate"]), 0.0).astype(int)
    regions = pd.DataFrame({"low": ends[:-1], "high": ends[1:], "differs": differs, "sign": sign})
    band = band.drop(columns="term")
    band.insert(0, moderator, values)
    return JohnsonNeyman(slope, moderator, conf_level, tuple(bounds), regions, band)


def _checked(
    fit: MixedModelResult, slope: str, moderator: str, within: tuple[float, float], at: At | None
) -> Point:
    """Values of the other moderators."""
    known = predictors_of(fit.criterion.design)
    linear_in(known, slope)
    known.check(moderator)
    moderators = moderators_of(known, slope)
    if moderator not in moderators or known.levels(moderator):
        raise ArgumentError(
            f"'{moderator}' is not a numeric moderator of '{slope}': the model has no product of "
            "them. Add it to the formula, or use simple_slopes for levels."
        )
    low, high = within
    if not (np.isfinite([low, high]).all() and low < high):
        raise ArgumentError(f"within={within!r} is no range. Give (lowest, highest).")
    given = chosen_values(known, at)
    others = [column for column in moderators if column != moderator]
    if sorted(given) != sorted(others) or any(len(values) > 1 for values in given.values()):
        wanted = ", ".join(others) or "no other predictor"
        raise ArgumentError(
            f"the slope of '{slope}' depends on '{moderator}' and {wanted}: at must hold one "
            "value for each of these, and no other."
        )
    return {column: values[0] for column, values in given.items()}


def _excess(table: pd.DataFrame) -> pd.Series:
    """Above zero where the interval of the slope leaves out zero."""
    return (table["ci_low"] * table["ci_high"]) / table["se"] ** 2


def _crossings(
    values: np.ndarray, excess: pd.Series, compute: Callable[[float], float]
) -> list[float]:
    """Roots between neighbours of different sign."""
    sign = np.sign(excess.to_numpy())
    return [
        float(brentq(compute, values[k], values[k + 1], xtol=1e-12 * np.ptp(values), rtol=1e-12))
        for k in np.flatnonzero(sign[:-1] * sign[1:] < 0)
    ]
