"""From sessions to the rows at risk: events, predictors known at the session, complete rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list, names_free, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import refuse_centered
from alliance_stats.data.roles import Roles
from alliance_stats.data.units import Codes, float_values, unit_codes
from alliance_stats.models.event.endings import (
    Endings,
    endings_by_period,
    endings_of_therapy,
    rows_at_risk,
)
from alliance_stats.models.event.predictors import carried_forward, check_covariates, made_predictor
from alliance_stats.models.event.specification import (
    PREDICTORS,
    EventSpecification,
    predictor_column,
)
from alliance_stats.models.prepare import complete_rows

EVENT, COMPETING = "event_came", "competing_came"


@dataclass(frozen=True, eq=False)
class PreparedEvents:
    """The rows at risk of an event model.

    Attributes
    ----------
    frame : DataFrame
        Complete rows at risk of the event or of the competing one, sorted by patient and session:
        identifiers, predictors, covariates, and ``event_came`` and ``competing_came`` (0 or 1).
    roles : Roles
    specification : EventSpecification
    effects : tuple of (effect, column)
        ``("current_alliance", "wai_total")`` …
    n_rows : int
        Sessions in the data.
    dropped : dict of str to int
        Sessions not in the model, by the first reason that applies.
    n_carried : int
        Missing ratings that were replaced by the last one.
    n_missed : int
        Session numbers before a patient's last one without a row.
    """

    frame: pd.DataFrame
    roles: Roles
    specification: EventSpecification
    effects: tuple[tuple[str, str], ...]
    n_rows: int
    dropped: dict[str, int]
    n_carried: int
    n_missed: int

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns of the predictors, those of the alliance first."""
        return (*(column for _, column in self.effects), *self.specification.covariates)

    @property
    def therapist(self) -> str | None:
        """Column of the therapists, if they have a frailty."""
        return self.roles.therapist if self.specification.frailty else None

    def rows(self, response: str) -> pd.DataFrame:
        """Rows at risk of the competing event, or of the event: those that went on or left.

        A session at which therapy ended by the competing event is not at risk of the event.
        """
        if response == COMPETING:
            return self.frame
        return self.frame[self.frame[COMPETING] == 0].reset_index(drop=True)

    def counts(self) -> dict[str, int]:
        """Sessions, patients and therapists in the model."""
        found = {"session": len(self.frame), "patient": self.frame[self.roles.patient].nunique()}
        if self.therapist is not None:
            found["therapist"] = self.frame[self.therapist].nunique()
        return found

    def events(self) -> dict[str, int]:
        """How often the event came, and the competing one, in the rows of the model."""
        chosen = self.specification
        found = {chosen.event: int(self.frame[EVENT].sum())}
        if self.frame[COMPETING].any():
            found[chosen.competing_name] = int(self.frame[COMPETING].sum())
        return found

    def messages(self) -> tuple[str, ...]:
        """Sessions not in the model by cause, and ratings carried forward."""
        found = []
        if self.dropped:
            causes = ", ".join(f"{reason}: {n:,}" for reason, n in self.dropped.items())
            total = sum(self.dropped.values())
            found.append(
                f"{total:,} of {counted(self.n_rows, 'session')} not in the model ({causes})."
            )
        if self.n_carried:
            found.append(
                f"{counted(self.n_carried, 'missing rating')} of {self.roles.alliance} "
                f"{agree(self.n_carried, 'was', 'were')} replaced by the patient's last one."
            )
        return tuple(found)


def prepare_events(frame: pd.DataFrame, roles: Roles, chosen: EventSpecification) -> PreparedEvents:
    """Sort the sessions, say what came after each, make the predictors, keep complete rows."""
    sessions, patient = _sorted(frame, roles)
    refuse_centered(sessions, roles.alliance, patient)
    columns: dict[str, str] = {
        name: predictor_column(roles.alliance, name) for name in chosen.predictors
    }
    made = [column for name, column in columns.items() if name != "current"]
    names_free(sessions, [*made, EVENT, COMPETING])
    units = [roles.patient] + ([str(roles.therapist)] if chosen.frailty else [])
    taken = [*units, roles.session, *columns.values(), chosen.event, *chosen.competing]
    check_covariates(sessions, roles, chosen.covariates, taken, patient)
    allowed = rows_at_risk(sessions, chosen.at_risk)
    endings = _endings(sessions, roles, chosen, patient, allowed)
    at_risk = allowed & endings.known
    values, n_carried = _predictors(sessions, roles, chosen, columns, patient, at_risk)
    kept = list(dict.fromkeys([*units, roles.session, *chosen.covariates]))
    rows = sessions[kept].assign(
        **values, **{EVENT: endings.event.astype(int), COMPETING: endings.competing.astype(int)}
    )
    session = float_values(sessions, roles.session)
    reasons = {"not at risk by at_risk": int((~allowed).sum())} | endings.reasons
    keep, dropped = _complete(rows, at_risk, roles, chosen, columns, session)
    prepared = PreparedEvents(
        frame=rows[keep].reset_index(drop=True), roles=roles, specification=chosen,
        effects=tuple((PREDICTORS[name][0], column) for name, column in columns.items()),
        n_rows=len(frame), dropped={k: n for k, n in (reasons | dropped).items() if n},
        n_carried=n_carried, n_missed=_missed(session, patient),
    )  # fmt: skip
    _check_events(prepared)
    _check_predictors_vary(prepared)
    return prepared


def _sorted(frame: pd.DataFrame, roles: Roles) -> tuple[pd.DataFrame, Codes]:
    """Sessions by patient and number; patients numbered in order of appearance."""
    numeric_column(frame, roles.session, what="session column")
    patient, _ = unit_codes(frame, roles.patient)
    order = np.lexsort((float_values(frame, roles.session), patient))
    return frame.iloc[order].reset_index(drop=True), patient[order]


def _endings(
    sessions: pd.DataFrame, roles: Roles, chosen: EventSpecification, patient: Codes,
    allowed: np.ndarray,
) -> Endings:  # fmt: skip
    if chosen.by_column:
        return endings_by_period(sessions, roles, chosen, patient, allowed)
    return endings_of_therapy(sessions, roles, chosen, patient)


def _predictors(
    sessions: pd.DataFrame, roles: Roles, chosen: EventSpecification, columns: dict[str, str],
    patient: Codes, at_risk: np.ndarray,
) -> tuple[dict[str, np.ndarray], int]:  # fmt: skip
    """The predictors made of the alliance, and how many ratings at risk were carried forward."""
    rating = float_values(sessions, roles.alliance)
    filled = rating if chosen.missing == "drop" else carried_forward(rating, patient)
    session = float_values(sessions, roles.session)
    values = {
        column: made_predictor(name, rating, filled, patient, session, chosen.early_window)
        for name, column in columns.items()
    }
    return values, int((at_risk & np.isnan(rating) & ~np.isnan(filled)).sum())


def _complete(
    rows: pd.DataFrame, at_risk: np.ndarray, roles: Roles, chosen: EventSpecification,
    columns: dict[str, str], session: np.ndarray,
) -> tuple[np.ndarray, dict[str, int]]:  # fmt: skip
    """Which rows are complete, and counts of the others at risk by the first reason."""
    names = {column: f"{column} missing" for column in chosen.covariates}
    if chosen.frailty:
        names = {str(roles.therapist): f"{roles.therapist} missing"} | names
    words = {
        "current": f"{roles.alliance} missing",
        "running_mean": f"no {roles.alliance} yet",
        "change": f"no {roles.alliance} at t or t − 1",
        "early": f"no {roles.alliance} in the window",
    }
    names |= {column: words[name] for name, column in columns.items()}
    too_early = at_risk & ("early" in columns) & (session < chosen.early_window[1])
    used = at_risk & ~too_early
    complete, dropped = complete_rows(rows[used], names)
    keep = used.copy()
    keep[used] = complete
    return keep, {"before the end of the early window": int(too_early.sum())} | dropped


def _missed(session: np.ndarray, patient: Codes) -> int:
    """Session numbers between a patient's first and last one that have no row."""
    steps = np.diff(session)[np.diff(patient) == 0]
    return int(np.maximum(steps - 1, 0).sum())


def _check_events(prepared: PreparedEvents) -> None:
    """Raise DataError unless some rows at risk have the event and some do not."""
    chosen, rows = prepared.specification, prepared.rows(EVENT)
    events = int(rows[EVENT].sum())
    left = f" ({'; '.join(prepared.messages())})" if prepared.dropped else ""
    if not len(rows):
        raise DataError(f"no session is at risk of '{chosen.event}'{left}. Check the columns.")
    if not events:
        raise DataError(
            f"nobody had the event '{chosen.event}' in {counted(len(rows), 'session')} at "
            f"risk{left}. Without events there is no hazard to explain."
        )
    if events == len(rows):
        raise DataError(
            f"the event '{chosen.event}' came after every one of {counted(len(rows), 'session')} "
            f"at risk{left}. Give all sessions of every patient, not the last ones only."
        )


def _check_predictors_vary(prepared: PreparedEvents) -> None:
    rows = prepared.rows(EVENT)
    constant = [column for column in prepared.predictors if rows[column].nunique() < 2]
    if constant:
        n = len(constant)
        raise DataError(
            f"{agree(n, 'predictor', 'predictors')} {name_list(constant)} "
            f"{agree(n, 'does', 'do')} not vary over {counted(len(rows), 'session')} at risk. "
            f"Leave {agree(n, 'it', 'them')} out."
        )


def check_baseline_rows(prepared: PreparedEvents) -> None:
    """Raise where there are too few different sessions for the shape of the baseline."""
    chosen = prepared.specification
    n = int(prepared.rows(EVENT)[prepared.roles.session].nunique())
    needed = {"spline": chosen.spline_df + 1, "factor": 2, "log": 2}[chosen.baseline]
    if n < needed:
        raise ArgumentError(
            f"baseline={chosen.baseline!r} needs {needed} different sessions at risk of "
            f"'{chosen.event}', and there {agree(n, 'is', 'are')} {n}. Use "
            f"{'baseline=' + repr('factor') if n > 1 else 'more sessions'}."
        )
