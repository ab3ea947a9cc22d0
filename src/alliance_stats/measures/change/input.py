"""Scores before and after, and the groups of the patients, from columns or arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import columns_present, frame_given, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of patients, one a row, missing as NaN; `groups` has one column a grouping."""

    pre: Floats
    post: Floats
    index: pd.Index
    groups: pd.DataFrame
    pre_name: str
    post_name: str


def as_scores(pre: Any, post: Any, frame: pd.DataFrame | None, groups: Any) -> Scores:
    """Scores from columns of a frame, or from Series or arrays of the same patients.

    Raises
    ------
    ArgumentError
        If names are given without a frame.
    DataError
        If a column is missing or not numeric, or the lengths or indexes differ.
    """
    before, after = (_series(v, frame, n) for v, n in ((pre, "pre"), (post, "post")))
    _same_patients(before, after, "post")
    if before.empty:
        raise DataError("pre holds no patient. Give at least one score.")
    table = _group_table(groups, frame, before)
    arrays = []
    for series, name in ((before, "pre"), (after, "post")):
        numeric_column(series.to_frame(name), name, what="scores")
        arrays.append(series.to_numpy(dtype=float, na_value=np.nan))
    names = [str(s.name) if s.name is not None else w
             for s, w in ((before, "before"), (after, "after"))]  # fmt: skip
    return Scores(arrays[0], arrays[1], before.index, table, *names)


def _series(values: Any, frame: pd.DataFrame | None, name: str) -> pd.Series:
    if isinstance(values, str):
        if frame is None:
            raise ArgumentError(
                f"{name}={values!r} is the name of a column, but there is no frame. "
                "Give frame= too, or the scores themselves."
            )
        frame_given(frame, name="frame")
        columns_present(frame, [values])
        return frame[values]
    if isinstance(values, pd.Series):
        return values
    if np.ndim(values) != 1:
        raise ArgumentError(f"{name} is not one column of scores. Give a Series or a list.")
    return pd.Series(values)


def _same_patients(first: pd.Series, other: pd.Series | pd.DataFrame, name: str) -> None:
    if len(first) != len(other):
        raise DataError(
            f"pre holds {len(first):,} and {name} {len(other):,} patients. Give one score each; "
            "a patient without a later score is missing there."
        )
    if not first.index.equals(other.index):
        raise DataError(
            f"pre and {name} have different indexes, so it is not sure that their rows are the "
            f"same patients. Put both in one frame, or give {name}.reindex(pre.index)."
        )


def _group_table(groups: Any, frame: pd.DataFrame | None, first: pd.Series) -> pd.DataFrame:
    if groups is None:
        return pd.DataFrame(index=first.index)
    if isinstance(groups, str) or (
        isinstance(groups, Sequence) and groups and all(isinstance(g, str) for g in groups)
    ):
        names = [groups] if isinstance(groups, str) else list(groups)
        if frame is None:
            raise ArgumentError("groups names columns, but there is no frame. Give frame= too.")
        columns_present(frame, names)
        table = frame[names]
    elif isinstance(groups, pd.Series):
        table = groups.to_frame("group" if groups.name is None else str(groups.name))
    elif isinstance(groups, pd.DataFrame):
        table = groups
    else:
        raise ArgumentError(
            f"groups is a {type(groups).__name__}. Give names of columns of frame, a Series, or a "
            "DataFrame."
        )
    _same_patients(first, table, "groups")
    own = {"pre", "post", "change", "index", "reliable", "case_before", "case_after", "category"}
    if taken := [str(name) for name in table.columns if name in own]:
        raise ArgumentError(f"groups has a column '{taken[0]}', as the result has. Rename it.")
    return table.rename(columns=str)
