"""ReliabilityReport: the whole table, the assumptions and the recommendation as a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd

from alliance_stats._base.printing import escape_html, wrapped
from alliance_stats._base.views import ResultView
from alliance_stats.reliability.report.grades import CUTS
from alliance_stats.reliability.result import ReliabilityResult

ADVICE = "Recommendation"
_SHOWN = ("unit", "term", "estimate", "se", "ci_low", "ci_high", "n")
HEADINGS = {"unit": "Compares", "term": "Coefficient", "n": "N"}


@dataclass(frozen=True, eq=False, repr=False)
class ReliabilityReport(ReliabilityResult):
    """Every reliability of the scores of a questionnaire, and what they are good for.

    Made by `reliability_report`. It is a `ReliabilityResult`; ``tidy()`` has a row for every
    coefficient of every score: ``unit`` says what is compared (one session, patients, change,
    therapists), ``group`` the score, ``n`` the rows it rests on, ``good_for`` its use,
    ``sound`` whether the fit behind it may be reported.

    Attributes
    ----------
    scores : tuple of str
        Scores of the instrument, the main one first.
    advice : DataFrame
        One row a claim about the main score: ``claim coefficient estimate ci_low ci_high verdict
        sentence``.
    """

    scores: tuple[str, ...] = ()
    advice: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def recommendation(self) -> str:
        """The advice in sentences, a line each."""
        return "\n".join(self.advice["sentence"])

    def value(self, term: str, *, score: str | None = None) -> float:
        """A coefficient of a score, by default the main one.

        Raises
        ------
        ArgumentError
            If the score has no row of that term, or several with different coefficients.
        """
        own = self.terms.loc[self.terms["group"] == (self.scores[0] if score is None else score)]
        return float(ReliabilityResult.value(replace(self, terms=own), term))

    def view(self) -> ResultView:
        """Return what the report room may see of this report."""
        plain = ReliabilityResult.view(self)
        terms = self.tidy().drop(columns=["good_for", "sound"])
        terms["term"] = [
            f"{score}: {term} ({unit})"
            for score, term, unit in zip(terms["group"], terms["term"], terms["unit"], strict=True)
        ]
        shown = self.advice.drop(columns=["sentence"])
        return replace(
            plain,
            terms=terms.drop(columns=["unit", "group"]),
            plot=self._plotted(),
            tables={ADVICE: shown, **self.tables},
            labels={
                **plain.labels,
                "score": self.scores[0],
                "recommendation": self.recommendation,
                "cuts": " ".join(map(str, CUTS)),
            },
        )

    def _plotted(self) -> pd.DataFrame:
        names = ["unit", "group", "term", "estimate", "ci_low", "ci_high"]
        frame = self.terms[names].rename(columns={"group": "score"})
        return frame.assign(main=(frame["score"] == self.scores[0]).to_numpy())

    def _main(self) -> pd.DataFrame:
        """Rows of the main score; what is compared is named once."""
        own = self.terms.loc[self.terms["group"] == self.scores[0], list(_SHOWN)]
        own = own.reset_index(drop=True)
        own["unit"] = own["unit"].where(own["unit"] != own["unit"].shift(), "")
        return own

    def main_table(self) -> str:
        """The coefficients of the main score as printed."""
        return self._text(self._main())

    def _subscales(self) -> pd.DataFrame:
        """Estimates of the other scores side by side."""
        others = self.terms.loc[self.terms["group"] != self.scores[0]]
        if others.empty:
            return pd.DataFrame()
        wide = others.pivot_table(
            index=["unit", "term"], columns="group", values="estimate", sort=False
        )
        return wide[[s for s in self.scores if s in wide.columns]].reset_index()

    @property
    def _headings(self) -> dict[str, str]:
        return {**super()._headings, **HEADINGS}

    def _parts(self) -> list[tuple[str, pd.DataFrame]]:
        parts = [(self.scores[0], self._main()), ("Other scores", self._subscales())]
        return [(name, table) for name, table in [*parts, *self.tables.items()] if len(table)]

    def __repr__(self) -> str:
        tables = [f"{name}\n{self._text(table)}" for name, table in self._parts()]
        said = ["\n".join(wrapped(lines)) for lines in (self.notes, self.messages) if lines]
        advice = "\n".join([ADVICE, *wrapped(self.advice["sentence"])])
        return "\n\n".join(["\n".join(wrapped([self._heading])), advice, *tables, *said])

    def _repr_html_(self) -> str:
        advice = "".join(f"<li>{escape_html(s)}</li>" for s in self.advice["sentence"])
        tables = "".join(self._html(table, name) for name, table in self._parts())
        said = "".join(f"<p>{escape_html(m)}</p>" for m in (*self.notes, *self.messages))
        return f"<p>{escape_html(self.title)}</p><ul>{advice}</ul>{tables}{said}"
