"""cluster_robust against clubSandwich and naive dense matrices, and where it must refuse."""

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
from alliance_stats.lmm.inference import cluster_blocks
from alliance_stats.lmm.inference import cluster_robust as cluster_robust_module
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.numeric.sandwich import KINDS, Kind

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
CASES: dict[str, Any] = json.loads((REFERENCE / "robust" / "cluster.json").read_text())["cases"]


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[dict[str, MixedModelResult], dict[str, Any]]:
    values = CASES[request.param]
    frame = pd.read_csv(REFERENCE / values["data"])
    if values["keep"]:
        frame = frame[frame["therapist"].isin(frame["therapist"].unique()[: values["keep"]])]
    fits = {m: fit_quietly(values["formula"], frame, reml=m == "reml") for m in ("reml", "ml")}
    return fits, values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_tests_equal_clubsandwich(
    case: tuple[dict[str, MixedModelResult], dict[str, Any]],
    method: str,
    kind: Kind,
    tol: SimpleNamespace,
) -> None:
    fits, values = case
    expected = values[method][kind]
    robust = al.cluster_robust(fits[method], cluster=values["cluster"], kind=kind)
    table = robust.tidy()
    np.testing.assert_allclose(table["se"], expected["se"], rtol=tol.se)
    np.testing.assert_allclose(table["df"], expected["df"], rtol=1e-5)
    np.testing.assert_allclose(table["p_value"], expected["p_value"], rtol=tol.p_value, atol=1e-14)
    se = np.sqrt(np.diag(expected["vcov"]))
    scaled = (robust.vcov.to_numpy() - np.array(expected["vcov"])) / np.outer(se, se)
    assert np.abs(scaled).max() < 2.0 * tol.se
    names = robust.fit.names
    joint = robust.joint_tests({"all": [{names[k - 1]: 1.0} for k in values["together"]]}).loc[0]
    for column, size in (("statistic", tol.statistic), ("df_denominator", 1e-5)):
        assert joint[column] == pytest.approx(expected["joint"][column], rel=size)
    assert joint["df_numerator"] == expected["joint"]["df_numerator"]
    assert joint["p_value"] == pytest.approx(expected["joint"]["p_value"], rel=tol.p_value)


@pytest.fixture(scope="module")
def clinics() -> pd.DataFrame:
    """Sessions in patients in therapists in clinics, all of different sizes."""
    rng = np.random.default_rng(7)
    clinic = np.repeat(np.arange(9), rng.integers(30, 90, 9))
    therapist = clinic * 10 + rng.integers(0, 3, len(clinic))
    patient = therapist * 100 + rng.integers(0, 6, len(clinic))
    x, z = rng.normal(3.0, 2.0, len(clinic)), rng.normal(size=9)[clinic]
    y = (
        10.0
        + x
        + rng.normal(size=9)[clinic] * (1.0 + x / 3.0)
        + rng.normal(size=900)[patient % 900]
    )
    y += rng.normal(size=len(clinic)) * (1.0 + clinic / 4.0)
    frame = pd.DataFrame({"clinic": clinic, "therapist": therapist, "patient": patient})
    return frame.assign(x=x, z=z, y=y, w=rng.uniform(0.5, 2.0, len(x))).sample(
        frac=1.0, random_state=3
    )


FORMULA = "y ~ x + z + (1 | patient) + (1 + x | therapist) + (1 | clinic)"


def dense(
    fit: MixedModelResult, frame: pd.DataFrame, kind: str, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Robust covariance and degrees of freedom with every matrix of the rows written out."""
    n, names = len(frame), list(fit.names)
    x = np.column_stack([np.ones(n) if t == "(Intercept)" else frame[t] for t in names])
    v = np.diag(fit.sigma2 / (np.ones(n) if weights is None else weights))
    for unit, sigma in fit.covariances.items():
        z = np.column_stack([np.ones(n) if t == "(Intercept)" else frame[t] for t in sigma])
        codes = frame[unit].to_numpy()
        v += (z @ sigma.to_numpy() @ z.T) * (codes[:, None] == codes)
    w = np.linalg.inv(v)
    bread = np.linalg.inv(x.T @ w @ x)
    left = np.eye(n) - x @ bread @ x.T @ w
    e = left @ frame["y"].to_numpy()
    clusters = frame[fit.criterion.design.levels[-1].name].to_numpy()
    meat, g = np.zeros_like(bread), []
    for k in np.unique(clusters):
        rows = np.flatnonzero(clusters == k)
        own = v[np.ix_(rows, rows)]
        a = np.eye(len(rows))
        if kind == "CR2":
            values, vectors = np.linalg.eigh(own)
            d = (vectors * np.sqrt(values)) @ vectors.T  # another root than in the library
            values, vectors = np.linalg.eigh(d @ (own - x[rows] @ bread @ x[rows].T) @ d)
            a = d @ (vectors / np.sqrt(values)) @ vectors.T @ d
        half = bread @ x[rows].T @ np.linalg.inv(own) @ a
        meat += np.outer(half @ e[rows], half @ e[rows])
        g.append(half @ left[rows])
    p = np.einsum("ksn,nm,lsm->skl", np.array(g), v, np.array(g))
    return meat, np.einsum("skk->s", p) ** 2 / np.einsum("skl,skl->s", p, p)


@pytest.mark.parametrize("kind", ["CR0", "CR2"])
def test_three_nested_levels_equal_dense_matrices(
    clinics: pd.DataFrame, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = fit_quietly(FORMULA, clinics)
    covariance, df = dense(fit, clinics, kind)
    for batch in (cluster_blocks.BATCH, 1):
        monkeypatch.setattr(cluster_blocks, "BATCH", batch)
        robust = al.cluster_robust(fit, cluster="clinic", kind=kind)
        np.testing.assert_allclose(robust.vcov, covariance, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(robust.tidy()["df"], df, rtol=1e-7)


def test_weights_equal_dense_matrices(clinics: pd.DataFrame) -> None:
    fit = fit_lmm_weights(clinics)
    covariance, df = dense(fit, clinics, "CR0", clinics["w"].to_numpy())
    robust = al.cluster_robust(fit, cluster="clinic", kind="CR0")
    np.testing.assert_allclose(robust.vcov, covariance, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(robust.tidy()["df"], df, rtol=1e-7)
    with pytest.raises(UnsupportedError, match="prior weights"):
        al.cluster_robust(fit, cluster="clinic")


def fit_lmm_weights(frame: pd.DataFrame) -> MixedModelResult:
    return fit_quietly(FORMULA, frame, weights="w")


def test_order_and_units_of_rows_do_not_matter(clinics: pd.DataFrame) -> None:
    one = al.cluster_robust(fit_quietly(FORMULA, clinics), cluster="clinic").tidy()
    moved = clinics.assign(
        x=clinics["x"] * 1e4 + 5e4,
        y=clinics["y"] * 1e-3,
        clinic="c" + clinics["clinic"].astype(str),
    ).sample(frac=1.0, random_state=1)
    other = al.cluster_robust(fit_quietly(FORMULA, moved), cluster="clinic").tidy()
    np.testing.assert_allclose(other["df"][1:], one["df"][1:], rtol=1e-4)
    np.testing.assert_allclose(other["statistic"][1:], one["statistic"][1:], rtol=1e-4)


def test_contrasts_and_joint_tests_of_one_agree_with_tidy(clinics: pd.DataFrame) -> None:
    robust = al.cluster_robust(fit_quietly(FORMULA, clinics), cluster="clinic")
    row = robust.tidy(conf_level=0.9).set_index("term").loc["x"]
    joint = robust.joint_tests({"x": [{"x": 2.0}]}).loc[0]
    assert joint["statistic"] == pytest.approx(row["statistic"] ** 2, rel=1e-8)
    assert joint["df_denominator"] == pytest.approx(row["df"], rel=1e-8)
    assert joint["p_value"] == pytest.approx(row["p_value"], rel=1e-8)
    both = robust.contrasts({"sum": {"x": 1.0, "z": 1.0}}).loc[0]
    weights = np.array([0.0, 1.0, 1.0])
    assert both["se"] == pytest.approx(np.sqrt(weights @ robust.vcov.to_numpy() @ weights))
    assert robust.view().terms.equals(robust.tidy())
    assert "CR2, 9 clusters of 'clinic'" in repr(robust)
    assert "9 clusters of &#x27;clinic&#x27;" in robust._repr_html_()
    said = str(al.report_text(robust))
    assert "cluster-robust (CR2) Satterthwaite degrees of freedom" in said
    assert "robust by clinic" in str(al.coef_table(robust))
    with pytest.raises(ArgumentError, match="not in the model"):
        robust.contrasts({"q": {"zz": 1.0}})


def test_few_degrees_of_freedom_are_said(clinics: pd.DataFrame) -> None:
    few = clinics[clinics["clinic"] < 3]
    fit = fit_quietly("y ~ x + (1 | therapist) + (1 | clinic)", few)
    robust = al.cluster_robust(fit, cluster="clinic")
    assert (robust.tidy()["df"] < 4.0).any()
    assert "3 clusters of 'clinic'" in robust.messages[-1]
    fit = fit_quietly("y ~ x + I(x^2) + I(x^3) + (1 | clinic)", few)
    every = {"all": [{name: 1.0} for name in fit.names]}
    joint = al.cluster_robust(fit, cluster="clinic").joint_tests(every).loc[0]
    assert joint["df_numerator"] == 4
    assert joint[["statistic", "df_denominator", "p_value"]].isna().all()


def test_a_predictor_of_one_cluster_has_no_standard_error(clinics: pd.DataFrame) -> None:
    frame = clinics.assign(only=(clinics["clinic"] == 2) * clinics["x"])
    fit = fit_quietly("y ~ x + only + (1 | therapist) + (1 | clinic)", frame)
    robust = al.cluster_robust(fit, cluster="clinic")
    row = robust.tidy().set_index("term").loc["only"]
    assert row[["se", "df", "p_value"]].isna().all()
    assert any("No robust standard error for only" in m for m in robust.messages)
    assert np.isfinite(robust.tidy().set_index("term").loc["x", "p_value"])


def test_clusters_too_large_for_cr2_are_refused(
    clinics: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = fit_quietly(FORMULA, clinics)
    patients = clinics.groupby("clinic")["patient"].nunique()
    therapists = clinics.groupby("clinic")["therapist"].nunique()
    largest = int((3 + 1 + 2 * therapists + patients).max())
    monkeypatch.setattr(cluster_robust_module, "MOST", largest - 1)
    with pytest.raises(UnsupportedError, match=f"matrices of {largest} columns"):
        al.cluster_robust(fit, cluster="clinic")
    assert al.cluster_robust(fit, cluster="clinic", kind="CR1S").tidy()["se"].notna().all()
    monkeypatch.setattr(cluster_robust_module, "MOST", largest)
    assert al.cluster_robust(fit, cluster="clinic").tidy()["se"].notna().all()


def test_only_the_highest_nested_unit_is_a_cluster(clinics: pd.DataFrame) -> None:
    fit = fit_quietly(FORMULA, clinics)
    with pytest.raises(ArgumentError, match=r"nested in 'clinic'.*cluster='clinic'"):
        al.cluster_robust(fit, cluster="patient")
    with pytest.raises(ArgumentError, match=r"not a grouping factor.*'clinic'.*\(1 \| site\)"):
        al.cluster_robust(fit, cluster="site")
    with pytest.raises(ArgumentError, match="CR3"):
        al.cluster_robust(fit, cluster="clinic", kind="CR3")  # type: ignore[arg-type]
    ratings = pd.read_csv(REFERENCE / "ratings.csv")
    crossed = fit_quietly("symptom ~ session + (1 | patient) + (1 | rater)", ratings)
    with pytest.raises(UnsupportedError, match="crossed"):
        al.cluster_robust(crossed, cluster="rater")
    result = al.fit_within_between(al.load_example("sessions"))
    with pytest.raises(ArgumentError, match=r"not a fitted mixed model.*result\.fit"):
        al.cluster_robust(result, cluster="therapist")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        al.cluster_robust(fit)  # type: ignore[call-arg]


def test_standard_errors_survive_a_slope_that_the_model_lacks() -> None:
    """Coverage of the mean slope when slopes differ between therapists and the model says not."""
    rng = np.random.default_rng(11)
    hits = {"robust": 0, "model": 0}
    n = 150
    for _ in range(n):
        therapist = np.repeat(np.arange(25), 12)
        x = rng.normal(size=len(therapist))
        slope = 0.5 + rng.normal(size=25)[therapist]
        y = slope * x + rng.normal(size=25)[therapist] + rng.normal(size=len(x))
        frame = pd.DataFrame({"therapist": therapist, "x": x, "y": y})
        fit = fit_quietly("y ~ x + (1 | therapist)", frame)
        for name, table in (
            ("robust", al.cluster_robust(fit, cluster="therapist").tidy()),
            ("model", fit.tidy()),
        ):
            low, high = table.loc[1, ["ci_low", "ci_high"]]
            hits[name] += bool(low < 0.5 < high)
    assert hits["robust"] / n > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n)
    assert hits["model"] / n < 0.75


@pytest.mark.slow
def test_rejection_rates_with_few_therapists_and_a_wrong_model() -> None:
    """Twelve therapists of unequal size, slopes that the model lacks, no effect on average."""
    n, levels = 2000, np.array([0.01, 0.05, 0.10])
    rejected = {"x": np.zeros(3), "z": np.zeros(3), "both": np.zeros(3), "model": np.zeros(3)}
    for generator in np.random.default_rng(5).spawn(n):
        therapist = np.repeat(np.arange(12), np.tile([20, 24, 30], 4))
        x, z = generator.normal(size=len(therapist)), generator.normal(size=12)[therapist]
        y = generator.normal(size=12)[therapist] * x + generator.normal(size=12)[therapist]
        y += generator.normal(size=len(x))
        frame = pd.DataFrame({"therapist": therapist, "x": x, "z": z, "y": y})
        fit = fit_quietly("y ~ x + z + (1 | therapist)", frame)
        robust = al.cluster_robust(fit, cluster="therapist")
        p = robust.tidy().set_index("term")["p_value"]
        joint = robust.joint_tests({"both": [{"x": 1.0}, {"z": 1.0}]})
        rejected["x"] += p["x"] < levels
        rejected["z"] += p["z"] < levels
        rejected["both"] += joint.loc[0, "p_value"] < levels
        rejected["model"] += fit.tidy().loc[1, "p_value"] < levels
    error = np.sqrt(levels * (1.0 - levels) / n)
    for name in ("x", "z", "both"):
        assert (rejected[name] / n < levels + 3.0 * error).all(), name
    assert (rejected["model"] / n > 3.0 * levels).all()
