"""al.meta.cumulative: the mean effect as studies were added, one after the other.

Lau, Antman, Jimenez-Silva, Kupelnick, Mosteller & Chalmers (1992, N. Engl. J. Med. 327, 248–254).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list, one_of, row_places
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.meta.diagnostics.answers import Answer, checked, mean_only, refits_of
from alliance_stats.meta.diagnostics.labels import By, codes_by, names_of
from alliance_stats.meta.diagnostics.multilevel_refits import MultilevelRefits
from alliance_stats.meta.diagnostics.r_code import cumulative_code
from alliance_stats.meta.diagnostics.refit_result import RefitResult
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.diagnostics.words import not_converged
from alliance_stats.meta.studies import Studies

#: Orders that need no column.
PRECISION = "precision"

Order = str | pd.Series | np.ndarray | Sequence[float]


class MetaCumulative(RefitResult):
    """A mean effect as studies were added. Made by `cumulative`."""

    kind: ClassVar[str] = "meta_cumulative"
    function: ClassVar[str] = "cumulative"
    heading: ClassVar[str] = "One after the other"

    def to_r(self) -> str:
        """R code of metafor that prints the same digits.

        Raises
        ------
        UnsupportedError
            Where metafor has no such function: several effects a study.
        """
        keys = list(zip(self.names["study"], self.names["effect"], strict=True))
        place = {key: number for number, key in enumerate(keys, start=1)}
        own = names_of(self.result, self.by)[["study", "effect"]].itertuples(index=False)
        order = np.array([place[tuple(key)] for key in own], dtype=float)
        return cumulative_code(self.result, self.by, order)


def cumulative(result: Answer, *, order: Order, by: By = "study") -> MetaCumulative:
    """The pooled effect of the first study, the first two, … in a given order.

    Use it to see when a result settled, or whether it drifts with the year of publication. The rows
    are no independent tests: later ones contain the earlier.

    Parameters
    ----------
    result : MetaResult or MultilevelMetaResult
        Without moderators.
    order : str, Series or array
        Values by which effect sizes are added, lowest first: one for each row of the frame given
        to `fit_meta`, as in ``order=frame["year"]``; or ``"precision"``, the smallest sampling
        variance first; or the name of a column that the result holds. Ties stay in the order of
        the data.
    by : {"study", "effect"}
        Whether all effect sizes of a study come in together, at its lowest value.

    Returns
    -------
    MetaCumulative
        A first row of one effect size has its own normal interval, and no τ². Tests are those of
        the result; those robust by study need two of them, and rows before are NaN.

    Raises
    ------
    UnsupportedError
        If `result` is no meta-analysis, or has moderators.
    ArgumentError, DataError
        If `order` has another length, or values are missing.

    References
    ----------
    Lau, J., Antman, E. M., Jimenez-Silva, J., Kupelnick, B., Mosteller, F., & Chalmers, T. C.
    (1992). Cumulative meta-analysis of therapeutic trials for myocardial infarction. New England
    Journal of Medicine, 327(4), 248–254.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "study": ["Abel 2001", "Ekman 2012", "Cole 2005", "Dorn 2010", "Bond 2003"],
    ...     "year": [2001, 2012, 2005, 2010, 2003],
    ...     "yi": [0.20, 0.31, 0.18, 0.92, 0.25],
    ...     "vi": [0.010, 0.020, 0.012, 0.015, 0.020]})
    >>> found = al.meta.cumulative(al.fit_meta(frame, measure="ZCOR"), order=frame["year"])
    >>> found.tidy()[["label", "k", "estimate"]].round(3).to_numpy().tolist()[:2]
    [['Abel 2001', 1, 0.2], ['+ Bond 2003', 2, 0.217]]
    """
    checked(result, "cumulative")
    mean_only(result, "cumulative")
    one_of(by, ("study", "effect"), name="by")
    studies = result.studies
    values, words = _values(studies, order)
    codes = codes_by(result, by)
    first = pd.Series(values).groupby(codes).min().to_numpy()
    added = np.argsort(first, kind="stable")
    steps = np.empty(len(added), dtype=int)
    steps[added] = np.arange(len(added))
    subsets = Subsets(steps[codes], growing=True)
    refits = _with_first(result, subsets, refits_of(result, subsets))
    names = _names(result, by, added, first)
    labels = names["label"].to_numpy(dtype=object)
    found = (_ties(first, by), not_converged(labels, refits))
    messages = tuple(sentence for sentence in found if sentence)
    return MetaCumulative(result, refits, names, by, f", order={words}, by={by!r}", messages)


def _names(result: Answer, by: By, added: np.ndarray, first: np.ndarray) -> pd.DataFrame:
    names = names_of(result, by).iloc[added].reset_index(drop=True)
    plus = ["", *["+ "] * (len(names) - 1)]
    return names.assign(label=plus + names["label"], order=first[added])


def _values(studies: Studies, order: Order) -> tuple[np.ndarray, str]:
    """Values (k,) to sort by, and how they are asked for."""
    if isinstance(order, str):
        return _named_values(studies, order), repr(order)
    values = np.asarray(order)
    if values.shape == (studies.n_given,):
        values = values[studies.rows]
    if values.shape != (studies.k,):
        raise ArgumentError(
            f"order has shape {values.shape}, but the frame had {studies.n_given:,} rows, "
            f"{studies.k:,} of them analysed. Give one value a row, as in order=frame['year']."
        )
    name = order.name if isinstance(order, pd.Series) else None
    _none_missing(values, studies)
    return values, "order" if name is None else f"frame[{name!r}]"


def _named_values(studies: Studies, order: str) -> np.ndarray:
    if order == PRECISION:
        return studies.vi
    if order not in studies.frame.columns:
        kept = name_list(repr(name) for name in (PRECISION, *studies.frame.columns))
        raise ArgumentError(
            f"order={order!r} is not in the result, which holds: {kept}. "
            f"Give the values themselves: order=frame[{order!r}]."
        )
    values = studies.frame[order].to_numpy()
    _none_missing(values, studies)
    return values


def _none_missing(values: np.ndarray, studies: Studies) -> None:
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise DataError(
            f"order is missing for {counted(len(missing), 'effect size')}: "
            f"{row_places(studies.rows[missing[:10]].tolist())}. Fill it in, or leave these rows "
            "out of fit_meta."
        )


def _with_first(result: Answer, subsets: Subsets, refits: Refits) -> Refits:
    """The first row, where it is one effect size: its own value, variance and normal interval."""
    if refits.k[0] > 1:
        return refits
    at = int(np.flatnonzero(subsets.codes == 0)[0])
    beta, covariance, tau2 = refits.beta.copy(), refits.covariance.copy(), refits.tau2.copy()
    df, q = refits.df.copy(), refits.q.copy()
    beta[0], covariance[0], df[0], q[0] = result.studies.yi[at], result.studies.vi[at], np.inf, 0.0
    tau2[0] = 0.0 if result.method == "EE" else np.nan
    first = replace(refits, beta=beta, covariance=covariance, tau2=tau2, df=df, q=q)
    if not isinstance(first, MultilevelRefits):
        return first
    errors = first.errors.copy()
    errors[0] = np.sqrt(result.studies.vi[at])
    return replace(first, errors=errors)


def _ties(first: np.ndarray, by: By) -> str:
    tied = len(first) - len(pd.unique(pd.Series(first)))
    if not tied:
        return ""
    what = "study" if by == "study" else "effect"
    return (
        f"{counted(tied, what)} {agree(tied, 'shares', 'share')} a value of the order with an "
        "earlier one and stay in the order of the data: rows in between depend on that."
    )
