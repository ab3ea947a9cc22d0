"""Refits through cross-products against fresh lme4 fits of the same responses, REML and ML."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.resampling.refits import Refit, refit_each
from alliance_stats.lmm.resampling.replicate import with_response

FOLDER = Path(__file__).resolve().parents[2] / "reference"
VALUES: dict[str, Any] = json.loads((FOLDER / "comparison" / "refits.json").read_text("utf-8"))


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_refits_are_fresh_fits_of_lme4(method: str, tol: SimpleNamespace) -> None:
    sessions = pd.read_csv(FOLDER / VALUES["data"])
    responses = pd.read_csv(FOLDER / "comparison" / "responses.csv")
    fit = fit_quietly(VALUES["formula"], sessions, reml=method == "reml")
    design = fit.criterion.design
    columns = {"(Intercept)": np.ones(len(sessions)), **sessions}
    x = np.array([columns[name] for name in design.names])
    standardised = design.transform.T @ x  # random effects use columns of the fixed part only
    assert design.y == len(design.names)
    patient = sessions["patient"].to_numpy()
    inside = [patient == label for label in design.levels[0].labels]

    def draw(number: int) -> Any:
        y = (responses.iloc[:, number].to_numpy() - design.least_squares @ x) / design.scale
        along = np.array([standardised[:, rows] @ y[rows] for rows in inside]).T
        return with_response(fit.criterion, along, float(y @ y))

    kept: dict[int, Refit | None] = {}
    theta = fit.minimum.theta
    refit_each(fit.criterion, theta, draw, kept.__setitem__, n=responses.shape[1])
    for number, expected in enumerate(VALUES[method].values()):
        found = kept[number]
        assert found is not None
        refit = type(fit)(fit.formula, found.criterion, found.minimum)
        se = np.array(expected["se"])
        assert (abs(refit.beta - expected["beta"]) / se).max() < tol.beta_in_se
        np.testing.assert_allclose(np.sqrt(np.diag(refit.vcov)), se, rtol=tol.se)
        assert refit.loglik == pytest.approx(
            expected["loglik"], rel=tol.loglik_relative, abs=tol.loglik_absolute
        )
        assert refit.sigma**2 == pytest.approx(expected["sigma"] ** 2, rel=tol.variance)
        table = refit.var_corr()
        values = table["sd"].fillna(table["correlation"])
        by_group = zip(table["group"], values, table["sd"].isna(), strict=True)
        ours = sorted((group, bool(r), value) for group, value, r in by_group)
        theirs = sorted(
            (group, place == 2 and group == "patient", value)
            for group, value, place in zip(
                expected["group"], expected["sdcor"], range(len(expected["group"])), strict=True
            )
        )
        for (group, is_r, value), (other, other_r, target) in zip(ours, theirs, strict=True):
            assert (group, is_r) == (other, other_r)
            if is_r:
                assert value == pytest.approx(target, abs=tol.correlation)
            else:
                floor = 1e-2 * refit.sigma2
                assert abs(value**2 - target**2) < tol.variance * max(target**2, floor)
