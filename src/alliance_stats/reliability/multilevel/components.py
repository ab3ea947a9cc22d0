"""Variance components of patients × sessions × items, by the way the data allow."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.reliability.generalizability.complete_facet import (
    NESTED,
    NESTED_WITH_ITEMS,
    cross_products,
    deviance,
)
from alliance_stats.reliability.generalizability.components import (
    Components,
)
from alliance_stats.reliability.generalizability.design import Design, make_design
from alliance_stats.reliability.generalizability.mean_squares import anova_components
from alliance_stats.reliability.generalizability.newton import minimise_variances
from alliance_stats.reliability.generalizability.restricted import intercept_variances
from alliance_stats.reliability.generalizability.three_factors import Table, session_order
from alliance_stats.reliability.multilevel.ratings import Ratings

ItemMeans = Literal["error", "removed", "by_patient"]


def items_design(patient: str, session: str, *, nested: bool) -> Design:
    """Patients × sessions × items, or sessions within patients × items."""
    inside = {session: frozenset([patient])} if nested else {}
    return make_design(patient, [session, "item"], inside)


def item_components(
    ratings: Ratings, design: Design, *, level: float, anova: bool
) -> tuple[Components, str, bool]:
    """The components of a design with items, how estimated, and whether that converged."""
    nested = len(design.effects) == len(NESTED_WITH_ITEMS)
    tensor = ratings.tensor() if anova and not nested else None
    if tensor is not None:
        return anova_components(design, tensor, level), "ANOVA", True
    table = Table(ratings.patient, None if nested else ratings.session, ratings.values)
    if not table.fits:
        raise DataError(
            f"there are {counted(ratings.n_labels, 'different session')}, too many to be the same "
            "for all patients. Give session numbers, or nested=True."
        )
    found, converged = table.estimate(design, session_order(nested=nested), level)
    return found, "REML", converged


def nested_components(
    ratings: Ratings, *, item_means: ItemMeans
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Variances of patients, sessions within patients and error, and their covariances, by REML."""
    if ratings.has_holes:
        return _nested_with_holes(ratings, item_means)
    values = ratings.values - ratings.values.mean()
    products = cross_products(ratings.patient, None, values)
    start = np.zeros(7)
    start[NESTED] = np.array([0.3, 0.2, 0.5]) * values.var()
    criterion = partial(deviance, products, item_means_fixed=item_means == "removed")
    found = minimise_variances(criterion, start, NESTED)
    return found.variance[NESTED], found.covariance[np.ix_(NESTED, NESTED)], found.converged


def _nested_with_holes(
    ratings: Ratings, item_means: ItemMeans
) -> tuple[np.ndarray, np.ndarray, bool]:
    (patient, session, item), values = stacked(ratings)
    visit = np.unique(patient * ratings.n_labels + session, return_inverse=True)[1]
    frame = pd.DataFrame({"score": values, "p": patient, "v": visit, "i": item})
    fixed = "C(i)" if item_means == "removed" else "1"
    fit = fit_quietly(f"score ~ {fixed} + (1 | p) + (1 | v)", frame)
    variance, covariance = intercept_variances(fit, ["p", "v"])
    return variance, covariance, fit.converged


def stacked(ratings: Ratings) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Codes of patient, session and item of every rating that is there, and the ratings."""
    row, item = np.nonzero(~np.isnan(ratings.values))
    return (ratings.patient[row], ratings.session[row], item), ratings.values[row, item]
