"""Shares of patients, therapists and the residual in the variance not explained by predictors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.printing import frame_html, frame_text
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.explained.estimates import fitted_components
from alliance_stats.lmm.explained.moments import column_moments
from alliance_stats.lmm.explained.null_model import check_comparable, null_criterion
from alliance_stats.lmm.minimum import minimise
from alliance_stats.lmm.residual.limits import no_structure

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult

RESIDUAL = "residual"


@dataclass(frozen=True, eq=False, repr=False)
class VarianceShares:
    """Variance components of a mixed model and their shares.

    Made by `MixedModelResult.variance_shares`. Nothing is rounded.

    Attributes
    ----------
    table : DataFrame
        One row a unit, the residual last: columns ``unit variance share icc``; after a comparison
        also ``variance_before share_before icc_before explained``.
    n_obs : int
    messages : tuple of str
        Where slopes were evaluated; what the comparison is with.
    """

    table: pd.DataFrame
    n_obs: int
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row a unit and quantity; no intervals: ``se`` to ``ci_high`` are NaN."""
        quantities = [c for c in self.table.columns if c != "unit"]
        long = self.table.melt(
            id_vars="unit", value_vars=quantities, var_name="term", value_name="estimate"
        )
        for column in TIDY_COLUMNS[2:]:
            long[column] = np.nan
        return long[["unit", *TIDY_COLUMNS]]

    def glance(self) -> pd.DataFrame:
        """One row: rows used and the sum of the variances."""
        return pd.DataFrame(
            {"n_obs": [self.n_obs], "variance": [float(self.table["variance"].sum())]}
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="variance_shares",
            title="Shares of variance",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=self.table.copy(),
            levels=pd.DataFrame({"unit": ["row"], "n": [self.n_obs]}),
            messages=self.messages,
            tables={"Shares of variance": self.table.copy()},
        )

    def __repr__(self) -> str:
        return "\n\n".join(["Shares of variance", frame_text(self.table), *self.messages])

    def _repr_html_(self) -> str:
        return frame_html(self.table, caption="Shares of variance")


def variance_shares(
    self: MixedModelResult, *, before: MixedModelResult | Literal["null"] | None = None
) -> VarianceShares:
    """Share of every unit, and of the residual, in the variance that predictors leave.

    Parameters
    ----------
    before : MixedModelResult or "null", optional
        A model to compare with: ``"null"`` is the one without predictors and with a random
        intercept of every factor, fitted to the same rows by the same method; or a fit of yours
        to the same rows.

    Returns
    -------
    VarianceShares
        ``share`` is the unit's own part. ``icc`` is the correlation of two rows of one group (at
        the means of the columns): in nested models the group's own part and that of all units
        around it. ``explained`` is 1 − variance / variance_before.

    Raises
    ------
    ArgumentError, DataError
        If `before` is not a fit, or not one to the same rows and factors.
    UnsupportedError
        If the model has no intercept or no random effects; with `before`, if residuals have a
        structure.

    Notes
    -----
    With random slopes the variance between groups depends on the predictors; it is evaluated at
    their means. With prior weights the residual variance is that of a row with the mean weight.

    A predictor can raise a variance: one that varies within groups only takes variance out of the
    residual, and more of the spread of the groups' means is then counted as true. ``explained`` is
    negative then. These shares and R² answer different questions and are not to be ranked
    together.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", sessions)
    >>> fit.variance_shares().table["unit"].tolist()
    ['patient', 'therapist', 'residual']
    >>> bool(fit.variance_shares(before="null").table["explained"].iloc[-1] > 0)
    True
    """
    _check_factors(self)
    found = _shares(self)
    if before is None:
        about = (*_about_slopes(self.criterion.design), *_about_residuals(self))
        return VarianceShares(found, self.n_obs, about)
    for fit in (self, before):
        if isinstance(fit, type(self)):
            no_structure(fit, "before=", "Leave it out, and look at the shares of both fits.")
    earlier = _null_fit(self) if before == "null" else before
    if not isinstance(getattr(earlier, "criterion", None), Criterion):
        raise ArgumentError(
            f"before is a {type(before).__name__}. Give 'null', or a fit by fit_lmm."
        )
    check_comparable(self.criterion.design, earlier.criterion.design)
    other = _shares(earlier).set_index("unit").loc[found["unit"]]
    for column in ("variance", "share", "icc"):
        found[f"{column}_before"] = other[column].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = found["variance"] / found["variance_before"]
        found["explained"] = np.where(found["variance_before"] > 0, 1.0 - ratio, np.nan)
    messages = [
        f"Before: {_null_formula(self) if before == 'null' else earlier.formula}.",
        *_about_slopes(self.criterion.design),
        *_about_risen(found),
        *_about_methods(self, earlier),
    ]
    return VarianceShares(found, self.n_obs, tuple(messages))


def _shares(fit: MixedModelResult) -> pd.DataFrame:
    """Variances at the means of the columns, with shares and intraclass correlations."""
    design = fit.criterion.design
    parts = fitted_components(fit, column_moments(design))
    variances = np.append(parts.means, parts.residual)
    shares = variances / variances.sum()
    nested = isinstance(design.products, NestedProducts)
    icc = np.cumsum(shares[-2::-1])[::-1] if nested else shares[:-1]
    return pd.DataFrame(
        {
            "unit": [*(level.name for level in design.levels), RESIDUAL],
            "variance": variances,
            "share": shares,
            "icc": np.append(icc, np.nan),
        }
    )


def _null_fit(fit: MixedModelResult) -> MixedModelResult:
    """The fit without predictors; its formula is not to be shown."""
    criterion = null_criterion(fit.criterion)
    return type(fit)("", criterion, minimise(criterion))


def _null_formula(fit: MixedModelResult) -> str:
    design = fit.criterion.design
    random = " + ".join(f"(1 | {level.name})" for level in design.levels)
    return f"{design.formula.response} ~ 1 + {random}"


def _check_factors(fit: MixedModelResult) -> None:
    if not fit.criterion.design.levels:
        raise UnsupportedError(
            "the model has no random effects, so there are no units to share the variance. "
            "Add a term such as (1 | patient)."
        )


def _about_residuals(fit: MixedModelResult) -> list[str]:
    if fit.residual is None:
        return []
    return [
        "The residual variance is the mean over the rows. Rows of one group whose residuals are "
        "correlated too correlate by more than icc says."
    ]


def _about_slopes(design: MixedDesign) -> list[str]:
    slopes = {level.name for level in design.levels for e in level.effects if e != INTERCEPT}
    if not slopes:
        return []
    return [
        f"Effects of predictors vary between groups of {name_list(sorted(slopes))}, so variances "
        "and shares depend on the predictors. They are those at the means of the predictors."
    ]


def _about_risen(table: pd.DataFrame) -> list[str]:
    risen = table.loc[table["explained"] < 0, "unit"].tolist()
    if not risen:
        return []
    return [
        f"The variance of {name_list(risen)} is larger with the predictors than before. That is "
        "possible: as the residual shrinks, more of the spread between groups counts as true, and "
        "differences that the predictors had hidden come out."
    ]


def _about_methods(after: MixedModelResult, before: MixedModelResult) -> list[str]:
    if after.reml == before.reml:
        return []
    return ["One model is fitted by REML, the other by ML: part of the difference is that."]
