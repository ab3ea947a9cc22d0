"""Whether coefficients of several studies are in the same units, and how their signs compare."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.participants.questions import Question

#: Standard deviations of one scale that differ by more than this factor are named.
UNLIKE = 2.0


def roles_of(studies: Mapping[str, SessionData]) -> dict[str, Roles]:
    """The roles of every study."""
    return {name: data.roles for name, data in studies.items() if data.roles is not None}


def check_roles(roles: Mapping[str, Roles], name: str, question: Question) -> None:
    """Raise ArgumentError where studies lack a role that the question needs."""
    for role in question.needs:
        lacking = [study for study, own in roles.items() if getattr(own, role) is None]
        if lacking:
            raise ArgumentError(
                f"question={name!r} needs the role '{role}' in every study; missing in "
                f"{name_list(lacking)}. Give roles=Roles({role}=…)."
            )


def is_same_scale(roles: Mapping[str, Roles], same_scale: bool | None) -> bool:
    """Whether raw coefficients can be pooled: as said, else where columns have the same names."""
    directions = {own.outcome_better for own in roles.values()}
    if same_scale is None:
        names = {(own.alliance, own.outcome) for own in roles.values()}
        return len(names) == 1 and len(directions) == 1
    if same_scale and len(directions) > 1:
        raise DataError(
            "same_scale=True, but the role outcome_better differs between studies: "
            f"{_directions(roles)}. Correct the roles, or give same_scale=False."
        )
    return same_scale


def signs_of(roles: Mapping[str, Roles]) -> dict[str, int]:
    """−1 where standardised effects are turned so that positive means a better outcome.

    Nothing is turned where all studies have the same direction, known or not.
    """
    directions = {own.outcome_better for own in roles.values()}
    if len(directions) == 1:
        return dict.fromkeys(roles, 1)
    if None in directions:
        raise DataError(
            "which direction of the outcome is improvement is known of some studies only: "
            f"{_directions(roles)}. Give roles=Roles(outcome_better=…) in all of them."
        )
    return {name: -1 if own.outcome_better == "lower" else 1 for name, own in roles.items()}


def _directions(roles: Mapping[str, Roles]) -> str:
    return name_list(f"{name}: {own.outcome_better}" for name, own in roles.items())


def unlike_sds(table: pd.DataFrame) -> str:
    """A warning where SDs of what is said to be one scale differ much; empty if not."""
    said = []
    for role in ("alliance", "outcome"):
        sds = table.groupby("study", sort=False)[f"sd_{role}"].first()
        low, high = sds.min(), sds.max()
        if low > 0 and high > UNLIKE * low:
            ends = f"{low:.2g} ({sds.idxmin()}) to {high:.2g} ({sds.idxmax()})"
            said.append(f"of the {role} from {ends}")
    if not said:
        return ""
    return (
        f"Standard deviations differ between studies: {' and '.join(said)}. If the scales are not "
        "the same, give same_scale=False."
    )
