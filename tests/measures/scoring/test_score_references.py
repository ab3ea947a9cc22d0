"""Scores equal those of R's psych."""

from __future__ import annotations

import json
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import DataWarning
from alliance_stats.measures import score_report

SCORES = ("total", "task", "bond", "goal")


@pytest.fixture(scope="module")
def reference(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, dict[str, Any]]:
    folder = request.config.rootpath / "tests" / "reference" / "scoring"
    values = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    return pd.read_csv(folder / "items.csv"), values


def scored(frame: pd.DataFrame, **given: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return al.score(frame, "wai_s", **given)


def test_sums_of_complete_rows(
    reference: tuple[pd.DataFrame, dict[str, Any]], tol: SimpleNamespace
) -> None:
    frame, values = reference
    found = scored(frame)
    assert found["wai_s_total"].notna().to_numpy().nonzero()[0].tolist() == values["complete"]
    for score in SCORES:
        np.testing.assert_allclose(
            found[f"wai_s_{score}"].iloc[values["complete"]], values["sums"][score],
            rtol=tol.closed_form,
        )  # fmt: skip


def test_means_of_the_answered_items(
    reference: tuple[pd.DataFrame, dict[str, Any]], tol: SimpleNamespace
) -> None:
    frame, values = reference
    found = scored(frame, method="mean", max_missing=3)
    for score in SCORES:
        np.testing.assert_allclose(
            found[f"wai_s_{score}"], values["means_of_answered"][score], rtol=tol.closed_form
        )


def test_correlations_with_the_rest(
    reference: tuple[pd.DataFrame, dict[str, Any]], tol: SimpleNamespace
) -> None:
    frame, values = reference
    found = score_report(frame, "wai_s").items["rest_correlation"]
    np.testing.assert_allclose(found, values["rest_correlations"], rtol=tol.closed_form)
