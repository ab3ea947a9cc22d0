"""Studies with several effects each: metafor, refits one by one, what cannot be fitted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import alliance_stats as al
from alliance_stats._base.errors import UnsupportedError

FOLDER = Path(__file__).parents[2] / "reference"
CASES = ("schools", "schools_year")


@pytest.fixture(scope="module")
def schools() -> Callable[[str], tuple[Any, dict[str, Any]]]:
    def load(case: str) -> tuple[Any, dict[str, Any]]:
        theirs = json.loads((FOLDER / f"meta_influence/{case}.json").read_text())
        frame = pd.read_csv(FOLDER / theirs["data"])
        return al.fit_meta_multilevel(frame, rho=0.0, mods=theirs["mods"] or None), theirs

    return load


def close(ours: Any, theirs: Any, relative: float = 1e-5) -> None:
    wanted = np.array(theirs, dtype=float)
    ours = np.asarray(ours, dtype=float).reshape(wanted.shape)
    assert_allclose(ours, wanted, rtol=relative, atol=relative * np.abs(wanted).max())


@pytest.mark.parametrize("case", CASES)
def test_studies_left_out_are_those_of_metafor(
    case: str, schools: Callable[..., Any], tol: Any
) -> None:
    result, theirs = schools(case)
    found, wanted = al.meta.influence(result), theirs["by_study"]
    table = found.tidy()
    near = tol.meta_tau2
    close(table["cooks_distance"], wanted["cooks"], near)
    close(table["cov_ratio"], wanted["cov_ratio"], near)
    close(found.dfbetas, wanted["dfbetas"], near)
    close(found.refits.beta, wanted["estimate"], near)
    close(found.components().iloc[:, 2:], wanted["sigma2"], near)
    close(table["q_without"], wanted["q"], tol.closed_form)
    by_name = np.argsort(table["study"].to_numpy(str))  # metafor sorts clusters as text
    close(table["cooks_distance"].to_numpy()[by_name], theirs["metafor"]["cooks"], near)
    assert table["k"].sum() == 56 and table["weight"].sum() == pytest.approx(1)


@pytest.mark.parametrize("case", CASES)
def test_effects_left_out_are_those_of_metafor(
    case: str, schools: Callable[..., Any], tol: Any
) -> None:
    result, theirs = schools(case)
    found = al.meta.influence(result, by="effect")
    close(found.tidy()["rstudent"], theirs["metafor"]["rstudent"], tol.meta_tau2)
    close(found.tidy()["rstandard"], theirs["metafor"]["rstandard"], tol.meta_tau2)
    close(found.tidy()["cooks_distance"], theirs["by_effect"]["cooks"], tol.meta_tau2)
    close(found.dfbetas, theirs["by_effect"]["dfbetas"], tol.meta_tau2)
    assert "dffits" not in found.tidy() and "rstudent" in set(found.view().plot["measure"])


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    study = np.repeat([f"S{i}" for i in range(12)], rng.integers(1, 5, 12))
    own = dict(zip(np.unique(study), rng.normal(0.3, 0.2, 12), strict=True))
    yi = np.array([own[s] for s in study]) + rng.normal(0, 0.2, len(study))
    return pd.DataFrame({"study": study, "yi": yi, "vi": rng.uniform(0.01, 0.05, len(study))})


def test_a_row_is_the_fit_without_the_study(frame: pd.DataFrame, tol: Any) -> None:
    result = al.fit_meta_multilevel(frame, rho=0.6)
    table = al.meta.leave_one_out(result).tidy(conf_level=0.9)
    for place in (0, 5, 11):
        study = table["study"][place]
        again = al.fit_meta_multilevel(frame[frame["study"] != study], rho=0.6)
        ours, mean = table.iloc[place], again.predict(conf_level=0.9).iloc[0]
        for name in ("estimate", "se", "df", "ci_low", "ci_high", "pi_low", "pi_high"):
            assert ours[name] == pytest.approx(mean[name], rel=tol.se, abs=tol.se)
        whole = again.glance().iloc[0]
        assert ours["tau2"] == pytest.approx(whole["tau2"], rel=tol.variance)
        assert ours["i2"] == pytest.approx(whole["i2"], rel=tol.variance)
        assert (ours["k"], ours["q_df"]) == (whole["k"], whole["q_df"])
        variances = ours[["tau2[study]", "tau2[study/effect]"]].to_numpy(float)
        assert_allclose(variances, again.tau2["tau2"], rtol=tol.variance, atol=1e-6)


def test_the_last_row_of_a_cumulative_analysis_is_the_result(frame: pd.DataFrame, tol: Any) -> None:
    result = al.fit_meta_multilevel(frame, rho=0.6)
    found = al.meta.cumulative(result, order=np.arange(len(frame)))
    last, mean = found.tidy().iloc[-1], result.tidy().iloc[0]
    for name in ("estimate", "se", "ci_low", "ci_high", "df"):
        assert last[name] == pytest.approx(mean[name], rel=tol.se)
    assert len(found.tidy()) == 12 and found.view().kind == "meta_cumulative"
    first = found.tidy().iloc[0]
    own = frame[frame["study"] == first["study"]]
    assert np.isnan(first["estimate"]) or len(own) == 1


def test_it_shows_itself(frame: pd.DataFrame) -> None:
    result = al.fit_meta_multilevel(frame, rho=0.6)
    found = al.meta.influence(result)
    assert "Influence of each of 12 studies, the 10 that change it most" in repr(found)
    assert found.glance()[["by", "n"]].to_numpy().tolist() == [["study", 12]]
    assert np.isnan(found.glance()["n_far"][0])
    assert len(found.view().plot) == 12 * 6
    assert "fit_meta_multilevel" in str(found.view().refit)


def test_two_studies_are_too_few_to_leave_one_out() -> None:
    frame = pd.DataFrame({"study": ["a", "a", "b"], "yi": [0.1, 0.3, 0.2], "vi": 0.02})
    found = al.meta.leave_one_out(al.fit_meta_multilevel(frame, rho=0.5))
    assert found.tidy()["estimate"].isna().all() and "–" in repr(found)


def test_baujat_takes_independent_effects_only(frame: pd.DataFrame) -> None:
    with pytest.raises(UnsupportedError, match="baujat takes a result of fit_meta"):
        al.meta.baujat(al.fit_meta_multilevel(frame, rho=0.6))
