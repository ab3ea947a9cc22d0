"""Lines of meta-regressions, subgroups and profiles that figures draw, beside metafor."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.meta.multilevel.profile import Profile, Quantity
from tests.conftest import REFERENCE

FOLDER = REFERENCE / "meta_figures"
NAMES = {"estimate": "pred", "se": "se", "ci_low": "ci.lb", "ci_high": "ci.ub", "pi_low": "pi.lb",
         "pi_high": "pi.ub"}  # fmt: skip


@pytest.fixture(scope="module")
def said() -> Any:
    return json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bcg() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "bcg.csv")


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "schools.csv", dtype={"district": str})


def close(frame: pd.DataFrame, peer: dict[str, list[float]], tol: float) -> None:
    for ours, theirs in NAMES.items():
        if ours in frame:
            np.testing.assert_allclose(frame[ours], peer[theirs], rtol=tol, atol=tol)


def line_of(found: Any) -> pd.DataFrame:
    frame: pd.DataFrame = found.frame
    return frame[frame["row"] == "line"].reset_index(drop=True)


@pytest.mark.parametrize(
    ("case", "mods"), [("line", "ablat + year + alloc"), ("curve", "ablat + I(ablat^2)")]
)
def test_lines_are_those_of_metafor(
    bcg: pd.DataFrame, said: Any, tol: Any, case: str, mods: str
) -> None:
    fit = al.fit_meta(bcg, mods=mods)
    line = line_of(al.meta.regression_lines(fit, "ablat", n_points=5))
    assert line["x"].tolist() == said["bcg"]["ablat"]
    close(line, said["bcg"][case], 10 * tol.meta_pooled)


def test_lines_of_dependent_effects_are_those_of_metafor(
    schools: pd.DataFrame, said: Any, tol: Any
) -> None:
    fit = al.fit_meta_multilevel(
        schools, study="district", random="district/effect", mods="year", rho=0.0
    )
    rows = np.column_stack([np.ones(3), said["schools"]["year"]])
    close(fit.predict_rows(rows, test="t"), said["schools"]["line"], 10 * tol.meta_pooled)
    line = line_of(al.meta.regression_lines(fit, "year", n_points=3))
    pd.testing.assert_frame_equal(line[list(NAMES)], fit.predict_rows(rows)[list(NAMES)])


def test_other_moderators_are_averaged_over_the_effects(bcg: pd.DataFrame, tol: Any) -> None:
    fit = al.fit_meta(bcg, mods="ablat * alloc")
    line = line_of(al.meta.regression_lines(fit, "ablat", n_points=3))
    at_each = [fit.predict(bcg.assign(ablat=x))["estimate"].mean() for x in line["x"]]
    np.testing.assert_allclose(line["estimate"], at_each, rtol=tol.closed_form)
    rows = np.vstack([
        fit.studies.moderators.columns_for(bcg.assign(ablat=x)).mean(axis=0) for x in line["x"]
    ])  # fmt: skip
    se = np.sqrt(np.diag(rows @ fit.covariance @ rows.T))
    np.testing.assert_allclose(line["se"], se, rtol=tol.closed_form)


def test_points_are_the_effect_sizes(bcg: pd.DataFrame) -> None:
    found = al.meta.regression_lines(al.fit_meta(bcg, mods="year"), "year")
    points = found.frame[found.frame["row"] == "study"]
    assert points["x"].tolist() == bcg["year"].tolist()
    assert np.array_equal(points["estimate"], bcg["yi"])
    assert points["weight"].sum() == pytest.approx(1.0)
    assert len(line_of(found)) == 61
    assert "Fitted effect over year" in repr(found)
    assert "<table" in found._repr_html_()
    assert found.view().kind == "meta_bubble"


def test_moderators_that_cannot_be_drawn(bcg: pd.DataFrame) -> None:
    fit = al.fit_meta(bcg, mods="year + alloc")
    with pytest.raises(ArgumentError, match="'yaer' is no moderator of this model. Did you mean"):
        al.meta.regression_lines(fit, "yaer")
    with pytest.raises(ArgumentError, match="'alloc' holds categories, not numbers"):
        al.meta.regression_lines(fit, "alloc")
    with pytest.raises(ArgumentError, match="It has no moderators"):
        al.meta.regression_lines(al.fit_meta(bcg), "year")
    with pytest.raises(ArgumentError, match="n_points=1 is no whole number of 2 or more"):
        al.meta.regression_lines(fit, "year", n_points=1)


@pytest.mark.parametrize("mods", ["alloc", "0 + alloc", 'C(alloc, "random")'])
def test_means_of_subgroups_are_those_of_metafor(
    bcg: pd.DataFrame, said: Any, tol: Any, mods: str
) -> None:
    plot = al.fit_meta(bcg, mods=mods).view().plot
    rows = plot[plot["row"] == "subgroup"].set_index("group").loc[said["bcg"]["levels"]]
    close(
        rows[["estimate", "se", "ci_low", "ci_high"]],
        said["bcg"]["subgroups"],
        10 * tol.meta_pooled,
    )
    new = plot[plot["row"] == "prediction"].set_index("group").loc[said["bcg"]["levels"]]
    for ours, theirs in (("ci_low", "pi.lb"), ("ci_high", "pi.ub")):
        np.testing.assert_allclose(
            new[ours], said["bcg"]["subgroups"][theirs], rtol=10 * tol.meta_pooled
        )
    studies = plot[plot["row"] == "study"]
    assert studies["group"].tolist() == bcg["alloc"].tolist()


def test_only_one_categorical_moderator_makes_subgroups(bcg: pd.DataFrame) -> None:
    for mods in ("ablat", "ablat + alloc", None):
        plot = al.fit_meta(bcg, mods=mods).view().plot
        assert not (plot["row"] == "subgroup").any()
        assert (plot["group"] == "").all()
    numbers = al.fit_meta(bcg.assign(arm=[1, 2, 3] * 4 + [1], ni=10), mods="C(arm)").view().plot
    assert numbers.loc[numbers["row"] == "subgroup", "group"].tolist() == ["1", "2", "3"]
    assert numbers.loc[numbers["row"] == "subgroup", "n"].tolist() == [50.0, 40.0, 40.0]
    equal = al.fit_meta(bcg, mods="alloc", method="EE").view().plot
    assert not (equal["row"] == "prediction").any()


def test_subgroups_of_dependent_effects(schools: pd.DataFrame, tol: Any) -> None:
    frame = schools.assign(kind=np.where(np.arange(len(schools)) % 2, "a", "b"))
    fit = al.fit_meta_multilevel(
        frame, study="district", random="district/effect", mods="kind", rho=0.0
    )
    plot = fit.view().plot
    rows = plot[plot["row"] == "subgroup"]
    at = fit.predict(pd.DataFrame({"kind": rows["group"]}))
    np.testing.assert_allclose(rows["estimate"], at["estimate"], rtol=tol.closed_form)
    assert plot.loc[plot["row"] == "study", "group"].tolist() == frame["kind"].tolist()


def test_profiles_reach_their_limit_at_the_ends_of_the_interval(
    schools: pd.DataFrame, tol: Any
) -> None:
    fit = al.fit_meta_multilevel(schools, study="district", random="district/effect", rho=0.0)
    found = fit.profile(n=9)
    ends = fit.confint()
    ends = ends[ends["quantity"] == "tau2"]
    names = found.frame["parameter"].unique()
    assert names.tolist() == ["τ² district", "τ² district/effect"]
    for place, name in enumerate(names):
        curve = found.frame[found.frame["parameter"] == name]
        profile, first = Profile(fit, Quantity(place, (0,))), curve.iloc[0]
        again = [-0.5 * (profile.best(v**0.5) - fit.point.deviance) for v in curve["value"]]
        np.testing.assert_allclose(curve["loglik"], again, atol=tol.loglik_absolute)
        assert curve["loglik"].max() == pytest.approx(0.0, abs=tol.loglik_absolute)
        wanted = ends.iloc[place][["estimate", "ci_low", "ci_high"]].to_numpy(float)
        assert first[["estimate", "ci_low", "ci_high"]].to_numpy(float) == pytest.approx(wanted)
        at_end = -0.5 * (profile.best(first["ci_high"] ** 0.5) - fit.point.deviance)
        assert at_end == pytest.approx(first["limit"], abs=100 * tol.loglik_absolute)
        assert curve["value"].max() > first["ci_high"]
    assert found.tidy()["term"].tolist() == names.tolist()
    assert "Profile likelihood" in repr(found)
    assert "<table" in found._repr_html_()
    assert found.glance()["loglik"].iloc[0] == fit.loglik
    with pytest.raises(ArgumentError, match="n=2 is no number of points"):
        fit.profile(n=2)


def test_profile_values_at_points_are_those_of_metafor(
    schools: pd.DataFrame, said: Any, tol: Any
) -> None:
    fit = al.fit_meta_multilevel(schools, study="district", random="district/effect", rho=0.0)
    for place, peer in enumerate(said["schools"]["profiles"]):
        profile = Profile(fit, Quantity(place, (0,)))
        ours = [-0.5 * (profile.best(v**0.5) - fit.point.deviance) for v in peer["value"]]
        np.testing.assert_allclose(ours, peer["loglik"], atol=tol.loglik_absolute)
