"""Leaving out groups: lme4's refits, dense matrices, our own fits of the remaining rows."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.views import HasView
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.influence.removal import design_without
from alliance_stats.lmm.influence.result import InfluenceResult
from alliance_stats.lmm.result import MixedModelResult

FOLDER = Path(__file__).resolve().parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "influence" / "influence.json").read_text(encoding="utf-8"))
NESTED = "y ~ x + arm + (1 + x | patient) + (1 | therapist)"
FORMULAS = {
    "nested": NESTED,
    "two_levels": "y ~ x + (1 + x | patient)",
    "uncorrelated": "y ~ x + (1 | patient) + (0 + x | patient) + (1 | therapist)",
    "therapist_slope": "y ~ x + (1 | patient) + (1 + x | therapist)",
    "three_factors": "y ~ x + (1 | patient) + (1 | therapist) + (1 | clinic)",
}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / "prediction" / "fitted.csv")
    return frame.assign(clinic=frame["therapist"] % 5)


def of_group(found: InfluenceResult, label: object) -> pd.DataFrame:
    table = found.tidy()
    return table[table["group"] == label].set_index("term")


# ---------------------------------------------------------------- lme4


@pytest.fixture(scope="module", params=sorted(REFERENCE["cases"]))
def case(request: pytest.FixtureRequest, rows: pd.DataFrame) -> tuple[InfluenceResult, Any]:
    values = REFERENCE["cases"][request.param]
    extra = {"weights": "w"} if values["weighted"] else {}
    labels = {g["group"] for g in values["groups"]}
    fit = fit_quietly(values["formula"], rows, **extra)
    found = fit.influence(unit=values["unit"], refit=True)
    assert labels <= set(found.groups["group"])
    return found, values


def test_refits_equal_lme4(case: Any, tol: SimpleNamespace) -> None:
    found, values = case
    by_group = found.groups.set_index("group")
    for expected in values["groups"]:
        table, se = of_group(found, expected["group"]), np.array(expected["se"])
        gap = np.abs(table["estimate"] - expected["beta"])
        assert (gap / se).max() <= tol.beta_in_se
        np.testing.assert_allclose(table["se"], se, rtol=tol.se)
        row = by_group.loc[expected["group"]]
        assert row["covratio"] == pytest.approx(expected["covratio"], rel=10 * tol.se)
        # a gap of tol.beta_in_se in a change of √D standard errors
        root = np.sqrt(row["cooks_distance"]) - np.sqrt(expected["cooks_distance"])
        assert abs(root) <= 5 * tol.beta_in_se
        assert found.variances is not None
        variances = found.variances[found.variances["group"] == expected["group"]]["variance"]
        bound = tol.variance * np.maximum(expected["variances"], 1e-2 * expected["variances"][-1])
        assert (np.abs(variances - expected["variances"]) <= bound).all()


# ---------------------------------------------------------------- dense oracle


def covariance_of(fit: MixedModelResult, frame: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """Var(y) of all rows, from var_corr and the columns of the frame."""
    total = np.diag(fit.sigma2 / weights)
    for name, table in fit.covariances.items():
        z = np.column_stack(
            [np.ones(len(frame)) if c == "(Intercept)" else frame[c] for c in table.columns]
        )
        same = frame[name].to_numpy()[:, None] == frame[name].to_numpy()
        total += same * (z @ table.to_numpy() @ z.T)
    return total


@pytest.mark.parametrize("name", sorted(FORMULAS))
@pytest.mark.parametrize("weighted", [False, True])
def test_fixed_variances_equal_dense_matrices(
    name: str, weighted: bool, rows: pd.DataFrame
) -> None:
    extra = {"weights": "w"} if weighted else {}
    frame = rows[rows["therapist"] < 9]
    fit = fit_quietly(FORMULAS[name], frame, **extra)
    weights = frame["w"].to_numpy(float) if weighted else np.ones(len(frame))
    variance = covariance_of(fit, frame, weights)
    x = np.column_stack([np.ones(len(frame)), frame["x"]])
    if "arm" in FORMULAS[name]:
        x = np.column_stack([x, frame["arm"] == "pdt", frame["arm"] == "waitlist"]).astype(float)
    y = frame["y"].to_numpy()
    vcov, p = fit.vcov.to_numpy(), x.shape[1]
    for level in fit.criterion.design.levels:
        found = fit.influence(unit=level.name)
        table = found.groups.set_index("group")
        for label in level.labels[::7]:
            kept = (frame[level.name] != label).to_numpy()
            inverse = np.linalg.inv(variance[np.ix_(kept, kept)])
            own = np.linalg.inv(x[kept].T @ inverse @ x[kept])
            beta = own @ x[kept].T @ inverse @ y[kept]
            change = beta - fit.beta.to_numpy()
            effects = of_group(found, label)
            se = np.sqrt(np.diag(own))
            np.testing.assert_allclose(effects["estimate"], beta, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(effects["se"], se, rtol=1e-7)
            np.testing.assert_allclose(effects["change"], change, atol=1e-7)
            np.testing.assert_allclose(effects["dfbetas"], change / se, atol=1e-6)
            np.testing.assert_allclose(effects["se_ratio"], se / np.sqrt(np.diag(vcov)), rtol=1e-7)
            row = table.loc[label]
            assert row["n_rows"] == (~kept).sum()
            cooks = change @ np.linalg.solve(vcov, change) / p
            assert row["cooks_distance"] == pytest.approx(cooks, rel=1e-5, abs=1e-10)
            mdffits = change @ np.linalg.solve(own, change) / p
            assert row["mdffits"] == pytest.approx(mdffits, rel=1e-5, abs=1e-10)
            ratio = np.linalg.det(own) / np.linalg.det(vcov)
            assert row["covratio"] == pytest.approx(ratio, rel=1e-6)


# ---------------------------------------------------------------- our own refits


@pytest.mark.parametrize("name", sorted(FORMULAS))
@pytest.mark.parametrize("reml", [True, False])
def test_refits_equal_fits_of_the_other_rows(
    name: str, reml: bool, rows: pd.DataFrame, tol: SimpleNamespace
) -> None:
    fit = fit_quietly(FORMULAS[name], rows, reml=reml)
    unit = fit.criterion.design.levels[-1].name
    found = fit.influence(unit=unit, refit=True)
    for label in found.groups["group"].iloc[:3]:
        other = fit_quietly(FORMULAS[name], rows[rows[unit] != label], reml=reml)
        table = of_group(found, label)
        se = other.tidy()["se"].to_numpy()
        gap = np.abs(table["estimate"].to_numpy() - other.beta.to_numpy()) / se
        assert gap.max() <= tol.beta_in_se
        np.testing.assert_allclose(table["se"], se, rtol=tol.se)


@pytest.mark.parametrize("unit", ["patient", "therapist", "clinic"])
def test_a_design_without_a_group_is_that_of_the_other_rows(unit: str, rows: pd.DataFrame) -> None:
    """Group by group, whatever the order of the rows; parents that lose all groups go too."""
    shuffled = rows.sample(frac=1.0, random_state=3)
    alone = shuffled["patient"].where(shuffled["therapist"] != 4, "only")
    frame = shuffled.assign(patient=alone)
    fit = fit_quietly(FORMULAS["three_factors"], frame)
    design = fit.criterion.design
    level = [one.name for one in design.levels].index(unit)
    label = {"patient": "only", "therapist": 4, "clinic": 4}[unit]
    left = design_without(design, level, list(design.levels[level].labels).index(label))
    kept = frame[frame[unit] != label]
    assert left.n_obs == len(kept)
    for one in left.levels:
        assert set(one.labels) == set(kept[one.name])
    inner = kept.groupby("patient").size()
    assert left.counts.tolist() == inner.loc[list(left.levels[0].labels)].tolist()
    np.testing.assert_array_equal(
        np.array(left.levels[1].labels)[left.products.parents[0]],
        kept.groupby("patient")["therapist"].first().loc[list(left.levels[0].labels)],
    )


def test_a_planted_therapist_is_found(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(120), 6)
    therapist = patient // 6
    x = rng.standard_normal(720)
    slope = np.where(therapist == 7, 4.0, 0.3)
    y = slope * x + rng.standard_normal(120)[patient] + rng.standard_normal(720)
    frame = pd.DataFrame({"y": y, "x": x, "patient": patient, "therapist": therapist})
    found = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame).influence(
        unit="therapist"
    )
    assert found.largest(1)["group"].item() == 7
    assert of_group(found, 7).loc["x", "change"] < 0
    assert abs(of_group(found, 7).loc["x", "dfbetas"]) > 2


# ---------------------------------------------------------------- what cannot be left out


@pytest.mark.parametrize("refit", [False, True])
def test_a_coefficient_that_rests_on_one_group_is_missing(refit: bool, rows: pd.DataFrame) -> None:
    frame = rows.assign(alone=(rows["therapist"] == 3).astype(float))
    fit = fit_quietly("y ~ x + alone + (1 | patient) + (1 | therapist)", frame)
    found = fit.influence(unit="therapist", refit=refit)
    assert found.groups.set_index("group")["cooks_distance"].isna().pipe(lambda s: s[s].index) == [
        3
    ]
    assert of_group(found, 3)["estimate"].isna().all()
    assert of_group(found, 2)["estimate"].notna().all()
    (message,) = [m for m in found.messages if "rests on that group alone" in m]
    assert message.startswith("Without one group of 'therapist'")
    assert found.glance()["n_undefined"].item() == 1


def test_two_groups_cannot_lose_one_in_a_refit(rows: pd.DataFrame) -> None:
    frame = rows.assign(half=rows["therapist"] > 7)
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | half)", frame)
    assert fit.influence(unit="half", refit=True).groups["cooks_distance"].isna().all()
    assert fit.influence(unit="half").groups["cooks_distance"].notna().all()


def test_singular_fits(rows: pd.DataFrame) -> None:
    """A variance of zero stays zero, and refits may leave it."""
    frame = rows.assign(y=rows["y"] - rows.groupby("therapist")["y"].transform("mean"))
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    assert fit.singular
    without = fit.influence(unit="therapist")
    flat = fit_quietly("y ~ x + (1 | patient)", frame)
    kept = frame["therapist"] != 2
    variance = covariance_of(flat, frame[kept], np.ones(int(kept.sum())))
    x = np.column_stack([np.ones(int(kept.sum())), frame.loc[kept, "x"]])
    solved = np.linalg.solve(variance, x)
    beta = np.linalg.solve(x.T @ solved, solved.T @ frame.loc[kept, "y"])
    np.testing.assert_allclose(of_group(without, 2)["estimate"], beta, atol=1e-5)
    again = fit.influence(unit="therapist", refit=True)
    assert again.groups["singular"].any()
    assert any("singular" in message for message in again.messages)


def test_refusals(rows: pd.DataFrame) -> None:
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | rater)", rows)
    with pytest.raises(UnsupportedError, match="crossed"):
        fit.influence(unit="patient")
    with pytest.raises(ArgumentError, match="Did you mean 'patient'"):
        fit.influence(unit="patients")
    nested = fit_quietly(NESTED, rows)
    with pytest.raises(ArgumentError, match="refit='yes' is not known"):
        nested.influence(unit="patient", refit="yes")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="no fixed effects"):
        fit_quietly("y ~ 0 + (1 | patient)", rows).influence(unit="patient")


# ---------------------------------------------------------------- what is shown


def test_labels_are_in_frames_and_nowhere_else(rows: pd.DataFrame) -> None:
    frame = rows.assign(patient="secret-" + rows["patient"])
    fit = fit_quietly("y ~ x + (1 | patient)", frame)
    found = fit.influence(unit="patient")
    assert isinstance(found, HasView)
    assert found.groups["group"].str.startswith("secret-").all()
    assert found.tidy()["group"].str.startswith("secret-").all()
    view = found.view()
    assert view.plot is not None
    shown = [repr(found), found._repr_html_(), *view.messages]
    shown += [t.to_csv() for t in (view.fit, view.plot, view.levels, *view.tables.values())]
    assert not any("secret" in text for text in shown)
    assert found.glance()["n_groups"].item() == frame["patient"].nunique()


def test_labels_of_combinations(rows: pd.DataFrame) -> None:
    fit = fit_quietly("y ~ x + (1 | therapist/patient)", rows)
    found = fit.influence(unit=fit.criterion.design.levels[0].name)
    assert isinstance(found.groups["group"].iloc[0], tuple)
    assert len(found.tidy()) == 2 * len(found.groups)
