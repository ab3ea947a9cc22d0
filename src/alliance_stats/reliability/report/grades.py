"""Words for coefficients, by cut points that are stated with their source.

.70, .80 and .90 are those of Nunnally and Bernstein (1994, Psychometric theory, 3rd ed., pp.
264-265): enough at an early stage of research, enough for the comparison of groups, and the least
where single persons are decided on. Below .50 more than half of the variance is error, which is
arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SOURCE = (
    "Cut points: .70 at an early stage of research, .80 for comparisons of groups, .90 where "
    "single patients are decided on (Nunnally & Bernstein, 1994, Psychometric theory, pp. "
    "264-265); below .50 more than half of the variance is error. They are conventions, not tests."
)
CUTS = (0.50, 0.70, 0.80, 0.90)


class Grade(NamedTuple):
    """A word and what it allows."""

    word: str
    use: str


GRADES = (
    Grade("poor", "more than half of the variance is error"),
    Grade("weak", "not enough even for groups"),
    Grade("acceptable", "for groups, not for single ones"),
    Grade("good", "for groups, not for single ones"),
    Grade("very good", "also for single ones"),
)
UNKNOWN = Grade("not known", "could not be estimated")


def grade(value: float) -> Grade:
    """The grade of a coefficient.

    >>> grade(0.79).word, grade(0.8).word, grade(float("nan")).word
    ('acceptable', 'good', 'not known')
    """
    if np.isnan(value):
        return UNKNOWN
    return GRADES[int(np.searchsorted(CUTS, value, side="right"))]


def verdict(value: float, low: float, high: float, *, single: str = "patients") -> str:
    """The grade in words, with the other grades that the interval allows.

    An interval over three grades or more is called open, because the estimate says too little.

    >>> verdict(0.83, 0.78, 0.88)
    'good for groups, not for single patients (the interval allows acceptable to good)'
    >>> verdict(0.3, 0.2, 0.4)
    'poor: more than half of the variance is error'
    >>> verdict(0.74, 0.46, 0.91, single="therapists")
    'open, the interval allows poor to very good'
    """
    found = grade(value)
    join = {"for": " ", "als": ", "}.get(found.use[:3], ": ")
    said = f"{found.word}{join}{found.use.replace('single ones', f'single {single}')}"
    if np.isnan(low) or np.isnan(high):
        return said
    ends = [grade(low), grade(high)]
    allowed = f"the interval allows {' to '.join(dict.fromkeys(end.word for end in ends))}"
    if GRADES.index(ends[1]) - GRADES.index(ends[0]) > 1:
        return f"open, {allowed}"
    return said if ends[0] == ends[1] else f"{said} ({allowed})"
