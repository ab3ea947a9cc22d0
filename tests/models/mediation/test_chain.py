"""Which session's rating stands for which step of the chain."""

from __future__ import annotations

import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.mediation.chain import Chain, chain_of


def chain(x: str | None, m: str | None, y: str | None, step: int = 1, **more: bool) -> Chain:
    roles = al.Roles(alliance="x", outcome="y", alliance_at=x, outcome_at=y)  # type: ignore[arg-type]
    given = {"session_level": True, "contemporaneous": False} | more
    return chain_of(
        roles, predictor="x", mediator="m", mediator_at=m, step=step, **given  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("moments", "lags", "prior"),
    [
        (("after", "before", "before"), (1, 1), 1),
        (("after", "after", "before"), (1, 1), 1),
        (("before", "after", "before"), (0, 1), 0),  # the outcome of the same session is before
        (
            ("before", "before", "after"),
            (1, 0),
            2,
        ),  # that of the predictor's session comes after it
        (("before", "after", "after"), (0, 1), 1),
        (("after", "before", "after"), (1, 0), 1),
        (("before", "before", "before"), (1, 1), 1),
    ],
)
def test_each_is_followed_by_the_earliest_next(
    moments: tuple[str, str, str], lags: tuple[int, int], prior: int
) -> None:
    found = chain(*moments)
    assert (found.to_mediator, found.to_outcome) == lags
    assert found.prior_lag == prior


def test_columns_of_the_usual_chain() -> None:
    found = chain("after", "before", "before")
    assert (found.a(), found.b(), found.direct()) == (
        "x_within_lag1",
        "m_within_lag1",
        "x_within_lag2",
    )
    assert (found.own("mediator"), found.own("outcome")) == ("m_within_lag1", "y_within_lag1")
    assert (found.prior("mediator"), found.prior("outcome")) == ("y_within_lag1", None)
    assert (found.reach("mediator"), found.reach("outcome")) == (1, 2)
    assert found.lags() == {
        1: ["m_within", "x_within", "y_within", "m"], 2: ["x_within"],
    }  # fmt: skip
    words = "x after session t -> m before session t + 1 -> y before session t + 2"
    assert found.words() == words


def test_steps_of_two_sessions() -> None:
    found = chain("after", "before", "before", step=2)
    assert found.direct() == "x_within_lag4"
    assert found.words().endswith("y before session t + 4")


def test_one_session_needs_no_order() -> None:
    found = chain(None, None, None, contemporaneous=True)
    assert (found.a(), found.b(), found.own("outcome"), found.lags()) == (
        "x_within", "m_within", None, {},
    )  # fmt: skip


def test_a_predictor_of_patients_has_no_moment() -> None:
    found = chain(None, "before", "before", session_level=False)
    assert found.words() == "x -> m before session t -> y before session t + 1"
    assert (found.reach("mediator"), found.reach("outcome"), found.prior_lag) == (1, 1, None)


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ((None, "before", "before"), "role 'alliance_at' is not given"),
        (("after", None, "before"), "argument mediator_at is not given"),
        (("after", "before", None), "role 'outcome_at' is not given"),
        (
            (None, None, None),
            "'alliance_at' and role 'outcome_at' and argument mediator_at are not",
        ),
    ],
)
def test_an_unknown_order_is_refused(moments: tuple[str | None, ...], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        chain(*moments)
