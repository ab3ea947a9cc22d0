"""Meta-analyses as papers print them: a row an analysis, its subgroups or its moderators below."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import (
    MINUS,
    format_df,
    format_fixed,
    format_interval,
    format_p,
)
from alliance_stats._base.views import ResultView
from alliance_stats.report.sources import Sources, as_views, numbered_titles
from alliance_stats.report.tables.coefficients import common_level, said
from alliance_stats.report.tables.table import Table
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.effect_scale import EffectScale, effect_scale
from alliance_stats.report.wording.meta_words import mean_words, row_value
from alliance_stats.report.wording.words import FAILED, fit_failed, one_line, term_words

KINDS = ("meta", "meta_multilevel")
_ALL = "all moderators"
_DASH = "–"
#: Before the name of a subgroup or a moderator.
_INDENT = "\N{EM SPACE}"

Row = dict[str, str]


def meta_table(results: Sources) -> Table:
    """Set meta-analyses as one APA table: k, N, means, intervals, heterogeneity, moderators.

    Use it for the table of results of a meta-analysis: give one analysis or several, such as one
    an outcome, or one a moderator. Of a model of a single categorical moderator the means of the
    subgroups stand below the test of the moderator; of other moderators their coefficients.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        From `fit_meta` or `fit_meta_multilevel`. The titles of a mapping name the rows.

    Returns
    -------
    Table

    Raises
    ------
    ArgumentError
        If there is no result, one is of another kind, their confidence levels differ, or their
        effects are read on different scales.

    Examples
    --------
    >>> import alliance_stats as al
    >>> effects = al.effect_sizes(al.load_example("effects"), ri="r", ni="n", measure="ZCOR")
    >>> first = effects.dropna(subset="yi").drop_duplicates("study")
    >>> models = {"All studies": al.fit_meta(first), "Rater": al.fit_meta(first, mods="rater")}
    >>> print(al.report.meta_table(models).frame.iloc[:2, :5].to_string(index=False))
       Analysis   k      N    r       95% CI
    All studies 264 22,126 −.15 [−.19, −.12]
          Rater 264 22,126    –            –
    """
    views = as_views(results)
    level = _checked(views)
    titles = numbered_titles(views) if len(views) > 1 else [mean_words(views[0])]
    rows = [row for view, title in zip(views, titles, strict=True) for row in _rows(view, title)]
    frame = pd.DataFrame(rows).rename(
        columns={
            "estimate": _symbol(views),
            "interval": f"{100 * level:g}% CI",
            "prediction": f"{100 * level:g}% PI",
        }
    )
    empty = [name for name in frame.columns if frame[name].isin(["", _DASH]).all()]
    shown = frame.drop(columns=empty)
    return Table(
        shown,
        one_line(views[0].title) if len(views) == 1 else "Meta-analyses",
        _notes(views, titles),
        (True, *[False] * (shown.shape[1] - 1)),
        messages=said(views, titles, lambda view: view.messages),
        warning=" ".join(said(views, titles, lambda v: (FAILED,) if fit_failed(v) else ())),
    )


def _checked(views: Sequence[ResultView]) -> float:
    """The confidence level of all; ArgumentError if they cannot stand in one table."""
    for position, view in enumerate(views, start=1):
        if view.kind not in KINDS or view.plot is None:
            raise ArgumentError(
                f"result {position} is of kind '{view.kind}'. "
                "Give results of fit_meta or fit_meta_multilevel."
            )
    scales = sorted({effect_scale(view).shown_words for view in views})
    if len(scales) > 1:
        raise ArgumentError(
            f"the effects are read on different scales: {', '.join(scales)}. "
            "Make one table for each scale."
        )
    return common_level(views)


def _symbol(views: Sequence[ResultView]) -> str:
    symbols = {effect_scale(view).symbol for view in views}
    return symbols.pop() if len(symbols) == 1 else "Effect"


def _rows(view: ResultView, title: str) -> list[Row]:
    """The row of the analysis, and those of its subgroups or of its moderators."""
    plot = pd.DataFrame() if view.plot is None else view.plot
    studies = plot[plot["row"] == "study"]
    scale = effect_scale(view)
    one_each = row_value(view, "k") == row_value(view, "n_studies")
    first = _row(title, k=len(studies), n=_size(studies, one_each))
    first["Studies"] = "" if one_each else f"{int(row_value(view, 'n_studies') or 0):,}"
    first |= _tested(view) | _spread(view)
    mean = plot[plot["row"] == "mean"]
    if len(mean):
        return [first | _effect(scale, mean, plot[plot["row"] == "prediction"])]
    groups = plot[plot["row"] == "subgroup"]
    if not len(groups):
        return [first, *_coefficients(view)]
    below = []
    for group in groups["group"]:
        own = studies[studies["group"] == group]
        new = plot[(plot["row"] == "prediction") & (plot["group"] == group)]
        row = _row(_INDENT + one_line(group), k=len(own), n=_size(own, one_each))
        row["Studies"] = "" if one_each else f"{own['study'].nunique():,}"
        below.append(row | _effect(scale, groups[groups["group"] == group], new))
    return [first, *below]


def _row(name: str, *, k: int | None = None, n: str = _DASH) -> Row:
    """An empty row of all columns, in their order."""
    return {
        "Analysis": name, "k": _DASH if k is None else f"{k:,}", "Studies": "", "N": n,
        "estimate": _DASH, "interval": _DASH, "prediction": _DASH, "τ²": "", "I²": "", "Test": "",
        "p": "",
    }  # fmt: skip


def _size(studies: pd.DataFrame, one_each: bool) -> str:
    """All patients together, if no sample stands in several rows and all sizes are known."""
    known = one_each and "n" in studies.columns and bool(studies["n"].notna().all())
    return f"{int(studies['n'].sum()):,}" if known else _DASH


def _effect(scale: EffectScale, mean: pd.DataFrame, new: pd.DataFrame) -> Row:
    found = {
        "estimate": scale.number(float(mean["shown"].iloc[0])),
        "interval": _interval(scale, mean),
    }
    return {**found, "prediction": _interval(scale, new)} if len(new) else found


def _interval(scale: EffectScale, row: pd.DataFrame) -> str:
    low, high = float(row["shown_low"].iloc[0]), float(row["shown_high"].iloc[0])
    return _DASH if pd.isna(low) and pd.isna(high) else scale.interval(low, high)


def _spread(view: ResultView) -> Row:
    """τ² and I²; there is no τ² where all effects are taken as equal."""
    tau2, i2 = row_value(view, "tau2"), row_value(view, "i2")
    equal = view.labels.get("model") == "equal-effects"
    return {
        "τ²": _DASH if tau2 is None or equal else format_fixed(tau2, 3, minus=MINUS),
        "I²": _DASH if i2 is None else f"{100 * i2:.0f}%",
    }


def _tested(view: ResultView) -> Row:
    """The test of all moderators, else Q, with its p."""
    tests = view.tables.get("Moderators", pd.DataFrame())
    if view.labels.get("moderators"):
        if not len(tests):
            return {"Test": _DASH, "p": _DASH}
        named = tests[tests["term"] == _ALL]
        return _joint_test((named if len(named) else tests).iloc[-1])
    q, df, p = (row_value(view, name) for name in ("q", "q_df", "q_p"))
    if q is None or df is None or p is None:
        return {"Test": _DASH, "p": _DASH}
    return {"Test": f"Q({format_df(df)}) = {format_fixed(q, 2)}", "p": format_p(p)}


def _joint_test(row: pd.Series) -> Row:
    """``F(2, 37) = 1.50``, or χ² where the degrees of freedom of the error are not given."""
    df = float(row["df_numerator"] if "df_numerator" in row.index else row["df"])
    error = float(row.get("df_denominator", row.get("df_residual", float("inf"))))
    of_f = "df_denominator" in row.index or error != float("inf")
    between = f"{format_df(df)}, {format_df(error)}" if of_f else format_df(df)
    value = format_fixed(float(row["statistic"]), 2)
    return {
        "Test": f"{'F' if of_f else 'χ²'}({between}) = {value}",
        "p": format_p(float(row["p_value"])),
    }


def _coefficients(view: ResultView) -> list[Row]:
    """Slopes of the moderators, on the scale of analysis."""
    decimals = view_decimals(view)
    rows = []
    for term in view.terms[view.terms["term"] != "(Intercept)"].to_dict("records"):
        row = _row(f"{_INDENT}{term_words(term['term'])} (b)")
        row["estimate"] = format_fixed(term["estimate"], decimals or 3, minus=MINUS)
        row["interval"] = format_interval(
            term["ci_low"], term["ci_high"], decimals or 3, minus=MINUS
        )
        row["p"] = format_p(float(term["p_value"]))
        rows.append(row)
    return rows


def _notes(views: Sequence[ResultView], titles: Sequence[str]) -> tuple[str, ...]:
    scale = effect_scale(views[0])
    moderated = [view for view in views if view.labels.get("moderators")]
    slopes = any(not _has_subgroups(view) for view in moderated)
    parts = [
        "k = number of effect sizes; CI = confidence interval; PI = prediction interval, where the "
        "true effect of a new study lies.",
        f"Effects were analysed as {scale.words} and are shown as {scale.shown_words}."
        if scale.forward is not None
        else "",
        "Q tests whether effects differ more than sampling error lets them.",
        "The test in the row of a moderator is that of the moderator; τ² and I² are what it leaves."
        if moderated
        else "",
        f"b = coefficient on the scale of {scale.words}." if slopes else "",
    ]
    return (*filter(None, parts), *said(views, titles, _estimated))


def _has_subgroups(view: ResultView) -> bool:
    return view.plot is not None and "subgroup" in set(view.plot["row"])


def _estimated(view: ResultView) -> list[str]:
    """How the model was fitted."""
    return [one_line(view.notes[0])] if view.notes else []
