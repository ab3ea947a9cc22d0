"""Alpha within and between clusters: lavaan's values, alpha of one level, recovery, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability import cronbach_alpha, multilevel_alpha

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "sem"


def test_alphas_equal_lavaans(tol: SimpleNamespace) -> None:
    known = json.loads((FOLDER / "multilevel_alpha.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(FOLDER / known["data"])
    found = multilevel_alpha(frame, items=known["items"], cluster="patient")
    terms = found.terms.set_index("term")
    assert set(terms.index) == set(known["values"])
    for term, value in known["values"].items():
        assert terms.loc[term, "estimate"] == pytest.approx(value["est"], abs=tol.reliability)
        assert terms.loc[term, "se"] == pytest.approx(value["se"], rel=tol.sem_se)


def simulated(clusters: int, size: int, seed: int = 4) -> pd.DataFrame:
    """Tau-equivalent items: alpha is the reliability at each level."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(clusters), size)
    n = len(patient)
    true = rng.normal(size=(clusters, 1))[patient] * 0.8 + rng.normal(size=(n, 1))
    own = rng.normal(size=(clusters, 4))[patient] * 0.3
    values = true + own + rng.normal(size=(n, 4)) * 0.9
    return pd.DataFrame(values, columns=list("abcd")).assign(patient=patient)


def test_the_truth_is_found() -> None:
    found = multilevel_alpha(simulated(1500, 5), items=list("abcd"), cluster="patient")
    common = np.array([16.0, 16.0 * 0.64])
    total = common + np.array([4 * 0.81, 4 * 0.09])
    truth = {
        "alpha_within": common[0] / total[0],
        "alpha_between": common[1] / (total[1] + total[0] / 5),
        "alpha_2level": common.sum() / total.sum(),
        "alpha_between_latent": common[1] / total[1],
    }
    terms = found.terms.set_index("term")
    for term, value in truth.items():
        assert abs(terms.loc[term, "estimate"] - value) < 3.5 * terms.loc[term, "se"], term


def test_rows_with_an_answer_are_used_by_fiml() -> None:
    frame = simulated(300, 5)
    items = list("abcd")
    whole = multilevel_alpha(frame, items=items, cluster="patient")
    hidden = np.random.default_rng(3).random((len(frame), 4)) < 0.2
    frame[items] = frame[items].mask(hidden)
    found = multilevel_alpha(frame, items=items, cluster="patient", missing="fiml", estimator="mlr")
    assert found.counts["row"] == (~hidden).any(axis=1).sum()
    for term in found.terms["term"]:
        assert abs(found.value(term) - whole.value(term)) < 0.03


def test_equal_clusters_have_the_alpha_of_deviations_and_of_means() -> None:
    frame = simulated(80, 5)
    items = list("abcd")
    found = multilevel_alpha(frame, items=items, cluster="patient")
    means = frame.groupby("patient")[items].transform("mean")
    assert found.value("alpha_within") == pytest.approx(
        cronbach_alpha(frame[items] - means).value("alpha"), abs=1e-6
    )
    # of latent means: what the covariance of observed means leaves without W/n
    observed = frame.groupby("patient")[items].mean().cov(ddof=0).to_numpy()
    within = (frame[items] - means).T @ (frame[items] - means) / (len(frame) - 80)
    between = observed - within.to_numpy() / 5
    by_hand = 4 / 3 * (1 - np.trace(between) / between.sum())
    assert found.value("alpha_between_latent") == pytest.approx(by_hand, abs=1e-5)


def test_order_of_rows_and_scale_change_nothing() -> None:
    frame = simulated(60, 4)
    first = multilevel_alpha(frame, items=list("abcd"), cluster="patient").terms
    other = frame.sample(frac=1, random_state=2)
    other[list("abcd")] = 100 + 20 * other[list("abcd")]
    again = multilevel_alpha(other, items=list("dcba"), cluster="patient").terms
    assert np.allclose(first[["estimate", "se"]], again[["estimate", "se"]], atol=1e-6)


def test_two_items_are_enough_and_one_is_not() -> None:
    frame = simulated(60, 4)
    found = multilevel_alpha(frame, items=["a", "b"], cluster="patient")
    assert 0 < found.value("alpha_within") < 1
    with pytest.raises(al.ArgumentError, match="two items or more"):
        multilevel_alpha(frame, items=["a"], cluster="patient")
    with pytest.raises(al.DataError, match="column 'patients' not found. Did you mean 'patient'"):
        multilevel_alpha(frame, items=["a", "b"], cluster="patients")


def test_items_scored_in_opposite_directions_are_said() -> None:
    frame = simulated(100, 5).assign(b=lambda f: -f["b"])
    found = multilevel_alpha(frame, items=["a", "b"], cluster="patient")
    assert found.value("alpha_within") < 0
    assert np.isnan(found.terms["ci_low"].iloc[0])
    assert any("below zero" in message for message in found.messages)
