"""fit_importance: what it ranks where, invariances, the limit of ordinary regression, bad input."""

from __future__ import annotations

import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import alliance_stats as al
from alliance_stats.models.importance.dominance import subset_members
from alliance_stats.models.importance.intervals import expanded_interval, expanded_p
from alliance_stats.models.importance.result import ImportanceResult
from tests.models.importance.conftest import ROLES, made_sessions

P = ["wai", "bond", "intake", "arm"]


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **asked: Any) -> ImportanceResult:
    asked = {"predictors": P, "n_boot": 0} | asked
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_importance(frame, roles, **asked)


@pytest.fixture(scope="module")
def result(frame: pd.DataFrame) -> ImportanceResult:
    return fit(frame, n_boot=100, rng=1)


# ---------------------------------------------------------------- what is ranked


def test_ratings_count_at_both_levels_and_patients_between(result: ImportanceResult) -> None:
    table = result.predictors()
    assert table.loc[table["effect"] == "within", "term"].tolist() == ["wai", "bond"]
    assert table.loc[table["effect"] == "between", "term"].tolist() == P
    glance = result.glance().iloc[0]
    assert glance["n_models"] == 4 + 16
    shares = table.groupby("effect")["share"].sum()
    assert shares.to_numpy() == pytest.approx([1.0, 1.0])


def test_weights_add_up_to_what_the_predictors_add_to_time(result: ImportanceResult) -> None:
    tidy, glance = result.tidy(), result.glance().iloc[0]
    for level in ("within", "between"):
        own = tidy[(tidy["effect"] == level) & tidy["share"].notna()]
        expected = glance[f"r2_{level}"] - glance[f"r2_{level}_time"]
        assert own["estimate"].sum() == pytest.approx(expected)


def test_two_level_r2_is_that_of_the_fit(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    found = fit(frame)
    # the fit ends within 1e-10 of its deviance, the subsets further down
    for level, unit in (("within", "within patient"), ("between", "between patients")):
        expected = _level_share(found, unit)
        assert found.explained.r2[level][-1] == pytest.approx(expected, abs=tol.r2)


def _level_share(found: ImportanceResult, unit: str) -> float:
    rows = found.fit.r2().tidy()
    own = rows[(rows["unit"] == unit) & (rows["term"] == f"fixed {unit}")]
    return float(own["estimate"].iloc[0])


def test_default_predictors_are_those_of_the_roles(frame: pd.DataFrame) -> None:
    found = fit(frame, predictors=None)
    assert [p.column for p in found.prepared.predictors] == ["wai", "intake", "arm"]
    assert [p.kind for p in found.prepared.predictors] == ["session", "patient", "category"]


def test_groups_move_together(frame: pd.DataFrame) -> None:
    found = fit(frame, groups={"relationship": ["wai", "bond"]})
    assert found.prepared.alliance == "relationship"
    assert found.explained.r2["within"].shape == (2,)
    alone = fit(frame)
    assert found.explained.r2["within"][1] == pytest.approx(alone.explained.r2["within"][-1])
    assert "Ranked as one: relationship = wai, bond." in found.notes


def test_a_treatment_of_three_arms_is_one_block(frame: pd.DataFrame) -> None:
    arms = frame.assign(arm=np.array(["a", "b", "c"])[frame["therapist"] % 3])
    found = fit(arms)
    assert found.prepared.levels["between"][-1].columns == ("arm_b", "arm_c")
    assert len(found.explained.r2["between"]) == 16
    other = arms.assign(arm=arms["arm"].map({"a": "z", "b": "b", "c": "c"}))
    assert fit(other).explained.r2["between"] == pytest.approx(found.explained.r2["between"])


def test_numeric_treatment_and_booleans_are_categories(frame: pd.DataFrame) -> None:
    text = fit(frame)
    numbers = fit(frame.assign(arm=(frame["arm"] == "b").astype(int)))
    truth = fit(frame.assign(arm=frame["arm"] == "b"))
    for other in (numbers, truth):
        assert other.prepared.predictors[-1].kind == "category"
        assert other.explained.r2["between"] == pytest.approx(text.explained.r2["between"])


# ---------------------------------------------------------------- invariances, oracles


def test_row_order_labels_and_units_change_nothing(frame: pd.DataFrame) -> None:
    expected = fit(frame).explained.r2
    turned = frame.sample(frac=1.0, random_state=1)
    turned = turned.assign(
        patient="p" + turned["patient"].astype(str), wai=1e5 * turned["wai"] + 3e5,
        bond=-1e-5 * turned["bond"], phq=200 - 7 * turned["phq"],
    )  # fmt: skip
    for level, values in fit(turned).explained.r2.items():
        assert values == pytest.approx(expected[level], abs=1e-8)
    text = turned.astype({"patient": "category"})
    assert fit(text).explained.r2["within"] == pytest.approx(expected["within"], abs=1e-8)


def test_order_of_predictors_only_changes_the_order(frame: pd.DataFrame) -> None:
    one = fit(frame).predictors().set_index(["effect", "term"])["alone"]
    other = fit(frame, predictors=P[::-1]).predictors().set_index(["effect", "term"])["alone"]
    assert other.reindex(one.index).to_numpy() == pytest.approx(one.to_numpy())


def test_balanced_data_give_ordinary_dominance_analysis(tol: SimpleNamespace) -> None:
    """σ² is then that of regression on centred columns, with its own degrees of freedom."""
    n, m = 40, 5
    frame = made_sessions(np.random.default_rng(2), patients=n, length=m)
    found = fit(frame, predictors=["wai", "bond", "intake"], time="none")
    centred = frame[["phq", "wai", "bond"]] - frame.groupby("patient")[
        ["phq", "wai", "bond"]
    ].transform("mean")
    y = centred["phq"].to_numpy()
    for row, chosen in enumerate(subset_members(2)):
        x = centred[["wai", "bond"]].to_numpy()[:, chosen]
        fitted = x @ np.linalg.lstsq(x, y, rcond=None)[0] if chosen.any() else np.zeros(len(y))
        regression, left = fitted @ fitted, (y - fitted) @ (y - fitted)
        within = found.explained.r2["within"][row]
        odds = regression / (n * m - 1) / (left / (n * (m - 1) - chosen.sum()))
        assert within == pytest.approx(odds / (1 + odds), rel=tol.closed_form)


def test_draws_do_not_depend_on_their_number(frame: pd.DataFrame) -> None:
    few, more = (fit(frame, n_boot=n, rng=3).explained.draws for n in (5, 12))
    assert few is not None and more is not None
    for level, values in few.items():
        assert values == pytest.approx(more[level][:5], abs=1e-12)


def test_therapists_are_drawn_where_they_are_known(frame: pd.DataFrame) -> None:
    found = fit(frame, replace(ROLES, therapist="therapist"), n_boot=20, rng=1)
    assert (found.explained.cluster, found.explained.n_clusters) == ("therapist", 12)
    assert any("Only 12 therapists were drawn from" in text for text in found.messages)
    assert found.variance["unit"].tolist() == ["session", "patient", "therapist"]


# ---------------------------------------------------------------- tables


def test_differences_are_those_of_the_draws(result: ImportanceResult) -> None:
    tidy = result.tidy(conf_level=0.9).set_index(["effect", "term"])
    draws = result.explained.kept["within"]
    gains = (draws[:, 1] - draws[:, 0] + draws[:, 3] - draws[:, 2]) / 2
    others = (draws[:, 2] - draws[:, 0] + draws[:, 3] - draws[:, 1]) / 2
    row, n = tidy.loc[("within", "wai - bond")], result.explained.effective
    sizes = result.prepared.frame.groupby("patient").size().to_numpy(dtype=float)
    assert n == pytest.approx(sizes.sum() ** 2 / (sizes**2).sum())
    tail = stats.norm.sf(np.sqrt(n / (n - 1)) * stats.t.ppf(0.95, n - 1))
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(
        np.quantile(gains - others, [tail, 1 - tail])
    )
    assert row["se"] == pytest.approx((gains - others).std(ddof=1))
    assert np.isnan(tidy.loc[("within", "wai"), "p_value"])


def test_dominance_of_pairs_is_counted_over_draws(result: ImportanceResult) -> None:
    table = result.dominance
    assert set(table["kind"]) == {"complete", "conditional", "general"}
    shares = table[["first_wins", "second_wins", "neither"]].sum(axis=1)
    assert shares.to_numpy() == pytest.approx(np.ones(len(table)))
    assert table["reproducibility"].between(0, 1).all()


def test_alone_and_added_are_the_ends_of_conditional_dominance(result: ImportanceResult) -> None:
    alone, conditional = result.predictors(), result.conditional
    assert alone["alone"].to_numpy() == pytest.approx(conditional["others_0"].to_numpy())
    between = conditional["effect"] == "between"
    assert alone.loc[between, "added"].to_numpy() == pytest.approx(
        conditional.loc[between, "others_3"].to_numpy()
    )
    subsets = result.subsets
    assert len(subsets) == 20
    assert subsets.groupby("effect")["gain"].min().to_numpy() == pytest.approx([0.0, 0.0], abs=0.02)


def test_verdicts() -> None:
    rng = np.random.default_rng(4)
    clear = made_sessions(rng, within=(0.9, 0.0), between=(0.0, 1.2))
    found = fit(clear, predictors=["wai", "bond"], n_boot=100, rng=1)
    assert found.verdicts["biggest"].tolist() == ["shown", "contradicted"]
    assert found.verdicts["reason"].iloc[1].endswith("bond")
    equal = made_sessions(np.random.default_rng(1))
    found = fit(equal, predictors=["wai", "bond"], n_boot=100, rng=1)
    assert found.verdicts["biggest"].tolist() == ["not shown", "not shown"]
    without = fit(clear, predictors=["wai", "bond"])
    assert set(without.verdicts["biggest"]) == {"not examined"}
    assert without.tidy()[["se", "ci_low", "p_value"]].isna().all(axis=None)


def test_alliance_second_in_the_list_is_turned(frame: pd.DataFrame) -> None:
    first = fit(frame, predictors=["wai", "bond"], n_boot=50, rng=1).view().plot
    second = fit(frame, predictors=["bond", "wai"], n_boot=50, rng=1).view().plot
    assert first is not None and second is not None
    pd.testing.assert_frame_equal(first, second, check_exact=False, rtol=1e-6)


def test_call_words_make_the_same_analysis(frame: pd.DataFrame) -> None:
    found = fit(frame, groups={"both": ["wai", "bond"]}, time="log", mean_rows="fitted")
    call = found.view().refit
    assert call is not None
    sessions = al.load_sessions(frame, ROLES)
    again = eval(call, {"al": al, "sessions": sessions})  # noqa: S307
    assert again.explained.r2["between"] == pytest.approx(found.explained.r2["between"])


# ---------------------------------------------------------------- missing, singular, unusable


def test_incomplete_sessions_are_dropped_and_counted(frame: pd.DataFrame) -> None:
    holes = frame.copy()
    holes.loc[[0, 1], "bond"] = np.nan
    holes.loc[holes["patient"] == 3, "intake"] = np.nan
    lost = 2 + int((frame["patient"] == 3).sum())
    with pytest.warns(al.DataWarning, match=f"{lost} of {len(frame)} sessions dropped"):
        found = al.models.fit_importance(holes, ROLES, predictors=P, n_boot=0)
    assert found.glance()["n_dropped"].item() == lost
    assert fit(holes, mean_rows="fitted").fit.n_obs == found.fit.n_obs


def test_a_singular_fit_is_said(frame: pd.DataFrame) -> None:
    flat = frame.assign(phq=frame["phq"] - frame.groupby("therapist")["phq"].transform("mean"))
    found = fit(flat, replace(ROLES, therapist="therapist"))
    assert found.fit.singular
    assert any("Singular fit" in text for text in found.messages)


@pytest.mark.parametrize(
    ("change", "asked", "words"),
    [
        ({}, {"predictors": ["wai"]}, "nothing to compare"),
        ({}, {"predictors": "bond"}, "no list of columns"),
        ({}, {"predictors": ["bond", "bond"]}, "twice"),
        ({}, {"predictors": ["bond", "phq"]}, "'phq' is the outcome or an identifier"),
        ({}, {"groups": {"x": ["nope"]}}, "no predictor"),
        ({}, {"groups": {"x": ["wai"], "y": ["wai"]}}, "twice"),
        ({}, {"groups": {"bond": ["wai", "intake"]}}, "name of another predictor"),
        ({}, {"groups": {"all": P}}, "nothing to compare"),
        ({}, {"n_boot": 1}, "no number of draws"),
        ({}, {"n_boot": 100}, "Give rng=1"),
        ({}, {"rng": 1}, "rng would be ignored"),
        ({}, {"time": "sometimes"}, "time='sometimes' is not known"),
        ({}, {"time": "none", "time_column": "time"}, "would be ignored"),
    ],
)
def test_arguments_are_checked(
    frame: pd.DataFrame, change: dict[str, Any], asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(al.ArgumentError, match=words):
        fit(frame.assign(**change), **asked)


def test_other_random_parts_are_named_as_not_available(frame: pd.DataFrame) -> None:
    with pytest.raises(al.UnsupportedError, match="time='linear'"):
        fit(frame, time="patient")
    with pytest.raises(al.UnsupportedError, match="Give 'first'"):
        fit(frame, replace(ROLES, therapist="therapist"), therapist_change="dyad")


def test_too_many_predictors_are_counted(frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    more = {f"x{k}": rng.normal(size=len(frame)) for k in range(11)}
    with pytest.raises(al.ArgumentError, match=r"12 predictors within patients are 4,096 models"):
        fit(frame.assign(**more), predictors=["wai", *more])


def test_unusable_columns(frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    for change, words in (
        ({"bond": 3.0}, "same value in all"),
        ({"bond": 2.0 * frame["wai"] - 1.0}, "collinear"),
        ({"bond": np.nan}, "no observed value"),
        ({"arm": "a"}, "1 category"),
        ({"arm": rng.permutation(frame["arm"].to_numpy())}, "differs between the sessions"),
    ):
        with pytest.raises(al.DataError, match=words):
            fit(frame.assign(**change))
    with pytest.raises(al.DataError, match="derives itself"):
        fit(frame.assign(arm_b=frame["intake"]), predictors=[*P, "arm_b"])
    with pytest.raises(al.DataError, match="Did you mean 'bond'"):
        fit(frame, predictors=["bondd"])
    centred = frame.assign(bond_within=frame["bond"])
    with pytest.raises(al.DataError, match="centred already"):
        fit(centred, predictors=["bond_within"])


def test_few_clusters_and_few_sessions(frame: pd.DataFrame) -> None:
    few = frame[frame["therapist"] < 9]
    with pytest.raises(al.DataError, match="9 therapists cannot be drawn again"):
        fit(few, replace(ROLES, therapist="therapist"), n_boot=10, rng=1)
    assert fit(few, replace(ROLES, therapist="therapist")).explained.draws is None
    single = frame.drop_duplicates("patient")
    with pytest.raises(al.DataError, match="nothing varies within patients"):
        fit(single)


def test_an_alliance_rated_once_is_ranked_between_patients_only(frame: pd.DataFrame) -> None:
    once = frame.assign(wai=frame.groupby("patient")["wai"].transform("mean"))
    found = fit(once, n_boot=20, rng=1)
    assert found.verdicts["effect"].tolist() == ["between"]
    assert found.prepared.levels["within"][0].name == "bond"
    none = fit(once, predictors=["wai", "intake"])
    assert list(none.explained.r2) == ["between"]
    assert len(none.view().plot) == 3  # type: ignore[arg-type]
    assert "Importance" in repr(none)


def test_no_variance_left_between_patients_is_said() -> None:
    rng = np.random.default_rng(8)
    made = made_sessions(rng, patients=30)
    noise = rng.normal(size=len(made))
    noise -= pd.Series(noise).groupby(made["patient"]).transform("mean").to_numpy()
    found = fit(made.assign(phq=made["intake"] + noise), predictors=["wai", "intake"])
    assert found.explained.r2["between"][-1] == pytest.approx(1.0)
    assert any("R² between them is 1" in text for text in found.messages)


@pytest.mark.parametrize("time", ["factor", "log"])
def test_draws_without_a_time_are_fitted(frame: pd.DataFrame, time: str) -> None:
    found = fit(frame, time=time, n_boot=30, rng=1)
    assert found.explained.n_failed == 0


def test_names_with_blanks(frame: pd.DataFrame) -> None:
    named = frame.rename(columns={"bond": "the bond", "arm": "treatment arm"})
    roles = replace(ROLES, treatment="treatment arm")
    found = fit(named, roles, predictors=["wai", "the bond", "treatment arm"])
    expected = fit(frame, predictors=["wai", "bond", "arm"])
    assert found.explained.r2["between"] == pytest.approx(expected.explained.r2["between"])


def test_shown(result: ImportanceResult) -> None:
    assert "Importance for phq within and between patients" in repr(result)
    assert "<table" in result._repr_html_()
    assert "percentiles of 100 draws of 60 patients" in repr(result)


def test_p_value_and_interval_agree(rng: np.random.Generator) -> None:
    draws = rng.normal(size=(999, 1))
    for shift in np.linspace(0.5, 3.0, 11):
        moved = draws + shift
        p = float(expanded_p(moved, 15.0)[0])
        for level in (0.8, 0.9, 0.95, 0.99):
            inside = bool(expanded_interval(moved, level, 15.0)[0, 0] <= 0)
            assert inside == (p > 1 - level) or abs(p - (1 - level)) < 0.006
