"""What responses look like when a key, a coding or a reversal is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, name_list
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.key import Range

Floats = NDArray[np.float64]

#: Complete rows below which nothing is said: correlations and absent responses would be chance.
FEWEST_ROWS = 30


def rest_correlations(responses: Floats) -> Floats:
    """Correlation of each item with the sum of the others, over complete rows.

    NaN for an item without variance, or below two rows.

    Examples
    --------
    >>> rest_correlations(np.array([[1.0, 1, 5], [2, 3, 4], [3, 4, 1]])).round(2).tolist()
    [-0.5, -0.76, -0.92]
    """
    complete = responses[~np.isnan(responses).any(axis=1)]
    if len(complete) < 2 or responses.shape[1] < 2:
        return np.full(responses.shape[1], np.nan)
    covariance = np.cov(complete, rowvar=False)
    variance, with_sum = covariance.diagonal(), covariance.sum(axis=1)
    rest = covariance.sum() - 2 * with_sum + variance
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(np.where(variance * rest > 0, variance * rest, np.nan))
        return np.asarray((with_sum - variance) / scale)


def key_hints(
    responses: Floats, columns: Sequence[str], instrument: Instrument, *, prereversed: bool
) -> Iterator[str]:
    """A sentence if items run against the rest; `responses` are those that are added up.

    An item counts when its correlation is below -2 / sqrt(n), which chance alone rarely gives.
    """
    n = int((~np.isnan(responses).any(axis=1)).sum())
    if n < FEWEST_ROWS:
        return
    r = rest_correlations(responses)
    against = {int(place) + 1 for place in np.flatnonzero(r < -2 / np.sqrt(n))}
    if not against:
        return
    named = name_list(f"'{columns[item - 1]}' ({r[item - 1]:.2f})" for item in sorted(against))
    turned = set(instrument.reversed)
    start = f"{agree(len(against), 'item', 'items')} {named} {agree(len(against), 'runs', 'run')}"
    yield f"{instrument.key}: {start} against the rest (correlation with the other items). " + (
        _reversal_advice(prereversed)
        if turned and 2 * len(turned & against) >= len(turned)
        else "Is the order of the columns the questionnaire's, and are all coded alike?"
    )


def _reversal_advice(prereversed: bool) -> str:
    if prereversed:
        return "Reversed items seem to be as answered: leave out prereversed=True."
    return (
        "The reversed items seem to be reversed already: if so, give prereversed=True. Or are the "
        "data of another version of the questionnaire?"
    )


def end_hint(responses: Floats, instrument: Instrument, response: Range) -> Iterator[str]:
    """A sentence if nobody ever gave the usual end of the scale: the coding may be shifted.

    `responses` are as answered. The usual end is the lowest one of symptoms and the highest one
    of well-being; it is looked for where items are not reversed.
    """
    complete = int((~np.isnan(responses).any(axis=1)).sum())
    if complete < FEWEST_ROWS or not instrument.whole:
        return
    low, high = response
    straight = [i for i in range(instrument.n_items) if i + 1 not in instrument.reversed]
    end, start = (high, low - 1) if instrument.higher_is_better else (low, low + 1)
    if start not in (0, 1) or (responses[:, straight] == end).any():
        return
    yield (
        f"{instrument.key}: no item has the response {end:g} in {complete:,} complete rows. "
        f"Are they coded from {start:g}, or of another version? Here they go from {low:g} to "
        f"{high:g}."
    )
