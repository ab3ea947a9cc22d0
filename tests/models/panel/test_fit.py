"""fit_cross_lagged: paths by the order of measurement, truth recovered, and what it refuses."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import CrossLaggedResult
from alliance_stats.report.plots import plot_cross_lagged

ROLES: dict[str, Any] = {
    "alliance": "wai", "outcome": "phq", "outcome_better": "lower",
    "alliance_at": "after", "outcome_at": "before",
}  # fmt: skip
UNITS = ROLES | {"therapist": "therapist", "treatment": "arm"}
NULL = 0.0


def simulated(
    n: int = 300, waves: int = 6, *, b: float = -0.2, c: float = -0.2, seed: int = 1
) -> pd.DataFrame:
    """Patients who differ for good; b leads from alliance to outcome, c back."""
    rng = np.random.default_rng(seed)
    stable = rng.normal(size=(n, 2)) @ np.array([[1.0, -0.5], [0.0, 0.87]])
    x, y, rows = np.zeros(n), np.zeros(n), []
    for t in range(-20, waves):
        y = 0.3 * y + b * x + 0.8 * rng.normal(size=n)
        x = 0.3 * x + c * y + 0.8 * rng.normal(size=n)
        if t >= 0:
            values = {"wai": 4 + stable[:, 0] + x, "phq": 12 + stable[:, 1] + y}
            rows.append(pd.DataFrame({"patient": np.arange(n), "session": t + 1, **values}))
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(
        therapist=frame["patient"] % 20, arm=np.where(frame["patient"] % 2, "cbt", "pdt")
    )


def fitted(frame: pd.DataFrame, roles: dict[str, Any] = ROLES, **options: Any) -> CrossLaggedResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_cross_lagged(frame, roles, **options)


def estimates(result: CrossLaggedResult) -> pd.Series:
    return result.tidy().set_index("effect")["estimate"]


# ------------------------------------------------------------------ truth


@pytest.mark.parametrize("model", ["ri-clpm", "dpm"])
def test_paths_are_recovered(model: str) -> None:
    table = fitted(simulated(3000), model=model, waves=6).tidy().set_index("effect")
    truth = {
        "alliance_to_outcome": -0.2,
        "outcome_to_alliance": -0.2,
        "alliance_autoregression": 0.3,
        "outcome_autoregression": 0.3,
    }
    for effect, row in table.iterrows():
        assert abs(row["estimate"] - truth[str(effect)]) < 3.5 * row["se"] < 0.2


def test_the_stable_part_is_recovered() -> None:
    stable = fitted(simulated(3000), waves=6).stable()
    assert stable["correlation"].dropna().item() == pytest.approx(-0.5, abs=0.06)
    assert stable["estimate"].iloc[[0, 2]].to_numpy() == pytest.approx([1.0, 1.0], abs=0.15)


def test_a_true_zero_is_rejected_at_its_level_and_by_the_clpm_far_more() -> None:
    studies = [simulated(b=NULL, seed=seed) for seed in range(1, 26)]
    rejected = {
        model: sum(
            fitted(study, model=model, waves=6)
            .tidy()
            .set_index("effect")["p_value"]["alliance_to_outcome"]
            < 0.05
            for study in studies
        )
        for model in ("ri-clpm", "dpm", "clpm")
    }
    assert rejected["ri-clpm"] <= 4  # of 25: 4 or fewer with probability .993 at 5%
    assert rejected["dpm"] <= 4
    assert rejected["clpm"] > 2 * max(rejected["ri-clpm"], rejected["dpm"])


@pytest.mark.slow
def test_intervals_cover() -> None:
    hits = []
    for seed in range(1, 201):
        row = fitted(simulated(b=-0.2, seed=seed), waves=6).tidy().iloc[0]
        hits.append(row["ci_low"] <= -0.2 <= row["ci_high"])
    assert abs(np.mean(hits) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 200)


# ------------------------------------------------------------------ the likelihood


def test_the_likelihood_is_that_of_rows_one_by_one(tol: Any) -> None:
    frame = simulated(60, 4)
    frame.loc[np.random.default_rng(3).random(len(frame)) < 0.15, "phq"] = np.nan
    result = fitted(frame, waves=4)
    values, at = (
        result.prepared.frame[list(result.fit.spec.observed)].to_numpy(),
        result.fit.implied,
    )
    total = 0.0
    for row in values:
        there = ~np.isnan(row)
        sigma = at.sigma[0][np.ix_(there, there)]
        away = row[there] - at.mu[0][there]
        total -= 0.5 * (
            there.sum() * np.log(2 * np.pi)
            + np.linalg.slogdet(sigma)[1]
            + away @ np.linalg.solve(sigma, away)
        )
    assert result.fit.loglik == pytest.approx(total, rel=tol.closed_form)


def test_the_covariance_of_a_clpm_is_that_of_its_equations() -> None:
    result = fitted(simulated(200, 3), model="clpm", waves=3)
    a, f = (estimates(result)[name] for name in ("alliance_to_outcome", "outcome_autoregression"))
    at = pd.DataFrame(
        result.fit.implied.sigma[0], result.fit.spec.observed, result.fit.spec.observed
    )
    assert at.loc["phq_2", "wai_1"] == pytest.approx(
        f * at.loc["phq_1", "wai_1"] + a * at.loc["wai_1", "wai_1"]
    )


# ------------------------------------------------------------------ invariance


def test_order_and_names_of_rows_do_not_matter(rng: np.random.Generator) -> None:
    frame = simulated(120, 4)
    mixed = frame.sample(frac=1, random_state=1).assign(
        patient=lambda f: "p" + f["patient"].astype(str)
    )
    mixed["patient"] = mixed["patient"].astype("category")
    one, two = (estimates(fitted(f, waves=4)) for f in (frame, mixed))
    assert two.to_numpy() == pytest.approx(one.to_numpy(), abs=1e-7)


def test_units_change_estimates_as_units_do() -> None:
    frame = simulated(120, 4)
    scaled = frame.assign(wai=frame["wai"] * 20 + 5)
    one, two = (fitted(f, waves=4) for f in (frame, scaled))
    assert estimates(two)["alliance_to_outcome"] * 20 == pytest.approx(
        estimates(one)["alliance_to_outcome"], abs=1e-6
    )
    assert two.tidy(standardised=True)["estimate"].to_numpy() == pytest.approx(
        one.tidy(standardised=True)["estimate"].to_numpy(), abs=1e-6
    )
    assert two.glance()["chi2"].item() == pytest.approx(one.glance()["chi2"].item(), abs=1e-6)


# ------------------------------------------------------------------ order of measurement


@pytest.mark.parametrize(
    ("alliance_at", "outcome_at", "to_outcome", "to_alliance"),
    [
        ("after", "before", "wai_1 -> phq_2", "phq_2 -> wai_2"),
        ("before", "after", "wai_2 -> phq_2", "phq_1 -> wai_2"),
        ("after", "after", "wai_1 -> phq_2", "phq_1 -> wai_2"),
        ("before", "before", "wai_1 -> phq_2", "phq_1 -> wai_2"),
    ],
)
def test_paths_follow_the_order_of_measurement(
    alliance_at: str, outcome_at: str, to_outcome: str, to_alliance: str
) -> None:
    roles = ROLES | {"alliance_at": alliance_at, "outcome_at": outcome_at}
    result = fitted(simulated(100, 3), roles, waves=3)
    first = result.tidy(standardised=True).drop_duplicates("effect").set_index("effect")["term"]
    assert first["alliance_to_outcome"] == to_outcome
    assert first["outcome_to_alliance"] == to_alliance
    assert "; ".join(result.paths) in result.notes[0]


def test_residuals_of_a_wave_covary_only_where_neither_comes_first() -> None:
    frame = simulated(100, 3)
    together = fitted(frame, ROLES | {"outcome_at": "after"}, waves=3).fit.spec
    ordered = fitted(frame, waves=3).fit.spec
    place = ("within_wai_2", "within_phq_2")
    assert any((p.row, p.column) == place for p in together.parameters if p.matrix != "paths")
    assert not any((p.row, p.column) == place for p in ordered.parameters if p.matrix != "paths")


def test_a_predetermined_predictor_may_depend_on_earlier_errors() -> None:
    spec = fitted(simulated(200, 4), model="dpm", waves=4).fit.spec
    own = {
        (p.row, p.column)
        for p in spec.parameters
        if p.matrix == "covariances" and p.row.startswith("wai") and p.column.startswith("phq")
    } - {(f"wai_{t}", "phq_1") for t in (1, 2, 3)}
    assert own == {("wai_2", "phq_2"), ("wai_3", "phq_2"), ("wai_3", "phq_3")}


# ------------------------------------------------------------------ waves


def unequal() -> pd.DataFrame:
    frame = simulated(200, 6)
    return frame[frame["session"] <= 4 + frame["patient"] % 3]


def test_waves_count_from_the_start_or_from_the_end() -> None:
    start, end = (fitted(unequal(), waves=4, align=align) for align in ("start", "end"))
    frame = unequal().set_index(["patient", "session"])["wai"]
    assert start.prepared.frame.loc[1, "wai_4"] == frame[1, 4]
    assert end.prepared.frame.loc[1, "wai_4"] == frame[1, 5]
    assert "Waves: sessions 1 to 4. 200 of 200 patients" in start.notes[1]
    assert "398 ratings outside were not used" in start.notes[1]
    assert "each patient's last 4 sessions" in end.notes[1]


def test_twelve_waves_are_the_most(rng: np.random.Generator) -> None:
    frame = simulated(300, 12)
    frame = frame[frame["session"] <= rng.integers(8, 13, 300)[frame["patient"]]]
    result = fitted(frame, waves=12)
    assert result.fit.converged
    row = result.tidy().set_index("effect").loc["alliance_to_outcome"]
    assert abs(row["estimate"] + 0.2) < 3 * row["se"] < 0.12


def test_waves_can_be_named() -> None:
    result = fitted(simulated(200, 6), waves=[1, 3, 5])
    assert result.prepared.panel.x == ("wai_1", "wai_3", "wai_5")
    assert result.paths[0] == "wai of a wave -> phq of the next wave"


def test_patients_left_out_are_counted() -> None:
    frame = simulated(100, 4)
    frame.loc[frame["patient"] < 3, ["wai", "phq"]] = np.nan
    frame.loc[(frame["patient"] == 5) & (frame["session"] == 2), "phq"] = np.nan
    result = fitted(frame, waves=4, missing="complete")
    assert result.glance()[["n_obs", "n_dropped"]].iloc[0].tolist() == [96, 4]
    assert result.messages[0].startswith("3 of 100 patients have no rating in sessions 1 to 4")
    assert "1 of 100 patients was left out: a rating in sessions 1 to 4" in result.messages[1]


def test_several_therapists_can_count_as_the_first() -> None:
    frame = simulated(200, 4)
    frame.loc[(frame["patient"] == 0) & (frame["session"] > 2), "therapist"] = 7
    options: dict[str, Any] = {"waves": 4, "estimator": "mlr", "cluster": "therapist"}
    with pytest.raises(al.DataError, match="1 of 200 patients is seen by more than one therapist"):
        fitted(frame, UNITS, **options)
    result = fitted(frame, UNITS, therapist_change="first", **options)
    assert result.fit.n_clusters == 20
    assert "first therapist" in result.messages[0]


# ------------------------------------------------------------------ groups, tests, long run


def test_groups_have_effects_of_their_own() -> None:
    result = fitted(simulated(300, 4), UNITS, waves=4, groups="treatment")
    assert result.tidy()["group"].tolist() == ["cbt", "pdt"] * 4
    assert result.tests["test"].tolist() == [
        "lagged effects equal over time",
        "lagged effects equal between groups",
    ]
    assert result.tests["df"].tolist() == [16, 4]


def test_a_long_run_effect_is_that_of_a_lasting_change() -> None:
    result = fitted(simulated(300, 4), waves=4)
    b, f = (estimates(result)[n] for n in ("alliance_to_outcome", "outcome_autoregression"))
    y = 0.0
    for _ in range(200):
        y = f * y + b
    assert result.long_run()["estimate"].iloc[0] == pytest.approx(y)
    assert not len(fitted(simulated(300, 4), waves=4, constrain=[]).long_run())


def test_improper_solutions_are_named_and_not_clamped() -> None:
    rng = np.random.default_rng(6)
    frame = simulated(40, 3).assign(wai=lambda f: rng.normal(size=len(f)))
    with pytest.warns(al.FitWarning, match=r"stable_wai ~~ stable_wai \(-"):
        result = al.fit_cross_lagged(frame, ROLES, waves=3)
    assert result.stable()["estimate"].iloc[0] < 0


# ------------------------------------------------------------------ words and figure


def test_the_report_says_predicted_and_never_caused() -> None:
    result = fitted(simulated(300, 4), waves=4)
    text = al.report_text(result)
    assert "a wai above the patient's own level predicted a lower (better) next phq" in text
    assert "predicted a lower next wai" in text
    assert "causes" not in text and "random-intercept cross-lagged panel model" in text


def test_a_saturated_model_claims_no_fit() -> None:
    result = fitted(simulated(60, 2), ROLES | {"outcome_at": "after"}, model="clpm", waves=2)
    assert result.glance()["df"].item() == 0
    assert "as many parameters as moments" in al.report_text(result)
    assert not len(result.tests)


def test_a_null_is_inconclusive() -> None:
    text = al.report_text(fitted(simulated(100, 4, b=NULL, c=NULL, seed=2), waves=4))
    assert text.count("was inconclusive") == 2


def test_tables_name_effects_by_wave_where_they_are_free() -> None:
    table = al.coef_table(fitted(simulated(300, 4), waves=4, constrain=["autoregression"]))
    assert "Alliance to outcome (wai_1 to phq_2)" in table.frame.iloc[:, 0].tolist()
    assert "Outcome to itself" in table.frame.iloc[:, 0].tolist()


@pytest.mark.parametrize("waves", [3, 5, 6])
def test_the_figure_draws_every_path(waves: int) -> None:
    from matplotlib.figure import Figure

    result = fitted(simulated(300, 6), UNITS, waves=waves, groups="treatment")
    axes = plot_cross_lagged(result, ax=Figure().subplots(2, 1))
    labels = [text.get_text() for text in axes[0].texts]
    own = result.view().plot.query("panel == 'cbt' and layer == 'arrows'")
    assert len(own) == 4 * (waves - 1)
    assert all(label in labels for label in own["label"])


def test_the_figure_refuses_other_results() -> None:
    with pytest.raises(al.ArgumentError, match="Give a result of fit_cross_lagged"):
        plot_cross_lagged(al.load_example("sessions"))


def test_the_call_in_the_view_fits_the_same_model() -> None:
    frame = simulated(200, 5)
    result = fitted(frame, UNITS, waves=4, align="end", estimator="mlr", cluster="therapist")
    call = result.view().refit
    again = eval(call, {"al": al, "sessions": al.load_sessions(frame, UNITS)})  # noqa: S307
    assert again.glance()["chi2"].item() == result.glance()["chi2"].item()


def test_r_code_names_the_waves_and_the_units() -> None:
    frame = simulated(200, 5)
    code = fitted(
        frame, UNITS, waves=4, groups="treatment", estimator="mlr", cluster="therapist"
    ).to_r(data="mine.csv")
    assert 'long <- read.csv("mine.csv"' in code
    assert 'direction = "wide"' in code
    assert 'cluster = "therapist"' in code and 'group = "arm"' in code


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "riclpm"}, "model='riclpm'"),
        ({"align": "middle"}, "align='middle'"),
        ({"missing": "drop"}, "missing='drop'"),
        ({"estimator": "wls"}, "estimator='wls'"),
        ({"groups": "arm"}, "groups='arm'"),
        ({"cluster": "therapist"}, "changes the standard errors of estimator='mlr' only"),
        ({"cluster": "therapist", "estimator": "mlr"}, "needs the role therapist"),
        ({"groups": "treatment"}, "needs the role treatment"),
        ({"therapist_change": "first"}, "would be ignored without cluster"),
        ({"therapist_change": "crossed"}, "therapist_change='crossed'"),
        ({"response": "alliance"}, "would be ignored: model='ri-clpm'"),
        ({"constrain": "autoregression"}, "is one text"),
        ({"constrain": ["autoregresion"]}, "did you mean|Did you mean"),
        ({"constrain": ["means"], "model": "lcm-sr"}, "follow the lines of growth"),
        ({"constrain": ["means"], "model": "dpm"}, "intercepts of equations"),
        ({"waves": 1}, "no usable number of waves"),
        ({"waves": 13}, "13 waves were asked for; panel models take at most 12. Give waves=12"),
        ({"waves": list(range(1, 15))}, r"at most 12.*fit_lagged uses every session"),
        ({"waves": 2.5}, "neither a number of waves nor"),
        ({"waves": "first"}, "neither a number of waves nor"),
        ({"waves": [3, 2, 1]}, "not in order of time"),
        ({"waves": [1, 2, 2]}, "name a session twice"),
        ({"waves": [1, 2, 3], "align": "end"}, "align='end' counts back"),
        ({"waves": 2}, "too few for model='ri-clpm'"),
        ({"waves": 3, "model": "lcm-sr"}, "at least 4"),
        ({"waves": 3, "model": "dpm", "constrain": []}, "that differ over time"),
    ],
)
def test_arguments_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(al.ArgumentError, match=words):
        fitted(simulated(60, 4), **options)


@pytest.mark.parametrize("missing", ["alliance_at", "outcome_at"])
def test_an_unknown_order_of_measurement_is_refused(missing: str) -> None:
    roles = {role: value for role, value in ROLES.items() if role != missing}
    with pytest.raises(al.ArgumentError, match=f"the roles do not say {missing}"):
        fitted(simulated(60, 4), roles)


def broken(what: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Sessions that cannot be used, and the arguments of the fit."""
    frame, options = simulated(60, 4), {"waves": 4}
    if what == "empty wave":
        frame = frame[frame["session"] != 2]
    elif what == "sparse":
        frame.loc[(frame["session"] == 4) & (frame["patient"] > 3), "wai"] = np.nan
    elif what == "half sessions":
        frame["session"] = frame["session"] / 2
    elif what == "centred":
        frame["wai"] -= frame.groupby("patient")["wai"].transform("mean")
    elif what == "arms":
        frame.loc[(frame["patient"] == 2) & (frame["session"] == 3), "arm"] = "cbt"
        options["groups"] = "treatment"
    elif what == "few complete":
        frame.loc[(frame["session"] == 1 + frame["patient"] % 4), "phq"] = np.nan
        options["missing"] = "complete"
    elif what == "constant":
        frame.loc[frame["session"] == 2, "wai"] = 4.0
    elif what == "one arm":
        frame["arm"] = "cbt"
        options["groups"] = "treatment"
    elif what == "twice":
        frame = pd.concat([frame, frame.head(1)])
    return frame, options


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("empty wave", "nobody has wai_2, phq_2"),
        ("sparse", r"4 patients have .*wai_4"),
        ("half sessions", "no whole number"),
        ("centred", "centred already"),
        ("arms", "1 of 60 patients has more than one value of column 'arm'"),
        ("few complete", "0 patients have all 8 ratings"),
        ("constant", "without variance"),
        ("one arm", "1 group"),
        ("twice", "session"),
    ],
)
def test_data_are_refused(what: str, words: str) -> None:
    frame, options = broken(what)
    with pytest.raises(al.DataError, match=words):
        fitted(frame, UNITS, **options)


def test_collinear_ratings_are_refused() -> None:
    frame = simulated(60, 3)
    frame["phq"] = 20 - 2 * frame["wai"]
    with pytest.raises(al.DataError, match="singular"):
        fitted(frame, waves=3, missing="complete")
