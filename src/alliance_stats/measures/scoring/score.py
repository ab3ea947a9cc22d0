"""Scoring: from the item columns of a frame to the scores of an instrument."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, frame_given, name_list, one_of
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, UnsupportedError
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.key import Method, Range
from alliance_stats.measures.instruments.registry import get_instrument
from alliance_stats.measures.scoring.arithmetic import (
    Floats,
    Scores,
    compute_scores,
    reversed_items,
)
from alliance_stats.measures.scoring.columns import item_columns
from alliance_stats.measures.scoring.hints import end_hint, key_hints
from alliance_stats.measures.scoring.rescale import POMP, Rescale, check_range, rescaled
from alliance_stats.measures.scoring.responses import chosen_response, item_values

Missing = Literal["instrument", "complete"]
MaxMissing = int | Mapping[str, int]


def score(
    frame: pd.DataFrame,
    instrument: str | Instrument,
    *,
    items: Sequence[str] | None = None,
    item_prefix: str | None = None,
    prereversed: bool = False,
    missing: Missing = "instrument",
    max_missing: MaxMissing | None = None,
    method: Method | None = None,
    response: Range | None = None,
    rescale: Rescale | None = None,
    name: str | None = None,
) -> pd.DataFrame:
    """Add the scores of a questionnaire to a frame of item responses.

    Use it before `load_sessions` gets its roles: a score becomes the alliance or the outcome.
    Items are reversed, checked against the responses that the instrument has, and added up by
    its published key. `score_report` shows the same in tables, without adding columns.

    Parameters
    ----------
    frame : DataFrame
        One row a filled-in questionnaire. Not changed.
    instrument : str or Instrument
        Short name as in `list_instruments`, such as ``"wai_sr"``, or one of your own.
    items : list of str, optional
        Item columns in the order of the questionnaire.
    item_prefix : str, optional
        Beginning of the item columns: ``"wai_t"`` finds ``wai_t1``, ``WAI_T_01``, ``wai-t-1`` …
        By default the names in `Instrument.prefixes` are tried.
    prereversed : bool
        Whether reversed items were reversed before, as some systems store them.
    missing : {"instrument", "complete"}
        Follow the instrument's own rule for missing items, or score complete answers only.
    max_missing : int or mapping of str to int, optional
        Give a score where at most so many of its items are missing, in place of the
        instrument's limits: one number for all scores, or one for each by name. The missing
        items count as the mean of the others (by the instrument's way where it has another).
    method : {"sum", "mean"}, optional
        How items become a score, where the instrument has both ways; its usual one by default.
    response : (low, high), optional
        Range of the responses where the instrument has several: ``(1, 7)``.
    rescale : (low, high) or "pomp", optional
        Set the scores on the scale of other responses, such as ``(1, 5)``, or on 0 to 100, by
        `rescale_pomp`.
    name : str, optional
        Beginning of the new columns; the instrument's short name by default. Give it to score
        two forms, such as patient and therapist, in one frame.

    Returns
    -------
    DataFrame
        `frame` and a new column for each score, ``wai_sr_total``, ``wai_sr_task`` …; totals
        first. NaN where too many items are missing.

    Raises
    ------
    DataError
        If item columns are not found or not one for each item; if they hold words, categories,
        or numbers that are no responses of the instrument (coded from another lowest value,
        another version, missing codes); if a column of a score exists.
    ArgumentError
        If an argument has a value that is not allowed or would be ignored.
    UnsupportedError
        If `rescale` is given for rows that leave out an item which does not apply (WSAS).

    Warns
    -----
    DataWarning
        How many rows have missing items, and how many scores are prorated or missing for it;
        what about the key is not certain; items that run against the rest (a wrong order, or
        reversed already); a coding that may be shifted.

    Notes
    -----
    A total is computed from the items, not from prorated subscales. Without a published rule a
    score with a missing item is missing, unless `max_missing` is given.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> answers = pd.DataFrame([[4, 5, 3, 4, 4, 5, 4, 3, 5, 4, 4, 5]],
    ...                        columns=[f"wai{i}" for i in range(1, 13)])
    >>> al.score(answers, "wai_sr").filter(like="wai_sr")
       wai_sr_total  wai_sr_task  wai_sr_bond  wai_sr_goal
    0          50.0         18.0         16.0         16.0
    """
    scored = scored_items(
        frame, instrument, items=items, item_prefix=item_prefix, prereversed=prereversed,
        missing=missing, max_missing=max_missing, method=method, response=response,
        rescale=rescale, name=name,
    )  # fmt: skip
    taken = [column for column in scored.columns if column in frame.columns]
    if taken:
        raise DataError(
            f"columns of scores exist already: {name_list(taken)}. Drop them, or give name= for "
            "another beginning."
        )
    for message in scored.messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return frame.assign(**scored.columns)


@dataclass(frozen=True, eq=False)
class ScoredItems:
    """Everything known after scoring, for `score` and `score_report`."""

    instrument: Instrument
    item_columns: tuple[str, ...]
    answers: Floats
    turned: Floats
    scores: Scores
    columns: Mapping[str, Floats]
    ranges: Mapping[str, Range]
    method: Method
    messages: tuple[str, ...]


def scored_items(
    frame: pd.DataFrame,
    instrument: str | Instrument,
    *,
    items: Sequence[str] | None,
    item_prefix: str | None,
    prereversed: bool,
    missing: Missing,
    max_missing: MaxMissing | None,
    method: Method | None,
    response: Range | None,
    rescale: Rescale | None,
    name: str | None,
) -> ScoredItems:
    """Score a frame; the arguments are those of `score`."""
    frame_given(frame, name="frame")
    key = get_instrument(instrument)
    way = _chosen_method(key, method)
    limits = missing_limits(key, missing, max_missing)
    if prereversed and not key.reversed:
        raise ArgumentError(
            f"prereversed=True would be ignored: {key.key} has no reversed items. Leave it out."
        )
    chosen = chosen_response(key, response)
    names = item_columns(frame, key, items=items, item_prefix=item_prefix)
    answers = item_values(frame, names, key, chosen)
    turned = answers if prereversed else reversed_items(answers, key, chosen)
    scores = compute_scores(turned, key, method=way, limits=limits, response=chosen)
    ranges = {s: key.score_range(s, response=chosen, method=way) for s in key.scores}
    values = dict(scores.values)
    if rescale is not None:
        values, ranges = _rescaled(values, ranges, key, scores, way, rescale)
    start = _beginning(key, name)
    messages = (
        *([f"{key.key}: the key is not certain: {key.uncertain}."] if key.uncertain else []),
        *_missing_messages(key, answers, scores, start, limits),
        *key_hints(turned, names, key, prereversed=prereversed),
        *end_hint(answers, key, chosen),
    )
    columns = {f"{start}_{s}": v for s, v in values.items()}
    return ScoredItems(
        key, tuple(names), answers, turned, scores, columns, ranges, way, messages
    )  # fmt: skip


def _beginning(instrument: Instrument, name: str | None) -> str:
    """Beginning of the new columns."""
    if name is None:
        return instrument.key
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"name={name!r} cannot begin a column. Give a text such as 'wai_t'.")
    return name


def _chosen_method(instrument: Instrument, method: Method | None) -> Method:
    if method is None:
        return instrument.methods[0]
    one_of(method, ("sum", "mean"), name="method")
    if method not in instrument.methods:
        raise ArgumentError(
            f"method='{method}' is not how {instrument.key} is scored: it is a "
            f"{instrument.methods[0]}. Leave method= out."
        )
    return method


def missing_limits(
    instrument: Instrument, missing: Missing, max_missing: MaxMissing | None
) -> dict[str, int]:
    """Missing items up to which a score is given, by score (0 where not named).

    Examples
    --------
    >>> from alliance_stats.measures import get_instrument
    >>> missing_limits(get_instrument("phq_9"), "instrument", None)
    {'total': 2}
    """
    one_of(missing, ("instrument", "complete"), name="missing")
    if max_missing is None:
        return dict(instrument.missing.limits) if missing == "instrument" else {}
    if missing == "complete":
        raise ArgumentError("missing='complete' and max_missing= contradict. Give one of them.")
    filled = instrument.missing.rule == "rounded mean of the subscale"
    sizes = {n: len(i) for n, i in instrument.item_scores.items()}
    if filled:
        sizes = {name: sizes[name] for name in instrument.subscales}
    given = max_missing if isinstance(max_missing, Mapping) else dict.fromkeys(sizes, max_missing)
    for name, limit in given.items():
        if name not in sizes:
            raise ArgumentError(
                f"max_missing names '{name}', which {instrument.key} does not have. "
                f"Scores: {', '.join(sizes)}."
            )
        if isinstance(limit, bool) or not isinstance(limit, int | np.integer) or limit < 0:
            raise ArgumentError(
                f"max_missing={limit!r} is not a number of items. Give a whole number such as 1, "
                "or one for each score: {'total': 2}."
            )
    if isinstance(max_missing, Mapping):
        _check_sizes(given, sizes, instrument)
    # a single number is meant for every score; one item at least must be answered
    return {name: min(int(limit), sizes[name] - 1) for name, limit in given.items()}


def _check_sizes(
    given: Mapping[str, int], sizes: Mapping[str, int], instrument: Instrument
) -> None:
    for name, limit in given.items():
        if limit >= sizes[name]:
            raise ArgumentError(
                f"max_missing of '{name}' is {limit}, but the score has "
                f"{counted(sizes[name], 'item')}. Give less than that."
            )


def _rescaled(
    values: dict[str, Floats],
    ranges: dict[str, Range],
    instrument: Instrument,
    scores: Scores,
    method: Method,
    rescale: Rescale,
) -> tuple[dict[str, Floats], dict[str, Range]]:
    """Scores on the scale of other responses, and its ends; symptom indices stay."""
    if scores.not_applicable.any():
        raise UnsupportedError(
            f"{instrument.key}: rows without an item that does not apply have another highest "
            "score, so rescale= is not defined. Leave it out."
        )
    names = instrument.item_scores
    if rescale == "pomp":
        new = dict.fromkeys(names, POMP)
    elif isinstance(rescale, str):
        raise ArgumentError(f"rescale={rescale!r} is not known. Give 'pomp' or a range (1, 5).")
    else:
        check_range(rescale, name="rescale")
        new = {n: instrument.score_range(n, response=rescale, method=method) for n in names}
    moved = {n: rescaled(values[n], ranges[n], new[n]) for n in names}
    return values | moved, ranges | new


def _missing_messages(
    instrument: Instrument,
    answers: Floats,
    scores: Scores,
    start: str,
    limits: Mapping[str, int],
) -> Iterator[str]:
    """``wai_sr: 60 of 960 rows have missing items …``."""
    n_missing = np.isnan(answers).sum(axis=1)
    n, incomplete = len(answers), int((n_missing > 0).sum())
    skipped = int(scores.not_applicable.sum())
    if skipped:
        items = name_list(instrument.not_applicable)
        yield (
            f"{instrument.key}: {skipped:,} of {counted(n, 'row')} without item {items} (taken as "
            "not applicable): their score is the sum of the others."
        )
    blank = int((n_missing == answers.shape[1]).sum())
    if not incomplete or (incomplete == skipped and not blank):
        return
    empty = f", {blank:,} of them all" if blank else ""
    parts = [
        f"{instrument.key}: {incomplete:,} of {counted(n, 'row')} "
        f"{agree(incomplete, 'has', 'have')} missing items{empty}"
    ]
    for what, counts in (
        ("prorated", {s: int(p.sum()) for s, p in scores.prorated.items()}),
        ("without a score", {s: int(np.isnan(v).sum()) for s, v in scores.values.items()}),
    ):
        shown = [f"{start}_{s} {c:,}" for s, c in counts.items() if c]
        if shown:
            parts.append(f"{what}: {name_list(shown)}")
    advice = " Give max_missing= to score rows that lack few items." if not limits else ""
    yield "; ".join(parts) + "." + (advice if incomplete > blank else "")
