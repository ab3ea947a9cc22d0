"""Two-level models with values missing, and MLR, equal lavaan's estimates and dense scores in R."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.sem import ModelSpec, factor_model, in_levels
from alliance_stats.sem.fit import fit_quietly
from alliance_stats.sem.result import SemResult

FOLDER = Path(__file__).resolve().parents[1] / "reference" / "sem"
Y, Z = [f"y{n}" for n in range(1, 7)], [f"z{n}" for n in range(1, 5)]


def two_factors() -> ModelSpec:
    within = factor_model({"aw": Y[:3], "bw": Y[3:]})
    return in_levels(within, factor_model({"ab": Y[:3], "bb": Y[3:]}))


def one_factor() -> ModelSpec:
    return in_levels(factor_model({"fw": Z}), factor_model({"fb": Z}))


CASES = {
    "two_level_mlr": (two_factors, "complete"),
    "two_level_missing": (two_factors, "fiml"),
    "two_level_small": (one_factor, "fiml"),
}


@cache
def reference(case: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))


@cache
def fitted(case: str, estimator: str) -> SemResult:
    spec, missing = CASES[case]
    frame = pd.read_csv(FOLDER / reference(case)["data"])
    return fit_quietly(spec(), frame, cluster="patient", missing=missing, estimator=estimator)


def rows(case: str, estimator: str) -> pd.DataFrame:
    """Our parameters beside lavaan's."""
    known = {}
    for row in reference(case)["parameters"]:
        ends = frozenset([row["lhs"], row["rhs"]])
        known[ends, row["op"], row["level"]] = row
    fit, found = fitted(case, estimator), []
    std = fit.tidy(standardised=True)["estimate"]
    for one, standard in zip(fit.tidy().itertuples(), std, strict=True):
        left, op, *right = one.term.split(" ")
        row = known[frozenset([left, *(right or [""])]), op, 1 + (one.unit == "between")]
        found.append({**row, "ours": one.estimate, "ours_se": one.se, "ours_std": standard})
    return pd.DataFrame(found).astype({"se": float, "robust_se": float})


@pytest.mark.parametrize("case", CASES)
def test_estimates_are_lavaans(case: str, tol: SimpleNamespace) -> None:
    table = rows(case, "ml")
    size = np.maximum(1.0, table["est"].abs())
    # lavaan's optimiser stops a little early: see tests/reference/README.md
    assert ((table["ours"] - table["est"]).abs() / size).max() < 3 * tol.sem_estimate
    proper = table["std"].notna() & table["ours_std"].notna()
    assert (table["ours_std"] - table["std"])[proper].abs().max() < 10 * tol.sem_estimate
    assert fitted(case, "ml").loglik == pytest.approx(
        reference(case)["loglik"], rel=tol.loglik_relative, abs=tol.loglik_absolute
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("estimator", "column"), [("ml", "se"), ("mlr", "robust_se")])
def test_standard_errors(case: str, estimator: str, column: str, tol: SimpleNamespace) -> None:
    table = rows(case, estimator)
    free = table[table["se"] > 0]
    assert len(free) == fitted(case, estimator).layout.n_free
    assert (free["ours_se"] / free[column] - 1).abs().max() < tol.sem_se


@pytest.mark.parametrize("case", CASES)
def test_statistics_and_scaling_factors(case: str, tol: SimpleNamespace) -> None:
    """Against the saturated and the baseline model as lavaan fits them, each at its own scores."""
    model, best, baseline = (reference(case + suffix) for suffix in ("", "_saturated", "_baseline"))
    row = fitted(case, "mlr").glance().iloc[0]
    for ours, name, other in (("", "", model), ("baseline_", "baseline_", baseline)):
        chi2 = 2 * (best["loglik"] - other["loglik"])
        assert row[f"{ours}chi2"] == pytest.approx(chi2, abs=tol.sem_chi2), name
    scaling = (best["trace"] - model["trace"]) / row["df"]
    assert row["scaling"] == pytest.approx(scaling, rel=tol.sem_index)
    assert row["chi2_scaled"] == pytest.approx(row["chi2"] / scaling, abs=tol.sem_chi2)
    measures = fitted(case, "mlr").measures
    scaling = (best["trace"] - baseline["trace"]) / row["baseline_df"]
    assert measures.baseline.scaling == pytest.approx(scaling, rel=tol.sem_index)


def test_complete_rows_have_lavaans_robust_errors_and_indices(tol: SimpleNamespace) -> None:
    """lavaan's saturated model stops early, so its scaled values are only near."""
    known = reference("two_level_mlr_lavaan")
    theirs = [row["se"] for row in known["parameters"] if row["se"] > 0]
    ours = fitted("two_level_mlr", "mlr").tidy()["se"].dropna()
    assert np.allclose(np.sort(theirs), np.sort(ours), rtol=10 * tol.sem_se)
    row = fitted("two_level_mlr", "mlr").glance().iloc[0]
    for name, column in {
        "cfi": "cfi", "cfi.scaled": "cfi_scaled", "cfi.robust": "cfi_robust",
        "tli.scaled": "tli_scaled", "tli.robust": "tli_robust",
        "rmsea.scaled": "rmsea_scaled", "rmsea.robust": "rmsea_robust",
        "rmsea.ci.upper.scaled": "rmsea_high_scaled",
        "rmsea.ci.upper.robust": "rmsea_high_robust",
    }.items():  # fmt: skip
        assert row[column] == pytest.approx(known["measures"][name], abs=3 * tol.sem_index), name
