"""ScoringKey: the parts of a questionnaire's key, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alliance_stats.measures.instruments.thresholds import Bands, ChangeValue, Cutoff, MissingRule

Method = Literal["sum", "mean"]
#: Scores of symptom checklists beside means: items above zero, and their mean.
SYMPTOM_INDICES = ("pst", "psdi")

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, repr=False)
class ScoringKey:
    """The half of an `Instrument` that its checks and its text are made from."""

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
