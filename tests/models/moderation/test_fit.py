"""fit_moderation: the model it builds, a dense oracle, invariances, what it refuses."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.linalg import inv

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, UnsupportedError
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.fit import fit_quietly

ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq", treatment="arm",
    outcome_better="lower",
)  # fmt: skip
TWO = al.Roles(patient="id", session="visit", alliance="wai", outcome="phq", treatment="arm")
NUMBERS = ["estimate", "se", "df", "p_equivalence"]


def by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """Centred parts and indicators with plain groupby."""
    out = frame.copy()
    patient = out.groupby("id")["wai"].transform("mean")
    means = out.groupby("id").agg(who=("who", "first"), wai=("wai", "mean"))
    theirs = means.groupby("who")["wai"].mean()
    out["w"], out["pb"] = out["wai"] - patient, patient - out["who"].map(theirs)
    out["tb"] = out["who"].map(theirs) - theirs.mean()
    out["b"] = patient - means["wai"].mean()
    out["t"] = out["visit"] - out.groupby("id")["visit"].transform("min")
    return out


def test_the_model_is_the_one_written_out(frame: pd.DataFrame, fitted: Any) -> None:
    result = fitted(frame)
    plain = fit_quietly(
        "phq ~ t * arm + w * arm + pb * arm + tb * arm + (1 + w | id) + (1 | who)", by_hand(frame)
    )
    assert result.fit.loglik == pytest.approx(plain.loglik, abs=1e-7)
    expected = plain.contrasts(
        {
            "cbt": {"w": 1.0},
            "dyn": {"w": 1.0, "arm[dyn]:w": 1.0},
            "sup": {"w": 1.0, "arm[sup]:w": 1},
        }
    )
    table = result.tidy()
    assert tuple(table.columns) == ("effect", "unit", "group", *TIDY_COLUMNS)
    own = table[table["effect"] == "within"]
    assert own["group"].tolist() == ["cbt", "dyn", "sup"]
    np.testing.assert_allclose(own["estimate"], expected["estimate"], rtol=1e-6)
    np.testing.assert_allclose(own["df"], expected["df"], rtol=1e-4)
    differences = table[table["effect"] == "within_difference"]
    assert differences["group"].tolist() == ["dyn vs cbt", "sup vs cbt", "sup vs dyn"]
    assert differences["unit"].unique().tolist() == ["session"]


def test_a_dense_oracle_for_the_partially_nested_model(frame: pd.DataFrame, fitted: Any) -> None:
    """Generalised least squares with V = ZGZ' + σ²I at the fitted variances."""
    free = frame.assign(who=frame["who"].where(frame["arm"] != "sup"))
    result = fitted(free, smallest_effect=0.2)
    own = result.prepared.frame
    sup, dyn = (own["arm"] == "sup").to_numpy(), (own["arm"] == "dyn").to_numpy()
    w, pb, tb = (own[f"wai_{part}"].to_numpy() for part in ("within", "patient_between",
                                                            "therapist_between"))  # fmt: skip
    t = own["visit_since_start"].to_numpy()
    assert np.all(tb[sup] == 0)
    x = np.column_stack(
        [np.ones(len(own)), t, dyn, sup, w, pb, tb, t * dyn, t * sup, w * dyn, w * sup, pb * dyn,
         pb * sup, tb * dyn]
    )  # fmt: skip
    blocks = result.fit.covariances
    v = np.eye(len(own)) * result.fit.sigma2
    patient = pd.factorize(own["id"])[0]
    z = np.column_stack([np.ones(len(own)), w])
    same = patient[:, None] == patient[None]
    v += same * (z @ blocks["id"].to_numpy() @ z.T)
    who = pd.factorize(own["who"])[0]
    seen = (~sup).astype(float)
    v += (who[:, None] == who[None]) * np.outer(seen, seen) * blocks["who"].to_numpy()[0, 0]
    vi = inv(v)
    covariance = inv(x.T @ vi @ x)
    beta = covariance @ x.T @ vi @ own["phq"].to_numpy()
    contrast = np.zeros(14)
    contrast[10], contrast[9] = 1.0, -1.0
    row = result.equivalence().set_index("comparison").loc["sup vs dyn"].iloc[0]
    assert row["estimate"] == pytest.approx(contrast @ beta, rel=1e-7)
    assert row["se"] == pytest.approx(np.sqrt(contrast @ covariance @ contrast), rel=1e-7)


def test_an_arm_without_therapists_is_found_and_said(frame: pd.DataFrame) -> None:
    free = frame.assign(who=frame["who"].where(frame["arm"] != "sup"))
    with pytest.warns(DataWarning, match="No therapist is named in any session of 'sup'"):
        result = al.models.fit_moderation(free, ROLES, smallest_effect=0.1)
    assert "(0 + with_therapist | who)" in result.formula
    assert result.prepared.counts()["therapist"] == 10
    # patients without a therapist are centred at the mean of their arm
    own = result.prepared.frame
    sup = own[own["arm"] == "sup"]
    means = sup.groupby("id")["wai"].mean()
    expected = sup["id"].map(means) - means.mean()
    np.testing.assert_allclose(sup["wai_patient_between"], expected, atol=1e-10)
    # therapists are compared in the arms that have some
    claims = result.claims().set_index("effect")
    assert claims["n_differences"].to_dict() == {
        "within": 3, "patient_between": 3, "therapist_between": 1
    }  # fmt: skip
    assert any("partially nested" in message for message in result.messages)


def test_a_missing_therapist_here_and_there_is_dropped_and_counted(
    frame: pd.DataFrame, fitted: Any
) -> None:
    gone = frame["id"].isin(["P3", "P40"])
    result = fitted(frame.assign(who=frame["who"].mask(gone)))
    assert result.prepared.moderator.free == ()
    assert result.glance()["n_dropped"].item() == int(gone.sum())
    assert any("who missing" in message for message in result.messages)


def test_therapist_ids_may_be_numbers(frame: pd.DataFrame, fitted: Any) -> None:
    number = frame["who"].str[1:].astype(float)
    free = frame.assign(who=number.where(frame["arm"] != "sup"))
    named = frame.assign(who=frame["who"].where(frame["arm"] != "sup"))
    first, second = fitted(free), fitted(named)
    np.testing.assert_allclose(
        first.equivalence()[NUMBERS], second.equivalence()[NUMBERS], rtol=1e-6
    )
    assert "7" in set(first.prepared.frame["who"])


def test_invariances(frame: pd.DataFrame, fitted: Any) -> None:
    base = fitted(frame).equivalence()
    shuffled = frame.sample(frac=1.0, random_state=9)
    renamed = frame.assign(arm=frame["arm"].map({"cbt": "a", "dyn": "b", "sup": "c"}))
    category = frame.assign(arm=frame["arm"].astype("category"))
    numbered = frame.assign(arm=frame["arm"].map({"cbt": 1, "dyn": 2, "sup": 3}))
    for other in (shuffled, renamed, category, numbered):
        found = fitted(other).equivalence()
        np.testing.assert_allclose(found[NUMBERS], base[NUMBERS], rtol=2e-5)
    scaled = frame.assign(wai=frame["wai"] * 10, phq=frame["phq"] * 2)
    found = fitted(scaled, smallest_effect=0.02).equivalence()
    np.testing.assert_allclose(found["estimate"] * 5, base["estimate"], rtol=1e-5)
    np.testing.assert_allclose(found["p_equivalence"], base["p_equivalence"], rtol=1e-4)


def test_the_reference_changes_signs_only(frame: pd.DataFrame, fitted: Any) -> None:
    first, second = fitted(frame), fitted(frame, reference="sup")
    assert second.prepared.moderator.levels == ("sup", "cbt", "dyn")
    assert second.fit.loglik == pytest.approx(first.fit.loglik, abs=1e-6)
    one, two = (r.tidy().set_index(["effect", "group"]) for r in (first, second))
    for effect in ("within", "patient_between", "therapist_between"):
        for arm in ("cbt", "dyn", "sup"):
            a, b = one.loc[(effect, arm)], two.loc[(effect, arm)]
            assert a["estimate"] == pytest.approx(b["estimate"], rel=1e-5)
            assert a["df"] == pytest.approx(b["df"], rel=1e-3)
        a = one.loc[(f"{effect}_difference", "sup vs cbt"), "estimate"]
        b = two.loc[(f"{effect}_difference", "cbt vs sup"), "estimate"]
        assert a == pytest.approx(-b, rel=1e-5)
    for column in ("f", "p_interaction", "p_equivalence"):
        np.testing.assert_allclose(first.claims()[column], second.claims()[column], rtol=1e-4)
    n = [
        r.patients_needed().query("comparison == 'all pairs'")["n_patients"]
        for r in (first, second)
    ]
    np.testing.assert_allclose(n[0], n[1], rtol=0.01)
    assert any("in 'sup', the reference of arm" in note for note in second.notes)


def test_the_f_test_of_two_groups_is_the_squared_t(frame: pd.DataFrame, fitted: Any) -> None:
    result = fitted(frame[frame["arm"] != "sup"], TWO)
    own = result.equivalence()
    np.testing.assert_allclose(result.claims()["f"], (own["estimate"] / own["se"]) ** 2, rtol=1e-8)
    np.testing.assert_allclose(result.claims()["p_equivalence"], own["p_equivalence"])


def test_the_claim_is_as_strong_as_its_weakest_pair(frame: pd.DataFrame, fitted: Any) -> None:
    result = fitted(frame)
    worst = result.equivalence().groupby("effect", sort=False)["p_equivalence"].max()
    np.testing.assert_array_equal(result.claims()["p_equivalence"], worst)


def test_recovery(drawn: Any, fitted: Any) -> None:
    result = fitted(drawn(np.random.default_rng(5), n=600, noise=1.0), smallest_effect=0.05)
    own = result.tidy().query("effect == 'within'").set_index("group")
    for arm, slope in {"cbt": -0.1, "dyn": -0.2, "sup": -0.1}.items():
        assert abs(own.loc[arm, "estimate"] - slope) < 4 * own.loc[arm, "se"]
    pairs = result.equivalence().query("effect == 'within'").set_index("comparison")["verdict"]
    assert pairs["sup vs cbt"] == "equivalent"
    assert pairs["dyn vs cbt"] == "different"
    assert result.claims()["verdict"][0] == "different"


def test_continuous_moderators_are_centred_and_compared_at_one_sd(
    frame: pd.DataFrame, fitted: Any
) -> None:
    result = fitted(frame, moderator="intake", time="none")
    own = frame.groupby("id")["intake"].first()
    plain = fit_quietly(
        "phq ~ m + w * m + pb * m + tb * m + (1 + w | id) + (1 | who)",
        by_hand(frame).assign(m=frame["intake"] - own.mean()),
    )
    # products of the formula in another order have the same model
    product = plain.tidy().set_index("term").loc["m:w", "estimate"]
    row = result.equivalence().iloc[0]
    assert row["comparison"] == "+1 SD vs −1 SD"
    assert row["estimate"] == pytest.approx(2 * own.std() * product, rel=1e-5)
    chosen = fitted(frame, moderator="intake", time="none", at=(10, 15, 20))
    assert chosen.equivalence()["comparison"][0] == "intake = 20 vs intake = 10"
    assert chosen.equivalence()["estimate"][0] == pytest.approx(10 * product, rel=1e-5)
    assert chosen.tidy().query("effect == 'within'")["group"].tolist()[1] == "intake = 15"


def test_a_rating_of_sessions_meets_the_alliance_level_by_level(
    frame: pd.DataFrame, fitted: Any
) -> None:
    result = fitted(frame, moderator="skill")
    assert [m.by for m in result.prepared.moderated] == [
        "skill_within", "skill_patient_between", "skill_therapist_between"
    ]  # fmt: skip
    own = result.prepared.frame
    product = own["wai_within"] * own["skill_within"]
    np.testing.assert_allclose(
        own["wai_by_skill_mean"], product.groupby(own["id"]).transform("mean"), atol=1e-12
    )
    assert (
        "skill_within:wai_within" in result.formula or "wai_within:skill_within" in result.formula
    )
    first, *_, last = result.prepared.moderated[0].points
    assert last.value - first.value == pytest.approx(2 * own["skill_within"].std())


def test_johnson_neyman_in_units_of_the_moderator(frame: pd.DataFrame, fitted: Any) -> None:
    result = fitted(frame, moderator="intake")
    found = result.johnson_neyman(effect="patient_between")
    assert found.moderator == "intake"
    assert found.regions["low"].iloc[0] == pytest.approx(frame["intake"].min())
    assert found.regions["high"].iloc[-1] == pytest.approx(frame["intake"].max())
    at = fitted(frame, moderator="intake", at=(10, 12)).tidy()
    slope = at[(at["effect"] == "patient_between")].iloc[0]["estimate"]
    line = np.polyfit(found.band["intake"], found.band["estimate"], 1)
    assert np.polyval(line, 10.0) == pytest.approx(slope, rel=1e-6)
    for bound in found.bounds:
        row = fitted(frame, moderator="intake", at=(bound, bound + 1)).tidy()
        ends = row[row["effect"] == "patient_between"].iloc[0]
        assert min(abs(ends["ci_low"]), abs(ends["ci_high"])) < 1e-6
    with pytest.raises(UnsupportedError, match="categorical and has no regions"):
        fitted(frame).johnson_neyman()
    with pytest.raises(ArgumentError, match="effect='between' is not known"):
        result.johnson_neyman(effect="between")


def test_standardised_bounds_use_the_stated_sds(frame: pd.DataFrame, fitted: Any) -> None:
    plain = fitted(frame, smallest_effect=0.15 * 5.5 / 9.0)
    stated = fitted(frame, smallest_effect=0.15, standardise_by={"alliance": 9.0, "outcome": 5.5})
    np.testing.assert_allclose(
        stated.equivalence()["p_equivalence"], plain.equivalence()["p_equivalence"]
    )
    assert any("stated SDs: 9.00 of wai, 5.50 of phq" in note for note in stated.notes)


def test_the_trend_may_differ_unless_told_otherwise(frame: pd.DataFrame, fitted: Any) -> None:
    assert "visit_since_start:arm" in fitted(frame).formula
    assert "visit_since_start:arm" not in fitted(frame, time_by_moderator=False).formula
    assert "visit_since_start:" not in fitted(frame, moderator="skill").formula
    assert "visit_since_start:" not in fitted(frame, time="factor").formula
    rows = fitted(frame).sensitivity["model"].unique().tolist()
    assert rows == ["as fitted", "without time", "with one trend for all", "with treatment length"]
    for choice in ({"time": "none"}, {"time": "factor"}, {"moderator": "skill"}):
        with pytest.raises(ArgumentError, match="time_by_moderator=True needs"):
            fitted(frame, time_by_moderator=True, **choice)


def test_nested_and_crossed_therapists(frame: pd.DataFrame, fitted: Any) -> None:
    assert "nested" in fitted(frame).prepared.nesting_words()
    patients = frame["id"].str[1:].astype(int)
    crossed = frame.assign(arm=np.array(["a", "b"])[patients % 2])
    result = fitted(crossed)
    assert "15 of 15 therapists work in several levels of arm (crossed)" in (
        result.prepared.nesting_words()
    )


def test_too_few_therapists_in_an_arm(frame: pd.DataFrame) -> None:
    few = frame[(frame["arm"] != "sup") | frame["who"].isin(["T2", "T5"])]
    with pytest.warns(DataWarning, match="'sup' has 2, too few for a slope"):
        result = al.models.fit_moderation(few, ROLES, smallest_effect=0.1)
    assert result.claims()["effect"].tolist() == ["within", "patient_between"]
    own = result.tidy().query("effect == 'therapist_between'")
    assert own["group"].tolist() == [""]


def test_the_missing_bound_is_one_clear_message(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="which difference between two slopes") as caught:
        al.models.fit_moderation(frame, ROLES)
    assert "standardise_by" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smallest_effect": 0.0}, "smallest_effect=0.0 is not a number above 0"),
        ({"smallest_effect": {"within": 0.1}}, "no bound for patient_between, therapist_between"),
        ({"smallest_effect": {"between": 0.1}}, "effect of smallest_effect='between'"),
        ({"standardise_by": {"alliance": 9}}, "is not two SDs"),
        ({"standardise_by": {"alliance": 9, "outcome": -1}}, "standardise_by"),
        ({"alpha": 0.6}, "no level of a one-sided test"),
        ({"alpha": 5}, "alpha=5 is not between 0 and 1"),
        ({"at": (1, 2)}, "at=.* would be ignored: moderator 'arm' is categorical"),
        ({"moderator": "intake", "at": (2, 1)}, "not two or more increasing numbers"),
        ({"moderator": "intake", "at": (10,)}, "not two or more increasing numbers"),
        ({"moderator": "intake", "at": 10}, "not two or more increasing numbers"),
        ({"moderator": "intake", "reference": "cbt"}, "reference='cbt' would be ignored"),
        ({"moderator": "intake", "variance_by_arm": True}, "needs groups"),
        ({"reference": "act"}, "is no level of 'arm'"),
        ({"moderator": "wai"}, "is the alliance itself"),
        ({"moderator": "phq"}, "is the outcome"),
        ({"moderator": "therapist"}, "identifies therapists"),
        ({"moderator": "id"}, "identifies patients"),
        ({"moderator": "visit"}, "counts time"),
        ({"moderator": "site"}, "is a role without a column"),
        ({"moderator": 3}, "is no name"),
        ({"time": "quadratic"}, "time='quadratic' is not known"),
        ({"variance_by_arm": 1}, "variance_by_arm=1 is not known"),
        ({"random_slopes": {"patient": ["between"]}}, "random_slopes"),
        ({"time": "none", "time_column": "time"}, "would be ignored with time='none'"),
    ],
)
def test_arguments_that_are_refused(
    frame: pd.DataFrame, fitted: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        fitted(frame, **options)


def test_columns_that_are_refused(frame: pd.DataFrame, fitted: Any) -> None:
    with pytest.raises(DataError, match="column 'armm' not found. Did you mean 'arm'"):
        fitted(frame, moderator="armm")
    with pytest.raises(DataError, match="does not vary"):
        fitted(frame.assign(arm="cbt"))
    with pytest.raises(DataError, match="holds lists or other containers"):
        fitted(frame.assign(tags=[[1]] * len(frame)), moderator="tags")
    with pytest.raises(DataError, match="it holds dates"):
        day = pd.Timestamp("2020-01-01") + pd.to_timedelta(frame["intake"].round(), unit="D")
        fitted(frame.assign(day=day), moderator="day")
    with pytest.raises(DataError, match="is empty in all"):
        fitted(frame.assign(arm=pd.Series([None] * len(frame), dtype=object)))
    one = frame[(frame["arm"] != "sup") | (frame["id"] == "P12")]
    assert one.loc[one["arm"] == "sup", "id"].nunique() == 1
    with pytest.raises(DataError, match="level 'sup' of 'arm' has 1 patient"):
        fitted(one, TWO)
    moved = frame.assign(arm=frame["arm"].where(frame["visit"] < 4, "cbt"))
    with pytest.raises(UnsupportedError, match="changes within"):
        fitted(moved)
    with pytest.raises(DataError, match="at most 12 groups"):
        fitted(frame.assign(arm=frame["who"]), TWO)
    with pytest.raises(DataError, match="not one number|neither one number"):
        odd = frame["intake"].where(frame["id"] != "P1", frame["visit"])
        fitted(frame.assign(intake=odd), moderator="intake")
    with pytest.raises(DataError, match="treatments and therapists cannot be told apart"):
        fitted(frame[frame["who"].isin(["T0", "T1", "T2"])])
    with pytest.raises(UnsupportedError, match="random slopes of therapists"):
        free = frame.assign(who=frame["who"].where(frame["arm"] != "sup"))
        fitted(free, random_slopes={"therapist": ["within"]})
    flat = frame.assign(wai=frame["wai"].where(frame["arm"] != "sup", 48.0))
    with pytest.raises(DataError, match="does not vary in level 'sup'"):
        fitted(flat, TWO)
    with pytest.raises(DataError, match="cannot be told apart"):
        twin = frame.groupby("id")["wai"].transform("mean")
        fitted(frame.assign(intake=twin), TWO, moderator="intake")


def test_a_moderator_that_is_missing_is_dropped_and_counted(
    frame: pd.DataFrame, fitted: Any
) -> None:
    holes = frame["intake"].mask(frame["id"] == "P7")
    result = fitted(frame.assign(intake=holes), moderator="intake")
    n = int((frame["id"] == "P7").sum())
    assert result.glance()["n_dropped"].item() == n
    assert result.messages[0] == f"{n} of {len(frame)} sessions dropped (intake missing: {n})."


def test_two_values_are_groups(frame: pd.DataFrame, fitted: Any) -> None:
    late = (frame["id"].str[1:].astype(int) % 2).astype(float)
    result = fitted(frame.assign(group=late), moderator="group")
    assert result.prepared.moderator.levels == ("0", "1")
    truth = fitted(frame.assign(group=late.astype(bool)), moderator="group")
    assert truth.prepared.moderator.levels == ("False", "True")
    np.testing.assert_allclose(
        result.equivalence()["estimate"], truth.equivalence()["estimate"], rtol=1e-6
    )


def test_a_role_is_taken_before_a_column(frame: pd.DataFrame, fitted: Any) -> None:
    roles = dataclasses.replace(ROLES, baseline="intake")
    assert fitted(frame, roles, moderator="baseline").prepared.moderator.column == "intake"
    plain = dataclasses.replace(TWO, treatment=None)
    named = frame.rename(columns={"arm": "treatment"})
    assert fitted(named, plain).prepared.moderator.column == "treatment"


def test_warnings_are_kept(frame: pd.DataFrame) -> None:
    holes = frame.assign(phq=frame["phq"].mask(frame.index < 5))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = al.models.fit_moderation(holes, ROLES, smallest_effect=0.1)
    said = [str(w.message) for w in caught if "dropped" in str(w.message)]
    assert said == [m for m in result.messages if "dropped" in m]


@pytest.mark.parametrize("way", ["first", "dyad", "crossed"])
def test_patients_who_change_their_therapist(frame: pd.DataFrame, fitted: Any, way: str) -> None:
    moved = (frame["id"] == "P1") & (frame["visit"] > 2)
    other = frame.assign(who=frame["who"].mask(moved, "T3"))
    with pytest.raises(DataError, match="seen by more than one therapist"):
        fitted(other)
    result = fitted(other, therapist_change=way)
    assert result.fit.converged
    assert result.claims()["n_differences"].tolist() == [3, 3, 3]
    assert f"therapist_change='{way}'" in (result.view().refit or "")


@pytest.mark.parametrize(
    "options",
    [
        {"time": "patient"},
        {"time": "log"},
        {"random_slopes": {}},
        {"random_slopes": {"patient": ["within"], "therapist": ["within", "patient_between"]}},
        {"reml": False, "therapist_mean": "sessions", "mean_rows": "fitted"},
    ],
)
def test_other_choices_fit_and_can_be_called_again(
    frame: pd.DataFrame, fitted: Any, options: dict[str, Any]
) -> None:
    result = fitted(frame, **options)
    assert result.fit.converged
    for name, value in options.items():
        shown = repr(value) if name != "reml" else str(value)
        assert f"{name}={shown}" in (result.view().refit or "")


def test_one_session_a_patient_has_no_slope_within(frame: pd.DataFrame, fitted: Any) -> None:
    with pytest.raises(DataError, match="the within part of 'wai' does not vary"):
        fitted(frame.groupby("id").head(1), TWO)
    with pytest.raises(DataError, match="constant over the 601 rows"):
        fitted(frame.assign(phq=3.0), TWO)
