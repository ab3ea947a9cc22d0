"""R code: pinned as R ran it, with what R found; refused where metafor has no such function."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import alliance_stats as al
from alliance_stats._base.errors import UnsupportedError

FOLDER = Path(__file__).parents[2] / "reference" / "meta_influence"
COLUMNS = {
    "influence": {
        "rstudent": "rstudent", "dffits": "dffits", "cook.d": "cooks_distance",
        "cov.r": "cov_ratio",
    },
    "leave_one_out": {"estimate": "estimate", "se": "se", "tau2": "tau2"},
    "cumulative": {"estimate": "estimate", "se": "se", "tau2": "tau2"},
    "baujat": {"x": "x", "y": "y"},
}  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    frame = pd.read_csv(FOLDER / "molloy.csv")
    result = al.fit_meta(frame)
    return {
        "influence": al.meta.influence(result),
        "leave_one_out": al.meta.leave_one_out(result),
        "cumulative": al.meta.cumulative(result, order=frame["year"]),
        "baujat": al.meta.baujat(result),
    }


@pytest.mark.parametrize("name", list(COLUMNS))
def test_code_is_what_r_ran(name: str, answers: dict[str, Any], tol: Any) -> None:
    ran = (FOLDER / f"{name}.R").read_text(encoding="utf-8")
    assert answers[name].to_r() + "\n" == ran
    theirs = json.loads((FOLDER / "scripts.json").read_text())[name]
    table = answers[name].tidy()
    for their_name, our_name in COLUMNS[name].items():
        wanted = np.array(theirs[their_name], dtype=float)
        ours = table[our_name].fillna(0.0)  # the τ² of a first study alone
        assert_allclose(ours, wanted, rtol=tol.meta_tau2, atol=tol.meta_tau2 * wanted.max())


@pytest.fixture(scope="module")
def several() -> pd.DataFrame:
    study = np.repeat(list("abcdef"), 2)
    yi = 0.3 + np.random.default_rng(1).normal(0, 0.1, 12)
    return pd.DataFrame({"study": study, "yi": yi, "vi": 0.01})


def test_code_of_studies_with_several_effects(several: pd.DataFrame) -> None:
    result = al.fit_meta_multilevel(several, rho=0.0)
    code = al.meta.influence(result).to_r()
    assert 'study <- c("a", "a"' in code
    assert "cooks.distance(fit, cluster = study)" in code and "dfbetas(fit, cluster" in code
    assert "cooks.distance(fit)" in al.meta.influence(result, by="effect").to_r()
    with pytest.raises(UnsupportedError, match="leave1out takes no multilevel"):
        al.meta.leave_one_out(result).to_r()
    with pytest.raises(UnsupportedError, match="cumul takes no multilevel"):
        al.meta.cumulative(result, order="study").to_r()


def test_whole_studies_of_fit_meta_are_refused(several: pd.DataFrame) -> None:
    result = al.fit_meta(several)
    for found in (al.meta.leave_one_out(result), al.meta.influence(result, by="study")):
        with pytest.raises(UnsupportedError, match="some studies have several"):
            found.to_r()
    with pytest.raises(UnsupportedError, match="cumul leaves out or adds single effects"):
        al.meta.cumulative(result, order="study").to_r()
    assert "cumul(fit" in al.meta.cumulative(result, order="study", by="effect").to_r()
