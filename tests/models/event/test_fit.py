"""fit_event: rows at risk, hazards against a naive likelihood, invariances, refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import alliance_stats as al
from alliance_stats.models.event.prepare import prepare_events
from alliance_stats.models.event.result import EventResult
from alliance_stats.models.event.tables import life_table

Fit = Callable[..., EventResult]


# ------------------------------------------------------------------ what is at risk


def test_rows_at_risk_by_hand(
    fit: Fit, roles: al.Roles, make_sessions: Callable[..., pd.DataFrame]
) -> None:
    """Dropout comes at the last session; an agreed end is not at risk of it."""
    frame = pd.DataFrame(
        {
            "patient": list("aaabbbccd"), "session": [1, 2, 4, 1, 2, 3, 1, 2, 1],
            "wai": [4.0, 5, 3, 6, 5, 6, 4, 5, 6], "phq": 9.0,
            "ended": ["dropout"] * 3 + ["agreed"] * 3 + ["ongoing"] * 2 + [None],
        }
    )  # fmt: skip
    frame["phq"] += np.arange(9)
    chosen = fit(make_sessions(), baseline="log").specification
    prepared = prepare_events(frame.sample(frac=1, random_state=1), roles, chosen)
    rows = prepared.frame.sort_values(["patient", "session"])
    assert rows["patient"].tolist() == list("aaabbbc")
    assert rows["event_came"].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert rows["competing_came"].tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert len(prepared.rows("event_came")) == 6
    assert prepared.n_missed == 1
    assert prepared.dropped == {
        "last session before the data closed (ongoing)": 1,
        "last session of a patient without 'ended'": 1,
    }
    assert life_table(prepared)["at_risk"].tolist() == [3, 2, 1, 1]


def test_predictors_are_known_at_the_session(frame: pd.DataFrame, fit: Fit) -> None:
    """Later ratings of a patient do not change the predictors of earlier sessions."""
    options = {"predictors": ["current", "running_mean", "change"], "baseline": "log"}
    rows = fit(frame, **options).prepared.frame
    later = frame.assign(wai=np.where(frame["session"] >= 5, 9.0 - frame["wai"], frame["wai"]))
    same = fit(later, **options).prepared.frame
    before = rows["session"] < 5
    pd.testing.assert_frame_equal(rows[before], same[before])
    assert not rows["wai"].equals(same["wai"])


def test_first_sessions_have_no_change(frame: pd.DataFrame, fit: Fit) -> None:
    result = fit(frame, predictors=["change"])
    assert result.prepared.frame["session"].min() == 2
    assert result.prepared.dropped["no wai at t or t − 1"] >= frame["patient"].nunique() / 2


def test_early_alliance_only_after_its_window(frame: pd.DataFrame, fit: Fit) -> None:
    result = fit(frame, predictors=["early"], early_window=(2, 3), baseline="log")
    rows = result.prepared.frame
    assert rows["session"].min() == 3
    inside = frame[frame["session"].between(2, 3)].groupby("patient")["wai"].mean()
    assert rows["wai_early"].to_numpy() == pytest.approx(inside[rows["patient"]].to_numpy())


def test_missing_ratings_are_dropped_or_carried(frame: pd.DataFrame, fit: Fit) -> None:
    gaps = frame.assign(wai=frame["wai"].where(np.arange(len(frame)) % 7 > 0))
    dropped, carried = fit(gaps), fit(gaps, missing="last")
    assert dropped.prepared.dropped["wai missing"] > 0
    assert carried.prepared.n_carried > 0
    assert any("replaced by the patient's last one" in text for text in carried.messages)
    assert len(carried.prepared.frame) > len(dropped.prepared.frame)
    with pytest.warns(al.DataWarning, match="wai missing"):
        al.models.fit_event(gaps, al.Roles(alliance="wai", outcome="phq", ended="ended"))


# ------------------------------------------------------------------ the likelihood


def naive_minus_loglik(beta: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Row by row, without any care for digits."""
    total = 0.0
    for row, event in zip(x, y, strict=True):
        hazard = 1.0 - np.exp(-np.exp(row @ beta))
        total -= np.log(hazard if event else 1.0 - hazard)
    return total


def test_against_a_naive_likelihood(frame: pd.DataFrame, fit: Fit, tol: SimpleNamespace) -> None:
    result = fit(frame, baseline="log")
    rows = result.prepared.rows("event_came")
    x = np.column_stack([np.ones(len(rows)), np.log(rows["session"]), rows["wai"] - 5])
    found = minimize(
        naive_minus_loglik, np.array([-2.0, 0, 0]), args=(x, rows["event_came"].to_numpy()),
        method="BFGS", options={"gtol": 1e-7},
    )  # fmt: skip
    table = result.tidy().iloc[0]
    assert table["estimate"] == pytest.approx(found.x[2], abs=tol.beta_in_se * table["se"])
    assert result.hazards[0].fit.loglik == pytest.approx(-found.fun, abs=tol.loglik_absolute)


def test_both_likelihoods_multiply_to_that_of_three_outcomes(frame: pd.DataFrame, fit: Fit) -> None:
    """Going on, leaving and ending as agreed: three probabilities of every row at risk."""
    result = fit(frame, baseline="log")
    event, competing = (hazard.fit for hazard in result.hazards)
    rows = result.prepared.frame
    x = np.column_stack([np.ones(len(rows)), np.log(rows["session"]), rows["wai"]])
    names = ["(Intercept)", "log(session)", "wai"]
    h, a = (1 - np.exp(-np.exp(x @ fit.beta[names].to_numpy())) for fit in (event, competing))
    shares = np.column_stack([(1 - a) * (1 - h), (1 - a) * h, a])
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    outcome = (rows["event_came"] + 2 * rows["competing_came"]).to_numpy()
    whole = np.log(shares[np.arange(len(rows)), outcome]).sum()
    assert event.loglik + competing.loglik == pytest.approx(whole)


def test_invariant_to_order_labels_and_scale(frame: pd.DataFrame, fit: Fit) -> None:
    roles = al.Roles(alliance="wai", outcome="phq", ended="ended", therapist="therapist")
    first = fit(frame, roles).tidy()
    codes, _ = pd.factorize(frame["patient"])
    other = frame.assign(
        patient=pd.Categorical(codes * 3 + 7), therapist=frame["therapist"].astype("category"),
        wai=10 * frame["wai"] + 30,
    )  # fmt: skip
    second = fit(other.sample(frac=1, random_state=3), roles).tidy()
    effect = (first["effect"] == "current_alliance").to_numpy()
    estimates, z = first.loc[effect, "estimate"].to_numpy(), first.loc[effect, "statistic"]
    assert 10 * second.loc[effect, "estimate"].to_numpy() == pytest.approx(estimates, rel=1e-5)
    assert second.loc[effect, "statistic"].to_numpy() == pytest.approx(z.to_numpy(), rel=1e-4)


def test_frame_is_not_changed(frame: pd.DataFrame, fit: Fit) -> None:
    before = frame.copy()
    fit(frame, predictors=["current", "running_mean", "change"]).view()
    pd.testing.assert_frame_equal(frame, before)


def test_levels_without_events_are_settled(frame: pd.DataFrame, fit: Fit) -> None:
    """A level for every session is exact without the sessions that have no event."""
    quiet = frame["session"].isin([4, 7])
    gone = frame[quiet & (frame["ended"] == "dropout")].groupby("patient")["session"].max()
    last = frame.groupby("patient")["session"].max()
    leave = {p for p, s in gone.items() if last[p] == s}
    late = frame[~frame["patient"].isin(leave)]
    result = fit(late, baseline="factor")
    assert set(result.hazards[0].settled) >= {4.0, 7.0}
    assert any("says nothing about the predictors" in text for text in result.messages)
    rows = result.prepared.rows("event_came")
    settled = rows["session"].isin(list(result.hazards[0].settled))
    assert rows.loc[settled, "event_came"].sum() == 0
    assert result.hazards[0].fit.n_obs == int((~settled).sum())


def test_singular_frailty_is_said_and_equals_the_fit_without(frame: pd.DataFrame, fit: Fit) -> None:
    """Therapists by chance: the variance ends at zero, and the effect is the plain one."""
    roles = al.Roles(alliance="wai", outcome="phq", ended="ended", therapist="therapist")
    result = fit(frame, roles)
    plain = fit(frame, roles, frailty=None)
    if result.hazards[0].fit.singular:
        assert any("Singular fit" in text for text in result.messages)
        row, other = result.effects.iloc[0], plain.effects.iloc[0]
        assert row["estimate"] == pytest.approx(other["estimate"], abs=1e-4 * other["se"])
    table = result.frailty()
    assert (table["ci_low"] <= table["sd"]).all() and (table["sd"] <= table["ci_high"]).all()
    assert plain.frailty().empty


# ------------------------------------------------------------------ tables


def test_ratios_are_exponentials(frame: pd.DataFrame, fit: Fit) -> None:
    result = fit(frame)
    row, ratios = result.effects.iloc[0], result.hazard_ratios()
    own = ratios[ratios["group"] == "dropout"].set_index("per")
    sd = result.prepared.rows("event_came")["wai"].std()
    assert own.loc["point", "estimate"] == pytest.approx(np.exp(row["estimate"]))
    assert own.loc["SD", "ci_low"] == pytest.approx(np.exp(row["ci_low"] * sd))
    assert result.tidy(exponentiate=True)["estimate"][0] == pytest.approx(np.exp(row["estimate"]))
    assert fit(frame, link="logit").hazard_ratios()["ratio"].unique().tolist() == ["odds ratio"]


def test_refit_call_fits_the_same(frame: pd.DataFrame, fit: Fit, roles: al.Roles) -> None:
    frame = frame.assign(risk=1, arm=np.where(frame.index % 2, "a", "b"))
    result = fit(
        frame, predictors=["current", "early"], early_window=(1, 2), covariates=["arm"],
        spline_df=3, link="logit", missing="last", at_risk="risk",
    )  # fmt: skip
    call, loaded = str(result.view().refit), al.load_sessions(frame, roles)
    with pytest.warns(al.DataWarning):
        again = eval(call, {"al": al, "sessions": loaded})  # noqa: S307 - of our own text
    pd.testing.assert_frame_equal(again.tidy(), result.tidy())


def test_sensitivity_changes_one_choice(frame: pd.DataFrame, fit: Fit) -> None:
    result = fit(frame)
    table = result.sensitivity.set_index("model")
    assert table.loc["as fitted", "estimate"] == result.effects["estimate"][0]
    for model, options in (
        ("with the logit link", {"link": "logit"}),
        ("with log(session)", {"baseline": "log"}),
        ("with a level for every session", {"baseline": "factor"}),
    ):
        assert table.loc[model, "estimate"] == fit(frame, **options).effects["estimate"][0]


def test_delta_adjustment_moves_what_is_missing_before_the_event(
    frame: pd.DataFrame, fit: Fit
) -> None:
    last = frame["session"] == frame.groupby("patient")["session"].transform("max")
    left = frame[last & (frame["ended"] == "dropout")].index[::2]
    gaps = frame.assign(wai=frame["wai"].mask(frame.index.isin(left)))
    table = fit(gaps).delta_adjusted(deltas=[-1, 0, 1])
    assert table["n_shifted"].tolist() == [len(left)] * 3
    assert table["estimate"].is_monotonic_increasing
    none = fit(frame).delta_adjusted(deltas=[-1, 1])
    assert none["n_shifted"].tolist() == [0, 0]
    assert none["estimate"][0] == none["estimate"][1]


def test_relapse_is_the_same_model_with_another_event(frame: pd.DataFrame, fit: Fit) -> None:
    """The columns of a therapy's ends, given by hand, are the same data."""
    last = frame["session"] == frame.groupby("patient")["session"].transform("max")
    months = frame.assign(
        relapse=(last & (frame["ended"] == "dropout")).astype(float),
        moved=(last & (frame["ended"] == "agreed")).astype(int),
    )
    months.loc[last & (frame["ended"] == "ongoing"), "relapse"] = np.nan
    roles = al.Roles(alliance="wai", outcome="phq")
    result = fit(months, roles, event="relapse", competing=["moved"])
    same = fit(frame)
    numbers = ["estimate", "se", "p_value"]
    pd.testing.assert_frame_equal(result.tidy()[numbers], same.tidy()[numbers])
    assert result.prepared.dropped == {"'relapse' missing": int(months["relapse"].isna().sum())}


def test_rows_that_are_not_at_risk(frame: pd.DataFrame, fit: Fit) -> None:
    roles = al.Roles(alliance="wai", outcome="phq")
    came = (frame["ended"] == "dropout") & (frame["session"] >= 2)
    again = came & came.groupby(frame["patient"]).cumsum().gt(1)
    months = frame.assign(relapse=came.astype(int), risk=(~again).astype(int))
    with pytest.raises(al.DataError, match="Nobody is at risk after it"):
        fit(months, roles, event="relapse")
    result = fit(months, roles, event="relapse", at_risk="risk", baseline="log")
    assert result.prepared.dropped == {"not at risk by at_risk": int(again.sum())}


# ------------------------------------------------------------------ refusals

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"event": "dropuot"}, "Did you mean 'dropout'"),
    ({"event": "phqq"}, "Did you mean 'phq'"),
    ({"event": ""}, "is not a text"),
    ({"competing": "agred"}, "Did you mean 'agreed'"),
    ({"competing": "ongoing"}, "in competing and in censored"),
    ({"competing": []}, "neither competing nor censored names: agreed"),
    ({"competing": ["agreed", "ongoing"], "censored": "ongoing"}, "in competing and in censored"),
    ({"predictors": "current"}, "is not a list"),
    ({"predictors": ["currant"]}, "Did you mean 'current'"),
    ({"predictors": ["current", "current"]}, "names one twice"),
    ({"predictors": []}, "there is nothing that predicts"),
    ({"covariates": ["wai"]}, "in the model already"),
    ({"early_window": (1, 2)}, "would be ignored"),
    ({"baseline": "cubic"}, "baseline='cubic' is not known"),
    ({"baseline": "log", "spline_df": 5}, "would be ignored"),
    ({"spline_df": 2}, "degrees of freedom from 3"),
    ({"link": "probit"}, "link='probit' is not known"),
    ({"frailty": "patient"}, "a patient leaves once"),
    ({"frailty": "therapist"}, "there is no therapist role"),
    ({"missing": "mean"}, "missing='mean' is not known"),
    ({"n_agq": 5}, "would be ignored without a frailty"),
    ({"n_agq": 0}, "is no number of quadrature points"),
]


@pytest.mark.parametrize(("options", "words"), WRONG)
def test_wrong_arguments(
    options: dict[str, Any], words: str, fit: Fit, frame: pd.DataFrame
) -> None:
    with pytest.raises(al.ArgumentError, match=words):
        fit(frame, **options)


def test_centred_and_future_predictors_are_refused(frame: pd.DataFrame, fit: Fit) -> None:
    """What contains the event's own timing: patient means, deviations from them, lengths."""
    means = frame.groupby("patient")["wai"].transform("mean")
    columns = {
        "wai_between": means, "wai_within": frame["wai"] - means, "average": means,
        "deviation": frame["wai"] - means,
        "attended": frame.groupby("patient")["session"].transform("size"),
        "length": frame.groupby("patient")["session"].transform("max"),
    }  # fmt: skip
    for name, column in columns.items():
        with pytest.raises(al.DataError, match="centred already|the event's own timing"):
            fit(frame.assign(**{name: column}), covariates=[name])
    centred = frame.assign(wai=columns["deviation"])
    with pytest.raises(al.DataError, match="centred already"):
        fit(centred)


def test_unusable_data(frame: pd.DataFrame, fit: Fit, roles: al.Roles) -> None:
    with pytest.raises(al.DataError, match="nobody had the event 'dropout'"):
        fit(frame.assign(wai=frame["wai"].mask(frame["ended"] == "dropout")))
    lasts = frame.groupby("patient").tail(1)
    with pytest.raises(al.DataError, match="came after every one"):
        fit(lasts[lasts["ended"].isin(["dropout", "ongoing"])])
    several = frame.assign(ended=np.where(frame["session"] == 1, "agreed", frame["ended"]))
    with pytest.raises(al.DataError, match="differs between the sessions of"):
        fit(several)
    with pytest.raises(al.ArgumentError, match="no role 'ended'"):
        fit(frame.drop(columns="ended"), replace(roles, ended=None))
    with pytest.raises(al.DataError, match="do not vary|does not vary"):
        fit(frame.assign(same=1.0), covariates=["same"])
    with pytest.raises(al.DataError, match="determined by the session"):
        fit(frame.assign(twice=2 * frame["wai"] + 1), covariates=["twice"])
    with pytest.raises(al.DataError, match="is not 0 and 1"):
        fit(frame, event="session")
    with pytest.raises(al.ArgumentError, match="baseline='spline' needs 5"):
        fit(frame[frame["session"] <= 3].assign(ended="dropout"))


def test_complete_separation_is_refused(frame: pd.DataFrame, fit: Fit) -> None:
    last = frame["session"] == frame.groupby("patient")["session"].transform("max")
    came = last & (frame["ended"] == "dropout")
    with pytest.raises(al.DataError, match="hazard of 'dropout': complete or quasi-complete"):
        fit(frame.assign(told=came * 1.0 + 0.1 * (frame["session"] % 3)), covariates=["told"])


def test_patient_ids_stay_out_of_messages(frame: pd.DataFrame, fit: Fit) -> None:
    secret = frame.assign(patient="secret_" + frame["patient"].astype(str))
    assert "secret_" not in repr(fit(secret))


def test_therapies_of_a_fixed_length(fit: Fit, make_sessions: Callable[..., pd.DataFrame]) -> None:
    """All agreed ends at one session: no hazard to model, but they still compete."""
    frame = make_sessions(n=300, seed=3)
    frame = frame[frame["session"] <= 6]
    reached = frame["patient"].isin(frame.loc[frame["session"] == 6, "patient"])
    early = frame["ended"].isin(["agreed", "ongoing"]) & ~reached
    frame = frame.assign(ended=np.where(reached, "agreed", np.where(early, "ongoing", "dropout")))
    with pytest.warns(al.FitWarning, match="hazard of 'agreed' could not be modelled"):
        result = al.models.fit_event(
            frame, al.Roles(alliance="wai", outcome="phq", ended="ended"), baseline="factor"
        )
    assert len(result.hazards) == 1
    table = result.incidence()
    assert set(table["group"]) == {"dropout"}
    assert table["session"].max() == 5
    assert result.view().labels["competing"] == "agreed"
    assert "competing" in result.notes[1]


def test_a_competing_event_that_never_came(fit: Fit, frame: pd.DataFrame) -> None:
    left = frame.assign(ended=frame["ended"].replace("agreed", "ongoing"))
    result = fit(left)
    assert len(result.hazards) == 1
    assert result.messages
    assert result.view().labels["competing"] == ""
    assert "competing" not in al.report_text(result)


def test_endings_may_be_numbers(fit: Fit, frame: pd.DataFrame) -> None:
    """Codes 0, 1, 2, missing for some rows: a column of floats."""
    codes = frame["ended"].map({"dropout": 1.0, "agreed": 2.0, "ongoing": 3.0})
    last = frame["session"] == frame.groupby("patient")["session"].transform("max")
    numbers = frame.assign(ended=codes.where(last))
    result = fit(numbers, event="1", competing="2", censored="3")
    assert result.effects["estimate"].item() == fit(frame).effects["estimate"].item()


def test_means_take_no_carried_rating(fit: Fit, frame: pd.DataFrame) -> None:
    gaps = frame.assign(wai=frame["wai"].where(np.arange(len(frame)) % 5 > 0))
    both = ["current", "running_mean"]
    carried, dropped = (fit(gaps, predictors=both, missing=m) for m in ("last", "drop"))
    keys = ["patient", "session"]
    joined = carried.prepared.frame.merge(dropped.prepared.frame, on=keys)
    assert joined["wai_running_mean_x"].to_numpy() == pytest.approx(joined["wai_running_mean_y"])
    with pytest.raises(al.ArgumentError, match="missing='last' would be ignored"):
        fit(gaps, predictors=["running_mean"], missing="last")
