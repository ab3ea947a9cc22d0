"""Roles: what each is, what is refused, and that they are values."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.roles import Roles, roles_from


def test_roles_are_values() -> None:
    roles = Roles(alliance="wai", outcome="phq9", outcome_better="lower")
    assert roles == Roles(alliance="wai", outcome="phq9", outcome_better="lower")
    assert hash(roles) == hash(copy.deepcopy(roles))
    assert pickle.loads(pickle.dumps(roles)) == roles  # noqa: S301  made here
    assert replace(roles, therapist="who").therapist == "who"
    with pytest.raises(FrozenInstanceError):
        roles.alliance = "sai"  # type: ignore[misc]


def test_columns_come_with_their_roles() -> None:
    roles = Roles(alliance="wai", outcome="phq9", time="week", outcome_at="before")
    assert dict(roles.columns()) == {
        "patient": "patient",
        "session": "session",
        "alliance": "wai",
        "outcome": "phq9",
        "time": "week",
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"therapst": "who"}, "role 'therapst' is not known. Did you mean 'therapist'?"),
        ({"alliance": 3}, "role alliance=3 is not the name of a column"),
        ({"outcome": ""}, "role outcome='' is not the name of a column"),
        ({"patient": None}, "role patient=None is not the name of a column"),
        ({"alliance": "x", "outcome": "x"}, "column 'x' is given two roles: alliance and outcome"),
        ({"outcome_better": "less"}, "outcome_better='less' is not known"),
        ({"alliance_at": "during"}, "alliance_at='during' is not known"),
    ],
)
def test_refusals(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Roles(**fields)  # type: ignore[arg-type]
    assert message in str(caught.value)
    with pytest.raises(ArgumentError) as caught:
        roles_from(fields)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_roles_from_something_else() -> None:
    with pytest.raises(ArgumentError, match="roles is a list"):
        roles_from(["patient"])  # type: ignore[arg-type]
