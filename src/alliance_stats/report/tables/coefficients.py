"""Tables of a result in APA style: its coefficients, its further tables and its fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import (
    MINUS,
    format_df,
    format_number,
    format_p,
    interval_heading,
    without_zero,
)
from alliance_stats._base.views import ResultView
from alliance_stats.report.sources import Sources, as_views, numbered_titles
from alliance_stats.report.tables.descriptives import printed_descriptives
from alliance_stats.report.tables.frames import (
    as_z_tests,
    digits_allowed,
    frame_table,
    printed_cells,
    row_words,
    strings,
)
from alliance_stats.report.tables.headings import FIT_WORDS, TESTS, VALUES
from alliance_stats.report.tables.heterogeneity import heterogeneity_table
from alliance_stats.report.tables.table import Table
from alliance_stats.report.wording.bounded import bounded_columns, is_bounded
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.words import (
    EFFECT_ORDER,
    FAILED,
    as_heading,
    df_words,
    fit_failed,
    fit_value,
    one_line,
    units_phrase,
)

#: What a row of one study is, by kind of view.
_OF_STUDIES = {"meta_leave_one_out": "Left out", "meta_cumulative": "Added"}
#: Kinds of views whose tests are of t, or of z where all are normal.
_OF_T = frozenset(
    {
        "meta", "meta_multilevel", "meta_leave_one_out", "meta_cumulative", "meta_egger",
        "meta_pet_peese", "meta_trim_fill", "meta_bubble",
    }
)  # fmt: skip
#: Quantities of a summary whose value is a name.
_NAMED = frozenset({"model", "predictor", "chosen", "method"})
_NUMBERS = ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")


def coef_table(results: Sources, *, digits: int | None = None) -> Table:
    """Set the coefficients of one or several results as a table in APA style.

    Use it for the table of a manuscript. Effects come first, in plain words, then the other
    fixed terms. Nothing is computed: the numbers are those of ``result.tidy()``, rounded. What
    the result warned of stands below the notes; a fit that did not converge is named in the
    first line below the table.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``. Several results are set one below the other, under a leading
        column ``Model`` that holds their titles: those of a mapping
        ``{"All patients": first, "Completers": second}``, else their own.
    digits : int, optional
        Decimals of coefficients, standard errors and interval ends. By default as many as show
        two digits of the smallest standard error: between two and four.

    Returns
    -------
    Table
        `frame` holds the cells as printed; ``to_markdown()`` and ``to_html()`` write them.

    Raises
    ------
    ArgumentError
        If there is no result, one has no coefficients, their confidence levels differ, or
        `digits` is not a whole number from 0 to 10.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> terms = pd.DataFrame({
    ...     "effect": ["within"], "unit": ["session"], "term": ["wai_within"],
    ...     "estimate": [-0.108], "se": [0.021], "statistic": [-5.14], "df": [187.3],
    ...     "p_value": [7e-7], "ci_low": [-0.149], "ci_high": [-0.067]})
    >>> none = pd.DataFrame()
    >>> coef_table(ResultView("within_between", "Alliance and outcome", terms, none, None, none))
    Alliance and outcome
    Effect                b     SE      t     df       p            95% CI
    Within patients  −0.108  0.021  −5.14  187.3  < .001  [−0.149, −0.067]
    b = unstandardised coefficient.
    """
    views = as_views(results)
    digits_allowed(digits)
    _have_coefficients(views)
    level = common_level(views)
    heading = _row_heading(views)
    blocks = [coefficient_rows(view, heading) for view in views]
    shared = [view_decimals(view, digits) for view in views]
    cells = [
        _own_cells(view, printed_cells(block, level, decimals=n, headings=_study_heading(views))[0])
        for view, block, n in zip(views, blocks, shared, strict=True)
    ]
    frame = _in_own_words(as_z_tests(pd.concat(cells, ignore_index=True)), views)
    left = [True] + [False] * (frame.shape[1] - 1)
    title, models = one_line(views[0].title), numbered_titles(views)
    if len(views) > 1:
        title, left = "Coefficients", [True, *left]
        frame.insert(0, "Model", np.repeat(models, [len(block) for block in blocks]).tolist())
    notes = _facts_and_notes if len(views) > 1 else _own_notes
    return Table(
        frame,
        title,
        tuple(filter(None, (_first_note(views), *said(views, models, notes)))),
        tuple(left),
        messages=said(views, models, lambda view: view.messages),
        warning=" ".join(said(views, models, lambda v: (FAILED,) if fit_failed(v) else ())),
    )


def _own_cells(view: ResultView, printed: pd.DataFrame) -> pd.DataFrame:
    """Printed rows of one view: bounded values without a zero, both numbers of an F test's df."""
    cells = printed.copy()
    if is_bounded(view):
        for name in ("b", "SE", interval_heading(view.conf_level)):
            cells[name] = [without_zero(cell) for cell in cells[name]]
    if "df_denominator" in view.terms.columns:
        pairs = zip(printed["df"], view.terms["df_denominator"], strict=True)
        cells["df"] = [df if df == "–" else f"{df}, {format_df(rest)}" for df, rest in pairs]
    return cells


def coefficient_rows(view: ResultView, heading: str) -> pd.DataFrame:
    """Rows of ``view.terms`` in print order, the effect or term in words, then the numbers."""
    terms = view.terms
    effects = strings(terms, "effect")
    rank = [EFFECT_ORDER.index(e) if e in EFFECT_ORDER else len(EFFECT_ORDER) for e in effects]
    order = np.argsort(rank, kind="stable")
    words = _with_studies(row_words(terms), terms)
    numbers = terms.reindex(columns=list(_NUMBERS)).iloc[order].reset_index(drop=True)
    numbers.insert(0, heading, [words[i] for i in order])
    return numbers


def _row_heading(views: Sequence[ResultView]) -> str:
    """What rows are: studies that were left out or added, effects, or terms."""
    columns = [set(view.terms.columns) for view in views]
    if all("study" in names and "effect" not in names for names in columns):
        return "study"
    return "effect" if any("effect" in names for names in columns) else "term"


def _study_heading(views: Sequence[ResultView]) -> dict[str, str]:
    """``Left out`` or ``Added``, where that is what rows say of a study."""
    words = {_OF_STUDIES.get(view.kind, "Study") for view in views}
    return {"study": words.pop() if len(words) == 1 else "Study"}


def _with_studies(words: list[str], terms: pd.DataFrame) -> list[str]:
    """Names of rows with the study before them, which alone names a row if all terms are one."""
    studies = [one_line(study) for study in strings(terms, "study")]
    one = len(set(words)) == 1
    pairs = zip(studies, words, strict=True)
    return [study if study and one else ": ".join(filter(None, (study, w))) for study, w in pairs]


def further_tables(view: ResultView) -> list[Table]:
    """Set the further tables of a view, under the view's own headings."""
    return [_further_table(view, name) for name in view.tables if not view.tables[name].empty]


def _further_table(view: ResultView, name: str) -> Table:
    frame = view.tables[name]
    if "parameter" in frame.columns:
        return heterogeneity_table(frame, title=name, conf_level=view.conf_level)
    if name == view.labels.get("descriptives"):
        return printed_descriptives(view, frame)
    alliance, outcome = (view.labels.get(k, k) for k in ("alliance", "outcome"))
    own = {"estimate": one_line(view.labels["estimate"])} if "estimate" in view.labels else {}
    return frame_table(
        frame.reset_index(drop=True),
        title=name,
        conf_level=view.conf_level,
        digits=view_decimals(view) if "se" in frame.columns else None,
        headings={"sd_alliance": f"SD of {alliance}", "sd_outcome": f"SD of {outcome}", **own},
        bounded=bounded_columns(view, name),
    )


def fit_table(view: ResultView) -> Table | None:
    """Set the one-row summary as a table with a row for each quantity; None if there is none."""
    if view.fit.empty or not _says_more(view):
        return None
    words = [FIT_WORDS.get(str(name)) or as_heading(name) for name in view.fit.columns]
    values = [_fit_cell(str(name), view.fit[name].iloc[0]) for name in view.fit.columns]
    frame = pd.DataFrame({"Quantity": words, "Value": values})
    return Table(frame, "Summary" if view.terms.empty else "Fit", (), (True, False))


def _says_more(view: ResultView) -> bool:
    """Whether a summary holds anything that counts of rows beside coefficients do not say."""
    names = set(map(str, view.fit.columns)) - {"conf_level"}
    return any(not name.startswith("n_") for name in names) or view.terms.empty


def _fit_cell(name: str, value: object) -> str:
    if name == "test":
        return TESTS.get(str(value), one_line(value))
    if name in _NAMED and str(value) in VALUES:
        return VALUES[str(value)]
    if isinstance(value, float) and (name.startswith("p_") or name.endswith("_p")):
        return format_p(value)
    if isinstance(value, float) and name in ("i2", "r2"):
        return "–" if math.isnan(value) else f"{100 * value:.1f}%"
    if isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_):
        return f"{int(value):,}"
    if isinstance(value, float) and 1000 <= abs(value) < 1e7:
        return f"{value:,.1f}".replace("-", MINUS)
    return one_line(format_number(value, minus=MINUS))


def _have_coefficients(views: Sequence[ResultView]) -> None:
    for position, view in enumerate(views, start=1):
        if view.terms.empty:
            raise ArgumentError(
                f"result {position} (kind '{view.kind}') has no coefficients. "
                "Use report_text or save_report for it, and leave it out of coef_table."
            )


def common_level(views: Sequence[ResultView]) -> float:
    """The confidence level of all views; ArgumentError if they have several."""
    levels = sorted({view.conf_level for view in views})
    if len(levels) > 1:
        raise ArgumentError(
            f"the results have different confidence levels: {', '.join(map(str, levels))}. "
            "Make one table for each level."
        )
    return levels[0]


def _own_word(views: Sequence[ResultView], name: str) -> str:
    """What all views call a column, or nothing."""
    words = {view.labels.get(name, "") for view in views}
    return one_line(words.pop()) if len(words) == 1 else ""


def _in_own_words(printed: pd.DataFrame, views: Sequence[ResultView]) -> pd.DataFrame:
    """Printed cells of estimates that are no regression coefficients, without empty columns."""
    estimate = _own_word(views, "estimate")
    if not estimate:
        return printed
    empty = [name for name in printed.columns if printed[name].eq("–").all()]
    of_t = {view.kind for view in views} <= _OF_T
    words = {"b": estimate, "t": _own_word(views, "statistic") or ("t" if of_t else "Statistic")}
    return printed.drop(columns=empty).rename(columns=words)


def _first_note(views: Sequence[ResultView]) -> str:
    """What b is; units, estimation and degrees of freedom of a single result; contextual."""
    contextual = any("contextual" in strings(view.terms, "effect") for view in views)
    facts = [
        "" if _own_word(views, "estimate") else "b = unstandardised coefficient",
        *(_facts(views[0]) if len(views) == 1 else ()),
        "contextual = difference between the coefficients of the two units" if contextual else "",
    ]
    return "; ".join(fact for fact in facts if fact) + "." if any(facts) else ""


def _facts(view: ResultView) -> tuple[str, str]:
    """Units; how the model was fitted and tested."""
    units, method, ddf = units_phrase(view), fit_value(view, "method"), view.labels.get("ddf", "")
    fitted = f"{one_line(method)} estimation" if method else ""
    tested = f"tests with {df_words(ddf)}" if ddf else ""
    return units[:1].upper() + units[1:], "; ".join(part for part in (fitted, tested) if part)


def _own_notes(view: ResultView) -> Sequence[str]:
    return view.notes


def _facts_and_notes(view: ResultView) -> Sequence[str]:
    return [*(f"{fact}." for fact in _facts(view) if fact), *view.notes]


def said(
    views: Sequence[ResultView],
    models: Sequence[str],
    sentences: Callable[[ResultView], Sequence[str]],
) -> tuple[str, ...]:
    """Sentences of all results: those of every one once, others after the titles of theirs."""
    said = [[one_line(sentence) for sentence in sentences(view)] for view in views]
    of: dict[str, list[str]] = {}
    for model, own in zip(models, said, strict=True):
        for sentence in own:
            of.setdefault(sentence, []).append(model)
    common = [sentence for sentence, named in of.items() if len(named) == len(views)]
    others = [f"{', '.join(of[s])}: {s}" for s in of if s not in common]
    return (*common, *others)
