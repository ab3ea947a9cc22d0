"""Effect sizes as they are read: numbers, names of axes, and ticks at values of that scale."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.printing import (
    MINUS,
    decimals_for,
    format_fixed,
    interval_heading,
    without_zero,
)
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.words import capital, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers = Callable[[np.ndarray], np.ndarray]

#: Measures that are read on another scale than that of analysis: from there to here.
FORWARD: dict[str, Numbers] = {"ZCOR": np.arctanh, "ZPCOR": np.arctanh, "OR": np.log}
#: Measures of at most 1 in size: no zero before the point.
CORRELATIONS = frozenset({"ZCOR", "COR", "UCOR", "ZPCOR", "PCOR", "SPCOR"})
#: Of other measures than these the size of the numbers decides how many decimals are printed.
_TWO_DECIMALS = CORRELATIONS | {"SMD", "SMCC", "SMCR", "SMDC", "OR"}
#: Ticks of correlations beyond the regular ones, where an axis reaches so far.
_NEAR_ONE = (0.9, 0.97, 0.99)
#: Labels of ticks may stand a little closer than even ones.
_CLOSE = 0.8
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
#: Ticks of ratios within one power of ten, from few to many.
_OF_TEN = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
           tuple(np.round(np.arange(1.0, 10.0, 0.1), 1)))  # fmt: skip


@dataclass(frozen=True)
class EffectScale:
    """How the effect sizes of one view are named and printed.

    Attributes
    ----------
    measure, words, shown_words, symbol : str
        Of the view: ``ZCOR``, ``Fisher's z``, ``correlation r``, ``r``.
    decimals : int
        Of printed effect sizes.
    conf_level : float
    """

    measure: str
    words: str
    shown_words: str
    symbol: str
    decimals: int
    conf_level: float

    @property
    def forward(self) -> Numbers | None:
        """From the scale that is read to that of analysis; None where they are the same."""
        return FORWARD.get(self.measure)

    def number(self, value: float) -> str:
        """A value as read: ``.28`` of correlations, ``−0.31`` of others."""
        shown = format_fixed(value, self.decimals, minus=MINUS)
        return without_zero(shown) if self.measure in CORRELATIONS else shown

    def interval(self, low: float, high: float) -> str:
        """``[.20, .36]``."""
        return f"[{self.number(low)}, {self.number(high)}]"

    @property
    def interval_words(self) -> str:
        """``95% CI``."""
        return interval_heading(self.conf_level)

    @property
    def axis_words(self) -> str:
        """The name of an axis: ``Correlation r``."""
        return capital(self.shown_words)

    @property
    def spacing_words(self) -> str:
        """A sentence for captions where the axis is spaced by another scale than it is read on."""
        if self.forward is None:
            return ""
        return f" The axis shows {self.shown_words}, spaced as {self.words}."


def effect_scale(view: ResultView) -> EffectScale:
    """The scale of a view, by its labels."""
    labels = view.labels
    measure = labels.get("measure", "")
    words = one_line(labels.get("measure_words", "effect size"))
    return EffectScale(
        measure,
        words,
        one_line(labels.get("shown_words", words)),
        one_line(labels.get("shown_symbol", "ES")),
        2 if measure in _TWO_DECIMALS or view.plot is None else _decimals(view.plot),
        view.conf_level,
    )


def _decimals(plot: pd.DataFrame) -> int:
    """Decimals by the standard errors of a frame; at most three."""
    if "se" not in plot.columns:
        return 2
    errors = plot["se"].to_numpy(dtype=float)
    typical = errors[np.isfinite(errors)]
    return 2 if not len(typical) else min(decimals_for([float(np.median(typical))]), 3)


def effect_ticks(axis: Axes, scale: EffectScale, which: str = "x", *, most: int = 7) -> None:
    """Ticks of an axis in units of analysis, at round values of the scale that is read.

    Set the limits before. Scales that are the same keep round ticks of their own.
    """
    low, high = getattr(axis, f"get_{which}lim")()
    shown = tick_values(scale, min(low, high), max(low, high), most)
    places = shown if scale.forward is None else scale.forward(shown)
    digits = _digits(shown)
    labels = [_tick_label(scale, value, digits) for value in shown]
    getattr(axis, f"set_{which}ticks")(places, labels)
    getattr(axis, f"set_{which}lim")(low, high)


def tick_values(scale: EffectScale, low: float, high: float, most: int = 7) -> np.ndarray:
    """Round values between two ends in units of analysis, as they are read."""
    if scale.forward is np.log:
        return _ratios(math.exp(low), math.exp(high), most)
    if scale.forward is np.arctanh:
        return _correlations(low, high, most)
    return _even(low, high, most)


def _even(low: float, high: float, most: int) -> np.ndarray:
    """Multiples of the smallest round step that gives at most so many."""
    size = 10.0 ** math.floor(math.log10(max(high - low, 1e-12)) - 1)
    steps = [size * step for step in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)]
    counts = [math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1 for step in steps]
    step = next((s for s, n in zip(steps, counts, strict=True) if n <= most), steps[-1])
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return np.asarray(np.arange(first, last + 1) * step, dtype=float)


def _correlations(low: float, high: float, most: int) -> np.ndarray:
    """Evenly spaced correlations, and some near one where the axis goes there."""
    ends = math.tanh(low), math.tanh(high)
    gap = (high - low) / (most + 2)
    for step in _STEPS:
        values = np.arange(math.ceil(ends[0] / step), math.floor(ends[1] / step) + 1) * step
        values = values[np.abs(values) < 1.0 - 1e-9]
        if len(values) <= most and (np.diff(np.arctanh(values)) >= _CLOSE * gap).all():
            break
    for value in (sign * v for v in _NEAR_ONE for sign in (1, -1)):
        place = math.atanh(value)
        inside = ends[0] <= value <= ends[1]
        if inside and (not len(values) or np.abs(np.arctanh(values) - place).min() >= gap):
            values = np.append(values, value)
    return np.sort(values)


def _ratios(low: float, high: float, most: int) -> np.ndarray:
    """Round ratios, evenly spread on a logarithmic axis as far as that goes."""
    powers = 10.0 ** np.arange(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    found = _even(low, high, most)
    for of_ten in _OF_TEN:
        values = np.sort(np.outer(powers, of_ten).ravel())
        values = values[(values >= low * (1 - 1e-9)) & (values <= high * (1 + 1e-9))]
        if len(values) > most:
            break
        if len(values) > 1:
            found = np.round(values, 12)
    return found


def _digits(values: np.ndarray) -> int:
    """Decimals that tell the values of ticks apart."""
    return next((d for d in range(4) if np.allclose(np.round(values, d), values)), 4)


def _tick_label(scale: EffectScale, value: float, digits: int) -> str:
    """A tick: no zero before the point of correlations; ratios each in their own digits."""
    if scale.forward is np.log:
        return f"{value:g}"
    shown = format_fixed(value, digits, minus=MINUS)
    if scale.measure in CORRELATIONS:
        return "0" if value == 0 else without_zero(shown)
    return shown
