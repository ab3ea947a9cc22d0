"""`fit_congruence` against lme4 and lmerTest, run from the code that `to_r` writes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.models.congruence.cases import FILES, FOLDER, RATINGS, congruence, reference


@pytest.mark.parametrize("case", RATINGS)
def test_r_runs_the_code_that_to_r_writes(case: str) -> None:
    code = congruence(case).to_r(data=f"data/synthetic/{FILES[case]}.csv")
    assert code == (FOLDER / f"{case}.R").read_text(encoding="utf-8")


def close_test(row: Any, values: dict[str, Any], tol: SimpleNamespace, *, df: bool = True) -> None:
    """One row of a tidy table against ``contest1D``."""
    assert abs(row.estimate - values["estimate"]) <= tol.beta_in_se * values["se"]
    assert row.se == pytest.approx(values["se"], rel=tol.se)
    if df:
        assert row.df == pytest.approx(values["df"], rel=tol.df)
        assert row.p_value == pytest.approx(values["p"], rel=tol.p_value, abs=1e-12)


@pytest.mark.parametrize("case", RATINGS)
def test_coefficients_equal_lme4(case: str, tol: SimpleNamespace) -> None:
    result, values = congruence(case), reference(case)["model"]
    table = result.fit.tidy().set_index("term").loc[values["term"]]
    estimate, se = np.array(values["estimate"]), np.array(values["se"])
    assert (np.abs(table["estimate"] - estimate) <= tol.beta_in_se * se).all()
    np.testing.assert_allclose(table["se"], se, rtol=tol.se)
    assert result.fit.singular == values["singular"]
    if not values["singular"]:
        np.testing.assert_allclose(table["df"], values["df"], rtol=tol.df)
    gap = result.fit.loglik - values["loglik"]
    assert abs(gap) <= tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"])


@pytest.mark.parametrize("case", RATINGS)
def test_the_truths_mean_and_the_mean_difference_equal_r(case: str, tol: SimpleNamespace) -> None:
    result, values = congruence(case), reference(case)
    assert result.prepared.centre == pytest.approx(values["centre"], rel=tol.closed_form)
    row = next(result.mean_difference().itertuples())
    close_test(row, values["gap"], tol)
    assert row.sd_pooled == pytest.approx(values["gap"]["sd"], rel=tol.closed_form)
    assert row.d == pytest.approx(row.estimate / row.sd_pooled, rel=tol.closed_form)


@pytest.mark.parametrize(
    ("unit", "quantity"), [("therapist", "bias"), ("patient", "bias"), ("patient", "tracking")]
)
def test_people_are_the_average_and_the_blups_of_lme4(
    unit: str, quantity: str, tol: SimpleNamespace
) -> None:
    values = reference("dyads")[f"{unit}s"]
    people = congruence("dyads").people(unit)
    own = people[people["quantity"] == quantity].set_index("member").loc[values["member"]]
    expected = np.array(values[quantity])
    assert np.abs(own["estimate"] - expected).max() <= tol.blup_in_sd * expected.std()


def test_tests_of_moderators_equal_lmertest(tol: SimpleNamespace) -> None:
    result, values = congruence("moderated"), reference("moderated")
    table = result.moderator_tests()
    table = table[table["moderator"] == "treatment"].set_index("effect")
    for effect, found in values["joint"].items():
        row = table.loc[effect]
        assert row["statistic"] == pytest.approx(found["F"], rel=1e-3)
        assert row["df_denominator"] == pytest.approx(found["df"], rel=tol.df)
        assert row["p_value"] == pytest.approx(found["p"], rel=tol.p_value)


def test_bias_and_tracking_of_every_treatment_equal_lmertest(tol: SimpleNamespace) -> None:
    groups = congruence("moderated").groups()
    assert set(groups["level"]) == {"cbt", "psychodynamic", "supportive"}
    for level, effects in reference("moderated")["groups"].items():
        for effect, values in effects.items():
            chosen = groups[(groups["level"] == level) & (groups["effect"] == effect)]
            close_test(next(chosen.itertuples()), values, tol)


def test_the_average_of_the_treatments_is_the_bias_of_the_table() -> None:
    result = congruence("moderated")
    frame, groups = result.prepared.frame, result.groups()
    shares = frame["treatment"].value_counts(normalize=True)
    bias = groups[groups["effect"] == "bias"].set_index("level")["estimate"]
    assert (bias * shares).sum() == pytest.approx(result.tidy()["estimate"].iloc[0], rel=1e-8)
    assert isinstance(result.standardised(), pd.DataFrame)
