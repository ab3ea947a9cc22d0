"""g_study against R, published worked examples, a dense analysis of variance, invariances."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "generalizability"
g_study = al.reliability.g_study


def reference(name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    values = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return pd.read_csv(FOLDER / f"{name}.csv"), values


#: The effects in the order of ours, by their names in R.
MEAN_SQUARE_CASES = {
    "brennan_3": (
        {"design": "person x item x occasion", "objects": "person"},
        ["p", "i", "o", "pi", "po", "io", "pio"],
    ),
    "brennan_4": (
        {"facets": ["rater", "task"], "objects": "person"},
        ["p", "t", "pt", "rt", "prt"],
    ),
    "caseload": (
        {"facets": ["session", "item"], "nested": {"patient": "therapist"}},
        ["t", "s", "i", "pt", "ts", "ti", "si", "pst", "pit", "tsi", "psit"],
    ),
}


@pytest.mark.parametrize("name", MEAN_SQUARE_CASES)
def test_components_are_those_of_expected_mean_squares(name: str, tol: SimpleNamespace) -> None:
    frame, values = reference(name)
    arguments, order = MEAN_SQUARE_CASES[name]
    found = g_study(frame, score="score", **arguments)
    assert found.method == "ANOVA"
    scale = max(values["variance"].values())
    for row, key in zip(found.components.itertuples(), order, strict=True):
        difference = abs(row.variance - values["variance"][key])
        assert difference <= tol.closed_form * scale, (row.effect, key)


def test_brennans_published_numbers() -> None:
    """Brennan (2001): synthetic data sets 3 and 4, components to four and coefficients to two."""
    frame, _ = reference("brennan_3")
    arguments = {"score": "score", "objects": "person", "facets": ["item", "occasion"]}
    found = g_study(frame, **arguments)
    published = [0.5528, 0.4417, 0.0074, 0.5750, 0.1009, 0.1565, 0.9352]
    np.testing.assert_allclose(found.components["variance"], published, atol=5e-5)
    assert round(found.value("G"), 2) == 0.64
    assert round(found.value("Phi"), 2) == 0.55
    fixed = g_study(frame, **arguments, fixed=["item"])
    assert round(fixed.value("G"), 2) == 0.81
    assert round(fixed.value("Phi"), 2) == 0.79
    frame, _ = reference("brennan_4")
    found = g_study(frame, score="score", objects="person", facets=["rater", "task"])
    published = [0.4731, 0.3252, 0.5596, 0.6475, 2.3802]
    np.testing.assert_allclose(found.components["variance"], published, atol=5e-5)
    assert (round(found.value("G"), 2), round(found.value("Phi"), 2)) == (0.55, 0.46)
    assert found.components["df"].tolist() == [9, 2, 18, 9, 81]


REML_CASES = {
    "holes": {"design": "patient x session x item"},
    "own_sessions": {"facets": ["item", "session"], "nested": {"session": "patient"}},
}
ORDERS = {
    "holes": [0, 1, 2, 3, 4, 5, 6],
    "own_sessions": [0, 1, 3, 2, 4],
}


@pytest.mark.parametrize("name", REML_CASES)
def test_incomplete_designs_are_those_of_lme4(name: str, tol: SimpleNamespace) -> None:
    frame, values = reference(name)
    found = g_study(frame, score="score", **REML_CASES[name])
    assert found.method == "REML"
    if name == "holes":
        assert "120 of 600 cells of the design are empty" in found.messages[0]
    order = ORDERS[name]
    variance = np.array(list(values["variance"].values()))[order]
    np.testing.assert_allclose(found.components["variance"], variance, rtol=tol.reliability)
    covariance = np.array(values["covariance"])[np.ix_(order, order)]
    sd = np.sqrt(np.diag(covariance))
    difference = (found.estimated.covariance - covariance) / np.outer(sd, sd)
    assert np.abs(difference).max() < tol.se


def test_reml_of_complete_data_is_the_analysis_of_variance(tol: SimpleNamespace) -> None:
    frame, _ = reference("brennan_3")
    arguments = {"score": "score", "objects": "person", "facets": ["item", "occasion"]}
    one = g_study(frame, **arguments)
    two = g_study(frame, **arguments, method="reml")
    bound = tol.variance * np.maximum(one.components["variance"], 1e-2 * one.estimated.kept[-1])
    assert (np.abs(one.components["variance"] - two.components["variance"]) < bound).all()
    np.testing.assert_allclose(one.tidy()["estimate"], two.tidy()["estimate"], rtol=tol.reliability)


def dense_components(frame: pd.DataFrame, effects: list[tuple[str, ...]]) -> np.ndarray:
    """Mean squares from projections, set equal to their expectations."""
    y = frame["score"].to_numpy(dtype=float)
    n = len(y)
    incidence = [
        pd.get_dummies(frame[list(e)].astype(str).agg("|".join, axis=1)).to_numpy(float)
        for e in effects
    ]
    projections: list[np.ndarray] = []
    for effect, z in zip(effects, incidence, strict=True):
        below = [p for e, p in zip(effects, projections, strict=False) if set(e) < set(effect)]
        whole = z @ np.linalg.pinv(z)
        projections.append(whole - np.full((n, n), 1 / n) - sum(below, np.zeros((n, n))))
    equations = [[np.trace(p @ z @ z.T) for z in incidence] for p in projections]
    return np.linalg.solve(equations, [y @ p @ y for p in projections])


def test_components_equal_dense_projections(rng: np.random.Generator, tol: SimpleNamespace) -> None:
    grid = np.indices((3, 4, 2, 3)).reshape(4, -1)
    frame = pd.DataFrame(dict(zip(["t", "p", "s", "i"], grid, strict=True)))
    frame["p"] += 10 * frame["t"]
    frame["score"] = rng.normal(size=len(frame)) + frame["p"] / 9 + frame["i"]
    effects = [
        ("t",), ("s",), ("i",), ("t", "p"), ("t", "s"), ("t", "i"), ("s", "i"),
        ("t", "p", "s"), ("t", "p", "i"), ("t", "s", "i"), ("t", "p", "s", "i"),
    ]  # fmt: skip
    found = g_study(frame, score="score", objects="t", facets=["p", "s", "i"])
    by_set = {
        frozenset(e): v for e, v in zip(effects, dense_components(frame, effects), strict=True)
    }
    expected = [by_set[frozenset(e)] for e in found.estimated.effects]
    np.testing.assert_allclose(found.components["variance"], expected, atol=1e-10)
    assert tol.closed_form > 1e-10


def test_rows_labels_and_scale_do_not_matter(rng: np.random.Generator) -> None:
    frame, _ = reference("holes")
    one = g_study(frame, score="score", facets=["session", "item"])
    other = frame.sample(frac=1.0, random_state=3).assign(
        score=lambda d: 1000 + 10 * d["score"],
        patient=lambda d: "P" + d["patient"].astype(str),
        session=lambda d: d["session"].astype("category"),
    )
    two = g_study(other, score="score", facets=["session", "item"])
    np.testing.assert_allclose(
        two.components["variance"], 100 * one.components["variance"], rtol=1e-6
    )
    np.testing.assert_allclose(two.tidy()["estimate"], one.tidy()["estimate"], rtol=1e-7)
    np.testing.assert_allclose(two.tidy()["se"], one.tidy()["se"], rtol=1e-4)


def test_negative_estimates_are_shown_and_said() -> None:
    frame, values = reference("caseload")
    found = g_study(
        frame, score="score", facets=["session", "item"], nested={"patient": "therapist"}
    )
    row = found.components.set_index("effect").loc["session"]
    assert row["variance"] < 0
    assert row["share"] == 0
    assert row["ci_low"] == 0
    assert "Estimated below zero, and set to zero in the coefficients: session (-0.0168)." in (
        found.messages
    )


def test_therapists_are_measured_with_their_patients() -> None:
    frame, _ = reference("caseload")
    arguments = {"score": "score", "facets": ["session", "item"]}
    found = g_study(frame, **arguments, nested={"patient": "therapist"})
    v = found.estimated.kept
    name = found.components["effect"].tolist().index
    universe = v[name("therapist")] + v[name("patient:therapist")]
    relative = (
        (v[name("therapist × session")] + v[name("session × patient:therapist")]) / 3
        if "session × patient:therapist" in found.components["effect"].tolist()
        else (v[name("therapist × session")] + v[name("patient × session:therapist")]) / 3
    )
    relative += (v[name("therapist × item")] + v[name("patient × item:therapist")]) / 4
    relative += (
        v[name("therapist × session × item")] + v[name("patient × session × item:therapist")]
    ) / 12
    assert found.value("G") == pytest.approx(universe / (universe + relative), rel=1e-12)
    alone = g_study(
        frame, score="score", objects="therapist", facets=["patient", "session", "item"]
    )
    np.testing.assert_allclose(
        sorted(alone.components["variance"]), sorted(found.components["variance"]), rtol=1e-9
    )
    assert alone.value("G") < found.value("G")


def test_one_facet_is_cronbachs_alpha(rng: np.random.Generator) -> None:
    scores = rng.normal(size=(40, 1)) + rng.normal(size=(40, 6))
    k = scores.shape[1]
    total = scores.sum(axis=1).var(ddof=1)
    alpha = k / (k - 1) * (1 - scores.var(axis=0, ddof=1).sum() / total)
    frame = pd.DataFrame(scores).melt(ignore_index=False).reset_index()
    found = g_study(frame, score="value", objects="index", facets=["variable"])
    assert found.value("G") == pytest.approx(alpha, rel=1e-10)


def test_nesting_is_found_and_said() -> None:
    frame, _ = reference("brennan_4")
    found = g_study(frame, score="score", objects="person", facets=["rater", "task"])
    assert found.design.text == "person × (rater:task)"
    assert any("rater is nested in task" in note for note in found.notes)
    assert any(note.startswith("Crossed with person: task.") for note in found.notes)
    frame["rater"] = (frame["rater"] - 1) % 4  # labels used again in every task
    crossed = g_study(frame, score="score", objects="person", facets=["rater", "task"])
    assert crossed.design.text == "person × rater × task"
    again = g_study(frame, score="score", objects="person", design="person x (rater:task)")
    np.testing.assert_allclose(again.components["variance"], found.components["variance"])


FRAME = pd.DataFrame(
    {
        "patient": np.repeat([1, 2, 3, 4], 3),
        "rater": ["a", "b", "c"] * 4,
        "one": 1,
        "same": np.repeat(["w", "x", "y", "z"], 3),
        "score": [1.0, 2, 3, 2, 3, 5, 1, 4, 3, 5, 5, 6],
        "text": "x",
    }
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"facets": ["raters"]}, "column 'raters' not found. Did you mean 'rater'"),
        ({"facets": ["one"]}, "facet 'one' has one level"),
        ({"facets": ["rater"], "objects": "one"}, "objects 'one' has one level"),
        ({"facets": ["same"]}, "'patient' and 'same' are the same grouping"),
        ({"facets": ["rater"], "score": "text"}, "column 'text' is not numeric"),
        ({"facets": ["rater", "rater"]}, "'rater' is named twice"),
        ({"facets": []}, "no facets given"),
        ({"facets": ["rater"], "fixed": ["items"]}, "is not a list of facets"),
        ({"facets": ["rater"], "fixed": ["rater"]}, "holds every facet"),
        ({"facets": ["rater"], "nested": {"task": "rater"}}, "nested names 'task'"),
        ({"facets": ["rater"], "method": "aov"}, "method='aov' is not known"),
        ({"facets": ["rater"], "intervals": "profile"}, "Add method='reml'"),
        ({"facets": ["rater"], "conf_level": 95}, "conf_level=95 is not between 0 and 1"),
        ({"design": "patient x rater", "facets": ["rater"]}, "design= says already"),
        ({"design": "patient x (rater"}, "lacks a closing parenthesis"),
        ({"design": "patient x rater, one"}, "cannot be read at ', one'"),
        ({"design": "patient"}, "names no facet"),
        ({"design": "rater x one"}, "objects='patient' is not in the design"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises((al.DataError, al.ArgumentError)) as caught:
        g_study(FRAME, **({"score": "score"} | arguments))
    assert says in str(caught.value)


def test_bad_cells_are_one_clear_message() -> None:
    arguments = {"score": "score", "facets": ["rater"]}
    with pytest.raises(al.DataError, match="1 cell of patient × rater holds more than one score"):
        g_study(pd.concat([FRAME, FRAME.iloc[[2]]]), **arguments)
    with pytest.raises(al.DataError, match="are all the same"):
        g_study(FRAME.assign(score=2.0), **arguments)
    with pytest.raises(al.DataError, match="no row has a score"):
        g_study(FRAME.assign(score=np.nan), **arguments)
    with pytest.raises(al.DataError, match="does not fill|do not fill"):
        g_study(FRAME.iloc[1:], **arguments, method="anova")
    with pytest.raises(al.ArgumentError, match="not a DataFrame"):
        g_study([1, 2], **arguments)  # type: ignore[arg-type]


def test_a_patient_without_scores_is_counted() -> None:
    frame = FRAME.assign(score=FRAME["score"].where(FRAME["patient"] != 3))
    found = g_study(frame, score="score", facets=["rater"])
    assert found.n_dropped == 3
    assert found.messages == (
        "3 of 12 rows dropped (score missing: 3).",
        "1 patient without any score is left out.",
    )
    assert found.counts["patient"] == 3


def test_patients_seen_once_leave_an_answer() -> None:
    frame = FRAME.drop(index=[1, 2])
    found = g_study(frame, score="score", facets=["rater"])
    assert found.method == "REML"
    assert any("different numbers of conditions" in message for message in found.messages)
    single = FRAME.groupby("patient").head(1)
    with pytest.raises(al.DataError, match="every patient occurs with one rater only"):
        g_study(single.assign(rater=[1, 2, 1, 2]), score="score", facets=["rater"])


def test_result_prints_and_has_a_view() -> None:
    found = g_study(FRAME, score="score", facets=["rater"])
    text = repr(found)
    assert "Generalizability of score: patient × rater (4 patients, 3 raters)" in text
    assert "Variance components" in text
    assert "<table" in found._repr_html_()
    assert found.view().kind == "g_study"
    assert found.glance()["design"].item() == "patient × rater"
    assert al.coef_table(found).frame.shape[0] == 2


def test_truth_is_recovered(rng: np.random.Generator) -> None:
    truth = np.array([1.0, 0.3, 0.5, 0.6, 0.4, 0.2, 0.8])
    p, s, i = np.indices((120, 30, 20)).reshape(3, -1)

    def effect(sd2: float, *codes: np.ndarray) -> np.ndarray:
        sizes = [int(c.max()) + 1 for c in codes]
        return rng.normal(scale=np.sqrt(sd2), size=sizes)[codes]

    score = sum(
        effect(v, *c)
        for v, c in zip(truth, [(p,), (s,), (i,), (p, s), (p, i), (s, i), (p, s, i)], strict=True)
    )
    frame = pd.DataFrame({"patient": p, "session": s, "item": i, "score": score})
    found = g_study(frame, score="score", facets=["session", "item"]).components
    z = (found["variance"] - truth) / found["se"]
    assert np.abs(z).max() < 3
    assert ((found["ci_low"] < truth) & (truth < found["ci_high"])).sum() >= 6


def sessions_with_items(rng: np.random.Generator, n_patients: int) -> pd.DataFrame:
    """Unequal sessions, each with all of four items."""
    p, s, i = np.indices((n_patients, 6, 4)).reshape(3, -1)
    y = rng.normal(size=n_patients)[p] + 0.4 * rng.normal(size=6)[s] + 0.5 * rng.normal(size=4)[i]
    y = (
        y
        + 0.7 * rng.normal(size=(n_patients, 6))[p, s]
        + 0.4 * rng.normal(size=(n_patients, 4))[p, i]
    )
    y = y + 0.3 * rng.normal(size=(6, 4))[s, i] + rng.normal(size=len(p))
    frame = pd.DataFrame({"patient": p, "session": s, "item": i, "score": y})
    return frame[rng.integers(2, 7, size=n_patients)[p] > s]


@pytest.mark.parametrize("order", [["session", "item"], ["item", "session"]])
@pytest.mark.parametrize("nested", [None, {"session": "patient"}])
@pytest.mark.parametrize("share_missing", [0.0, 0.1])
def test_the_fast_way_is_the_general_way(
    rng: np.random.Generator,
    order: list[str],
    share_missing: float,
    nested: dict[str, str] | None,
    monkeypatch: pytest.MonkeyPatch,
    tol: SimpleNamespace,
) -> None:
    frame = sessions_with_items(rng, 25).sample(frac=1.0 - share_missing, random_state=1)
    arguments: dict[str, Any] = {"score": "score", "facets": order, "nested": nested}
    slow = g_study(frame, **arguments)
    monkeypatch.setattr("alliance_stats.reliability.generalizability.study.PROFILED", 0)
    fast = g_study(frame, **arguments)
    assert (slow.estimated.intervals, fast.estimated.intervals) == ("profile", "satterthwaite")
    bound = tol.variance * np.maximum(slow.estimated.variance, 1e-2 * slow.estimated.variance[-1])
    assert (np.abs(slow.estimated.variance - fast.estimated.variance) <= bound).all()
    np.testing.assert_allclose(fast.tidy()["se"], slow.tidy()["se"], rtol=tol.se)


def test_many_sessions_take_no_time_and_too_large_designs_are_named(
    rng: np.random.Generator,
) -> None:
    frame = sessions_with_items(rng, 2_000)
    arguments: dict[str, Any] = {"score": "score", "facets": ["session", "item"]}
    found = g_study(frame.iloc[1:], nested={"session": "patient"}, **arguments)
    assert found.components["effect"].tolist()[0] == "patient"
    patient = found.components.iloc[0]
    assert abs(patient["variance"] - 1.0) < 3 * patient["se"]
    with pytest.raises(
        al.DataError, match="groups of 'patient:therapist × item'|groups of 'patient"
    ):
        g_study(
            frame.iloc[1:].assign(therapist=frame["patient"] // 10),
            nested={"patient": "therapist"}, **arguments,
        )  # fmt: skip


def test_profile_intervals_are_those_of_the_restricted_likelihood() -> None:
    frame, _ = reference("own_sessions")
    found = g_study(frame, score="score", **REML_CASES["own_sessions"]).components
    formula = "score ~ 1 + (1 | item) + (1 | patient/session) + (1 | patient:item)"
    ends = al.fit_lmm(formula, frame).confint(method="profile", reml=True).set_index("group")
    order = ["patient", "item", "patient:item", "patient:session", "Residual"]
    expected = ends.loc[order, ["ci_low", "ci_high"]].to_numpy(float) ** 2
    np.testing.assert_allclose(found[["ci_low", "ci_high"]], expected, rtol=1e-4)
