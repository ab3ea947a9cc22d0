"""The two equations of a lagged model, built from the order in which ratings are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.centering import derived_name
from alliance_stats.data.lags import lag_name
from alliance_stats.data.roles import Roles
from alliance_stats.models.timing import before, sessions_until

Side = Literal["outcome", "alliance"]

#: Effects of a lagged model in print order: the two paths, then what each keeps of itself.
CROSS_EFFECTS = {"outcome": "alliance_to_outcome", "alliance": "outcome_to_alliance"}
OWN_EFFECTS = {"outcome": "outcome_autoregression", "alliance": "alliance_autoregression"}


@dataclass(frozen=True, slots=True)
class Equation:
    """One equation: a rating of session t from an earlier one of its own and of the other.

    Attributes
    ----------
    side : {"outcome", "alliance"}
        Which of the two is predicted.
    response, predictor : str
        Columns of the rating predicted and of the other one.
    lag : int
        Sessions between the predictor and the response: `step`, or 0 where the predictor is
        rated before the response in the same session.
    step : int
        Sessions between the response and its own earlier rating.
    """

    side: Side
    response: str
    predictor: str
    lag: int
    step: int

    @property
    def cross_effect(self) -> str:
        """Name of the effect of the other rating."""
        return CROSS_EFFECTS[self.side]

    @property
    def own_effect(self) -> str:
        """Name of the effect of the response's own earlier rating."""
        return OWN_EFFECTS[self.side]

    @property
    def cross(self) -> str:
        """Column of the other rating's part within patients, lagged if need be."""
        within = derived_name(self.predictor, "within")
        return lag_name(within, self.lag) if self.lag else within

    @property
    def own(self) -> str:
        """Column of the response's own earlier part within patients."""
        return lag_name(derived_name(self.response, "within"), self.step)

    def effects(self) -> dict[str, str]:
        """Column of the cross path and of the autoregression, by effect."""
        return {self.cross_effect: self.cross, self.own_effect: self.own}

    def words(self) -> str:
        """``wai_total of session t − 1 predicts phq9 of session t``."""
        return (
            f"{self.predictor} of session {before(self.lag)} predicts {self.response} of session t"
        )


def equations_of(roles: Roles, step: int) -> tuple[Equation, Equation]:
    """The equations of outcome and of alliance.

    A rating predicts another of the same session only if it is made before the session and the
    other after it; else it predicts the one `step` sessions later.

    Examples
    --------
    >>> roles = Roles(alliance="wai", outcome="phq", alliance_at="after", outcome_at="before")
    >>> [equation.words() for equation in equations_of(roles, 1)]
    ['wai of session t − 1 predicts phq of session t', 'phq of session t predicts wai of session t']
    """
    _check_timing(roles)
    to_outcome = sessions_until(roles.alliance_at, roles.outcome_at, step)
    to_alliance = sessions_until(roles.outcome_at, roles.alliance_at, step)
    return (
        Equation("outcome", roles.outcome, roles.alliance, to_outcome, step),
        Equation("alliance", roles.alliance, roles.outcome, to_alliance, step),
    )


def _check_timing(roles: Roles) -> None:
    unknown = [role for role in ("alliance_at", "outcome_at") if getattr(roles, role) is None]
    if unknown:
        gaps = " and ".join(f"'{role}'" for role in unknown)
        raise ArgumentError(
            f"the role{'s' if len(unknown) > 1 else ''} {gaps} "
            f"{'are' if len(unknown) > 1 else 'is'} not given: which rating comes first decides "
            "what predicts what. Give roles=Roles(…, alliance_at='after', outcome_at='before') "
            "if patients rate the outcome before each session and the alliance after it."
        )
