"""Two measurements, agreement within groups, averaging to groups: R and naive computations."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability.agreement.differences import spread_of_differences
from alliance_stats.reliability.agreement.limits import limit_margins
from alliance_stats.reliability.agreement.lin import concordance_of

Values = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]
room = al.reliability


def single(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs[~pairs["subject"].duplicated()]


def test_concordance_is_that_of_epir(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("agreement")["concordance"]
    frame = single(reliability_data("pairs"))
    result = room.concordance(frame["a"], frame["b"])
    row, parts = result.tidy().iloc[0], result.tables["Parts"].iloc[0]
    assert row["estimate"] == pytest.approx(expected["estimate"], rel=tol.closed_form)
    ends = [row["ci_low"], row["ci_high"]]
    np.testing.assert_allclose(ends, expected["interval"], rtol=tol.closed_form)
    assert parts["accuracy"] == pytest.approx(expected["accuracy"], rel=tol.closed_form)
    assert parts["accuracy"] * parts["precision"] == pytest.approx(row["estimate"])


def test_concordance_covers() -> None:
    """1,000 samples of 60 pairs with a shift."""
    rng, inside, studies = np.random.default_rng(7), 0, 1000
    truth = 2 * 0.8 / (2 + 0.5**2)
    chol = np.linalg.cholesky([[1, 0.8], [0.8, 1]])
    for _ in range(studies):
        x, y = chol @ rng.normal(size=(2, 60))
        found = concordance_of(x, y + 0.5)
        inside += abs(np.arctanh(found.estimate) - np.arctanh(truth)) < 1.959964 * found.se_z
    assert abs(inside / studies - 0.95) < 3 * np.sqrt(0.95 * 0.05 / studies)


def test_concordance_of_constant_measurements() -> None:
    flat = room.concordance([1, 1, 1, 1], [1, 2, 3, 4])
    assert flat.estimate == 0 and np.isnan(flat.tidy()["ci_low"].item())
    assert "has no interval" in flat.messages[0]
    assert np.isnan(room.concordance([2, 2, 2], [2, 2, 2]).estimate)
    assert room.concordance([1, 2, 3], [1, 2, 3]).estimate == pytest.approx(1.0)


@pytest.mark.parametrize("case", ["single", "varies", "constant"])
def test_limits_of_agreement(
    case: Any, reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("agreement")["limits"][case]
    frame = reliability_data("pairs")
    if case == "single":
        frame = single(frame)
        result = room.bland_altman(frame["a"], frame["b"])
    else:
        result = room.bland_altman(
            frame["a"], frame["b"], subject=frame["subject"], true_value=case
        )
    terms = result.tidy().set_index("term")
    upper = terms.loc["upper limit"]
    assert terms.loc["bias", "estimate"] == pytest.approx(expected["bias"], rel=tol.closed_form)
    assert upper["estimate"] == pytest.approx(expected["upper"], rel=tol.closed_form)
    ends = [upper["ci_low"], upper["ci_high"]]
    np.testing.assert_allclose(ends, expected["ends"], rtol=tol.closed_form)
    sd = result.tables["Differences"]["sd"].item()
    assert sd == pytest.approx(expected["sd"], rel=tol.closed_form)
    lower = terms.loc["lower limit"]
    assert lower["estimate"] + upper["estimate"] == pytest.approx(2 * expected["bias"])
    reach = upper["ci_high"] - upper["estimate"]
    assert lower["estimate"] - lower["ci_low"] == pytest.approx(reach)


def test_bias_is_a_paired_t_test(reliability_data: Data, tol: SimpleNamespace) -> None:
    import pingouin

    frame = single(reliability_data("pairs"))
    bias = room.bland_altman(frame["a"], frame["b"]).tidy().iloc[0]
    other = pingouin.ttest(frame["a"].to_numpy(), frame["b"].to_numpy(), paired=True)
    assert bias["p_value"] == pytest.approx(float(other.iloc[0, 3]), rel=tol.closed_form)


def test_intervals_of_limits_cover() -> None:
    """1,500 studies of 25 subjects with 2 to 5 linked pairs: true upper limit."""
    rng, inside, studies = np.random.default_rng(8), 0, 1500
    truth = 1.0 + 1.959964 * np.sqrt(1.5**2 + 2.0**2)
    for _ in range(studies):
        subject = np.repeat(np.arange(25), rng.integers(2, 6, 25))
        level = 10 * rng.normal(size=len(subject))
        d = 1.0 + 1.5 * rng.normal(size=25)[subject] + 2.0 * rng.normal(size=len(subject))
        spread = spread_of_differences(level + d, level, subject, constant=False)
        upper = spread.bias + 1.959964 * np.sqrt(spread.variance)
        inner, outer = limit_margins(spread, 1.959964, 0.95)
        inside += upper - inner < truth < upper + outer
    assert abs(inside / studies - 0.95) < 3 * np.sqrt(0.95 * 0.05 / studies) + 0.005


def test_differences_that_grow_with_the_mean_are_said(rng: np.random.Generator) -> None:
    x = rng.uniform(10, 50, 80)
    with pytest.warns(al.DataWarning, match="Differences change with the size"):
        result = room.bland_altman(1.2 * x + rng.normal(size=80), x)
    assert result.plot is not None and list(result.plot.columns) == ["mean", "difference"]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"true_value": "constant"}, al.ArgumentError, "would be ignored without subject="),
        ({"subject": [1, 2]}, al.DataError, "2 labels for 4 pairs"),
        ({"subject": [1, 1, 2, 2]}, al.DataError, "2 subjects with pairs"),
        ({"subject": [1, 2, 3, None]}, al.DataError, "subject is missing in 1 pair"),
        ({"agreement": 95}, al.ArgumentError, "0.95 instead of 95"),
    ],
)
def test_limits_refuse(arguments: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        room.bland_altman([1.0, 2, 3, 5], [1.0, 3, 3, 4], **arguments)


def test_rwg_is_that_of_multilevel(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    frame, values = reliability_data("groups"), reliability_values("agreement")
    for items, index, key, column in (
        ("x", "rwg", "rwg", "rwg"),
        (["x", "y", "z"], "rwg", "rwgj", "rwg.j"),
        ("x", "awg", "awg", "a.wg"),
    ):
        expected = pd.DataFrame(values[key])
        result = room.rwg(frame, items=items, group="team", scale=(1, 5), index=index)
        assert result.plot is not None
        np.testing.assert_allclose(
            result.plot["value"], expected[column], rtol=tol.closed_form, err_msg=key
        )
        assert result.value("mean") == pytest.approx(expected[column].mean(), rel=tol.closed_form)
        assert ("undefined" in " ".join(result.messages)) == (index == "awg")


def test_rwg_leaves_out_and_says(reliability_data: Data) -> None:
    frame = reliability_data("groups")
    frame.loc[0, "x"] = np.nan
    extra = pd.DataFrame({"x": [3, 1, 5], "team": [99, 98, 98]})
    result = room.rwg(pd.concat([frame, extra]), items="x", group="team", scale=(1, 5))
    said = " ".join(result.messages)
    assert "1 of" in said and "1 group with one rating left out" in said
    assert "set to 0" in said
    lenient = room.rwg(frame, items="x", group="team", scale=(1, 5), null_variance=1.34)
    assert lenient.value("mean") < room.rwg(frame, items="x", group="team", scale=(1, 5)).value(
        "mean"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"scale": (1, 4)}, al.DataError, "outside 1 to 4, first of item 'x'"),
        ({"scale": (5, 1)}, al.ArgumentError, "not a lowest and a highest"),
        ({"null_variance": 0}, al.ArgumentError, "not above zero"),
        ({"null_variance": 2, "index": "awg"}, al.ArgumentError, "would be ignored"),
        ({"items": ["x", "x"]}, al.ArgumentError, "a column twice"),
        ({"group": "ward"}, al.DataError, "column 'ward'"),
        ({"index": "rwgx"}, al.ArgumentError, "index='rwgx'"),
    ],
)
def test_rwg_refuses(
    reliability_data: Data, arguments: Any, error: type[Exception], match: str
) -> None:
    given = {"items": "x", "group": "team", "scale": (1, 5), **arguments}
    with pytest.raises(error, match=match):
        room.rwg(reliability_data("groups"), **given)


def test_aggregation_is_that_of_multilevel(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("agreement")["aggregation"]
    result = room.aggregation_icc(reliability_data("groups"), score="x", units="team")
    assert result.value("ICC(1)") == pytest.approx(expected["icc1"], rel=tol.closed_form)
    assert result.value("ICC(2)") == pytest.approx(expected["icc2"], rel=tol.closed_form)
    row = result.tidy().iloc[0]
    assert row["statistic"] == pytest.approx(expected["f"], rel=tol.closed_form)
    assert (row["df"], row["df_denominator"]) == (expected["df1"], expected["df2"])


def test_aggregation_of_equal_groups_is_the_one_way_icc(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    frame = pd.DataFrame({"patient": np.repeat(range(30), 4), "session": np.tile(range(4), 30)})
    frame["wai"] = rng.normal(size=30)[frame["patient"]] + rng.normal(size=120)
    ours = room.aggregation_icc(frame, score="wai", units="patient").tidy()
    other = al.icc(frame, targets="patient", raters="session", ratings="wai").tidy()
    for i in range(2):
        for column in ("estimate", "statistic", "p_value", "ci_low", "ci_high"):
            assert ours.loc[i, column] == pytest.approx(other.loc[i, column], rel=tol.closed_form)


def test_aggregation_steps_up_to_therapists() -> None:
    sessions = al.load_example("sessions").frame
    both = room.aggregation_icc(sessions, score="wai_total", units=["patient", "therapist"])
    kept = sessions.dropna(subset=["wai_total"])
    means = kept.groupby(["therapist", "patient"], as_index=False)["wai_total"].mean()
    alone = room.aggregation_icc(means, score="wai_total", units="therapist")
    for term in ("ICC(1)", "ICC(2)"):
        rows = both.tidy().set_index(["unit", "term"])
        assert rows.loc[("therapist", term), "estimate"] == pytest.approx(alone.value(term))
    assert "wai_total missing" in both.messages[0]


@pytest.mark.parametrize(
    ("frame", "units", "error", "match"),
    [
        ({"p": [1, 1, 2], "t": ["a", "b", "a"]}, ["p", "t"], al.DataError, "more than one 't'"),
        ({"p": [1, 1, 1]}, "p", al.DataError, "1 group of 'p'"),
        ({"p": [1, 1, 2]}, [], al.ArgumentError, "units is empty"),
        ({"p": [1, 1, 2]}, "q", al.DataError, "column 'q'"),
        ({"p": [1, 1, 2]}, "y", al.ArgumentError, "a column twice"),
    ],
)
def test_aggregation_refuses(frame: Any, units: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        room.aggregation_icc(pd.DataFrame({**frame, "y": [1.0, 2.0, 4.0]}), score="y", units=units)


def test_groups_of_one_are_undefined() -> None:
    frame = pd.DataFrame({"p": range(5), "y": [1.0, 2, 4, 3, 5]})
    result = room.aggregation_icc(frame, score="y", units="p")
    assert np.isnan(result.value("ICC(1)"))
    assert "No 'p' has two values" in result.messages[0]
