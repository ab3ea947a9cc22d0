"""regression_lines: the effect that a meta-regression fits over one moderator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from alliance_stats._base.checks import did_you_mean, is_whole, name_list, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.meta.moderators import columns_of
from alliance_stats.meta.scales import Scale
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.studies import Studies

ENDS = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


class Regression(Protocol):
    """A fitted meta-regression, as `fit_meta` and `fit_meta_multilevel` give it."""

    @property
    def studies(self) -> Studies:
        """What was analysed."""
        ...

    @property
    def scale(self) -> Scale:
        """How the measure is read back."""
        ...

    def predict_rows(self, x: np.ndarray, *, conf_level: float = ...) -> pd.DataFrame:
        """Mean effects with intervals at rows of the design matrix."""
        ...

    def view(self, *, conf_level: float = ...) -> ResultView:
        """What the report room may see."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class RegressionLines:
    """The fitted effect over one moderator with its intervals. Made by `regression_lines`.

    Attributes
    ----------
    result : MetaResult or MultilevelMetaResult
        The meta-regression.
    moderator : str
        The column on the horizontal axis.
    others : tuple of str
        Further moderators, held at their mean over the effects.
    frame : DataFrame
        See `regression_lines`.
    conf_level : float
    """

    result: Regression
    moderator: str
    others: tuple[str, ...]
    frame: pd.DataFrame
    conf_level: float

    def view(self) -> ResultView:
        """Return what the report room may see of this."""
        view = self.result.view(conf_level=self.conf_level)
        refit = (
            f"al.meta.regression_lines({view.refit}, {self.moderator!r})" if view.refit else None
        )
        return replace(
            view,
            kind="meta_bubble",
            title=f"{view.title}: {self.moderator}",
            plot=self.frame,
            notes=(*view.notes, *self.notes),
            refit=refit,
            labels={**view.labels, "moderator": self.moderator, "others": ", ".join(self.others)},
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """At which values of the other moderators the line lies."""
        if not self.others:
            return ()
        return (
            f"The line lies at the mean of the other moderators over the effects: "
            f"{name_list(self.others)}.",
        )

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        lines = self.frame.loc[self.frame["row"] == "line", ["x", *ENDS]]
        picked = lines.iloc[np.linspace(0, len(lines) - 1, 5).round().astype(int)]
        table = picked.rename(columns={"x": self.moderator}).reset_index(drop=True)
        return f"Fitted effect over {self.moderator}", [table], self.notes


def regression_lines(
    result: Regression, moderator: str, *, n_points: int = 61, conf_level: float = 0.95
) -> RegressionLines:
    """Compute what a bubble plot draws: the fitted effect over one numeric moderator.

    Use it after a meta-regression, to see line, uncertainty and studies in one picture. The line
    averages the other moderators over the effects, categories by their shares.

    Parameters
    ----------
    result : MetaResult or MultilevelMetaResult
        With moderators.
    moderator : str
        A numeric column among them.
    n_points : int
        Values of the moderator, evenly from its smallest to its largest.
    conf_level : float

    Returns
    -------
    RegressionLines
        ``frame`` has the columns ``row study effect x estimate ci_low ci_high pi_low pi_high se
        weight shown``; ``row`` is ``study`` (effect sizes) or ``line`` (fitted effects with
        confidence and prediction limits), all but `shown` on the scale of analysis.

    Raises
    ------
    ArgumentError
        If `moderator` is none of the model, or not numeric.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31, 0.26],
    ...     "year": [1990, 1995, 2001, 2004, 2011, 2019],
    ...     "vi": [0.010, 0.020, 0.012, 0.015, 0.020, 0.009]})
    >>> lines = al.meta.regression_lines(al.fit_meta(frame, mods="year"), "year", n_points=3)
    >>> lines.frame.loc[lines.frame["row"] == "line", "x"].tolist()
    [1990.0, 2004.5, 2019.0]
    """
    probability(conf_level, name="conf_level")
    if not is_whole(n_points) or n_points < 2:
        raise ArgumentError(f"n_points={n_points!r} is no whole number of 2 or more.")
    used = columns_of(result.studies.moderators.fixed)
    values = _values(result.studies, moderator, used)
    grid = np.linspace(values.min(), values.max(), n_points)
    fitted = result.predict_rows(_averaged(result.studies, moderator, grid), conf_level=conf_level)
    lines = fitted[[*ENDS, "se"]].assign(row="line", study="", effect="", x=grid)
    frame = pd.concat([_points(result, values, conf_level), lines], ignore_index=True)
    frame["shown"] = _shown(frame["estimate"].to_numpy(dtype=float), result.scale.back)
    others = tuple(name for name in used if name != moderator)
    return RegressionLines(result, moderator, others, frame, conf_level)


def _values(studies: Studies, moderator: str, used: tuple[str, ...]) -> np.ndarray:
    """The moderator of every effect, (k,)."""
    if moderator not in used:
        known = f"Moderators: {name_list(used)}." if used else "It has no moderators."
        raise ArgumentError(
            f"'{moderator}' is no moderator of this model.{did_you_mean(str(moderator), used)} "
            f"{known}"
        )
    column = studies.frame[moderator]
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise ArgumentError(
            f"'{moderator}' holds categories, not numbers. Use plot_forest or plot_orchard for "
            "subgroups."
        )
    return column.to_numpy(dtype=float)


def _averaged(studies: Studies, moderator: str, grid: np.ndarray) -> np.ndarray:
    """Design rows (n_points, p): means over all effects, one moderator set to each value."""
    k = studies.k
    repeated = studies.frame.iloc[np.tile(np.arange(k), len(grid))].reset_index(drop=True)
    rows = studies.moderators.columns_for(repeated.assign(**{moderator: np.repeat(grid, k)}))
    return np.asarray(rows.reshape(len(grid), k, -1).mean(axis=1))


def _points(result: Regression, values: np.ndarray, conf_level: float) -> pd.DataFrame:
    """The effect sizes, as in the forest frame."""
    plot = result.view(conf_level=conf_level).plot
    if plot is None:
        raise ArgumentError("the result has no effect sizes to draw. Give a result of fit_meta.")
    studies = plot[plot["row"] == "study"]
    kept = ["row", "study", "effect", "estimate", "ci_low", "ci_high", "se", "weight"]
    return studies[kept].reset_index(drop=True).assign(x=values)


def _shown(
    values: np.ndarray, back: Callable[[np.ndarray], np.ndarray] | None
) -> np.ndarray:  # fmt: skip
    return values if back is None else back(values)
