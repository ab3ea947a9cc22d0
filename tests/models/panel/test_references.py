"""Panel models equal lavaan's: estimates, errors, standardised values, tests, long-run effects."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import CrossLaggedResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "panel"
ROLES = {
    "therapist": "therapist", "alliance": "wai", "outcome": "phq", "treatment": "arm",
    "outcome_better": "lower", "alliance_at": "after", "outcome_at": "before",
}  # fmt: skip
TOGETHER = {**ROLES, "outcome_at": "after"}
ALLIANCE_FIRST = {**ROLES, "alliance_at": "before", "outcome_at": "after"}
MLR: dict[str, Any] = {"estimator": "mlr"}
COMPLETE: dict[str, Any] = {"missing": "complete"}
FREE: dict[str, Any] = {"constrain": []}
INNOVATIONS = ["autoregression", "cross_lagged", "innovations", "means"]
CASES: dict[str, dict[str, Any]] = {
    "clpm_complete": {"model": "clpm", **COMPLETE},
    "clpm_fiml": {"model": "clpm"},
    "clpm_together": {"model": "clpm", "waves": 4, "roles": TOGETHER},
    "riclpm_complete": COMPLETE,
    "riclpm_complete_free": COMPLETE | FREE,
    "riclpm_complete_mlr": COMPLETE | MLR,
    "riclpm_fiml": {},
    "riclpm_free": FREE,
    "riclpm_together": {"roles": TOGETHER},
    "riclpm_alliance_first": {"roles": ALLIANCE_FIRST},
    "riclpm_innovations": {"roles": TOGETHER, "constrain": INNOVATIONS},
    "riclpm_mlr": MLR,
    "riclpm_mlr_free": MLR | FREE,
    "riclpm_cluster": {**MLR, "cluster": "therapist"},
    "riclpm_end": {"waves": 4, "align": "end"},
    "dpm_complete": {"model": "dpm", **COMPLETE},
    "dpm_fiml": {"model": "dpm"},
    "dpm_free": {"model": "dpm", **FREE},
    "dpm_alliance": {"model": "dpm", "response": "alliance"},
    "dpm_mlr": {"model": "dpm", **MLR},
    "lcmsr_complete": {"model": "lcm-sr", "waves": 6, **COMPLETE},
    "lcmsr_fiml": {"model": "lcm-sr", "waves": 6},
    "groups_free": {"waves": 4, "groups": "treatment"},
}
INDICES = {
    "p_value": "pvalue", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea",
    "rmsea_low": "rmsea.ci.lower", "rmsea_high": "rmsea.ci.upper", "srmr": "srmr",
}  # fmt: skip
STATISTICS = {"chi2": "chisq", "baseline_chi2": "baseline.chisq", "chi2_scaled": "chisq.scaled"}
LONG_RUN = {
    "alliance_to_outcome": ("long_run_outcome", "long_run"),
    "outcome_to_alliance": ("long_run_alliance", "long_run"),
}


@cache
def sessions() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "sessions.csv")


def reference(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@cache
def fitted(name: str) -> CrossLaggedResult:
    options = {"roles": ROLES, **CASES[name]}
    roles = options.pop("roles")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_cross_lagged(sessions(), roles, **options)


def beside(name: str) -> pd.DataFrame:
    """Our parameters beside lavaan's."""
    fit = fitted(name).fit
    known = {
        (frozenset([row["lhs"], row["rhs"]]), row["op"], row["group"]): row
        for row in reference(name)["parameters"]
    }
    found = []
    both = fit.tidy().itertuples(), fit.tidy(standardised=True).itertuples()
    for one, two in zip(*both, strict=True):
        left, op, *right = one.term.split(" ")
        group = 1 + fit.spec.groups.index(getattr(one, "group", ""))
        row = known[frozenset([left, *(right or [""])]), op, group]
        found.append((one.estimate, row["est"], one.se, row["se"], two.estimate, row["std"],
                      two.se, row["std_se"]))  # fmt: skip
    names = ["ours", "theirs", "se", "their_se", "std", "their_std", "std_se", "their_std_se"]
    return pd.DataFrame(found, columns=names).astype(float)


@pytest.mark.parametrize("name", CASES)
def test_parameters_equal_those_of_lavaan(name: str, tol: SimpleNamespace) -> None:
    assert fitted(name).fit.layout.n_free == reference(name)["measures"]["npar"]
    assert fitted(name).fit.n_obs == reference(name)["n"]
    rows = beside(name)
    assert (rows["se"] > 0).sum() == sum(row["se"] > 0 for row in reference(name)["parameters"])
    scale = np.maximum(1.0, rows["theirs"].abs())
    assert ((rows["ours"] - rows["theirs"]).abs() / scale).max() < tol.sem_estimate
    free = rows["their_se"] > 0
    assert (rows["se"] / rows["their_se"] - 1)[free].abs().max() < tol.sem_se


@pytest.mark.parametrize("name", CASES)
def test_standardised_values_equal_those_of_lavaan(name: str, tol: SimpleNamespace) -> None:
    rows = beside(name).dropna()
    assert (rows["std"] - rows["their_std"]).abs().max() < tol.sem_estimate
    known = rows["their_std_se"] > 1e-8
    assert (rows["std_se"] / rows["their_std_se"] - 1)[known].abs().max() < tol.sem_se


@pytest.mark.parametrize("name", CASES)
def test_fit_equals_that_of_lavaan(name: str, tol: SimpleNamespace) -> None:
    ours, theirs = fitted(name).glance().iloc[0], reference(name)["measures"]
    assert ours["df"] == theirs["df"]
    assert ours["loglik"] == pytest.approx(
        theirs["logl"], rel=tol.loglik_relative, abs=tol.loglik_absolute
    )
    for column, known in STATISTICS.items():
        if column in ours and known in theirs:
            assert abs(ours[column] - theirs[known]) < tol.sem_chi2, column
    for column, known in INDICES.items():
        assert abs(ours[column] - theirs[known]) < tol.sem_index, column


@pytest.mark.parametrize("name", [n for n in CASES if "free" not in n])
def test_long_run_effects_equal_those_of_lavaan(name: str, tol: SimpleNamespace) -> None:
    known = reference(name)["long_run"]
    table = fitted(name).long_run()
    assert len(table) == len(known) > 0
    for row in table.itertuples():
        value = next(known[label] for label in LONG_RUN[row.effect] if label in known)
        assert abs(row.estimate - value["est"]) < tol.sem_estimate
        assert row.se == pytest.approx(value["se"], rel=tol.sem_se)


@pytest.mark.parametrize("name", ["riclpm_complete", "riclpm_fiml", "riclpm_mlr", "dpm_fiml"])
def test_equality_over_time_is_tested_as_lavaan_does(name: str, tol: SimpleNamespace) -> None:
    row = fitted(name).tests.iloc[0]
    known = reference("differences")[name]
    assert row["test"] == "lagged effects equal over time"
    assert row["df"] == known["df"]
    assert abs(row["chi2"] - known["statistic"]) < tol.sem_chi2
    assert abs(row["p_value"] - known["p_value"]) < tol.sem_index


def test_equality_between_groups_is_tested_as_lavaan_does(tol: SimpleNamespace) -> None:
    row = fitted("groups_free").tests.iloc[1]
    known = reference("differences")["groups_free"]
    assert row["df"] == known["df"] == 4
    assert abs(row["chi2"] - known["statistic"]) < tol.sem_chi2


def test_the_restricted_test_is_the_same_from_either_side(tol: SimpleNamespace) -> None:
    one, other = fitted("riclpm_fiml").tests.iloc[0], fitted("riclpm_free").tests.iloc[0]
    assert one["chi2"] == pytest.approx(other["chi2"], abs=tol.sem_chi2)
    assert one["df"] == other["df"]
