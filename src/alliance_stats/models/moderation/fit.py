"""fit_moderation: for whom the alliance goes with outcome, and whether technique matters.

"The alliance works regardless of treatment" says that slopes are the same. A non-significant
interaction does not show that: it may be a small study. The claim needs a bound below which a
difference would not matter, and an interval of the difference that lies inside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning, UnsupportedError
from alliance_stats.data.centering import THREE_LEVEL_EFFECTS, TWO_LEVEL_EFFECTS, TherapistMean
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.moderation.moderator import Moderator, read_moderator
from alliance_stats.models.moderation.prepare import PreparedModeration, prepare_moderation
from alliance_stats.models.moderation.result import ModerationResult
from alliance_stats.models.moderation.specification import (
    ModerationSpecification,
    SmallestEffect,
    checked_bounds,
    checked_standards,
    checked_values,
    fit_moderated,
)
from alliance_stats.models.prepare import TIMES, MeanRows, Time, TimeColumn, check_clock
from alliance_stats.models.slopes import Slopes, checked_slopes
from alliance_stats.models.specification import Specification, check_rows

DEFAULT_SLOPES: dict[str, tuple[str, ...]] = {"patient": ("within",)}


def fit_moderation(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    moderator: str = "treatment",
    smallest_effect: SmallestEffect | None = None,
    standardise_by: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    at: Sequence[float] | None = None,
    reference: str | None = None,
    time: Time = "linear",
    time_column: TimeColumn = "session",
    time_by_moderator: bool | None = None,
    random_slopes: Slopes | None = None,
    mean_rows: MeanRows = "available",
    therapist_mean: TherapistMean = "patients",
    therapist_change: TherapistChange = "raise",
    variance_by_arm: bool = False,
    reml: bool = True,
) -> ModerationResult:
    """Ask for whom alliance and outcome go together, and whether regardless of treatment.

    Use it for claims such as "across treatments" or "above all in severe cases". The alliance is
    centred first and then multiplied: whether the slope within patients depends on the moderator
    and whether the one between patients (between therapists) does are separate questions. It
    estimates associations: alliance and outcome are rated in the same session.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session; a frame needs `roles`. The alliance column is raw.
    roles : Roles or dict, optional
    moderator : str
        A role or a column. Text, categories, numbers with two values and the role ``treatment``
        are groups of patients, compared pair by pair. Other numbers are continuous: one for each
        patient (such as severity at intake), or one for each session (such as adherence), which is
        then split as the alliance is, and each part of the alliance meets the same part of it.
    smallest_effect : float or mapping
        Required: the smallest difference between two slopes that would matter, in outcome units
        per alliance unit; one for all effects or one for each, ``{"within": 0.05, …}``.
    standardise_by : mapping, optional
        ``{"alliance": SD, "outcome": SD}``: `smallest_effect` is then in outcome SDs per alliance
        SD. Fixed numbers of a manual or an earlier study: SDs of these data would make the bound
        depend on them.
    alpha : float
        Level of each of the two one-sided tests of equivalence, so that equivalence is found where
        the interval at 1 − 2α lies inside ±`smallest_effect`; and of the tests of differences.
    at : sequence of float, optional
        Values of a continuous moderator, increasing, at which slopes are given; the equivalence
        test compares the first and the last. By default the mean and one SD on both sides (over
        patients, or over what varies at its level). For a moderator of sessions: deviations.
    reference : str, optional
        Group whose slopes are the model's main coefficients; by default the first. Slopes,
        differences and tests do not depend on it.
    time, time_column, mean_rows, therapist_mean, therapist_change, reml
        As in `fit_within_between`.
    time_by_moderator : bool, optional
        Whether the trend of the outcome may differ with the moderator. Default: yes for groups and
        numbers of patients with ``time`` ``"linear"``, ``"log"`` or ``"patient"``. Else a faster
        improvement in one treatment, in which the alliance rises too, looks like another slope.
    random_slopes : mapping, optional
        As in `fit_within_between`; default ``{"patient": ["within"]}``.
    variance_by_arm : bool
        Whether every group has a residual variance of its own.

    Returns
    -------
    ModerationResult

    Raises
    ------
    ArgumentError
        Without `smallest_effect`, for arguments that are unknown or would be ignored, or a
        moderator that is alliance, outcome, time, patient or therapist.
    DataError
        For missing or unusable columns; a moderator that does not vary, or is therapists under
        another name; a group with fewer than three patients or without variation in the alliance;
        and as `fit_within_between`.
    UnsupportedError
        For groups that change within patients, and therapists' random slopes where one arm has no
        therapists.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions; arms without therapists, found by therapist columns that are empty in a
        whole arm, and fitted as a partially nested model; slopes that cannot be compared; singular
        or failed fits. Also kept in ``result.messages``.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
    approach for assessing the equivalence of average bioavailability. Journal of Pharmacokinetics
    and Biopharmaceutics, 15(6), 657–680.

    Bauer, D. J., Sterba, S. K., & Hallfors, D. D. (2008). Evaluating group-based interventions when
    control participants are ungrouped. Multivariate Behavioral Research, 43(2), 210–236.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions")
    >>> result = al.models.fit_moderation(
    ...     sessions, moderator="phq9_intake", smallest_effect=0.05, at=(10, 20))
    >>> result.claims()["effect"].tolist()
    ['within', 'patient_between', 'therapist_between']
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    standards = checked_standards(standardise_by)
    effects = TWO_LEVEL_EFFECTS if known.therapist is None else THREE_LEVEL_EFFECTS
    smallest = checked_bounds(smallest_effect, effects, standards)
    probability(alpha, name="alpha")
    _check_choices(alpha, time, time_column, reml, variance_by_arm)
    values = checked_values(at)
    found = read_moderator(
        data.frame, known, moderator, reference=reference, time_column=time_column
    )
    _check_kind(found, values, variance_by_arm)
    prepared = prepare_moderation(
        data, known, found, at=values, time_column=time_column, mean_rows=mean_rows,
        therapist_mean=therapist_mean, therapist_change=therapist_change,
    )  # fmt: skip
    specification = ModerationSpecification(
        base=Specification(
            time=time, time_column=time_column, slopes=_slopes(random_slopes, prepared),
            mean_rows=mean_rows, therapist_mean=therapist_mean, reml=reml,
        ),
        smallest=smallest, standardise_by=standards, alpha=alpha,
        time_by_moderator=_time_moderated(time_by_moderator, time, found),
        variance_by_arm=variance_by_arm,
    )  # fmt: skip
    check_rows(prepared.sessions, specification.base)
    result = ModerationResult(fit_moderated(prepared, specification), prepared, specification)
    for message in prepared.messages():
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in result.fit.about_fit:
        warnings.warn(message, FitWarning, stacklevel=2)
    return result


def _check_choices(
    alpha: float, time: object, time_column: object, reml: object, variance_by_arm: object
) -> None:
    if alpha >= 0.5:
        raise ArgumentError(f"alpha={alpha:g} is no level of a one-sided test. Give such as 0.05.")
    one_of(time, TIMES, name="time")
    one_of(reml, (True, False), name="reml")
    one_of(variance_by_arm, (True, False), name="variance_by_arm")
    check_clock(str(time), str(time_column))


def _check_kind(moderator: Moderator, at: tuple[float, ...] | None, variance_by_arm: bool) -> None:
    """Raise where an argument would be ignored for this kind of moderator."""
    if moderator.kind == "categorical":
        if at is not None:
            raise ArgumentError(
                f"at={at!r} would be ignored: moderator '{moderator.column}' is categorical, and "
                "all pairs of levels are compared. Leave it out."
            )
    elif variance_by_arm:
        raise ArgumentError(
            f"variance_by_arm=True needs groups, and moderator '{moderator.column}' is "
            "continuous. Leave it out."
        )


def _time_moderated(wanted: bool | None, time: Time, moderator: Moderator) -> bool:
    """Whether the trend may differ with the moderator; raises where it cannot."""
    one_of(wanted, (None, True, False), name="time_by_moderator")
    possible = time not in ("none", "factor") and moderator.kind != "session"
    if wanted and not possible:
        raise ArgumentError(
            "time_by_moderator=True needs time='linear', 'log' or 'patient', and a moderator of "
            "patients. Leave it out."
        )
    return possible if wanted is None else wanted


def _slopes(wanted: Slopes | None, prepared: PreparedModeration) -> dict[str, tuple[str, ...]]:
    """Checked random slopes by unit."""
    effects = [effect for effect, _ in prepared.effects]
    allowed: dict[str, list[str]] = {
        "patient": ["within"],
        "therapist": [e for e in ("within", "patient_between") if e in effects],
    }
    therapists = prepared.roles.therapist is not None
    slopes = checked_slopes(wanted, DEFAULT_SLOPES, allowed, therapists=therapists)
    if slopes.get("therapist") and prepared.moderator.free:
        raise UnsupportedError(
            "random slopes of therapists where an arm has no therapists are not available. Leave "
            "'therapist' out of random_slopes."
        )
    return slopes
