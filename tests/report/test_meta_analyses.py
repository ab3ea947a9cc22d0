from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.report import meta_table
from alliance_stats.report.tables.coefficients import further_tables


@pytest.fixture(scope="module")
def effects() -> pd.DataFrame:
    frame = al.effect_sizes(al.load_example("effects"), ri="r", ni="n", measure="ZCOR")
    return frame.dropna(subset="yi").head(90)


@pytest.fixture(scope="module")
def first(effects: pd.DataFrame) -> pd.DataFrame:
    return effects.drop_duplicates("study")


@pytest.fixture(scope="module")
def rater(first: pd.DataFrame) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_meta(first, mods="rater")


def printed(r: float) -> str:
    """A correlation without the zero before the point."""
    return f"{r:.2f}".replace("-", "−").replace("0.", ".")


def test_an_analysis_is_one_row(first: pd.DataFrame) -> None:
    fit = al.fit_meta(first)
    table = meta_table(fit)
    (row,) = table.frame.to_dict("records")
    read, q = fit.back_transformed().iloc[0], fit.heterogeneity().iloc[0]
    assert row["Analysis"] == "Random-effects mean"
    assert row["k"] == str(len(first))
    assert row["N"] == f"{int(first['ni'].sum()):,}"
    assert row["r"] == printed(read["estimate"])
    assert row["95% CI"] == f"[{printed(read['ci_low'])}, {printed(read['ci_high'])}]"
    assert row["95% PI"] == f"[{printed(read['pi_low'])}, {printed(read['pi_high'])}]"
    assert row["Test"] == f"Q({int(q['df'])}) = {q['estimate']:.2f}"
    assert row["τ²"] == f"{fit.tau2:.3f}"
    assert list(row) == [
        "Analysis", "k", "N", "r", "95% CI", "95% PI", "τ²", "I²", "Test", "p"
    ]  # fmt: skip


def test_subgroups_stand_below_the_test_of_their_moderator(first: pd.DataFrame, rater: Any) -> None:
    frame = meta_table({"All": al.fit_meta(first), "Rater": rater}).frame
    levels = first["rater"].drop_duplicates().tolist()
    assert [name.strip() for name in frame["Analysis"]] == ["All", "Rater", *levels]
    test = rater.moderator_test().iloc[-1]
    assert frame["Test"][1] == (
        f"F({int(test['df'])}, {int(test['df_residual'])}) = {test['statistic']:.2f}"
    )
    assert frame["r"][1] == "–"
    assert frame["k"][2:].astype(int).sum() == len(first)
    assert frame["Test"][2:].eq("").all()


def test_slopes_are_on_the_scale_of_analysis(first: pd.DataFrame) -> None:
    fit = al.fit_meta(first, mods="year", test="z")
    table = meta_table(fit)
    assert table.frame["Analysis"].tolist()[1:] == ["\u2003year (b)"]
    assert table.frame["Test"][0].startswith("χ²(1) = ")
    assert "b = coefficient on the scale of Fisher's z." in table.notes
    slope = fit.tidy()["estimate"].iloc[1]
    assert float(table.frame["r"][1].replace("−", "-")) == pytest.approx(slope, abs=1e-4)


def test_patients_of_several_effects_are_not_counted_twice(effects: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = al.fit_meta_multilevel(effects, rho=0.6, mods="rater")
    frame = meta_table(fit).frame
    assert "N" not in frame.columns
    assert frame["Studies"][0] == str(effects["study"].nunique())
    assert frame["k"][0] == str(len(effects))
    test = fit.moderator_test().iloc[-1]
    assert frame["Test"][0].startswith(f"F({int(test['df_numerator'])}, ")
    assert "Moderators" in {table.title for table in further_tables(fit.view())}


def test_equal_effects_have_no_variance_of_true_effects(first: pd.DataFrame) -> None:
    names = meta_table(al.fit_meta(first, method="EE")).frame.columns
    assert "τ²" not in names
    assert "95% PI" not in names


def test_what_cannot_stand_in_one_table_is_refused(first: pd.DataFrame, lmm: Any) -> None:
    fit = al.fit_meta(first)
    with pytest.raises(ArgumentError, match="result 2 is of kind 'lmm'"):
        meta_table([fit, lmm])
    other = replace(fit.view(), labels={**fit.view().labels, "shown_words": "odds ratio"})
    with pytest.raises(ArgumentError, match="different scales: correlation r, odds ratio"):
        meta_table([fit, other])


def test_heterogeneity_is_printed_by_parameter(first: pd.DataFrame) -> None:
    fit = al.fit_meta(first)
    found = fit.heterogeneity().set_index("parameter")
    (table, *_) = [t for t in further_tables(fit.view()) if t.title == "Heterogeneity"]
    cells = table.frame.set_index("Parameter")
    assert cells.loc["I²", "Estimate"] == f"{100 * found.loc['i2', 'estimate']:.1f}%"
    low, high = (100 * found.loc["i2", end] for end in ("ci_low", "ci_high"))
    assert cells.loc["I²", "95% CI"] == f"[{low:.1f}%, {high:.1f}%]"
    assert cells.loc["Q", "Estimate"] == f"{found.loc['q', 'estimate']:.2f}"
    assert cells.loc["Q", ["SE", "95% CI"]].tolist() == ["–", "–"]


def test_a_chi2_test_of_moderators_has_one_df(first: pd.DataFrame) -> None:
    fit = al.fit_meta(first, mods="year", test="z")
    (table,) = [t for t in further_tables(fit.view()) if t.title == "Moderators"]
    assert table.frame.columns.tolist() == ["Term", "χ²", "df", "p"]
