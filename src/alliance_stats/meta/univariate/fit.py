"""fit_meta: from effect sizes of studies to their mean and what goes with it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.studies import prepare_studies
from alliance_stats.meta.univariate.between import METHODS, Method
from alliance_stats.meta.univariate.fits import TESTS, Test, fit_arrays
from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.meta.univariate.words import messages


def fit_meta(
    frame: pd.DataFrame,
    *,
    yi: str = "yi",
    vi: str = "vi",
    study: str = "study",
    method: Method = "REML",
    test: Test | None = None,
    mods: str | Sequence[str] | None = None,
    measure: str | None = None,
) -> MetaResult:
    """Fit an equal-effects or random-effects model to one effect size a study.

    Use it for the mean effect of independent studies, its heterogeneity, and moderators of it.
    Where studies have several effect sizes, use `fit_meta_multilevel`.

    Parameters
    ----------
    frame : DataFrame
        One row an effect size, such as `effect_sizes` makes.
    yi, vi : str
        Columns of effect sizes and their sampling variances.
    study : str
        Column of study names; it may be absent if this is ``study``.
    method : str
        How the variance τ² between studies is estimated: ``REML`` (default), ``ML``, ``DL``
        (DerSimonian–Laird), ``PM`` (Paule–Mandel), ``EB``, ``HE`` (Hedges), ``HS``, ``HSk``
        (Hunter–Schmidt), ``SJ`` (Sidik–Jonkman); ``EE`` is the equal-effects model, τ² = 0.
    test : {"knha", "adhoc", "t", "z"}, optional
        Tests and intervals of coefficients: Knapp–Hartung (default of random effects), the same
        never narrower than plain ones, plain t with k − p degrees of freedom, normal (default of
        equal effects).
    mods : str or list of str, optional
        Moderators, such as ``"year * format"``; text and categories are coded by indicators.
    measure : str, optional
        The measure of effect size, such as ``"ZCOR"``; by default that of column ``es_measure``.

    Returns
    -------
    MetaResult

    Raises
    ------
    DataError
        If the columns cannot be analysed; see `prepare_studies`.
    ArgumentError
        If `method`, `test` or `measure` is not known, or a Knapp–Hartung test is asked of equal
        effects.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "study": ["Abel 2001", "Bond 2003", "Cole 2005", "Dorn 2010", "Ekman 2012"],
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31],
    ...     "vi": [0.010, 0.020, 0.012, 0.015, 0.020]})
    >>> result = al.fit_meta(frame, measure="ZCOR")
    >>> round(float(result.beta[0]), 4), round(result.tau2, 4)
    (0.2815, 0.0151)
    """
    one_of(method, METHODS, name="method")
    test = _test_of(method, test)
    studies = prepare_studies(frame, yi=yi, vi=vi, study=study, mods=mods, measure=measure)
    fits = fit_arrays(studies.yi, studies.vi, studies.x, method=method, test=test)
    return MetaResult(studies, fits, messages(studies, fits))


def _test_of(method: Method, test: Test | None) -> Test:
    if test is None:
        return "z" if method == "EE" else "knha"
    one_of(test, TESTS, name="test")
    if method == "EE" and test in ("knha", "adhoc"):
        raise ArgumentError(
            f"test={test!r} takes the spread of effects between studies, and method='EE' takes "
            "them as equal. Use test='z', or a random-effects method such as 'REML'."
        )
    return test
