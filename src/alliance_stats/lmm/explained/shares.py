"""Shares of patients, therapists and the residual in the variance not explained by predictors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.printing import frame_html, frame_text
from alliance_stats._base.random import RandomSource
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.comparison.restricted import restricted
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.explained.estimates import drawn_components, fitted_components
from alliance_stats.lmm.explained.intervals import notes_on, with_intervals
from alliance_stats.lmm.explained.moments import column_moments
from alliance_stats.lmm.explained.null_model import check_comparable, null_criterion
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.minimum import minimise
from alliance_stats.lmm.resampling.bootstrap import bootstrap_result, check_asked, draw_frame
from alliance_stats.lmm.resampling.bootstrap_result import BootstrapResult, Interval
from alliance_stats.lmm.resampling.draws import Kind, draw_refits
from alliance_stats.lmm.resampling.replicate import nested_products
from alliance_stats.lmm.residual.limits import no_structure

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
        Where slopes were evaluated; what the comparison is with; about the bootstrap.
    bootstrap : BootstrapResult or None
        The numbers of the table for refits to resampled data, columns ``share|patient``, if they
        were asked for.
    """

    table: pd.DataFrame
    n_obs: int
    messages: tuple[str, ...] = ()
    bootstrap: BootstrapResult | None = None

    def tidy(self, *, conf_level: float = 0.95, kind: Interval = "percentile") -> pd.DataFrame:
        """One row a unit and quantity.

        Parameters
        ----------
        conf_level, kind
            Of the bootstrap intervals, as in `BootstrapResult.confint`.

        Returns
        -------
        DataFrame
            ``se``, ``ci_low``, ``ci_high`` and ``bias`` (the mean of the draws less the estimate)
            are those of the bootstrap, NaN without one.
        """
        long = self.table.melt(id_vars="unit", var_name="term", value_name="estimate")
        long = with_intervals(long, self.bootstrap, conf_level=conf_level, kind=kind)
        return long[["unit", *TIDY_COLUMNS, "bias"]]

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
            tables=self._tables(),
            notes=notes_on(self.bootstrap),
        )

    def _tables(self) -> dict[str, pd.DataFrame]:
        """The table and, with a bootstrap, the intervals."""
        found = {"Shares of variance": self.table.copy()}
        if self.bootstrap is not None:
            columns = ["unit", "term", "estimate", "bias", "ci_low", "ci_high"]
            shown = self.tidy()[columns].dropna(subset=["estimate"])
            shown["term"] = shown["term"].str.replace("_", " ")
            found["Intervals"] = shown.rename(columns={"estimate": "value"})
        return found

    def __repr__(self) -> str:
        texts = [
            text for name, table in self._tables().items() for text in (name, frame_text(table))
        ]
        return "\n\n".join([*texts, *self.messages])

    def _repr_html_(self) -> str:
        return "".join(frame_html(table, caption=name) for name, table in self._tables().items())


def variance_shares(
    self: FittedModel,
    *,
    before: FittedModel | Literal["null"] | None = None,
    bootstrap: int | None = None,
    kind: Kind = "parametric",
    rng: RandomSource | None = None,
) -> VarianceShares:
    """Share of every unit, and of the residual, in the variance that predictors leave.

    Parameters
    ----------
    before : MixedModelResult or "null", optional
        A model to compare with: ``"null"`` is the one without predictors and with a random
        intercept of every factor, fitted to the same rows by the same method; or a fit of yours
        to the same rows.
    bootstrap : int, optional
        Refits for standard errors and intervals, 1,000 for instance; none by default. The model
        before is fitted again too, to the same data sets.
    kind : {"parametric", "cluster"}
        As in `bootstrap`.
    rng : int, SeedSequence or Generator, optional
        For the bootstrap, which needs it.

    Returns
    -------
    VarianceShares
        ``share`` is the unit's own part. ``icc`` is the correlation of two rows of one group (at
        the means of the columns): in nested models the group's own part and that of all units
        around it. ``explained`` is 1 − variance / variance_before. Intervals are in `tidy`.

    Raises
    ------
    ArgumentError, DataError
        If `before` is not a fit, or not one to the same rows and factors; if `bootstrap`, `kind`
        and `rng` do not go together.
    UnsupportedError
        If the model has no intercept or no random effects; with `before`, if residuals have a
        structure; for the bootstrap of a comparison with a fit that is not within this model or
        has random slopes; with `bootstrap`, as the method of that name.

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
    check_asked(self, bootstrap, kind, rng)
    design = self.criterion.design
    numbers = _numbers(design, _variances(self))
    messages = [*_about_slopes(design), *_about_residuals(self)]
    if before is not None:
        for fit in (self, before):
            if isinstance(fit, FittedModel):
                no_structure(fit, "before=", "Leave it out, and look at the shares of both fits.")
        earlier = _null_fit(self) if before == "null" else before
        if not isinstance(earlier, FittedModel):
            raise ArgumentError(
                f"before is a {type(before).__name__}. Give 'null', or a fit by fit_lmm."
            )
        check_comparable(design, earlier.criterion.design)
        at = [_units(earlier.criterion.design).index(unit) for unit in _units(design)]
        numbers |= _comparison(design, numbers, _variances(earlier)[at])
        name = _null_formula(self) if before == "null" else earlier.formula
        messages = [f"Before: {name}.", *messages]
        messages += _about_risen(_table(design, numbers)) + _about_methods(self, earlier)
    drawn = None
    if bootstrap is not None and rng is not None:
        drawn = _bootstrap(self, numbers, before, n=bootstrap, kind=kind, rng=rng)
        messages += drawn.messages
    return VarianceShares(_table(design, numbers), self.n_obs, tuple(messages), drawn)


def _numbers(design: MixedDesign, variances: np.ndarray) -> dict[str, np.ndarray]:
    """Shares and intraclass correlations (…, L + 1) of variances, the residual last."""
    shares = variances / variances.sum(axis=-1, keepdims=True)
    icc = np.full(shares.shape, np.nan)
    inner = shares[..., :-1]
    nested = isinstance(design.products, NestedProducts)
    icc[..., :-1] = np.cumsum(inner[..., ::-1], axis=-1)[..., ::-1] if nested else inner
    return {"variance": variances, "share": shares, "icc": icc}


def _comparison(
    design: MixedDesign, numbers: dict[str, np.ndarray], before: np.ndarray
) -> dict[str, np.ndarray]:
    """The numbers of a model before, and how much less the variances are."""
    found = {f"{name}_before": values for name, values in _numbers(design, before).items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = numbers["variance"] / before
        found["explained"] = np.where(before > 0, 1.0 - ratio, np.nan)
    return found


def _variances(fit: FittedModel) -> np.ndarray:
    """Variances (L + 1,) at the means of the columns, the residual last."""
    return fitted_components(fit, column_moments(fit.criterion.design)).at_means


def _units(design: MixedDesign) -> list[str]:
    return [*(level.name for level in design.levels), RESIDUAL]


def _table(design: MixedDesign, numbers: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame({"unit": _units(design), **numbers})


def _bootstrap(
    fit: FittedModel,
    numbers: dict[str, np.ndarray],
    before: FittedModel | Literal["null"] | None,
    *,
    n: int,
    kind: Kind,
    rng: RandomSource,
) -> BootstrapResult:
    """The numbers of refits, and of the model before fitted to the same data sets."""
    design = fit.criterion.design
    units = _units(design)
    found = draw_refits(fit, n, kind=kind, rng=rng, statistic=_earlier_variances(fit, before))
    drawn = _numbers(design, drawn_components(found).at_means)
    if before is not None:
        earlier = np.full((n, len(units)), np.nan)
        for number, values in found.more.items():
            earlier[number] = [values[unit] for unit in units]
        drawn |= _comparison(design, drawn, earlier)
    names = [f"{name}|{unit}" for name in numbers for unit in units]
    estimates = pd.Series(np.concatenate(list(numbers.values())), index=names, name="estimate")
    draws = draw_frame(np.concatenate([drawn[name] for name in numbers], axis=1), names)
    return bootstrap_result(found, estimates, draws)


def _earlier_variances(
    fit: FittedModel, before: FittedModel | Literal["null"] | None
) -> Callable[[FittedModel], dict[str, float]] | None:
    """What gives the variances of the model before, of the data of a refit."""
    if before is None:
        return None
    if before == "null":
        return lambda refit: _named_variances(_null_fit(refit))
    _check_within(before, fit)
    return lambda refit: _named_variances(_smaller_fit(before, refit))


def _named_variances(fit: FittedModel) -> dict[str, float]:
    """Variances by unit; NaN of a fit that failed."""
    units = _units(fit.criterion.design)
    values = _variances(fit) if fit.converged else np.full(len(units), np.nan)
    return dict(zip(units, values.tolist(), strict=True))


def _check_within(before: FittedModel, fit: FittedModel) -> None:
    """Raise UnsupportedError unless the columns of a model are among those of a larger one."""
    smaller, larger = before.criterion.design, fit.criterion.design
    nested = isinstance(larger.products, NestedProducts)
    inside = set(smaller.names) <= set(larger.names)
    slopes = any(level.effects != (INTERCEPT,) for level in smaller.levels)
    if nested and inside and not slopes and before.reml == fit.reml:
        return
    raise UnsupportedError(
        "the bootstrap fits the model before to the data sets drawn for this one, from the "
        "cross-products of its columns: the model before must have random intercepts of nested "
        "factors, the same method, and no fixed effect that this model lacks. Give such a fit, "
        "before='null', or leave bootstrap out."
    )


def _smaller_fit(before: FittedModel, refit: FittedModel) -> FittedModel:
    """The model before, of the data of a refit of the larger one; its β is not to be read."""
    larger = _with_whole_response(refit.criterion)
    criterion = restricted(before.criterion.design, larger).criterion
    design = replace(criterion.design, scale=refit.criterion.design.scale)
    criterion = replace(criterion, design=design)
    return type(before)("", criterion, minimise(criterion))


def _with_whole_response(criterion: Criterion) -> Criterion:
    """With the least-squares part of the response put back, which a smaller model may not have.

    Its constant stays out: it is of no use for the variances.
    """
    design = criterion.design
    taken = np.linalg.solve(design.transform, design.least_squares) / design.scale
    taken[design.names.index(INTERCEPT)] = 0.0
    mixture = np.eye(design.y + 1)
    mixture[design.x, design.y] = taken
    products = nested_products(criterion)
    grams = np.einsum("ai,abg,bj->ijg", mixture, products.grams, mixture, optimize=True)
    return replace(criterion, design=replace(design, products=replace(products, grams=grams)))


def _null_fit(fit: FittedModel) -> FittedModel:
    """The fit without predictors; its formula is not to be shown."""
    criterion = null_criterion(fit.criterion)
    return type(fit)("", criterion, minimise(criterion))


def _null_formula(fit: FittedModel) -> str:
    design = fit.criterion.design
    random = " + ".join(f"(1 | {level.name})" for level in design.levels)
    return f"{design.formula.response} ~ 1 + {random}"


def _check_factors(fit: FittedModel) -> None:
    if not fit.criterion.design.levels:
        raise UnsupportedError(
            "the model has no random effects, so there are no units to share the variance. "
            "Add a term such as (1 | patient)."
        )


def _about_residuals(fit: FittedModel) -> list[str]:
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


def _about_methods(after: FittedModel, before: FittedModel) -> list[str]:
    if after.reml == before.reml:
        return []
    return ["One model is fitted by REML, the other by ML: part of the difference is that."]
