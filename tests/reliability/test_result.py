"""ReliabilityResult: rows, single values, printing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows


def result(n: int = 1) -> ReliabilityResult:
    rows = [
        {"term": name, "estimate": 0.8 + k / 10, "ci_low": 0.7} for k, name in enumerate("ab"[:n])
    ]
    return ReliabilityResult(
        kind="alpha",
        title="Coefficient <alpha>",
        terms=coefficient_rows(rows),
        counts={"patient": 40, "item": 1},
        messages=("Only one item.",),
        tables={"Items": pd.DataFrame({"item": ["<b>"], "mean": [1.0]})},
    )


def test_rows_have_the_tidy_columns_and_keep_others() -> None:
    frame = coefficient_rows([{"term": "a", "estimate": 1.0, "unit": "patient", "n": 3}])
    assert frame.columns.tolist() == [
        "unit", "term", "estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high", "n",
    ]  # fmt: skip
    assert np.isnan(frame["p_value"].iloc[0])


def test_a_single_coefficient_is_a_number_and_several_are_asked_for_by_name() -> None:
    assert result().estimate == 0.8
    assert result(2).value("b") == 0.9
    with pytest.raises(al.ArgumentError, match=r"2 coefficients \(a, b\), not one"):
        _ = result(2).estimate
    with pytest.raises(al.ArgumentError, match=r"'c' stands in 0 rows. Terms here: a, b"):
        result(2).value("c")


def test_text_and_html_show_counts_and_escape() -> None:
    text = repr(result())
    assert "Coefficient <alpha> (40 patients, 1 item)" in text
    assert "Only one item." in text
    assert "p" not in text.splitlines()[2].split()
    assert "<b>" not in result()._repr_html_()


def test_tidy_is_a_copy_and_the_view_holds_the_counts() -> None:
    found = result()
    copy = found.tidy()
    copy["estimate"] = 5.0
    assert found.estimate == 0.8
    view = found.view()
    assert view.levels["n"].tolist() == [40, 1]
    assert view.fit["n_patients"].item() == 40
    assert al.coef_table(found).frame.shape[0] == 1


def test_headings_say_which_statistic_and_which_level() -> None:
    row = {"term": "a", "estimate": 0.5, "statistic": 2.0, "ci_low": 0.1, "ci_high": 0.9}
    found = ReliabilityResult(
        kind="kappa",
        title="Kappa",
        terms=coefficient_rows([row]),
        counts={},
        conf_level=0.9,
        statistic="z",
    )
    first, _, heads, *_ = repr(found).splitlines()
    assert first == "Kappa"
    assert "z" in heads.split() and "90% CI" in heads
    assert "90% CI" in found._repr_html_()


def test_rows_that_share_a_term_and_a_coefficient_are_one_value() -> None:
    rows = [{"group": g, "term": "ICC(A,1)", "estimate": 0.5} for g in ("random", "mixed")]
    found = ReliabilityResult(kind="icc", title="", terms=coefficient_rows(rows), counts={})
    assert found.value("ICC(A,1)") == 0.5
    differing = coefficient_rows([rows[0], {**rows[1], "estimate": 0.6}])
    found = ReliabilityResult(kind="icc", title="", terms=differing, counts={})
    with pytest.raises(al.ArgumentError, match="stands in 2 rows"):
        found.value("ICC(A,1)")


def test_a_printed_table_calls_things_by_their_names() -> None:
    rows = [
        {"group": g, "term": "ICC(A,1)", "estimate": 0.5, "statistic": 3.0, "df": 9.0}
        for g in ("random", "mixed")
    ]
    found = ReliabilityResult(
        kind="icc", title="Agreement", terms=coefficient_rows(rows), counts={"rating": 40}
    )
    table = al.coef_table(found)
    assert list(table.frame.columns) == ["Term", "Estimate", "F", "df"]
    assert table.frame["Term"].tolist() == ["ICC(A,1) (random)", "ICC(A,1) (mixed)"]
    assert str(table).splitlines()[-1] == "40 ratings."
    assert found.tidy()["term"].tolist() == ["ICC(A,1)"] * 2
