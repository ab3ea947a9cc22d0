"""Omega within and between clusters: lavaan's values, recovery, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability import multilevel_omega

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "sem"
ITEMS = ["y1", "y2", "y3"]
TERMS = ["omega_within", "omega_between", "omega_2level", "omega_between_latent"]


def read() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "sessions.csv")


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return json.loads((FOLDER / "omega.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("loadings", ["equal", "free"])
def test_omegas_equal_lavaans(loadings: str, known: dict[str, Any], tol: SimpleNamespace) -> None:
    found = multilevel_omega(read(), items=ITEMS, cluster="patient", loadings=loadings)
    expected = known["two_level"][loadings]
    terms = found.terms.set_index("term")
    for term in TERMS:
        assert terms.loc[term, "estimate"] == pytest.approx(
            expected[term]["est"], abs=tol.reliability
        )
        assert terms.loc[term, "se"] == pytest.approx(expected[term]["se"], rel=tol.sem_se)
    within, two_level = known["semtools_two"]["config"]["f"]
    if loadings == "equal":
        assert terms.loc["omega_within", "estimate"] == pytest.approx(within, abs=tol.reliability)
        assert terms.loc["omega_2level", "estimate"] == pytest.approx(
            two_level, abs=tol.reliability
        )


def simulated(clusters: int, size: int) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    patient = np.repeat(np.arange(clusters), size)
    n = len(patient)
    factor = rng.normal(size=(clusters, 1))[patient] * 0.8 + rng.normal(size=(n, 1))
    own = rng.normal(size=(clusters, 4))[patient] * 0.3
    values = factor * [1.0, 0.8, 0.9, 0.7] + own + rng.normal(size=(n, 4)) * 0.9
    return pd.DataFrame(values, columns=list("abcd")).assign(patient=patient)


def test_the_truth_is_found() -> None:
    found = multilevel_omega(simulated(1500, 5), items=list("abcd"), cluster="patient")
    true = np.array([3.4**2, 3.4**2 * 0.64])
    total = true + np.array([4 * 0.81, 4 * 0.09])
    truth = {
        "omega_within": true[0] / total[0],
        "omega_between": true[1] / (total[1] + total[0] / 5),
        "omega_2level": true.sum() / total.sum(),
        "omega_between_latent": true[1] / total[1],
    }
    terms = found.terms.set_index("term")
    for term, value in truth.items():
        assert abs(terms.loc[term, "estimate"] - value) < 3.5 * terms.loc[term, "se"], term
    assert found.value("omega_between") < found.value("omega_between_latent")


def test_rows_in_another_order_and_text_ids_change_nothing() -> None:
    frame = read()
    first = multilevel_omega(frame, items=ITEMS, cluster="patient").terms
    named = frame.assign(patient="p" + frame["patient"].astype(str)).sample(frac=1, random_state=1)
    again = multilevel_omega(named, items=ITEMS, cluster="patient").terms
    assert np.allclose(first["estimate"], again["estimate"], rtol=1e-8)
    assert np.allclose(first["se"], again["se"], rtol=1e-6)


def test_dropped_rows_are_counted() -> None:
    frame = read()
    frame.loc[frame.index[:3], "y1"] = np.nan
    with pytest.warns(al.DataWarning, match="3 of 492 rows dropped"):
        found = multilevel_omega(frame, items=ITEMS, cluster="patient")
    assert found.n_dropped == 3


def test_rows_with_an_answer_are_used_by_fiml() -> None:
    frame = simulated(400, 5)
    items = list("abcd")
    whole = multilevel_omega(frame, items=items, cluster="patient")
    hidden = np.random.default_rng(3).random((len(frame), 4)) < 0.2
    frame[items] = frame[items].mask(hidden)
    found = multilevel_omega(frame, items=items, cluster="patient", missing="fiml")
    assert found.counts["row"] == (~hidden).any(axis=1).sum()
    robust = multilevel_omega(
        frame, items=items, cluster="patient", missing="fiml", estimator="mlr"
    )
    for term in TERMS:
        assert abs(found.value(term) - whole.value(term)) < 0.03
        assert robust.value(term) == pytest.approx(found.value(term), abs=1e-6)
    with pytest.warns(al.DataWarning, match='missing="fiml" would use them'):
        complete = multilevel_omega(frame, items=items, cluster="patient")
    assert complete.counts["row"] < found.counts["row"]


def test_what_is_refused() -> None:
    frame = read()
    with pytest.raises(al.ArgumentError, match="three items or more"):
        multilevel_omega(frame, items=["y1", "y2"], cluster="patient")
    with pytest.raises(al.DataError, match="column 'therapist' not found"):
        multilevel_omega(frame, items=ITEMS, cluster="therapist")
    single = frame.drop_duplicates("patient")
    with pytest.raises(al.DataError, match="two usable rows"):
        multilevel_omega(single, items=ITEMS, cluster="patient")
    with pytest.raises(al.ArgumentError, match="loadings='same' is not known"):
        multilevel_omega(frame, items=ITEMS, cluster="patient", loadings="same")
