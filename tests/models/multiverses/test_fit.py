"""multiverse: every row equals a direct call; what it excludes, refuses and says."""

from __future__ import annotations

import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, UnsupportedError
from tests.models.multiverses.conftest import ROLES, TWO, ask

SLOPES: list[dict[str, list[str]]] = [{}, {"patient": ["within"]}]
#: Options of every choice, two or more at a time.
WITHIN: list[dict[str, list[Any]]] = [
    {"outliers": ["keep", "drop_2sd", "drop_3sd", "winsorise_2sd", "winsorise_3sd"],
     "min_ratings": [1, 8]},
    {"therapist": ["random", "ignored"], "therapist_mean": ["patients", "sessions"],
     "mean_rows": ["available", "fitted"]},
    {"time": ["linear", "log", "factor", "patient"], "reml": [True, False]},
    {"time_column": ["session", "time"], "residual": [None, "ar1", "continuous_ar1"]},
    {"random_slopes": [*SLOPES, {"patient": ["within"], "therapist": ["within"]}],
     "covariates": [[], ["mood"], ["mood", "hope"]], "covariate_parts": ["both", "raw"]},
]  # fmt: skip
LAGGED = {
    "outliers": ["keep", "drop_3sd"], "therapist": ["random", "ignored"],
    "gap": ["strict", "previous"], "random_slopes": [{}, {"patient": ["cross"]}],
}  # fmt: skip
OUTCOME = {
    "outliers": ["keep", "winsorise_2sd"], "alliance_window": [(2, 4), (3, 3), [3, 5]],
    "min_ratings": [1, 2], "therapist": ["random", "ignored"],
}  # fmt: skip


def by_hand(frame: pd.DataFrame, options: dict[str, Any], *, sessions: bool) -> pd.DataFrame:
    """Outliers and patients with few ratings taken out row by row."""
    frame = frame.copy()
    if (rule := options["outliers"]) != "keep":
        for column in ("wai", "phq"):
            seen = frame[column].dropna()
            half = int(rule[-3]) * seen.std()
            for row, value in frame[column].items():
                limit = seen.mean() + np.sign(value - seen.mean()) * half
                if abs(value - seen.mean()) > half:
                    frame.loc[row, column] = np.nan if rule.startswith("drop") else limit
    if sessions and options["min_ratings"] > 1:
        n = frame.dropna(subset=["wai", "phq"]).groupby("patient").size()
        frame = frame[frame["patient"].isin(n.index[n >= options["min_ratings"]])]
    return frame.reset_index(drop=True)


def direct(question: str, frame: pd.DataFrame, options: dict[str, Any]) -> pd.Series:
    """The row of `tidy` of the fitting function itself."""
    sessions = question != "outcome"
    roles = replace(ROLES, therapist=None) if options.get("therapist") == "ignored" else ROLES
    data = by_hand(frame, options, sessions=sessions)
    own = ("outliers", "therapist", "min_ratings") if sessions else ("outliers", "therapist")
    given = {name: option for name, option in options.items() if name not in own}
    if not given.get("covariates"):
        given.pop("covariate_parts", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if question == "lagged":
            found = al.fit_lagged(data, roles, **given, bias_simulations=0).tidy()
            return found.set_index("effect").loc["alliance_to_outcome"]
        if question == "outcome":
            return (
                al.fit_outcome(data, roles, **given)
                .tidy()
                .set_index("effect")
                .loc["early_alliance"]
            )
        found = al.fit_within_between(data, roles, **given).tidy().set_index("effect")
        return found.loc["within" if question == "within" else "patient_between"]


def check_rows(
    question: str, frame: pd.DataFrame, result: al.models.MultiverseResult, tol: SimpleNamespace
) -> None:
    table = result.tidy()
    assert set(table["status"]) <= {"ok", "singular"}
    for number, row in table.iterrows():
        expected = direct(question, frame, dict(result.options(int(str(number)))))
        for column in ("estimate", "ci_low", "ci_high"):
            assert abs(row[column] - expected[column]) <= tol.beta_in_se * expected["se"], column
        assert row["statistic"] == pytest.approx(expected["statistic"], abs=tol.beta_in_se)
        assert row["p_value"] == pytest.approx(expected["p_value"], abs=tol.beta_in_se)
        assert row["se"] == pytest.approx(expected["se"], rel=tol.se)
        assert row["df"] == pytest.approx(expected["df"], rel=tol.df)
        assert row["term"] == str(expected["term"]).split(" ~ ")[-1]


@pytest.mark.parametrize("choices", WITHIN, ids=lambda c: "+".join(c))
def test_rows_equal_direct_calls_within(
    frame: pd.DataFrame, choices: dict[str, Any], tol: SimpleNamespace
) -> None:
    check_rows("within", frame, ask("within", frame, choices), tol)


def test_rows_equal_direct_calls_between(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    choices = {"mean_rows": ["available", "fitted"], "time": ["linear", "log"],
               "therapist_mean": ["patients", "sessions"],
               "outliers": ["keep", "drop_2sd"]}  # fmt: skip
    check_rows("between", frame, ask("between", frame, choices), tol)


def test_rows_equal_direct_calls_lagged(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    check_rows("lagged", frame, ask("lagged", frame, LAGGED), tol)
    more = {"time": ["log", "factor"], "time_column": ["session", "time"], "reml": [True, False]}
    result = ask("lagged", frame, more)
    assert result.tidy()["status"].tolist().count("failed") == 2
    for number in (1, 3, 5):
        expected = direct("lagged", frame, dict(result.options(number)))
        close = abs(result.tidy()["estimate"][number] - expected["estimate"])
        assert close <= tol.beta_in_se * expected["se"]


def test_rows_equal_direct_calls_outcome(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    result = ask("outcome", frame, OUTCOME)
    check_rows("outcome", frame, result, tol)
    assert result.grid.excluded == {"fewer sessions in alliance_window than min_ratings": 4}


def test_specification_is_the_full_result(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    for question, choices, kind in (
        ("within", {"time": ["linear", "log"]}, al.models.AllianceResult),
        ("lagged", {"gap": ["strict", "previous"]}, al.models.LaggedResult),
        ("outcome", {"therapist": ["random", "ignored"]}, al.models.OutcomeResult),
    ):
        result = ask(question, frame, choices)
        one = result.specification(1)
        assert isinstance(one, kind)
        own = result.tidy().loc[1]
        assert np.abs(one.tidy()["estimate"] - own["estimate"]).min() <= tol.beta_in_se * own["se"]
        assert len(result.data(1)) == max(result.rows[1].counts[:2])
        assert f"nobs(m) == {len(result.data(1))}" in result.to_r(1)
        assert result.to_r() == result.to_r(0)
    with pytest.raises(ArgumentError, match="numbered from 0 to 1"):
        result.specification(2)


def test_order_of_choices_rows_and_labels_does_not_matter(
    frame: pd.DataFrame, tol: SimpleNamespace
) -> None:
    choices = {"time": ["linear", "log"], "outliers": ["keep", "drop_3sd"]}
    one = ask("within", frame, choices).tidy()
    other = ask("within", frame, dict(reversed(choices.items()))).tidy()
    pd.testing.assert_frame_equal(one, other)
    shuffled = frame.sample(frac=1.0, random_state=5).assign(
        patient=frame["patient"].map({p: f"x{k}" for k, p in enumerate(frame["patient"].unique())})
    )
    again = ask("within", shuffled, choices).tidy()
    within = tol.beta_in_se * one["se"].min()
    assert again["estimate"].to_numpy() == pytest.approx(one["estimate"].to_numpy(), abs=within)
    options = ask("within", frame, {name: given[::-1] for name, given in choices.items()})
    assert sorted(options.tidy()["estimate"]) == pytest.approx(sorted(one["estimate"]), abs=within)


def test_excluded_combinations_are_counted(frame: pd.DataFrame) -> None:
    result = ask("within", frame, WITHIN[1] | {"random_slopes": [{}, {"therapist": ["within"]}]})
    assert len(result.rows) + sum(result.grid.excluded.values()) == 16
    assert result.excluded.set_index("rule")["n"].to_dict() == {
        "random slopes over therapists that are ignored": 4,
        "therapist_mean makes no difference there: the same specification is in already": 2,
    }
    assert any("4 combinations excluded" in note for note in result.notes)
    assert not result.tidy().duplicated(["therapist", "mean_rows", "therapist_mean",
                                         "random_slopes"]).any()  # fmt: skip


def test_failed_specifications_are_rows_that_say_why(frame: pd.DataFrame) -> None:
    choices = {"time": ["linear", "factor"], "time_column": ["session", "time"]}
    with pytest.warns(DataWarning, match="1 specification failed and does not count: time='fact"):
        result = al.models.multiverse("within", frame, choices, roles=ROLES, progress=False)
    table = result.tidy()
    assert table["status"].tolist().count("failed") == 1
    bad = table[table["status"] == "failed"].iloc[0]
    assert np.isnan(bad["estimate"]) and np.isnan(bad["p_value"]) and "At most 60" in bad["note"]
    assert result.summary["n_failed"].item() == 1
    assert result.influence["way"].unique().tolist() == ["Shapley values"]


def test_summary_describes_the_rows(frame: pd.DataFrame) -> None:
    result = ask("within", frame, {"time": ["linear", "log"], "outliers": ["keep", "drop_2sd"]})
    table, summary = result.tidy(), result.summary.iloc[0]
    assert summary["median"] == np.median(table["estimate"])
    assert (summary["lowest"], summary["highest"]) == (
        table["estimate"].min(), table["estimate"].max()
    )  # fmt: skip
    assert summary["share_negative"] == (table["estimate"] < 0).mean()
    assert summary["share_below_zero"] == (table["ci_high"] < 0).mean()


@pytest.mark.parametrize(
    ("question", "choices", "words"),
    [
        ("within", {"method": ["cwc", "cgm"]}, "mixes the effects within and between"),
        ("within", {"gap": ["strict", "previous"]}, "question='lagged'"),
        ("within", {"time": ["linear", "none"]}, "another estimand"),
        ("within", {"alliance_window": [(3, 5), (2, 4)]}, "question='outcome'"),
        ("within", {"therapist_change": ["first", "dyad"]}, "defines another effect"),
        ("between", {"therapist": ["random", "ignored"]}, "differences between therapists"),
        ("lagged", {"step": [1, 2]}, "another number of sessions is another estimand"),
        ("outcome", {"split": ["none", "therapist"]}, "a coefficient each: other estimands"),
        ("contextual", {"time": ["linear", "log"]}, "between − within, another estimand"),
        ("withn", {"time": ["linear", "log"]}, "Did you mean 'within'"),
        ("within", {"tme": ["linear", "log"]}, "Did you mean 'time'"),
        ("within", {"time": ["linear", "lg"]}, "Did you mean 'log'"),
        ("within", {"time": ["linear"]}, "one option, 'linear': that is no choice"),
        ("within", {"time": []}, "no option: that is no choice"),
        ("within", {}, "choices is empty"),
        ("within", ["time"], "choices is a list. Give a dict"),
        ("within", {"time": "linear"}, "is not a list of options"),
        ("within", {"time": ["linear", "linear"]}, "the option 'linear' twice"),
        ("within", {"random_slopes": [{}, "auto"]}, "chooses between two specifications"),
        ("within", {"random_slopes": [{}, ["within"]]}, r"random_slopes=\['within'\] is no option"),
        ("within", {"covariates": ["mood", "hope"]}, "Each option is a list"),
        ("within", {"covariates": [[], ["mod"]]}, "Did you mean 'mood'"),
        ("within", {"random_slopes": [{}, {"patient": ["betwen"]}]}, "Effects that can differ"),
        ("lagged", {"random_slopes": [{}, {"patient": ["within"]}]}, "Effects that can differ"),
        ("within", {"min_ratings": [1, 0]}, "not a number of ratings"),
        ("outcome", {"alliance_window": [(3, 5), (5, 3)]}, "not increasing"),
    ],
)  # fmt: skip
def test_refuses(frame: pd.DataFrame, question: str, choices: Any, words: str) -> None:
    with pytest.raises((ArgumentError, DataError), match=words):
        ask(question, frame, choices)


def test_refuses_too_many_specifications(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match=r"the choices make 40,002 specifications; at most 20"):
        ask("within", frame, {"min_ratings": list(range(1, 20_002)), "reml": [True, False]})


def test_refuses_what_would_be_ignored(frame: pd.DataFrame) -> None:
    time = {"time": ["linear", "log"]}
    with pytest.raises(ArgumentError, match="there is no therapist role"):
        ask("within", frame, {"therapist": ["random", "ignored"]}, TWO)
    with pytest.raises(ArgumentError, match="rng would be ignored"):
        ask("within", frame, time, rng=1)
    with pytest.raises(ArgumentError, match="permutations need random numbers"):
        ask("within", frame, time, permutations=99)
    with pytest.raises(ArgumentError, match="whole number from 39"):
        ask("within", frame, time, permutations=10, rng=1)
    with pytest.raises(ArgumentError, match="in choices and in fixed"):
        ask("within", frame, time, fixed={"time": "log"})
    with pytest.raises(UnsupportedError, match="permutations with therapist_change='dyad'"):
        ask("within", frame, time, fixed={"therapist_change": "dyad"}, permutations=39, rng=1)
    with pytest.raises(ArgumentError, match="none of 2 specifications could be fitted"):
        ask("outcome", frame, {"alliance_window": [(30, 31), (31, 32)]})


def test_fixed_options_hold_in_all(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    result = ask("within", frame, {"time": ["linear", "log"]}, fixed={"reml": False})
    assert all(not options["reml"] for options in result.grid.rows)
    check_rows("within", frame, result, tol)
    assert "In all specifications: reml: ML." in result.notes


def test_views_and_prints(frame: pd.DataFrame) -> None:
    result = ask("within", frame, {"time": ["linear", "log"]}, permutations=39, rng=1)
    view = result.view()
    assert view.kind == "multiverse"
    assert view.plot is not None
    assert (view.plot["layer"] == "estimate").sum() == 2
    assert view.terms["term"].tolist()[0] == "first specification (number 0)"
    assert "al.models.multiverse('within', sessions, {'time': ['linear', 'log']}" in str(view.refit)
    assert "2 specifications" in repr(result) and "<table" in result._repr_html_()
    assert result.glance()["n_draws"].item() == 39
    empty = ask("within", frame, {"time": ["linear", "log"]})
    assert len(empty.joint_test) == 0


def test_first_therapist_of_patients_who_change(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    moved = frame["patient"].eq("P003") & (frame["session"] > 4)
    changed = frame.assign(therapist=frame["therapist"].where(~moved, "T9"))
    choices = {"therapist": ["random", "ignored"], "time": ["linear", "log"]}
    first = {"therapist_change": "first"}
    result = ask("within", changed, choices, fixed=first, permutations=39, rng=1)
    assert set(result.tidy()["status"]) <= {"ok", "singular"}
    for number in (0, 3):
        options = dict(result.options(number))
        if options["therapist"] == "ignored":
            del options["therapist_change"]
        expected = direct("within", changed, options)
        close = abs(result.tidy()["estimate"][number] - expected["estimate"])
        assert close <= tol.beta_in_se * expected["se"]
        assert len(result.data(number)) == result.rows[number].counts[0]
    alone = ask("within", changed, choices)
    assert alone.tidy()["status"].eq("failed").tolist() == [True, True, False, False]
    assert "therapist" in alone.messages[0]
