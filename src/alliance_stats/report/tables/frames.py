"""Any tidy frame as a printed table: effects in words, numbers rounded alike down a column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import (
    HEADINGS,
    MINUS,
    print_frame,
    without_zero,
    word_columns,
)
from alliance_stats.report.tables.cells import (
    with_p_values,
    with_prediction_intervals,
    without_exponents,
)
from alliance_stats.report.tables.headings import BOUNDED, COLUMN_WORDS, FIT_WORDS, PARAMETERS
from alliance_stats.report.tables.table import Table
from alliance_stats.report.wording.words import (
    EFFECT_ORDER,
    as_heading,
    effect_words,
    one_line,
    term_words,
)

_MOST_DIGITS = 10
#: What stands between the ends of a path in a term: ``wai_1 -> phq9_2``.
PATH = " -> "
#: More columns than this in fewer rows are set one row a column, if the first column names rows.
_MOST_COLUMNS = 9
#: Columns that say the same of one model in a row as the summary of one model.
#: Degrees of freedom that only F has beside its own.
_OF_F = frozenset(("df_rest", "df_residual", "df_denominator"))
_OF_MODELS = frozenset(
    {
        "n_obs", "n_dropped", "n_parameters", "method", "loglik", "aic", "bic", "bic_patients",
        "sigma",
    }
)  # fmt: skip
#: SDs that coefficients are standardised by.
_SDS_OF_UNITS = frozenset({"sd_alliance", "sd_from", "sd_predictor", "sd_rating", "sd_truth"})
#: Codes of kinds and measures in words.
_CODES = {
    "sd": "SD",
    "share_repaired": "share repaired",
    "excess_ruptures": "ruptures beyond chance",
    "excess_repaired": "repairs beyond chance",
}
#: Degrees of freedom of an error, which only F has.
_OF_F = frozenset({"df_rest", "df_residual", "df_denominator"})
_STANDARDISED_NOTE = "Coefficients in standard deviations (SD) of the same unit, taken as known."
_COVARIANCE_NOTE = "In a row of two terms, the variance is their covariance."


def frame_table(
    frame: pd.DataFrame,
    *,
    title: str = "",
    notes: str | Sequence[str] = (),
    conf_level: float = 0.95,
    digits: int | None = None,
    headings: Mapping[str, str] | None = None,
    bounded: Collection[str] = (),
) -> Table:
    """Set a tidy frame as a printed table, with the words and the rounding of `coef_table`.

    Use it to show ``result.sensitivity``, ``result.effect_sizes()``, ``fit.var_corr()`` or rows
    picked from ``result.tidy()``. Effects are named in plain words, the ends of an interval share
    a column, p values are in APA style, and normal tests are called z. Rows stay in their order;
    a frame of more columns than fit a page and few rows is turned.

    Parameters
    ----------
    frame : DataFrame
        Its index is shown only if it is named or holds words.
    title : str
        One line above the table.
    notes : str or sequence of str
        Sentences below the table.
    conf_level : float
        Level of the intervals in ``ci_low`` and ``ci_high``: the frame does not hold it.
    digits : int, optional
        Decimals of estimates, standard errors and interval ends. By default as many as show two
        digits of the smallest standard error.
    headings : mapping of str to str, optional
        Headings of columns, by the name of the column, such as ``{"sd_outcome": "SD of phq9"}``.
    bounded : collection of str, optional
        Further columns of numbers that cannot exceed one, such as ``["estimate", "ci_low"]`` of
        correlations: no zero stands before their point. ``ci_low`` stands for both ends.

    Returns
    -------
    Table
        Its ``frame`` holds the cells as printed; the frame given is not changed.

    Raises
    ------
    ArgumentError
        If `frame` is not a DataFrame or has two columns of one name, `digits` is not a whole
        number from 0 to 10, or `conf_level` is not between 0 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({
    ...     "model": ["as fitted", "without time"], "effect": "within", "unit": "session",
    ...     "term": "wai_within", "estimate": [-0.0891, -0.1364], "se": [0.018, 0.0238],
    ...     "p_value": [2e-6, 4e-8], "ci_low": [-0.124, -0.183], "ci_high": [-0.053, -0.089]})
    >>> frame_table(rows, title="Sensitivity")
    Sensitivity
    Model         Effect                b     SE       p            95% CI
    as fitted     Within patients  −0.089  0.018  < .001  [−0.124, −0.053]
    without time  Within patients  −0.136  0.024  < .001  [−0.183, −0.089]
    """
    digits_allowed(digits)
    probability(conf_level, name="conf_level")
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(
            f"a {type(frame).__name__} is not a DataFrame. "
            "Give a frame such as result.sensitivity; for a result itself use coef_table."
        )
    if not frame.columns.is_unique:
        raise ArgumentError("two columns of the frame have one name. Rename one of them.")
    given = [notes] if isinstance(notes, str) else list(notes)
    own = {name: one_line(heading) for name, heading in (headings or {}).items()}
    printed, left = printed_cells(frame, conf_level, decimals=digits, headings=own, bounded=bounded)
    said = (*map(one_line, given), *_own_notes(frame))
    shown = as_z_tests(printed)
    if shown.shape[1] < printed.shape[1]:
        left = tuple(np.delete(left, printed.columns.get_loc("df")).tolist())
    return Table(shown, one_line(title), said, left)


def printed_cells(
    frame: pd.DataFrame,
    conf_level: float,
    *,
    decimals: int | None = None,
    headings: Mapping[str, str] | None = None,
    bounded: Collection[str] = (),
) -> tuple[pd.DataFrame, tuple[bool, ...]]:
    """The cells of a table as strings, and which columns hold words."""
    shown = _in_words(_with_index(frame))
    of_chi2 = "df_residual" in shown.columns and bool(np.isinf(shown["df_residual"]).all())
    shown = shown.drop(columns="df_residual") if of_chi2 else shown
    left = tuple(word_columns(_one_column_an_interval(shown)))
    shown = with_prediction_intervals(shown, conf_level=conf_level, decimals=decimals)
    words = {str(n): as_heading(n) for n in shown.columns if n not in HEADINGS}
    words |= {n: FIT_WORDS[n] for n in words if n in _OF_MODELS} | COLUMN_WORDS
    words |= {"statistic": "χ²"} if of_chi2 else {}
    words["estimate"] = _estimate_word(set(map(str, shown.columns)))
    if "ratio" in shown.columns and pd.api.types.is_numeric_dtype(shown["ratio"]):
        words["ratio"] = "Ratio"
    if words["estimate"] == "Std. b":
        decimals = 2 if decimals is None else decimals
    if "statistic" in shown.columns and _OF_F & set(shown.columns):
        words["statistic"] = "F"
    if "compared_with" in shown.columns:
        words["statistic"] = "LR"
    printed = print_frame(
        _shares_in_percent(with_p_values(shown)),
        conf_level=conf_level,
        decimals=decimals,
        minus=MINUS,
        headings={**words, **(headings or {})},
    )
    printed = without_exponents(_without_zeros(printed, shown, bounded))
    many = printed.shape[1] > _MOST_COLUMNS
    if many and len(printed) == 1:
        return _as_quantities(printed), (True, False)
    few = 0 < len(printed) < printed.shape[1]
    if few and many and left[0] and printed.iloc[:, 0].is_unique:
        return _turned(printed), (True, *[False] * len(printed))
    return printed, left


def _one_column_an_interval(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns as they will be printed: those of a prediction interval are one."""
    both = {"pi_low", "pi_high"} <= set(frame.columns)
    return frame.drop(columns="pi_high") if both else frame


def _estimate_word(names: set[str]) -> str:
    """What estimates are: ``b`` where they are tested or belong to an effect, else by columns."""
    if _SDS_OF_UNITS & names:
        return "Std. b"
    if "ratio" in names:
        return "Ratio"
    if "with_perspective" in names:
        return "r"
    coefficients = {"effect", "se", "statistic", "p_value"} & names
    return "b" if coefficients else "Estimate"


def _without_zeros(
    printed: pd.DataFrame, shown: pd.DataFrame, bounded: Collection[str]
) -> pd.DataFrame:
    """Correlations, reliabilities and shares of variance without the zero before the point."""
    both_ends = {"ci_low", "ci_high"} <= set(shown.columns)
    names = [str(name) for name in shown.columns if not (both_ends and name == "ci_high")]
    of_r = "r" in names and "estimate" not in names
    without = BOUNDED | ({"ci_low"} if of_r else set()) | set(bounded)
    without |= {"Lowest", "Highest"} if "Reliability" in names else set()
    for place in (k for k, name in enumerate(names) if name in without):
        cells = [without_zero(str(cell)) for cell in printed.iloc[:, place]]
        printed.isetitem(place, cells)
    return printed


def as_z_tests(printed: pd.DataFrame) -> pd.DataFrame:
    """Printed cells without degrees of freedom, and t called z, where all tests are normal."""
    kinds = set(printed["df"]) if "df" in printed.columns else set()
    if "∞" not in kinds or not kinds <= {"∞", "–"}:
        return printed
    return printed.drop(columns="df").rename(columns={"t": "z"})


def digits_allowed(digits: int | None) -> None:
    """Raise ArgumentError unless `digits` is None or a whole number from 0 to 10."""
    whole = isinstance(digits, int) and not isinstance(digits, bool)
    if digits is not None and not (whole and 0 <= digits <= _MOST_DIGITS):
        raise ArgumentError(
            f"digits={digits!r} is not a number of decimals. "
            f"Give a whole number from 0 to {_MOST_DIGITS}, or None."
        )


def strings(frame: pd.DataFrame, name: str) -> list[str]:
    """A column as words, missing ones and a missing column as empty."""
    if name not in frame.columns:
        return [""] * len(frame)
    return ["" if pd.isna(value) else str(value) for value in frame[name]]


def row_words(frame: pd.DataFrame) -> list[str]:
    """What each row of a tidy frame is called: its effect in plain words, else its term."""
    names = zip(*(strings(frame, name) for name in ("effect", "unit", "term")), strict=True)
    words = [
        effect_words(effect, unit) if effect else term_words(term) for effect, unit, term in names
    ]
    words = [f"{word}{ending}" for word, ending in zip(words, _path_endings(frame), strict=True)]
    return _told_apart(words, frame)


def _told_apart(words: list[str], frame: pd.DataFrame) -> list[str]:
    """Names of rows, with the term behind an effect of several terms: ``…: wai − bond``."""
    effects, terms = strings(frame, "effect"), strings(frame, "term")
    times = Counter(word for word, _ in set(zip(words, terms, strict=True)))
    return [
        f"{word}: {one_line(term).replace(' - ', f' {MINUS} ')}"
        if effect and term and times[word] > 1
        else word
        for word, effect, term in zip(words, effects, terms, strict=True)
    ]


def _is_path(term: str) -> bool:
    return PATH in term


def _path_endings(frame: pd.DataFrame) -> list[str]:
    """Group and path behind effects of several groups or waves: `` in cbt``, `` (a_1 to b_2)``."""
    effects, groups, terms = (strings(frame, name) for name in ("effect", "group", "term"))
    waves = Counter(zip(effects, groups, strict=True))
    repeated = _in_several_groups(frame)
    return [
        (f" in {one_line(group)}" if group else "")
        + (f" ({one_line(term).replace(PATH, ' to ')})" if waves[effect, group] > 1 else "")
        if _is_path(term) and effect
        else f" ({one_line(group)})"
        if effect in repeated
        else ""
        for effect, group, term in zip(effects, groups, terms, strict=True)
    ]


def _in_several_groups(frame: pd.DataFrame) -> set[str]:
    """Effects that are no paths and stand for several groups, such as two events."""
    effects, groups, terms = (strings(frame, name) for name in ("effect", "group", "term"))
    pairs = {
        (e, g) for e, g, t in zip(effects, groups, terms, strict=True) if e and not _is_path(t)
    }
    return {effect for effect, n in Counter(effect for effect, _ in pairs).items() if n > 1}


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy with effects and terms in words, without columns that say the same again."""
    of_q = {"q_df": "df", "q_p": "p_value"}
    shown = frame.rename(columns={k: v for k, v in of_q.items() if v not in frame.columns})
    effects = set(strings(frame, "effect")) - {""}
    if effects and effects <= set(EFFECT_ORDER):
        shown["effect"] = row_words(frame)
        of_groups = any(map(_is_path, strings(frame, "term"))) or _in_several_groups(frame)
        said = ["unit", "term", *(["group"] if of_groups else [])]
        return shown.drop(columns=said, errors="ignore")
    if "term" in frame.columns:
        pairs = zip(strings(frame, "term"), strings(frame, "with_term"), strict=True)
        shown["term"] = [" with ".join(map(term_words, filter(None, pair))) for pair in pairs]
        shown = shown.drop(columns="with_term", errors="ignore")
    for name in ("effect", "unit"):
        if name in frame.columns:
            shown[name] = strings(frame, name)
    for name in {"kind", "measure"} & set(frame.columns):
        shown[name] = [_CODES.get(word, word) for word in strings(frame, name)]
    if "parameter" in frame.columns:
        shown["parameter"] = [PARAMETERS.get(word, word) for word in strings(frame, "parameter")]
    return shown


def _shares_in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns named share in percent, as words."""
    shares = [
        name
        for name in frame.columns
        if re.split("[_ ]", str(name).lower())[0] == "share"
        and pd.api.types.is_float_dtype(frame[name])
    ]
    percent = {
        name: ["–" if pd.isna(share) else f"{100 * share:.1f}%" for share in frame[name]]
        for name in shares
    }
    return frame.assign(**percent)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its index as first column, if the index says something."""
    index = frame.index
    plain = index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index)
    if plain or frame.empty or set(index.names) & set(frame.columns):
        return frame.reset_index(drop=True)
    names = ["" if name is None else name for name in index.names]
    return frame.set_axis(index.set_names(names)).reset_index()


def _own_notes(frame: pd.DataFrame) -> list[str]:
    sized = _SDS_OF_UNITS & set(frame.columns) and "estimate" in frame.columns
    notes = [_STANDARDISED_NOTE] if sized else []
    two_terms = "variance" in frame.columns and any(strings(frame, "with_term"))
    return [*notes, _COVARIANCE_NOTE] if two_terms else notes


def _as_quantities(printed: pd.DataFrame) -> pd.DataFrame:
    """The only row as one row a quantity."""
    names = [str(name) for name in printed.columns]
    return pd.DataFrame({"Quantity": names, "Value": printed.iloc[0].tolist()})


def _turned(printed: pd.DataFrame) -> pd.DataFrame:
    """One row a measure, one column a row of the frame."""
    measures = printed.iloc[:, 1:].T
    measures.columns = pd.Index(printed.iloc[:, 0].tolist())
    measures.insert(0, "Measure", list(measures.index), allow_duplicates=True)
    return measures.reset_index(drop=True)
