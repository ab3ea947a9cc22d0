"""What is published about the scores of an instrument: cut-offs, bands, reliable change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError

Case = Literal[">=", ">", "<=", "<"]
MissingKind = Literal["none", "prorate", "rounded mean of the subscale"]

CASES = (">=", ">", "<=", "<")
MISSING_KINDS = ("none", "prorate", "rounded mean of the subscale")
CONFIDENCE = ("high", "medium")


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Where a score becomes a case: ``score >= 10``.

    Attributes
    ----------
    score : str
        Which score of the instrument.
    value : float
        The cut-off, in units of the score.
    case : {">=", ">", "<=", "<"}
        On which side of the value a case stands.
    meaning, confidence, source : str
        What a case is, how certain the value is, and who published it.
    """

    score: str
    value: float
    case: Case
    meaning: str = ""
    confidence: str = "high"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Bands:
    """Severity bands of a score: each begins at its limit, the first at the lowest score."""

    score: str
    limits: tuple[float, ...]
    labels: tuple[str, ...]
    confidence: str = "high"
    source: str = ""


@dataclass(frozen=True, slots=True)
class ChangeValue:
    """A published size of change: a reliable change index, or an important difference.

    Attributes
    ----------
    score : str
        Which score of the instrument.
    value : float
        Size of the change, in units of the score.
    level : float or None
        Confidence level of a reliable change index; None where it is not known.
    rule : str
        Whether a change of exactly `value` counts: ``"change of at least 6"``.
    confidence, source : str
        How certain the value is, and who published it.
    """

    score: str
    value: float
    level: float | None = None
    rule: str = ""
    confidence: str = "high"
    source: str = ""


@dataclass(frozen=True, slots=True)
class MissingRule:
    """What the instrument's own manual does about items without an answer.

    Attributes
    ----------
    rule : {"none", "prorate", "rounded mean of the subscale"}
        ``"prorate"`` takes the mean of the answered items for the missing ones;
        ``"rounded mean of the subscale"`` fills each missing item before anything is added up.
    limits : mapping of str to int
        Missing items up to which a score is given, by score.
    """

    rule: MissingKind = "none"
    limits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", MappingProxyType(dict(self.limits)))


def case_words(cutoff: Cutoff) -> str:
    """On which side of the cut-off a case stands: ``of at least 10``."""
    words = {">=": "of at least", ">": "above", "<=": "of at most", "<": "below"}
    return f"{words[cutoff.case]} {round(cutoff.value, 2):g}"


Threshold = TypeVar("Threshold", Cutoff, Bands, ChangeValue)


def first_of(thresholds: tuple[Threshold, ...], score: str, *, key: str, what: str) -> Threshold:
    """The first threshold of a score; ArgumentError names the scores that have one."""
    for threshold in thresholds:
        if threshold.score == score:
            return threshold
    known = name_list(dict.fromkeys(t.score for t in thresholds)) or "none"
    raise ArgumentError(
        f"instrument '{key}' has no {what} for the score '{score}'. Scores with {what}: {known}."
    )
