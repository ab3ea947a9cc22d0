"""Fitting all specifications: each set of rows prepared once, what is done kept as it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from alliance_stats._base.errors import AllianceStatsError, ArgumentError
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.multiverses.choices import Options
from alliance_stats.models.multiverses.flips import Flips, flipped
from alliance_stats.models.multiverses.grid import Grid
from alliance_stats.models.multiverses.questions import MODELS, Question
from alliance_stats.models.multiverses.rows import USABLE, Row, failed, row_of
from alliance_stats.models.multiverses.sources import sessions_of

#: What a specification can fail by.
_ERRORS = (AllianceStatsError, np.linalg.LinAlgError)


@dataclass(frozen=True, eq=False)
class Done:
    """What is known of a multiverse so far.

    Attributes
    ----------
    rows : list of Row or None
        One a specification; None where it is not fitted yet.
    draws : ndarray (n, m, 2)
        Estimate and t of every specification in every draw of the joint test; NaN where unknown.
    """

    rows: list[Row | None]
    draws: np.ndarray

    @property
    def whole(self) -> tuple[Row, ...]:
        """The rows of all specifications."""
        return tuple(row for row in self.rows if row is not None)


def run(
    data: SessionData,
    roles: Roles,
    grid: Grid,
    flips: Flips | None,
    done: Done,
    after: Callable[[int], None],
) -> None:
    """Fit what is not done yet, in groups of specifications that share their rows.

    `after` is called with the number of specifications done, whenever one is.
    """
    model = MODELS[grid.question]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, options in enumerate(grid.rows):
        if done.rows[number] is None:
            groups.setdefault(model.key(options), []).append(number)
    near: dict[str, np.ndarray] = {}
    n_done = sum(row is not None for row in done.rows)
    for numbers in groups.values():
        prepared = _prepared(data, roles, grid, grid.rows[numbers[0]])
        for number in numbers:
            row, draws = _row(model, prepared, grid.rows[number], flips, near)
            if draws is not None:
                done.draws[number] = draws
            done.rows[number] = row
            n_done += 1
            after(n_done)


def _prepared(data: SessionData, roles: Roles, grid: Grid, options: Options) -> Any:
    """The rows that specifications share, or the error that they all fail with."""
    prepare = MODELS[grid.question].prepare
    return _attempt(lambda: prepare(sessions_of(data, roles, options), options))


def _attempt(step: Callable[[], Any]) -> Any:
    """The value of a step, or the error it ended with."""
    try:
        return step()
    except _ERRORS as error:
        return error


def _row(
    model: Question,
    prepared: Any,
    options: Options,
    flips: Flips | None,
    near: dict[str, np.ndarray],
) -> tuple[Row, np.ndarray | None]:
    """The row of one specification, and its draws where there is a joint test.

    `near` holds the θ of the last fit of every kind, and is given this one's.
    """
    if isinstance(prepared, Exception):
        return failed(prepared), None
    alike = model.likeness(options)
    found = _attempt(lambda: model.estimate(prepared, options, near.get(alike)))
    if isinstance(found, Exception):
        return failed(found), None
    row = row_of(found)
    if row.status == "ok" and isinstance(found.fit, MixedModelResult):
        near[alike] = found.fit.minimum.theta
    else:
        near.pop(alike, None)
    if flips is None or row.status not in USABLE:
        return row, None
    return row, flipped(found, flips)


def check_any(rows: tuple[Row, ...]) -> None:
    """Raise ArgumentError where no specification could be fitted."""
    if any(row.status in USABLE for row in rows):
        return
    raise ArgumentError(
        f"none of {len(rows):,} specifications could be fitted. The first: {rows[0].note}"
    )
