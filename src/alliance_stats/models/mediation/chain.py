"""The chain from predictor over mediator to outcome: which session stands for which step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.centering import derived_name
from alliance_stats.data.lags import lag_name
from alliance_stats.data.roles import Moment, Roles
from alliance_stats.models.timing import before, sessions_until

Side = Literal["mediator", "outcome"]
SIDES: tuple[Side, Side] = ("mediator", "outcome")


@dataclass(frozen=True, slots=True)
class Chain:
    """Predictor, mediator and outcome, with the sessions between them.

    Attributes
    ----------
    predictor, mediator, outcome : str
        Columns. Of a predictor with two categories, the column that is 1 in the second.
    session_level : bool
        Whether the predictor is rated at every session (1-1-1), or once a patient (2-1-1).
    to_mediator, to_outcome : int
        Sessions from predictor to mediator, from mediator to outcome.
    step : int
        Sessions between a response and its own earlier rating; 0 where all ratings are of one
        session and no earlier one is in the model.
    moments : tuple
        When predictor, mediator and outcome are rated: before or after the session, or unknown.
    """

    predictor: str
    mediator: str
    outcome: str
    session_level: bool
    to_mediator: int
    to_outcome: int
    step: int
    moments: tuple[Moment | None, Moment | None, Moment | None]

    @property
    def contemporaneous(self) -> bool:
        """Whether all ratings are of one session."""
        return self.step == 0

    @property
    def design(self) -> str:
        """``1-1-1`` or ``2-1-1``: the levels of predictor, mediator and outcome."""
        return "1-1-1" if self.session_level else "2-1-1"

    def response(self, side: Side) -> str:
        """The column that an equation predicts."""
        return self.mediator if side == "mediator" else self.outcome

    def a(self) -> str:
        """Column of the predictor within patients in the mediator's equation."""
        return _lagged(self.predictor, self.to_mediator)

    def b(self) -> str:
        """Column of the mediator within patients in the outcome's equation."""
        return _lagged(self.mediator, self.to_outcome)

    def rated(self) -> str:
        """Column of the mediator as rated, in the outcome's equation."""
        return lag_name(self.mediator, self.to_outcome) if self.to_outcome else self.mediator

    def direct(self) -> str:
        """Column of the predictor within patients in the outcome's equation."""
        return _lagged(self.predictor, self.to_mediator + self.to_outcome)

    def own(self, side: Side) -> str | None:
        """Column of the response's own earlier rating within patients; None in one session."""
        return None if self.contemporaneous else _lagged(self.response(side), self.step)

    @property
    def prior_lag(self) -> int | None:
        """Sessions from the last outcome that is not made after the predictor to the mediator.

        None in one session, and for a predictor that is one value a patient.
        """
        if self.contemporaneous or not self.session_level:
            return None
        first, _, last = self.moments
        after = sessions_until(first, last, self.step) == 0
        return self.to_mediator + (self.step if after else 0)

    def prior(self, side: Side) -> str | None:
        """Column of the outcome before the predictor, in the mediator's equation only."""
        lag = self.prior_lag if side == "mediator" else None
        return None if lag is None else _lagged(self.outcome, lag)

    def reach(self, side: Side) -> int:
        """How many sessions back an equation looks."""
        back = self.to_mediator if self.session_level else 0
        if side == "outcome":
            return max(back + self.to_outcome, self.step)
        return max(back, self.prior_lag or 0, self.step)

    def lags(self) -> dict[int, list[str]]:
        """Columns that are lagged, by the number of sessions."""
        wanted: list[tuple[str, int]] = [(self.mediator, self.to_outcome)]
        if self.session_level:
            both = self.to_mediator + self.to_outcome
            wanted += [(self.predictor, self.to_mediator), (self.predictor, both)]
        wanted += [(self.response(side), self.step) for side in SIDES]
        wanted += [] if self.prior_lag is None else [(self.outcome, self.prior_lag)]
        found: dict[int, list[str]] = {}
        for column, lag in wanted:
            name = derived_name(column, "within")
            if lag and name not in found.setdefault(lag, []):
                found[lag].append(name)
        if self.to_outcome:
            found[self.to_outcome].append(self.mediator)
        return found

    def words(self) -> str:
        """``wai after session t -> motivation before session t + 1 -> phq …``, in order."""
        steps = (0, self.to_mediator, self.to_mediator + self.to_outcome)
        names = (self.predictor, self.mediator, self.outcome)
        if not self.session_level:
            steps = (0, 0, self.to_outcome)
        parts = [
            f"{name} {_moment_words(moment)}session {_later(steps[k])}"
            for k, (name, moment) in enumerate(zip(names, self.moments, strict=True))
            if k or self.session_level
        ]
        return " -> ".join(parts if self.session_level else [self.predictor, *parts])

    def equation_words(self, side: Side) -> str:
        """What predicts what, seen from the response's session t."""
        if side == "mediator":
            x = f"{self.predictor}{_of(self.to_mediator) if self.session_level else ''}"
            return f"{x} and {self.mediator} of session t"
        return f"{self.mediator}{_of(self.to_outcome)} and {self.outcome} of session t"


def chain_of(
    roles: Roles,
    *,
    predictor: str,
    mediator: str,
    session_level: bool,
    mediator_at: Moment | None,
    contemporaneous: bool,
    step: int,
) -> Chain:
    """The chain by the order in which ratings are made.

    Each rating is followed by the earliest one of the next kind that is made after it: of the
    same session if the first is made before the session and the next after it, else `step`
    sessions later.

    Examples
    --------
    >>> roles = Roles(alliance="wai", outcome="phq", alliance_at="after", outcome_at="before")
    >>> chain_of(roles, predictor="wai", mediator="motivation", session_level=True,
    ...          mediator_at="before", contemporaneous=False, step=1).words()
    'wai after session t -> motivation before session t + 1 -> phq before session t + 2'
    """
    first = roles.alliance_at if session_level else None
    moments = (first, mediator_at, roles.outcome_at)
    if contemporaneous:
        return Chain(predictor, mediator, roles.outcome, session_level, 0, 0, 0, moments)
    _check_known(roles, mediator_at, session_level)
    return Chain(
        predictor,
        mediator,
        roles.outcome,
        session_level,
        sessions_until(first, mediator_at, step) if session_level else 0,
        sessions_until(mediator_at, roles.outcome_at, step),
        step,
        moments,
    )


def _check_known(roles: Roles, mediator_at: Moment | None, session_level: bool) -> None:
    """Raise ArgumentError where it is not known which rating is made first."""
    gaps = ["role 'outcome_at'"] if roles.outcome_at is None else []
    if session_level and roles.alliance_at is None:
        gaps.insert(0, "role 'alliance_at'")
    if mediator_at is None:
        gaps.append("argument mediator_at")
    if gaps:
        raise ArgumentError(
            f"{' and '.join(gaps)} {'is' if len(gaps) == 1 else 'are'} not given: which rating "
            "comes first decides what can go through what. Give roles=Roles(…, "
            "alliance_at='after', outcome_at='before') and mediator_at='before' or 'after', as "
            "rated, or contemporaneous=True for ratings of one session without an order."
        )


def _lagged(column: str, lag: int) -> str:
    within = derived_name(column, "within")
    return lag_name(within, lag) if lag else within


def _later(steps: int) -> str:
    return f"t + {steps}" if steps else "t"


def _of(lag: int) -> str:
    return f" of session {before(lag)}"


def _moment_words(moment: Moment | None) -> str:
    """``after `` or, where it is unknown, ``of ``."""
    return f"{moment} " if moment else "of "
