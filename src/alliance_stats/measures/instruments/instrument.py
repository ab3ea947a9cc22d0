"""Instrument: the scoring key of a questionnaire as a checked value."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from alliance_stats.measures.instruments.checks import check_instrument
from alliance_stats.measures.instruments.key import ScoringKey
from alliance_stats.measures.instruments.shown import key_text
from alliance_stats.measures.instruments.thresholds import first_of


@dataclass(frozen=True, slots=True, repr=False)
class Instrument(ScoringKey):
    """How the items of a questionnaire become scores. Holds numbers, never the text of an item.

    Take one of the library's with `get_instrument`; make your own with `load_instrument` or
    `instrument_from_dict`. Every instrument is checked when it is made.

    Attributes
    ----------
    key, name : str
        Short name, which starts the columns of scores, and full name.
    n_items : int
        Number of items, counted from 1.
    responses : tuple of (low, high)
        Ranges of the item's responses; the first is the usual one.
    subscales : mapping of str to tuple of int
        Items of each subscale; one named ``total`` where there is one scale.
    composites : mapping of str to tuple of str
        Scores over several subscales, computed from their items: ``total``.
    reversed : tuple of int
        Items that are reversed before they are added up.
    higher_is_better : bool
        Direction of the scores.
    methods : tuple of {"sum", "mean"}
        How items become a score; the first is the usual way.
    multiplier : float
        Factor of every score: 10 for the CORE measures, 2 for the DASS-21.
    measures : str
        What it is about: ``alliance``, ``symptoms`` …
    whole : bool
        Whether responses are whole numbers; False for visual analogue scales.
    partition : bool
        Whether every item belongs to exactly one subscale.
    unscored : tuple of str
        Subscales that are no scale: their items count in composites only.
    symptom_indices : bool
        Whether ``pst`` (items above the lowest response) and ``psdi`` (their mean distance from
        it) are scores.
    not_applicable : tuple of int
        Items that may be left empty because they do not apply: their score is of the others.
    missing : MissingRule
        The instrument's own rule for missing items.
    cutoffs, bands, rci, mcid : tuple
        Published thresholds: `Cutoff`, `Bands`, and `ChangeValue` for reliable change indices
        and minimal clinically important differences.
    prefixes : tuple of str
        Beginnings of item columns that are looked for.
    confidence : {"high", "medium"}
        How certain the key is; `uncertain` says what is not, and scoring warns of it.
    uncertain, source, rights : str
        What is not certain; the publication; who holds the rights in the items.
    notes : tuple of str
        What a user must know.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "subscales", MappingProxyType(dict(self.subscales)))
        object.__setattr__(self, "composites", MappingProxyType(dict(self.composites)))
        check_instrument(self)

    def band(self, values: object, *, score: str | None = None) -> np.ndarray:
        """Names of the severity bands of scores; missing where the score is.

        Parameters
        ----------
        values : array-like of float
            Scores.
        score : str, optional
            Which score they are; the main one by default.

        Raises
        ------
        ArgumentError
            If the instrument has no bands of that score.

        Examples
        --------
        >>> from alliance_stats.measures import get_instrument
        >>> get_instrument("phq_9").band([4, 10]).tolist()
        ['minimal', 'moderate']
        """
        bands = first_of(self.bands, score or self.main_score, key=self.key, what="bands")
        numbers = np.asarray(values, dtype=float)
        labels = np.array([*bands.labels, None], dtype=object)
        place = np.searchsorted(bands.limits, numbers, side="right")
        return np.asarray(labels[np.where(np.isnan(numbers), len(bands.labels), place)])

    def __repr__(self) -> str:
        return key_text(self)
