"""fit_ruptures: whether patients with more ruptures than by chance, or more repairs, do better."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alliance_stats._base.checks import did_you_mean
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.outcome.fit import check_change
from alliance_stats.models.outcome.patient_fit import PatientFit, fit_rows
from alliance_stats.models.ruptures.find import find_ruptures
from alliance_stats.models.ruptures.outcome_result import RuptureOutcome
from alliance_stats.models.ruptures.patients import RupturePatients, prepare_ruptures
from alliance_stats.models.ruptures.result import RuptureResult


@dataclass(frozen=True, eq=False)
class CountedRuptures:
    """Ruptures, and the patients whose outcome they are related to."""

    found: RuptureResult
    patients: RupturePatients

    def fit(self) -> PatientFit:
        """Regress the last outcome on excesses and intake."""
        rows = self.patients
        return fit_rows(rows.frame, rows.post, rows.predictors, rows.roles.therapist)


def fit_ruptures(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    therapist_change: TherapistChange = "raise",
    **options: Any,
) -> RuptureOutcome:
    """Relate ruptures beyond chance, and repairs beyond chance, to the outcome.

    A raw count of ruptures is mostly a measure of how many sessions a patient had and how much the
    ratings vary. What enters here is the patient's count less the count that chance brings about
    in ratings like the patient's, and the repaired ones less those that chance repairs of so many.
    One row a patient: the last outcome is regressed on both, given the score at intake, with a
    random intercept of therapists if there is a therapist role.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The role ``baseline`` is required.
    roles : Roles or dict, optional
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, or count for their first one.
    **options
        What counts as a rupture and as its repair, and what as chance: the arguments of
        `find_ruptures`.

    Returns
    -------
    RuptureOutcome

    Raises
    ------
    DataError
        What `find_ruptures` raises; too few patients; columns that do not vary or depend on each
        other; patients with several therapists.
    ArgumentError
        Without the role ``baseline``; for unknown arguments.

    Warns
    -----
    DataWarning, FitWarning
        Patients left out; singular or failed fits. Also in ``result.messages``.

    Notes
    -----
    Ruptures are counted over the whole of therapy and the outcome is its last score, so this is an
    association without an order in time. An excess of a few falls is known with much error, which
    draws its coefficient towards 0: ``result.spread`` compares its variance with that by chance. In
    simulations with real ruptures 3 to 40% of their effect was left. There is no correction: it
    would need the variance that chance has *beside* real ruptures, which widen a patient's standard
    deviation and so change what chance does.

    Examples
    --------
    >>> import warnings
    >>> import alliance_stats as al
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     result = al.models.fit_ruptures(al.load_example("sessions"), simulations=99)
    >>> result.effects["effect"].tolist()
    ['excess_ruptures', 'excess_repaired']
    """
    counted = count_ruptures(sessions_from(sessions, roles), therapist_change, options)
    fit = counted.fit()
    result = RuptureOutcome(fit, counted.patients, counted.found)
    for message in result.messages:
        category = FitWarning if message in fit.messages else DataWarning
        warnings.warn(message, category, stacklevel=2)
    return result


def count_ruptures(
    data: SessionData, therapist_change: TherapistChange, options: Mapping[str, Any]
) -> CountedRuptures:
    """Find ruptures and make one row a patient; `options` are those of `find_ruptures`."""
    if data.roles is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    _check_options(options)
    check_change(therapist_change, data.roles, caller="fit_ruptures")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # they are in the result's messages
        found = find_ruptures(data, **options)
    return CountedRuptures(found, prepare_ruptures(data, data.roles, found, therapist_change))


def _check_options(options: Mapping[str, Any]) -> None:
    known = [
        name
        for name, parameter in inspect.signature(find_ruptures).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    for name in options:
        if name not in known:
            raise ArgumentError(
                f"{name} is no argument of fit_ruptures.{did_you_mean(name, known)} It takes those "
                f"of find_ruptures: {', '.join(known)}."
            )
