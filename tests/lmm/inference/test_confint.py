"""The table of intervals: rows, Wald intervals, choice of parameters, messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FORMULA = "phq9 ~ session + wai_total + (1 + session | patient) + (1 | therapist)"
COLUMNS = ["group", "term", "with_term", "estimate", "ci_low", "ci_high"]


@pytest.fixture(scope="module")
def fit() -> MixedModelResult:
    return al.fit_lmm(FORMULA, al.load_example("sessions").frame)


@pytest.fixture(scope="module")
def table(fit: MixedModelResult) -> pd.DataFrame:
    return fit.confint()


def test_rows_are_fixed_effects_and_those_of_var_corr(
    fit: MixedModelResult, table: pd.DataFrame
) -> None:
    assert list(table.columns) == COLUMNS
    fixed, rest = table[table["group"] == ""], table[table["group"] != ""]
    tidy, variances = fit.tidy(), fit.var_corr()
    assert fixed["term"].tolist() == tidy["term"].tolist()
    np.testing.assert_array_equal(fixed["estimate"], tidy["estimate"])
    keys = ["group", "term", "with_term"]
    assert rest[keys].to_numpy().tolist() == variances[keys].to_numpy().tolist()
    wanted = variances["sd"].fillna(variances["correlation"])
    np.testing.assert_allclose(rest["estimate"], wanted, rtol=1e-12)


def test_estimates_by_ml_lie_inside(fit: MixedModelResult, table: pd.DataFrame) -> None:
    frame = al.load_example("sessions").frame
    ml = al.fit_lmm(FORMULA, frame, reml=False).confint()
    assert (ml["ci_low"] < ml["estimate"]).all()
    assert (ml["estimate"] < ml["ci_high"]).all()
    np.testing.assert_allclose(table["ci_low"], ml["ci_low"], rtol=1e-4)  # by ML after REML too


def test_reml_moves_variances_up_and_leaves_fixed_effects(
    fit: MixedModelResult, table: pd.DataFrame
) -> None:
    reml = fit.confint(reml=True)
    fixed = table["group"] == ""
    np.testing.assert_array_equal(reml[fixed]["ci_low"], table[fixed]["ci_low"])
    therapist = table["group"] == "therapist"
    assert reml[therapist]["ci_high"].item() > table[therapist]["ci_high"].item()
    assert (reml["ci_low"] < reml["estimate"]).all()


def test_wald_is_for_fixed_effects(fit: MixedModelResult) -> None:
    wald = fit.confint(method="wald", conf_level=0.9)
    fixed = wald["group"] == ""
    estimate, se = fit.tidy()["estimate"], fit.tidy()["se"]
    np.testing.assert_allclose(wald[fixed]["ci_low"], estimate - 1.6448536 * se, rtol=1e-6)
    np.testing.assert_allclose(wald[fixed]["ci_high"], estimate + 1.6448536 * se, rtol=1e-6)
    assert wald[~fixed][["ci_low", "ci_high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["session"], [1]),
        (["patient"], [3, 4, 5]),
        (["Residual", "wai_total"], [2, 7]),
        ([("patient", "session")], [4]),
        ([("patient", "(Intercept)", "session")], [5]),
        ([("patient", "session", "(Intercept)")], [5]),
        ([("", "session"), ("Residual",)], [1, 7]),
    ],
)
def test_parameters_are_chosen_by_name(
    fit: MixedModelResult, table: pd.DataFrame, names: list[object], rows: list[int]
) -> None:
    found = fit.confint(parameters=names)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(found, table.iloc[rows].reset_index(drop=True), rtol=1e-9)


def test_what_is_not_known_is_named(fit: MixedModelResult) -> None:
    with pytest.raises(ArgumentError, match="'sesion'. Did you mean 'session'"):
        fit.confint(parameters=["sesion"])
    with pytest.raises(ArgumentError, match="In the model: "):
        fit.confint(parameters=[("patient", "wai_total")])
    with pytest.raises(ArgumentError, match=r"Give a list of names, such as \['session'\]"):
        fit.confint(parameters="session")
    with pytest.raises(ArgumentError, match="method='bayes' is not known"):
        fit.confint(method="bayes")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"0.95 instead of 95"):
        fit.confint(conf_level=95)
    with pytest.raises(ArgumentError, match="reml= has no meaning for method='wald'"):
        fit.confint(method="wald", reml=True)


def test_the_curve_passes_through_the_ends(fit: MixedModelResult, table: pd.DataFrame) -> None:
    names = [("patient", "(Intercept)", "session"), ("therapist", "(Intercept)"), "session"]
    for name, row in zip(names, (5, 6, 1), strict=True):
        curve = fit.profile_frame(name, n=31)
        assert curve["value"].is_monotonic_increasing
        assert curve["zeta"].is_monotonic_increasing
        ends = table.loc[row, ["ci_low", "ci_high"]].to_numpy(dtype=float)
        zeta = np.interp(ends, curve["value"], curve["zeta"])
        if ends[0] == 0.0:  # the therapists' SD may be zero
            assert -1.96 < zeta[0] < 0
        else:
            assert zeta[0] == pytest.approx(-1.96, abs=0.01)
        assert zeta[1] == pytest.approx(1.96, abs=0.01)


def test_a_curve_is_of_one_parameter(fit: MixedModelResult) -> None:
    with pytest.raises(ArgumentError, match=r"'patient' is the name of 3 parameters. Give one"):
        fit.profile_frame("patient")
    with pytest.raises(ArgumentError, match="n=4 is not an odd number from 3"):
        fit.profile_frame("session", n=4)


def test_what_the_data_do_not_bound_has_no_curve() -> None:
    small = al.simulate_sessions(n_patients=40, n_therapists=5, within_effect_sd=0, rng=10)
    fit = al.fit_within_between(small).fit
    with pytest.raises(UnsupportedError, match="the data do not bound it"):
        fit.profile_frame(("patient", "(Intercept)", "wai_total_within"))


def test_bootstrap_intervals_are_those_of_the_bootstrap() -> None:
    sessions = al.load_example("sessions").frame
    fit = fit_quietly("phq9 ~ session + (1 + session | patient) + (1 | therapist)", sessions)
    found = fit.confint(method="bootstrap", n=60, rng=4, conf_level=0.9)
    own = fit.bootstrap(60, rng=4).confint(conf_level=0.9).set_index("term")
    names = [
        "(Intercept)", "session", "sd_(Intercept)|patient", "sd_session|patient",
        "cor_session.(Intercept)|patient", "sd_(Intercept)|therapist", "sigma",
    ]  # fmt: skip
    assert found["term"].tolist()[2:4] == ["(Intercept)", "session"]
    assert found["with_term"].tolist()[4] == "session"
    for end in ("ci_low", "ci_high"):
        np.testing.assert_allclose(found[end], own.loc[names, end], rtol=1e-12)
    assert (found["ci_low"] < found["estimate"]).sum() >= 6


def test_arguments_of_another_method_are_refused() -> None:
    sessions = al.load_example("sessions").frame
    fit = fit_quietly("phq9 ~ session + (1 | patient)", sessions)
    with pytest.raises(al.ArgumentError, match="rng= is missing"):
        fit.confint(method="bootstrap")
    with pytest.raises(al.ArgumentError, match="rng= has no meaning for method='profile'"):
        fit.confint(rng=1)
    with pytest.raises(al.ArgumentError, match="n= has no meaning for method='wald'"):
        fit.confint(method="wald", n=5)
