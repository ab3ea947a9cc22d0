"""The draws of the joint test: each refit equals a fit of the flipped outcome from the rows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.models.multiverses.flips import flipped
from alliance_stats.models.multiverses.questions import MODELS
from alliance_stats.models.multiverses.sources import sessions_of
from tests.models.multiverses.conftest import ROLES, TWO, ask, made_sessions

CHOICES: dict[str, dict[str, list[Any]]] = {
    "within": {"time": ["linear", "patient"], "therapist": ["random", "ignored"],
               "outliers": ["keep", "drop_2sd"]},
    "between": {"time": ["linear", "factor"], "reml": [True, False]},
    "lagged": {"gap": ["strict", "previous"]},
    "outcome": {"therapist": ["random", "ignored"], "alliance_window": [(3, 5), (2, 4)]},
}  # fmt: skip


def fixed_part(formula: str, beta: pd.Series, frame: pd.DataFrame) -> np.ndarray:
    """Xβ from the rows, term by term."""
    total = np.zeros(len(frame))
    for name, value in beta.items():
        if name == "(Intercept)":
            total += value
        elif str(name).endswith("]"):
            column, level = str(name).split("[")
            total += value * (frame[column] == float(level.rstrip("]"))).to_numpy()
        else:
            total += value * frame[str(name)].to_numpy()
    return total


@pytest.mark.parametrize("question", list(CHOICES))
def test_draws_equal_fits_of_flipped_outcomes(
    question: str, frame: pd.DataFrame, tol: SimpleNamespace
) -> None:
    result = ask(question, frame, CHOICES[question], permutations=39, rng=4)
    flips = result.flips
    assert flips is not None and flips.unit == "therapist" and flips.signs.shape == (39, 12)
    home = frame.drop_duplicates("patient").set_index("patient")["therapist"]
    for number in range(0, len(result.rows), 3):
        one, rows = result.specification(number), result.data(number)
        fit = one.fits["outcome"] if question == "lagged" else one.fit
        response = fit.formula.split(" ~ ")[0]
        term = result.tidy()["term"][number]
        column = fit.vcov[term]  # generalised least squares with one coefficient at zero
        null = fit.beta - column * fit.beta[term] / column[term]
        fitted = fixed_part(fit.formula, null, rows)
        unit = [flips.of_therapist[home[p]] for p in rows["patient"]]
        for draw in (0, 7):
            new = rows.assign(**{response: flips.signs[draw, unit] * (rows[response] - fitted)})
            if question == "outcome" and "|" not in fit.formula:
                x = np.column_stack([np.ones(len(new)), new[list(fit.names[1:])]])
                beta, rss = np.linalg.lstsq(x, new[response].to_numpy(), rcond=None)[:2]
                place = fit.names.index(term)
                se = np.sqrt(rss[0] / (len(x) - x.shape[1]) * np.linalg.inv(x.T @ x)[place, place])
                expected = beta[place], beta[place] / se
            else:
                again = fit_quietly(fit.formula, new, reml=fit.reml)
                row = again.tidy().set_index("term").loc[term]
                expected = row["estimate"], row["statistic"]
            se = abs(expected[0] / expected[1])
            found = result.draws[number, draw]
            assert abs(found[0] - expected[0]) <= tol.beta_in_se * se
            assert found[1] == pytest.approx(expected[1], abs=5 * tol.beta_in_se)


def test_residual_structure_is_held(frame: pd.DataFrame) -> None:
    result = ask("within", frame, {"residual": [None, "ar1"]}, permutations=39, rng=4)
    assert np.isfinite(result.draws).all()
    assert "The residuals' correlation is held as fitted in the draws." in result.notes


def test_patients_flip_without_or_with_few_therapists(frame: pd.DataFrame) -> None:
    time = {"time": ["linear", "log"]}
    result = ask("within", frame, time, TWO, permutations=39, rng=1)
    assert result.flips is not None
    assert (result.flips.unit, result.flips.n_units) == ("patient", 72)
    few = made_sessions(np.random.default_rng(2), patients=30, per_therapist=10)
    result = ask("within", few, time, permutations=39, rng=1)
    assert result.flips is not None and result.flips.unit == "patient"
    with pytest.raises(ArgumentError, match="need 10 therapists or more, and there are 3"):
        ask("outcome", few, {"min_ratings": [1, 2]}, permutations=39, rng=1)


def test_labels_of_patients_and_therapists_may_coincide(
    frame: pd.DataFrame, tol: SimpleNamespace
) -> None:
    choices = {"time": ["linear", "log"], "therapist": ["random", "ignored"]}
    numbers = frame.assign(
        patient=pd.factorize(frame["patient"])[0], therapist=pd.factorize(frame["therapist"])[0]
    )
    one = ask("within", frame, choices, permutations=39, rng=1)
    other = ask("within", numbers, choices, permutations=39, rng=1)
    assert other.draws == pytest.approx(one.draws, abs=5 * tol.beta_in_se)


def test_finds_an_effect_and_seldom_none() -> None:
    """A slice of benchmarks/calibrate_multiverse.py.

    Of 20 studies without effect 5 or more with p <= .05 have a chance below 1 in 300.
    """
    choices = {"time": ["linear", "log"], "outliers": ["keep", "drop_2sd"]}
    rejected = np.zeros(3)
    for seed in range(20):
        frame = made_sessions(np.random.default_rng(seed), patients=40, per_therapist=4, within=0.0)
        result = ask("within", frame, choices, TWO, permutations=39, rng=seed)
        rejected += (result.joint_test["p_value"] <= 0.05).to_numpy()
    assert (rejected < 5).all()
    frame = made_sessions(np.random.default_rng(1), patients=40, per_therapist=4)
    result = ask("within", frame, choices, TWO, permutations=39, rng=1)
    assert result.joint_test["p_value"].iloc[[0, 2]].tolist() == [0.025, 0.025]


def test_two_therapists_ids_missing_do_not_stop_the_draws(frame: pd.DataFrame) -> None:
    some = frame.assign(therapist=frame["therapist"].where(frame["patient"] > "P005"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.multiverse(
            "within", some, {"therapist": ["random", "ignored"]},
            roles=replace(ROLES, baseline=None), permutations=39, rng=1, progress=False,
        )  # fmt: skip
    assert np.isfinite(result.draws).all()


@pytest.mark.parametrize("question", ["within", "outcome"])
def test_signs_all_alike_give_back_the_estimates(
    question: str, frame: pd.DataFrame, tol: SimpleNamespace
) -> None:
    result = ask(question, frame, CHOICES[question], permutations=39, rng=4)
    drawn, model = result.flips, MODELS[question]
    assert drawn is not None
    flips = replace(drawn, signs=np.ones((1, drawn.n_units)))
    for number in (0, len(result.rows) - 1):
        options, row = result.options(number), result.tidy().loc[number]
        prepared = model.prepare(sessions_of(result.sessions, result.roles, options), options)
        estimate, t = flipped(model.estimate(prepared, options, None), flips)[0]
        assert abs(estimate - row["estimate"]) <= tol.beta_in_se * row["se"]
        assert t == pytest.approx(row["statistic"], rel=tol.statistic)
