from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import compare_table


def column(table: Any, name: str) -> dict[str, tuple[str, str]]:
    words, cells = table.frame["Effect"].tolist(), table.frame[name].tolist()
    return {
        word: (cells[k], cells[k + 1]) for k, word in enumerate(words[:-1]) if words[k + 1] == ""
    }


def test_models_stand_side_by_side(two_level: Any, three_level: Any) -> None:
    table = compare_table({"Two": two_level, "Three": three_level})
    assert list(table.frame.columns) == ["Effect", "Two", "Three"]
    two, three = column(table, "Two"), column(table, "Three")
    assert two["Within patients"] == ("−0.108 (0.021)", "[−0.150, −0.066]")
    assert three["Within patients"] == two["Within patients"]
    assert two["Between therapists"] == ("", "")
    assert three["Between therapists"] == ("−0.191 (0.153)", "[−0.510, 0.127]")
    assert list(two)[-1] == "Time"
    assert table.left == (True, False, False)


def test_counts_and_deviations_stand_below(two_level: Any, three_level: Any) -> None:
    frame = compare_table([two_level, three_level]).frame.set_index("Effect")
    assert frame.loc["N, patients"].tolist() == ["240", "240"]
    assert frame.loc["N, therapists"].tolist() == ["–", "24"]
    assert frame.loc["SD, patient: wai_total_within"].tolist() == ["0.08", "0.08"]
    assert frame.loc["SD, residual"].tolist() == ["2.48", "2.48"]


def test_criteria_are_shown_only_where_they_compare(two_level: Any, three_level: Any) -> None:
    apart = compare_table([two_level, three_level])
    assert "AIC" not in set(apart.frame["Effect"])
    assert any(note.startswith("Log-likelihoods, AIC and BIC") for note in apart.notes)
    same = compare_table([two_level, two_level])
    assert "AIC" in set(same.frame["Effect"])
    view = two_level.view()
    fewer = replace(view, fit=view.fit.assign(n_obs=1900))
    assert "AIC" not in set(compare_table([view, fewer]).frame["Effect"])
    views = [
        replace(v.view(), fit=v.view().fit.assign(method="ML")) for v in (two_level, three_level)
    ]
    frame = compare_table(views).frame.set_index("Effect")
    assert frame.loc["Log-likelihood"].iloc[0] == "−5,012.3"


def test_a_failed_fit_is_named_first(two_level: Any, null_result: Any) -> None:
    failed = replace(two_level.view(), fit=two_level.view().fit.assign(converged=False))
    table = compare_table({"Failed": failed, "Null": null_result})
    assert table.warning.startswith("Failed: The fit did not converge")


def test_rows_of_a_later_model_follow_their_neighbours(two_level: Any, three_level: Any) -> None:
    first = compare_table([three_level, two_level]).frame["Effect"]
    second = compare_table([two_level, three_level]).frame["Effect"]
    assert set(first) == set(second)


def test_what_cannot_be_compared_is_refused(two_level: Any, sessions: Any) -> None:
    with pytest.raises(ArgumentError, match="1 results given. Give 2 to 8"):
        compare_table(two_level)
    with pytest.raises(ArgumentError, match="result 2 .* has no coefficients"):
        compare_table([two_level, sessions])
    other = replace(two_level.view(), conf_level=0.9)
    with pytest.raises(ArgumentError, match="different confidence levels"):
        compare_table([two_level, other])


def test_two_models_of_one_title_are_told_apart(two_level: Any) -> None:
    names = list(compare_table([two_level, two_level]).frame.columns)
    assert names[1].endswith("(1)")
    assert names[2].endswith("(2)")
