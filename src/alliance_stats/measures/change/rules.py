"""When a change is more than the error of measurement: Jacobson-Truax and its relatives."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from alliance_stats._base.printing import format_number

Floats = NDArray[np.float64]
ChangeMethod = Literal["jacobson-truax", "edwards-nunnally", "gulliksen-lord-novick"]

CHANGE_METHODS = ("jacobson-truax", "edwards-nunnally", "gulliksen-lord-novick")
_HAIR = 1e-9
METHOD_NAMES = {
    "jacobson-truax": "Jacobson and Truax",
    "edwards-nunnally": "Edwards and Nunnally",
    "gulliksen-lord-novick": "Gulliksen, Lord and Novick",
    "published": "published index",
}


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """A later score compared with what is expected from the first one and its error.

    Expected is ``mean + slope (pre - mean)``, where the slope is 1 for Jacobson and Truax (1991)
    and the reliability r for the others, because extreme scores regress towards the mean. The
    error is

    * ``jacobson-truax``: sd sqrt(2) sqrt(1 - r), that of a difference of two scores;
    * ``edwards-nunnally``: sd sqrt(1 - r), around the estimated true score (Speer, 1992);
    * ``gulliksen-lord-novick``: sd sqrt(1 - r^2), that of a prediction (Hsu, 1989).

    Attributes
    ----------
    method : str
    reliability, sd : float
        Of the scores before treatment.
    mean : float
        Mean towards which scores regress; not used by Jacobson and Truax.
    level : float
        Confidence level, two-sided.

    References
    ----------
    Hsu, L. M. (1989). Reliable changes in psychotherapy: Taking into account regression toward
    the mean. *Behavioral Assessment*, 11, 459-467.

    Jacobson, N. S., & Truax, P. (1991). Clinical significance: A statistical approach to defining
    meaningful change in psychotherapy research. *Journal of Consulting and Clinical Psychology*,
    59, 12-19.

    Speer, D. C. (1992). Clinically significant change: Jacobson and Truax (1991) revisited.
    *Journal of Consulting and Clinical Psychology*, 60, 402-408.
    """

    method: ChangeMethod
    reliability: float
    sd: float
    mean: float
    level: float

    @property
    def error(self) -> float:
        """Standard error of the comparison, in points."""
        r = self.reliability
        within = {"jacobson-truax": 2 * (1 - r), "edwards-nunnally": 1 - r}
        return self.sd * sqrt(within.get(self.method, 1 - r**2))

    @property
    def quantile(self) -> float:
        """How many standard errors: 1.96 at 95%."""
        return float(ndtri(0.5 + self.level / 2))

    @property
    def points(self) -> float:
        """Distance from the expected score that must be passed."""
        return self.quantile * self.error

    def expected(self, pre: Floats) -> Floats:
        """Later score of a patient who did not change."""
        if self.method == "jacobson-truax":
            return pre
        return np.asarray(self.mean + self.reliability * (pre - self.mean))

    def index(self, pre: Floats, post: Floats) -> Floats:
        """Standard errors by which the later score is above the expected one."""
        return np.asarray((post - self.expected(pre)) / self.error)

    def direction(self, pre: Floats, post: Floats) -> Floats:
        """1 for a reliable rise, -1 for a reliable fall, else 0; NaN where a score is missing."""
        return _signs(self.index(pre, post), self.quantile, at_least=False)


@dataclass(frozen=True, slots=True)
class PointsRule:
    """A published index in points: a change of at least so many counts."""

    points: float
    level: float | None
    method: str = "published"

    def expected(self, pre: Floats) -> Floats:
        """Later score of a patient who did not change."""
        return pre

    def index(self, pre: Floats, post: Floats) -> Floats:
        """Not known: the standard error is not published with the points."""
        return np.full(len(pre), np.nan)

    def direction(self, pre: Floats, post: Floats) -> Floats:
        """1 for a reliable rise, -1 for a reliable fall, else 0; NaN where a score is missing."""
        return _signs(np.asarray(post - pre), self.points, at_least=True)


ChangeRule = ErrorRule | PointsRule


def rule_words(rule: ChangeRule) -> str:
    """When a change is reliable, in words.

    >>> rule_words(PointsRule(6.0, 0.95))
    'a change of at least 6 points (published index)'
    """
    name = METHOD_NAMES[rule.method]
    if isinstance(rule, PointsRule):
        return f"a change of at least {rule.points:g} points ({name})"
    points = f"more than {format_number(rule.points)} points"
    if rule.method == "jacobson-truax":
        return f"a change of {points} ({name})"
    return f"a score {points} from the one expected by regression towards the mean ({name})"


def _signs(values: Floats, limit: float, *, at_least: bool) -> Floats:
    with np.errstate(invalid="ignore"):
        if at_least:  # scores are ratios of whole numbers: a hair below the limit is the limit
            beyond = np.abs(values) >= limit - _HAIR * max(1.0, limit)
        else:
            beyond = np.abs(values) > limit
    return np.where(np.isnan(values), np.nan, np.sign(values) * beyond)
