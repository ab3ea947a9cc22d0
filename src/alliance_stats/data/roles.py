"""Roles: which column of a session file plays which part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from alliance_stats._base.checks import did_you_mean, one_of
from alliance_stats._base.errors import ArgumentError

Better = Literal["lower", "higher"]
Moment = Literal["before", "after"]

#: Fields of Roles that name a column; the others describe how a column was measured.
COLUMN_ROLES = (
    "patient", "session", "therapist", "alliance", "outcome", "alliance_therapist",
    "treatment", "baseline", "time", "site", "ended",
)  # fmt: skip
NUMERIC_ROLES = ("session", "alliance", "outcome", "alliance_therapist", "baseline", "time")


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns of a session file hold what. One row of the file is one session.

    Parameters
    ----------
    patient, session : str
        Columns of the patient's identifier and of the session's number.
    therapist : str, optional
        Column of the therapist's identifier.
    alliance, outcome : str
        Columns of the patient-rated alliance and of the outcome (symptoms, well-being).
    alliance_therapist : str, optional
        Column of the alliance as the therapist rates it.
    treatment, site : str, optional
        Columns of the treatment arm and of the clinic.
    outcome_better : {"lower", "higher"}, optional
        Which direction of the outcome is improvement: ``"lower"`` for symptom scales.
        Words such as "better" are printed only when it is given.
    baseline : str, optional
        Column of the outcome at intake, constant within a patient.
    time : str, optional
        Column of the time since intake, in weeks.
    ended : str, optional
        Column of how therapy ended.
    alliance_at, outcome_at : {"before", "after"}, optional
        Whether the rating is made before or after the session.

    Raises
    ------
    ArgumentError
        If a role is unknown or not the name of a column, or one column is given two roles.

    Examples
    --------
    >>> from alliance_stats import Roles
    >>> Roles(alliance="wai_total", outcome="phq9", outcome_better="lower").alliance
    'wai_total'
    """

    patient: str = "patient"
    session: str = "session"
    therapist: str | None = None
    alliance: str = "alliance"
    outcome: str = "outcome"
    alliance_therapist: str | None = None
    treatment: str | None = None
    outcome_better: Better | None = None
    baseline: str | None = None
    time: str | None = None
    site: str | None = None
    ended: str | None = None
    alliance_at: Moment | None = None
    outcome_at: Moment | None = None

    def __new__(cls, *_: object, **named: object) -> Roles:
        """Refuse an unknown role in the library's words, before the dataclass does."""
        for role in named:
            if role not in cls.__dataclass_fields__:
                known = list(cls.__dataclass_fields__)
                raise ArgumentError(
                    f"role '{role}' is not known.{did_you_mean(role, known)} "
                    f"Known roles: {', '.join(known)}."
                )
        return object.__new__(cls)

    def __post_init__(self) -> None:
        required = ("patient", "session", "alliance", "outcome")
        seen: dict[str, str] = {}
        for role in COLUMN_ROLES:
            column = getattr(self, role)
            if column is None and role not in required:
                continue
            if not isinstance(column, str) or not column:
                raise ArgumentError(
                    f"role {role}={column!r} is not the name of a column. "
                    f"Give a text such as {role}='{role}'."
                )
            if column in seen:
                raise ArgumentError(
                    f"column '{column}' is given two roles: {seen[column]} and {role}. "
                    "Give each role a column of its own."
                )
            seen[column] = role
        one_of(self.outcome_better, ("lower", "higher", None), name="outcome_better")
        one_of(self.alliance_at, ("before", "after", None), name="alliance_at")
        one_of(self.outcome_at, ("before", "after", None), name="outcome_at")

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield ``(role, column)`` for every role that names a column."""
        for role in COLUMN_ROLES:
            column = getattr(self, role)
            if column is not None:
                yield role, column


#: Roles of the columns that `simulate_sessions` makes and the example files hold.
SYNTHETIC_ROLES = Roles(
    patient="patient",
    session="session",
    therapist="therapist",
    alliance="wai_total",
    outcome="phq9",
    outcome_better="lower",
    baseline="phq9_intake",
    time="week",
    ended="ended",
    alliance_at="after",
    outcome_at="before",
)

#: Roles of `simulate_process_study`.
PROCESS_ROLES = replace(SYNTHETIC_ROLES, alliance_therapist="wai_therapist", treatment="treatment")


def roles_from(roles: Roles | dict[str, str]) -> Roles:
    """Accept a Roles or a dict of its fields; an unknown role is refused with the known ones."""
    if isinstance(roles, Roles):
        return roles
    if not isinstance(roles, dict):
        raise ArgumentError(
            f"roles is a {type(roles).__name__}. Give Roles(patient=…, alliance=…, outcome=…)."
        )
    return Roles(**{str(role): column for role, column in roles.items()})  # type: ignore[arg-type]
