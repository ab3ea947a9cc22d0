"""Models side by side in one table: coefficients with intervals, and how each was fitted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import MINUS, format_fixed, format_interval, interval_heading
from alliance_stats._base.views import ResultView
from alliance_stats.report.sources import Sources, as_views, numbered_titles
from alliance_stats.report.tables.coefficients import coefficient_rows, common_level, said
from alliance_stats.report.tables.table import Table
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import number
from alliance_stats.report.wording.words import FAILED, df_words, fit_failed, fit_value, one_line

_MOST = 8
_CRITERIA = {"loglik": "Log-likelihood", "aic": "AIC", "bic": "BIC"}
_NO_CRITERIA = (
    "Log-likelihoods, AIC and BIC are not shown: they compare models of the same rows and the "
    "same outcome only, and of the same fixed effects if fitted by REML."
)


def compare_table(results: Sources, *, digits: int | None = None) -> Table:
    """Set the coefficients of several models side by side, in APA style.

    Each model has a column: coefficients with standard errors in parentheses over confidence
    intervals, then variances' square roots, counts and, where they can be compared, likelihoods.
    There are no stars: the interval says more.

    Parameters
    ----------
    results : list of results, or mapping of titles to results
        Two to eight, each with a ``view()``. The titles of a mapping head the columns.
    digits : int, optional
        Decimals of coefficients; by default those that each model's standard errors call for.

    Returns
    -------
    Table
        ``compare_table(results).save("table2.docx")`` writes it.

    Raises
    ------
    ArgumentError
        If there are fewer than two results or more than eight, one has no coefficients, or their
        confidence levels differ.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions")
    >>> models = {
    ...     "With time": al.fit_within_between(sessions),
    ...     "Without": al.fit_within_between(sessions, time="none"),
    ... }
    >>> print(al.compare_table(models).frame.iloc[:2].to_string(index=False))
             Effect        With time          Without
    Within patients   −0.116 (0.017)   −0.174 (0.027)
                    [−0.150, −0.081] [−0.227, −0.121]
    """
    views = as_views(results)
    if not 2 <= len(views) <= _MOST:
        raise ArgumentError(
            f"{len(views)} results given. Give 2 to {_MOST}, in a list or under titles."
        )
    for position, view in enumerate(views, start=1):
        if view.terms.empty:
            raise ArgumentError(
                f"result {position} (kind '{view.kind}') has no coefficients. Leave it out."
            )
    level, models = common_level(views), numbered_titles(views)
    columns = [_coefficients(view, digits) for view in views]
    rows = _in_order(columns)
    frame = pd.DataFrame({"Effect": [word for name, _ in rows for word in (name, "")]})
    below = _fit_rows(views)
    frame = pd.concat([frame, pd.DataFrame({"Effect": list(below)})], ignore_index=True)
    for position, (model, column) in enumerate(zip(models, columns, strict=True)):
        cells = [cell for key in rows for cell in column.get(key, ("", ""))]
        values = [*cells, *(values[position] for values in below.values())]
        frame.insert(position + 1, model, values, allow_duplicates=True)
    return Table(
        frame,
        "Models side by side",
        _notes(views, models, level),
        (True, *[False] * len(views)),
        messages=said(views, models, lambda view: view.messages),
        warning=" ".join(said(views, models, lambda v: (FAILED,) if fit_failed(v) else ())),
    )


Key = tuple[str, int]


def _coefficients(view: ResultView, digits: int | None) -> dict[Key, tuple[str, str]]:
    """Two lines a coefficient, by its words and how often these came before."""
    decimals, seen = view_decimals(view, digits), Counter[str]()
    cells = {}
    for row in coefficient_rows(view, "effect").to_dict("records"):
        word = str(row["effect"])
        seen[word] += 1
        estimate = number(row["estimate"], decimals)
        error = "" if math.isnan(row["se"]) else f" ({number(row['se'], decimals)})"
        interval = format_interval(row["ci_low"], row["ci_high"], decimals, minus=MINUS)
        cells[word, seen[word]] = (f"{estimate}{error}", interval)
    return cells


def _in_order(columns: Sequence[dict[Key, tuple[str, str]]]) -> list[Key]:
    """Coefficients of all models: those of the first, each other after what it follows there."""
    rows: list[Key] = []
    for column in columns:
        place = 0
        for key in column:
            if key in rows:
                place = rows.index(key) + 1
            else:
                rows.insert(place, key)
                place += 1
    return rows


def _fit_rows(views: Sequence[ResultView]) -> dict[str, list[str]]:
    """Standard deviations, counts and criteria, one value a model."""
    rows: dict[str, list[str]] = {}
    for position, view in enumerate(views):
        for word, value in {**_deviations(view), **_counts(view)}.items():
            rows.setdefault(word, ["–"] * len(views))[position] = value
    if _comparable(views):
        for name, word in _CRITERIA.items():
            values = [fit_value(view, name) for view in views]
            if all(isinstance(value, float) for value in values):
                rows[word] = [f"{v:,.1f}".replace("-", MINUS) for v in values]
    return rows


def _deviations(view: ResultView) -> dict[str, str]:
    """``SD of Intercept, patient`` of each random effect."""
    frame = view.tables.get("Random effects", pd.DataFrame())
    if not {"group", "term", "sd"} <= set(frame.columns):
        return {}
    rows = frame[frame["sd"].notna()]
    return {
        _deviation_words(one_line(group), one_line(term)): format_fixed(sd, 2, minus=MINUS)
        for group, term, sd in zip(rows["group"], rows["term"], rows["sd"], strict=True)
    }


def _deviation_words(group: str, term: str) -> str:
    if group.lower() == "residual" or not term:
        return f"SD, {group.lower()}"
    return f"SD, {group}: {'intercept' if term == '(Intercept)' else term}"


def _counts(view: ResultView) -> dict[str, str]:
    """How many of each unit."""
    if not {"unit", "n"} <= set(view.levels.columns):
        return {}
    pairs = zip(view.levels["unit"], view.levels["n"], strict=True)
    return {f"N, {one_line(unit)}s": f"{int(n):,}" for unit, n in pairs}


def _comparable(views: Sequence[ResultView]) -> bool:
    """Whether all are fitted to the same rows and outcome, and by REML to the same fixed part."""
    counts = {fit_value(view, "n_obs") for view in views}
    outcomes = {(view.kind, view.labels.get("outcome")) for view in views}
    methods = {str(fit_value(view, "method")) for view in views}
    terms = {tuple(view.terms["term"]) for view in views}
    same = len(counts) == 1 and None not in counts and len(outcomes) == len(methods) == 1
    return same and ("REML" not in methods or len(terms) == 1)


def _notes(views: Sequence[ResultView], models: Sequence[str], level: float) -> tuple[str, ...]:
    cells = (
        "Cells are unstandardised coefficients with standard errors in parentheses, over their "
        f"{interval_heading(level)}."
    )
    criteria = () if _comparable(views) else (_NO_CRITERIA,)
    return (cells, *said(views, models, _facts), *criteria)


def _facts(view: ResultView) -> list[str]:
    method, ddf = fit_value(view, "method"), view.labels.get("ddf", "")
    fitted = f"{one_line(method)} estimation" if method else ""
    tested = f"intervals with {df_words(ddf)}" if ddf else ""
    words = "; ".join(part for part in (fitted, tested) if part)
    return [f"{words[:1].upper()}{words[1:]}."] if words else []
