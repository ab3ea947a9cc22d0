"""From responses to scores: sums, means, and what stands for missing items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.key import Method, Range

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of every row, and where missing items were made up for.

    Attributes
    ----------
    values : mapping of str to array, shape (n,)
        Each score; NaN where too many items are missing.
    prorated : mapping of str to array of bool, shape (n,)
        Rows whose score rests on fewer items than the scale has.
    not_applicable : array of bool, shape (n,)
        Rows that leave out items which do not apply.
    """

    values: Mapping[str, Floats]
    prorated: Mapping[str, Flags]
    not_applicable: Flags


def reversed_items(responses: Floats, instrument: Instrument, response: Range) -> Floats:
    """Responses with the reversed items turned around: lowest + highest - response.

    Examples
    --------
    >>> from alliance_stats.measures import get_instrument
    >>> reversed_items(np.array([[4.0, 3, 0, 2, 2, 2, 2, 2, 2, 2]]), get_instrument("core_10"),
    ...                (0, 4))[0, :4].tolist()
    [4.0, 1.0, 4.0, 2.0]
    """
    turned = responses.copy(order="K")
    places = [item - 1 for item in instrument.reversed]
    turned[:, places] = sum(response) - turned[:, places]
    return turned


def compute_scores(
    responses: Floats,
    instrument: Instrument,
    *,
    method: Method,
    limits: Mapping[str, int],
    response: Range,
) -> Scores:
    """Every score of the instrument.

    Parameters
    ----------
    responses : array, shape (n, n_items)
        After reversing; NaN where missing.
    instrument : Instrument
    method : {"sum", "mean"}
        A prorated sum is the mean of the answered items times the number of items.
    limits : mapping of str to int
        Missing items up to which a score is given; 0 where a score is not named. For the
        rounded mean of the subscale they are those of subscales.
    response : (low, high)
        Range of a response.
    """
    answered = ~np.isnan(responses)
    skipped: Flags = np.zeros(len(responses), dtype=bool)
    given = answered
    if instrument.not_applicable:
        given = answered.copy()
        places = [item - 1 for item in instrument.not_applicable]
        skipped = np.asarray((~given[:, places]).any(axis=1) & given.any(axis=1))
        given[:, places] |= skipped[:, None]
    filled = np.where(answered, responses, 0.0)
    if instrument.missing.rule != "rounded mean of the subscale":
        values, prorated = _sums(filled, given, instrument, method, limits)
    else:
        filled, given = _fill_subscales(filled, answered, instrument, limits)
        values, _ = _sums(filled, given, instrument, method, {})
        prorated = {
            name: ~np.isnan(values[name]) & ~answered[:, _places(items)].all(axis=1)
            for name, items in instrument.item_scores.items()
        }
    if instrument.symptom_indices:
        values |= _symptom_indices(filled, given, limits.get(instrument.main_score, 0), response)
        prorated |= {"pst": np.zeros_like(skipped), "psdi": prorated[instrument.main_score]}
    return Scores(values, prorated, skipped)


def _places(items: tuple[int, ...]) -> list[int]:
    return [item - 1 for item in items]


def _sums(
    filled: Floats,
    given: Flags,
    instrument: Instrument,
    method: Method,
    limits: Mapping[str, int],
) -> tuple[dict[str, Floats], dict[str, Flags]]:
    """Sums or means over the given items, by matrix products with one column a score."""
    scores = instrument.item_scores
    members = np.zeros((instrument.n_items, len(scores)))
    for column, items in enumerate(scores.values()):
        members[_places(items), column] = 1.0
    size = members.sum(axis=0)
    total, count = filled @ members, given.astype(float) @ members
    allowed = np.array([limits.get(name, 0) for name in scores])
    enough = size - count <= allowed  # less than all of them: one item at least is answered
    # multiply first: ten times a sum is exact, ten times a mean is not always
    factor = instrument.multiplier * (size if method == "sum" else 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(enough, factor * total / count, np.nan)
    fewer = enough & (count < size)
    return (
        {name: score[:, column] for column, name in enumerate(scores)},
        {name: fewer[:, column] for column, name in enumerate(scores)},
    )


def _fill_subscales(
    filled: Floats, answered: Flags, instrument: Instrument, limits: Mapping[str, int]
) -> tuple[Floats, Flags]:
    """Missing items as the rounded mean of the subscale's others, a half rounded up."""
    filled, given = filled.copy(), answered.copy()
    for name, items in instrument.subscales.items():
        places = _places(items)
        count = answered[:, places].sum(axis=1)
        rows = (count < len(items)) & (count >= len(items) - limits.get(name, 0)) & (count > 0)
        block = np.ix_(rows, places)
        mean = filled[block].sum(axis=1) / count[rows]
        filled[block] = np.where(answered[block], filled[block], np.floor(mean + 0.5)[:, None])
        given[block] = True
    return filled, given


def _symptom_indices(
    filled: Floats, given: Flags, limit: int, response: Range
) -> dict[str, Floats]:
    """Positive symptoms: their number, and the mean of the answers that are above zero.

    The number is a count and never prorated: it is missing where an item is.
    """
    distance = np.where(given, filled - response[0], 0.0)
    missing = (~given).sum(axis=1)
    positive = (distance > 0).sum(axis=1).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = distance.sum(axis=1) / positive
    return {
        "pst": np.where(missing == 0, positive, np.nan),
        "psdi": np.where((missing <= limit) & (positive > 0), mean, np.nan),
    }
