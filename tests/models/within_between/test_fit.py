"""fit_within_between: the model it builds, what it recovers, what it refuses, what it says."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    FitWarning,
    UnsupportedError,
)
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.models.within_between.fit import fit_within_between

ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq",
    outcome_better="lower", time="week",
)  # fmt: skip
TWO = al.Roles(patient="id", session="visit", alliance="wai", outcome="phq")


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    """60 patients of 10 therapists, 3 to 10 sessions each, with effects at every level."""
    counts = rng.integers(3, 11, 60)
    patient = np.repeat(np.arange(60), counts)
    therapist = (np.arange(60) % 10)[patient]
    visit = np.concatenate([np.arange(n) for n in counts]) + 1
    of_therapist = rng.normal(0, 3, 10)[therapist]
    of_patient = rng.normal(0, 5, 60)[patient]
    session = rng.normal(0, 4, len(patient))
    wai = 45 + of_therapist + of_patient + session + 0.3 * visit
    phq = 15 - 0.4 * visit - 0.15 * session - 0.3 * of_patient - 0.5 * of_therapist
    phq = phq + rng.normal(0, 2, 60)[patient] + rng.normal(0, 2, len(patient))
    phq = phq + rng.normal(0, 0.2, 60)[patient] * session
    frame = pd.DataFrame(
        {
            "id": [f"P{p}" for p in patient],
            "who": [f"T{t}" for t in therapist],
            "visit": visit,
            "week": visit * 1.5,
            "wai": wai,
            "phq": phq,
        }
    )
    return frame.sample(frac=1.0, random_state=2).reset_index(drop=True)


def fit(
    frame: pd.DataFrame, roles: al.Roles = ROLES, **options: object
) -> al.models.AllianceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit_within_between(frame, roles, **options)  # type: ignore[arg-type]


def by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns by hand, with plain groupby."""
    out = frame.copy()
    patient = out.groupby("id")["wai"].transform("mean")
    means = out.groupby("id").agg(who=("who", "first"), wai=("wai", "mean"))
    therapist_means = means.groupby("who")["wai"].mean()
    therapist = out["who"].map(therapist_means)
    out["w"] = out["wai"] - patient
    out["pb"] = patient - therapist
    out["tb"] = therapist - therapist_means.mean()
    out["b"] = patient - means["wai"].mean()
    out["t"] = out["visit"] - out.groupby("id")["visit"].transform("min")
    return out


def test_three_levels_equal_the_model_written_out(frame: pd.DataFrame) -> None:
    result = fit(frame)
    plain = fit_quietly("phq ~ t + w + pb + tb + (1 + w | id) + (1 | who)", by_hand(frame))
    assert result.fit.loglik == pytest.approx(plain.loglik, abs=1e-7)
    table = result.tidy()
    assert table["effect"].tolist() == [
        "within", "patient_between", "therapist_between", "contextual", "contextual", "", ""
    ]  # fmt: skip
    assert table["unit"].tolist()[:5] == ["session", "patient", "therapist", "patient", "therapist"]
    assert tuple(table.columns) == ("effect", "unit", *TIDY_COLUMNS)
    expected = plain.tidy().set_index("term").loc[["w", "pb", "tb"]]
    np.testing.assert_allclose(table["estimate"][:3], expected["estimate"], rtol=1e-6)
    np.testing.assert_allclose(table["df"][:3], expected["df"], rtol=1e-4)


def test_two_levels_without_a_therapist_role(frame: pd.DataFrame) -> None:
    result = fit(frame, TWO)
    plain = fit_quietly("phq ~ t + w + b + (1 + w | id)", by_hand(frame))
    assert result.fit.loglik == pytest.approx(plain.loglik, abs=1e-7)
    assert result.effects["effect"].tolist() == ["within", "between"]


def test_contextual_rows_are_differences_with_their_own_error(frame: pd.DataFrame) -> None:
    result = fit(frame)
    rows = result.tidy().set_index("term")["estimate"]
    assert rows["wai_patient_between - wai_within"] == pytest.approx(
        rows["wai_patient_between"] - rows["wai_within"], rel=1e-9
    )
    v = result.fit.vcov
    a, b = "wai_patient_between", "wai_within"
    se = np.sqrt(v.loc[a, a] + v.loc[b, b] - 2 * v.loc[a, b])
    found = result.tidy().set_index("term").loc[f"{a} - {b}", "se"]
    assert found == pytest.approx(se, rel=1e-8)


@pytest.mark.parametrize(
    ("time", "formula"),
    [
        ("linear", "phq ~ t + w + b + (1 + w | id)"),
        ("none", "phq ~ w + b + (1 + w | id)"),
        ("log", "phq ~ l + w + b + (1 + w | id)"),
        ("factor", "phq ~ C(t) + w + b + (1 + w | id)"),
        ("patient", "phq ~ t + w + b + (1 + w + t | id)"),
    ],
)
def test_time(frame: pd.DataFrame, time: str, formula: str) -> None:
    plain = by_hand(frame).assign(l=lambda d: np.log1p(d["t"]))
    result = fit(frame, TWO, time=time)
    assert result.fit.loglik == pytest.approx(fit_quietly(formula, plain).loglik, abs=1e-5)


def test_weeks_instead_of_sessions(frame: pd.DataFrame) -> None:
    sessions, weeks = fit(frame), fit(frame, time_column="time")
    assert weeks.fit.loglik == pytest.approx(sessions.fit.loglik - np.log(1.5), abs=1e-6)
    assert "week_since_start" in weeks.fit.names
    assert "time_column='time'" in (weeks.view().refit or "")


def test_a_trend_shared_by_both_is_not_a_within_effect(rng: np.random.Generator) -> None:
    """No coupling: alliance rises, symptoms fall. Without time the slope is far from zero."""
    patient = np.repeat(np.arange(150), 8)
    visit = np.tile(np.arange(8), 150)
    wai = 40 + rng.normal(0, 5, 150)[patient] + 1.0 * visit + rng.normal(0, 1, 1200)
    phq = 20 + rng.normal(0, 3, 150)[patient] - 1.5 * visit + rng.normal(0, 2, 1200)
    frame = pd.DataFrame({"id": patient, "visit": visit, "wai": wai, "phq": phq})
    result = fit(frame, TWO)
    rows = result.sensitivity.set_index(["model", "effect"])["estimate"]
    assert rows["without time", "within"] < -1.0
    assert abs(rows["as fitted", "within"]) < 0.2
    assert "with treatment length" not in set(result.sensitivity["model"])
    assert any("numbers of sessions differ too little" in note for note in result.notes)


def test_sensitivity_rows_equal_the_models_written_out(frame: pd.DataFrame) -> None:
    result = fit(frame)
    plain = by_hand(frame)
    plain["n"] = plain.groupby("id")["visit"].transform("size")
    plain["n"] = plain["n"] - plain.groupby("id")["n"].first().mean()
    rows = result.sensitivity.set_index(["model", "effect"])["estimate"]
    random = "(1 + w | id) + (1 | who)"
    without = fit_quietly(f"phq ~ w + pb + tb + {random}", plain)
    length = fit_quietly(f"phq ~ t + w + pb + tb + n + n:t + {random}", plain)
    assert rows["without time", "within"] == pytest.approx(without.beta["w"], rel=1e-5)
    assert rows["with treatment length", "within"] == pytest.approx(length.beta["w"], rel=1e-5)
    assert rows["as fitted", "within"] == result.tidy()["estimate"].iloc[0]
    assert "with linear time" in set(fit(frame, time="none").sensitivity["model"])


def test_one_or_two_sessions_a_patient_give_no_row_for_length(frame: pd.DataFrame) -> None:
    """Length and its product with time cannot be told apart there; the rest stands."""
    few = frame.sort_values(["id", "visit"])
    short = few["id"].isin([f"P{p}" for p in range(30)])
    few = few[few.groupby("id").cumcount() < np.where(short, 1, 2)]
    result = fit(few, random_slopes={})
    assert set(result.sensitivity["model"]) == {"as fitted", "without time"}
    assert len(result.view().tables["Sensitivity"]) == 2 * len(result.effects)


def test_effect_sizes_use_the_components_of_null_models(frame: pd.DataFrame) -> None:
    result = fit(frame)
    sizes = result.effect_sizes().set_index("effect")
    null = fit_quietly("wai ~ 1 + (1 | id) + (1 | who)", frame)
    assert sizes.loc["within", "sd_alliance"] == pytest.approx(null.sigma, rel=1e-9)
    patient = np.sqrt(null.covariances["id"].iloc[0, 0])
    assert sizes.loc["patient_between", "sd_alliance"] == pytest.approx(patient, rel=1e-9)
    effects = result.effects.set_index("effect")
    ratio = sizes["sd_alliance"] / sizes["sd_outcome"]
    np.testing.assert_allclose(sizes["estimate"], effects["estimate"] * ratio, rtol=1e-12)
    np.testing.assert_allclose(sizes["ci_low"], effects["ci_low"] * ratio, rtol=1e-12)
    assert "points_per_rc" not in sizes


def test_points_per_reliable_change(frame: pd.DataFrame) -> None:
    result = fit(frame)
    sizes = result.effect_sizes(outcome_reliability=0.84).set_index("effect")
    total = np.sqrt((sizes["sd_outcome"] ** 2).sum())
    change = 1.96 * np.sqrt(2) * total * np.sqrt(1 - 0.84)
    expected = change / abs(result.effects.set_index("effect").loc["within", "estimate"])
    assert sizes.loc["within", "points_per_rc"] == pytest.approx(expected, rel=1e-4)
    assert sizes["points_per_rc"].drop("within").isna().all()
    with pytest.raises(ArgumentError, match="outcome_reliability=84"):
        result.effect_sizes(outcome_reliability=84)


def test_order_of_rows_and_labels_do_not_matter(frame: pd.DataFrame) -> None:
    renamed = frame.sample(frac=1.0, random_state=9)
    renamed = renamed.assign(
        id=pd.Categorical(renamed["id"].str.replace("P", "x-")), who=renamed["who"] + "ü"
    )
    one, two = fit(frame).tidy(), fit(renamed).tidy()
    np.testing.assert_allclose(one["estimate"], two["estimate"], rtol=1e-7)
    np.testing.assert_allclose(one["df"], two["df"], rtol=1e-4)


def test_missing_ratings_are_dropped_counted_and_warned(frame: pd.DataFrame) -> None:
    frame.loc[[0, 1, 2], "wai"] = np.nan
    frame.loc[[2, 3], "phq"] = np.nan
    frame.loc[[5], "who"] = None
    with pytest.warns(DataWarning, match="5 of .* sessions dropped"):
        result = fit_within_between(frame, ROLES)
    assert result.glance()["n_dropped"].iloc[0] == 5
    assert result.glance()["n_obs"].iloc[0] == len(frame) - 5


def test_the_words_of_dropped_sessions(frame: pd.DataFrame) -> None:
    frame.loc[[0, 1, 2], "wai"] = np.nan
    frame.loc[[2, 3], "phq"] = np.nan
    text = f"4 of {len(frame)} sessions dropped (phq missing: 2, wai missing: 2)."
    assert text in fit(frame).messages


def test_patient_means_use_all_ratings_or_those_in_the_model(frame: pd.DataFrame) -> None:
    frame.loc[frame.groupby("id").head(1).index, "phq"] = np.nan
    available = fit(frame)
    fitted = fit(frame, mean_rows="fitted")
    assert available.fit.n_obs == fitted.fit.n_obs
    assert f"from all {len(frame):,} observed ratings" in available.notes[0]
    assert f"from the {len(frame) - 60:,} in the model" in fitted.notes[0]
    whole = frame.groupby("id")["wai"].mean()
    complete = frame.dropna().groupby("id")["wai"].mean()
    for result, means in ((available, whole), (fitted, complete)):
        rows = result.prepared.frame
        own = (rows["wai"] - rows["wai_within"]).to_numpy()
        np.testing.assert_allclose(own, rows["id"].map(means), rtol=1e-12)


def test_random_slopes(frame: pd.DataFrame) -> None:
    plain = by_hand(frame)
    none = fit(frame, random_slopes={})
    assert none.fit.loglik == pytest.approx(
        fit_quietly("phq ~ t + w + pb + tb + (1 | id) + (1 | who)", plain).loglik, abs=1e-6
    )
    both = fit(frame, random_slopes={"patient": ["within"], "therapist": ["patient_between"]})
    written = "phq ~ t + w + pb + tb + (1 + w | id) + (1 + pb | who)"
    assert both.fit.loglik == pytest.approx(fit_quietly(written, plain).loglik, abs=1e-5)


def test_auto_keeps_a_supported_slope_and_drops_a_singular_one(frame: pd.DataFrame) -> None:
    kept = fit(frame, random_slopes="auto")
    assert kept.fit.loglik == pytest.approx(fit(frame).fit.loglik, abs=1e-7)
    singular = al.simulate_sessions(
        n_patients=40, n_therapists=8, within_effect_sd=0.0, missing_ratings=0.0, rng=4
    )
    dropped = fit(singular, None, random_slopes="auto")
    assert fit(singular, None).fit.singular
    assert "(1 | patient)" in dropped.formula
    assert "the slope was dropped" in dropped.messages[0]


def test_therapist_mean_of_sessions(frame: pd.DataFrame) -> None:
    result = fit(frame, therapist_mean="sessions")
    rows = result.prepared.frame
    means = frame.groupby("who")["wai"].mean()
    centre = means.mean()
    np.testing.assert_allclose(
        rows["wai_therapist_between"], rows["who"].map(means) - centre, atol=1e-10
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "liner"}, r"time='liner' is not known. Did you mean 'linear'\?"),
        ({"time": "none", "time_column": "time"}, "would be ignored with time='none'"),
        ({"time_column": "weeks"}, "time_column='weeks' is not known"),
        ({"mean_rows": "all"}, "mean_rows='all' is not known"),
        ({"therapist_mean": "median"}, "therapist_mean='median' is not known"),
        ({"random_slopes": "maximal"}, "random_slopes='maximal' is not known"),
        ({"random_slopes": {"clinic": ["within"]}}, "unit of random_slopes='clinic'"),
        ({"random_slopes": {"patient": ["between"]}}, r"random_slopes\['patient'\]"),
        ({"random_slopes": {"patient": "within"}}, r"random_slopes\['patient'\]='within'"),
    ],
)
def test_unknown_arguments(frame: pd.DataFrame, options: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        fit(frame, **options)


def test_therapist_options_without_therapists(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="no therapist role"):
        fit(frame, TWO, random_slopes={"therapist": ["within"]})
    with pytest.raises(ArgumentError, match="therapist_mean='sessions' would be ignored"):
        fit(frame, TWO, therapist_mean="sessions")
    with pytest.raises(ArgumentError, match="needs the role 'time'"):
        fit(frame, TWO, time_column="time")


def test_too_many_times_for_a_factor(frame: pd.DataFrame) -> None:
    frame["week"] = np.linspace(0, 100, len(frame))
    with pytest.raises(ArgumentError, match="time='factor' would estimate"):
        fit(frame, time="factor", time_column="time")


BAD_DATA = {
    "missing column": (lambda d: d.drop(columns="wai"), "column 'wai' .*not found"),
    "outcome as text": (lambda d: d.assign(phq=["?"] * len(d)), "'phq' is not numeric"),
    "one patient": (lambda d: d[d["id"] == "P1"], "1 patient"),
    "constant alliance": (lambda d: d.assign(wai=5.0), "'wai'.* constant"),
    "two therapists": (
        lambda d: d.assign(who=np.where(d.index == d.index[0], "T99", d["who"])),
        r"1 of 60 patients is seen by more than one therapist",
    ),
    "centred already": (
        lambda d: d.assign(wai=d["wai"] - d.groupby("id")["wai"].transform("mean")),
        "centred already",
    ),
    "duplicate rows": (lambda d: pd.concat([d, d.head(2)]), "duplicate|twice|more than once"),
    "no complete session": (
        lambda d: d.assign(
            wai=np.where(d["visit"] % 2 == 0, d["wai"], np.nan),
            phq=np.where(d["visit"] % 2 == 1, d["phq"], np.nan),
        ),
        "complete sessions .* are left of 0 patients",
    ),
    "flat within patients": (
        lambda d: d.assign(wai=d.groupby("id")["wai"].transform("mean")),
        "'wai_within' is constant",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD_DATA.values(), ids=BAD_DATA)
def test_unusable_data(frame: pd.DataFrame, spoil: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(spoil(frame))  # type: ignore[operator]


def test_too_few_sessions_a_patient(frame: pd.DataFrame) -> None:
    one, two = frame.groupby("id").head(1), frame.groupby("id").head(2)
    message = "60 complete sessions of 60 patients are too few .* More sessions a patient"
    with pytest.raises(DataError, match=message):
        fit(one, random_slopes={})
    with pytest.raises(DataError, match=r"120 complete sessions .* Use random_slopes=\{\}"):
        fit(two)
    with pytest.raises(DataError, match="Use time='linear'"):
        fit(two, time="patient", random_slopes={})
    dropped = fit(two, random_slopes="auto")
    assert "could not be fitted with so few sessions" in dropped.messages[0]


def test_one_patient_a_therapist(frame: pd.DataFrame) -> None:
    said = (
        r"each of 60 therapists \(column 'who'\) has one patient, .* leave the therapist role out"
    )
    with pytest.raises(DataError, match=said):
        fit(frame.assign(who=frame["id"]))


def test_therapists_never_named(frame: pd.DataFrame) -> None:
    said = f"therapist column 'who' is empty in all {len(frame):,} sessions. .* two-level model"
    with pytest.raises(DataError, match=said):
        fit(frame.assign(who=None))


def test_one_therapist(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="1 therapist. .*leave the therapist role out"):
        fit(frame.assign(who="T"))


@pytest.mark.parametrize("name", ["sessions_attended", "visit_since_start"])
@pytest.mark.parametrize("column", ["wai", "phq"])
def test_names_of_derived_columns_are_refused(frame: pd.DataFrame, column: str, name: str) -> None:
    options = {
        "alliance": "wai",
        "outcome": "phq",
        {"wai": "alliance", "phq": "outcome"}[column]: name,
    }
    roles = al.Roles(patient="id", session="visit", **options)
    with pytest.raises(DataError, match=f"column '{name}' has the name of a column that the model"):
        fit(frame.rename(columns={column: name}), roles)


def test_points_leave_out_the_patients_own_trend(frame: pd.DataFrame) -> None:
    """With a slope of time a patient, the within points scatter about the line's slope."""
    result = fit(frame, TWO, time="patient", random_slopes={})
    plot = result.view().plot
    assert plot is not None
    points = plot[(plot["panel"] == "within") & (plot["layer"] == "points")]
    slope = np.polyfit(points["x"], points["y"], 1)[0]
    assert slope == pytest.approx(result.effects["estimate"].iloc[0], rel=0.02)


def test_reml_is_a_truth_value(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="reml='ML' is not known. Allowed: True, False"):
        fit(frame, reml="ML")


def test_frame_without_roles_and_roles_given_twice(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="without roles"):
        fit_within_between(frame)
    with pytest.raises(ArgumentError, match="roles are given twice"):
        fit_within_between(al.load_sessions(frame, ROLES), ROLES)


def test_hostile_names_stay_names(frame: pd.DataFrame) -> None:
    names = {"wai": "x') + os.system('id", "phq": "a b|c~d", "id": 'the "id"'}
    odd = frame.rename(columns=names)
    roles = al.Roles(patient=names["id"], session="visit", alliance=names["wai"],
                     outcome=names["phq"])  # fmt: skip
    assert fit(odd, roles).fit.loglik == pytest.approx(fit(frame, TWO).fit.loglik, abs=1e-8)


def test_singular_fits_are_warned_and_kept(rng: np.random.Generator) -> None:
    sessions = al.simulate_sessions(
        n_patients=40, n_therapists=8, within_effect_sd=0.0, missing_ratings=0.0, rng=4
    )
    with pytest.warns(FitWarning, match="Singular fit"):
        result = fit_within_between(sessions)
    assert result.fit.singular
    assert "wai_total_within | patient" in result.formula
    assert any("Singular fit" in m for m in result.view().messages)


def test_the_view_is_complete(frame: pd.DataFrame) -> None:
    view = fit(frame).view()
    assert view.kind == "within_between"
    assert list(view.levels["unit"]) == ["session", "patient", "therapist"]
    assert list(view.tables) == ["Standardised effects", "Sensitivity", "Random effects"]
    assert view.labels["outcome_better"] == "lower"
    assert "bic_patients" in view.fit and len(view.fit) == 1
    assert any("Only 10 therapists" in note for note in view.notes)


def test_the_call_in_the_view_fits_the_same_model(frame: pd.DataFrame) -> None:
    sessions = al.load_sessions(frame, ROLES)
    result = fit(frame, time="log", time_column="time", mean_rows="fitted", reml=False)
    refit = result.view().refit or ""
    assert refit.startswith("al.fit_within_between(sessions, ")
    options = {
        "time": "log", "time_column": "time", "random_slopes": {"patient": ["within"]},
        "mean_rows": "fitted", "therapist_mean": "patients", "reml": False,
    }  # fmt: skip
    written = ", ".join(f"{name}={value!r}" for name, value in options.items())
    assert refit == f"al.fit_within_between(sessions, {written})"
    again = fit_within_between(sessions, **options)  # type: ignore[arg-type]
    assert again.fit.loglik == result.fit.loglik


def test_printing(frame: pd.DataFrame) -> None:
    result = fit(frame)
    assert "within and between patients" in repr(result)
    assert "<table>" in result._repr_html_()


def test_the_input_is_left_alone(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    fit(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_view_with_kenward_roger_changes_every_test_and_says_so() -> None:
    result = al.fit_within_between(al.load_example("sessions"))
    plain, strict = result.view(), result.view(ddf="kenward-roger")
    own = result.tidy(ddf="kenward-roger")
    assert (strict.terms["df"] == own["df"]).all() and (strict.terms["se"] == own["se"]).all()
    assert (strict.terms["df"] != plain.terms["df"]).any()
    sensitivity = strict.tables["Sensitivity"].query("model == 'as fitted'")
    np.testing.assert_allclose(sensitivity["df"], own["df"].head(3), rtol=1e-12)
    sizes = strict.tables["Standardised effects"]
    share = (own["ci_high"] - own["ci_low"]).head(3) * sizes["sd_alliance"] / sizes["sd_outcome"]
    np.testing.assert_allclose(sizes["ci_high"] - sizes["ci_low"], share, rtol=1e-10)
    assert (strict.plot["y_high"] != plain.plot["y_high"]).any()
    assert "Kenward–Roger degrees of freedom" in al.report_text(strict)
    assert "Kenward–Roger" in str(al.coef_table(strict))
    assert "Satterthwaite" in al.report_text(result)


@pytest.mark.parametrize(("residual", "clock"), [("ar1", "session"), ("continuous_ar1", "time")])
def test_correlated_residuals(frame: pd.DataFrame, residual: str, clock: str) -> None:
    result = fit(frame, residual=residual, time_column=clock)
    column = {"session": "visit", "time": "week"}[clock]
    make = getattr(al.lmm, residual)
    structure = make(column, within="id")
    same = fit_quietly(result.formula, result.prepared.frame, residual=structure)
    assert result.fit.residual is not None and result.fit.residual.structure == structure
    assert result.fit.loglik == pytest.approx(same.loglik, rel=1e-12)
    assert any("first-order autoregression" in note for note in result.notes)
    assert "first-order autoregression" in al.report_text(result)
    assert f"residual='{residual}'" in result.view().refit
    alike = result.sensitivity.query("model == 'with independent residuals'")
    plain = fit(frame, time_column=clock).effects
    assert alike["estimate"].tolist() == pytest.approx(plain["estimate"].tolist(), rel=1e-12)


def test_pairs_are_blocks_of_residuals(frame: pd.DataFrame) -> None:
    changed = frame.copy()
    late = (changed["id"] == "P1") & (changed["visit"] > 1)
    changed.loc[late, "who"] = "T9"
    pairs = fit(changed, therapist_change="dyad", residual="ar1").fit.residual
    assert pairs is not None and pairs.structure.within == ("who", "id")
    with pytest.raises(UnsupportedError, match="crossed factors"):
        fit(changed, therapist_change="crossed", residual="ar1")


def test_weeks_are_no_sessions(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="residual='continuous_ar1'"):
        fit(frame, residual="ar1", time_column="time")
    with pytest.raises(ArgumentError, match="residual='ar' is not known"):
        fit(frame, residual="ar")
