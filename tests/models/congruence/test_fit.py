"""fit_congruence: a naive oracle, recovery, invariances, and what it refuses."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import CongruenceResult

ROLES = al.Roles(
    alliance="p", alliance_therapist="t", outcome="y", therapist="therapist", outcome_better="lower"
)


def made(
    seed: int, *, n: int = 60, sessions: int = 8, bias: float = -4.0, tracking: float = 0.6
) -> pd.DataFrame:
    """Ratings with a known bias and tracking, which differ between therapists and patients."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n), sessions)
    therapist = patient % 12
    session = np.tile(np.arange(1, sessions + 1), n)
    stable = rng.normal(0, 6, n)[patient]
    change = rng.normal(0, 4, len(patient)) + 0.3 * session
    truth = 48 + stable + change
    own = rng.normal(0, 2, 12)[therapist] + rng.normal(0, 3, n)[patient]
    slope = tracking + rng.normal(0, 0.15, 12)[therapist] + rng.normal(0, 0.1, n)[patient]
    judged = 48 + bias + own + 0.5 * stable + slope * change + rng.normal(0, 2, len(patient))
    return pd.DataFrame(
        {
            "patient": [f"P{i:02d}" for i in patient], "therapist": [f"T{i}" for i in therapist],
            "session": session, "p": truth, "t": judged, "y": rng.normal(10, 3, len(patient)),
            "arm": np.where(therapist % 2 == 0, "a", "b"), "age": rng.normal(40, 9, n)[patient],
        }
    )  # fmt: skip


def fitted(frame: pd.DataFrame, **options: Any) -> CongruenceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_congruence(frame, options.pop("roles", ROLES), **options)


def indicators(labels: pd.Series) -> np.ndarray:
    """A column of zeros and ones for every label, in order of appearance."""
    codes = pd.factorize(labels)[0]
    return np.eye(codes.max() + 1)[codes]


def test_bias_and_tracking_equal_the_dense_generalised_least_squares(tol: SimpleNamespace) -> None:
    frame = made(1, n=24, sessions=5)
    result = fitted(frame, time="none", random_slopes={"patient": ["within"]})
    own = frame.groupby("patient")["p"].transform("mean")
    means = (
        frame.assign(own=own).groupby("patient").agg(own=("own", "first"), t=("therapist", "first"))
    )
    theirs = means.groupby("t")["own"].mean()
    centre = theirs.mean()
    of = frame["therapist"].map(theirs)
    x = np.column_stack([np.ones(len(frame)), frame["p"] - own, own - of, of - centre])
    patient, therapist = (indicators(frame[name]) for name in ("patient", "therapist"))
    z = np.concatenate([patient[:, :, None], (patient * x[:, 1:2])[:, :, None]], axis=2)
    g = result.fit.covariances["patient"].to_numpy()
    v = np.einsum("ika,ab,jkb->ij", z, g, z) + result.fit.sigma2 * np.eye(len(x))
    v += result.fit.covariances["therapist"].to_numpy()[0, 0] * therapist @ therapist.T
    solved = np.linalg.solve(v, np.column_stack([x, frame["t"] - centre]))
    information = x.T @ solved[:, :-1]
    beta = np.linalg.solve(information, x.T @ solved[:, -1])
    se = np.sqrt(np.diag(np.linalg.inv(information)))
    table = result.tidy()
    table = table[table["effect"] != "contextual"]
    assert table["effect"].tolist() == ["bias", "within", "patient_between", "therapist_between"]
    np.testing.assert_allclose(table["estimate"], beta, rtol=tol.closed_form)
    np.testing.assert_allclose(table["se"], se, rtol=tol.closed_form)


def test_intervals_of_people_hold_both_errors(tol: SimpleNamespace) -> None:
    """Henderson's prediction variances from the dense mixed model equations."""
    frame = made(2, n=72, sessions=6)
    result = fitted(frame, time="none", random_slopes={"therapist": ["within"]})
    own = result.prepared.frame
    names = [column for _, column in result.prepared.sessions.effects]
    x = np.column_stack([np.ones(len(own)), own[names]])
    labels = own["therapist"].unique()
    codes, patients = (indicators(own[name]) for name in ("therapist", "patient"))
    within = own["p_within"].to_numpy()[:, None]
    z = np.column_stack([codes, codes * within, patients])
    g = result.fit.covariances["therapist"].to_numpy()
    k, n = len(labels), patients.shape[1]
    inner = np.zeros((2 * k + n, 2 * k + n))
    inner[: 2 * k, : 2 * k] = np.kron(g, np.eye(k))
    inner[2 * k :, 2 * k :] = result.fit.covariances["patient"].to_numpy()[0, 0] * np.eye(n)
    c = np.column_stack([x, z])
    left = c.T @ c / result.fit.sigma2
    left[x.shape[1] :, x.shape[1] :] += np.linalg.inv(inner)
    errors = np.linalg.inv(left)
    people = result.people()
    for quantity, fixed, first in (("bias", 0, 0), ("tracking", 1, k)):
        own_rows = people[people["quantity"] == quantity]
        for j, row in enumerate(own_rows.itertuples()):
            weights = np.zeros(len(errors))
            weights[fixed] = weights[x.shape[1] + first + j] = 1.0
            assert row.member == labels[j]
            assert row.se == pytest.approx(np.sqrt(weights @ errors @ weights), rel=1e-6)


def test_a_known_bias_and_tracking_are_found() -> None:
    result = fitted(made(3, n=240, sessions=12))
    rows = result.tidy().set_index("effect")
    for effect, truth in (("bias", -4.0), ("within", 0.6), ("patient_between", 0.5)):
        assert abs(rows.loc[effect, "estimate"] - truth) < 3 * rows.loc[effect, "se"]
    assert rows.loc["within", "se"] < 0.08


def test_a_perfect_judge_has_no_bias_and_full_tracking() -> None:
    frame = made(4)
    frame["t"] = frame["p"] + np.random.default_rng(1).normal(0, 1e-3, len(frame))
    rows = fitted(frame, random_slopes={}).tidy().set_index("effect")
    assert rows.loc["bias", "estimate"] == pytest.approx(0.0, abs=1e-3)
    assert rows.loc["within", "estimate"] == pytest.approx(1.0, abs=1e-3)
    assert rows.loc["patient_between", "estimate"] == pytest.approx(1.0, abs=1e-3)


def test_shifts_and_units_of_the_scale_move_bias_and_nothing_else() -> None:
    frame = made(5)
    table = fitted(frame).tidy()
    moved = fitted(frame.assign(p=100 + 2 * frame["p"], t=100 + 2 * frame["t"])).tidy()
    tracking = table["effect"].isin(["within", "patient_between", "therapist_between"])
    np.testing.assert_allclose(moved["estimate"][tracking], table["estimate"][tracking], rtol=1e-5)
    assert moved["estimate"].iloc[0] == pytest.approx(2 * table["estimate"].iloc[0], rel=1e-5)


def test_the_order_of_rows_and_names_of_people_do_not_matter() -> None:
    frame = made(6)
    mixed = frame.sample(frac=1, random_state=1)
    mixed["patient"] = mixed["patient"].astype("category")
    a, b = fitted(frame, moderators=["arm"]), fitted(mixed, moderators=["arm"])
    np.testing.assert_allclose(a.tidy()["estimate"], b.tidy()["estimate"], rtol=1e-6)
    one, other = (r.people().set_index(["quantity", "member"])["estimate"] for r in (a, b))
    np.testing.assert_allclose(one, other.loc[one.index], rtol=1e-5)


def test_without_therapists_patients_are_the_highest_unit() -> None:
    roles = {"alliance": "p", "alliance_therapist": "t", "outcome": "y"}
    result = fitted(made(7), roles=roles)
    assert result.tidy()["effect"].tolist()[:3] == ["bias", "within", "between"]
    assert set(result.view().plot["unit"]) == {"patient"}
    with pytest.raises(al.ArgumentError, match="unit='therapist'"):
        result.people("therapist")


def test_without_random_tracking_the_figure_has_the_bias_only() -> None:
    assert set(fitted(made(8), random_slopes={}).view().plot["panel"]) == {"bias"}


def test_rows_without_a_moderator_are_dropped_and_counted() -> None:
    frame = made(9)
    frame.loc[:4, "age"] = np.nan
    result = fitted(frame, moderators=["age", "session"])
    assert result.glance()["n_dropped"].item() == 5
    assert any("age missing: 5" in message for message in result.messages)
    assert set(result.moderator_tests()["moderator"]) == {"age", "session"}
    assert result.groups().empty


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"scale": {"p": (12, 60), "t": (1, 7)}}, al.DataError, "POMP"),
        ({"scale": (50, 60)}, al.DataError, "values outside scale"),
        ({"scale": (60, 12)}, al.ArgumentError, "lowest and the highest"),
        ({"scale": {"p": (0, 99)}}, al.ArgumentError, "Give the lowest and highest"),
        ({"judgement": "patient"}, al.ArgumentError, "one column twice"),
        ({"judgement": "observer"}, al.DataError, "'observer' not found"),
        ({"judgement": "arm"}, al.DataError, "'arm' is not numeric"),
        ({"moderators": "arm"}, al.ArgumentError, "give a list"),
        ({"moderators": ["gap"]}, al.DataError, "difference score"),
        ({"moderators": ["size"]}, al.DataError, "difference score"),
        ({"moderators": ["p"]}, al.ArgumentError, "in the model already"),
        ({"moderators": ["constant"]}, al.DataError, "same in all rows"),
        ({"moderators": ["session"], "time": "none"}, al.ArgumentError, "leaves time out"),
        ({"time": "factor"}, al.UnsupportedError, "no single value"),
        ({"therapist_change": "crossed"}, al.UnsupportedError, "Use 'first'"),
        ({"random_slopes": "auto"}, al.ArgumentError, "not known here"),
    ],
)
def test_what_is_refused(options: dict[str, Any], error: type[Exception], words: str) -> None:
    frame = made(10, n=24)
    frame["gap"] = (frame["p"] - frame["t"]).round(1)
    frame["size"] = 3 - 2 * (frame["p"] - frame["t"]).abs()
    frame["constant"] = 1.0
    with pytest.raises(error, match=words):
        fitted(frame, **options)


def test_ratings_of_different_ranges_are_refused_without_a_scale() -> None:
    frame = made(11, n=24)
    with pytest.raises(al.DataError, match="POMP"):
        fitted(frame.assign(t=1 + 6 * frame["t"].rank(pct=True)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"p": lambda f: f.groupby("patient")["p"].transform("mean")}, "does not vary within"),
        ({"p": lambda f: f["p"] - f.groupby("patient")["p"].transform("mean") + 48}, "between pat"),
        ({"p": lambda f: f["p"] - f.groupby("patient")["p"].transform("mean"),
          "t": lambda f: f["t"] - f["t"].mean()}, "centred already"),
        ({"t": lambda f: 45.0}, "is constant"),
        ({"t": lambda f: np.nan}, "is empty"),
    ],
)  # fmt: skip
def test_ratings_that_cannot_be_compared(change: dict[str, Any], words: str) -> None:
    with pytest.raises(al.DataError, match=words):
        fitted(made(12, n=24).assign(**change))


def test_moderators_that_say_the_same_are_refused() -> None:
    frame = made(12, n=24)
    frame["twice"] = 2 * frame["age"]
    with pytest.raises(al.DataError, match="twice_centred"):
        fitted(frame, moderators=["age", "twice"])


def test_one_session_a_patient_is_said() -> None:
    frame = made(12, n=24).drop_duplicates("patient")
    with pytest.raises(al.DataError, match="too few"):
        fitted(frame)


def test_a_missing_role_is_named() -> None:
    with pytest.raises(al.ArgumentError, match="alliance_therapist"):
        fitted(made(13, n=24), roles={"alliance": "p", "outcome": "y"})


def test_the_view_gives_the_call_and_the_result_shows_itself() -> None:
    result = fitted(made(14, n=36), moderators=["arm"], scale=(0, 100), time="log")
    assert str(result.view().refit) == (
        "al.models.fit_congruence(sessions, truth='p', judgement='t', scale=(0.0, 100.0), "
        "moderators=['arm'], time='log', random_slopes={'patient': ['within'], "
        "'therapist': ['within']}, mean_rows='available', reml=True)"
    )
    assert "Bias and tracking" in repr(result)
    assert "<table" in result._repr_html_()
