"""Sentences about influence in meta-analyses: who is named, what is concluded, no blame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al


def frame_of(values: list[float], **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"yi": values, "vi": 0.012, "study": list("abcdefgh")[: len(values)]})
    return frame.assign(**columns)


@pytest.fixture(scope="module")
def far() -> Any:
    return al.fit_meta(frame_of([0.2, 0.31, 0.18, 0.92, 0.25]), measure="ZCOR")


@pytest.fixture(scope="module")
def calm() -> Any:
    return al.fit_meta(frame_of([0.3, 0.31, 0.28, 0.35, 0.25, 0.27]), measure="ZCOR", test="z")


def test_a_study_far_from_the_others_is_named(far: Any) -> None:
    text = al.report_text(al.meta.influence(far))
    assert "Each effect size was left out in turn (5 studies)" in text
    assert "d changed the result more than others" in text
    assert "d lay far from the others (externally standardised residual beyond ±1.96" in text
    assert text.endswith("That alone is no reason to leave a study out.")
    assert "wrong" not in text and "error" not in text


def test_nothing_to_name_is_said(calm: Any) -> None:
    text = al.report_text(al.meta.influence(calm))
    assert "none changed the result more than others. No effect lay far from the others" in text
    assert "no reason" not in text


def test_conclusions_that_rest_on_one_study(far: Any, calm: Any) -> None:
    text = al.report_text(al.meta.leave_one_out(far))
    assert "with one study left out at a time it lay between .23 (without d)" in text
    assert "includes no effect with all of them, but not without d" in text
    steady = al.report_text(al.meta.leave_one_out(calm))
    assert "The 95% interval leaves out no effect each time, as it does with all." in steady


def test_the_way_of_the_mean(calm: Any) -> None:
    text = al.report_text(al.meta.cumulative(calm, order="study"))
    assert "the mean went from a, r = .29" in text and "to f, r = .29" in text
    assert "they are no independent tests" in text


def test_baujat(far: Any, calm: Any) -> None:
    text = al.report_text(al.meta.baujat(far))
    assert "d contributed most to heterogeneity, and changed the result most" in text
    assert "Beyond the usual range were d." in text
    assert "Beyond" not in al.report_text(al.meta.baujat(calm))


def test_what_cannot_be_fitted() -> None:
    frame = frame_of([0.2, 0.3, 0.1, 0.4, 0.2, 0.3], group=list("aabbbc"))
    text = al.report_text(al.meta.influence(al.fit_meta(frame, mods="group")))
    assert "Without one of them the model could not be estimated." in text
    two = al.fit_meta(frame_of([0.2, 0.3]))
    assert "Without each of 2 of them" in al.report_text(al.meta.leave_one_out(two))
    assert len(al.report_text(al.meta.influence(two))) > 0


def test_many_names_are_cut() -> None:
    rng = np.random.default_rng(2)
    k = 120
    values = rng.normal(0.2, 0.02, k)
    values[:9] += 3.0
    frame = pd.DataFrame({"study": [f"s{i}" for i in range(k)], "yi": values, "vi": 0.01})
    text = al.report_text(al.meta.influence(al.fit_meta(frame)))
    assert "and 4 more lay far from the others" in text


def test_studies_with_several_effects() -> None:
    study = np.repeat(list("abcdef"), 2)
    yi = 0.3 + np.random.default_rng(1).normal(0, 0.1, 12)
    frame = pd.DataFrame({"study": study, "yi": yi, "vi": 0.01})
    text = al.report_text(al.meta.influence(al.fit_meta_multilevel(frame, rho=0.6)))
    assert "Each study was left out in turn (12 effect sizes, 6 studies)" in text
    assert "standardised residual" not in text
