"""Each row of a frame from the first form of input that it has complete."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.meta.effects.forms import Effects, Measure
from alliance_stats.meta.effects.inputs import Inputs

#: What stands for the form of a result that was not reported and is taken as zero.
ZERO = "unreported, taken as 0"


@dataclass(frozen=True, eq=False)
class Computed:
    """Effects of all rows of a frame, and from what.

    Attributes
    ----------
    effects : Effects
        NaN where a row could not be computed.
    source : array (k,) of object
        Field words of the form that gave it, ``ZERO``, or None.
    unreported : array (k,) of bool
        The size of the sample is known and the result is not.
    inputs : Inputs
        What was given.
    """

    effects: Effects
    source: np.ndarray
    unreported: np.ndarray
    inputs: Inputs


def compute(measure: Measure, inputs: Inputs, k: int, *, zero: bool) -> Computed:
    """Effects of all rows, each from the first form that it has complete."""
    effects = Effects(*(np.full(k, np.nan) for _ in range(3)))
    source = np.full(k, None, dtype=object)
    for form in inputs.forms:
        whole = np.logical_and.reduce([~np.isnan(inputs.values[word]) for word in form.inputs])
        rows = np.flatnonzero(whole & _empty(source))
        if len(rows):
            _put(effects, rows, form.compute({w: inputs.values[w][rows] for w in form.inputs}))
            source[rows] = form.words
    unreported = _empty(source) & _size_known(measure, inputs, k)
    rows = np.flatnonzero(unreported)
    if zero and len(rows) and measure.null is not None:
        sizes = {word: inputs.values[word][rows] for word in measure.sizes}
        _put(effects, rows, measure.null.compute({measure.effect: np.zeros(len(rows)), **sizes}))
        source[rows] = ZERO
    effects.ni[rows] = _sample_sizes(inputs, rows)
    return Computed(effects, source, unreported, inputs)


def _sample_sizes(inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    """Persons in these rows, in whatever form their number was given."""
    for words in (("ni",), ("n1i", "n2i")):
        if set(words) <= set(inputs.values):
            return np.sum([inputs.values[word][rows] for word in words], axis=0)
    return np.full(len(rows), np.nan)


def _empty(source: np.ndarray) -> np.ndarray:
    return np.array([each is None for each in source])


def _put(effects: Effects, rows: np.ndarray, made: Effects) -> None:
    for whole, part in zip(effects, made, strict=True):
        whole[rows] = part


def _size_known(measure: Measure, inputs: Inputs, k: int) -> np.ndarray:
    """Rows of which the size of the sample is known, in whatever form it was given."""
    words = measure.sizes or ("ni",)
    if not set(words) <= set(inputs.values):
        words = ("n1i", "n2i")
    if not set(words) <= set(inputs.values):
        return inputs.not_significant
    return np.logical_and.reduce([~np.isnan(inputs.values[word]) for word in words])
