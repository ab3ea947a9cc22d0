"""aggregate_effects: metafor's means, the papers' formulas, composites of simulated outcomes."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning, UnsupportedError

REFERENCE = Path(__file__).parents[2] / "reference" / "meta_effects"


@pytest.fixture
def effects() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "study": ["B", "A", "B", "A", "C"],
            "ri": [0.3, 0.1, 0.5, 0.2, 0.4],
            "ni": [50, 80, 50, 84, 30],
            "year": [1999, 2001, 1999, 2001, 2005],
            "rater": ["P", "T", "T", "P", "P"],
        }
    )
    return al.effect_sizes(frame)


def quiet(frame: pd.DataFrame, **asked: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return al.meta.aggregate_effects(frame, **asked)


@pytest.mark.parametrize(("case", "rho"), [("00", 0.0), ("06", 0.6), ("10", 1.0)])
def test_means_equal_to_metafor(case: str, rho: float, tol: SimpleNamespace) -> None:
    values = json.loads((REFERENCE / f"aggregate_{case}.json").read_text(encoding="utf-8"))
    made = quiet(pd.DataFrame(values["data"]), rho=rho)
    assert made["yi"].to_numpy() == pytest.approx(values["yi"], rel=tol.closed_form)
    assert made["vi"].to_numpy() == pytest.approx(values["vi"], rel=tol.closed_form)


def test_means_are_those_of_the_whole_covariance_matrix(effects: pd.DataFrame) -> None:
    made = quiet(effects, rho=0.4).set_index("study")
    for name, rows in effects.groupby("study"):
        v = np.sqrt(np.outer(rows["vi"], rows["vi"])) * 0.4
        np.fill_diagonal(v, rows["vi"])
        assert made.loc[name, "yi"] == pytest.approx(rows["yi"].mean())
        assert made.loc[name, "vi"] == pytest.approx(v.sum() / len(rows) ** 2)


def test_columns_and_order(effects: pd.DataFrame) -> None:
    with pytest.warns(DataWarning, match="vary within studies are left out: ri, rater"):
        made = al.meta.aggregate_effects(effects, rho=0.5)
    assert made["study"].tolist() == ["B", "A", "C"]
    assert made.columns.tolist() == ["study", "yi", "vi", "ni", "n_effects", "year", "es_measure"]
    assert made["ni"].tolist() == [50, 82, 30]
    assert made["n_effects"].tolist() == [2, 2, 1]
    shuffled = quiet(effects.iloc[[4, 3, 2, 1, 0]], rho=0.5).set_index("study")
    both = made.set_index("study")[["yi", "vi"]]
    pd.testing.assert_frame_equal(shuffled.loc[both.index, ["yi", "vi"]], both)


def test_one_effect_a_study_stays_as_it_is(effects: pd.DataFrame) -> None:
    single = effects.iloc[[0, 1, 4]]
    for estimand in ("mean", "composite"):
        made = quiet(single, rho=0.3, estimand=estimand)
        assert made["yi"].to_numpy() == pytest.approx(single["yi"].to_numpy(), rel=1e-14)
        assert made["vi"].to_numpy() == pytest.approx(single["vi"].to_numpy(), rel=1e-14)


def test_composite_of_two_correlations_of_3_is_346() -> None:
    frame = pd.DataFrame({"study": ["A", "A", "B"], "ri": [0.3, 0.3, 0.1], "ni": 103})
    for measure in ("COR", "ZCOR"):
        effects = al.effect_sizes(frame, measure=measure)
        made = quiet(effects, rho=0.5, estimand="composite")
        r = np.tanh(made["yi"][0]) if measure == "ZCOR" else made["yi"][0]
        assert r == pytest.approx(0.6 / np.sqrt(3))
        assert made["vi"][0] == pytest.approx(0.01 if measure == "ZCOR" else (1 - r**2) ** 2 / 102)


def test_composite_is_the_correlation_with_the_sum(rng: np.random.Generator) -> None:
    n, rho = 4000, 0.6
    x = rng.standard_normal(n)
    y = np.sqrt(rho) * rng.standard_normal((n, 1)) + np.sqrt(1 - rho) * rng.standard_normal((n, 3))
    y += np.outer(x, [0.4, 0.3, 0.2])
    y = (y - y.mean(0)) / y.std(0)
    r = [np.corrcoef(x, column)[0, 1] for column in y.T]
    frame = pd.DataFrame({"study": ["A", "A", "A", "B"], "ri": [*r, 0.1], "ni": n})
    between = np.corrcoef(y.T)
    made = quiet(
        al.effect_sizes(frame, measure="COR"),
        rho=float((between.sum() - 3) / 6),
        estimand="composite",
    )
    assert made["yi"][0] == pytest.approx(np.corrcoef(x, y.sum(1))[0, 1], rel=1e-10)


@pytest.mark.parametrize("rho", [-0.1, 1.2, "0.5", None, True])
def test_rho_is_a_correlation(effects: pd.DataFrame, rho: Any) -> None:
    with pytest.raises(ArgumentError, match="is no correlation from 0 to 1"):
        al.meta.aggregate_effects(effects, rho=rho)


def test_refusals(effects: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match="rho"):
        al.meta.aggregate_effects(effects)  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match="estimand='sum'"):
        quiet(effects, rho=0.5, estimand="sum")
    with pytest.raises(DataError, match="no column 'study'"):
        quiet(effects.drop(columns="study"), rho=0.5)
    with pytest.raises(UnsupportedError, match="composite of measure None"):
        quiet(effects.drop(columns="es_measure"), rho=0.5, estimand="composite")
    with pytest.raises(DataError, match="the variance of a composite follows from it"):
        quiet(effects.drop(columns="ni"), rho=0.5, estimand="composite")
    large = pd.DataFrame({"study": ["A", "A", "B"], "ri": [0.9, 0.8, 0.1], "ni": 50})
    with pytest.raises(DataError, match=r"composites of 1 study would correlate 1 or more.*0, 1"):
        quiet(al.effect_sizes(large, measure="COR"), rho=0.1, estimand="composite")


def test_rows_without_effect_are_counted(effects: pd.DataFrame) -> None:
    effects.loc[0, "yi"] = np.nan
    with pytest.warns(DataWarning, match=r"1 of 5 rows was dropped \(yi missing: 1\)"):
        made = al.meta.aggregate_effects(effects, rho=0.5)
    assert made["n_effects"].tolist() == [2, 1, 1]
