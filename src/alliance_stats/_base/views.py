"""What the report room sees of any result: one frozen view with a fixed table schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import pandas as pd

#: Columns of every ``tidy()``; results may lead with `effect`, `unit`, `group`, `study`.
TIDY_COLUMNS = ("term", "estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")
TIDY_LEADING = ("effect", "unit", "group", "study")


@dataclass(frozen=True, eq=False)
class ResultView:
    """Everything that tables, texts, figures and reports may read of a result.

    Attributes
    ----------
    kind : str
        Which question the result answers: ``"within_between"``, ``"lmm"``, ``"sessions"`` …
        Writers choose their words by it.
    title : str
        One line for headings.
    terms : DataFrame
        Rows of ``tidy()``: the columns `TIDY_COLUMNS`, led by some of `TIDY_LEADING`.
    fit : DataFrame
        One row: ``glance()``.
    plot : DataFrame or None
        The plain frame that this result's figure draws; figures compute nothing.
    levels : DataFrame
        One row a unit, outermost last: columns ``unit`` (session, patient, therapist) and ``n``.
    notes : tuple of str
        Sentences printed under tables: what was centred how, what is treated as fixed.
    messages : tuple of str
        Every warning of the result, in plain words.
    refit : str or None
        Lines of code that fit the same model again.
    labels : mapping of str to str
        Words of this result, such as ``alliance``, ``outcome``, ``outcome_better``.
    tables : mapping of str to DataFrame
        Further tables in print order, by heading: variance components, sensitivity rows.
    conf_level : float
        Confidence level of every interval in the view.
    """

    kind: str
    title: str
    terms: pd.DataFrame
    fit: pd.DataFrame
    plot: pd.DataFrame | None
    levels: pd.DataFrame
    notes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    refit: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))


@runtime_checkable
class HasView(Protocol):
    """Anything the report room accepts: a result with a ``view()``."""

    def view(self) -> ResultView:
        """Return the view of this result."""
        ...


@runtime_checkable
class HasR(Protocol):
    """A result that an R package can fit again."""

    def to_r(self) -> str:
        """Return the lines of R."""
        ...
