"""rwg: agreement within each group of raters, against ratings without any information.

James, Demaree & Wolf (1984, J. Appl. Psychol. 69(1)): with the mean s̄² of the variances of J items
in a group and the variance σ² of ratings without information, 1 − s̄²/σ² for one item and

    r_wg(J) = J (1 − s̄²/σ²)/(J (1 − s̄²/σ²) + s̄²/σ²);

set to 0 where s̄² > σ². a_wg (Brown & Hauenstein, 2005, Organ. Res. Methods 8(2)) compares with the
largest variance that the group's mean allows on a scale from L to H:

    a_wg = 1 − 2 s²/(((H + L) M − M² − H L) K/(K − 1)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import (
    columns_present,
    counted,
    frame_given,
    numeric_column,
    one_of,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.messages import about_dropped, warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]
Index = Literal["rwg", "awg"]


def uniform_variance(scale: tuple[float, float]) -> float:
    """Variance of ratings spread evenly over the whole numbers of a scale.

    Examples
    --------
    >>> uniform_variance((1, 5))
    2.0
    """
    options = scale[1] - scale[0] + 1.0
    return (options**2 - 1.0) / 12.0


def rwg(
    frame: pd.DataFrame,
    *,
    items: str | Sequence[str],
    group: str,
    scale: tuple[float, float],
    index: Index = "rwg",
    null_variance: float | None = None,
) -> ReliabilityResult:
    """Agreement of the ratings within each group, for example of the patients of a therapist.

    Parameters
    ----------
    frame : DataFrame
        One rating a row.
    items : str or list of str
        One item (r_wg) or several (r_wg(J)).
    group : str
        Column of the groups.
    scale : (lowest, highest)
        Ends of the scale, a whole number a step.
    index : {"rwg", "awg"}
    null_variance : float, optional
        For r_wg: variance of ratings without information; by default those spread evenly over the
        scale. Skewed ratings (leniency) have a smaller one, and it lowers r_wg.

    Returns
    -------
    ReliabilityResult
        Terms ``mean``, ``median`` over groups and ``share from .70``; ``plot`` has one row a
        group: ``group n mean value``. There is no test: r_wg says nothing about differences
        between groups (see `aggregation_icc`).

    Raises
    ------
    DataError
        If a column is missing or not numeric, or no group has two complete ratings.
    ArgumentError
        If `scale` or `null_variance` is not usable.

    Warns
    -----
    DataWarning
        If rows or groups were left out, or values below zero were set to zero.

    Examples
    --------
    >>> frame = pd.DataFrame({"team": ["a", "a", "a", "b", "b"], "climate": [4, 4, 5, 1, 5]})
    >>> rwg(frame, items="climate", group="team", scale=(1, 5)).plot["value"].round(3).tolist()
    [0.833, 0.0]
    """
    names = [items] if isinstance(items, str) else list(items)
    _check(frame, names, group, scale)
    one_of(index, ("rwg", "awg"), name="index")
    null = _null(index, scale, null_variance)
    kept = frame[[group, *names]].dropna()
    values = kept[names].to_numpy(dtype=float)
    _check_range(values, names, scale)
    codes, labels = pd.factorize(kept[group], sort=True)
    sizes = np.bincount(codes, minlength=len(labels))
    large = sizes > 1
    if not large.any():
        raise DataError(
            f"none of {counted(len(labels), 'group')} has two complete ratings. "
            "Agreement within groups needs groups of two."
        )
    means, variances = _moments(values, codes, sizes)
    found = (
        _rwg(variances, float(null)) if null is not None else _awg(means, variances, sizes, scale)
    )
    table = pd.DataFrame(
        {
            "group": np.asarray(labels)[large],
            "n": sizes[large],
            "mean": means.mean(axis=1)[large],
            "value": np.maximum(found, 0.0)[large] if index == "rwg" else found[large],
        }
    )
    messages = _about(len(frame) - len(kept), len(frame), large, found, index)
    return warned(
        ReliabilityResult(
            kind="rwg",
            title=_title(index, len(names)),
            terms=coefficient_rows(_summary(table["value"].to_numpy())),
            counts={"rating": len(kept), "group": int(large.sum()), "item": len(names)},
            n_dropped=len(frame) - len(kept),
            notes=_notes(null),
            messages=tuple(messages),
            plot=table,
        )
    )


def _check(frame: pd.DataFrame, names: list[str], group: str, scale: tuple[float, float]) -> None:
    frame_given(frame, name="frame")
    columns_present(frame, [*names, group])
    if group in names or len(set(names)) < len(names):
        raise ArgumentError(f"items={names!r} and group={group!r} name a column twice.")
    for name in names:
        numeric_column(frame, name, what="item")
    if len(scale) != 2 or not scale[0] < scale[1]:
        raise ArgumentError(
            f"scale={scale!r} is not a lowest and a highest rating. Give two numbers, such as "
            "(1, 7)."
        )


def _null(index: Index, scale: tuple[float, float], null_variance: float | None) -> float | None:
    """Variance without information; None for a_wg."""
    if index == "awg":
        if null_variance is not None:
            raise ArgumentError("null_variance would be ignored by index='awg'. Leave it out.")
        return None
    if null_variance is None:
        return uniform_variance(scale)
    if not null_variance > 0:
        raise ArgumentError(f"null_variance={null_variance:g} is not above zero.")
    return float(null_variance)


def _check_range(values: Floats, names: list[str], scale: tuple[float, float]) -> None:
    outside = (values < scale[0]) | (values > scale[1])
    if outside.any():
        name = names[int(np.flatnonzero(outside.any(axis=0))[0])]
        raise DataError(
            f"{counted(int(outside.sum()), 'rating')} outside {scale[0]:g} to {scale[1]:g}, first "
            f"of item '{name}'. Correct them, or scale=."
        )


def _moments(
    values: Floats, codes: NDArray[np.intp], sizes: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Means and variances (groups, items)."""
    totals = [np.bincount(codes, weights=column, minlength=len(sizes)) for column in values.T]
    means = np.column_stack(totals) / sizes[:, None]
    squares = (values - means[codes]) ** 2
    sums = [np.bincount(codes, weights=column, minlength=len(sizes)) for column in squares.T]
    return means, np.column_stack(sums) / np.maximum(sizes - 1, 1)[:, None]


def _rwg(variances: Floats, null: float) -> Floats:
    """r_wg(J) (groups,), which is r_wg for one item; below zero where s̄² > σ²."""
    ratio = variances.mean(axis=1) / null
    j = variances.shape[1]
    agreeing = j * (1.0 - ratio)
    return np.asarray(np.where(ratio > 1.0, -1.0, agreeing / (agreeing + ratio)))


def _awg(
    means: Floats, variances: Floats, sizes: NDArray[np.intp], scale: tuple[float, float]
) -> Floats:
    """Mean over items of a_wg (groups,).

    NaN where a mean is so near an end of the scale that k ratings cannot be split evenly between
    the ends; 1 where all are the same.
    """
    low, high = scale
    k = np.maximum(sizes, 2)[:, None]
    largest = ((high + low) * means - means**2 - high * low) * k / (k - 1.0)
    inside = (means >= (low * (k - 1.0) + high) / k) & (means <= (high * (k - 1.0) + low) / k)
    found = 1.0 - 2.0 * variances / np.where(inside, largest, np.nan)
    return np.asarray(np.where(variances == 0.0, 1.0, found).mean(axis=1))


def _summary(values: Floats) -> list[dict[str, object]]:
    known = values[~np.isnan(values)]
    if not len(known):
        known = np.array([np.nan])
    share = float((known >= 0.7).mean()) if np.isfinite(known).all() else float("nan")
    return [
        {"term": "mean", "estimate": float(known.mean())},
        {"term": "median", "estimate": float(np.median(known))},
        {"term": "share from .70", "estimate": share},
    ]


def _title(index: Index, n_items: int) -> str:
    name = "a_wg" if index == "awg" else "r_wg" if n_items == 1 else f"r_wg(J), {n_items} items"
    return f"Agreement within groups: {name}"


def _notes(null: float | None) -> tuple[str, ...]:
    if null is None:
        return ("Compared with the largest variance that the group's mean allows.",)
    return (f"Compared with a variance of {null:g} of ratings without information.",)


def _about(
    dropped: int, total: int, large: NDArray[np.bool_], found: Floats, index: Index
) -> list[str]:
    messages = about_dropped(dropped, total, "row", "a value missing")
    small = int((~large).sum())
    if small:
        messages.append(f"{counted(small, 'group')} with one rating left out.")
    below = int((found[large] < 0).sum())
    if below and index == "rwg":
        messages.append(
            f"{counted(below, 'group')} with more variance than ratings without information: set "
            "to 0."
        )
    undefined = int(np.isnan(found[large]).sum())
    if undefined:
        messages.append(
            f"{counted(undefined, 'group')} with means too near an end of the scale for its size: "
            "undefined (NaN), left out of mean and median."
        )
    return messages
