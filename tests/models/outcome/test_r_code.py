"""`fit_outcome` against lme4 and lm, run from the code that `to_r` writes."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.models import OutcomeResult
from tests.conftest import REFERENCE

FOLDER = REFERENCE / "outcome_lines"
ALONE = al.Roles(alliance="wai_total", outcome="phq9", baseline="phq9_intake")
CASES: dict[str, Any] = {"therapists": None, "patients": ALONE}


@cache
def fitted(case: str) -> OutcomeResult:
    sessions, roles = al.load_example("sessions"), CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_outcome(sessions if roles is None else sessions.frame, roles)


@pytest.mark.parametrize("case", CASES)
def test_r_runs_the_code_that_to_r_writes(case: str, tmp_path: Path) -> None:
    result = fitted(case)
    code = result.to_r(data=f"tests/reference/outcome_lines/{case}.csv")
    assert code == (FOLDER / f"{case}.R").read_text(encoding="utf-8")
    result.prepared.frame.to_csv(tmp_path / "rows.csv", index=False)
    assert (tmp_path / "rows.csv").read_bytes() == (FOLDER / f"{case}.csv").read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_coefficients_equal_r(case: str, tol: SimpleNamespace) -> None:
    values = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
    table = fitted(case).tidy().set_index("term").loc[values["term"]]
    off = np.abs(table["estimate"].to_numpy() - values["estimate"]) / np.array(values["se"])
    assert off.max() <= tol.beta_in_se
    np.testing.assert_allclose(table["se"], values["se"], rtol=tol.se)
    loglik = fitted(case).glance()["loglik"].item()
    assert loglik == pytest.approx(values["loglik"], abs=tol.loglik_absolute)


def test_a_file_must_be_named() -> None:
    with pytest.raises(al.ArgumentError, match="is no file name"):
        fitted("patients").to_r(data="")
