"""What reliable change rests on: given by the user, or taken from an instrument."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import name_list, one_of, positive_number, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.measures.change.cutoffs import cut_offs
from alliance_stats.measures.change.input import Scores
from alliance_stats.measures.change.rules import CHANGE_METHODS, ChangeRule, ErrorRule, PointsRule
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.registry import get_instrument
from alliance_stats.measures.instruments.thresholds import ChangeValue, Cutoff, first_of

_LETTERS = ("a", "b", "c")


@dataclass(frozen=True, slots=True)
class Settings:
    """The rule, the cut-off, the direction, and where they come from."""

    rule: ChangeRule
    cutoff: Cutoff | None
    cutoff_kind: str
    higher_is_better: bool
    conf_level: float
    instrument: Instrument | None
    score: str
    published: ChangeValue | None
    mean_given: bool


def settings_of(
    scores: Scores,
    *,
    reliability: float | None,
    sd: float | None,
    higher_is_better: bool | None,
    mean: float | None,
    norm_mean: float | None,
    norm_sd: float | None,
    cutoff: float | str | None,
    method: str,
    instrument: str | Instrument | None,
    score: str | None,
    conf_level: float,
) -> Settings:
    """Check the arguments of `reliable_change` together and settle what they mean."""
    probability(conf_level, name="conf_level")
    one_of(method, CHANGE_METHODS, name="method")
    key = None if instrument is None else get_instrument(instrument)
    name = _score_name(key, score)
    _check_given(key, reliability=reliability, sd=sd, higher_is_better=higher_is_better)
    direction = _direction(key, higher_is_better)
    if key is not None:
        _check_range(scores, key, name)
    centre = _mean(scores, mean)
    published = None
    if key is not None and (reliability is None or sd is None):
        published = _published(key, name, method, conf_level, mean)
        rule: ChangeRule = PointsRule(published.value, published.level)
    else:
        rule = _error_rule(method, reliability, sd, centre, conf_level)
    case, kind = _cutoff(cutoff, key, name, direction, centre, sd, norm_mean, norm_sd)
    return Settings(
        rule, case, kind, direction, conf_level, key, name, published, mean is not None
    )  # fmt: skip


def _check_given(key: Instrument | None, **given: float | None) -> None:
    """Raise ArgumentError unless all are given, or an instrument can stand for them."""
    missing = [name for name, value in given.items() if value is None]
    if key is not None:
        missing = [name for name in missing if name != "higher_is_better"]
        if len(missing) != 1:  # both of reliability and sd, or none for the published index
            return
    if missing:
        raise ArgumentError(
            f"not given: {', '.join(missing)}. Reliable change needs the reliability of the "
            "scores, their sd before treatment in points, and higher_is_better (False where a "
            "high score means more symptoms); or instrument=, such as 'phq_9', with a published "
            "index."
        )


def _error_rule(
    method: str, reliability: float | None, sd: float | None, mean: float, level: float
) -> ErrorRule:
    probability(reliability, name="reliability")  # type: ignore[arg-type]
    positive_number(sd, name="sd")
    return ErrorRule(method, float(reliability), float(sd), mean, level)  # type: ignore[arg-type]


def _score_name(key: Instrument | None, score: str | None) -> str:
    if key is None:
        if score is not None:
            raise ArgumentError("score= would be ignored without instrument=. Leave it out.")
        return "total"
    if score is None and len(key.scores) > 1 and not key.composites:
        raise ArgumentError(f"{key.key} has no total. Give score=: {name_list(key.scores)}.")
    one_of(score or key.main_score, key.scores, name="score")
    return score or key.main_score


def _direction(key: Instrument | None, higher_is_better: bool | None) -> bool:
    if key is None:
        if not isinstance(higher_is_better, bool | np.bool_):
            raise ArgumentError(
                f"higher_is_better={higher_is_better!r} is neither True nor False. Give one."
            )
        return bool(higher_is_better)
    if higher_is_better is not None and higher_is_better != key.higher_is_better:
        raise ArgumentError(
            f"higher_is_better={higher_is_better}, but {key.key} has "
            f"{key.higher_is_better}. Leave it out."
        )
    return key.higher_is_better


def _check_range(scores: Scores, key: Instrument, score: str) -> None:
    low, high = key.score_range(score)
    for values, name in ((scores.pre, scores.pre_name), (scores.post, scores.post_name)):
        with np.errstate(invalid="ignore"):
            out = int(((values < low) | (values > high)).sum())
        if out:
            raise DataError(
                f"{out:,} of the scores '{name}' are not between {low:g} and {high:g}, as those of "
                f"{key.key} are. Give its scores as al.score makes them."
            )


def _mean(scores: Scores, mean: float | None) -> float:
    if mean is not None:
        if not _is_number(mean):
            raise ArgumentError(f"mean={mean!r} is not a number. Give one such as 15.2.")
        return float(mean)
    seen = scores.pre[~np.isnan(scores.pre)]
    return float(seen.mean()) if len(seen) else math.nan


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and math.isfinite(float(value))  # type: ignore[arg-type]


def _published(
    key: Instrument, score: str, method: str, conf_level: float, mean: float | None
) -> ChangeValue:
    """The index of the registry, with arguments that it would ignore refused."""
    if not any(change.score == score for change in key.rci):
        known = name_list(change.score for change in key.rci) or "none"
        raise ArgumentError(
            f"{key.key} has no published reliable change index of '{score}' in the registry "
            f"(scores that have one: {known}). Give reliability and sd."
        )
    index = first_of(key.rci, score, key=key.key, what="reliable change index")
    level = "unknown" if index.level is None else f"{index.level:g}"
    for wrong, name in (
        (method != "jacobson-truax", f"method='{method}'"),
        (index.level is not None and conf_level != index.level, f"conf_level={conf_level:g}"),
        (mean is not None, "mean="),
    ):
        if wrong:
            raise ArgumentError(
                f"{name} would be ignored: the published index of {key.key} is "
                f"{index.value:g} points at level {level}. Give reliability and sd for another."
            )
    return index


def _cutoff(
    cutoff: float | str | None,
    key: Instrument | None,
    score: str,
    higher_is_better: bool,
    mean: float,
    sd: float | None,
    norm_mean: float | None,
    norm_sd: float | None,
) -> tuple[Cutoff | None, str]:
    """The cut-off and its kind: ``a``, ``b``, ``c``, ``given``, ``published`` or none."""
    norms = norm_mean is not None or norm_sd is not None
    if cutoff is None and not norms:
        found = [c for c in key.cutoffs if c.score == score] if key is not None else []
        return (found[0], "published") if found else (None, "")
    kind = "c" if cutoff is None else cutoff
    case = "<" if higher_is_better else ">="
    if not isinstance(kind, str):
        if norms:
            raise ArgumentError("norm_mean and norm_sd would be ignored beside cutoff=.")
        if not _is_number(kind):
            raise ArgumentError(f"cutoff={kind!r} is not a number. Give one, or 'a', 'b', 'c'.")
        return Cutoff(score, float(kind), case), "given"  # type: ignore[arg-type]
    one_of(kind, _LETTERS, name="cutoff")
    if kind == "a" and norms:
        raise ArgumentError("norm_mean and norm_sd would be ignored with cutoff='a'.")
    if kind != "a" and (norm_mean is None or norm_sd is None):
        raise ArgumentError(f"cutoff='{kind}' needs both norm_mean and norm_sd.")
    if sd is None:
        raise ArgumentError(f"cutoff='{kind}' needs reliability and sd. Give both.")
    found_ones = cut_offs(
        clinical_mean=mean, clinical_sd=sd, higher_is_better=higher_is_better,
        norm_mean=norm_mean, norm_sd=norm_sd,
    )  # fmt: skip
    return Cutoff(score, getattr(found_ones, kind), case), kind  # type: ignore[arg-type]
