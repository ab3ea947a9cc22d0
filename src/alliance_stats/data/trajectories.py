"""Trajectories: each patient's ratings over sessions, and their mean at each session number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from alliance_stats.data.roles import Roles
from alliance_stats.data.units import Codes, Floats, at_rows, float_values, unit_codes, unit_means

#: Ratings whose trajectories are shown, in print order.
PANELS = ("alliance", "outcome")
#: A mean over fewer patients than this is not given.
FEWEST_PATIENTS = 5

_LAYERS = ("lines", "mean")


def trajectories_frame(
    frame: pd.DataFrame, roles: Roles, *, conf_level: float = 0.95
) -> pd.DataFrame:
    """Return the frame that a figure of trajectories draws.

    Parameters
    ----------
    frame : DataFrame
        One row a session, each session of a patient once, in any order.
    roles : Roles
        Names of the columns.
    conf_level : float
        Confidence level of the interval of each mean.

    Returns
    -------
    DataFrame
        Columns ``panel`` (alliance, outcome), ``layer``, ``x`` (session number), ``y``,
        ``y_low``, ``y_high``, ``group`` and ``n``.

        * layer ``lines``: every observed rating, by patient and session. ``group`` numbers the
          patients 0, 1, … in the order in which they appear in the data; ``n`` is 1.
        * layer ``mean``: mean over patients at one session number with its pointwise t
          interval; ``n`` is how many patients contribute, 5 or more; ``group`` is -1.

    Notes
    -----
    Patients are taken as independent; a therapist's share in the ratings widens the intervals.
    Means of later sessions are over those patients who are still there.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient": range(5), "session": 1, "alliance": [3.0, 4, 5, 6, 7],
    ...                       "outcome": [None, 9.0, 8, 7, 6]})
    >>> plot = trajectories_frame(frame, Roles())
    >>> plot.loc[plot["layer"] == "mean", ["panel", "x", "y", "n"]]
          panel    x    y  n
    5  alliance  1.0  5.0  5
    """
    patient, _ = unit_codes(frame, roles.patient)
    session = float_values(frame, roles.session)
    ratings = {panel: float_values(frame, getattr(roles, panel)) for panel in PANELS}
    if not _is_sorted(patient, session):
        sort = np.lexsort((session, patient))
        patient, session = patient[sort], session[sort]
        ratings = {panel: values[sort] for panel, values in ratings.items()}
    numbers, place = np.unique(session, return_inverse=True)
    parts: list[dict[str, np.ndarray]] = []
    for code, panel in enumerate(PANELS):
        observed = ~np.isnan(ratings[panel])
        values, at = ratings[panel][observed], place[observed]
        lines = {"x": session[observed], "y": values, "group": patient[observed]}
        mean = means_by_number(values, at, numbers, conf_level=conf_level)
        parts += [_layer(code, 0, **lines), _layer(code, 1, **mean)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    panels = pd.Categorical.from_codes(joined.pop("panel"), pd.Index(PANELS))
    layers = pd.Categorical.from_codes(joined.pop("layer"), pd.Index(_LAYERS))
    return pd.DataFrame({"panel": panels, "layer": layers, **joined}, copy=False)


def means_by_number(
    values: Floats, place: Codes, numbers: Floats, *, conf_level: float
) -> dict[str, np.ndarray]:
    """Mean, pointwise t interval and count at each session number with enough patients.

    Parameters
    ----------
    values : array of float
        Observed ratings, at most one of a patient at one session number.
    place : array of int
        Position in `numbers` of each rating.
    numbers : array of float
        Session numbers, rising.
    conf_level : float
        Confidence level.

    Returns
    -------
    dict
        Arrays ``x``, ``y``, ``y_low``, ``y_high`` and ``n``, one entry a session number.
    """
    n = np.bincount(place, minlength=len(numbers))
    means = unit_means(values, place, len(numbers))
    off = values - at_rows(means, place)
    squares = np.bincount(place, weights=off * off, minlength=len(numbers))
    kept = n >= FEWEST_PATIENTS
    n, means = n[kept], means[kept]
    half = stdtrit(n - 1, 0.5 + conf_level / 2) * np.sqrt(squares[kept] / (n - 1) / n)
    return {"x": numbers[kept], "y": means, "y_low": means - half, "y_high": means + half, "n": n}


def _is_sorted(patient: Codes, session: Floats) -> bool:
    """Whether the rows stand by patient and, within one, by session."""
    step = np.diff(patient)
    return bool(((step > 0) | ((step == 0) & (np.diff(session) > 0))).all())


def _layer(panel: int, layer: int, **columns: np.ndarray) -> dict[str, np.ndarray]:
    """One panel's layer with all columns of the frame in their order."""
    rows = len(columns["x"])
    unknown = {"y_low": np.nan, "y_high": np.nan, "group": -1, "n": 1}
    names = ("x", "y", *unknown)
    filled = {k: columns[k] if k in columns else np.full(rows, unknown[k]) for k in names}
    return {
        "panel": np.full(rows, panel, np.int8),
        "layer": np.full(rows, layer, np.int8),
        **filled,
    }
