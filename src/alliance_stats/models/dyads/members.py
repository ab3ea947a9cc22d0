"""The two members of a dyad: who rates what, and which columns of the model belong to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.data.roles import Roles

#: As given by the user: the name of a member to its columns.
Given = Mapping[str, Mapping[str, str]]
COLUMNS = ("predictor", "outcome")
_EXAMPLE = (
    "members={'patient': {'predictor': 'wai_total', 'outcome': 'wai_total'}, 'therapist': "
    "{'predictor': 'wai_therapist', 'outcome': 'wai_therapist'}}"
)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of every dyad.

    Attributes
    ----------
    name : str
    predictor, outcome : str
        Columns of the member's predictor and of the outcome that is the member's own.
    """

    name: str
    predictor: str
    outcome: str

    def column(self, part: str) -> str:
        """Column of a part of the model that is this member's: ``patient_actor``."""
        return f"{self.name}_{part}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Both members, the first one being the reference of residual variances.

    Attributes
    ----------
    first, second : Member
    """

    first: Member
    second: Member

    @property
    def both(self) -> tuple[Member, Member]:
        """The members in order."""
        return self.first, self.second

    @property
    def names(self) -> tuple[str, str]:
        """Their names in order."""
        return self.first.name, self.second.name

    def other(self, member: Member) -> Member:
        """The partner of a member."""
        return self.second if member == self.first else self.first

    @property
    def ratings(self) -> list[str]:
        """All columns, each once: predictors, then outcomes."""
        columns = [m.predictor for m in self.both] + [m.outcome for m in self.both]
        return list(dict.fromkeys(columns))

    @property
    def outcomes(self) -> set[str]:
        """Columns of the outcomes."""
        return {member.outcome for member in self.both}

    @property
    def own_past(self) -> bool:
        """Whether both members' predictors are their outcomes: the past of the same ratings."""
        return all(member.predictor == member.outcome for member in self.both)


def pair_of(given: Given | None, roles: Roles) -> Pair:
    """The members as given, or patient and therapist from the roles.

    Raises
    ------
    ArgumentError
        If there are not two members, each with a predictor and an outcome of their own.
    UnsupportedError
        If both members have one outcome.

    Examples
    --------
    >>> roles = Roles(alliance="wai", alliance_therapist="wai_t")
    >>> pair_of(None, roles).second
    Member(name='therapist', predictor='wai_t', outcome='wai_t')
    """
    if given is None:
        if roles.alliance_therapist is None:
            raise ArgumentError(
                "members are not given and there is no role 'alliance_therapist'. Give "
                f"roles=Roles(alliance_therapist=…), or {_EXAMPLE}."
            )
        return Pair(
            Member("patient", roles.alliance, roles.alliance),
            Member("therapist", roles.alliance_therapist, roles.alliance_therapist),
        )
    if not isinstance(given, Mapping) or len(given) != 2:
        n = len(given) if isinstance(given, Mapping) else type(given).__name__
        raise ArgumentError(f"members names {n}, not two members. Give {_EXAMPLE}.")
    pair = Pair(*(_member(name, columns) for name, columns in given.items()))
    _check_apart(pair)
    return pair


def _member(name: object, columns: object) -> Member:
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"{name!r} is no name of a member. Give {_EXAMPLE}.")
    if not isinstance(columns, Mapping) or set(columns) != set(COLUMNS):
        seen = name_list(columns) if isinstance(columns, Mapping) else repr(columns)
        raise ArgumentError(
            f"member '{name}' has {seen}. Each member needs the columns 'predictor' and "
            f"'outcome': {_EXAMPLE}."
        )
    for part, column in columns.items():
        if not isinstance(column, str) or not column:
            raise ArgumentError(f"member '{name}': {part}={column!r} is not the name of a column.")
    return Member(name, columns["predictor"], columns["outcome"])


def _check_apart(pair: Pair) -> None:
    """Raise where the members share an outcome or a predictor."""
    first, second = pair.both
    if first.outcome == second.outcome:
        raise UnsupportedError(
            f"both members have the outcome '{first.outcome}': that is one outcome with two "
            "raters of a predictor, not a dyad. al.models.fit_perspectives compares the raters. "
            "For a dyad give each member an outcome of their own."
        )
    if first.predictor == second.predictor:
        raise ArgumentError(
            f"both members have the predictor '{first.predictor}', so that actor and partner "
            "effects are the same. Give each member's own rating."
        )


def check_concurrent(pair: Pair) -> None:
    """Raise where a rating would go with itself, or be predictor and outcome at one time."""
    for member in pair.both:
        for owner in pair.both:
            if member.predictor == owner.outcome:
                raise ArgumentError(
                    f"column '{member.predictor}' is the predictor of {member.name} and the "
                    f"outcome of {owner.name} in the same session. Use lagged=True, which takes "
                    "predictors from the session before, or give other columns."
                )
