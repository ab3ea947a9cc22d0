"""Kenward–Roger against pbkrtest, F tests against lmerTest, both against naive dense matrices."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.inference.kenward_roger import kenward_roger
from alliance_stats.lmm.result import MixedModelResult

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
CASES: dict[str, Any] = json.loads((REFERENCE / "inference" / "tests.json").read_text())["cases"]


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[MixedModelResult, dict[str, Any]]:
    values = CASES[request.param]
    frame = pd.read_csv(REFERENCE / values["data"])
    if values["keep"]:
        frame = frame[frame["therapist"].isin(frame["therapist"].unique()[: values["keep"]])]
    return fit_quietly(values["formula"], frame), values


def test_adjusted_standard_errors_and_df_equal_pbkrtest(
    case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    fit, values = case
    assert fit.singular is values["singular"]
    found = fit.tidy(ddf="kenward-roger")
    se = np.sqrt(np.diag(values["adjusted"]))
    np.testing.assert_allclose(found["se"], se, rtol=tol.se)
    np.testing.assert_allclose(found["df"], values["df"], rtol=tol.df)
    assert (found["estimate"] == fit.tidy()["estimate"]).all()


@pytest.mark.parametrize("ddf", ["kenward-roger", "satterthwaite"])
def test_joint_tests_equal_pbkrtest_and_lmertest(
    case: tuple[MixedModelResult, dict[str, Any]], ddf: Ddf, tol: SimpleNamespace
) -> None:
    fit, values = case
    together = [{fit.names[i - 1]: 1.0} for i in values["together"]]
    found = fit.joint_tests({"all": together}, ddf=ddf).iloc[0]
    expected = values[ddf.replace("-", "_")]
    assert found["df_numerator"] == expected["df_numerator"]
    assert found["df_denominator"] == pytest.approx(expected["df_denominator"], rel=tol.df)
    assert found["statistic"] == pytest.approx(expected["statistic"], rel=2 * tol.statistic)


def dense(fit: MixedModelResult, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Adjusted covariance and single degrees of freedom from n × n matrices."""
    design = fit.criterion.design
    columns = {name: frame[name].to_numpy(float) for name in frame.select_dtypes("number")}
    columns["(Intercept)"] = np.ones(len(frame))
    x = np.column_stack([columns[name] for name in fit.names])
    w = frame[design.weights].to_numpy() if design.weights else np.ones(len(frame))
    parts = [np.diag(1 / w)]
    v = fit.sigma2 * parts[0]
    for level in design.levels:
        codes = pd.factorize(frame[level.name])[0]
        same = codes[:, None] == codes[None, :]
        table = fit.covariances[level.name]
        for block in level.blocks:
            for i, a in enumerate(block.names):
                for b in block.names[: i + 1]:
                    g = same * np.outer(columns[a], columns[b])
                    g = g if a == b else g + g.T
                    parts.append(g)
                    v = v + table.loc[a, b] * g
    inverse = np.linalg.inv(v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    p = [-x.T @ inverse @ g @ inverse @ x for g in parts]
    q = [[x.T @ inverse @ g @ inverse @ h @ inverse @ x for h in parts] for g in parts]
    expected = np.array(
        [
            [
                np.trace(inverse @ g @ inverse @ h)
                - 2 * np.trace(phi @ q[i][j])
                + np.trace(phi @ p[i] @ phi @ p[j])
                for j, h in enumerate(parts)
            ]
            for i, g in enumerate(parts)
        ]
    )
    cov = 2 * np.linalg.inv(expected)
    pairs = [(i, j) for i in range(len(parts)) for j in range(len(parts))]
    inner = sum(cov[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i, j in pairs)
    adjusted = phi + 2 * phi @ inner @ phi
    df = []
    for k in range(len(phi)):
        along = np.array([phi[k] @ m @ phi[:, k] for m in p]) / phi[k, k]
        df.append(2 / (along @ cov @ along))
    return adjusted, np.array(df)


@pytest.mark.parametrize(
    ("formula", "weights"),
    [
        ("y ~ x + z + (1 + x | patient) + (1 | therapist)", None),
        ("y ~ x + z + (1 + x | patient) + (1 | therapist)", "w"),
        ("y ~ x + z + (1 | patient) + (1 + z | rater)", None),
        ("y ~ x + z + (1 + x || patient)", "w"),
    ],
)
def test_equals_dense_matrices(formula: str, weights: str | None) -> None:
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(40), 6)
    frame = pd.DataFrame(
        {
            "patient": patient,
            "therapist": patient // 5,
            "rater": rng.integers(0, 6, 240),
            "x": rng.normal(size=240),
            "z": rng.normal(2, 1, 240),
            "w": rng.uniform(0.5, 3.0, 240),
        }
    )
    frame["y"] = (
        rng.normal(0, 1.5, 40)[patient]
        + rng.normal(0, 1.0, 40)[patient] * frame["x"]
        + rng.normal(0, 1.5, 8)[frame["therapist"]]
        + rng.normal(0, 0.6, 6)[frame["rater"]] * frame["z"]
        + rng.normal(0, 0.7, 6)[frame["rater"]]
        + rng.normal(0, 1, 240) / np.sqrt(frame["w"])
    )
    fit = al.fit_lmm(formula, frame, weights=weights)
    assert not fit.singular
    adjusted, df = dense(fit, frame)
    table = fit.tidy(ddf="kenward-roger")
    np.testing.assert_allclose(table["se"], np.sqrt(np.diag(adjusted)), rtol=1e-6)
    np.testing.assert_allclose(table["df"], df, rtol=1e-5)


def test_a_vanished_variance_is_left_out(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(30), 6)
    frame = pd.DataFrame({"patient": patient, "therapist": patient // 5, "x": rng.normal(size=180)})
    frame["y"] = frame["x"] + rng.normal(0, 1, 30)[patient] + rng.normal(size=180)
    means = frame.groupby("therapist")["y"].transform("mean")
    frame["y"] -= means - frame["y"].mean()
    both = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    one = fit_quietly("y ~ x + (1 | patient)", frame)
    assert both.singular
    left, right = both.tidy(ddf="kenward-roger"), one.tidy(ddf="kenward-roger")
    np.testing.assert_allclose(left["df"], right["df"], rtol=1e-4)
    np.testing.assert_allclose(left["se"], right["se"], rtol=1e-5)


def test_it_does_not_depend_on_scales(rng: np.random.Generator) -> None:
    frame = pd.read_csv(REFERENCE / "unbalanced.csv")
    formula = "symptom ~ session + alliance_within + (1 + alliance_within | patient)"
    plain = fit_quietly(formula, frame).tidy(ddf="kenward-roger")
    frame["alliance_within"] *= 1e5
    scaled = fit_quietly(formula, frame).tidy(ddf="kenward-roger")
    np.testing.assert_allclose(scaled["df"], plain["df"], rtol=1e-5)
    np.testing.assert_allclose(scaled["statistic"], plain["statistic"], rtol=1e-5)


def test_the_step_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.read_csv(REFERENCE / "unbalanced.csv")
    formula = "symptom ~ session + alliance_within + (1 + alliance_within | patient)"
    fit = fit_quietly(formula, frame)
    first = kenward_roger(fit.criterion, fit.profile).adjusted
    monkeypatch.setattr("alliance_stats.lmm.inference.kenward_roger.STEP", 0.01)
    second = kenward_roger(fit.criterion, fit.profile).adjusted
    np.testing.assert_allclose(first, second, rtol=1e-7)


def test_maximum_likelihood_is_refused_with_the_way_out() -> None:
    frame = pd.read_csv(REFERENCE / "unbalanced.csv")
    fit = fit_quietly("symptom ~ session + (1 | patient)", frame, reml=False)
    with pytest.raises(UnsupportedError, match=r"reml=True, or use ddf='satterthwaite'"):
        fit.tidy(ddf="kenward-roger")


def test_joint_tests_of_one_contrast_are_squared_t_tests() -> None:
    frame = pd.read_csv(REFERENCE / "unbalanced.csv")
    fit = fit_quietly("symptom ~ session + alliance_within + (1 | patient)", frame)
    for ddf in ("satterthwaite", "kenward-roger", "normal"):
        t = fit.tidy(ddf=ddf).iloc[1]  # type: ignore[arg-type]
        f = fit.joint_tests({"session": [{"session": 1}]}, ddf=ddf).iloc[0]  # type: ignore[arg-type]
        assert f["statistic"] == pytest.approx(t["statistic"] ** 2, rel=1e-10)
        assert f["df_denominator"] == pytest.approx(t["df"], rel=1e-10)
        assert f["p_value"] == pytest.approx(t["p_value"], rel=1e-8)


def test_dependent_contrasts_count_once() -> None:
    frame = pd.read_csv(REFERENCE / "unbalanced.csv")
    fit = fit_quietly("symptom ~ session + alliance_within + (1 | patient)", frame)
    rows = [{"session": 1.0}, {"alliance_within": 1.0}, {"session": 2.0, "alliance_within": -1.0}]
    table = fit.joint_tests({"two": rows[:2], "three": rows})
    assert table["df_numerator"].tolist() == [2, 2]
    assert table["statistic"].iloc[0] == pytest.approx(table["statistic"].iloc[1], rel=1e-9)
    with pytest.raises(ArgumentError, match="'sesion' is not in the model. Did you mean"):
        fit.joint_tests({"a": [{"sesion": 1}]})
