from __future__ import annotations

import time
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning, UnsupportedError
from alliance_stats.measures import Instrument, get_instrument, instrument_from_dict
from alliance_stats.measures.instruments.registry import instrument_keys

rng_seed = 20180101


def answers(key: str, n: int = 40, *, missing: float = 0.0, seed: int = rng_seed) -> pd.DataFrame:
    """Random responses of an instrument, with columns ``<key>_1`` …, positively correlated."""
    instrument = get_instrument(key)
    rng = np.random.default_rng(seed)
    low, high = instrument.responses[0]
    person = rng.normal(size=(n, 1))
    values = (low + high) / 2 + (high - low) / 3 * (
        person + rng.normal(size=(n, instrument.n_items))
    )
    turned = [i - 1 for i in instrument.reversed]
    values = np.clip(np.round(values), low, high)
    values[:, turned] = low + high - values[:, turned]
    values[rng.random(values.shape) < missing] = np.nan
    return pd.DataFrame(values, columns=[f"{key}_{i}" for i in range(1, instrument.n_items + 1)])


def quiet(*args: Any, **kwargs: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return al.score(*args, **kwargs)


def by_hand(row: np.ndarray, instrument: Instrument, items: tuple[int, ...], limit: int) -> float:
    """A score as a person would work it out from one sheet of paper."""
    low, high = instrument.responses[0]
    given = []
    for item in items:
        value = row[item - 1]
        if np.isnan(value):
            continue
        given.append(low + high - value if item in instrument.reversed else value)
    if len(items) - len(given) > limit or not given:
        return float("nan")
    mean = sum(given) / len(given)
    return instrument.multiplier * (mean * len(items) if instrument.methods[0] == "sum" else mean)


PLAIN = [k for k in instrument_keys() if k not in ("oq_45", "wsas")]


@pytest.mark.parametrize("key", PLAIN)
def test_scores_equal_those_worked_out_by_hand(key: str, tol: SimpleNamespace) -> None:
    instrument, frame = get_instrument(key), answers(key, missing=0.03)
    scored = quiet(frame, key)
    for name, items in instrument.item_scores.items():
        limit = instrument.missing.limits.get(name, 0)
        expected = [by_hand(row, instrument, items, limit) for row in frame.to_numpy()]
        np.testing.assert_allclose(scored[f"{key}_{name}"], expected, rtol=tol.closed_form)


@pytest.mark.parametrize("key", ["wai_36", "core_om", "phq_9"])
def test_max_missing_takes_the_place_of_the_rule(key: str, tol: SimpleNamespace) -> None:
    instrument, frame = get_instrument(key), answers(key, missing=0.1)
    scored = quiet(frame, key, max_missing=2)
    for name, items in instrument.item_scores.items():
        expected = [by_hand(row, instrument, items, 2) for row in frame.to_numpy()]
        np.testing.assert_allclose(scored[f"{key}_{name}"], expected, rtol=tol.closed_form)


def test_one_item_at_least_is_answered() -> None:
    frame = answers("wai_sr", 3)
    frame.iloc[0] = np.nan
    frame.iloc[1, 1:] = np.nan
    with pytest.warns(
        DataWarning, match="wai_sr_total 1, wai_sr_task 1; without a score: .*bond 2"
    ):
        scored = al.score(frame, "wai_sr", max_missing=12)
    assert scored["wai_sr_total"].isna().tolist() == [True, False, False]
    assert scored["wai_sr_total"].iloc[1] == 12 * frame.iloc[1, 0]


def test_max_missing_by_score() -> None:
    frame = answers("wai_sr")
    frame.iloc[0, [0, 2]] = np.nan  # an item of task, an item of bond
    scored = quiet(frame, "wai_sr", max_missing={"total": 2, "task": 1}).iloc[0]
    assert np.isnan(scored["wai_sr_bond"])
    assert scored["wai_sr_task"] == pytest.approx(frame.iloc[0, [1, 9, 11]].mean() * 4)
    assert scored["wai_sr_total"] == pytest.approx(frame.iloc[0, :12].mean() * 12)


def test_the_total_comes_from_items_not_from_prorated_subscales() -> None:
    frame = answers("core_om", 1)
    frame.iloc[0] = 0.0
    frame.iloc[0, [i - 1 for i in (4, 14, 17, 31)]] = [4, 4, 4, 4]
    frame.iloc[0, 1] = np.nan
    scored = quiet(frame, "core_om").iloc[0]
    turned = frame.iloc[0].to_numpy().copy()
    for item in (3, 4, 7, 12, 19, 21, 31, 32):
        turned[item - 1] = 4 - turned[item - 1]
    assert scored["core_om_total"] == pytest.approx(10 * np.nansum(turned) / 33)
    parts = scored[["core_om_wellbeing", "core_om_problems", "core_om_functioning"]]
    assert scored["core_om_total"] != pytest.approx(
        (parts * [4, 12, 12]).sum() / 34 + scored["core_om_risk"] * 6 / 34
    )


def test_oq_45_fills_with_the_rounded_mean_of_the_subscale() -> None:
    frame = answers("oq_45", 2)
    frame.iloc[0] = 1.0
    frame.loc[0, ["oq_45_4", "oq_45_14"]] = [3.0, np.nan]  # social role
    scored = quiet(frame, "oq_45").iloc[0]
    turned = frame.iloc[0].to_numpy().copy()
    for item in (1, 12, 13, 20, 21, 24, 31, 37, 43):
        turned[item - 1] = 4 - turned[item - 1]
    social = [i - 1 for i in (4, 12, 14, 21, 28, 32, 38, 39, 44)]
    filled = np.floor(np.nanmean(turned[social]) + 0.5)
    assert scored["oq_45_social_role"] == np.nansum(turned[social]) + filled
    assert scored["oq_45_total"] == np.nansum(turned) + filled
    assert float(scored["oq_45_total"]).is_integer()


def test_oq_45_needs_half_of_each_subscale() -> None:
    frame = answers("oq_45", 3)
    social = [f"oq_45_{i}" for i in (4, 12, 14, 21, 28, 32, 38, 39, 44)]
    frame.loc[0, social[:4]] = np.nan
    frame.loc[1, social[:5]] = np.nan
    scored = quiet(frame, "oq_45")
    assert scored["oq_45_total"].isna().tolist() == [False, True, False]
    assert scored["oq_45_interpersonal"].notna().all()
    strict = quiet(frame, "oq_45", max_missing=0)
    assert strict["oq_45_total"].isna().tolist() == [True, True, False]
    assert quiet(frame, "oq_45", missing="complete")["oq_45_total"].isna().sum() == 2


def test_wsas_without_work_is_the_sum_of_the_others() -> None:
    frame = pd.DataFrame(
        [[4, 3, 2, 1, 8], [np.nan, 8, 8, 8, 8], [4, np.nan, 2, 1, 8], [np.nan] * 5],
        columns=[f"wsas{i}" for i in range(1, 6)],
    )
    with pytest.warns(DataWarning, match="1 of 4 rows without item 1"):
        scored = al.score(frame, "wsas")["wsas_total"]
    np.testing.assert_array_equal(scored, [18, 32, np.nan, np.nan])
    with pytest.raises(UnsupportedError, match="rescale= is not defined"):
        al.score(frame, "wsas", rescale="pomp")


def test_indices_of_the_symptom_checklists() -> None:
    frame = pd.DataFrame(0.0, index=range(3), columns=[f"bsi{i}" for i in range(1, 54)])
    frame.loc[0, ["bsi1", "bsi11", "bsi16"]] = [4.0, 2.0, 3.0]
    frame.loc[2, "bsi3"] = np.nan
    scored = quiet(frame, "bsi_53")
    assert scored["bsi_53_gsi"].iloc[0] == pytest.approx(9 / 53)
    assert scored["bsi_53_pst"].tolist()[:2] == [3, 0]
    assert scored["bsi_53_psdi"].iloc[0] == 3
    assert np.isnan(scored["bsi_53_psdi"].iloc[1])  # no symptom: nothing to take a mean of
    assert scored[["bsi_53_gsi", "bsi_53_pst"]].iloc[2].isna().all()
    frame.loc[2, "bsi4"] = 2.0
    assert np.isnan(quiet(frame, "bsi_53")["bsi_53_psdi"].iloc[2])
    assert quiet(frame, "bsi_53", max_missing=1)["bsi_53_psdi"].iloc[2] == 2
    frame.loc[2, "bsi4"] = 0.0
    some = quiet(frame, "bsi_53", max_missing=1)
    assert some["bsi_53_gsi"].iloc[2] == 0
    assert np.isnan(some["bsi_53_pst"].iloc[2])


def test_doubled_and_multiplied_sums() -> None:
    dass = quiet(answers("dass_21", 5) * 0 + 1, "dass_21")
    assert (
        dass[["dass_21_depression", "dass_21_anxiety", "dass_21_stress"]].iloc[0].tolist()
        == [14] * 3
    )
    assert quiet(answers("who_5", 5) * 0 + 3, "who_5")["who_5_total"].iloc[0] == 60


@pytest.mark.parametrize("key", ["wai_s", "haq_ii", "core_om", "oq_45"])
def test_items_reversed_before_give_the_same_scores(key: str) -> None:
    instrument, frame = get_instrument(key), answers(key)
    low, high = instrument.responses[0]
    turned = frame.copy()
    for item in instrument.reversed:
        turned[f"{key}_{item}"] = low + high - turned[f"{key}_{item}"]
    pd.testing.assert_frame_equal(
        quiet(frame, key).iloc[:, instrument.n_items :],
        quiet(turned, key, prereversed=True).iloc[:, instrument.n_items :],
    )


def test_prereversed_would_be_ignored() -> None:
    with pytest.raises(ArgumentError, match="prereversed=True would be ignored: wai_sr has no"):
        al.score(answers("wai_sr"), "wai_sr", prereversed=True)


def test_mean_in_place_of_the_sum(tol: SimpleNamespace) -> None:
    frame = answers("wai_sr")
    mean, total = (quiet(frame, "wai_sr", method=m)["wai_sr_total"] for m in ("mean", "sum"))
    np.testing.assert_allclose(12 * mean, total, rtol=tol.closed_form)
    with pytest.raises(ArgumentError, match="method='mean' is not how phq_9 is scored"):
        al.score(answers("phq_9"), "phq_9", method="mean")


def test_seven_categories_on_the_scale_of_five(tol: SimpleNamespace) -> None:
    frame = answers("wai_sr")
    seven = (frame - 1) * 1.5 + 1
    seven = seven.round()
    with pytest.raises(DataError, match=r"response=\(1, 7\), and add rescale=\(1, 5\)"):
        al.score(seven, "wai_sr")
    raw = quiet(seven, "wai_sr", response=(1, 7))["wai_sr_total"]
    five = quiet(seven, "wai_sr", response=(1, 7), rescale=(1, 5))["wai_sr_total"]
    np.testing.assert_allclose(five, 12 + (raw - 12) * 48 / 72, rtol=tol.closed_form)
    pomp = quiet(seven, "wai_sr", response=(1, 7), rescale="pomp")["wai_sr_total"]
    np.testing.assert_allclose(pomp, 100 * (raw - 12) / 72, rtol=tol.closed_form)
    with pytest.raises(ArgumentError, match=r"is no range of wai_sr. Allowed: \(1, 5\), \(1, 7\)"):
        al.score(seven, "wai_sr", response=(0, 6))
    with pytest.raises(ArgumentError, match="rescale='percent' is not known"):
        al.score(frame, "wai_sr", rescale="percent")


def test_frame_is_not_changed_and_columns_are_added_at_the_end() -> None:
    frame = answers("wai_sr")
    frame.insert(0, "patient", "a")
    before = frame.copy()
    scored = quiet(frame, "wai_sr")
    pd.testing.assert_frame_equal(frame, before)
    assert list(scored.columns) == [
        *frame.columns,
        *(f"wai_sr_{s}" for s in ("total", "task", "bond", "goal")),
    ]
    assert scored.index.equals(frame.index)


def test_rows_stand_alone(rng: np.random.Generator) -> None:
    frame = answers("core_om", 60, missing=0.05)
    order = rng.permutation(60)
    scored = quiet(frame, "core_om")
    pd.testing.assert_frame_equal(quiet(frame.iloc[order], "core_om"), scored.iloc[order])


def test_two_forms_in_one_frame() -> None:
    patient, therapist = answers("wai_sr", seed=1), answers("wai_sr", seed=2)
    patient.columns = [f"wai_p_{i:02d}" for i in range(1, 13)]
    therapist.columns = [f"wai_t_{i:02d}" for i in range(1, 13)]
    both = patient.join(therapist)
    scored = quiet(both, "wai_sr", item_prefix="wai_p", name="wai_p")
    scored = quiet(scored, "wai_sr", item_prefix="wai_t", name="wai_t")
    np.testing.assert_array_equal(scored["wai_t_total"], therapist.sum(axis=1))
    np.testing.assert_array_equal(scored["wai_p_total"], patient.sum(axis=1))
    with pytest.raises(DataError, match="exist already: wai_t_total.*give name="):
        al.score(scored, "wai_sr", item_prefix="wai_t", name="wai_t")


def test_messages_count_what_is_missing() -> None:
    frame = answers("phq_9", 20)
    frame.iloc[0, :2] = np.nan
    frame.iloc[1, :3] = np.nan
    frame.iloc[2] = np.nan
    with pytest.warns(DataWarning) as caught:
        al.score(frame, "phq_9")
    assert [str(w.message) for w in caught] == [
        "phq_9: 3 of 20 rows have missing items, 1 of them all; prorated: phq_9_total 1; without "
        "a score: phq_9_total 2."
    ]
    with pytest.warns(DataWarning, match="Give max_missing= to score rows that lack few items"):
        al.score(answers("gad_7", missing=0.1), "gad_7")


def test_uncertain_keys_warn() -> None:
    with pytest.warns(DataWarning, match="sai: the key is not certain: the response range"):
        al.score(answers("sai"), "sai")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"missing": "drop"}, "missing='drop' is not known"),
        ({"missing": "complete", "max_missing": 1}, "contradict"),
        ({"max_missing": -1}, "max_missing=-1 is not a number of items"),
        ({"max_missing": 0.2}, "max_missing=0.2 is not a number of items"),
        ({"max_missing": {"bnd": 1}}, "max_missing names 'bnd', which wai_sr does not have"),
        ({"max_missing": {"bond": 4}}, "max_missing of 'bond' is 4, but the score has 4 items"),
        ({"method": "median"}, "method='median' is not known"),
        ({"rescale": 5}, "rescale=5 is no range"),
        ({"rescale": (5, 1)}, r"rescale=\(5, 1\) is no range"),
        ({"response": 7}, "response=7 is no range"),
        ({"name": ""}, "name='' cannot begin a column"),
        ({"item_prefix": "_"}, "item_prefix='_' is empty"),
    ],
)
def test_arguments_that_are_not_allowed(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        al.score(answers("wai_sr"), "wai_sr", **given)


def test_sessions_are_not_a_frame() -> None:
    with pytest.raises(ArgumentError, match="Give sessions.frame"):
        al.score(al.load_example("sessions"), "wai_sr")  # type: ignore[arg-type]


def test_own_instrument() -> None:
    mine = instrument_from_dict(
        {
            "key": "trust",
            "n_items": 3,
            "response": [1, 4],
            "reversed": [2],
            "higher_is_better": True,
        }
    )
    frame = pd.DataFrame({"trust1": [1, 4], "trust2": [4, 4], "trust3": [2, 3]})
    assert al.score(frame, mine)["trust_total"].tolist() == [4, 8]


def test_nullable_and_text_numbers() -> None:
    frame = answers("wai_sr").astype("Int64")
    frame.iloc[0, 0] = pd.NA
    scored = quiet(frame, "wai_sr", max_missing=1)["wai_sr_total"]
    assert scored.iloc[0] == pytest.approx(frame.iloc[0, 1:12].astype(float).mean() * 12)
    with pytest.raises(DataError, match="item 'wai_sr_1' is not numeric: its cells are numbers st"):
        al.score(answers("wai_sr").astype(int).astype(str), "wai_sr")


def test_empty_frame() -> None:
    assert quiet(answers("wai_sr").iloc[:0], "wai_sr")["wai_sr_total"].tolist() == []


def test_scoring_is_fast() -> None:
    frame = answers("wai_sr", 50_000, missing=0.01)
    quiet(frame.iloc[:10], "wai_sr")
    start = time.perf_counter()
    quiet(frame, "wai_sr", max_missing=1)
    assert time.perf_counter() - start < 0.5  # about 0.02 on an idle machine
