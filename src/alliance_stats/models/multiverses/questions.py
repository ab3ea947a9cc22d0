"""How one specification of each question is prepared, fitted, and called directly."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alliance_stats.data.centering import TWO_LEVEL_EFFECTS, centered_columns
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.covariates import check_covariates, covariate_columns
from alliance_stats.models.lagged import specification as lagged
from alliance_stats.models.lagged.fit import DEFAULT_SLOPES as LAGGED_SLOPES
from alliance_stats.models.lagged.fit import SLOPES_ALLOWED, fit_lagged
from alliance_stats.models.lagged.prepare import PreparedLags, prepare_lags
from alliance_stats.models.multiverses.choices import Options
from alliance_stats.models.multiverses.rupture_options import CHOICES as RUPTURES
from alliance_stats.models.multiverses.rupture_options import COMMON, rupture_arguments
from alliance_stats.models.outcome.fit import fit_outcome
from alliance_stats.models.outcome.patient_fit import PatientFit, fit_patients
from alliance_stats.models.outcome.prepare import PreparedPatients, prepare_patients
from alliance_stats.models.prepare import PreparedSessions, prepare_sessions
from alliance_stats.models.ruptures.fit import CountedRuptures, count_ruptures, fit_ruptures
from alliance_stats.models.ruptures.patients import EFFECTS, RupturePatients
from alliance_stats.models.slopes import Slopes, checked_slopes, part_slopes
from alliance_stats.models.specification import Specification, check_rows, fit_specification
from alliance_stats.models.within_between.fit import fit_within_between

#: What a row says where ratings without ruptures could not be made like the data.
UNMATCHED = "The autocorrelation could not be matched: counts by chance are not reliable here."
#: Options that sessions are changed by before a model sees them.
_SOURCE = ("outliers", "min_ratings", "therapist")


@dataclass(frozen=True, eq=False)
class Estimated:
    """One specification, fitted.

    Attributes
    ----------
    fit : MixedModelResult or LinearFit
    term : str
        The coefficient that is asked for.
    counts : dict of str to int
        Rows and units in the model.
    patients : PreparedPatients or RupturePatients, optional
        The rows, where one row is a patient.
    about : tuple of str
        What a reader must know of it, besides what the fit says.
    """

    fit: PatientFit
    term: str
    counts: dict[str, int]
    patients: PreparedPatients | RupturePatients | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """The steps from sessions to an estimate.

    Attributes
    ----------
    data_choices : tuple of str
        Choices that the prepared rows depend on, besides those of `sources`.
    prepare, estimate : callable
        Rows of the sessions under some options; the specification's fit to these rows,
        given the θ of a similar one.
    call : callable
        The result object of the public function, given the same sessions and options.
    """

    data_choices: tuple[str, ...]
    prepare: Callable[[SessionData, Options], Any]
    estimate: Callable[[Any, Options, np.ndarray | None], Estimated]
    call: Callable[[SessionData, Options], Any]

    def key(self, options: Options) -> tuple[Any, ...]:
        """What the prepared rows depend on."""
        names = (*_SOURCE, *self.data_choices)
        return tuple(repr(options[name]) for name in names if name in options)

    def likeness(self, options: Options) -> str:
        """What specifications with similar θ have in common."""
        names = ("therapist", "random_slopes", "gap")
        line = options.get("time") == "patient"
        return repr([line, *(options.get(name) for name in names)])


def _prepare_sessions(data: SessionData, options: Options) -> PreparedSessions:
    if data.roles is None:
        raise ValueError("sessions without roles")
    covariates = options["covariates"]
    check_covariates(covariates, "both", data, data.roles)
    return prepare_sessions(
        data, data.roles, time_column=options["time_column"], mean_rows=options["mean_rows"],
        therapist_mean=options["therapist_mean"],
        therapist_change=way_of(options), also=covariates,
    )  # fmt: skip


def _session_specification(prepared: PreparedSessions, options: Options) -> Specification:
    parts = [effect for effect, _ in prepared.effects]
    return Specification(
        time=options["time"],
        time_column=options["time_column"],
        slopes=part_slopes(options["random_slopes"], parts),
        mean_rows=options["mean_rows"],
        therapist_mean=options["therapist_mean"],
        reml=options["reml"],
        residual=options["residual"],
        covariates=covariate_columns(prepared, options["covariates"], options["covariate_parts"]),
    )


def _estimate_sessions(
    number: int,
) -> Callable[[PreparedSessions, Options, np.ndarray | None], Estimated]:
    """Of the effect within patients (0) or between them (1)."""

    def estimate(
        prepared: PreparedSessions, options: Options, near: np.ndarray | None
    ) -> Estimated:
        chosen = _session_specification(prepared, options)
        check_rows(prepared, chosen)
        fit = fit_specification(prepared, chosen, near=near)
        return Estimated(fit, prepared.effects[number][1], prepared.counts())

    return estimate


def _call_sessions(data: SessionData, options: Options) -> Any:
    given = {
        name: options[name]
        for name in (
            "time", "time_column", "random_slopes", "mean_rows", "therapist_mean", "residual",
            "reml", "covariates",
        )
    }  # fmt: skip
    if options["covariates"]:
        given["covariate_parts"] = options["covariate_parts"]
    return fit_within_between(data, **given, **_change(options))


def way_of(options: Options) -> TherapistChange:
    """What is made of patients with several therapists; nothing where therapists are ignored."""
    way: TherapistChange = options.get("therapist_change", "raise")
    return "raise" if options.get("therapist") == "ignored" else way


def _change(options: Options) -> dict[str, Any]:
    way = way_of(options)
    return {} if way == "raise" else {"therapist_change": way}


def check_columns(question: str, rows: Sequence[Options], data: SessionData, roles: Roles) -> None:
    """Raise for covariates that are no columns, and slopes of what no unit can differ in."""
    parts = [effect for effect, _ in centered_columns(roles.alliance, therapist=True)]
    for options in rows:
        if options.get("covariates"):
            check_covariates(options["covariates"], "both", data, roles)
        if slopes := options.get("random_slopes"):
            if question == "lagged":
                _lagged_slopes(slopes, roles)
            else:
                part_slopes(slopes, parts if roles.therapist is not None else TWO_LEVEL_EFFECTS)


def _lagged_slopes(slopes: Slopes | None, roles: Roles) -> dict[str, tuple[str, ...]]:
    three = roles.therapist is not None
    return checked_slopes(slopes, LAGGED_SLOPES, SLOPES_ALLOWED, therapists=three)


def _prepare_lags(data: SessionData, options: Options) -> PreparedLags:
    if data.roles is None:
        raise ValueError("sessions without roles")
    return prepare_lags(
        data, data.roles, step=1, gap=options["gap"], time_column=options["time_column"],
        therapist_change=way_of(options),
    )  # fmt: skip


def _estimate_lagged(
    prepared: PreparedLags, options: Options, near: np.ndarray | None
) -> Estimated:
    equation = prepared.equations[0]
    slopes = _lagged_slopes(options["random_slopes"], prepared.roles)
    chosen = lagged.LaggedSpecification(
        time=options["time"], time_column=options["time_column"],
        slopes={equation.side: slopes}, reml=options["reml"],
    )  # fmt: skip
    lagged.check_rows(prepared, equation, chosen)
    fit = lagged.fit_equation(prepared, equation, chosen, near=near)
    return Estimated(fit, equation.cross, prepared.counts(equation))


def _call_lagged(data: SessionData, options: Options) -> Any:
    names = ("gap", "time", "time_column", "random_slopes", "reml")
    given = {name: options[name] for name in names}
    return fit_lagged(data, **given, **_change(options))


def _prepare_patients(data: SessionData, options: Options) -> PreparedPatients:
    if data.roles is None:
        raise ValueError("sessions without roles")
    return prepare_patients(
        data, data.roles, window=options["alliance_window"], min_ratings=options["min_ratings"],
        split="none", therapist_change=way_of(options),
    )  # fmt: skip


def _estimate_patients(
    prepared: PreparedPatients, options: Options, near: np.ndarray | None
) -> Estimated:
    return Estimated(fit_patients(prepared), prepared.early, prepared.counts(), prepared)


def _call_outcome(data: SessionData, options: Options) -> Any:
    given = {name: options[name] for name in ("alliance_window", "min_ratings")}
    return fit_outcome(data, **given, **_change(options))


def _prepare_ruptures(data: SessionData, options: Options) -> CountedRuptures:
    return count_ruptures(data, way_of(options), rupture_arguments(options))


def _estimate_ruptures(
    counted: CountedRuptures, options: Options, near: np.ndarray | None
) -> Estimated:
    rows, null = counted.patients, counted.found.analysis.null
    about = () if null.matched else (UNMATCHED,)
    return Estimated(counted.fit(), EFFECTS[0], rows.counts(), rows, about)


def _call_ruptures(data: SessionData, options: Options) -> Any:
    return fit_ruptures(data, **_change(options), **rupture_arguments(options))


_SESSION_DATA = ("time_column", "mean_rows", "therapist_mean", "covariates", "therapist_change")
MODELS = {
    "within": Question(_SESSION_DATA, _prepare_sessions, _estimate_sessions(0), _call_sessions),
    "between": Question(_SESSION_DATA, _prepare_sessions, _estimate_sessions(1), _call_sessions),
    "lagged": Question(
        ("gap", "time_column", "therapist_change"), _prepare_lags, _estimate_lagged, _call_lagged
    ),
    "outcome": Question(
        ("alliance_window", "therapist_change"),
        _prepare_patients, _estimate_patients, _call_outcome,
    ),
    "ruptures": Question(
        (*RUPTURES, *COMMON, "therapist_change"),
        _prepare_ruptures, _estimate_ruptures, _call_ruptures,
    ),
}  # fmt: skip


def quietly(model: Question, data: SessionData, options: Options) -> Any:
    """The result object of the public function, without warnings: its messages keep them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.call(data, options)
