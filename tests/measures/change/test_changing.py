"""Reliable change: worked examples, closed forms by hand, invariances, categories."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning
from alliance_stats.measures import ReliableChange, cut_offs, instrument_from_dict
from alliance_stats.measures.change.rates import wilson_interval
from alliance_stats.measures.change.rules import ErrorRule

GIVEN: dict[str, Any] = {"reliability": 0.84, "sd": 5.5, "higher_is_better": False}


def quiet(*args: Any, **kwargs: Any) -> ReliableChange:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return al.reliable_change(*args, **kwargs)


@pytest.fixture
def scores(rng: np.random.Generator) -> pd.DataFrame:
    """Whole-number symptoms of 90 patients, some without a later score."""
    pre = np.clip(np.round(rng.normal(15, 5.5, 90)), 0, 27)
    post = np.clip(np.round(pre - 4 + rng.normal(0, 5, 90)), 0, 27)
    post[:6] = np.nan
    return pd.DataFrame(
        {
            "before": pre,
            "after": post,
            "arm": np.where(np.arange(90) % 2, "CBT", "other"),
            "therapist": [f"T{i % 9}" for i in range(90)],
        }
    )


def test_worked_example_of_jacobson_and_truax() -> None:
    """Jacobson & Truax (1991): from 32.5 to 47.5, SD 7.5, reliability .80, cut-off 50.

    Standard error of the difference 4.74, index 3.16: reliable, but not over the cut-off.
    """
    result = quiet(
        [32.5], [47.5], reliability=0.80, sd=7.5, higher_is_better=True, mean=40, norm_mean=60,
        norm_sd=7.5,
    )  # fmt: skip
    assert isinstance(result.rule, ErrorRule)
    assert round(result.rule.error, 2) == 4.74
    assert round(float(result.patients["index"].iloc[0]), 2) == 3.16
    assert result.cutoff is not None
    assert result.cutoff.value == 50
    assert result.patients["category"].tolist() == ["improved"]
    further = quiet(
        [32.5], [51], reliability=0.80, sd=7.5, higher_is_better=True, mean=40, norm_mean=60,
        norm_sd=7.5,
    )  # fmt: skip
    assert further.patients["category"].tolist() == ["recovered"]


@pytest.mark.parametrize(
    ("method", "expected", "error"),
    [
        # reliability .75, sd 8, mean 20; before 30, after 18
        ("jacobson-truax", 30.0, 8 * np.sqrt(0.5)),
        ("edwards-nunnally", 27.5, 4.0),
        ("gulliksen-lord-novick", 27.5, 8 * np.sqrt(1 - 0.5625)),
    ],
)
def test_indices_by_hand(method: str, expected: float, error: float, tol: SimpleNamespace) -> None:
    result = quiet(
        [30], [18], reliability=0.75, sd=8, mean=20, higher_is_better=False, method=method
    )
    index = float(result.patients["index"].iloc[0])
    assert index == pytest.approx((18 - expected) / error, rel=tol.closed_form)
    limit = result.glance()["points"].item()
    assert limit == pytest.approx(float(ndtri(0.975)) * error, rel=tol.closed_form)


def test_perfectly_reliable_scores_make_the_methods_agree(rng: np.random.Generator) -> None:
    pre, post = rng.normal(20, 5, 50), rng.normal(15, 5, 50)
    found = [
        quiet(pre, post, reliability=1 - 1e-12, sd=5, higher_is_better=False, method=m)
        for m in ("jacobson-truax", "edwards-nunnally", "gulliksen-lord-novick")
    ]
    first = found[0].patients["category"]
    assert all(first.equals(other.patients["category"]) for other in found[1:])


def test_cut_off_c_and_the_swapped_weights() -> None:
    """c is as many clinical SDs from the clinical mean as functional SDs from the other one."""
    found = cut_offs(
        clinical_mean=16, clinical_sd=6, norm_mean=4, norm_sd=3, higher_is_better=False
    )
    assert (16 - found.c) / 6 == pytest.approx((found.c - 4) / 3, rel=1e-12)
    swapped = (3 * 4 + 6 * 16) / (3 + 6)  # the weights exchanged: another number
    assert found.c == 8
    assert abs(found.c - swapped) > 3
    assert (found.a, found.b) == (4, 10)


def test_cut_offs_of_mirrored_scores_are_mirrored(rng: np.random.Generator) -> None:
    mean, norm = 20.0, 8.0
    down = cut_offs(
        clinical_mean=mean, clinical_sd=5, norm_mean=norm, norm_sd=2, higher_is_better=False
    )
    up = cut_offs(
        clinical_mean=-mean, clinical_sd=5, norm_mean=-norm, norm_sd=2, higher_is_better=True
    )
    assert (up.a, up.b, up.c) == (-down.a, -down.b, -down.c)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"norm_mean": 4}, "norm_mean and norm_sd belong together"),
        ({"norm_mean": 20, "norm_sd": 3}, "norm_mean=20 is not better than the clinical mean 16"),
        ({"norm_mean": 4, "norm_sd": 0}, "norm_sd=0 is not a number above 0"),
        ({"clinical_sd": -1}, "clinical_sd=-1 is not a number above 0"),
    ],
)
def test_cut_offs_that_cannot_be(given: dict[str, Any], message: str) -> None:
    base: dict[str, Any] = {"clinical_mean": 16, "clinical_sd": 6, "higher_is_better": False}
    with pytest.raises(ArgumentError, match=message):
        cut_offs(**(base | given))


def naive(pre: float, post: float, *, points: float, cutoff: float) -> str | None:
    """The categories in words, for symptoms and a change of more than `points`."""
    if np.isnan(pre) or np.isnan(post):
        return None
    if post - pre > points:
        return "deteriorated"
    if pre - post > points:
        return "recovered" if pre >= cutoff > post else "improved"
    return "unchanged"


def test_categories_one_by_one(scores: pd.DataFrame) -> None:
    result = quiet("before", "after", frame=scores, cutoff=10, **GIVEN)
    points = 1.959963984540054 * 5.5 * np.sqrt(2 * 0.16)
    expected = [
        naive(a, b, points=points, cutoff=10)
        for a, b in zip(scores["before"], scores["after"], strict=True)
    ]
    found = result.patients["category"]
    assert [None if pd.isna(name) else name for name in found] == expected
    cases = (scores["before"] >= 10) & scores["after"].notna()
    assert (result.rates["of"] == cases.sum()).all()
    assert result.rates["n"].tolist() == [
        sum(e == name for e, case in zip(expected, cases, strict=True) if case)
        for name in ("recovered", "improved", "unchanged", "deteriorated")
    ]
    assert result.rates["n"].sum() == cases.sum()
    assert result.all_rates is not None
    assert result.all_rates["of"].iloc[0] == 84


def test_without_a_cut_off_nobody_recovers(scores: pd.DataFrame) -> None:
    result = quiet("before", "after", frame=scores, **GIVEN)
    assert result.rates["category"].tolist() == ["improved", "unchanged", "deteriorated"]
    assert result.all_rates is None
    assert "case_before" not in result.patients
    assert result.notes[-1] == "No cut-off: nobody is counted as recovered."


def test_mirrored_scores_have_the_same_categories(scores: pd.DataFrame) -> None:
    down = quiet(scores["before"], scores["after"], norm_mean=4, norm_sd=3, **GIVEN)
    up = quiet(
        -scores["before"], -scores["after"], norm_mean=-4, norm_sd=3, reliability=0.84, sd=5.5,
        higher_is_better=True,
    )  # fmt: skip
    assert down.patients["category"].equals(up.patients["category"])


@pytest.mark.parametrize("method", ["jacobson-truax", "edwards-nunnally", "gulliksen-lord-novick"])
def test_rescaled_scores_have_the_same_categories(scores: pd.DataFrame, method: str) -> None:
    first = quiet("before", "after", frame=scores, norm_mean=4, norm_sd=3, method=method, **GIVEN)
    tenfold = scores[["before", "after"]] * 10 + 3
    other = quiet(
        "before", "after", frame=tenfold, norm_mean=43, norm_sd=30, method=method,
        reliability=0.84, sd=55, higher_is_better=False,
    )  # fmt: skip
    assert first.patients["category"].equals(other.patients["category"])


def test_order_of_rows_does_not_matter(scores: pd.DataFrame, rng: np.random.Generator) -> None:
    order = rng.permutation(len(scores))
    first = quiet("before", "after", frame=scores, cutoff=10, groups=["arm", "therapist"], **GIVEN)
    other = quiet(
        "before", "after", frame=scores.iloc[order], cutoff=10, groups=["arm", "therapist"], **GIVEN
    )
    pd.testing.assert_frame_equal(first.tidy(), other.tidy())
    pd.testing.assert_frame_equal(first.patients.iloc[order], other.patients)


def test_groups_add_up_to_all(scores: pd.DataFrame) -> None:
    result = quiet("before", "after", frame=scores, cutoff=10, groups=["arm", "therapist"], **GIVEN)
    for table in result.groups.values():
        sums = table[["patients", "recovered", "improved", "unchanged", "deteriorated"]].sum()
        assert sums.tolist() == [result.rates["of"].iloc[0], *result.rates["n"]]
    assert result.groups["arm"]["group"].tolist() == ["CBT", "other"]
    one = scores.loc[scores["arm"] == "CBT"]
    alone = quiet("before", "after", frame=one, cutoff=10, mean=15, **GIVEN).rates.iloc[0]
    row = result.groups["arm"].iloc[0]
    assert (
        row[["proportion", "ci_low", "ci_high"]].tolist()
        == alone[["proportion", "ci_low", "ci_high"]].tolist()
    )


def test_groups_as_series_and_frame(scores: pd.DataFrame) -> None:
    names = quiet("before", "after", frame=scores, groups="arm", **GIVEN).groups
    series = quiet(scores["before"], scores["after"], groups=scores["arm"], **GIVEN).groups
    frame = quiet(scores["before"], scores["after"], groups=scores[["arm"]], **GIVEN).groups
    for other in (series, frame):
        pd.testing.assert_frame_equal(names["arm"], other["arm"])


@pytest.mark.parametrize(("count", "of"), [(0, 12), (5, 12), (12, 12), (1, 300)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_ends_are_the_shares_that_are_just_not_rejected(
    count: int, of: int, level: float
) -> None:
    """The roots p0 of (p - p0)^2 = z^2 p0 (1 - p0) / n."""
    z2, share = float(ndtri(0.5 + level / 2)) ** 2, count / of
    roots = np.roots([1 + z2 / of, -(2 * share + z2 / of), share**2])
    np.testing.assert_allclose(
        wilson_interval(count, of, level), np.sort(roots), rtol=1e-8, atol=1e-12
    )
    assert np.isnan(wilson_interval(0, 0, level)).all()


def test_published_index_and_cut_off(scores: pd.DataFrame) -> None:
    result = quiet("before", "after", frame=scores, instrument="phq_9")
    change = scores["after"] - scores["before"]
    assert (result.patients["reliable"] == "improved").equals(change <= -6)
    assert result.patients["index"].isna().all()
    assert result.sensitivity.empty
    assert result.cutoff is not None
    assert (result.cutoff.value, result.cutoff.case) == (10, ">=")
    assert (
        "of at least 6 points (95%, not confirmed: check the publication). Source: Gyani"
        in result.notes[0]
    )
    own = quiet("before", "after", frame=scores, instrument="phq_9", reliability=0.84, sd=5.5)
    assert own.patients["category"].equals(
        quiet("before", "after", frame=scores, cutoff=10, **GIVEN).patients["category"]
    )


def test_an_index_of_unknown_level_warns(scores: pd.DataFrame) -> None:
    with pytest.warns(
        DataWarning, match="core_10: the confidence level .* of 6 points is not known"
    ):
        result = al.reliable_change("before", "after", frame=scores, instrument="core_10")
    assert "level not known" in result.notes[0]


def test_scores_of_several_scales(scores: pd.DataFrame) -> None:
    with pytest.raises(
        ArgumentError, match="dass_21 has no total. Give score=: depression, anxiety"
    ):
        al.reliable_change("before", "after", frame=scores, instrument="dass_21")
    with pytest.raises(ArgumentError, match="no published reliable change index of 'depression'"):
        quiet("before", "after", frame=scores, instrument="dass_21", score="depression")
    result = quiet("before", "after", frame=scores, instrument="oq_45", score="social_role")
    assert result.cutoff is not None
    assert (result.cutoff.value, result.rule.points) == (12, 7)
    higher = quiet("before", "after", frame=scores, instrument="ors")
    assert "score < 25 (clinical, adults; not confirmed: check the publication)" in higher.notes[1]
    assert higher.higher_is_better
    assert higher.cutoff is not None
    assert higher.cutoff.case == "<"


def test_own_instrument_with_an_index(scores: pd.DataFrame) -> None:
    mine = instrument_from_dict(
        {
            "key": "mine", "n_items": 9, "response": [0, 3], "higher_is_better": False,
            "rci": [{"score": "total", "value": 4.5, "level": 0.95}],
        }
    )  # fmt: skip
    result = quiet("before", "after", frame=scores, instrument=mine)
    change = scores["after"] - scores["before"]
    assert (result.patients["reliable"] == "deteriorated").equals(change >= 4.5)
    assert result.cutoff is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "not given: reliability, sd, higher_is_better. Reliable change needs"),
        ({"reliability": 0.8, "higher_is_better": False}, "^not given: sd. "),
        ({"reliability": 0.8, "sd": 5}, "^not given: higher_is_better. "),
        ({**GIVEN, "reliability": 84}, "reliability=84 is not between 0 and 1. Give 0.84"),
        ({**GIVEN, "sd": 0}, "sd=0 is not a number above 0"),
        ({**GIVEN, "method": "hsu"}, "method='hsu' is not known"),
        ({**GIVEN, "conf_level": 95}, "conf_level=95 is not between"),
        ({**GIVEN, "cutoff": "d"}, "cutoff='d' is not known"),
        ({**GIVEN, "cutoff": "b"}, "cutoff='b' needs both norm_mean and norm_sd"),
        ({**GIVEN, "norm_mean": 3}, "cutoff='c' needs both norm_mean and norm_sd"),
        ({**GIVEN, "cutoff": 10, "norm_mean": 3, "norm_sd": 3}, "would be ignored beside cutoff="),
        ({**GIVEN, "cutoff": "a", "norm_mean": 3, "norm_sd": 3}, "ignored with cutoff='a'"),
        ({**GIVEN, "cutoff": float("nan")}, "cutoff=nan is not a number"),
        ({**GIVEN, "cutoff": [10]}, r"cutoff=\[10\] is not a number"),
        ({**GIVEN, "mean": float("inf")}, "mean=inf is not a number"),
        ({**GIVEN, "score": "total"}, "score= would be ignored without instrument="),
        ({**GIVEN, "higher_is_better": "no"}, "higher_is_better='no' is neither True nor False"),
        ({**GIVEN, "groups": 3}, "groups is a int. Give names"),
        ({"instrument": "phq_9", "sd": 5}, "^not given: reliability. "),
        ({"instrument": "phq_9", "higher_is_better": True}, "but phq_9 has False. Leave it out"),
        ({"instrument": "phq_9", "method": "edwards-nunnally"}, "method='edwards-nunnally' would"),
        ({"instrument": "phq_9", "conf_level": 0.9}, "conf_level=0.9 would be ignored"),
        ({"instrument": "phq_9", "mean": 15}, "mean= would be ignored"),
        ({"instrument": "phq_9", "cutoff": "a"}, "cutoff='a' needs reliability and sd"),
        ({"instrument": "wai_sr"}, "no published reliable change index of 'total'"),
    ],
)
def test_arguments_that_do_not_go_together(
    scores: pd.DataFrame, given: dict[str, Any], message: str
) -> None:
    wide = scores.assign(before=scores["before"] + 12, after=scores["after"] + 12)
    used = wide if given.get("instrument") == "wai_sr" else scores
    with pytest.raises(ArgumentError, match=message):
        al.reliable_change("before", "after", frame=used, **given)


def test_scores_that_do_not_fit(scores: pd.DataFrame) -> None:
    with pytest.raises(
        ArgumentError, match="pre='before' is the name of a column, but there is no"
    ):
        al.reliable_change("before", "after", **GIVEN)
    with pytest.raises(DataError, match="column 'bfore' not found. Did you mean 'before'"):
        al.reliable_change("bfore", "after", frame=scores, **GIVEN)
    with pytest.raises(DataError, match="pre holds 3 and post 2 patients"):
        al.reliable_change([1, 2, 3], [1, 2], **GIVEN)
    with pytest.raises(DataError, match="different indexes"):
        al.reliable_change(scores["before"], scores["after"].iloc[::-1], **GIVEN)
    with pytest.raises(DataError, match="scores 'post' is not numeric"):
        al.reliable_change([1, 2], ["a", "b"], **GIVEN)
    with pytest.raises(ArgumentError, match="groups has a column 'index'"):
        al.reliable_change("before", "after", frame=scores.assign(index=1), groups="index", **GIVEN)
    with pytest.raises(DataError, match="12 of the scores 'after' are not between 0 and 27"):
        wrong = scores.assign(after=scores["after"].where(np.arange(90) < 78, 63))
        al.reliable_change("before", "after", frame=wrong, instrument="phq_9")
    with pytest.raises(ArgumentError, match="pre is not one column of scores"):
        al.reliable_change(np.ones((2, 2)), [1, 2], **GIVEN)
    assert al.reliable_change([20, 14], (9, 8), **GIVEN).rates["n"].tolist() == [1, 1, 0]
    with pytest.raises(DataError, match="pre holds no patient"):
        al.reliable_change([], [], **GIVEN)


def test_messages(scores: pd.DataFrame) -> None:
    with pytest.warns(DataWarning) as caught:
        result = al.reliable_change(
            "before", "after", frame=scores, cutoff=10, groups=["arm", "therapist"], **GIVEN
        )
    assert result.messages == tuple(str(w.message) for w in caught)
    cases = scores["before"] >= 10
    lost = int((cases & scores["after"].isna()).sum())
    recovered = int(result.rates["n"].iloc[0])
    assert result.messages[0] == (
        "6 of 90 patients are in no category (score missing before: 0; after only: 6)."
    )
    assert result.messages[1] == (
        f"Unless any of the {lost} cases without a later score recovered, {recovered} of "
        f"{cases.sum()} ({100 * recovered / cases.sum():.0f}%) did."
    )
    assert "groups by therapist have fewer than 10 patients to count" in result.messages[2]
    with pytest.warns(DataWarning, match="sd=0.6, but the scores before treatment have an SD of"):
        al.reliable_change("before", "after", frame=scores, **(GIVEN | {"sd": 0.6}))
    with pytest.warns(DataWarning, match="No patient is a case before treatment"):
        none = al.reliable_change("before", "after", frame=scores, cutoff=30, **GIVEN)
    assert none.rates["proportion"].isna().all()
    assert al.report_text(none).startswith("There are no cases at intake.")


def test_tidy_glance_view(scores: pd.DataFrame) -> None:
    result = quiet("before", "after", frame=scores, cutoff=10, groups="arm", **GIVEN)
    tidy = result.tidy()
    assert list(tidy.columns) == [
        "unit", "group", "term", "estimate", "se", "statistic", "df", "p_value", "ci_low",
        "ci_high", "n", "of",
    ]  # fmt: skip
    assert tidy["term"].tolist()[:4] == result.rates["category"].tolist()
    assert tidy["p_value"].isna().all()
    assert tidy["group"].tolist()[4:] == ["CBT", "other"]
    glance = result.glance().iloc[0]
    assert (glance["n_patients"], glance["n_dropped"], glance["cutoff"]) == (84, 6, 10)
    view = result.view()
    assert list(view.tables) == [
        "Cases at intake", "All patients", "Cases at intake by arm", "Other methods",
    ]  # fmt: skip
    assert view.tables["Other methods"]["method"].tolist()[0] == "Jacobson and Truax"
    assert view.tables["Other methods"].iloc[0, 1:].tolist() == result.rates["n"].tolist()
    for shown in (repr(result), result._repr_html_()):
        assert "Cases at intake by arm" in shown
        assert "Proportion recovered" in shown


def test_other_methods_are_those_of_their_own_call(scores: pd.DataFrame) -> None:
    table = quiet("before", "after", frame=scores, cutoff=10, **GIVEN).sensitivity
    for method, name in (
        ("edwards-nunnally", "Edwards and Nunnally"),
        ("gulliksen-lord-novick", "Gulliksen, Lord and Novick"),
    ):
        own = quiet("before", "after", frame=scores, cutoff=10, method=method, **GIVEN)
        assert table.set_index("method").loc[name].tolist() == own.rates["n"].tolist()


def test_plot_frame(scores: pd.DataFrame) -> None:
    result = quiet("before", "after", frame=scores, cutoff=10, method="edwards-nunnally", **GIVEN)
    plot = result.view().plot
    assert plot is not None
    points = plot.loc[plot["layer"] == "points"]
    assert points["n"].sum() == 84
    band = plot.loc[plot["layer"] == "band"]
    rule = result.rule
    inside = [
        rule.expected(np.array([x]))[0] - rule.points
        <= y
        <= rule.expected(np.array([x]))[0] + rule.points
        for x, y in points[["x", "y"]].to_numpy(float)
    ]
    assert (points["category"] == "unchanged").tolist() == inside
    np.testing.assert_allclose(band["y_high"] - band["y_low"], 2 * rule.points)
    assert plot.loc[plot["layer"] == "cutoff", "x"].tolist() == [10]


def test_type_one_error_of_the_index(rng: np.random.Generator) -> None:
    """Unchanged patients, normal errors: 5% pass the limit of Jacobson and Truax by chance."""
    n, reliability, sd = 40_000, 0.8, 6.0
    true = rng.normal(20, sd * np.sqrt(reliability), n)
    error = sd * np.sqrt(1 - reliability)
    pre, post = true + rng.normal(0, error, n), true + rng.normal(0, error, n)
    for method in ("jacobson-truax", "gulliksen-lord-novick"):
        found = quiet(
            pre, post, reliability=reliability, sd=sd, mean=20, higher_is_better=False,
            method=method,
        )  # fmt: skip
        share = (found.patients["category"] != "unchanged").mean()
        assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / n)


def test_a_change_of_exactly_the_published_points_counts() -> None:
    """Means of 34 items times ten: a fall of 17 in the sum is 5 points, whatever the rounding."""
    sums = np.arange(17, 137)
    answers = pd.DataFrame([np.repeat(np.divmod(s, 34)[0], 34) for s in sums]).astype(float)
    for row, extra in enumerate(sums % 34):
        answers.iloc[row, :extra] += 1
    answers.columns = [f"core_om_{i}" for i in range(1, 35)]
    turned = [f"core_om_{i}" for i in (3, 4, 7, 12, 19, 21, 31, 32)]
    answers[turned] = 4 - answers[turned]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        total = al.score(answers, "core_om")["core_om_total"].to_numpy()
    np.testing.assert_allclose(total, sums * 10 / 34, rtol=1e-14)
    assert total[sums == 34].tolist() == [10.0]
    result = quiet(total[17:], total[:-17], instrument="core_om")
    assert (result.patients["reliable"] == "improved").all()
    less = quiet(total[16:], total[:-16], instrument="core_om")
    assert (less.patients["reliable"] == "unchanged").all()
