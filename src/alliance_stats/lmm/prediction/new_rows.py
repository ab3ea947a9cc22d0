"""Rows that a fitted model is applied to: its columns, groups, offset and weights in a frame."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, columns_present, counted, frame_given, numeric_column
from alliance_stats._base.errors import DataError
from alliance_stats.formula.columns import same_columns
from alliance_stats.lmm.design.groups import factorise
from alliance_stats.lmm.design.mixed_design import Level, MixedDesign, ModelDesign
from alliance_stats.lmm.design.unique import random_terms
from alliance_stats.lmm.residual.new_rows import row_ratios


@dataclass(frozen=True, eq=False)
class NewRows:
    """The design columns of other rows, in the units of the data; NaN where a value is missing.

    Attributes
    ----------
    x : ndarray (p, n)
        Fixed columns, without redundant ones.
    z : list of ndarray (q_l, n)
        Columns of every factor; empty if not asked for.
    offset : ndarray (n,)
    used : tuple of str
        Columns of the data that were read, for counts of missing values.
    """

    x: np.ndarray
    z: list[np.ndarray]
    offset: np.ndarray
    used: tuple[str, ...]

    @property
    def incomplete(self) -> np.ndarray:
        """Rows (n,) with a missing value."""
        gone = np.isnan(self.offset)
        for columns in (self.x, *self.z):
            gone |= np.isnan(columns).any(axis=0)
        return gone


def read_new_rows(design: ModelDesign, data: pd.DataFrame, *, random: bool) -> NewRows:
    """Compute the columns of a design for other rows, the random ones if asked for.

    Raises
    ------
    DataError
        If there are no rows, a column is absent or of another type than in the fitted rows, or a
        level of a categorical predictor was not fitted.
    """
    frame_given(data, name="data")
    if not len(data):
        raise DataError("data has no rows. Check the file or the filter.")
    memories = design.memories if random else design.memories[:1]
    used = [c for memory in memories for c in memory.columns]
    columns_present(data, dict.fromkeys([*used, *([design.offset] if design.offset else [])]))
    columns: dict[str, np.ndarray] = {}
    for memory in memories:
        found = same_columns(memory, data, missing="nan")
        columns |= dict(zip(found.names, found.columns, strict=True))
    offset = np.zeros(len(data))
    if design.offset:
        offset = number_column(data, design.offset)
        used.append(design.offset)
    levels = design.levels if random else ()
    return NewRows(
        _stacked(columns, design.names, len(data)),
        [_stacked(columns, level.effects, len(data)) for level in levels],
        offset,
        tuple(dict.fromkeys(used)),
    )


def _stacked(columns: dict[str, np.ndarray], names: tuple[str, ...], n: int) -> np.ndarray:
    stacked = np.empty((len(names), n))
    for row, name in enumerate(names):
        stacked[row] = columns[name]
    return stacked


def number_column(data: pd.DataFrame, name: str) -> np.ndarray:
    """A column of numbers (n,), NaN where it is missing."""
    columns_present(data, [name])
    if not data[name].notna().any():
        return np.full(len(data), np.nan)
    numeric_column(data, name)
    return data[name].to_numpy(dtype=float, na_value=np.nan)


def residual_sd(design: MixedDesign, data: pd.DataFrame, sigma2: float) -> np.ndarray:
    """Residual standard deviation (n,) of every row, NaN where a weight or level is missing.

    √(σ²/w), times the ratio of the row's level where levels differ in variance.
    """
    sigma = np.full(len(data), np.sqrt(sigma2))
    if design.residual is not None:
        sigma *= row_ratios(design.residual, data)
    if not design.weights:
        return sigma
    weights = number_column(data, design.weights)
    bad = int(np.count_nonzero(weights <= 0))
    if bad:
        raise DataError(
            f"weights column '{design.weights}' has {counted(bad, 'value')} of zero or below. "
            "The residual variance of a row is σ²/weight: give weights above zero."
        )
    return np.asarray(sigma / np.sqrt(weights))


def group_columns(design: ModelDesign) -> list[tuple[str, ...]]:
    """The columns whose combinations are the groups of every factor."""
    by_name: dict[str, tuple[str, ...]] = {}
    for term in random_terms(design.formula):
        by_name.setdefault(":".join(term.group), term.group)
    return [by_name[level.name] for level in design.levels]


def number_groups(data: pd.DataFrame, columns: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Number (n,) of every row's group by first appearance, −1 without a label; the labels."""
    columns_present(data, columns)
    codes = np.full(len(data), -1)
    labelled = np.flatnonzero(data[list(columns)].notna().all(axis=1).to_numpy())
    if not len(labelled):
        return codes, np.empty(0, dtype=object)
    grouping = factorise(data.iloc[labelled], columns)
    codes[labelled] = grouping.codes
    return codes, grouping.labels


def known_groups(level: Level, data: pd.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
    """Position (n,) of every row's group among the fitted ones, −1 for a new or missing label.

    Raises
    ------
    DataError
        If labels agree with fitted ones as text only, such as the number 7 with the text "7".
    """
    codes, labels = number_groups(data, columns)
    fitted = {label: k for k, label in enumerate(level.labels)}
    position = np.array([*(fitted.get(label, -1) for label in labels), -1], dtype=np.intp)
    new = [label for label, k in zip(labels, position, strict=False) if k < 0]
    if new:
        _refuse_other_type(level, new)
    return position[codes]


def _refuse_other_type(level: Level, new: list[Hashable]) -> None:
    texts = {_text(label): label for label in level.labels}
    alike = [label for label in new if _text(label) in texts]
    if alike:
        raise DataError(
            f"{counted(len(alike), 'group')} of '{level.name}' "
            f"{agree(len(alike), 'has a label', 'have labels')} that "
            f"{agree(len(alike), 'agrees', 'agree')} with those of the fit as text only: "
            f"{_kind(alike[0])} here, {_kind(texts[_text(alike[0])])} in the fit. "
            "Convert the column to the type it had in the fitted rows."
        )


def _text(label: object) -> str:
    """A label as text; 7.0 as ``7``, a combination by its parts."""
    if isinstance(label, tuple):
        return "\0".join(map(_text, label))
    if isinstance(label, float | np.floating) and float(label).is_integer():
        return str(int(label))
    return str(label)


def _kind(label: object) -> str:
    if isinstance(label, tuple):
        return " and ".join(map(_kind, label))
    return type(label).__name__


def missing_counts(data: pd.DataFrame, used: tuple[str, ...], incomplete: np.ndarray) -> str:
    """``3 of 40 rows … (wai missing: 2, session missing: 1)``: incomplete rows by first cause."""
    left = incomplete.copy()
    causes = []
    for name in used:
        gone = left & data[name].isna().to_numpy()
        if gone.any():
            causes.append(f"{name} missing: {int(gone.sum()):,}")
            left &= ~gone
    shown = f" ({', '.join(causes)})" if causes else ""
    return f"{int(incomplete.sum()):,} of {counted(len(data), 'row')}{shown}"
