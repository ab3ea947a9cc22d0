"""multilevel_reliability against psych and lme4, a dense likelihood, invariances, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability.generalizability.complete_facet import cross_products, deviance
from alliance_stats.reliability.multilevel.ratings import read_ratings

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "generalizability"
IDS = {"patient": "patient", "session": "session"}
CROSSED = [
    "patient", "session", "item", "patient:session", "patient:item", "session:item", "Residual",
]  # fmt: skip
NESTED = ["patient", "session:patient", "Residual"]


def reference(name: str, data: str | None = None) -> tuple[pd.DataFrame, list[str], dict[str, Any]]:
    frame = pd.read_csv(FOLDER / f"{data or name}.csv")
    values = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return frame, [name for name in frame if name.startswith("item_")], values


def variances(found: al.reliability.ReliabilityResult) -> np.ndarray:
    return found.tables["Variance components"]["variance"].to_numpy()


@pytest.mark.parametrize("name", ["diary", "boundary"])
def test_complete_crossed_sessions_are_those_of_psych(name: str, tol: SimpleNamespace) -> None:
    frame, items, values = reference(name)
    found = al.multilevel_reliability(frame, items=items, **IDS)
    terms = {"RkF": "RkF", "RC": "Rc"}
    if name == "diary":  # psych keeps a negative variance of sessions, see the README of references
        terms |= {"R1R": "R1R", "RkR": "RkR"}
    for ours, theirs in terms.items():
        assert found.value(ours) == pytest.approx(values["psych"][theirs], rel=tol.closed_form)
    theirs = list(values["psych"]["components"].values())[:7]
    np.testing.assert_allclose(variances(found), theirs, atol=tol.closed_form)


def test_r1f_by_hand() -> None:
    frame, items, values = reference("diary")
    v = values["psych"]["components"]
    true = v["ID"] + v["ID x items"] / 5
    found = al.multilevel_reliability(frame, items=items, **IDS)
    assert found.value("R1F") == pytest.approx(true / (true + v["Residual"] / 5), rel=1e-12)


@pytest.mark.parametrize("name", ["diary", "boundary"])
def test_nested_sessions_are_those_of_psych(name: str, tol: SimpleNamespace) -> None:
    frame, items, values = reference(name)
    found = al.multilevel_reliability(frame, items=items, nested=True, **IDS)
    for ours, theirs in {"RkRn": "RkRn", "RCn": "Rcn"}.items():
        expected = values["psych"][theirs]
        assert found.value(ours) == pytest.approx(expected, rel=tol.reliability)


CASES = [
    (name, which) for name in ("diary", "unequal", "missing_items")
    for which in ("crossed", "nested", "removed")
]  # fmt: skip


@pytest.mark.parametrize(("name", "which"), CASES)
def test_components_are_those_of_lme4(name: str, which: str, tol: SimpleNamespace) -> None:
    frame, items, values = reference(name)
    arguments: dict[str, Any] = {"nested": which != "crossed"}
    if which == "removed":
        arguments["item_means"] = "removed"
    found = al.multilevel_reliability(frame, items=items, **IDS, **arguments)
    expected = np.array([values[which][key] for key in (NESTED if which != "crossed" else CROSSED)])
    np.testing.assert_allclose(variances(found), expected, rtol=tol.reliability)


def test_sampling_covariances_are_those_of_the_dense_deviance(tol: SimpleNamespace) -> None:
    frame, items, values = reference("unequal")
    found = al.multilevel_reliability(frame, items=items, **IDS)
    se = np.sqrt(np.diag(values["covariance"]))
    np.testing.assert_allclose(found.tables["Variance components"]["se"], se, rtol=tol.se)


def test_components_on_the_boundary(tol: SimpleNamespace) -> None:
    frame, items, values = reference("boundary", "boundary_unequal")
    found = al.multilevel_reliability(frame, items=items, **IDS)
    expected = np.array([values["crossed_unequal"][key] for key in CROSSED])
    bound = tol.variance * np.maximum(expected, 1e-2 * expected[-1])
    assert (np.abs(variances(found) - expected) <= bound).all()
    assert variances(found)[1] == 0
    assert any("Estimated at zero: session, session × item." in m for m in found.messages)


@pytest.mark.parametrize("with_sessions", [True, False])
@pytest.mark.parametrize("fixed", [True, False])
def test_deviance_is_the_dense_one(with_sessions: bool, fixed: bool, tol: SimpleNamespace) -> None:
    frame, items, _ = reference("unequal")
    ratings = read_ratings(frame.iloc[:90], items=items, **IDS)
    session = ratings.session if with_sessions else None
    products = cross_products(ratings.patient, session, ratings.values)
    (n, m), t = ratings.values.shape, float(with_sessions)
    codes = [np.repeat(ratings.patient, m), np.repeat(ratings.session, m), np.tile(range(m), n)]

    def same(*which: int) -> np.ndarray:
        return np.all([codes[k][:, None] == codes[k] for k in which], axis=0).astype(float)

    def dense(v: np.ndarray) -> float:
        blocks = [same(0), t * same(1), same(2), same(0, 1), same(0, 2), t * same(1, 2)]
        if fixed:
            blocks[2] = np.zeros((n * m, n * m))
        whole = sum(a * b for a, b in zip(v, blocks, strict=False)) + v[-1] * np.eye(n * m)
        x = same(2)[:, :m] if fixed else np.ones((n * m, 1))
        inverse = np.linalg.inv(whole)
        gram = x.T @ inverse @ x
        y = ratings.values.ravel()
        left = inverse - inverse @ x @ np.linalg.solve(gram, x.T @ inverse)
        return float(np.linalg.slogdet(whole)[1] + np.linalg.slogdet(gram)[1] + y @ left @ y)

    one, two = np.array([0.6, 0.05, 0.1, 0.4, 0.2, 0.03, 0.7]), np.arange(1.0, 8)
    ours = [deviance(products, v, item_means_fixed=fixed) for v in (one, two)]
    assert ours[0] - ours[1] == pytest.approx(dense(one) - dense(two), rel=tol.criterion)


def test_reml_of_complete_data_is_the_analysis_of_variance(tol: SimpleNamespace) -> None:
    frame, items, _ = reference("diary")
    one = al.multilevel_reliability(frame, items=items, **IDS)
    two = al.multilevel_reliability(frame, items=items, method="reml", **IDS)
    np.testing.assert_allclose(variances(one), variances(two), rtol=tol.reliability)
    # sampling variances: 2 MS²/(df + 2) against 2 MS²/df
    np.testing.assert_allclose(one.tidy()["se"], two.tidy()["se"], rtol=0.1)


def test_rows_labels_and_scale_do_not_matter() -> None:
    frame, items, _ = reference("unequal")
    other = frame.sample(frac=1.0, random_state=2)
    other[items] = 500 + 20 * other[items]
    other["patient"] = "P" + other["patient"].astype(str)
    for nested in (False, True):
        one = al.multilevel_reliability(frame, items=items, nested=nested, **IDS)
        two = al.multilevel_reliability(other, items=items[::-1], nested=nested, **IDS)
        np.testing.assert_allclose(one.tidy()["estimate"], two.tidy()["estimate"], rtol=1e-6)
        np.testing.assert_allclose(one.tidy()["ci_low"], two.tidy()["ci_low"], rtol=1e-5)


def test_nested_sessions_need_no_common_labels() -> None:
    frame, items, _ = reference("unequal")
    renamed = frame.assign(session=np.arange(len(frame)))
    one = al.multilevel_reliability(frame, items=items, nested=True, **IDS)
    two = al.multilevel_reliability(renamed, items=items, nested=True, **IDS)
    np.testing.assert_allclose(one.tidy()["estimate"], two.tidy()["estimate"], rtol=1e-10)


def test_number_of_sessions() -> None:
    frame, items, _ = reference("unequal")
    found = al.multilevel_reliability(frame, items=items, nested=True, **IDS)
    counts = frame.groupby("patient").size()
    k = len(counts) / (1 / counts).sum()
    v = variances(found)
    assert found.value("RkRn") == pytest.approx(v[0] / (v[0] + v[1] / k + v[2] / 5 / k), rel=1e-12)
    twelve = al.multilevel_reliability(frame, items=items, nested=True, n_sessions=12, **IDS)
    assert twelve.value("RkRn") > found.value("RkRn")
    assert twelve.value("RCn") == found.value("RCn")
    assert any("k is their harmonic mean" in m for m in found.messages)
    assert not any("harmonic" in m for m in twelve.messages)


def test_sessions_that_lack_items_are_said() -> None:
    frame, items, _ = reference("missing_items")
    found = al.multilevel_reliability(frame, items=items, **IDS)
    n = int(frame[items].isna().any(axis=1).sum())
    assert any(m == f"{n} sessions lack some items; the others are used." for m in found.messages)


@pytest.mark.parametrize("item_means", ["error", "removed", "by_patient"])
def test_missing_items_hardly_move_what_they_are_missing_from(item_means: Any) -> None:
    frame, items, _ = reference("unequal")
    arguments = {"items": items, "nested": True, "item_means": item_means, **IDS}
    one = al.multilevel_reliability(frame, **arguments)
    holes = frame.copy()
    holes.loc[3, "item_2"] = np.nan
    two = al.multilevel_reliability(holes, **arguments)
    np.testing.assert_allclose(one.tidy()["estimate"], two.tidy()["estimate"], rtol=0.02)
    assert not (one.tidy()["estimate"] == two.tidy()["estimate"]).any()


def test_truth_is_recovered(rng: np.random.Generator) -> None:
    p, t, m = 800, 8, 6
    truth = np.array([1.0, 0.3, 0.5])
    y = rng.normal(size=(p, 1, 1)) + np.sqrt(0.3) * rng.normal(size=(p, t, 1))
    y = y + np.sqrt(0.5) * rng.normal(size=(p, t, m))
    frame = pd.DataFrame(y.reshape(-1, m), columns=[f"i{k}" for k in range(m)])
    frame = frame.assign(patient=np.repeat(np.arange(p), t), session=np.tile(np.arange(t), p))
    frame = frame[rng.random(len(frame)) < 0.7]
    found = al.multilevel_reliability(frame, items=[f"i{k}" for k in range(m)], nested=True, **IDS)
    table = found.tables["Variance components"]
    assert (np.abs(table["variance"] - truth) / table["se"] < 3).all()
    row = found.tidy().set_index("term").loc["RCn"]
    assert row["ci_low"] < 0.3 / (0.3 + 0.5 / m) < row["ci_high"]


FRAME = pd.DataFrame(
    {
        "patient": [1, 1, 1, 2, 2, 2, 3, 3, 3], "session": [1, 2, 3] * 3,
        "a": [4.0, 5, 6, 2, 2, 3, 5, 4, 4], "b": [4.0, 6, 6, 1, 3, 3, 5, 5, 3],
        "text": "x", "same": 2.0,
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"items": ["a", "bb"]}, "column 'bb' not found"),
        ({"items": ["a"]}, "fewer than two columns"),
        ({"items": "ab"}, "fewer than two columns"),
        ({"items": ["a", "a"]}, "'a' is named twice"),
        ({"items": ["a", "session"]}, "'session' is named twice"),
        ({"items": ["a", "text"]}, "item 'text' is not numeric"),
        ({"items": ["same", "same2"]}, "ratings are the same"),
        ({"nested": 1}, "nested=1 is not known"),
        ({"item_means": "removed"}, "is for nested sessions"),
        ({"nested": True, "method": "anova"}, "is for crossed sessions"),
        ({"n_sessions": 0}, "n_sessions=0 is no number of sessions"),
        ({"conf_level": 95}, "conf_level=95"),
        ({"patient": "one"}, "holds one patient"),
        ({"session": "one"}, "stand in more than one row"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: dict[str, Any], says: str) -> None:
    frame = FRAME.assign(same2=2.0, one=1)
    with pytest.raises((al.DataError, al.ArgumentError)) as caught:
        al.multilevel_reliability(frame, **({"items": ["a", "b"]} | IDS | arguments))
    assert says in str(caught.value)


def test_bad_data_is_one_clear_message() -> None:
    items = ["a", "b"]
    with pytest.raises(al.DataError, match="one session in 'session'"):
        al.multilevel_reliability(FRAME.iloc[::3], items=items, **IDS)
    with pytest.raises(al.DataError, match="no row has a patient"):
        al.multilevel_reliability(FRAME.assign(a=np.nan, b=np.nan), items=items, **IDS)
    with pytest.raises(al.DataError, match="needs every patient at every session"):
        al.multilevel_reliability(FRAME.iloc[1:], items=items, method="anova", **IDS)
    dates = FRAME.assign(session=FRAME["session"] + 100 * FRAME["patient"])
    copies = [
        dates.assign(session=dates["session"] + 1000 * k, patient=dates["patient"] + 9 * k)
        for k in range(120)
    ]
    with pytest.raises(al.DataError, match="1,080 different sessions, too many to be the same"):
        al.multilevel_reliability(pd.concat(copies), items=items, **IDS)


def test_a_patient_without_ratings_is_counted() -> None:
    frame = FRAME.copy()
    frame.loc[frame["patient"] == 2, ["a", "b"]] = np.nan
    found = al.multilevel_reliability(frame, items=["a", "b"], **IDS)
    assert found.messages[:2] == (
        "3 of 9 rows dropped (no item rated: 3).",
        "1 patient without any rating is left out.",
    )
    assert found.counts["patient"] == 2
    assert found.n_dropped == 3


def test_result_prints_and_reports() -> None:
    found = al.multilevel_reliability(FRAME, items=["a", "b"], **IDS)
    assert "RC: reliability of change within patients" in repr(found)
    assert "3 patients, 9 sessions, 2 items" in repr(found)
    assert al.coef_table(found).frame.shape[0] == 5


def test_items_that_differ_between_patients_are_those_of_lme4(tol: SimpleNamespace) -> None:
    values = json.loads((FOLDER / "own_sessions.json").read_text(encoding="utf-8"))
    long = pd.read_csv(FOLDER / "own_sessions.csv")
    wide = long.pivot(index=["patient", "session"], columns="item", values="score").reset_index()
    wide.columns = [f"item_{name}" if isinstance(name, int) else name for name in wide.columns]
    items = ["item_1", "item_2", "item_3"]
    arguments: dict[str, Any] = {"nested": True, "item_means": "by_patient", "items": items, **IDS}
    found = al.multilevel_reliability(wide, **arguments)
    order = ["patient", "item", "patient:session", "patient:item", "Residual"]
    expected = np.array([values["variance"][key] for key in order])
    np.testing.assert_allclose(variances(found), expected, rtol=tol.reliability)
    p, _, s, pi, e = expected
    k = found.value("RkRn")
    counts = wide.groupby("patient").size()
    n = len(counts) / (1 / counts).sum()
    assert k == pytest.approx((p + pi / 3) / (p + pi / 3 + s / n + e / 3 / n), rel=1e-5)
    assert found.value("RCn") == pytest.approx(s / (s + e / 3), rel=tol.reliability)
    less = [
        al.multilevel_reliability(wide, **(arguments | {"item_means": means})).value("RCn")
        for means in ("error", "removed")
    ]
    assert less[0] < less[1] < found.value("RCn")
    holes = wide.copy()
    holes.loc[5, "item_2"] = np.nan
    general = al.multilevel_reliability(holes, **arguments)
    long = holes.melt(["patient", "session"], items, "item").dropna()
    study = al.reliability.g_study(
        long, score="value", facets=["session", "item"], nested={"session": "patient"}
    )
    np.testing.assert_allclose(variances(general), study.estimated.variance, rtol=1e-5)
