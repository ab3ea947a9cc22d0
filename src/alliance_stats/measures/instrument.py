"""Instrument: the scoring key of a questionnaire as a checked value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from alliance_stats.measures.instrument_checks import check_instrument
from alliance_stats.measures.instrument_shown import key_text
from alliance_stats.measures.thresholds import Bands, ChangeValue, Cutoff, MissingRule, first_of

Method = Literal["sum", "mean"]
#: Scores of symptom checklists beside means: items above zero, and their mean.
SYMPTOM_INDICES = ("pst", "psdi")

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, repr=False)
class Instrument:
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

    key: str
    name: str
    n_items: int
    responses: tuple[Range, ...]
    subscales: Mapping[str, tuple[int, ...]]
    higher_is_better: bool
    composites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reversed: tuple[int, ...] = ()
    methods: tuple[Method, ...] = ("sum",)
    multiplier: float = 1.0
    measures: str = ""
    whole: bool = True
    partition: bool = True
    unscored: tuple[str, ...] = ()
    symptom_indices: bool = False
    not_applicable: tuple[int, ...] = ()
    missing: MissingRule = field(default_factory=MissingRule)
    cutoffs: tuple[Cutoff, ...] = ()
    bands: tuple[Bands, ...] = ()
    rci: tuple[ChangeValue, ...] = ()
    mcid: tuple[ChangeValue, ...] = ()
    prefixes: tuple[str, ...] = ()
    confidence: str = "high"
    uncertain: str = ""
    source: str = ""
    rights: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "subscales", MappingProxyType(dict(self.subscales)))
        object.__setattr__(self, "composites", MappingProxyType(dict(self.composites)))
        check_instrument(self)

    @property
    def item_scores(self) -> dict[str, tuple[int, ...]]:
        """Items of every score that is a sum or mean: composites, then subscales."""
        composites = {
            name: tuple(sorted(item for part in parts for item in self.subscales[part]))
            for name, parts in self.composites.items()
        }
        subscales = {n: items for n, items in self.subscales.items() if n not in self.unscored}
        return composites | subscales

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of all scores, in the order of their columns."""
        return (*self.item_scores, *(SYMPTOM_INDICES if self.symptom_indices else ()))

    @property
    def main_score(self) -> str:
        """The score that is meant when none is named: the first."""
        return self.scores[0]

    def score_range(
        self, score: str, *, response: Range | None = None, method: Method | None = None
    ) -> Range:
        """Lowest and highest possible value of a score.

        Examples
        --------
        >>> from alliance_stats.measures import get_instrument
        >>> get_instrument("wai_sr").score_range("total"), get_instrument("core_10").score_range(
        ...     "total")
        ((12.0, 60.0), (0.0, 40.0))
        """
        low, high = self.responses[0] if response is None else response
        if score == "pst":
            return 0.0, float(self.n_items)
        if score == "psdi":
            return 0.0, float(high - low)
        n = len(self.item_scores[score]) if (method or self.methods[0]) == "sum" else 1
        return float(self.multiplier * n * low), float(self.multiplier * n * high)

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
