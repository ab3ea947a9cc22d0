"""Egger's regression: predictors, refusals, dependence, what a fitted result hands on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.meta.bias.predictors import predictor_column
from alliance_stats.meta.bias.source import read_source


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    n1, n2 = rng.integers(10, 90, (2, 24))
    v = 1.0 / n1 + 1.0 / n2
    return pd.DataFrame(
        {
            "study": [f"S{j}" for j in range(24)],
            "yi": 0.3 + np.sqrt(v + 0.02) * rng.standard_normal(24),
            "vi": v,
            "ni": n1 + n2,
            "n1i": n1,
            "n2i": n2,
            "year": rng.integers(1980, 2020, 24),
        }
    )


def test_weighted_least_squares_by_hand(frame: pd.DataFrame, tol: Any) -> None:
    """Egger's first form: z values on precisions, without weights."""
    se = np.sqrt(frame["vi"])
    x = np.column_stack([1.0 / se, np.ones(24)])
    beta, rss, *_ = np.linalg.lstsq(x, frame["yi"] / se, rcond=None)
    covariance = rss[0] / 22 * np.linalg.inv(x.T @ x)
    table = al.meta.egger_test(frame, model="lm").tidy()
    np.testing.assert_allclose(table["estimate"], beta[::-1], rtol=tol.closed_form)
    np.testing.assert_allclose(
        table["se"], np.sqrt(np.diag(covariance))[::-1], rtol=tol.closed_form
    )
    assert table["df"].tolist() == [22, 22]


def test_clustered_by_dense_matrices(frame: pd.DataFrame, tol: Any) -> None:
    """CR2 and Satterthwaite from k by k matrices."""
    frame["study"] = [f"S{j // 3}" for j in range(24)]
    y, v = frame["yi"].to_numpy(), frame["vi"].to_numpy()
    x, w, big = np.column_stack([np.ones(24), np.sqrt(v)]), np.diag(1.0 / v), np.diag(v)
    bread = np.linalg.inv(x.T @ w @ x)
    hat = x @ bread @ x.T @ w
    left = np.eye(24) - hat
    gs, meat = [], np.zeros((2, 2))
    for j in range(8):
        own = np.arange(3 * j, 3 * j + 3)
        root = np.diag(np.sqrt(v[own]))
        inner = root @ (left[own] @ big @ left[own].T) @ root
        values, vectors = np.linalg.eigh(inner)
        adjust = root @ (vectors / np.sqrt(values)) @ vectors.T @ root
        half = bread @ x[own].T @ np.diag(1.0 / v[own]) @ adjust
        gs.append(half @ left[own])
        meat += np.outer(half @ (y - x @ bread @ x.T @ w @ y)[own],
                         half @ (y - x @ bread @ x.T @ w @ y)[own])  # fmt: skip
    slopes = np.array([g[1] for g in gs])
    p = slopes @ big @ slopes.T
    row = al.meta.egger_test(frame, model="lm").tidy().iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(meat[1, 1]), rel=tol.closed_form)
    assert row["df"] == pytest.approx(np.trace(p) ** 2 / np.sum(p * p), rel=tol.closed_form)


@pytest.mark.parametrize("measure", ["COR", "UCOR", "PCOR", "SPCOR"])
def test_correlations_that_were_not_transformed_are_refused(
    frame: pd.DataFrame, measure: str
) -> None:
    for ask in (
        al.meta.egger_test, al.meta.begg_test, al.meta.trim_fill, al.meta.pet_peese,
        al.meta.funnel_frame, al.meta.selection_model, al.meta.bias_report,
    ):  # fmt: skip
        with pytest.raises(al.UnsupportedError, match="effect_sizes"):
            ask(frame, measure=measure)  # type: ignore[operator]


def test_raw_correlations_look_lopsided_without_bias() -> None:
    """Why they are refused: type I error by their own standard errors, and on Fisher's z."""
    rejected = np.zeros(2)
    for stream in np.random.SeedSequence(1).spawn(200):
        rng = np.random.default_rng(stream)
        n = np.maximum(10, np.rint(60 * np.exp(0.8 * rng.standard_normal(100))))
        z = 0.2855 + np.sqrt(0.02 + 1 / (n - 3)) * rng.standard_normal(100)
        r = np.tanh(z)
        frames = (
            pd.DataFrame({"yi": z, "vi": 1 / (n - 3)}),
            pd.DataFrame({"yi": r, "vi": (1 - r**2) ** 2 / (n - 1)}),
        )
        p = [al.meta.egger_test(f).tidy()["p_value"].iloc[0] for f in frames]
        rejected += np.array(p) < 0.05
    assert rejected[0] / 200 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert rejected[1] / 200 > 0.4


def test_predictors(frame: pd.DataFrame) -> None:
    studies = read_source(frame, {}).studies
    n, n1, n2 = (frame[name].to_numpy(float) for name in ("ni", "n1i", "n2i"))
    wanted = {
        "sei": np.sqrt(frame["vi"]), "vi": frame["vi"], "ni": n, "ninv": 1 / n,
        "sqrtni": np.sqrt(n), "sqrtninv": n**-0.5, "arms": np.sqrt(1 / n1 + 1 / n2),
    }  # fmt: skip
    for name, values in wanted.items():
        np.testing.assert_allclose(predictor_column(studies, name), values, rtol=1e-15)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measure", "predictor"),
    [("ZCOR", "sei"), ("SMD", "arms"), ("SMDC", "arms"), ("SMCC", "sqrtninv"), (None, "sei")],
)
def test_the_measure_decides_the_predictor(
    frame: pd.DataFrame, measure: str | None, predictor: str
) -> None:
    assert al.meta.egger_test(frame, measure=measure).predictor == predictor
    assert al.meta.pet_peese(frame, measure=measure).predictor == predictor


@pytest.mark.parametrize("predictor", ["ni", "sqrtni"])
def test_no_limit_where_large_studies_are_not_at_zero(frame: pd.DataFrame, predictor: Any) -> None:
    result = al.meta.egger_test(frame, predictor=predictor)
    assert result.tidy()["effect"].tolist() == ["asymmetry"]
    assert np.isnan(result.glance()["limit_shown"].iloc[0])


def test_moderators_stay_and_take_the_limit_away(frame: pd.DataFrame) -> None:
    result = al.meta.egger_test(frame, mods="year")
    assert len(result.regression.beta) == 3
    assert result.tidy()["effect"].tolist() == ["asymmetry"]


def test_a_fitted_result_hands_on_its_studies_and_model(frame: pd.DataFrame) -> None:
    fit = al.fit_meta(frame, mods="year", method="DL", test="z")
    ours = al.meta.egger_test(fit)
    assert (ours.method, ours.test) == ("DL", "z")
    theirs = al.meta.egger_test(frame, mods="year", method="DL", test="z")
    pd.testing.assert_frame_equal(ours.tidy(), theirs.tidy())
    with pytest.raises(al.ArgumentError, match="yi=.*fitted result"):
        al.meta.egger_test(fit, yi="yi")


def test_order_and_scale_of_the_data(frame: pd.DataFrame) -> None:
    first = al.meta.egger_test(frame).tidy()
    turned = al.meta.egger_test(frame.iloc[::-1]).tidy()
    np.testing.assert_allclose(first.iloc[:, 2:], turned.iloc[:, 2:], rtol=1e-10)
    scaled = frame.assign(yi=1e3 * frame["yi"], vi=1e6 * frame["vi"])
    found = al.meta.egger_test(scaled).tidy()
    np.testing.assert_allclose(found["p_value"], first["p_value"], rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "how", "words"),
    [
        ({"ni": np.nan}, {"predictor": "ni"}, "missing or not above 0 at rows 0, 1"),
        ({"vi": 0.1}, {}, "does not vary over the 24 effects"),
        ({}, {"predictor": "se"}, "Did you mean 'sei'"),
        ({}, {"model": "lm", "method": "DL"}, "belong to model='rma'"),
        ({}, {"model": "ols"}, "Allowed: 'lm', 'rma'"),
    ],
)
def test_refusals(frame: pd.DataFrame, change: Any, how: Any, words: str) -> None:
    with pytest.raises((al.DataError, al.ArgumentError), match=words):
        al.meta.egger_test(frame.assign(**change), **how)


def test_sizes_that_are_not_there(frame: pd.DataFrame) -> None:
    with pytest.raises(al.DataError, match="'n1i' and 'n2i', which the data lack"):
        al.meta.egger_test(frame.drop(columns="n1i"), measure="SMD")
    with pytest.raises(al.ArgumentError, match="not list"):
        al.meta.egger_test([1, 2])  # type: ignore[arg-type]


def test_messages(frame: pd.DataFrame) -> None:
    few = al.meta.egger_test(frame.iloc[:6], measure="OR")
    assert any("Only 6 studies" in message for message in few.messages)
    assert any("Peters et al." in message for message in few.messages)
    frame.loc[3, "yi"] = np.nan
    assert "1 of 24 rows was dropped" in al.meta.egger_test(frame).messages[0]
    assert "A lopsided funnel" in repr(few)


def test_pet_peese_states_and_follows_its_rule(frame: pd.DataFrame) -> None:
    large = al.meta.pet_peese(frame.assign(yi=frame["yi"] + 1.0))
    assert (large.chosen, large.pet_p < 0.05) == ("peese", True)
    small = al.meta.pet_peese(frame.assign(yi=frame["yi"] - frame["yi"].mean()))
    assert (small.chosen, small.pet_p < 0.05) == ("pet", False)
    assert "so PET is used" in " ".join(small.notes)
    flipped = al.meta.pet_peese(frame.assign(yi=-frame["yi"] - 1.0))
    assert flipped.pet_p == pytest.approx(large.pet_p, rel=1e-10)
    with pytest.raises(al.UnsupportedError, match="PET-PEESE knows no moderators"):
        al.meta.pet_peese(frame, mods="year")


def test_least_squares_reject_too_often_where_effects_differ() -> None:
    """Why mixed effects are the default: 250 symmetric funnels of 100 very unequal studies."""
    rejected = {"lm": 0, "rma": 0}
    for stream in np.random.SeedSequence(2).spawn(250):
        rng = np.random.default_rng(stream)
        v = 1.0 / (np.maximum(10, np.rint(60 * np.exp(1.2 * rng.standard_normal(100)))) - 3)
        frame = pd.DataFrame({"yi": np.sqrt(0.05 + v) * rng.standard_normal(100), "vi": v})
        for model in rejected:
            p = al.meta.egger_test(frame, model=model).tidy()["p_value"].iloc[0]  # type: ignore[arg-type]
            rejected[model] += p < 0.05
    assert abs(rejected["rma"] / 250 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 250)
    assert rejected["lm"] / 250 > 0.10
