"""fit_sem: invariances, recovery, what is refused, what is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.sem import ModelSpec, Parameter, factor_model, fit_sem, in_groups, in_levels

ITEMS = ["a", "b", "c", "d"]
ONE = factor_model({"f": ITEMS})


def frame(n: int = 200, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=n)
    values = factor[:, None] * [1.0, 0.8, 0.7, 0.6] + rng.normal(size=(n, 4)) * 0.7 + 3
    found = pd.DataFrame(values, columns=ITEMS)
    found["arm"] = np.where(np.arange(n) % 2, "x", "y")
    found["clinic"] = np.arange(n) % 20
    return found


def holes(data: pd.DataFrame) -> pd.DataFrame:
    missing = np.random.default_rng(2).random((len(data), 4)) < 0.15
    return data.assign(**data[ITEMS].mask(missing))


@pytest.mark.parametrize("missing", ["complete", "fiml"])
def test_rows_in_another_order_and_renamed_columns_change_nothing(missing: str) -> None:
    data = holes(frame())
    first = fit_sem(ONE, data, missing=missing)
    again = fit_sem(ONE, data.sample(frac=1, random_state=3), missing=missing)
    assert np.allclose(first.tidy()["se"], again.tidy()["se"], rtol=1e-6, equal_nan=True)
    assert first.loglik == pytest.approx(again.loglik, rel=1e-12)
    names = {name: f"new_{name}" for name in ITEMS}
    spec = factor_model({"g": list(names.values())})
    renamed = fit_sem(spec, data.rename(columns=names), missing=missing)
    assert np.allclose(first.theta, renamed.theta, rtol=1e-8)


def test_rescaled_items_have_the_same_test_and_standardised_solution() -> None:
    data = holes(frame())
    scaled = data.assign(a=data["a"] * 1e4 + 7, c=data["c"] / 1e3)
    first = fit_sem(ONE, data, missing="fiml")
    again = fit_sem(ONE, scaled, missing="fiml")
    assert again.converged
    one, two = first.tidy(standardised=True), again.tidy(standardised=True)
    kept = one["op"] != "~1"
    assert np.allclose(one.loc[kept, "estimate"], two.loc[kept, "estimate"], atol=1e-5)
    assert np.allclose(one.loc[kept, "se"], two.loc[kept, "se"], atol=1e-5, equal_nan=True)
    assert first.statistic.value == pytest.approx(again.statistic.value, abs=1e-6)


def test_identification_does_not_change_the_fit() -> None:
    marker, variance = (
        fit_sem(factor_model({"f": ITEMS}, identification=kind), frame())
        for kind in ("marker", "variance")
    )
    assert marker.statistic.value == pytest.approx(variance.statistic.value, abs=1e-9)
    one, two = (fit.tidy(standardised=True) for fit in (marker, variance))
    assert np.allclose(one["estimate"], two["estimate"], atol=1e-6)


def test_fiml_of_complete_rows_is_ml_with_means() -> None:
    complete = fit_sem(factor_model({"f": ITEMS}, means=True), frame(), information="observed")
    fiml = fit_sem(ONE, frame(), missing="fiml")
    assert np.allclose(complete.theta, fiml.theta, atol=1e-6)
    assert np.allclose(complete.tidy()["se"], fiml.tidy()["se"], equal_nan=True, rtol=1e-5)


def test_known_loadings_are_found() -> None:
    fit = fit_sem(ONE, frame(20_000), estimator="mlr")
    table = fit.tidy().set_index("term")
    truth = {"f =~ b": 0.8, "f =~ c": 0.7, "f =~ d": 0.6, "a ~~ a": 0.49, "f ~~ f": 1.0}
    for name, value in truth.items():
        assert abs(table.loc[name, "estimate"] - value) < 3.5 * table.loc[name, "se"]


def test_equal_parameters_are_equal_and_count_once() -> None:
    spec = in_groups(ONE, ["x", "y"], equal=["loadings", "intercepts", "residuals"])
    fit = fit_sem(spec, frame(), groups="arm")
    table = fit.tidy().set_index(["group", "term"])["estimate"]
    for term in ("f =~ b", "a ~1", "c ~~ c"):
        assert table["x", term] == table["y", term]
    assert table["x", "f ~~ f"] != table["y", "f ~~ f"]
    assert fit.layout.n_free == 3 + 4 + 4 + 2 + 1
    free = fit_sem(ONE, frame(), groups="arm")
    assert free.statistic.value < fit.statistic.value
    alone = fit_sem(ONE, frame().query("arm == 'x'"))
    first = free.tidy().query("group == 'x' and op != '~1'")["estimate"]
    assert np.allclose(first, alone.tidy()["estimate"], atol=1e-6)


def test_a_just_identified_model_fits_exactly_and_has_no_p_value() -> None:
    fit = fit_sem(factor_model({"f": ITEMS[:3]}), frame())
    row = fit.glance().iloc[0]
    assert row["df"] == 0
    assert row["chi2"] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(row["p_value"])
    assert row["cfi"] == pytest.approx(1.0, abs=1e-12)
    assert row["rmsea"] == 0.0


def test_improper_solutions_are_named_not_clamped() -> None:
    wanted = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.5], [0.8, 0.5, 1.0]])
    values = np.random.default_rng(5).normal(size=(60, 3))
    white = np.linalg.qr(values - values.mean(axis=0))[0]
    data = pd.DataFrame(white @ np.linalg.cholesky(wanted).T, columns=list("abc"))
    with pytest.warns(al.FitWarning, match=r"Improper solution: a variance .* a ~~ a \(-"):
        fit = fit_sem(factor_model({"f": list("abc")}), data)
    assert fit.tidy().set_index("term").loc["a ~~ a", "estimate"] < 0
    assert not fit.glance()["proper"].item()


def test_models_without_identification_are_named() -> None:
    with pytest.warns(al.FitWarning, match="The model is not identified"):
        fit = fit_sem(factor_model({"f": ["a", "b"]}), frame())
    assert fit.tidy()["se"].isna().all()


def test_fits_without_a_maximum_are_named() -> None:
    """The first item has nothing to do with the others, so loadings grow without end."""
    rng = np.random.default_rng(4)
    factor = rng.normal(size=(300, 1))
    values = np.hstack([rng.normal(size=(300, 1)), factor + 0.5 * rng.normal(size=(300, 3))])
    centred = values - values.mean(axis=0)
    centred[:, 0] -= centred[:, 1:] @ np.linalg.lstsq(centred[:, 1:], centred[:, 0])[0]
    data = pd.DataFrame(centred, columns=ITEMS)
    with pytest.warns(al.FitWarning, match="did not converge|not identified"):
        fit_sem(ONE, data)
    assert fit_sem(factor_model({"f": ITEMS}, identification="variance"), data).converged


def test_dropped_rows_are_counted_and_fiml_is_named() -> None:
    data = frame()
    data.loc[[3, 5], "a"] = np.nan
    with pytest.warns(al.DataWarning, match=r"2 of 200 rows dropped \(a missing: 2\)"):
        fit = fit_sem(ONE, data)
    assert fit.glance()["n_dropped"].item() == 2
    data.loc[7, ITEMS] = np.nan
    with pytest.warns(al.DataWarning, match="1 of 200 rows dropped"):
        assert fit_sem(ONE, data, missing="fiml").n_obs == 199


def test_rows_that_seem_clustered_are_named() -> None:
    data = frame().set_index("clinic")
    with pytest.warns(al.DataWarning, match="200 rows have 20 different index labels"):
        fit_sem(ONE, data)


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ({"b": 1.0}, {}, al.DataError, "without variance: b"),
        ({"b": "x"}, {}, al.DataError, "column 'b' is not numeric"),
        ({"d": lambda x: x["a"] + x["b"]}, {}, al.DataError, "is singular"),
        ({}, {"groups": "arms"}, al.DataError, "column 'arms' not found"),
        ({"arm": "x"}, {"groups": "arm"}, al.DataError, "holds 1 group"),
        ({}, {"missing": "listwise"}, al.ArgumentError, "missing='listwise' is not known"),
        ({}, {"estimator": "wls"}, al.ArgumentError, "estimator='wls' is not known"),
        ({}, {"cluster": "clinic"}, al.ArgumentError, "estimator='mlr'"),
        (
            {},
            {"estimator": "mlr", "information": "expected"},
            al.ArgumentError,
            "information= has no part",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    change: dict[str, object], options: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fit_sem(ONE, frame().assign(**change), **options)


def test_two_level_models_need_clusters() -> None:
    with pytest.raises(al.ArgumentError, match="needs cluster="):
        fit_sem(in_levels(ONE, ONE), frame())


def sessions(n: int = 60, seed: int = 6) -> pd.DataFrame:
    """Items of patients with 1 to 8 sessions."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n), rng.integers(1, 9, n))
    factor = rng.normal(size=(n, 1))[patient] * 0.8 + rng.normal(size=(len(patient), 1))
    own = rng.normal(size=(n, 4))[patient] * 0.4
    values = factor * [1.0, 0.8, 0.7, 0.6] + own + rng.normal(size=(len(patient), 4)) * 0.7 + 3
    return pd.DataFrame(values, columns=ITEMS).assign(patient=patient)


TWO = in_levels(ONE, ONE)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_two_level_fiml_of_complete_rows_is_ml(estimator: str) -> None:
    complete = fit_sem(TWO, sessions(), cluster="patient", estimator=estimator)
    fiml = fit_sem(TWO, sessions(), cluster="patient", estimator=estimator, missing="fiml")
    plain = fit_sem(TWO, sessions(), cluster="patient")
    for fit in (fiml, plain):
        assert np.allclose(complete.theta, fit.theta, atol=1e-5)
        assert complete.statistic.value == pytest.approx(fit.statistic.value, abs=1e-6)
    assert np.allclose(complete.tidy()["se"], fiml.tidy()["se"], rtol=1e-5, equal_nan=True)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_two_level_fits_with_holes_do_not_depend_on_order_names_or_units(estimator: str) -> None:
    data = holes(sessions())
    options = {"cluster": "patient", "missing": "fiml", "estimator": estimator}
    first = fit_sem(TWO, data, **options)
    other = data.assign(patient="p" + data["patient"].astype(str), a=data["a"] * 100 + 7)
    again = fit_sem(TWO, other.sample(frac=1, random_state=3), **options)
    assert first.converged
    assert again.converged
    one, two = first.tidy(standardised=True), again.tidy(standardised=True)
    kept = one["op"] != "~1"
    assert np.allclose(one.loc[kept, "estimate"], two.loc[kept, "estimate"], atol=1e-5)
    assert np.allclose(one.loc[kept, "se"], two.loc[kept, "se"], atol=1e-5, equal_nan=True)
    row, same = first.glance().iloc[0], again.glance().iloc[0]
    for name in ("chi2", "chi2_scaled", "baseline_chi2", "cfi", "rmsea_scaled"):
        if name in row:
            assert row[name] == pytest.approx(same[name], abs=1e-5), name
    assert not [name for name in row.index if str(name).endswith("_robust")]


def test_known_two_level_loadings_are_found_with_answers_missing_at_random() -> None:
    data = sessions(800)
    hidden = np.random.default_rng(7).random(len(data)) < np.where(data["a"] > 3, 0.6, 0.1)
    data.loc[hidden, ["c", "d"]] = np.nan
    fit = fit_sem(TWO, data, cluster="patient", missing="fiml", estimator="mlr")
    table = fit.tidy().set_index(["unit", "term"])
    truth = {"f =~ b": 0.8, "f =~ c": 0.7, "f =~ d": 0.6}
    for unit, variance in (("within", 1.0), ("between", 0.64)):
        for name, value in {**truth, "f ~~ f": variance}.items():
            row = table.loc[(unit, name)]
            assert abs(row["estimate"] - value) < 3.5 * row["se"], (unit, name)
    for name in ("c ~1", "d ~1"):
        row = table.loc[("between", name)]
        assert abs(row["estimate"] - 3) < 3.5 * row["se"]


def test_two_level_groups_with_holes_are_models_side_by_side() -> None:
    data = holes(sessions(80))
    data["arm"] = np.where(data["patient"] % 2, "x", "y")
    options = {"cluster": "patient", "missing": "fiml", "estimator": "mlr"}
    both = fit_sem(in_groups(TWO, ["x", "y"]), data, groups="arm", **options)
    alone = [fit_sem(TWO, rows, **options) for _, rows in data.groupby("arm")]
    assert both.loglik == pytest.approx(sum(fit.loglik for fit in alone), rel=1e-9)
    own = both.tidy().query("group == 'x'")["se"].to_numpy()
    assert np.allclose(own, alone[0].tidy()["se"], rtol=1e-4, equal_nan=True)


def test_clusters_without_an_answer_are_dropped_and_counted() -> None:
    data = sessions()
    gone = data["patient"] == 3
    data.loc[gone, ITEMS] = np.nan
    with pytest.warns(al.DataWarning, match=f"{gone.sum()} of {len(data)} rows dropped"):
        fit = fit_sem(TWO, data, cluster="patient", missing="fiml")
    assert fit.n_clusters == 59


def test_two_level_data_are_checked() -> None:
    spec = in_levels(ONE, ONE)
    data = frame()
    with pytest.raises(al.DataError, match="no cluster has two usable rows"):
        fit_sem(spec, data.assign(clinic=range(200)), cluster="clinic")
    flat = data.assign(b=data.groupby("clinic")["b"].transform("mean"))
    with pytest.raises(al.DataError, match="without variance within clusters: b"):
        fit_sem(spec, flat, cluster="clinic")
    with pytest.raises(al.DataError, match="rows in several groups"):
        grouped = in_groups(spec, ["x", "y"])
        fit_sem(grouped, data.assign(clinic=data["clinic"] // 2), groups="arm", cluster="clinic")


def test_two_level_groups_are_two_level_models_side_by_side() -> None:
    data = frame(400)
    spec = in_levels(ONE, ONE)
    data["clinic"] = data["arm"] + data["clinic"].astype(str)
    data[ITEMS] += (
        0.6 * np.random.default_rng(3).normal(size=(400, 1))[pd.factorize(data["clinic"])[0]]
    )
    both = fit_sem(in_groups(spec, ["x", "y"]), data, groups="arm", cluster="clinic")
    alone = [fit_sem(spec, rows, cluster="clinic") for _, rows in data.groupby("arm")]
    assert both.loglik == pytest.approx(sum(fit.loglik for fit in alone), rel=1e-9)
    assert both.statistic.value == pytest.approx(
        sum(fit.statistic.value for fit in alone), abs=1e-6
    )


def test_variables_never_seen_together_are_named() -> None:
    data = frame()
    data.loc[data.index[:100], "a"] = np.nan
    data.loc[data.index[100:], "b"] = np.nan
    with pytest.raises(al.DataError, match="no row has both 'a' and 'b'"):
        fit_sem(ONE, data, missing="fiml")


def test_specifications_are_checked() -> None:
    with pytest.raises(al.ArgumentError, match=r"variable 'z' .* is not in the model"):
        ModelSpec(("x",), (), (Parameter("paths", "x", "z"),))
    with pytest.raises(al.ArgumentError, match="2 parameters stand at one place"):
        both = (Parameter("covariances", "x", "y"), Parameter("covariances", "y", "x"))
        ModelSpec(("x", "y"), (), both)
    with pytest.raises(al.ArgumentError, match="variable named more than once: x"):
        ModelSpec(("x", "x"), (), ())
    with pytest.raises(al.ArgumentError, match="Choose one"):
        factor_model({"f": ITEMS}, general="g", second_order="h")
    with pytest.raises(al.ArgumentError, match="correlated=True contradicts"):
        factor_model({"f": ITEMS[:2], "g": ITEMS[2:]}, general="g0", correlated=True)
    with pytest.raises(al.ArgumentError, match="no list of items"):
        factor_model({"f": "abc"})


def test_text_html_view_and_code_for_r() -> None:
    fit = fit_sem(in_groups(ONE, ["x", "y"], equal=["loadings"]), frame(), groups="arm")
    text = repr(fit)
    assert "Factor model of 4 variables, 1 latent variable (200 rows)" in text
    assert "CFI = " in text
    assert "f =~ b" in text
    assert "<table" in fit._repr_html_()
    assert al.coef_table(fit).frame.shape[0] == len(fit.spec.parameters)
    code = fit.to_r(data="d.csv")
    assert 'group: "x"' in code
    assert "f =~ 1.0*a" in code
    assert "meanstructure = TRUE" in code
    hostile = factor_model({"f": ["a", "b", "c", "d'); system('x"]})
    named = fit_sem(hostile, frame().rename(columns={"d": "d'); system('x"}))
    with pytest.raises(al.UnsupportedError, match="cannot stand in lavaan's syntax"):
        named.to_r()
