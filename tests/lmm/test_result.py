"""A fit as a value in two halves: frozen, pickled whole, given whole to callbacks."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import DataWarning
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.glmm.fit import fit_glmm_quietly
from alliance_stats.lmm.glmm.result import GlmmResult
from alliance_stats.lmm.pooling.pool import pool
from alliance_stats.lmm.pooling.result import PooledResult
from alliance_stats.lmm.result import MixedModelResult

Fit = MixedModelResult | GlmmResult


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(30), 5)
    x = rng.normal(size=150)
    y = x + rng.normal(size=30)[patient] + rng.normal(size=150)
    return pd.DataFrame({"patient": patient, "x": x, "y": y, "high": y > 0})


@pytest.fixture(scope="module")
def linear(frame: pd.DataFrame) -> MixedModelResult:
    return fit_quietly("y ~ x + (1 | patient)", frame)


@pytest.fixture(scope="module")
def generalised(frame: pd.DataFrame) -> GlmmResult:
    return fit_glmm_quietly("high ~ x + (1 | patient)", frame)


@pytest.fixture(scope="module")
def pooled(frame: pd.DataFrame) -> PooledResult:
    other = frame.assign(y=frame["y"] + np.random.default_rng(1).normal(0, 0.1, len(frame)))
    fits = [fit_quietly("y ~ x + (1 | patient)", each) for each in (frame, other)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pool(fits)


@pytest.mark.parametrize("name", ["linear", "generalised", "pooled"])
def test_a_result_is_frozen_and_pickled_whole(name: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(name)
    with pytest.raises(FrozenInstanceError):
        result.anything = 1
    again = pickle.loads(pickle.dumps(result))  # noqa: S301
    assert type(again) is type(result)
    assert repr(again) == repr(result)


def test_fields_are_positional(linear: MixedModelResult) -> None:
    again = MixedModelResult("y ~ 1", linear.criterion, linear.minimum, ("rows",), ("fit",))
    assert again.messages == ("rows", "fit")
    assert again.tidy().equals(linear.tidy())


def test_a_statistic_is_given_a_whole_result(linear: MixedModelResult) -> None:
    seen: list[type] = []

    def marginal(fit: MixedModelResult) -> float:
        seen.append(type(fit))
        return fit.r2().marginal

    draws = linear.bootstrap(3, rng=1, statistic=marginal).draws
    assert draws["statistic"].between(0, 1).all()
    assert set(seen) == {MixedModelResult}


def test_one_half_answers_as_the_whole(linear: MixedModelResult) -> None:
    """Questions are functions of the fitted half."""
    half = FittedModel(linear.formula, linear.criterion, linear.minimum)
    ask: list[Callable[[FittedModel], pd.DataFrame]] = [
        MixedModelResult.tidy,
        MixedModelResult.anova,
        MixedModelResult.var_corr,
        MixedModelResult.glance,
        MixedModelResult.confint,
    ]
    for question in ask:
        pd.testing.assert_frame_equal(question(half), question(linear))


@pytest.mark.parametrize("name", ["linear", "generalised"])
def test_a_warning_names_the_line_that_asked(
    name: str, frame: pd.DataFrame, request: pytest.FixtureRequest
) -> None:
    fit: Fit = request.getfixturevalue(name)
    with pytest.warns(DataWarning, match="No prediction for 1 of 3 rows") as seen:
        fit.predict(frame.head(3).assign(x=[1.0, np.nan, 2.0]))
    assert seen[0].filename == __file__
