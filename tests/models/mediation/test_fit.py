"""What fit_mediation refuses, keeps and counts; invariance; recovery of the truth."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.models import MediationResult

from .conftest import THREE, TWO, fit, of_one_session, over_sessions, row

COLUMNS = ["estimate", "se", "ci_low", "ci_high"]


def refused(frame: pd.DataFrame, said: str, error: type[Exception], **more: Any) -> None:
    roles = more.pop("roles", TWO)
    with pytest.raises(error, match=re.escape(said)):
        fit(frame, roles, **more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"mediator": "wai"}, "mediator='wai' is already alliance"),
        ({"mediator": "phq"}, "mediator='phq' is already outcome"),
        ({"mediator": "hope", "predictor": "hope"}, "is already the predictor"),
        ({"predictor": "phq"}, "predictor='phq' is already outcome"),
        ({"mediator": ""}, "mediator='' is no column"),
        ({"mediator_at": None}, "argument mediator_at is not given"),
        ({"mediator_at": "during"}, "mediator_at='during' is not known"),
        ({"contemporaneous": True, "mediator_at": "after"}, "would be ignored"),
        ({"contemporaneous": True, "step": 2}, "step=2 would be ignored"),
        ({"step": 0}, "step=0 is not a number of sessions"),
        ({"time": "none", "time_column": "time", "roles": THREE}, "would be ignored"),
        ({"n_boot": 500}, "n_boot=500 would be ignored"),
        ({"interval": "bootstrap", "n_draws": 5000}, "n_draws=5000 would be ignored"),
        ({"n_draws": 10}, "n_draws=10 is no usable number"),
        ({"interval": "bootstrap", "n_boot": 5}, "n_boot=5 is no usable number"),
        ({"interval": "sobel"}, "interval='sobel' is not known"),
        ({"random_slopes": {"patient": ["c"]}}, "random_slopes['patient']=['c']"),
        ({"predictor": "hope", "random_slopes": {"patient": ["a"]}}, "random_slopes['patient']"),
        ({"therapist_change": "dyad", "roles": THREE}, "is not possible in fit_mediation"),
    ],
)
def test_arguments(frame: pd.DataFrame, more: dict[str, Any], said: str) -> None:
    refused(frame, said, ArgumentError, **more)


def test_unknown_order_names_the_roles(frame: pd.DataFrame) -> None:
    roles = replace(TWO, alliance_at=None)
    refused(frame, "role 'alliance_at' is not given", ArgumentError, roles=roles)


def test_columns_that_cannot_be(frame: pd.DataFrame) -> None:
    refused(frame, "column 'motivatoin' not found. Did you mean 'motivation'?", DataError,
            mediator="motivatoin")  # fmt: skip
    refused(frame, "column 'hope' is constant within each of 120 patients", DataError,
            mediator="hope")  # fmt: skip
    flat = frame.assign(wai=frame["hope"])
    refused(flat, "alliance 'wai' is constant within each of 120 patients", DataError)
    other = frame.assign(other=frame["wai"] + 1.0)
    refused(other, "predictor 'other' varies within patients", DataError, predictor="other")
    three = frame.assign(arm=(frame["visit"] * 0).astype(str) + frame["id"].str[-1])
    refused(three, "predictor 'arm' has 10 categories", DataError, predictor="arm")


def test_a_constant_predictor(frame: pd.DataFrame) -> None:
    refused(frame.assign(hope=3.0), "predictor 'hope' is the same in all sessions", DataError,
            predictor="hope")  # fmt: skip


def test_levels_that_are_not_identified_are_missing(frame: pd.DataFrame) -> None:
    """Two therapists: the means of alliance and mediator lie on one line."""
    two = frame.assign(who=np.where(frame["who"].str[1:].astype(int) % 2, "A", "B"))
    result = fit(two, THREE, random_slopes={})
    assert np.isnan(row(result, "therapist_between_indirect")["estimate"])
    assert np.isfinite(row(result, "patient_between_indirect")["estimate"])
    assert np.isnan(row(result, "therapist_between_indirect")["p_value"])
    assert "could not be estimated" in str(al.report_text(result))
    reasons = result.proportion_mediated()["reason"].tolist()
    assert reasons[-1] == "an effect could not be estimated"
    boot = fit(two, THREE, random_slopes={}, interval="bootstrap", n_boot=100)
    assert np.isnan(row(boot, "therapist_between_indirect")["ci_low"])


def test_centred_and_lagged_columns(frame: pd.DataFrame) -> None:
    within = al.center(frame, "motivation", by="id")
    refused(within, "column 'motivation_within' is centred already", DataError,
            mediator="motivation_within")  # fmt: skip
    lagged = frame.assign(motivation_lag1=frame["motivation"])
    refused(lagged, "column 'motivation_lag1' is lagged already", DataError,
            mediator="motivation_lag1")  # fmt: skip


def test_too_few_sessions_for_two_steps(frame: pd.DataFrame) -> None:
    refused(frame[frame["visit"] <= 2], "at most once a patient", DataError)
    refused(frame[frame["visit"] <= 2], "Some patients need 4 sessions or more in a row", DataError)
    refused(frame[frame["visit"] <= 4], "Use random_slopes={} for fewer", DataError)
    assert fit(frame[frame["visit"] <= 4], random_slopes={}).fits.joint is None


def test_every_second_session_names_the_step(frame: pd.DataFrame) -> None:
    some = frame.assign(motivation=frame["motivation"].where(frame["visit"] % 2 == 1))
    refused(some, "Give step=2", DataError)
    assert fit(some, step=2, random_slopes={}).prepared.chain.step == 2


def test_counts_and_warnings(frame: pd.DataFrame) -> None:
    gaps = frame.drop(frame.index[[30, 31, 200]]).copy()
    gaps.loc[gaps.index[50], "motivation"] = np.nan
    with pytest.warns(DataWarning, match="no session t − 1, after a gap: 2"):
        result = al.models.fit_mediation(
            gaps, TWO, mediator="motivation", mediator_at="before", random_slopes={}
        )
    for side in ("mediator", "outcome"):
        kept = int(result.prepared.keep[side].sum())  # type: ignore[index]
        lost = sum(result.prepared.dropped[side].values())  # type: ignore[index]
        assert kept + lost == len(gaps)
        assert result.fits.of(side).n_obs == kept  # type: ignore[arg-type]
    assert result.messages


def test_the_frame_is_left_alone(frame: pd.DataFrame) -> None:
    before = frame.copy()
    fit(frame, random_slopes={})
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("slopes", [{}, {"patient": ["a", "b"]}])
def test_order_and_labels_do_not_matter(same: pd.DataFrame, slopes: dict[str, list[str]]) -> None:
    first = fit(same, contemporaneous=True, random_slopes=slopes)
    other = same.sample(frac=1.0, random_state=3)
    other = other.assign(id=other["id"].map(lambda name: f"x{hash(name) % 997}{name}"))
    other = other.assign(id=other["id"].astype("category"))
    again = fit(other, contemporaneous=True, random_slopes=slopes)
    found, wanted = again.tidy()[COLUMNS].to_numpy(), first.tidy()[COLUMNS].to_numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("slopes", [{}, {"patient": ["a", "b"]}])
def test_rescaling(same: pd.DataFrame, slopes: dict[str, list[str]]) -> None:
    """Effects scale with outcome and predictor; the mediator's unit drops out."""
    first = fit(same, contemporaneous=True, random_slopes=slopes)
    other = same.assign(
        wai=10 * same["wai"], motivation=100 * same["motivation"], phq=same["phq"] / 4
    )
    again = fit(other, contemporaneous=True, random_slopes=slopes)
    for effect in ("within_indirect", "within_total", "between_indirect"):
        wanted = row(first, effect)[COLUMNS].to_numpy(dtype=float) / 40
        found = row(again, effect)[COLUMNS].to_numpy(dtype=float)
        np.testing.assert_allclose(found, wanted, atol=2e-4 * (wanted[3] - wanted[2]))


@pytest.fixture(scope="module")
def alike() -> pd.DataFrame:
    """Paths that are the same for all patients: the fit with slopes is singular."""
    return of_one_session(np.random.default_rng(2), 60, 8, sds=(0.0, 0.0))


def test_covariance_of_the_paths_is_part_of_the_effect(joint: MediationResult) -> None:
    values = joint.estimates[0].values
    assert row(joint, "within_indirect")["estimate"] == values[0] * values[1] + values[3]
    assert row(joint, "within_total")["estimate"] == pytest.approx(
        values[0] * values[1] + values[3] + values[2], rel=1e-12
    )
    assert row(joint, "within_covariance")["estimate"] == values[3]


def test_without_slopes_the_product_is_that_of_two_models(apart: MediationResult) -> None:
    fits, (a, b, direct) = apart.fits, apart.prepared.path_columns("patient_between")
    found = row(apart, "patient_between_indirect")
    assert found["estimate"] == fits.mediator.beta[a] * fits.outcome.beta[b]
    assert row(apart, "patient_between_direct")["estimate"] == pytest.approx(
        fits.outcome.beta[direct]
    )
    assert "within_covariance" not in set(apart.tidy()["effect"])


def test_two_one_one_has_no_effect_within(frame: pd.DataFrame) -> None:
    result = fit(frame, THREE, predictor="hope", random_slopes={})
    levels = ("patient_between", "therapist_between")
    assert result.prepared.levels == levels
    assert not any(effect.startswith("within") for effect in result.tidy()["effect"])
    assert fit(frame, predictor="hope").specification.slopes == {"patient": ("b",)}


def test_a_predictor_of_therapists_has_effects_between_therapists_only(frame: pd.DataFrame) -> None:
    with_arms = frame.assign(arm=np.where(frame["who"].str[1:].astype(int) % 2, "pdt", "cbt"))
    result = fit(with_arms, THREE, predictor="arm")
    assert result.prepared.levels == ("therapist_between",)
    assert result.prepared.categories == ("cbt", "pdt")
    assert result.prepared.chain.predictor == "arm_pdt"


def test_a_predictor_missing_at_sessions_is_known_from_others(frame: pd.DataFrame) -> None:
    whole = fit(frame, predictor="hope").tidy()
    some = fit(frame.assign(hope=frame["hope"].where(frame["visit"] == 1)), predictor="hope")
    np.testing.assert_allclose(some.tidy()["estimate"], whole["estimate"], rtol=1e-6)


def test_auto_drops_slopes_only_where_a_fit_is_singular(
    same: pd.DataFrame, alike: pd.DataFrame
) -> None:
    kept = fit(same, contemporaneous=True, random_slopes="auto")
    assert kept.fits.joint is not None
    assert kept.path == ()
    dropped = fit(alike, contemporaneous=True, random_slopes="auto")
    assert dropped.fits.joint is None
    assert "the slopes were dropped" in dropped.path[0]


def test_slopes_of_therapists(same: pd.DataFrame) -> None:
    slopes = {"patient": ["a", "b"], "therapist": ["a", "b"]}
    result = fit(same, THREE, contemporaneous=True, random_slopes=slopes)
    assert result.fits.joint is not None
    parts = [
        table.loc["motivation.wai_within", "phq.motivation_within"]
        for table in result.fits.joint.covariances.values()
    ]
    assert result.estimates[0].values[3] == pytest.approx(sum(parts))


@pytest.mark.parametrize("time", ["log", "factor", "patient", "none"])
def test_other_times(same: pd.DataFrame, time: str) -> None:
    result = fit(same, contemporaneous=True, time=time)
    assert result.fits.joint is not None
    assert np.isfinite(row(result, "within_indirect")["estimate"])


def test_a_singular_fit_is_said(alike: pd.DataFrame) -> None:
    result = fit(alike, contemporaneous=True)
    assert result.fits.joint is not None
    assert result.fits.joint.singular
    assert any("both equations: Singular fit" in text for text in result.messages)
    assert any("too narrow: a bootstrap, and" in note for note in result.notes)


def test_draws_are_those_of_the_seed(frame: pd.DataFrame) -> None:
    one, two = (fit(frame, random_slopes={}, rng=4).tidy() for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    other = fit(frame, random_slopes={}, rng=np.random.default_rng(4)).tidy()
    assert not one["ci_low"].equals(other["ci_low"])
    np.testing.assert_allclose(one["ci_low"], other["ci_low"], atol=0.02)


def test_recovery_with_covariance() -> None:
    """ab + cov of 400 patients, where ab alone is far off."""
    frame = of_one_session(np.random.default_rng(6), 400, 12, a=0.4, b=0.4, covariance=0.08)
    found = row(fit(frame, contemporaneous=True), "within_indirect")
    truth = 0.4 * 0.4 + 0.08
    assert abs(found["estimate"] - truth) < 3 * found["se"]
    assert abs(found["estimate"] - 0.16) > 3 * found["se"]


def test_recovery_over_sessions() -> None:
    """Long series, where centring on observed means hardly matters."""
    frame = over_sessions(np.random.default_rng(7), 150, 40)
    found = row(fit(frame, random_slopes={}), "within_indirect")
    assert abs(found["estimate"] + 0.16) < 3 * found["se"] + 0.01


def test_warnings_are_none_for_clean_data(same: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        al.models.fit_mediation(same, TWO, mediator="motivation", contemporaneous=True)
