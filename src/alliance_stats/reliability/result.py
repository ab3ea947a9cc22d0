"""ReliabilityResult: coefficients of reliability or agreement as a value, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats._base.views import TIDY_COLUMNS, TIDY_LEADING, ResultView

#: Coefficients are not regression weights.
HEADINGS = {
    "estimate": "Estimate",
    "share_at_minimum": "at minimum",
    "share_at_maximum": "at maximum",
}


#: What a view says whose estimates cannot exceed one.
BOUNDED = {"bounded": "yes"}
#: Kinds whose values are in points of the score; all others are of at most one in size.
_IN_POINTS = frozenset({"bland_altman", "measurement_error"})


@dataclass(frozen=True, eq=False, repr=False)
class ReliabilityResult:
    """One or several coefficients of reliability or agreement.

    Made by the functions of this room. Nothing is rounded; what is undefined is NaN and its
    reason stands in `messages`.

    Attributes
    ----------
    kind : str
        Which coefficient: ``"alpha"``, ``"icc"``, ``"kappa"`` …
    title : str
        One line for headings.
    terms : DataFrame
        One row a coefficient: the columns ``term estimate se statistic df p_value ci_low
        ci_high``, led by ``unit`` or ``group`` where meaningful, others after them.
    counts : mapping of str to int
        What the coefficients rest on, by noun in the singular: ``{"patient": 100, "item": 12}``.
    n_dropped : int
        Rows left out, or used in part only; the messages say which.
    conf_level : float
        Level of the intervals.
    notes, messages : tuple of str
        What the numbers assume; what a reader must know.
    tables : mapping of str to DataFrame
        Further tables by heading, such as item statistics.
    plot : DataFrame or None
        What the figure of this result draws.
    refit : str or None
        The call that gives the same result again.
    statistic : str
        What the column ``statistic`` holds: F, t or z.
    """

    kind: str
    title: str
    terms: pd.DataFrame
    counts: Mapping[str, int]
    n_dropped: int = 0
    conf_level: float = 0.95
    notes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    plot: pd.DataFrame | None = None
    refit: str | None = None
    statistic: str = "F"

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    @property
    def estimate(self) -> float:
        """The coefficient, where there is one.

        Raises
        ------
        ArgumentError
            If there are several: take ``tidy()``, or `value` with a term.
        """
        if len(self.terms) != 1:
            names = ", ".join(map(str, self.terms["term"]))
            raise ArgumentError(
                f"there are {len(self.terms)} coefficients ({names}), not one. "
                "Take one by its name with value('…'), or all with tidy()."
            )
        return float(self.terms["estimate"].iloc[0])

    def value(self, term: str) -> float:
        """The coefficient of one term.

        Raises
        ------
        ArgumentError
            If no row has that term, or several with different coefficients.
        """
        rows = self.terms.loc[self.terms["term"] == term, "estimate"]
        if rows.nunique(dropna=False) != 1:
            names = ", ".join(dict.fromkeys(map(str, self.terms["term"])))
            raise ArgumentError(
                f"term {term!r} stands in {counted(len(rows), 'row')}. Terms here: {names}."
            )
        return float(rows.iloc[0])

    def tidy(self) -> pd.DataFrame:
        """One row a coefficient; intervals are at the level of the call."""
        return self.terms.copy()

    def glance(self) -> pd.DataFrame:
        """One row: what the coefficients rest on."""
        row: dict[str, object] = {f"n_{noun}s": n for noun, n in self.counts.items()}
        return pd.DataFrame([{**row, "n_dropped": self.n_dropped, "conf_level": self.conf_level}])

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind=self.kind,
            title=self.title,
            terms=_named(self.tidy(), self.kind),
            fit=self.glance(),
            plot=self.plot,
            levels=pd.DataFrame({"unit": list(self.counts), "n": list(self.counts.values())}),
            notes=self.notes,
            messages=self.messages,
            refit=self.refit,
            labels={**self._headings, **({} if self.kind in _IN_POINTS else BOUNDED)},
            tables=self.tables,
            conf_level=self.conf_level,
        )

    def _shown(self) -> pd.DataFrame:
        """The rows without columns in which nothing stands."""
        return self.terms.dropna(axis="columns", how="all")

    @property
    def _headings(self) -> dict[str, str]:
        return {**HEADINGS, "statistic": self.statistic}

    @property
    def _heading(self) -> str:
        """The title, with what the coefficients rest on."""
        rests_on = ", ".join(counted(n, noun) for noun, n in self.counts.items())
        return f"{self.title} ({rests_on})" if rests_on else self.title

    def _text(self, table: pd.DataFrame) -> str:
        return frame_text(table, conf_level=self.conf_level, headings=self._headings)

    def _html(self, table: pd.DataFrame, caption: str) -> str:
        return frame_html(
            table, conf_level=self.conf_level, caption=caption, headings=self._headings
        )

    def __repr__(self) -> str:
        further = [f"{heading}\n{self._text(table)}" for heading, table in self.tables.items()]
        table = self._text(self._shown())
        said = ["\n".join(wrapped(lines)) for lines in (self.notes, self.messages) if lines]
        return "\n\n".join(["\n".join(wrapped([self._heading])), table, *further, *said])

    def _repr_html_(self) -> str:
        shown = self._html(self._shown(), self.title)
        further = "".join(self._html(table, heading) for heading, table in self.tables.items())
        said = "".join(f"<p>{escape_html(m)}</p>" for m in (*self.notes, *self.messages))
        return f"{shown}{further}{said}"


def _named(terms: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Rows whose terms say their group or unit: ``ICC(A,1) (two-way random)``."""
    if kind != "items":  # those are named as the columns are
        terms["term"] = terms["term"].str.replace("_", " ").str.replace("2level", "two-level")
    for leading in ("unit", "group"):
        if leading in terms.columns:
            terms["term"] = terms["term"] + " (" + terms[leading].astype(str) + ")"
    return terms


def coefficient_rows(rows: Sequence[Mapping[str, object]] | pd.DataFrame) -> pd.DataFrame:
    """Rows of `ReliabilityResult.terms` from what is known of each; the rest is NaN.

    Examples
    --------
    >>> coefficient_rows([{"term": "alpha", "estimate": 0.8}]).columns.tolist()
    ['term', 'estimate', 'se', 'statistic', 'df', 'p_value', 'ci_low', 'ci_high']
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    leading = [column for column in TIDY_LEADING if column in frame.columns]
    known = [*leading, *TIDY_COLUMNS]
    return frame.reindex(columns=[*known, *(c for c in frame.columns if c not in known)])
