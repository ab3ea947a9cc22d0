"""R² of a mixed model: of the whole response, and within and between its units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, one_of
from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats._base.printing import frame_html, frame_text
from alliance_stats._base.random import RandomSource
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.explained.components import Components
from alliance_stats.lmm.explained.estimates import drawn_components, fitted_components
from alliance_stats.lmm.explained.intervals import notes_on, with_intervals
from alliance_stats.lmm.explained.measures import all_measures, component_table, unit_names
from alliance_stats.lmm.explained.moments import Moments, column_moments, shares_of_column
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.resampling.bootstrap import bootstrap_result, check_asked, draw_frame
from alliance_stats.lmm.resampling.bootstrap_result import BootstrapResult, Interval
from alliance_stats.lmm.resampling.draws import Draws, Fit, Kind, draw_refits

MixedColumns = Literal["split", "raise"]


@dataclass(frozen=True, eq=False, repr=False)
class RSquared:
    """How much of the variance of the response a mixed model explains.

    Made by `MixedModelResult.r2`. Nothing is rounded.

    Attributes
    ----------
    parts : Components
        The variances, by source and unit.
    units : tuple of str
        ``within patient``, ``between patients``, …; ``rows`` alone where factors cross.
    groups : tuple of str
        The grouping factors.
    columns : DataFrame
        Share of the variance of every predictor by unit.
    n_obs : int
    messages : tuple of str
        What a reader must know about centring, crossed factors and the bootstrap.
    bootstrap : BootstrapResult or None
        The measures of refits to resampled data, columns ``term|unit``, if they were asked for.
    """

    parts: Components
    units: tuple[str, ...]
    groups: tuple[str, ...]
    columns: pd.DataFrame
    n_obs: int
    messages: tuple[str, ...] = ()
    bootstrap: BootstrapResult | None = None

    @property
    def marginal(self) -> float:
        """Share of the fixed effects (Nakagawa & Schielzeth, 2013)."""
        return float(self.parts.marginal)

    @property
    def conditional(self) -> float:
        """Share of fixed and random effects (Nakagawa & Schielzeth, 2013; Johnson, 2014)."""
        return float(self.parts.conditional)

    @cached_property
    def components(self) -> pd.DataFrame:
        """The variances: columns ``unit source group variance share``."""
        return component_table(self.parts, self.units, self.groups)

    def tidy(self, *, conf_level: float = 0.95, kind: Interval = "percentile") -> pd.DataFrame:
        """One row a measure.

        Parameters
        ----------
        conf_level, kind
            Of the bootstrap intervals, as in `BootstrapResult.confint`.

        Returns
        -------
        DataFrame
            ``unit`` is the variance that is explained: that of all rows (``total``) or of one
            unit only. ``term`` is what explains it. ``symbol`` is the name in Rights and Sterba
            (2019), for two-level models. ``se``, ``ci_low``, ``ci_high`` and ``bias`` (the mean
            of the draws less the estimate) are those of the bootstrap, NaN without one.
        """
        rows = all_measures(self.parts, self.units, self.groups, self.parts.slopes > 0)
        table = pd.DataFrame(
            [(unit, term, float(value), symbol) for unit, term, value, symbol in rows],
            columns=["unit", "term", "estimate", "symbol"],
        )
        table = with_intervals(table, self.bootstrap, conf_level=conf_level, kind=kind)
        return table[["unit", *TIDY_COLUMNS, "bias", "symbol"]]

    def glance(self) -> pd.DataFrame:
        """One row: rows used, both R² of all rows, and the variance that the model implies."""
        return pd.DataFrame(
            {
                "n_obs": [self.n_obs],
                "marginal": [self.marginal],
                "conditional": [self.conditional],
                "variance": [float(self.parts.total)],
            }
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="r2",
            title="Explained variance",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=self.components,
            notes=notes_on(self.bootstrap),
            levels=pd.DataFrame({"unit": ["row"], "n": [self.n_obs]}),
            messages=self.messages,
            tables={"Explained variance": self._shown(), "Variances": self.components},
        )

    def _shown(self) -> pd.DataFrame:
        """The measures without the columns of tests; in per cent only where they stand alone."""
        if self.bootstrap is None:
            table = self.tidy()[["unit", "term", "estimate", "symbol"]]
            return table.rename(columns={"estimate": "share"})
        table = self.tidy()[["unit", "term", "estimate", "bias", "ci_low", "ci_high", "symbol"]]
        return table.rename(columns={"estimate": "value"})

    def __repr__(self) -> str:
        return "\n\n".join(["Explained variance", frame_text(self._shown()), *self.messages])

    def _repr_html_(self) -> str:
        return frame_html(self._shown(), caption="Explained variance")


def r2(
    self: FittedModel,
    *,
    mixed_columns: MixedColumns = "split",
    bootstrap: int | None = None,
    kind: Kind = "parametric",
    rng: RandomSource | None = None,
) -> RSquared:
    """R² of all rows, within units and between them, from the variances the model implies.

    *Marginal* R² is the share of the fixed effects in the variance of the response,
    *conditional* R² that of fixed and random effects; with random slopes the variance of the
    random part is its mean over the rows. In nested models the fixed part is also split into what
    varies within and between the units, with shares of the variance of each unit: the framework
    of Rights and Sterba, with its twelve measures for two levels. Whether a predictor is within
    or between is found from the data.

    Parameters
    ----------
    mixed_columns : {"split", "raise"}
        What to do about predictors that vary both within and between units, such as an uncentred
        rating: count each part of them where it varies, and say so; or raise.
    bootstrap : int, optional
        Refits for standard errors and intervals, 1,000 for instance; none by default.
    kind : {"parametric", "cluster"}
        As in `bootstrap`: responses drawn from the model for the predictors as they are, or whole
        groups of the highest factor drawn again, with their predictors.
    rng : int, SeedSequence or Generator, optional
        For the bootstrap, which needs it.

    Returns
    -------
    RSquared
        With `tidy`, which has the intervals.

    Raises
    ------
    DataError
        With ``"raise"``, if a predictor varies in more than one unit.
    ArgumentError
        If `rng` is missing or `bootstrap` is no number of draws, or if `kind` or `rng` is given
        without it.
    UnsupportedError
        If the model has no intercept or no random effects; with `bootstrap`, as the method of that
        name.

    Notes
    -----
    With few groups R² is biased upwards, because estimated coefficients fit their own errors:
    ``bias`` in `tidy` says by how much. Percentile intervals still cover well then; basic ones,
    mirrored, do not.

    With a residual structure the residual variance is its mean over the rows. Variances of columns
    have the divisor n − 1. With prior weights all moments are weighted and the residual variance
    is that of a row with the mean weight, so R² does not depend on the unit of the weights. An
    offset is subtracted before and is no part of the variance. Where factors cross there are no
    units to split by, and the measures of all rows are given only.

    References
    ----------
    Nakagawa, S., & Schielzeth, H. (2013). A general and simple method for obtaining R² from
    generalized linear mixed-effects models. Methods in Ecology and Evolution, 4(2), 133-142.

    Johnson, P. C. D. (2014). Extension of Nakagawa & Schielzeth's R²GLMM to random slopes models.
    Methods in Ecology and Evolution, 5(9), 944-946.

    Rights, J. D., & Sterba, S. K. (2019). Quantifying explained variance in multilevel models.
    Psychological Methods, 24(3), 309-338.

    Rights, J. D., & Sterba, S. K. (2023). R-squared measures for multilevel models with three or
    more levels. Multivariate Behavioral Research, 58(2), 340-367.

    Examples
    --------
    >>> import alliance_stats as al
    >>> frame = al.center(al.load_example("sessions").frame, "wai_total", by="patient")
    >>> fit = al.fit_lmm("phq9 ~ wai_total_within + wai_total_between + (1 | patient)", frame)
    >>> found = fit.r2()
    >>> bool(0 < found.marginal < found.conditional < 1)
    True
    >>> first = fit.r2(bootstrap=100, rng=1).tidy().iloc[0]
    >>> bool(first["ci_low"] < found.marginal < first["ci_high"])
    True
    """
    one_of(mixed_columns, ("split", "raise"), name="mixed_columns")
    check_asked(self, bootstrap, kind, rng)
    design = self.criterion.design
    if not design.levels:
        raise UnsupportedError(
            "the model has no random effects, so its R² has no within and between. Add a term "
            "such as (1 | patient)."
        )
    moments = column_moments(design)
    units = unit_names(design, moments)
    columns = _column_shares(design, moments, units)
    conflated = columns[(columns[list(units)] > 0).sum(axis=1) > 1]
    if len(conflated) and mixed_columns == "raise":
        raise DataError(
            f"{_about_columns(conflated)} Centre {agree(len(conflated), 'it', 'them')} "
            "(al.center), or give mixed_columns='split'."
        )
    messages = [*_about_conflated(conflated), *_about_crossed(moments)]
    groups = tuple(level.name for level in design.levels)
    parts = fitted_components(self, moments)
    drawn = None
    if bootstrap is not None and rng is not None:
        drawn = _bootstrap(draw_refits(self, bootstrap, kind=kind, rng=rng), parts, units, groups)
        messages += drawn.messages
    return RSquared(parts, units, groups, columns, self.n_obs, tuple(messages), drawn)


def _bootstrap(
    found: Draws[Fit], parts: Components, units: tuple[str, ...], groups: tuple[str, ...]
) -> BootstrapResult:
    """The measures of every refit beside the `parts` of the fit."""
    shown = parts.slopes > 0
    estimates = all_measures(parts, units, groups, shown)
    names = [f"{term}|{unit}" for unit, term, _, _ in estimates]
    drawn = all_measures(drawn_components(found), units, groups, shown)
    return bootstrap_result(
        found,
        pd.Series([float(value) for _, _, value, _ in estimates], index=names, name="estimate"),
        draw_frame(np.stack([value for _, _, value, _ in drawn], axis=1), names),
    )


def _column_shares(design: MixedDesign, moments: Moments, units: tuple[str, ...]) -> pd.DataFrame:
    """Share of the variance of every fixed and random column by unit."""
    named = dict(zip(design.names, design.x, strict=True))
    for level in design.levels:
        for name, column in zip(level.effects, level.z, strict=True):
            named.setdefault(name, column)
    varying = {name: shares_of_column(moments, column) for name, column in named.items()}
    kept = {name: shares for name, shares in varying.items() if shares.any()}
    table = pd.DataFrame.from_dict(kept, orient="index", columns=list(units))
    return table.rename_axis("column").reset_index()


def _about_columns(columns: pd.DataFrame) -> str:
    """``'wai' (60% within patient, 40% between patients) varies in more than one unit.``"""
    texts = []
    for _, row in columns.head(10).iterrows():
        parts = [f"{_percent(s)} {unit}" for unit, s in row.iloc[1:].items() if s > 0]
        texts.append(f"'{row['column']}' ({', '.join(parts)})")
    rest = len(columns) - len(texts)
    more = f" and {rest} more" if rest > 0 else ""
    return (
        f"{', '.join(texts)}{more} {agree(len(columns), 'varies', 'vary')} in more than one unit."
    )


def _percent(share: float) -> str:
    """``60%``, ``0.3%``."""
    return (
        "under 0.1%" if share < 1e-3 else f"{100 * share:.2g}%" if share < 0.1 else f"{share:.0%}"
    )


def _about_conflated(columns: pd.DataFrame) -> list[str]:
    if not len(columns):
        return []
    what = agree(len(columns), "Its coefficient counts", "Their coefficients count")
    return [
        f"{_about_columns(columns)} {what} in every unit by the part that varies there. If the "
        "true effects differ between the units, so do the true shares: centre (al.center) to "
        "estimate both."
    ]


def _about_crossed(moments: Moments) -> list[str]:
    if moments.parts is not None:
        return []
    return [
        "Shares within and between units are not given: the grouping factors are crossed, so the "
        "rows have no one order of units to split the predictors by."
    ]
