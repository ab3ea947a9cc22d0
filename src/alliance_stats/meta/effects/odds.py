"""Log odds ratios of 2 × 2 tables, or of a printed odds ratio with its interval."""

from __future__ import annotations

import numpy as np
from scipy import special

from alliance_stats.meta.effects.forms import Columns, Effects, Form

#: Added to every cell of a table in which a cell is 0.
CORRECTION = 0.5
CELLS = ("ai", "bi", "ci", "di")
INTERVAL = ("ori", "ci_low", "ci_high")

#: Intervals of odds ratios are taken to be of 95%.
_HALF_WIDTH = float(2 * special.ndtri(0.975))


def from_cells(columns: Columns) -> Effects:
    """ln(ad/bc) with variance 1/a + 1/b + 1/c + 1/d; ½ is added where a cell is 0."""
    cells = np.array([columns[name] for name in CELLS])
    n = cells.sum(axis=0)
    a, b, c, d = cells + CORRECTION * (cells == 0).any(axis=0)
    return Effects(np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d, n)


def from_events(columns: Columns) -> Effects:
    """As from a table whose rows are events among n1 and among n2."""
    a, c = columns["ai"], columns["ci"]
    return from_cells({"ai": a, "bi": columns["n1i"] - a, "ci": c, "di": columns["n2i"] - c})


def from_interval(columns: Columns) -> Effects:
    """ln OR, variance from the width of its 95% interval on the log scale."""
    width = np.log(columns["ci_high"]) - np.log(columns["ci_low"])
    unknown = np.full(len(width), np.nan)
    return Effects(np.log(columns["ori"]), (width / _HALF_WIDTH) ** 2, unknown)


ODDS = (
    Form(CELLS, from_cells),
    Form(("ai", "n1i", "ci", "n2i"), from_events),
    Form(INTERVAL, from_interval),
)
