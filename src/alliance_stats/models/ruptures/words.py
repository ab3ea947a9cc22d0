"""Sentences about a rule, about ratings without ruptures, and about what was left out."""

from __future__ import annotations

from alliance_stats._base.checks import counted
from alliance_stats.models.ruptures.analysis import Analysis
from alliance_stats.models.ruptures.ratings import Ratings
from alliance_stats.models.ruptures.rule import Rule
from alliance_stats.models.ruptures.trends import trend_test

#: A mean slope with a smaller p value is spoken of.
_TREND = 0.01


def rule_words(rule: Rule) -> str:
    """What counts as a rupture, as a noun phrase."""
    k = f"{rule.drop:g}"
    if rule.name == "criterion":
        sd = {"own": "own SD", "pooled": "SD within patients, pooled over them"}.get(
            str(rule.sd), f"SD ({rule.sd})"
        )
        return f"a fall of at least {k} {sd} from {_reference_words(rule.lookback)}"
    if rule.name == "control_chart":
        return (
            f"a rating below the patient's mean less {k} sigma of mean moving ranges, widened for "
            "the correlation of neighbouring sessions"
        )
    if rule.name == "partition":
        return (
            "a fall from the high to the low of two levels into which the patient's ratings are "
            f"cut, at least {k} own SD apart"
        )
    return f"a rating at least {k} residual SD below the patient's own line over sessions"


def _reference_words(lookback: int | None) -> str:
    if lookback == 1:
        return "the session before"
    if lookback is None:
        return "the highest rating so far"
    return f"the highest rating of the {lookback} sessions before"


def repair_words(rule: Rule) -> str:
    """What counts as repair, as a noun phrase."""
    when = f"within {counted(rule.window, 'session')}"
    if rule.name == "partition":
        return f"a return to the high level {when}"
    level = {"criterion": "level before", "control_chart": "patient's mean", "regression": "line"}
    return f"a return to within {rule.tolerance:g} SD of the {level[rule.name]} {when}"


def notes_of(analysis: Analysis, ratings: Ratings, rule: Rule) -> tuple[str, ...]:
    """Sentences printed under the tables."""
    null = analysis.null
    n = analysis.chance.measures.shape[1]
    error = "" if null.reliability == 1 else f", reliability of a rating {null.reliability:g}"
    scale = null.scale
    ends = (
        "no ends of the scale"
        if ratings.ends == "no ends"
        else f"ends {scale.low:g} and {scale.high:g} ({ratings.ends})"
    )
    steps = "no steps" if scale.step is None else f"steps of {scale.step:g}"
    keep = {"none": "mean", "common": "mean, the slope of all patients", "own": "mean, line"}
    return (
        f"Rupture: {rule_words(rule)}. Repair: {repair_words(rule)}; resolved: such a return in "
        "any later session. While a rupture is open no other starts.",
        f"Expected: {n:,} simulated studies of the same patients without ruptures, who keep "
        f"{keep[null.trend]}, standard deviation and pattern of rated sessions; AR(1) of "
        f"{null.rho:.2f} (observed autocorrelation {null.autocorrelation:.2f})"
        f"{error}, {ends}, {steps}.",
        "p: share of simulated studies whose excess is as large, (1 + b)/(1 + m), one-sided; the "
        "first row is the test, the others are not adjusted for their number. An excess of falls "
        "is not yet a rupture between two people.",
    )


def messages_of(analysis: Analysis, ratings: Ratings) -> tuple[str, ...]:
    """Patients left out; an autocorrelation that cannot be matched; a trend in all ratings."""
    found = [*ratings.messages()]
    null = analysis.null
    if not null.matched:
        found.append(
            f"The observed autocorrelation {null.autocorrelation:.2f} is beyond what ratings "
            f"without ruptures reach; their AR(1) is set to {null.rho:.2f}. Counts by chance are "
            "not reliable here"
            + (": the reliability given is too low for it." if null.reliability < 1 else ".")
        )
    slope, p = trend_test(null.series)
    if null.trend == "none" and p < _TREND:
        found.append(
            f"Ratings {'rise' if slope > 0 else 'fall'} by {abs(slope):.2g} points a session "
            f"(p = {p:.2g}), but stay level in the ratings without ruptures: "
            f"{'too many' if slope > 0 else 'too few'} falls are expected. trend='common' gives "
            "them the slope."
        )
    return tuple(found)
