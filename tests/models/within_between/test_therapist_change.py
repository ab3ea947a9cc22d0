"""Models of patients who change their therapist: against lmer, plain fits, and known truth."""

from __future__ import annotations

import ast
import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.report.plots.within_between import figure_caption

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "therapist_change"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "centring.md"
WAYS = ("dyad", "first", "crossed")
#: Name in R of every coefficient.
IN_R = {
    "(Intercept)": "(Intercept)", "session_since_start": "t", "wai_total_within": "w",
    "wai_total_patient_between": "pb", "wai_total_therapist_between": "tb",
}  # fmt: skip
Case = tuple[al.models.AllianceResult, dict[str, Any]]


def fit(sessions: object, way: str, **options: object) -> al.models.AllianceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_within_between(sessions, therapist_change=way, **options)  # type: ignore


@pytest.fixture(scope="module", params=WAYS)
def case(request: pytest.FixtureRequest) -> Case:
    reference = json.loads((FOLDER / f"{request.param}.json").read_text("utf-8"))
    return fit(al.load_example("therapist_change"), request.param), reference


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(WAYS)


def test_coefficients_and_degrees_of_freedom(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    assert result.fit.n_obs == reference["n_obs"]
    table = result.tidy()
    for row in table[table["effect"] != "contextual"].itertuples():
        name = IN_R[row.term]
        beta, se = reference["beta"][name], reference["se"][name]
        assert abs(row.estimate - beta) < tol.beta_in_se * se
        assert row.se == pytest.approx(se, rel=tol.se)
        assert row.df == pytest.approx(reference["df"][name], rel=tol.df)
        assert row.p_value == pytest.approx(reference["p"][name], rel=tol.p_value)


def test_variances_and_likelihood(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    sigma2 = reference["sigma2"]
    assert result.fit.sigma2 == pytest.approx(sigma2, rel=tol.variance)
    assert set(result.fit.covariances) == set(reference["variance"])
    for name, block in result.fit.covariances.items():
        expected = np.atleast_1d(reference["variance"][name])
        gap = np.abs(np.diag(block) - expected)
        assert (gap <= tol.variance * np.maximum(expected, 1e-2 * sigma2)).all()
    room = tol.loglik_absolute + tol.loglik_relative * abs(reference["loglik"])
    assert result.fit.loglik == pytest.approx(reference["loglik"], abs=room)


def test_all_ways_are_the_nested_model_where_nobody_changes() -> None:
    sessions = al.load_example("sessions")
    plain = fit(sessions, "raise")
    for way in WAYS:
        result = fit(sessions, way)
        assert result.fit.loglik == pytest.approx(plain.fit.loglik, abs=1e-7)
        np.testing.assert_allclose(result.tidy()["estimate"], plain.tidy()["estimate"], rtol=1e-6)
        np.testing.assert_allclose(result.tidy()["df"], plain.tidy()["df"], rtol=1e-4)
        assert result.messages == plain.messages
        assert any(f"therapist_change='{way}' makes no difference" in n for n in result.notes)
        np.testing.assert_allclose(
            result.effect_sizes()["estimate"], plain.effect_sizes()["estimate"], rtol=1e-5
        )
        one, two = result.view().plot, plain.view().plot
        assert one is not None
        assert two is not None
        np.testing.assert_allclose(one["y"], two["y"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_order_of_rows_does_not_matter(way: str) -> None:
    data = al.load_example("therapist_change")
    one = fit(data, way).tidy()
    two = fit(data.frame.sample(frac=1, random_state=2), way, roles=data.roles).tidy()
    np.testing.assert_allclose(one["estimate"], two["estimate"], rtol=1e-6)
    np.testing.assert_allclose(one["df"], two["df"], rtol=1e-4)


def test_what_is_said_and_drawn(case: Case) -> None:
    result, _ = case
    way = result.prepared.therapist_change
    said = "8 of 240 patients were seen by more than one therapist"
    assert result.messages[0].startswith(said)
    view = result.view()
    assert f"therapist_change={way!r}" in (view.refit or "")
    text = al.report_text(result)
    assert said in text
    words = {"dyad": "with this therapist", "crossed": "the session's therapist", "first": "42"}
    assert words[way] in text
    assert "Between therapists" in str(al.coef_table(result))
    assert result.effects["effect"].tolist() == ["within", "patient_between", "therapist_between"]
    assert result.effects["unit"].tolist() == ["session", "patient", "therapist"]
    assert len(result.sensitivity) == 9
    assert result.effect_sizes()[["sd_alliance", "sd_outcome"]].gt(0).all().all()
    assert view.plot is not None
    points = view.plot[view.plot["layer"] == "points"].groupby("panel", sort=False).size()
    rows = result.prepared.frame
    units = ["patient", "therapist"] if way == "dyad" else ["patient"]
    assert points.tolist() == [len(rows), rows.groupby(units).ngroups, 24]
    assert ("246 patient-therapist pairs" in figure_caption(view)) == (way == "dyad")
    assert len(al.plot_within_between(result)) == 3


def test_the_refit_gives_the_same_model(case: Case) -> None:
    result, _ = case
    call = ast.parse(result.view().refit or "", mode="eval").body
    assert isinstance(call, ast.Call)
    arguments: dict[str, Any] = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = al.fit_within_between(al.load_example("therapist_change"), **arguments)
    assert again.fit.loglik == result.fit.loglik


def test_points_take_each_pair_with_its_therapist() -> None:
    """A point of a therapist is the mean over pairs of what is left of the outcome."""
    result = fit(al.load_example("therapist_change"), "crossed")
    rows, plot = result.prepared.frame, result.view().plot
    assert plot is not None
    column = "wai_total_therapist_between"
    x = rows.groupby(["therapist", "patient"])[column].first().groupby("therapist").mean()
    points = plot[(plot["panel"] == "therapist_between") & (plot["layer"] == "points")]
    np.testing.assert_allclose(np.sort(points["x"]), np.sort(x), atol=1e-10)
    random = result.fit.ranef()
    within = result.fit.beta["wai_total_within"] * rows["wai_total_within"]
    between = result.fit.beta["wai_total_patient_between"] * rows["wai_total_patient_between"]
    time = rows["session_since_start"] - rows["session_since_start"].mean()
    left = rows["phq9"] - within - between - result.fit.beta["session_since_start"] * time
    pairs = left.groupby([rows["therapist"], rows["patient"]]).mean()
    np.testing.assert_allclose(
        np.sort(points["y"]), np.sort(pairs.groupby("therapist").mean()), atol=1e-8
    )
    own = random["patient"]["(Intercept)"].reindex(rows["patient"]).to_numpy()
    slope = random["patient"]["wai_total_within"].reindex(rows["patient"]).to_numpy()
    theirs = random["therapist"]["(Intercept)"].reindex(rows["therapist"]).to_numpy()
    left = rows["phq9"] - between - result.fit.beta["session_since_start"] * time - own - theirs
    left -= result.fit.beta[column] * rows[column]
    sessions = plot[(plot["panel"] == "within") & (plot["layer"] == "points")]
    np.testing.assert_allclose(sessions["y"], left, atol=1e-8)
    assert np.abs(slope).max() > 0


def test_standardised_effects_use_the_random_part_of_the_model() -> None:
    data = al.load_example("therapist_change")
    for way, random in (
        ("dyad", "(1 | therapist:patient) + (1 | therapist)"),
        ("crossed", "(1 | patient) + (1 | therapist)"),
    ):
        result = fit(data, way)
        null = fit_quietly(f"wai_total ~ 1 + {random}", result.prepared.frame)
        expected = [null.sigma, *(np.sqrt(c.iloc[0, 0]) for c in null.covariances.values())]
        np.testing.assert_allclose(result.effect_sizes()["sd_alliance"], expected, rtol=1e-6)


STATIC = {
    "alliance_ar": 0.0, "outcome_ar": 0.0, "lagged_effect": 0.0, "reverse_effect": 0.0,
    "improvement_alliance": 0.0, "improvement_outcome": 0.0, "alliance_range": None,
    "outcome_range": None, "alliance_trend_sd": 0.0, "outcome_trend_sd": 0.0,
    "alliance_therapist_share": 0.2, "outcome_therapist_share": 0.3,
    "therapist_between_effect": -0.6, "within_effect_sd": 0.0,
    "n_patients": 2000, "n_therapists": 100,
}  # fmt: skip


def test_effects_are_recovered_where_half_of_the_patients_change() -> None:
    """Pairs and crossed factors keep the estimates of the same people without changes."""
    stay = al.simulate_sessions(**STATIC, rng=11)  # type: ignore
    change = al.simulate_sessions(**STATIC, therapist_change=0.5, rng=11)  # type: ignore
    plain = fit(stay, "raise", random_slopes={}).effects
    found = {way: fit(change, way, random_slopes={}).effects for way in WAYS}
    for way in ("dyad", "crossed"):
        gap = (found[way]["estimate"] - plain["estimate"]).abs()
        assert (gap < [0.002, 0.01, 0.06]).all()
        assert abs(found[way]["estimate"].iloc[0] + 0.08) < 3 * found[way]["se"].iloc[0]
    assert found["first"]["estimate"].iloc[0] < -0.15


#: Mean estimates over eight studies, as docs/explanation/centring.md prints them.
EIGHT = {
    "raise": (-0.081, -0.220, -0.518),
    "dyad": (-0.081, -0.216, -0.550),
    "crossed": (-0.081, -0.219, -0.541),
    "first": (-0.159, -0.240, -0.488),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", EIGHT)
def test_the_documented_means_over_eight_studies(way: str) -> None:
    found = []
    for seed in range(11, 19):
        share = 0.0 if way == "raise" else 0.5
        sessions = al.simulate_sessions(**STATIC, therapist_change=share, rng=seed)  # type: ignore
        found.append(fit(sessions, way, random_slopes={}).effects["estimate"].to_numpy())
    np.testing.assert_allclose(np.mean(found, axis=0), EIGHT[way], atol=6e-4)
    assert f"{EIGHT[way][2]:.3f}".replace("-0", "−") in PAGE.read_text("utf-8")


def test_a_therapist_part_taken_out_last_would_overstate_the_therapists() -> None:
    """Why crossed centring takes the therapist's mean out first: means over other therapists'
    sessions are too alike, so that their coefficient is too large."""
    sessions = al.simulate_sessions(**STATIC, therapist_change=0.5, rng=11)  # type: ignore
    result = fit(sessions, "crossed", random_slopes={})
    rows = result.prepared.frame.copy()
    mine = rows.groupby("patient")["wai_total"].transform("mean")
    pairs = rows.assign(mine=mine).drop_duplicates(["patient", "therapist"])
    means = pairs.groupby("therapist")["mine"].mean()
    theirs = rows["therapist"].map(means)
    rows = rows.assign(w=rows["wai_total"] - mine, pb=mine - theirs, tb=theirs - means.mean())
    other = fit_quietly(
        "phq9 ~ session_since_start + w + pb + tb + (1 | patient) + (1 | therapist)", rows
    )
    ours = result.effects["estimate"].iloc[2]
    assert abs(other.beta["tb"] + 0.6) > 2 * abs(ours + 0.6)


def test_patients_are_refused_with_the_ways_named() -> None:
    with pytest.raises(DataError, match="8 of 240 patients are seen by more") as error:
        al.fit_within_between(al.load_example("therapist_change"))
    assert all(f"therapist_change='{way}'" in str(error.value) for way in WAYS)
    data = al.load_example("sessions")
    roles = al.Roles(alliance="wai_total", outcome="phq9")
    for way in WAYS:
        with pytest.raises(ArgumentError, match=f"therapist_change='{way}' would be ignored"):
            al.fit_within_between(data.frame, roles, therapist_change=way)  # type: ignore
    with pytest.raises(ArgumentError, match="therapist_change='frist' .* mean 'first'"):
        al.fit_within_between(data, therapist_change="frist")  # type: ignore[arg-type]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "options",
    [
        {"mean_rows": "fitted"},
        {"time": "patient", "random_slopes": {}},
        {"random_slopes": {"patient": ["within"], "therapist": ["patient_between"]}},
        {"random_slopes": "auto", "reml": False, "therapist_mean": "sessions"},
    ],
)
def test_other_choices_work_beside_it(way: str, options: dict[str, Any]) -> None:
    """Each is the model written out over the prepared columns, with the way's random part."""
    result = fit(al.load_example("therapist_change"), way, **options)
    assert result.fit.converged
    plain = fit_quietly(result.formula, result.prepared.frame, reml=options.get("reml", True))
    assert result.fit.loglik == plain.loglik
    patients = "| therapist:patient)" if way == "dyad" else "| patient)"
    assert patients in result.formula
    plot = result.view().plot
    assert plot is not None
    assert np.isfinite(plot["y"]).all()


@pytest.mark.parametrize("way", WAYS)
def test_names_and_types_of_identifiers_do_not_matter(way: str) -> None:
    data = al.load_example("therapist_change")
    names = {"patient": 'the "id" a:b', "therapist": "who (x"}
    odd = data.frame.assign(
        patient=pd.Categorical(data.frame["patient"]),
        therapist=data.frame["therapist"].str[1:].astype(int),
    ).rename(columns=names)
    roles = al.Roles(**names, alliance="wai_total", outcome="phq9")
    result, plain = fit(odd, way, roles=roles), fit(data, way)
    assert result.fit.loglik == pytest.approx(plain.fit.loglik, abs=1e-7)
    one, two = result.view().plot, plain.view().plot
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(one["y"], two["y"], atol=1e-4)


def test_few_sessions_count_pairs() -> None:
    """With pairs as units there are more random effects than with patients."""
    frame = pd.DataFrame(
        {"patient": np.repeat(np.arange(30), 4), "session": np.tile(np.arange(1, 5), 30)}
    )
    frame["therapist"] = (frame["patient"] + (frame["session"] > 2)) % 5
    rng = np.random.default_rng(1)
    frame["alliance"], frame["outcome"] = rng.normal(size=(2, 120))
    roles = al.Roles(therapist="therapist")
    with pytest.raises(DataError, match="are too few"):
        fit(frame, "dyad", roles=roles)
    assert fit(frame, "crossed", roles=roles).fit.n_obs == 120


def test_early_alliance_with_the_first_therapist() -> None:
    data = al.load_example("therapist_change")
    with pytest.raises(DataError, match="8 of 240 .* Give therapist_change='first'"):
        al.fit_outcome(data)
    with pytest.warns(DataWarning, match="all their sessions count for their first therapist"):
        result = al.fit_outcome(data, therapist_change="first")
    ordered = data.frame.sort_values("session")
    first = ordered.groupby("patient")["therapist"].first()
    rows = result.prepared.frame
    assert (rows["therapist"] == rows["patient"].map(first)).all()
    moved = data.frame.assign(therapist=data.frame["patient"].map(first))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = al.fit_outcome(moved, data.roles)
    assert plain.fit.loglik == result.fit.loglik
    assert "therapist_change='first'" in (result.view().refit or "")
    assert "42 sessions with later ones" in al.report_text(result)


@pytest.mark.parametrize("way", ["dyad", "crossed"])
def test_ways_that_one_row_a_patient_cannot_have(way: str) -> None:
    data = al.load_example("therapist_change")
    with pytest.raises(ArgumentError, match=f"therapist_change='{way}' is not possible"):
        al.fit_outcome(data, therapist_change=way)  # type: ignore[arg-type]
    roles = al.Roles(alliance="wai_total", outcome="phq9", baseline="phq9_intake")
    with pytest.raises(ArgumentError, match="would be ignored: no therapist"):
        al.fit_outcome(data.frame, roles, therapist_change="first")
