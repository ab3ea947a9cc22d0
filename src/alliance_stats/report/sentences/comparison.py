"""Sentences about tests of nested models: which fits better, and what stays open."""

from __future__ import annotations

import math

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import format_df
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import Row, number, p_phrase, records
from alliance_stats.report.wording.words import capital, fit_value, one_line

_ALPHA = 0.05
_CRITERIA = {"lowest_aic": "AIC", "lowest_bic": "BIC"}


def comparison_paragraphs(view: ResultView) -> list[list[str]]:
    """The models, every test, and which model the criteria prefer."""
    rows = records(view.tables["Models"])
    numbers = [row["model"] for row in rows]
    named = "; ".join(f"model {k}, {one_line(view.labels[f'formula_{k}'])}" for k in numbers)
    head = (
        f"{counted(len(rows), 'model')} of the same rows "
        f"{'was' if len(rows) == 1 else 'were'} compared ({_method(view)}): {named}."
    )
    tests = [_test(row) for row in rows if not math.isnan(row["p_value"])]
    return [[head, *tests], [_lowest(view)]]


def pooled_comparison_paragraphs(view: ResultView) -> list[list[str]]:
    """The two models and their test over imputations."""
    row = records(view.tables["Test"])[0]
    df = f"{int(row['df_numerator'])}, {format_df(row['df_denominator'])}"
    detail = f"{row['rule']}: F({df}) = {number(row['statistic'], 2)}, {p_phrase(row['p_value'])}"
    larger, smaller = (one_line(fit_value(view, name)) for name in ("larger", "smaller"))
    over = f"Over {fit_value(view, 'n_imputations')} imputed data sets, "
    return [[over + _verdict(larger, smaller, row["p_value"], detail)]]


def _method(view: ResultView) -> str:
    return one_line(fit_value(view, "method"))


def _test(row: Row) -> str:
    law, p = one_line(row["reference"]), p_phrase(row["p_value"])
    detail = (
        f"{law} = {number(row['statistic'], 2)}, {p}"
        if law == f"χ²({int(row['df'])})"
        else f"likelihood ratio {number(row['statistic'], 2)} held against {law}, {p}"
    )
    names = (f"model {row['model']}", f"model {row['compared_with']}")
    return capital(_verdict(*names, row["p_value"], detail))


def _verdict(larger: str, smaller: str, p: float, detail: str) -> str:
    """Better, or open; a test that finds nothing does not show that a term is not needed."""
    if p < _ALPHA:
        return f"{larger} fitted better than {smaller} ({detail})."
    return f"whether {larger} fits better than {smaller} is inconclusive ({detail})."


def _lowest(view: ResultView) -> str:
    of: dict[object, list[str]] = {}
    for name, words in _CRITERIA.items():
        of.setdefault(fit_value(view, name), []).append(words)
    said = [
        f"{' and '.join(names)} {'was' if len(names) == 1 else 'were'} lowest for model {model}"
        for model, names in of.items()
    ]
    return f"{' and '.join(said)}."
