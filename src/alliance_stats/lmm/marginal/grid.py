"""Design rows at chosen values of the predictors, and the values chosen when none are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.formula.memory import ColumnMemory, FactorMemory
from alliance_stats.formula.read import read_again
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.tables import column_means

Value = float | int | bool | str
#: Values of predictors, by the column of the data.
At = Mapping[str, Value | Sequence[Value]]
Point = dict[str, Value]


@dataclass(frozen=True, eq=False)
class Predictors:
    """The predictors of the fixed part of a design.

    Attributes
    ----------
    design : MixedDesign
    """

    design: MixedDesign

    @property
    def memory(self) -> ColumnMemory:
        """What the fixed columns took from the rows fitted."""
        return self.design.memories[0]

    def levels(self, column: str) -> tuple[str, ...]:
        """Levels of a categorical predictor, none for a numeric one."""
        found = [m.levels for m in self.memory.factors if m.factor.column == column]
        return next((levels for levels in found if levels), ())

    def check(self, column: str) -> None:
        """Raise ArgumentError unless the model has this predictor."""
        known = self.memory.columns
        if column not in known:
            raise ArgumentError(
                f"'{column}' is not a predictor of the model.{did_you_mean(str(column), known)} "
                f"Predictors: {name_list(known)}."
            )

    def mean(self, column: str) -> float:
        """Mean of a numeric predictor over the rows fitted, where its columns tell it."""
        for memory in self.memory.factors:
            if memory.factor.column != column:
                continue
            if memory.factor.transform == "scale":
                return memory.constants[0]
            if memory.factor.transform is None and memory.names[0] in self.design.names:
                return float(column_means(self.design)[memory.names[0]])
        raise ArgumentError(
            f"the mean of '{column}' cannot be told from the columns of the model. "
            f"Give the value to hold it at: at={{{column!r}: 0.0}}."
        )

    def rows(self, points: Sequence[Point], columns: Iterable[int]) -> np.ndarray:
        """Design rows (n, p) at these points; only the columns given are filled."""
        found = np.zeros((len(points), len(self.memory.names)))
        parts = [*([()] if self.memory.intercept else []), *self.memory.parts]
        read: dict[int, np.ndarray] = {}
        for j in columns:
            found[:, j] = 1.0
            for factor, part in parts[j]:
                if factor not in read:
                    read[factor] = _values(self.memory.factors[factor], points)
                found[:, j] *= read[factor][part]
        return found

    def columns_with(self, column: str) -> list[int]:
        """Positions of the design columns that a predictor takes part in."""
        parts = [*([()] if self.memory.intercept else []), *self.memory.parts]
        own = {k for k, m in enumerate(self.memory.factors) if m.factor.column == column}
        return [j for j, part in enumerate(parts) if any(f in own for f, _ in part)]


def predictors_of(design: MixedDesign) -> Predictors:
    """The predictors. Raises UnsupportedError where fixed effects were dropped."""
    if design.redundant:
        raise UnsupportedError(
            f"means and slopes are not defined: the data do not determine "
            f"{name_list(design.redundant)}, for instance because combinations of levels do not "
            "occur. Leave the interaction out, or test chosen contrasts with contrasts()."
        )
    return Predictors(design)


def combinations(values: Mapping[str, Sequence[Value]]) -> list[Point]:
    """All combinations of values, the last predictor fastest."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def chosen_values(predictors: Predictors, at: At | None) -> dict[str, list[Value]]:
    """The values of `at` as lists, checked. Raises ArgumentError."""
    found: dict[str, list[Value]] = {}
    for column, given in (at or {}).items():
        predictors.check(column)
        values: list[Value] = _as_list(given)
        levels = predictors.levels(column)
        if not values:
            raise ArgumentError(f"at holds no value for '{column}'. Give one or more.")
        if levels:
            values = [_label(value) for value in values]
            if any(value not in levels for value in values):
                raise ArgumentError(
                    f"at holds a level of '{column}' that was not fitted. "
                    f"Levels: {name_list(levels)}."
                )
        elif not all(_is_number(value) for value in values):
            raise ArgumentError(f"at holds no number for the numeric predictor '{column}'.")
        found[column] = values
    return found


def point_name(point: Point, predictors: Predictors) -> str:
    """``arm[b], w=1.5``."""
    return ", ".join(
        f"{column}[{value}]" if predictors.levels(column) else f"{column}={value:g}"
        for column, value in point.items()
    )


def _values(memory: FactorMemory, points: Sequence[Point]) -> np.ndarray:
    """Values of every column, or indicators of every level, of a factor (k, n)."""
    given = [point[memory.factor.column] for point in points]
    if memory.levels:
        return np.array([[float(value == level) for value in given] for level in memory.levels])
    frame = pd.DataFrame({memory.factor.column: np.array(given, dtype=float)})
    values = read_again(frame, memory)
    return np.array([values.column(k) for k in range(len(memory.names))])


def _as_list(given: Value | Sequence[Value]) -> list[Value]:
    if isinstance(given, Sequence | np.ndarray | pd.Series) and not isinstance(given, str):
        return list(given)
    return [given]


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return bool(np.isfinite(float(value)))


def _label(value: Value) -> str:
    """A level as text; 1.0 as ``1``."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
