"""Simulated results of studies: the equations, what is reported of them, and the files."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from math import log, sqrt
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import alliance_stats as al
from alliance_stats import ArgumentError, DataError
from alliance_stats.data import load_codebook, load_example
from alliance_stats.data.examples import EFFECTS_EXAMPLES
from alliance_stats.simulate import simulate_studies
from alliance_stats.simulate.studies import parameters as truth
from alliance_stats.simulate.studies.parameters import EffectParameters
from alliance_stats.simulate.studies.simulate import _defaults

DATA = Path(__file__).resolve().parents[2] / "data"
SYNTHETIC = DATA / "synthetic"
#: Nothing but the mean: no heterogeneity, no moderators, perfect measures, everything reported.
PLAIN: dict[str, Any] = {
    "tau2_between": 0.0, "tau2_within": 0.0, "late_effect": 0.0, "therapist_rated_effect": 0.0,
    "ptr_effect": 0.0, "reliability_alliance_sd": 0.0, "reliability_outcome_sd": 0.0,
    "unreported": 0.0, "as_t": 0.0, "as_d": 0.0,
}  # fmt: skip


def parameters(**changes: Any) -> EffectParameters:
    defaults = {k: v for k, v in _defaults().items() if k != "rng"}
    return EffectParameters(**(defaults | changes))  # type: ignore[arg-type]


def module(name: str) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DATA)
        yield importlib.import_module(name)


@pytest.fixture(scope="module")
def recipes() -> Iterator[ModuleType]:
    yield from module("effects_recipes")


@pytest.fixture(scope="module")
def estimands() -> Iterator[ModuleType]:
    yield from module("effects_estimands")


@pytest.fixture(scope="module")
def large() -> pd.DataFrame:
    return simulate_studies(n_studies=20_000, rng=3).frame


def test_counts_and_shares(large: pd.DataFrame) -> None:
    studies = large.drop_duplicates("study")
    assert len(studies) == 20_000
    assert studies["n"].median() == pytest.approx(60, abs=1.5)
    assert np.log(studies["n"]).std() == pytest.approx(0.8, abs=0.03)
    assert studies["n"].min() == 10
    size = large.groupby("study").size()
    assert size.max() == 8
    expected = (1 - 0.65**8) / 0.35  # of a geometric number cut at 8
    assert size.mean() == pytest.approx(expected, rel=0.02)
    for column, shares in {
        "treatment": truth.TREATMENTS,
        "alliance_measure": truth.ALLIANCE_MEASURES,
    }.items():
        found = studies[column].value_counts(normalize=True)
        assert found.to_dict() == pytest.approx(dict(shares), abs=0.015)
    for column, shares in {
        "rater": truth.RATERS,
        "alliance_time": truth.TIMES,
        "outcome_measure": truth.OUTCOME_MEASURES,
    }.items():
        found = large[column].value_counts(normalize=True)
        assert found.to_dict() == pytest.approx(dict(shares), abs=0.01)
    assert (studies["published"] == "dissertation").mean() == pytest.approx(0.15, abs=0.01)
    assert studies["patients_per_therapist"].notna().mean() == pytest.approx(0.8, abs=0.01)
    assert not (studies["patients_per_therapist"] > studies["n"]).any()
    assert studies["patients_per_therapist"].median() == pytest.approx(4, abs=0.1)
    assert large["reliability_alliance"].mean() == pytest.approx(0.9, abs=0.005)
    assert large["reliability_outcome"].notna().mean() == pytest.approx(0.6, abs=0.02)
    assert studies["year"].between(1978, 2017).all()
    decade = (studies["year"] - 2000) / 10
    assert (decade.mean(), decade.var()) == pytest.approx(truth.year_moments(), abs=0.02)


def test_one_result_an_effect_and_its_form(large: pd.DataFrame) -> None:
    there = large[["r", "t", "d"]].notna()
    assert (there.sum(axis=1) == (large["reported"] != "n.s.")).all()
    for name in ("r", "t", "d"):
        assert (there[name] == (large["reported"] == name)).all()
    known = large[large["reported"] != "n.s."]["reported"].value_counts(normalize=True)
    assert known["t"] == pytest.approx(0.06, abs=0.005)
    assert known["d"] == pytest.approx(0.04, abs=0.005)
    assert large["r"].abs().max() < 1


def test_only_results_without_significance_are_kept_back(
    large: pd.DataFrame, estimands: ModuleType
) -> None:
    z = estimands.z_of(large) * np.sqrt(large["n"] - 3)
    silent = large["reported"] == "n.s."
    weak = z.abs() < 1.96
    assert silent.sum() / (silent.sum() + weak.sum()) == pytest.approx(0.2, abs=0.01)


def test_sign_is_that_of_the_raw_scores(large: pd.DataFrame) -> None:
    by = large.groupby("outcome_measure")
    assert by["outcome_better"].nunique().eq(1).all()
    higher = set(large.loc[large["outcome_better"] == "higher", "outcome_measure"])
    assert higher == set(truth.HIGHER_IS_BETTER)
    means = large.groupby("outcome_better")["r"].mean()
    assert means["higher"] > 0.2
    assert means["lower"] < -0.2


def test_forms_are_the_same_number(tol: SimpleNamespace, estimands: ModuleType) -> None:
    forms = [
        estimands.z_of(simulate_studies(**(PLAIN | change), rng=4).frame)
        for change in ({}, {"as_t": 0.999}, {"as_d": 0.999})
    ]
    assert np.abs(forms[1] - forms[0]).max() < 0.01  # t has two decimals
    assert np.abs(forms[2] - forms[0]).max() < 0.01


def test_sampling_errors_have_their_variance_and_correlation(estimands: ModuleType) -> None:
    frame = simulate_studies(
        **(PLAIN | {"n_studies": 20_000, "another_effect": 0.99, "effects_max": 2}), rng=5
    ).frame
    error = (estimands.z_of(frame) - 0.2754) * np.sqrt(frame["n"] - 3)
    pairs = error.groupby(frame["study"]).agg(["first", "last", "size"])
    pairs = pairs[pairs["size"] == 2]
    assert error.mean() == pytest.approx(0, abs=0.02)
    assert error.var() == pytest.approx(1, abs=0.02)
    assert pairs["first"].corr(pairs["last"]) == pytest.approx(0.6, abs=0.015)


def test_variances_between_and_within_are_totals(estimands: ModuleType) -> None:
    """Without sampling error to speak of, moderators included; reliabilities at their means."""
    frame = simulate_studies(
        **(PLAIN | {
            "n_studies": 6_000, "n_median": 1e7, "n_sd": 0.0, "another_effect": 0.9,
            "tau2_between": 0.03, "tau2_within": 0.01, "late_effect": 0.08,
            "therapist_rated_effect": -0.1, "observer_rated_effect": 0.05, "ptr_effect": -0.05,
            "treatment_effect": 0.06, "measure_effect": 0.05, "year_effect": 0.03,
            "dissertation_effect": -0.1, "ptr_reported": 1.0,
        }), rng=6,
    ).frame  # fmt: skip
    z = estimands.z_of(frame)
    within = z - z.groupby(frame["study"]).transform("mean")
    within_variance = (within**2).sum() / (len(z) - frame["study"].nunique())
    assert within_variance == pytest.approx(0.01, rel=0.04)
    assert z.var() - within_variance == pytest.approx(0.03, rel=0.08)
    x = estimands.moderators(frame)
    beta = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), z, rcond=None)[0][1:]
    expected = [0.08, -0.1, 0.05, -0.05, 0.06, 0.05, 0.03, -0.1]
    np.testing.assert_allclose(beta, expected, atol=0.015)


def test_unreliable_measures_attenuate(estimands: ModuleType) -> None:
    """Effects at low reliability are smaller by the root of the ratio; corrected ones are not."""
    frame = simulate_studies(
        **(PLAIN | {
            "n_studies": 4_000, "n_median": 1e7, "n_sd": 0.0, "reliability_reported": 1.0,
            "reliability_alliance_sd": 0.04, "reliability_outcome_sd": 0.06,
        }), rng=7,
    ).frame  # fmt: skip
    r = np.tanh(estimands.z_of(frame))
    corrected = r / np.sqrt(frame["reliability_alliance"] * frame["reliability_outcome"])
    assert r.std() > 0.01
    # r is printed to .001, and studies of ten million still vary by .0003
    np.testing.assert_allclose(corrected, np.tanh(0.2754) / sqrt(0.9 * 0.86), atol=0.003)
    plain = parameters(tau2_between=0.0, tau2_within=0.0)
    assert truth.corrected_correlation(plain) == pytest.approx(corrected.mean(), abs=0.001)


def test_selection_leaves_the_stated_chances() -> None:
    given = {"n_studies": 20_000, "another_effect": 0.0, "unreported": 0.0, "mean_z": 0.1}
    free, chosen = (
        simulate_studies(**(PLAIN | given | change), rng=8).frame
        for change in ({}, {"selection": (0.4, 0.2)})
    )
    odds = []
    for frame in (free, chosen):
        better = np.where(frame["outcome_better"] == "higher", 1, -1)
        z = np.arctanh(frame["r"]) * better * np.sqrt(frame["n"] - 3)
        steps = np.array([(z >= 1.96).sum(), ((z < 1.96) & (z >= 0)).sum(), (z < 0).sum()])
        odds.append(steps / steps[0])
    weights = truth.observed_weights(parameters(selection=(0.4, 0.2)))
    assert weights == pytest.approx((0.15 + 0.85 * 0.4, 0.15 + 0.85 * 0.2))
    np.testing.assert_allclose((odds[1] / odds[0])[1:], weights, rtol=0.05)
    assert chosen["study"].nunique() == 20_000
    assert chosen["study"].tolist() == free["study"].tolist()  # numbered as they come


def test_same_source_same_data_and_null_keeps_the_rest() -> None:
    first, again = (simulate_studies(n_studies=30, rng=9).frame for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    null = simulate_studies(**({"n_studies": 30, "mean_z": 0.0} | PLAIN), rng=9).frame
    same = ["study", "effect", "year", "treatment", "n", "rater", "outcome_measure"]
    pd.testing.assert_frame_equal(first[same], null[same])


def test_codebook_of_a_call() -> None:
    book = simulate_studies(n_studies=20, rho=0.5, selection=(0.5, 0.5), rng=1).codebook
    rows = book.set_index("parameter")
    assert book["parameter"].is_unique
    assert rows.loc["rho", "source"] == "given in the call"
    assert rows.loc["selection_above", ["value", "source"]].tolist() == [0.5, "given in the call"]
    assert rows.loc["n_sd", "status"] == "found"
    assert rows["estimand"].isna().all()
    assert rows.loc["late_effect", "structural"] == 0.06
    explained = 0.0206 - rows.loc["residual_tau2_between", "value"]
    assert explained == pytest.approx((0.03 * 0.8 / log(2)) ** 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_studies": 1}, "n_studies=1 is not a whole number of at least 2"),
        ({"n_min": 3}, "n_min=3 is not a whole number of at least 4"),
        ({"rho": 1.0}, "rho=1.0 is not a share"),
        ({"another_effect": -0.1}, "another_effect=-0.1 is not a share"),
        ({"n_median": 0.0}, "n_median=0.0 is too small"),
        ({"tau2_between": -0.1}, "tau2_between=-0.1 is too small"),
        ({"mean_z": 1.2}, "mean_z=1.2 is not between -1 and 1"),
        ({"mean_z": float("nan")}, "mean_z=nan is not a finite number"),
        ({"reliability_alliance": 1.1}, "reliability_alliance=1.1 is not between 0.5 and 1"),
        ({"ptr_reported": -1.0}, "ptr_reported=-1.0 is not between 0 and 1"),
        ({"as_t": 0.6, "as_d": 0.4}, "as_t \\+ as_d = 1 leaves no results given as r"),
        ({"tau2_within": 0.0}, "tau2_within=0 is less than the variance of 0.00"),
        ({"ptr_effect": 0.2}, "tau2_between=0.0206 is less than the variance of"),
        ({"selection": (0.0, 0.5)}, "is not a pair of relative chances"),
        ({"selection": 0.5}, "is not a pair of relative chances"),
        ({"between_stretch": 0.0}, "between_stretch=0.0 is too small"),
        ({"rng": -1}, "rng=-1 cannot seed"),
    ],
)
def test_parameters_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        simulate_studies(**({"rng": 1} | given))


def dense_deviance(
    z: np.ndarray, v: np.ndarray, x: np.ndarray, study: np.ndarray, tau2: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """-2 times the restricted log-likelihood with the whole covariance matrix."""
    same = study[:, None] == study[None, :]
    sampling = np.where(same, 0.6 * np.sqrt(np.outer(v, v)), 0.0)
    np.fill_diagonal(sampling, v)
    covariance = sampling + tau2[0] * same + tau2[1] * np.eye(len(z))
    inverse = np.linalg.inv(covariance)
    information = x.T @ inverse @ x
    beta = np.linalg.solve(information, x.T @ inverse @ z)
    left = z - x @ beta
    logs = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
    se = np.sqrt(np.diag(np.linalg.inv(information)))
    return float(logs + left @ inverse @ left), beta, se


def test_estimands_are_those_of_a_three_level_model(
    estimands: ModuleType, tol: SimpleNamespace
) -> None:
    frame = simulate_studies(n_studies=60, rng=10).frame
    frame = frame.assign(z=estimands.z_of(frame)).dropna(subset="z")
    x = np.column_stack([np.ones(len(frame)), frame["rater"] == "patient"]).astype(float)
    v = 1 / (frame["n"].to_numpy(dtype=float) - 3)
    study = pd.factorize(frame["study"])[0]
    model = estimands.ThreeLevel(frame["z"].to_numpy(), v, x, study, rho=0.6)
    for logs in ([-4.0, -5.0], [-3.0, -8.0]):
        tau2 = np.exp(logs)
        value, beta, se = dense_deviance(model.z, v, x, study, tau2)
        own, covariance, deviance = model._parts(tau2)
        assert deviance == pytest.approx(value, rel=tol.closed_form)
        np.testing.assert_allclose(own, beta, rtol=tol.closed_form)
        np.testing.assert_allclose(np.sqrt(np.diag(covariance)), se, rtol=tol.closed_form)
    tau2, _, _ = model.fit()
    best = minimize(
        lambda logs: dense_deviance(model.z, v, x, study, np.exp(logs))[0],
        np.log(tau2 + 0.001),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9},
    )
    assert model._parts(tau2)[2] == pytest.approx(best.fun, abs=1e-5)


NAMES = list(EFFECTS_EXAMPLES)


@pytest.mark.parametrize(("seed", "name"), [*enumerate(NAMES, start=15)])
def test_file_equals_fresh_simulation(recipes: ModuleType, name: str, seed: int) -> None:
    (recipe,) = (r for r in recipes.EFFECTS_RECIPES if r.name == name)
    assert recipe.seed == seed
    stored = (SYNTHETIC / f"{name}.csv").read_bytes()
    assert b"\r" not in stored
    assert stored.decode() == recipes.effects_csv(recipe)
    text = recipes.effects_codebook_csv(recipe, {})
    fresh = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    book = pd.read_csv(SYNTHETIC / f"{name}_codebook.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(book.drop(columns="estimand"), fresh.drop(columns="estimand"))
    assert book["parameter"].is_unique
    assert set(book["status"]) <= {"found", "memory", "assumption"}


@pytest.mark.parametrize("name", NAMES)
def test_stored_estimands_are_near_a_smaller_simulation(
    recipes: ModuleType, estimands: ModuleType, name: str
) -> None:
    (recipe,) = (r for r in recipes.EFFECTS_RECIPES if r.name == name)
    stored = load_codebook(name).set_index("parameter")["estimand"].dropna()
    found = estimands.effect_estimands(recipe.changes, n_studies=10_000)
    assert set(stored.index) == set(found)
    wide = {"observed_n_median": 2.0, "observed_n_mean": 3.0, "observed_effects": 0.1}
    for parameter, value in stored.items():
        assert found[parameter] == pytest.approx(value, abs=wide.get(parameter, 0.02)), parameter


def test_the_limit_is_what_was_published() -> None:
    limit = load_codebook("effects").set_index("parameter")["estimand"]
    assert limit["mean_r"] == 0.278
    assert limit["standard_error"] == 0.0119
    ends = np.tanh(np.arctanh(0.278) + np.array([-1, 1]) * 1.96 * limit["standard_error"])
    assert ends.round(3).tolist() == [0.256, 0.299]


def test_the_file_has_the_published_mean_and_interval(estimands: ModuleType) -> None:
    """Solved, not searched: without shift and stretch the same draw has another mean."""
    known = estimands.with_z(load_example("effects"))[1]
    _, beta, se = estimands.three_level(known)
    ends = beta[0] + np.array([-1, 0, 1]) * 1.959964 * se[0]
    assert np.tanh(ends).round(3).tolist() == [0.256, 0.278, 0.299]
    plain = estimands.with_z(simulate_studies(rng=15).frame)[1]
    assert np.tanh(estimands.three_level(plain)[1][0]).round(3) == 0.263


def test_the_match_is_the_solved_one(estimands: ModuleType, recipes: ModuleType) -> None:
    solved = estimands.match(15, rounds=6)
    for name, value in recipes.MATCH.items():
        assert solved[name] == pytest.approx(value, abs=1e-3)
    book = load_codebook("effects").set_index("parameter")
    assert book.loc["between_shift", "source"].startswith("solved: r = .278")
    assert load_codebook("effects_null").set_index("parameter").loc["between_shift", "value"] == 0


def test_shift_and_stretch_act_on_the_random_parts(tol: SimpleNamespace) -> None:
    """By a change of the draw, not of the truth: codebooks stay but for these two rows."""
    plain = PLAIN | {"tau2_between": 0.04, "n_studies": 400, "n_median": 1e7, "n_sd": 0.0}
    one, other = (
        simulate_studies(**(plain | change), rng=2)
        for change in ({}, {"between_shift": 0.1, "between_stretch": 2.0})
    )
    better = np.where(one.frame["outcome_better"] == "higher", 1, -1)
    u, v = (np.arctanh(s.frame["r"] * better) - 0.2754 for s in (one, other))
    keep = np.abs(v) < 0.8  # r is printed to .001
    np.testing.assert_allclose(v[keep], 0.1 + 2 * u[keep], atol=0.01)
    books = [s.codebook.set_index("parameter")["structural"] for s in (one, other)]
    pd.testing.assert_series_equal(*books)


def test_null_twins_have_no_effect_in_any_study(recipes: ModuleType) -> None:
    for name in ("effects", "effects_selected"):
        changes = {r.name: r.changes for r in recipes.EFFECTS_RECIPES}
        assert changes[f"{name}_null"] == changes[name] | recipes.NO_EFFECT
    book = load_codebook("effects_null").set_index("parameter")
    for parameter in ("mean_z", "tau2_between", "tau2_within", "late_effect", "ptr_effect"):
        assert book.loc[parameter, "structural"] == 0
        assert abs(book.loc[parameter, "estimand"]) < 0.001


def test_examples_are_frames_with_study_names_as_text() -> None:
    for name in NAMES:
        frame = load_example(name)
        assert isinstance(frame, pd.DataFrame)
        assert frame["study"].iloc[0] == "S001"
        assert frame["study"].nunique() == (200 if "selected" in name else 295)
    assert list(al.load_example("effects").columns) == list(simulate_studies(rng=1).frame.columns)


def test_the_chain_to_effect_sizes(estimands: ModuleType, tol: SimpleNamespace) -> None:
    """Signs, forms and unreported results are read as they were made."""
    frame = load_example("effects")
    sizes = al.effect_sizes(
        frame, measure="ZCOR", ri="r", ti="t", di="d", ni="n", direction="outcome_better"
    )
    z = estimands.z_of(frame)
    np.testing.assert_allclose(sizes["yi"], z, rtol=tol.closed_form)
    assert sizes["yi"].isna().sum() == (frame["reported"] == "n.s.").sum()
    plain = frame["reported"].isin(["r", "t"])
    np.testing.assert_allclose(
        sizes.loc[plain, "vi"], 1 / (frame.loc[plain, "n"] - 3), rtol=tol.closed_form
    )


def test_a_file_that_was_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("effects.csv", "effects_codebook.csv"):
        (tmp_path / file).write_bytes((SYNTHETIC / file).read_bytes())
    monkeypatch.setattr("alliance_stats.data.examples.synthetic_folder", lambda: tmp_path)
    load_example("effects")
    text = (tmp_path / "effects.csv").read_text().splitlines()
    (tmp_path / "effects.csv").write_text("\n".join(text[:-1]) + "\n")
    with pytest.raises(DataError, match="file_rows is 806 in the codebook and 805 in the file"):
        load_example("effects")


def test_unknown_codebook() -> None:
    with pytest.raises(ArgumentError, match="no example 'effect'. Did you mean 'effects'"):
        load_codebook("effect")


@pytest.mark.slow
def test_solved_parameters_are_the_defaults(estimands: ModuleType) -> None:
    solved = estimands.solve(rounds=4)
    given = parameters()
    assert solved["mean_z"] == pytest.approx(given.mean_z, abs=1e-4)
    assert solved["tau2_between"] == pytest.approx(given.tau2_between, abs=1e-4)
