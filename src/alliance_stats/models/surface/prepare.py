"""From sessions to the frame of a response surface: both ratings on one scale, from one centre.

Within patients both ratings are counted from the patient's common centre, the mean of both of the
patient's means, so that their difference stays what it is; the patient's means enter as a quadratic
surface of their own, which leaves what varies within patients to the surface that is asked for.
Between patients both means are counted from one midpoint. (Nestler, Humberg & Schönbrodt, 2019,
Psychol. Methods 24(3), ask for one centre of both predictors.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import derived_name
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.formula.names import quote_name
from alliance_stats.models.paired import Scale, check_parts, checked_columns, refuse_differences
from alliance_stats.models.prepare import PreparedSessions

Level = Literal["within", "between"]
Midpoint = Literal["scale", "mean"]


@dataclass(frozen=True, eq=False)
class PreparedSurface:
    """Rows and columns of a response surface.

    Attributes
    ----------
    sessions : PreparedSessions
        Complete rows, with the columns below.
    pair : (str, str)
        The ratings x and y.
    level : str
    x, y : str
        Their columns in the model, counted from the common centre.
    means : tuple of str
        Columns of the patient's means that are held constant; within patients only.
    midpoint : float
        What patient means are counted from.
    covariates : tuple of str
    """

    sessions: PreparedSessions
    pair: tuple[str, str]
    level: Level
    x: str
    y: str
    means: tuple[str, ...]
    midpoint: float
    covariates: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the model."""
        return self.sessions.frame

    @property
    def names(self) -> tuple[str, str, str, str, str]:
        """Names in the model of the coefficients b1 … b5."""
        x2, y2 = (f"I({quote_name(column)}^2)" for column in (self.x, self.y))
        return self.x, self.y, x2, f"{self.x}:{self.y}", y2

    def terms(self) -> list[str]:
        """Fixed terms besides time, as formula text."""
        fixed = [*quadratic(self.x, self.y), *(quadratic(*self.means) if self.means else ())]
        return [*fixed, *map(quote_name, self.covariates)]

    def points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x and y of what is compared, and how many rows each stands for: rows, or patients."""
        frame = self.frame
        if self.level == "within":
            rows = frame[[self.x, self.y]].to_numpy(dtype=float)
            return rows[:, 0], rows[:, 1], np.ones(len(rows))
        groups = frame.groupby(list(self.sessions.groups["patient"]), sort=False, observed=True)
        first = groups[[self.x, self.y]].first().to_numpy(dtype=float)
        return first[:, 0], first[:, 1], groups.size().to_numpy(dtype=float)


def quadratic(x: str, y: str) -> list[str]:
    """The terms x, y, x², xy, y² as formula text."""
    a, b = quote_name(x), quote_name(y)
    return [a, b, f"I({a}^2)", f"{a}:{b}", f"I({b}^2)"]


def prepare_surface(
    prepared: PreparedSessions,
    pair: tuple[str, str],
    *,
    level: Level,
    midpoint: Midpoint | None,
    scale: Scale | None,
    covariates: Sequence[str],
) -> PreparedSurface:
    """Count both ratings from one centre."""
    frame = prepared.frame.copy()
    if level == "within":
        for column in pair:
            check_parts(prepared, column, ["within"])
    own = [frame[column].astype(float) - frame[derived_name(column, "within")] for column in pair]
    centre = _midpoint(prepared, own, midpoint, scale)
    suffix = "common" if level == "within" else "mean"
    names = [f"{column}_{suffix}" for column in pair]
    made = dict(zip([f"{column}_mean" for column in pair], [m - centre for m in own], strict=True))
    if level == "within":
        common = (own[0] + own[1]) / 2.0
        made |= {n: frame[c] - common for n, c in zip(names, pair, strict=True)}
    clash = [name for name in made if name in frame]
    if clash:
        raise DataError(f"column '{clash[0]}' has the name of one the model makes. Rename it.")
    frame = frame.assign(**made)
    means = tuple(f"{column}_mean" for column in pair) if level == "within" else ()
    ready = replace(prepared, frame=frame)
    return PreparedSurface(ready, pair, level, names[0], names[1], means, centre, tuple(covariates))


def _midpoint(
    prepared: PreparedSessions, own: list[pd.Series], wanted: Midpoint | None, scale: Scale | None
) -> float:
    """The point that patient means are counted from: of the scale, or the mean of all means."""
    if wanted == "scale":
        if scale is None:
            raise ArgumentError(
                "midpoint='scale' needs scale=(low, high): lowest and highest possible score."
            )
        return sum(scale) / 2.0
    first = ~prepared.frame[prepared.roles.patient].duplicated().to_numpy()
    return float(np.mean([mean[first].mean() for mean in own]))


def covariate_columns(
    data: SessionData, roles: Roles, pair: tuple[str, str], wanted: Sequence[str], *, clock: str
) -> list[str]:
    """Columns held constant, checked."""
    taken = [*pair, roles.outcome, roles.patient, roles.therapist, clock]
    found = checked_columns(wanted, name="covariates", taken=taken)
    columns_present(data.frame, found)
    refuse_differences(data.frame, found, pair, name="covariates")
    return found
