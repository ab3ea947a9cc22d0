"""funnel_frame: what a contour-enhanced funnel plot draws.

Contours of significance: Peters et al. (2008, J. Clin. Epidemiol. 61, 991–996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.source import (
    Columns,
    Given,
    Source,
    read_source,
    refuse_raw_correlations,
)
from alliance_stats.meta.bias.trim_fill import TrimFillResult
from alliance_stats.meta.bias.views import OPEN, bias_view, headline, shown_value, tidy_frame
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.fits import fit_arrays

LEVELS = (0.10, 0.05, 0.01)
#: Standard errors at which limits are given, from 0 to a little above the largest.
N_GRID = 41
MARGIN = 1.08

COLUMNS = ("row", "study", "estimate", "se", "low", "high", "level", "p_value", "shown")


@dataclass(frozen=True, eq=False, repr=False)
class FunnelResult:
    """Effects against standard errors, with what they are compared with. Made by `funnel_frame`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    frame : DataFrame
        One row a point or a limit at a standard error; see `funnel_frame`.
    centre : float
        Around which limits lie: the mean, or 0 for residuals.
    tau2 : float
        Variance between studies; 0 for equal effects.
    null : float
        Around which contours lie.
    residuals : bool
        Whether points are residuals of a model with moderators.
    conf_level : float
        Of the limits around the centre.
    """

    source: Source
    frame: pd.DataFrame
    centre: float
    tau2: float
    null: float
    residuals: bool
    conf_level: float

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows."""
        return self.source.studies.messages()

    def tidy(self) -> pd.DataFrame:
        """One row: the centre, without a test."""
        return tidy_frame([{"effect": "centre", "term": "(Intercept)", "estimate": self.centre}])

    def glance(self) -> pd.DataFrame:
        """One row: sizes, centre, τ², and effects inside the limits without and with τ²."""
        points = self.frame[self.frame["row"] == "study"]
        z = float(ndtri((1.0 + self.conf_level) / 2.0))
        off = (points["estimate"] - self.centre).abs()
        wide = np.sqrt(points["se"] ** 2 + self.tau2)
        return pd.DataFrame(
            [
                {
                    "k": self.source.studies.k,
                    "n_studies": self.source.studies.n_studies,
                    "centre": self.centre,
                    "tau2": self.tau2,
                    "inside": int((off <= z * points["se"]).sum()),
                    "inside_tau2": int((off <= z * wide).sum()),
                    "n_filled": int((self.frame["row"] == "filled").sum()),
                }
            ]
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the figure."""
        share = f"{100 * self.conf_level:g}%"
        contours = "" if self.residuals else f" Contours show two-sided p against {self.null:g}."
        return (
            f"Limits hold {share} of effects if all studies have one true effect (inner), or true "
            f"effects with the variance τ² (outer).{contours}",
            OPEN,
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return bias_view(
            "meta_funnel",
            self._title,
            self.source,
            terms=self.tidy(),
            fit=self.glance(),
            plot=self.frame,
            notes=self.notes,
            messages=self.messages,
            labels={"residuals": "yes" if self.residuals else "", "null": repr(self.null)},
            conf_level=self.conf_level,
        )

    @property
    def _title(self) -> str:
        what = "residuals" if self.residuals else self.source.scale.words
        return f"Funnel of {what}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        return headline(self._title, self.source), [self.glance()], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def funnel_frame(
    given: Given,
    *,
    levels: Sequence[float] = LEVELS,
    null: float | None = None,
    fill: TrimFillResult | None = None,
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> FunnelResult:
    """Compute what a contour-enhanced funnel plot draws.

    Points are effects against standard errors; of a model with moderators they are residuals,
    which have no contours.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
    levels : sequence of float
        Two-sided p values of the contours.
    null : float, optional
        Around which contours lie; no effect on the scale of analysis by default.
    fill : TrimFillResult, optional
        Made of the same effects; its filled effects are added.
    conf_level : float
        Of the limits around the centre.
    **columns
        Of a frame: `yi`, `vi`, `study`, `mods`, `measure`, as in `fit_meta`.

    Returns
    -------
    FunnelResult
        ``frame`` has the columns ``row study estimate se low high level p_value shown``. ``row``
        is ``study`` or ``filled`` (points), ``contour`` (``low`` and ``high`` of each ``level`` at
        standard errors from 0), ``interval`` (limits around the centre for one true effect) or
        ``spread`` (the same with τ²).

    Raises
    ------
    UnsupportedError
        If effects are correlations that were not transformed.
    ArgumentError
        If `fill` was made of other effects, or levels are no probabilities.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.030, 0.025]})
    >>> al.meta.funnel_frame(frame).frame["row"].value_counts().to_dict()
    {'contour': 123, 'interval': 41, 'spread': 41, 'study': 5}
    """
    probability(conf_level, name="conf_level")
    for level in levels:
        probability(level, name="levels")
    source = read_source(given, columns)
    refuse_raw_correlations(source)
    fitted, tau2 = _centre(source)
    residuals = source.studies.moderators.names != ("(Intercept)",)
    null = source.scale.null if null is None else null
    centre = 0.0 if residuals else float(fitted[0])
    values = source.studies.yi - fitted if residuals else source.studies.yi
    parts = [_points(source, "study", source.studies.study, values, source.studies.vi, null)]
    if fill is not None:
        parts.append(_filled(source, fill, null))
    top = MARGIN * max(float(part["se"].max()) for part in parts)
    grid, z = np.linspace(0.0, top, N_GRID), float(ndtri((1.0 + conf_level) / 2.0))
    if not residuals:
        parts += [
            _limits("contour", grid, null, -float(ndtri(level / 2.0)) * grid, level)
            for level in levels
        ]
    parts.append(_limits("interval", grid, centre, z * grid))
    parts.append(_limits("spread", grid, centre, z * np.sqrt(grid**2 + tau2)))
    frame = pd.concat([p.dropna(axis=1, how="all") for p in parts], ignore_index=True)
    return FunnelResult(
        source, frame.reindex(columns=list(COLUMNS)), centre, tau2, null, residuals, conf_level
    )


def _centre(source: Source) -> tuple[np.ndarray, float]:
    """Fitted values of the effects and τ² of the fit given, else of a random-effects model."""
    studies, fit = source.studies, source.fit
    if fit is not None:
        parts = fit.tau2  # of a multilevel model one row a component
        tau2 = float(parts["tau2"].sum() if isinstance(parts, pd.DataFrame) else parts)
        return studies.x @ np.asarray(fit.beta), tau2
    fits = fit_arrays(studies.yi, studies.vi, studies.x, method="REML", test="z")
    return studies.x @ fits.beta[0], float(fits.tau2[0])


def _points(
    source: Source, row: str, names: np.ndarray, y: np.ndarray, v: np.ndarray, null: float
) -> pd.DataFrame:
    se = np.sqrt(v)
    p = 2.0 * ndtr(-np.abs(y - null) / se)
    shown = [shown_value(source, value) for value in y]
    return pd.DataFrame(
        {"row": row, "study": names, "estimate": y, "se": se, "p_value": p, "shown": shown}
    )


def _filled(source: Source, fill: TrimFillResult, null: float) -> pd.DataFrame:
    theirs, ours = fill.source.studies, source.studies
    if theirs.k != ours.k or not np.array_equal(theirs.yi, ours.yi):
        raise ArgumentError(
            f"fill= was made of {theirs.k} other effects than these {ours.k}. Give trim_fill of "
            "the same data."
        )
    added = fill.frame[fill.frame["filled"]]
    y, v = added["yi"].to_numpy(), added["vi"].to_numpy()
    return _points(source, "filled", added["study"].to_numpy(), y, v, null)


def _limits(
    row: str, grid: np.ndarray, centre: float, half: np.ndarray, level: float = float("nan")
) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": row, "se": grid, "low": centre - half, "high": centre + half, "level": level}
    )
