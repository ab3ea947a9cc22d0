"""The within regression: outcome on alliance after the patients' means are taken out of both.

Its ordinary least squares are those with a dummy for every patient, the fixed-effects estimator.
A random-intercept model gives its within effect the same coefficient where nothing else in the
model varies both within and between patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.data.units import float_values
from alliance_stats.models.prepare import PreparedSessions, time_term
from alliance_stats.models.specification import Specification

#: What is left of a column below this share of its length is rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Demeaned:
    """Columns with all that is held constant in the model taken out but the benchmarks.

    Attributes
    ----------
    x, y : ndarray (n,)
        Alliance and outcome, patients' means and time taken out.
    others : ndarray (n, b)
        Benchmarks, likewise.
    df : int
        Residual degrees of freedom of the regression of y on x and the benchmarks.
    """

    x: np.ndarray
    y: np.ndarray
    others: np.ndarray
    df: int

    def estimate(self) -> tuple[float, float]:
        """Coefficient of x given the benchmarks, and its standard error."""
        held = basis(self.others)
        x, y = left_over(self.x, held), left_over(self.y, held)
        b = float(x @ y / (x @ x))
        rest = y - b * x
        return b, float(np.sqrt(rest @ rest / self.df / (x @ x)))

    def strengths(self, place: int) -> tuple[float, float]:
        """Partial R² of a benchmark with x, and with y given x, the other benchmarks held."""
        benchmark, rest = self.others[:, place], np.delete(self.others, place, axis=1)
        held = basis(rest)
        with_x = basis(np.column_stack([rest, self.x]))
        return (
            squared_correlation(left_over(self.x, held), left_over(benchmark, held)),
            squared_correlation(left_over(self.y, with_x), left_over(benchmark, with_x)),
        )


def demeaned(
    prepared: PreparedSessions, chosen: Specification, benchmarks: Sequence[str] = ()
) -> Demeaned:
    """The within regression of a model's rows; `benchmarks` are columns of its frame."""
    frame = prepared.frame
    patient = prepared.group_codes(prepared.groups["patient"])
    slopes = None
    held = [frame[column].to_numpy(dtype=float) for _, column in prepared.effects[1:]]
    time = time_term(chosen.time, prepared)
    if time is not None:
        clock = frame[time].to_numpy(dtype=float)
        if chosen.time == "patient":
            slopes = clock
        elif chosen.time == "factor":
            held += [(clock == level).astype(float) for level in np.unique(clock)[1:]]
        else:
            held.append(clock)
    x = frame[dict(prepared.effects)["within"]].to_numpy(dtype=float)
    y = float_values(frame, prepared.roles.outcome)
    columns = np.column_stack([x, y, *held, *(float_values(frame, name) for name in benchmarks)])
    columns, absorbed = within_patients(columns, patient, slopes)
    n_held = len(held)
    inner = basis(columns[:, 2 : 2 + n_held])
    rest = left_over(columns[:, [0, 1, *range(2 + n_held, columns.shape[1])]], inner)
    others = rest[:, 2:]
    df = len(frame) - absorbed - inner.shape[1] - basis(others).shape[1] - 1
    return Demeaned(x=rest[:, 0], y=rest[:, 1], others=others, df=df)


def within_patients(
    columns: np.ndarray, patient: np.ndarray, slopes: np.ndarray | None
) -> tuple[np.ndarray, int]:
    """Columns less the patients' means, or their own lines in `slopes`; what that costs in df."""
    number = np.bincount(patient)

    def centred(values: np.ndarray) -> np.ndarray:
        return np.asarray(values - (np.bincount(patient, values) / number)[patient])

    found = np.column_stack([centred(column) for column in columns.T])
    scale = np.abs(columns).max(axis=0, initial=0.0)
    found = np.where(np.abs(found) < 1e-12 * scale, 0.0, found)
    if slopes is None:
        return found, len(number)
    clock = centred(slopes)
    squares = np.bincount(patient, clock**2)
    moves = squares > 0
    safe = np.where(moves, squares, 1.0)
    for column in found.T:
        line = np.bincount(patient, clock * column) / safe
        column -= line[patient] * clock
    return found, len(number) + int(moves.sum())


def basis(columns: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span the same space; dependent columns count once."""
    if not columns.size:
        return np.empty((len(columns), 0))
    lengths = np.linalg.norm(columns, axis=0)
    scaled = columns[:, lengths > 0] / lengths[lengths > 0]
    left, values, _ = np.linalg.svd(scaled, full_matrices=False)
    return np.asarray(left[:, values > ROUNDING * np.sqrt(max(scaled.shape[1], 1))])


def left_over(values: np.ndarray, held: np.ndarray) -> np.ndarray:
    """What an orthonormal basis leaves of columns."""
    return np.asarray(values - held @ (held.T @ values))


def squared_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Squared correlation of columns without means."""
    return float((a @ b) ** 2 / ((a @ a) * (b @ b)))
