"""selection_model: the effect, if publication depended on p values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Unpack

import numpy as np

from alliance_stats._base.checks import name_list, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.meta.bias.selection.likelihood import SelectionLikelihood
from alliance_stats.meta.bias.selection.result import Kind, SelectionResult
from alliance_stats.meta.bias.selection.search import Point, Search
from alliance_stats.meta.bias.selection.weights import (
    ALTERNATIVES,
    Alternative,
    WeightFunction,
    beta_weights,
    interval_of,
    p_values,
    step_weights,
)
from alliance_stats.meta.bias.source import (
    Columns,
    Given,
    Source,
    read_source,
    refuse_dependent,
    refuse_raw_correlations,
)
from alliance_stats.meta.univariate.fits import fit_arrays

Method = Literal["ML", "EE"]
METHODS: tuple[Method, ...] = ("ML", "EE")
KINDS: tuple[Kind, ...] = ("steps", "beta")
#: The default step: two-sided p = .05, in the direction stated.
STEPS = (0.025,)


def selection_model(
    given: Given,
    *,
    kind: Kind = "steps",
    steps: Sequence[float] | None = None,
    alternative: Alternative = "greater",
    weights: Sequence[float] | None = None,
    method: Method | None = None,
    **columns: Unpack[Columns],
) -> SelectionResult:
    """Fit a model in which publication depends on the p values of studies.

    Use it to see what the effect would be if studies with some p values were less likely to be
    published, how much less likely, and whether the data say so. All parameters, the
    heterogeneity included, are estimated by maximum likelihood. With few effects in an interval of
    p, its weight is next to unknown.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
        One effect a study. Moderators stay in the model.
    kind : {"steps", "beta"}
        One weight for each interval of p (Hedges, 1992; Vevea & Hedges, 1995), or a curve
        p^(a − 1) (1 − p)^(b − 1) (Citkowicz & Vevea, 2017).
    steps : sequence of float, optional
        Where intervals of p end; 0.025 alone by default (the three-parameter model). The weight of
        the first interval is 1.
    alternative : {"greater", "less", "two.sided"}
        Which effects are easily published: large positive ones, negative ones, or both. p values
        are one-sided in that direction, or two-sided.
    weights : sequence of float, optional
        Weights that are not estimated but given, the first of them 1, one for each interval:
        a sensitivity analysis (Vevea & Woods, 2005).
    method : {"ML", "EE"}, optional
        Random effects or equal effects; by default as in the fit given, else ``ML``.
    **columns
        Of a frame: `yi`, `vi`, `study`, `mods`, `measure`, as in `fit_meta`.

    Returns
    -------
    SelectionResult

    Raises
    ------
    UnsupportedError
        If a study has several effects, or effects are correlations that were not transformed.
    DataError
        If no effect lies in an interval whose weight is to be estimated.
    ArgumentError
        If steps do not increase between 0 and 1, or weights do not fit them.

    References
    ----------
    Vevea, J. L., & Hedges, L. V. (1995). A general linear model for estimating effect size in the
    presence of publication bias. Psychometrika, 60, 419–435.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.60, 0.35, 0.15, 0.52, 0.31, 0.12, 0.45, 0.28, 0.05, 0.38, -0.02, 0.22],
    ...     "vi": [0.06, 0.02, 0.01, 0.05, 0.02, 0.03, 0.04, 0.01, 0.02, 0.03, 0.02, 0.01]})
    >>> result = al.meta.selection_model(frame)
    >>> result.tidy()[["effect", "estimate"]].round(2).values.tolist()
    [['adjusted', 0.07], ['weight', 0.04]]
    """
    one_of(kind, KINDS, name="kind")
    one_of(alternative, ALTERNATIVES, name="alternative")
    limits = _steps_of(kind, steps, weights)
    source = read_source(given, columns)
    refuse_raw_correlations(source)
    refuse_dependent(source, "a selection model")
    method = _method_of(source, method)
    search = _search_of(source, kind, limits, alternative, equal_effects=method == "EE")
    if kind == "steps" and weights is None:
        _refuse_empty(source, limits, alternative)
    unadjusted = _unadjusted(source, search)
    fixed = None if weights is None else np.asarray(weights, dtype=float)
    best = _best(search, unadjusted, fixed)
    return SelectionResult(
        source, kind, tuple(limits.tolist()), alternative, method, fixed is not None, search,
        unadjusted, best,
    )  # fmt: skip


def _steps_of(
    kind: Kind, steps: Sequence[float] | None, weights: Sequence[float] | None
) -> np.ndarray:
    """Steps below 1, checked against the weights."""
    if kind == "beta":
        if steps is not None or weights is not None:
            raise ArgumentError(
                "steps= and weights= belong to kind='steps'; the beta curve has none. Leave them "
                "out."
            )
        return np.empty(0)
    limits = np.atleast_1d(np.asarray(STEPS if steps is None else steps, dtype=float))
    limits = limits[:-1] if len(limits) > 1 and limits[-1] == 1 else limits
    if not (len(limits) and ((limits > 0) & (limits < 1)).all() and (np.diff(limits) > 0).all()):
        raise ArgumentError(
            f"steps={tuple(limits.tolist())} do not increase between 0 and 1. Give such as "
            "steps=(0.025, 0.5)."
        )
    if weights is not None:
        _check_weights(np.asarray(weights, dtype=float), len(limits) + 1)
    return limits


def _check_weights(weights: np.ndarray, n: int) -> None:
    if weights.shape != (n,):
        raise ArgumentError(
            f"{weights.size} weights for {n} intervals of p. Give one for each, the first 1."
        )
    if weights[0] != 1 or not (np.isfinite(weights) & (weights > 0)).all():
        raise ArgumentError(
            f"weights={tuple(weights.tolist())}: the first must be 1 and all above 0. Divide them "
            "by the first."
        )


def _method_of(source: Source, method: Method | None) -> Method:
    if method is None:
        return "EE" if source.fitted_with("method") == "EE" else "ML"
    one_of(method, METHODS, name="method")
    return method


def _search_of(
    source: Source,
    kind: Kind,
    steps: np.ndarray,
    alternative: Alternative,
    *,
    equal_effects: bool,
) -> Search:
    """The likelihood; effects change sign where negative ones are easily published."""
    studies = source.studies
    sign = -1.0 if alternative == "less" else 1.0
    z = sign * studies.yi / np.sqrt(studies.vi)
    two_sided = alternative == "two.sided"
    function: WeightFunction
    if kind == "steps":
        p = p_values(z, "two.sided" if two_sided else "greater")
        function = step_weights(p, steps, two_sided=two_sided)
    else:
        function = beta_weights(z, two_sided=two_sided)
    likelihood = SelectionLikelihood(sign * studies.yi, studies.vi, sign * studies.x, function)
    return Search(likelihood, beta_scale=kind == "beta", equal_effects=equal_effects)


def _refuse_empty(source: Source, steps: np.ndarray, alternative: Alternative) -> None:
    studies = source.studies
    p = p_values(studies.yi / np.sqrt(studies.vi), alternative)
    counts = np.bincount(interval_of(p, steps), minlength=len(steps) + 1)
    if (counts == 0).any():
        ends = [0.0, *steps.tolist(), 1.0]
        empty = [f"({ends[j]:g}, {ends[j + 1]:g}]" for j in np.flatnonzero(counts == 0)]
        raise DataError(
            f"no effect has its p value ({alternative}) in {name_list(empty)}, so that its weight "
            f"cannot be estimated; the intervals hold {name_list(counts)} effects. Leave out a "
            "step, or give weights=."
        )


def _unadjusted(source: Source, search: Search) -> Point:
    """The model without selection, by maximum likelihood."""
    studies = source.studies
    method: Method = "EE" if search.equal_effects else "ML"
    fits = fit_arrays(studies.yi, studies.vi, studies.x, method=method, test="z")
    eta = np.zeros(search.likelihood.weights.m)
    loglik = float(fits.log_likelihoods[0][0])
    return Point(fits.beta[0], float(fits.tau2[0]), eta, loglik, bool(fits.between.converged[0]))


def _best(search: Search, unadjusted: Point, fixed: np.ndarray | None) -> Point:
    """The highest maximum that searches from several weights reach."""
    starts = search.likelihood.weights.start if fixed is None else (np.log(fixed[1:]),)
    held = search.held()
    if fixed is not None:
        held[search.p + 1 :] = True
    found = [search.highest(replace(unadjusted, eta=eta), held=held) for eta in starts]
    return max(found, key=lambda point: (point.converged, point.loglik))
