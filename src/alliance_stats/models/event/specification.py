"""What is asked of a discrete-time event model, and its formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from alliance_stats._base.checks import is_whole, name_list, one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.roles import Roles
from alliance_stats.formula.names import quote_name
from alliance_stats.models.windows import session_window

Predictor = Literal["current", "running_mean", "change", "early"]
Baseline = Literal["spline", "factor", "log"]
Link = Literal["cloglog", "logit"]
Missing = Literal["drop", "last"]
Frailty = Literal["auto", "therapist"]

#: Every predictor made of the alliance, the effect its coefficient is, and the unit that differs.
PREDICTORS: Mapping[str, tuple[str, str]] = {
    "current": ("current_alliance", "session"),
    "running_mean": ("mean_alliance", "session"),
    "change": ("alliance_change", "session"),
    "early": ("early_alliance", "patient"),
}
#: Predictors that need the rating of the session itself.
OF_SESSION = ("current", "change")
BASELINES = ("spline", "factor", "log")
LINKS = ("cloglog", "logit")
WINDOW = (3, 5)
SPLINE_DF = 4


@dataclass(frozen=True, slots=True)
class EventSpecification:
    """The choices of `fit_event`, whose help explains them."""

    event: str
    competing: tuple[str, ...]
    censored: tuple[str, ...]
    predictors: tuple[Predictor, ...]
    covariates: tuple[str, ...]
    early_window: tuple[int, int]
    baseline: Baseline
    spline_df: int
    link: Link
    frailty: bool
    missing: Missing
    at_risk: str | None
    n_agq: int
    by_column: bool

    @property
    def competing_name(self) -> str:
        """What the competing events are called together."""
        return " or ".join(self.competing)


def predictor_column(alliance: str, predictor: str) -> str:
    """Column of a predictor: the alliance itself, ``wai_total_running_mean`` …

    >>> predictor_column("wai", "change")
    'wai_change'
    """
    return alliance if predictor == "current" else f"{alliance}_{predictor}"


def check_predictors(predictors: object, covariates: object) -> None:
    """Raise ArgumentError unless there are known predictors, each once, or covariates."""
    for name, given in (("predictors", predictors), ("covariates", covariates)):
        if isinstance(given, str) or not isinstance(given, Sequence):
            raise ArgumentError(f"{name}={given!r} is not a list. Give a list of names.")
        if len(set(given)) < len(given):
            raise ArgumentError(f"{name}={list(given)!r} names one twice. Give each once.")
    for predictor in predictors:  # type: ignore[attr-defined]
        one_of(predictor, tuple(PREDICTORS), name="predictors")
    if not predictors and not covariates:
        raise ArgumentError(
            "there is nothing that predicts: predictors and covariates are empty. "
            f"Give predictors from {name_list(PREDICTORS)}, or covariates known at the session."
        )


def check_missing(missing: str, predictors: Sequence[str]) -> None:
    """Raise ArgumentError for an unknown way, or one that the predictors have no use for."""
    one_of(missing, ("drop", "last"), name="missing")
    if missing == "last" and not set(predictors) & set(OF_SESSION):
        raise ArgumentError(
            "missing='last' would be ignored: only the predictors 'current' and 'change' need the "
            "rating of the session itself. Leave it out."
        )


def check_window(window: object, predictors: Sequence[str]) -> tuple[int, int]:
    """The window of the early alliance; raises where it would be ignored."""
    ends = session_window(window, name="early_window")
    if ends != WINDOW and "early" not in predictors:
        raise ArgumentError(
            f"early_window={ends} would be ignored: 'early' is not among the predictors. "
            "Add it, or leave early_window out."
        )
    return ends


def check_baseline(baseline: str, spline_df: object) -> None:
    """Raise ArgumentError for an unknown baseline, or degrees of freedom that it has no use for."""
    one_of(baseline, BASELINES, name="baseline")
    if not is_whole(spline_df) or not 3 <= spline_df <= 12:
        raise ArgumentError(
            f"spline_df={spline_df!r} is not a number of degrees of freedom from 3 to 12."
            " Give one such as 4."
        )
    if baseline != "spline" and spline_df != SPLINE_DF:
        raise ArgumentError(
            f"spline_df={spline_df} would be ignored with baseline={baseline!r}. Leave it out."
        )


def has_frailty(frailty: object, roles: Roles) -> bool:
    """Whether therapists have a frailty; raises ArgumentError for any of patients."""
    if frailty == "patient":
        raise ArgumentError(
            "frailty='patient' is not possible: a patient leaves once, so that what differs "
            "between patients cannot be told from the shape of the baseline. Use 'therapist' or "
            "None."
        )
    one_of(frailty, ("auto", "therapist", None), name="frailty")
    if frailty == "therapist" and roles.therapist is None:
        raise ArgumentError(
            "frailty='therapist' needs therapists, but there is no therapist role. "
            "Give roles=Roles(therapist=…), or leave it out."
        )
    return frailty is not None and roles.therapist is not None


def hazard_formula(
    response: str, session: str, predictors: Sequence[str], therapist: str | None,
    baseline: Baseline, spline_df: int,
) -> str:  # fmt: skip
    """The model of one hazard in R's syntax; `predictors` are columns."""
    fixed = [baseline_term(session, baseline, spline_df), *map(quote_name, predictors)]
    random = [] if therapist is None else [f"(1 | {quote_name(therapist)})"]
    return f"{quote_name(response)} ~ {' + '.join([*fixed, *random])}"


def baseline_term(session: str, baseline: Baseline, spline_df: int) -> str:
    """How the session number enters: ``bs(session, df = 4)``.

    >>> baseline_term("session", "factor", 4)
    'C(session)'
    """
    name = quote_name(session)
    words = {"spline": f"bs({name}, df = {spline_df})", "factor": f"C({name})"}
    return words.get(baseline, f"log({name})")
