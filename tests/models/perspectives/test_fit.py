"""Several perspectives: rows, alone and together, shares, invariances, errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning, FitWarning, UnsupportedError
from alliance_stats.lmm.bivariate.fit import fit_bivariate
from alliance_stats.models import PerspectivesResult
from alliance_stats.simulate import simulate_process_study

THREE = {"patient": "wai_total", "therapist": "wai_therapist", "observer": "wai_observer"}
ROLES = al.Roles(
    therapist="therapist", alliance="wai_total", alliance_therapist="wai_therapist",
    outcome="phq9", outcome_better="lower",
)  # fmt: skip
INTERCEPTS: dict[str, Any] = {"perspectives": THREE, "random_slopes": {}}


def fit(sessions: Any, roles: Any = None, **options: Any) -> PerspectivesResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        warnings.simplefilter("ignore", FitWarning)
        return al.models.fit_perspectives(sessions, roles, **options)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return simulate_process_study(n_patients=90, n_therapists=9, rng=4).frame


@pytest.fixture(scope="module")
def result(frame: pd.DataFrame) -> PerspectivesResult:
    return fit(frame, ROLES, **INTERCEPTS)


def test_rows_name_effect_and_perspective(result: PerspectivesResult) -> None:
    table = result.tidy()
    assert list(table.columns[:4]) == ["effect", "unit", "perspective", "term"]
    keys = [(e, p) for e in ("within", "patient_between", "therapist_between") for p in THREE]
    assert list(zip(table["effect"], table["perspective"], strict=True))[:9] == keys
    assert table["term"][0] == "wai_total_within"
    assert table["effect"][9:].eq("").all()
    assert len(result.effects) == 9
    comparison = result.comparison()
    assert comparison["model"].tolist() == ["alone", "together"] * 9
    assert comparison["term"][::2].tolist() == comparison["term"][1::2].tolist()


def test_a_perspective_alone_is_the_model_of_fit_within_between(
    frame: pd.DataFrame, result: PerspectivesResult
) -> None:
    """In the sessions that all rated, with means of the rows in the model."""
    fitted = fit(frame, ROLES, **INTERCEPTS, mean_rows="fitted")
    complete = frame.dropna(subset=[*THREE.values(), "phq9"])
    # time counts from the first session of all, rated or not
    first = frame.groupby("patient")["session"].min()
    complete = complete[complete.groupby("patient")["session"].transform("min")
                        == complete["patient"].map(first)]  # fmt: skip
    whole = fit(complete, ROLES, **INTERCEPTS)
    roles = al.Roles(therapist="therapist", alliance="wai_observer", outcome="phq9")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        one = al.fit_within_between(complete, roles, random_slopes={})
    alone = whole.comparison().query("model == 'alone' and perspective == 'observer'")
    np.testing.assert_allclose(alone["estimate"], one.effects["estimate"], rtol=1e-8)
    np.testing.assert_allclose(alone["se"], one.effects["se"], rtol=1e-8)
    assert len(fitted.given.prepared.frame) == len(frame.dropna(subset=[*THREE.values(), "phq9"]))


def test_equals_the_engine_on_columns_centred_by_hand(
    frame: pd.DataFrame, result: PerspectivesResult
) -> None:
    columns = list(THREE.values())
    centred = al.center(frame, columns, by="patient", therapist="therapist")
    start = centred.groupby("patient")["session"].transform("min")
    centred["time"] = centred["session"] - start
    complete = centred.dropna(subset=[*columns, "phq9"])
    parts = [f"{c}_{part}" for part in ("within", "patient_between", "therapist_between")
             for c in columns]  # fmt: skip
    formula = f"phq9 ~ time + {' + '.join(parts)} + (1 | patient) + (1 | therapist)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        direct = al.fit_lmm(formula, complete)
    found = direct.tidy().set_index("term").loc[parts]
    np.testing.assert_allclose(result.effects["estimate"], found["estimate"], rtol=1e-7)
    np.testing.assert_allclose(result.effects["se"], found["se"], rtol=1e-7)


def test_order_of_rows_labels_and_scales_do_not_matter(
    frame: pd.DataFrame, result: PerspectivesResult
) -> None:
    other = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    other["patient"] = "x" + other["patient"].str[::-1]
    other["wai_observer"] = 3.0 + 0.5 * other["wai_observer"]
    moved = fit(other, ROLES, **INTERCEPTS).effects
    factor = np.where(moved["perspective"] == "observer", 0.5, 1.0)
    np.testing.assert_allclose(moved["estimate"] * factor, result.effects["estimate"], rtol=1e-5)
    np.testing.assert_allclose(moved["statistic"], result.effects["statistic"], rtol=1e-5)


def test_tests_of_equality_per_sd_do_not_depend_on_the_scale(
    frame: pd.DataFrame, result: PerspectivesResult
) -> None:
    other = frame.assign(wai_observer=0.1 * frame["wai_observer"])
    moved = fit(other, ROLES, **INTERCEPTS)
    same, changed = (moved.tests(scale=s)["F"] for s in ("sd", "points"))
    expected = result.tests(scale="sd")["F"]
    known = expected.notna()
    np.testing.assert_allclose(same[known], expected[known], rtol=1e-4)
    assert not np.allclose(changed, result.tests()["F"], rtol=1e-2)


def test_joint_test_by_hand(result: PerspectivesResult) -> None:
    """χ²/df of the coefficients within, from their covariance matrix."""
    terms = [f"{column}_within" for column in THREE.values()]
    v = result.fit.vcov.loc[terms, terms].to_numpy()
    b = result.fit.beta[terms].to_numpy()
    row = result.tests(ddf="normal").iloc[0]
    assert row["hypothesis"] == "all zero"
    assert row["F"] == pytest.approx(b @ np.linalg.solve(v, b) / 3, rel=1e-8)
    d = np.array([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]])
    equal = (d @ b) @ np.linalg.solve(d @ v @ d.T, d @ b) / 2
    assert result.tests(ddf="normal")["F"][1] == pytest.approx(equal, rel=1e-8)


def test_shares_of_variance_from_the_models_of_all_subsets(result: PerspectivesResult) -> None:
    shares = result.explained.set_index(["effect", "perspective"])
    frame = result.given.prepared.frame
    time = "session_since_start"

    def explained(names: list[str]) -> float:
        parts = [c for (_, name), c in result.given.parts.items() if name in names]
        fixed = " + ".join([time, *parts])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)
            fit = al.fit_lmm(f"phq9 ~ {fixed} + (1 | patient) + (1 | therapist)", frame)
        table = fit.r2().components.set_index(["unit", "source"])["variance"]
        part = table["within patient"]
        return float(part["fixed"] / part.sum())

    whole, none = explained(list(THREE)), explained([])
    assert shares.loc[("within", "together"), "share"] == pytest.approx(whole - none, abs=1e-7)
    for name in THREE:
        others = [other for other in THREE if other != name]
        row = shares.loc[("within", name)]
        assert row["share"] == pytest.approx(explained([name]) - none, abs=1e-7)
        assert row["unique"] == pytest.approx(whole - explained(others), abs=1e-7)
    unique = sum(shares.loc[("within", name), "unique"] for name in THREE)
    assert shares.loc[("within", "shared"), "share"] == pytest.approx(whole - none - unique)


def test_unique_share_of_two_is_what_one_adds_to_the_other(frame: pd.DataFrame) -> None:
    two = {"patient": "wai_total", "observer": "wai_observer"}
    shares = fit(frame, ROLES, perspectives=two, random_slopes={}).explained
    within = shares[shares["effect"] == "within"].set_index("perspective")
    total = within.loc["together", "share"]
    assert within.loc["patient", "unique"] == pytest.approx(total - within.loc["observer", "share"])


def test_level_without_variance_has_no_shares() -> None:
    found = fit(al.load_example("process"), **INTERCEPTS)
    assert found.fit.covariances["therapist"].to_numpy()[0, 0] == pytest.approx(0, abs=1e-8)
    shares = found.explained.set_index("effect")["share"]
    assert shares["therapist_between"].isna().all()
    assert shares["within"].notna().all()


def test_structure_of_the_simulation_comes_back() -> None:
    """The patient's view acts; the others are associated alone and not beside it."""
    study = simulate_process_study(
        n_patients=1_500, n_therapists=300, alliance_range=None, outcome_range=None,
        missing_ratings=0, flat_patients=0, alliance_ar=0, reverse_effect=0, lagged_effect=0,
        alliance_to_motivation=0, improvement_alliance=0, within_effect=-0.3, within_effect_sd=0,
        outcome_sd=7.0, rng=12,
    )  # fmt: skip
    result = fit(study, **INTERCEPTS)
    table = result.comparison().set_index(["effect", "perspective", "model"])
    for effect in ("within", "patient_between"):
        for name in ("therapist", "observer"):
            assert table.loc[(effect, name, "alone"), "ci_high"] < 0
            row = table.loc[(effect, name, "together")]
            assert abs(row["estimate"]) < 3.5 * row["se"]
    within = table.loc[("within", "patient", "together")]
    assert within["estimate"] == pytest.approx(-0.3, abs=3.5 * within["se"])
    found = result.correlations().set_index(["effect", "perspective", "with_perspective"])
    for pair, r in {("patient", "therapist"): 0.366, ("patient", "observer"): 0.40,
                    ("therapist", "observer"): 0.30}.items():  # fmt: skip
        for effect in ("within", "patient_between"):
            row = found.loc[(effect, *pair)]
            half = (row["ci_high"] - row["ci_low"]) / 2
            assert row["estimate"] == pytest.approx(r, abs=2 * half)


def test_intervals_of_correlations_in_closed_form() -> None:
    """Balanced groups: z within has variance 1/(N - G), as maximum likelihood has it."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(400), 6)
    between = rng.normal(size=(400, 2)) @ [[1.0, 0.6], [0.0, 0.8]]
    y = between[group] + rng.normal(size=(2_400, 2)) @ [[1.0, -0.3], [0.0, 1.0]]
    fit = fit_bivariate(np.ones((2_400, 1)), y, group)
    left = y - pd.DataFrame(y).groupby(group).transform("mean").to_numpy()
    r = (left[:, 0] @ left[:, 1]) / np.sqrt((left**2).sum(axis=0).prod())
    assert fit.correlations[0] == pytest.approx(r, abs=1e-6)
    assert fit.correlation_z_se[0] == pytest.approx(1 / np.sqrt(2_400 - 400), rel=1e-4)
    assert fit.correlations[1] == pytest.approx(0.6, abs=3 * 0.05)
    # between, the sampling error of means adds to 1/sqrt(G)
    assert 1 / np.sqrt(400) < fit.correlation_z_se[1] < 1.5 / np.sqrt(400)


def test_overlap_is_said_and_a_combination_is_refused(frame: pd.DataFrame) -> None:
    noise = np.random.default_rng(1).normal(size=len(frame))
    near = frame.assign(wai_observer=frame["wai_total"] + 0.8 * noise)
    with pytest.warns(FitWarning, match="Within patients the .*VIF"):
        result = al.models.fit_perspectives(near, ROLES, **INTERCEPTS)
    assert result.overlap["vif"].max() > 5
    assert any("read the joint test" in message for message in result.messages)
    same = frame.assign(wai_observer=60 - frame["wai_total"])
    with pytest.raises(DataError, match="within patients the ratings of patient, therapist, obs"):
        fit(same, ROLES, **INTERCEPTS)


def test_sessions_that_one_rated_alone_are_counted(frame: pd.DataFrame) -> None:
    gappy = frame.copy()
    gappy.loc[gappy.index[:40], ["wai_therapist", "wai_observer"]] = np.nan
    gappy.loc[gappy.index[:40], ["wai_total", "phq9"]] = 30.0, 10.0
    with pytest.warns(DataWarning, match="sessions rated by the patient only: not in the models"):
        result = al.models.fit_perspectives(gappy, ROLES, **INTERCEPTS)
    ratings = result.ratings.set_index("perspective")
    assert ratings.loc["patient", "alone"] >= 40
    assert ratings["complete"].unique().tolist() == [len(result.given.prepared.frame)]
    known = gappy["phq9"].notna()
    assert ratings.loc["observer", "rated"] == (known & gappy["wai_observer"].notna()).sum()


def test_two_levels_and_default_perspectives(frame: pd.DataFrame) -> None:
    roles = al.Roles(alliance="wai_total", alliance_therapist="wai_therapist", outcome="phq9")
    result = fit(frame, roles, random_slopes={})
    assert list(result.given.columns.items()) == [
        ("patient", "wai_total"), ("therapist", "wai_therapist"),
    ]  # fmt: skip
    assert result.effects["effect"].tolist() == ["within"] * 2 + ["between"] * 2
    assert result.correlations()["effect"].tolist() == ["within", "between"]
    assert len(result.tests()) == 4
    assert "(1 | patient)" in result.formula
    assert "therapist)" not in result.formula


def test_default_slopes_differ_between_patients_for_every_perspective() -> None:
    result = fit(al.load_example("dyads"))
    assert "(1 + wai_total_within + wai_therapist_within | patient)" in result.formula
    assert "(1 + wai_total_within | patient)" in result.alone["patient"].formula


def test_sensitivity_without_time_and_with_length(result: PerspectivesResult) -> None:
    table = result.sensitivity
    assert table["model"].drop_duplicates().tolist() == [
        "as fitted", "without time", "with treatment length",
    ]  # fmt: skip
    assert len(table) == 27
    first = table.head(9).drop(columns="model")
    pd.testing.assert_frame_equal(first, result.effects)


def test_sizes_are_in_the_sds_of_the_level(result: PerspectivesResult) -> None:
    sizes = result.effect_sizes()
    row, b = sizes.iloc[0], result.effects["estimate"][0]
    assert row["estimate"] == pytest.approx(b * row["sd_rating"] / row["sd_outcome"], rel=1e-10)


def test_view_and_printing(result: PerspectivesResult) -> None:
    view = result.view()
    assert view.kind == "perspectives"
    assert view.labels["verb"] == "association"
    assert view.plot is not None
    assert view.plot["panel"].nunique() == 3
    assert len(view.plot) == 18
    assert "Alliance rated by patient, therapist and observer, and phq9" in repr(result)
    assert "<table" in result._repr_html_()
    assert view.refit is not None
    assert view.refit.startswith("al.models.fit_perspectives(sessions, perspectives={'patient'")
    assert result.glance()["n_obs"].item() == len(result.given.prepared.frame)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"perspectives": {"patient": "wai_total"}}, ArgumentError, "does not name two"),
        ({"perspectives": ["wai_total", "wai_observer"]}, ArgumentError, "does not name two"),
        (
            {"perspectives": {"a": "wai_total", "b": "wai_total"}},
            ArgumentError,
            "wai_total stands for two perspectives",
        ),
        ({"perspectives": {"a": "wai_total", "b": "phq9"}}, ArgumentError, "phq9 stands for"),
        ({"perspectives": {"a": "wai_total", "b": 3}}, ArgumentError, "as text"),
        (
            {"perspectives": {"a": "wai_total", "b": "wai_obs"}},
            DataError,
            "column 'wai_obs' not found",
        ),
        ({"perspectives": {"a": "wai_total", "b": "treatment"}}, DataError, "treatment"),
        (
            {"perspectives": {"a": "wai_total", "b": "expectation"}},
            DataError,
            "the rating of b does not vary within patients",
        ),
        ({"time": "cubic"}, ArgumentError, "time"),
        ({"time": "none", "time_column": "time"}, ArgumentError, "would be ignored"),
        ({"random_slopes": "auto"}, ArgumentError, "'auto' is not known here"),
        ({"random_slopes": {"patient": ["between"]}}, ArgumentError, "random_slopes"),
        ({"therapist_change": "both"}, ArgumentError, "therapist_change"),
        ({"reml": 1.5}, ArgumentError, "reml"),
    ],
)
def test_errors(
    frame: pd.DataFrame, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        fit(frame, ROLES, **({"perspectives": THREE} | options))


def test_missing_perspective_and_too_few_sessions(frame: pd.DataFrame) -> None:
    roles = al.Roles(therapist="therapist", alliance="wai_total", outcome="phq9")
    with pytest.raises(ArgumentError, match="one perspective only"):
        fit(frame, roles)
    few = frame.groupby("patient").head(3)
    with pytest.raises(DataError, match="too few for the 4 random effects"):
        fit(few, ROLES, perspectives=THREE)
    with pytest.raises(ArgumentError, match="scale"):
        fit(frame, ROLES, **INTERCEPTS).tests(scale="z")  # type: ignore[arg-type]


def test_therapist_changes() -> None:
    changes = al.load_example("therapist_change").frame
    noise = np.random.default_rng(1).normal(size=len(changes))
    changes = changes.assign(wai_therapist=changes["wai_total"] + 8 * noise)
    for way in ("dyad", "first"):
        result = fit(changes, ROLES, random_slopes={}, therapist_change=way)
        assert len(result.correlations()) == 3
        assert len(result.explained) == 12
        assert result.tests()["p_value"].notna().all()
    with pytest.raises(UnsupportedError, match="Use 'dyad' or 'first'"):
        fit(changes, ROLES, random_slopes={}, therapist_change="crossed")
    with pytest.raises(DataError, match="therapist"):
        fit(changes, ROLES, random_slopes={})


def test_r_code_is_refused_where_r_would_average_otherwise(frame: pd.DataFrame) -> None:
    result = fit(frame, ROLES, **INTERCEPTS, therapist_mean="sessions")
    with pytest.raises(UnsupportedError, match="therapist_mean='sessions'"):
        result.to_r()
