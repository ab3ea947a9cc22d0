"""icc: all forms of the intraclass correlation, with tests and intervals."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import did_you_mean, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats.reliability.intraclass import anova
from alliance_stats.reliability.intraclass.anova import Form, MeanSquares
from alliance_stats.reliability.intraclass.incomplete import (
    MOST_FIXED,
    Components,
    effective_sizes,
    mixed_components,
    one_way_components,
    one_way_test,
    random_components,
    test_of_targets,
)
from alliance_stats.reliability.intraclass.ratings import Ratings, read_ratings
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult

ONE_WAY, RANDOM, MIXED = "one-way random", "two-way random", "two-way mixed"
#: Model, McGraw & Wong's name, Shrout & Fleiss's name.
FORMS = (
    (ONE_WAY, "ICC(1)", "ICC(1,1)"),
    (ONE_WAY, "ICC(k)", "ICC(1,k)"),
    (RANDOM, "ICC(C,1)", None),
    (RANDOM, "ICC(C,k)", None),
    (RANDOM, "ICC(A,1)", "ICC(2,1)"),
    (RANDOM, "ICC(A,k)", "ICC(2,k)"),
    (MIXED, "ICC(C,1)", "ICC(3,1)"),
    (MIXED, "ICC(C,k)", "ICC(3,k)"),
    (MIXED, "ICC(A,1)", None),
    (MIXED, "ICC(A,k)", None),
)
UNDEFINED = Form(*[float("nan")] * 7)
NOTES = (
    "C: consistency, differences between raters do not count; A: absolute agreement, they do; "
    "1: one rating; k: the mean of the raters of a target.",
    "Two-way mixed, k: if raters do not interact with targets (McGraw & Wong, 1996).",
)


def icc(
    frame: pd.DataFrame,
    *,
    targets: str,
    raters: str,
    ratings: str,
    conf_level: float = 0.95,
    form: str | None = None,
) -> ReliabilityResult:
    """Intraclass correlations of ratings: how far raters of the same targets agree.

    All ten forms of McGraw & Wong (1996), six of which Shrout & Fleiss (1979) name. Choose the
    form by the claim before looking: the page *agreement of raters* helps. Complete ratings use
    the analysis of variance; where raters miss targets, a mixed model by REML.

    Parameters
    ----------
    frame : DataFrame
        One rating a row, in any order.
    targets, raters, ratings : str
        Columns: who is rated, by whom, and the rating.
    conf_level : float
    form : str, optional
        One form only, such as ``"ICC(A,1)"`` or ``"ICC(2,1)"``; the result then has an
        ``estimate``. Of McGraw & Wong's names the two-way random model is taken; in complete data
        two-way mixed gives the same number.

    Returns
    -------
    ReliabilityResult
        One row a form: ``group`` is the model, ``statistic`` F of the test against zero with
        ``df`` and ``df_denominator``, ``shrout_fleiss`` the other name. Variances in a table.

    Raises
    ------
    DataError
        If columns are missing or not numeric, a rater rated a target twice (average or choose
        before), or there are fewer than 2 targets or raters.
    ArgumentError
        If `form` is not known.

    Warns
    -----
    DataWarning
        If ratings were dropped, the design is incomplete, or an estimate is below zero.

    Notes
    -----
    In incomplete designs k is the harmonic mean of the number of ratings of a target, the F test
    is exact (targets adjusted for raters), and the intervals are those of the equivalent balanced
    design, an approximation.

    References
    ----------
    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. Psychological Methods, 1(1). Shrout, P. E., & Fleiss, J. L. (1979). Psychological
    Bulletin, 86(2).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "video": [1, 1, 2, 2, 3, 3, 4, 4],
    ...     "rater": ["a", "b"] * 4,
    ...     "empathy": [9, 2, 6, 1, 8, 4, 7, 1],
    ... })
    >>> agreement = icc(
    ...     frame, targets="video", raters="rater", ratings="empathy", form="ICC(A,1)"
    ... )
    >>> round(agreement.estimate, 3)
    0.06
    """
    probability(conf_level, name="conf_level")
    _check_form(form)
    read = read_ratings(frame, targets=targets, raters=raters, ratings=ratings)
    found, squares, variances, messages = (
        _complete(read, conf_level) if read.complete else _incomplete(read, conf_level)
    )
    messages = [*messages, *_about_negative(found)]
    terms = _terms(found)
    return warned(
        ReliabilityResult(
            kind="icc",
            title="Intraclass correlations",
            terms=terms if form is None else _only(terms, form),
            counts={"rating": len(read.values), "target": read.n_targets, "rater": read.n_raters},
            n_dropped=read.n_dropped,
            conf_level=conf_level,
            notes=NOTES,
            messages=(*read.messages, *messages),
            tables={"Variances": variances, "Mean squares": squares},
        )
    )


def _check_form(form: str | None) -> None:
    known = list(dict.fromkeys(name for _, *names in FORMS for name in names if name))
    if form is not None and form not in known:
        raise ArgumentError(
            f"form={form!r} is not known.{did_you_mean(str(form), known)} "
            f"Allowed: {', '.join(known)}."
        )


def _only(terms: pd.DataFrame, form: str) -> pd.DataFrame:
    """The first row that has this name."""
    named = (terms["term"] == form) | (terms["shrout_fleiss"] == form)
    return terms[named].head(1).reset_index(drop=True)


def _terms(forms: list[Form]) -> pd.DataFrame:
    """One row a form."""
    columns = {
        "group": [model for model, _, _ in FORMS],
        "term": [name for _, name, _ in FORMS],
        "estimate": [form.estimate for form in forms],
        "se": float("nan"),
        "statistic": [form.f for form in forms],
        "df": [form.df1 for form in forms],
        "p_value": [form.p for form in forms],
        "ci_low": [form.low for form in forms],
        "ci_high": [form.high for form in forms],
        "df_denominator": [form.df2 for form in forms],
        "shrout_fleiss": [other or "" for _, _, other in FORMS],
    }
    return pd.DataFrame(columns)


Found = tuple[list[Form], pd.DataFrame, pd.DataFrame, list[str]]


def _complete(ratings: Ratings, conf_level: float) -> Found:
    squares = anova.mean_squares(ratings.table())
    one = _both(anova.one_way(squares, conf_level), squares.k)
    two = _two_way(squares, conf_level)
    parts = {name: [part] for name, part in anova.variance_components(squares).items()}
    variances = pd.DataFrame({"model": [RANDOM], **parts})
    return [*one, *two, *two], _squares_table(squares), variances, []


def _both(single: Form, k: float) -> list[Form]:
    """One rating, and the mean of k."""
    return [single, anova.average(single, k)]


def _two_way(squares: MeanSquares, conf_level: float) -> list[Form]:
    singles = (anova.consistency(squares, conf_level), anova.agreement(squares, conf_level))
    return [form for single in singles for form in _both(single, squares.k)]


def _incomplete(ratings: Ratings, conf_level: float) -> Found:
    """Variances by REML; forms that the design cannot tell are NaN."""
    test = test_of_targets(ratings)
    n_cells = ratings.n_targets * ratings.n_raters
    parts: dict[str, Components] = {}
    messages = [
        f"Incomplete: {len(ratings.values):,} of {n_cells:,} pairs of target and rater have a "
        "rating. Variances by REML, intervals approximate, k = "
        f"{effective_sizes(ratings)[1]:.3g} (harmonic mean)."
    ]
    if len(ratings.values) > ratings.n_targets:
        parts[ONE_WAY] = one_way_components(ratings)
    if test.df2 >= 1 and test.df1 >= 1:
        parts[RANDOM] = random_components(ratings, test)
        if ratings.n_raters <= MOST_FIXED:
            parts[MIXED] = mixed_components(ratings, test)
    messages += _about_undefined(ratings, parts)
    one = _one_way_forms(ratings, parts.get(ONE_WAY), conf_level)
    two = [
        [test.of(form) for form in _two_way(parts[model].squares, conf_level)]
        if model in parts
        else [UNDEFINED] * 4
        for model in (RANDOM, MIXED)
    ]
    variances = pd.DataFrame([{"model": m, **c.variances} for m, c in parts.items()])
    return [*one, *two[0], *two[1]], _squares_of(parts), variances, messages


def _one_way_forms(ratings: Ratings, part: Components | None, conf_level: float) -> list[Form]:
    if part is None:
        return [UNDEFINED] * 2
    f = one_way_test(ratings)
    return [f.of(form) for form in _both(anova.one_way(part.squares, conf_level), part.squares.k)]


def _squares_of(parts: dict[str, Components]) -> pd.DataFrame:
    """Equivalent mean squares of the models that could be fitted."""
    tables = [
        _squares_table(part.squares).dropna().assign(model=model) for model, part in parts.items()
    ]
    if not tables:
        return pd.DataFrame(columns=["model", "source", "mean_square", "df"])
    return pd.concat(tables, ignore_index=True)[["model", "source", "mean_square", "df"]]


def _about_undefined(ratings: Ratings, parts: dict[str, Components]) -> list[str]:
    messages = [message for part in parts.values() for message in part.messages]
    if ONE_WAY not in parts:
        messages.append("No target has two ratings: nothing can be said about agreement (NaN).")
    elif RANDOM not in parts:
        messages.append(
            "Raters cannot be told from targets and residual, as where every rater rated one "
            "target only: the two-way forms are undefined (NaN)."
        )
    elif MIXED not in parts:
        messages.append(
            f"{ratings.n_raters} raters are too many for fixed effects (at most {MOST_FIXED}): "
            "the two-way mixed forms are left out (NaN)."
        )
    return messages


def _squares_table(squares: MeanSquares) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": ["targets", "raters", "residual", "within targets"],
            "mean_square": [squares.targets, squares.raters, squares.residual, squares.within],
            "df": [squares.df_targets, squares.df_raters, squares.df_residual, squares.df_within],
        }
    )


def _about_negative(forms: list[Form]) -> list[str]:
    if not any(form.estimate < 0 for form in forms):
        return []
    return [
        "Some estimates are below zero: targets differ less than their ratings within a target "
        "do. Read them as zero."
    ]
