"""The effect sizes that are analysed: from columns of a frame to arrays, with all refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    frame_given,
    name_list,
    numeric_column,
    some_row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.meta.moderators import (
    Moderators,
    build_moderators,
    columns_of,
    read_moderators,
)
from alliance_stats.meta.scales import scale_of

#: The column in which `effect_sizes` leaves the name of the measure.
MEASURE = "es_measure"
#: The column of sample sizes, where there is one.
SIZES = "ni"
#: The columns of sizes of two groups, where there are such.
ARMS = ("n1i", "n2i")


@dataclass(frozen=True, eq=False)
class Studies:
    """Complete effect sizes of studies, in the order of the frame.

    Attributes
    ----------
    yi, vi : array (k,)
        Effect sizes and their sampling variances.
    moderators : Moderators
        The design matrix and how it was made.
    frame : DataFrame
        The complete rows: identifiers, moderators and further columns asked for; index 0 … k − 1.
    study : array (k,) of str
        Study names; ``1``, ``2`` … by position in the data where there is no such column.
    rows : array (k,) of int
        Positions in the frame given.
    ni : array (k,) or None
        Sample sizes (NaN where unknown).
    measure : str or None
        Such as ``ZCOR``; None for effect sizes of no stated measure.
    columns : mapping
        Names of the columns used: ``yi``, ``vi`` and, where present, ``study``.
    dropped : mapping of str to int
        Rows not analysed, by the column whose value is missing; the first of them counts.
    n_given : int
        Rows of the frame given.
    arms : array (k, 2) or None
        Sizes of the two groups of every comparison (NaN where unknown).
    """

    yi: np.ndarray
    vi: np.ndarray
    moderators: Moderators
    frame: pd.DataFrame
    study: np.ndarray
    rows: np.ndarray
    ni: np.ndarray | None
    measure: str | None
    columns: Mapping[str, str]
    dropped: Mapping[str, int]
    n_given: int
    arms: np.ndarray | None = None

    @property
    def x(self) -> np.ndarray:
        """The design matrix (k, p)."""
        return self.moderators.x

    @property
    def k(self) -> int:
        """Number of effect sizes."""
        return len(self.yi)

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return self.x.shape[1]

    @property
    def n_studies(self) -> int:
        """Number of different studies."""
        return len(set(self.study.tolist()))

    @property
    def n_dropped(self) -> int:
        """Rows not analysed."""
        return sum(self.dropped.values())

    def messages(self) -> tuple[str, ...]:
        """The rows not analysed, by cause; nothing if all were."""
        if not self.dropped:
            return ()
        causes = ", ".join(f"{name} missing: {n}" for name, n in self.dropped.items())
        verb = agree(self.n_dropped, "was", "were")
        return (f"{self.n_dropped} of {self.n_given} rows {verb} dropped ({causes}).",)


def prepare_studies(
    frame: pd.DataFrame,
    *,
    yi: str = "yi",
    vi: str = "vi",
    study: str = "study",
    mods: str | Sequence[str] | None = None,
    measure: str | None = None,
    groups: Sequence[str] = (),
) -> Studies:
    """Read the columns of a meta-analysis.

    Parameters
    ----------
    frame : DataFrame
        One row an effect size.
    yi, vi : str
        Columns of effect sizes and sampling variances.
    study : str
        Column of study names; it may be absent only if it has its default name and is not among
        `groups`.
    mods : str or list of str, optional
        Moderators (see `read_moderators`).
    measure : str, optional
        The measure; by default that of column ``es_measure``, if there is one.
    groups : sequence of str
        Further identifiers that random effects need. None may be missing.

    Raises
    ------
    DataError
        If a column is absent or not numeric, variances are not positive, names of studies are
        missing, fewer than two rows are complete, or moderators do not vary or repeat each other.
    """
    frame_given(frame, name="frame")
    fixed = read_moderators(mods, yi=yi)
    identifiers = _identifiers(frame, study, groups)
    used = columns_of(fixed)
    columns_present(frame, (yi, vi, *identifiers, *used))
    numeric_column(frame, yi)
    numeric_column(frame, vi)
    _refuse_missing_names(frame, identifiers)
    rows, dropped = _complete_rows(frame, (yi, vi, *used))
    values, variances = _floats(frame, yi, rows), _floats(frame, vi, rows)
    _refuse_variances(variances, rows, vi)
    _refuse_few(len(rows), len(frame), (yi, vi, *used))
    kept = pd.DataFrame(
        {name: frame[name].array.take(rows) for name in dict.fromkeys((*identifiers, *used))},
        index=pd.RangeIndex(len(rows)),
    )
    named = kept[study].to_numpy(dtype=object) if study in kept else rows + 1
    for array in (values, variances):
        array.flags.writeable = False
    return Studies(
        yi=values,
        vi=variances,
        moderators=build_moderators(fixed, kept),
        frame=kept,
        study=np.array([str(name) for name in named], dtype=object),
        rows=rows,
        ni=_sizes(frame, rows, SIZES),
        measure=_measure(frame, rows, measure),
        columns=MappingProxyType(
            {"yi": yi, "vi": vi, **({"study": study} if study in kept else {})}
        ),
        dropped=MappingProxyType(dropped),
        n_given=len(frame),
        arms=_arms(frame, rows),
    )


def _identifiers(frame: pd.DataFrame, study: str, groups: Sequence[str]) -> tuple[str, ...]:
    """The identifying columns; the study's may be absent under its default name."""
    optional = study == "study" and study not in frame.columns
    return tuple(dict.fromkeys((*([] if optional else [study]), *groups)))


def _refuse_missing_names(frame: pd.DataFrame, identifiers: Sequence[str]) -> None:
    for name in identifiers:
        column = frame[name]
        missing = column.isna().to_numpy()
        if pd.api.types.is_string_dtype(column) or column.dtype == object:
            empty = [not str(value).strip() for value in column.to_numpy(dtype=object)]
            missing = missing | np.array(empty, dtype=bool)
        if missing.any():
            rows = np.flatnonzero(missing)
            raise DataError(
                f"'{name}' is missing in {counted(len(rows), 'row')}: {some_row_places(rows)}. "
                "Say which study every effect size comes from."
            )


def _complete_rows(frame: pd.DataFrame, names: Sequence[str]) -> tuple[np.ndarray, dict[str, int]]:
    """Positions of the rows without missing values, and the others counted by column."""
    complete = np.ones(len(frame), dtype=bool)
    dropped: dict[str, int] = {}
    for name in dict.fromkeys(names):
        missing = frame[name].isna().to_numpy()
        if n := int((missing & complete).sum()):
            dropped[name] = n
            complete &= ~missing
    return np.flatnonzero(complete), dropped


def _floats(frame: pd.DataFrame, name: str, rows: np.ndarray) -> np.ndarray:
    return frame[name].to_numpy(dtype=float, na_value=np.nan)[rows]


def _refuse_variances(variances: np.ndarray, rows: np.ndarray, name: str) -> None:
    bad = np.flatnonzero(variances <= 0)
    if len(bad):
        seen = name_list(f"{value:g}" for value in variances[bad])
        raise DataError(
            f"'{name}' must be above 0: {counted(len(bad), 'sampling variance')} of {len(rows)} "
            f"{agree(len(bad), 'is', 'are')} not ({seen}), at {some_row_places(rows[bad])}. "
            "Correct them, or leave these rows out; a variance is the square of a standard error."
        )


def _refuse_few(k: int, n: int, names: Sequence[str]) -> None:
    if k < 2:
        raise DataError(
            f"a meta-analysis needs two or more effect sizes: {k} of {counted(n, 'row')} "
            f"{agree(k, 'is', 'are')} complete in {name_list(dict.fromkeys(names))}. "
            "Give the data of more studies."
        )


def _sizes(frame: pd.DataFrame, rows: np.ndarray, name: str) -> np.ndarray | None:
    """Sample sizes, where the frame has a numeric column of that name."""
    if name not in frame.columns or not pd.api.types.is_numeric_dtype(frame[name]):
        return None
    return _floats(frame, name, rows)


def _arms(frame: pd.DataFrame, rows: np.ndarray) -> np.ndarray | None:
    sizes = [found for name in ARMS if (found := _sizes(frame, rows, name)) is not None]
    return np.column_stack(sizes) if len(sizes) == len(ARMS) else None


def _measure(frame: pd.DataFrame, rows: np.ndarray, measure: str | None) -> str | None:
    """The one measure of all rows: as said, or as the frame says."""
    scale_of(measure)
    if MEASURE not in frame.columns:
        return measure
    seen = pd.unique(frame[MEASURE].array.take(rows))
    found = [str(value) for value in seen if not pd.isna(value)]
    if len(found) > 1:
        raise DataError(
            f"column '{MEASURE}' holds several measures: {name_list(found)}. Convert them to one "
            "scale first, or analyse each by itself."
        )
    scale_of(found[0] if found else measure)
    if measure is not None and found and found[0] != measure:
        raise ArgumentError(
            f"measure={measure!r}, but column '{MEASURE}' says {found[0]!r}. "
            "Leave the argument out."
        )
    return found[0] if found else measure
