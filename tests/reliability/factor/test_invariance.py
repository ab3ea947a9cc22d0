"""Measurement invariance: lavaan's steps over groups and sessions, rules, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability import measurement_invariance
from alliance_stats.reliability.factor.invariance import keeps_chen
from alliance_stats.sem import difference_test, factor_model, fit_sem

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "sem"
FACTORS = {"task": ["t1", "t2", "t3"], "goal": ["g1", "g2", "g3"], "bond": ["b1", "b2", "b3"]}


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return json.loads((FOLDER / "invariance.json").read_text(encoding="utf-8"))


def read() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "items.csv")


def sessions() -> pd.DataFrame:
    wide = pd.read_csv(FOLDER / "occasions.csv")
    long = pd.wide_to_long(wide, ["w1", "w2", "w3"], i="patient", j="session", sep="_")
    return long.reset_index()


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_steps_over_groups(estimator: str, known: dict[str, Any], tol: SimpleNamespace) -> None:
    found = measurement_invariance(read(), factors=FACTORS, groups="arm", estimator=estimator)
    table = found.table.set_index("step")
    test, index = (".scaled", ".robust") if estimator == "mlr" else ("", "")
    for step, measures in known[estimator]["fits"].items():
        row = table.loc[step]
        assert row["chi2"] == pytest.approx(measures["chisq" + test], abs=tol.sem_chi2)
        for name in ("cfi", "tli", "rmsea"):
            assert row[name] == pytest.approx(measures[name + index], abs=tol.sem_index)
        assert row["srmr"] == pytest.approx(measures["srmr"], abs=tol.sem_index)
    for expected in known[estimator]["tests"]:
        row = table.loc[expected["step"]]
        assert row["delta_df"] == expected["df"]
        assert row["delta_chi2"] == pytest.approx(expected["statistic"], abs=tol.sem_chi2)
        assert row["delta_p"] == pytest.approx(expected["p"], abs=tol.sem_index)


def test_steps_over_sessions(known: dict[str, Any], tol: SimpleNamespace) -> None:
    found = measurement_invariance(
        sessions(),
        factors={"f": ["w1", "w2", "w3"]},
        occasions="session",
        patient="patient",
        missing="fiml",
        estimator="ml",
    )
    table = found.table.set_index("step")
    for step, measures in known["occasions"].items():
        row = table.loc[step]
        assert row["df"] == measures["df"]
        assert row["chi2"] == pytest.approx(measures["chisq"], abs=tol.sem_chi2)
        for name in ("cfi", "tli", "rmsea", "srmr"):
            assert row[name] == pytest.approx(measures[name], abs=tol.sem_index)


def test_sessions_can_be_chosen() -> None:
    found = measurement_invariance(
        sessions(),
        factors={"f": ["w1", "w2", "w3"]},
        occasions="session",
        patient="patient",
        at=[1, 2],
        estimator="ml",
    )
    assert found.fits["scalar"].spec.latent == ("f_1", "f_2")
    assert found.table["df"].tolist() == [5, 7, 9, 12]


def invariant(n: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    second = np.arange(n) % 2
    factor = rng.normal(size=(n, 1)) + 0.4 * second[:, None]
    values = factor * [1.0, 0.8, 0.9, 0.7] + rng.normal(size=(n, 4)) * 0.7
    values[:, 2] += shift * second
    return pd.DataFrame(values, columns=list("abcd")).assign(form=np.where(second, "t", "p"))


def test_a_shifted_item_breaks_the_scalar_step_and_no_other() -> None:
    factors = {"f": list("abcd")}
    same = measurement_invariance(invariant(2000), factors=factors, groups="form")
    assert same.table["cheung_rensvold"].iloc[1:].all()
    assert same.glance()["last_chen"].item() == "strict"
    moved = measurement_invariance(invariant(2000, 0.5), factors=factors, groups="form")
    assert moved.glance()["last_cheung_rensvold"].item() == "metric"
    assert moved.glance()["last_chen"].item() == "metric"
    assert moved.tidy().set_index("term").loc["scalar", "p_value"] < 1e-6


def test_rules_of_chen() -> None:
    change = {"cfi": -0.007, "rmsea": 0.012, "srmr": 0.0}
    assert keeps_chen("metric", change, small=False)
    assert not keeps_chen("metric", change, small=True)
    assert keeps_chen("scalar", {"cfi": -0.02, "rmsea": 0.0, "srmr": 0.0}, small=False)
    assert not keeps_chen("scalar", {"cfi": -0.02, "rmsea": 0.0, "srmr": 0.011}, small=False)


def test_text_view_and_table() -> None:
    found = measurement_invariance(read(), factors=FACTORS, groups="arm")
    text = repr(found)
    assert "Measurement invariance over arm" in text
    assert "Rules, not tests" in text
    assert "<table" in found._repr_html_()
    assert found.view().tables["Changes"].shape[0] == 3
    assert "t(" not in str(al.report_text(found))  # steps are no coefficients
    with pytest.raises(al.ArgumentError, match="has no coefficients"):
        al.coef_table(found)


def test_what_is_refused() -> None:
    frame = read()
    with pytest.raises(al.ArgumentError, match="give one of groups= and occasions="):
        measurement_invariance(frame, factors=FACTORS)
    with pytest.raises(al.ArgumentError, match="belong to occasions="):
        measurement_invariance(frame, factors=FACTORS, groups="arm", patient="clinic")
    with pytest.raises(al.ArgumentError, match="occasions= needs patient="):
        measurement_invariance(frame, factors=FACTORS, occasions="clinic")
    long = sessions()
    one = {"f": ["w1", "w2", "w3"]}
    with pytest.raises(al.DataError, match="does not hold 9"):
        measurement_invariance(long, factors=one, occasions="session", patient="patient", at=[1, 9])
    with pytest.raises(al.DataError, match="3 rows repeat a patient and session"):
        measurement_invariance(
            pd.concat([long, long.head(3)]), factors=one, occasions="session", patient="patient"
        )
    many = long.assign(session=long.groupby("patient").cumcount() + 10 * (long["patient"] % 3))
    with pytest.raises(al.ArgumentError, match=r"holds 12 occasions. Choose some with at="):
        measurement_invariance(many, factors=one, occasions="session", patient="patient")


def test_differences_need_nested_fits_of_the_same_data() -> None:
    frame = read()
    three = fit_sem(factor_model(FACTORS), frame)
    one = fit_sem(factor_model({"f": sum(FACTORS.values(), [])}), frame)
    test = difference_test(one, three)
    assert test.df == 3
    assert test.statistic == pytest.approx(one.statistic.value - three.statistic.value)
    with pytest.raises(al.ArgumentError, match="more restricted model first"):
        difference_test(three, one)
    with pytest.raises(al.ArgumentError, match="the models differ"):
        difference_test(one, fit_sem(factor_model(FACTORS), frame.head(200)))
