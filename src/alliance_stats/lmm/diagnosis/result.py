"""Diagnosis: the findings about a fit."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.printing import escape_html
from alliance_stats._base.views import ResultView

NOTHING = "Nothing found that stands against this fit."


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """Findings about a fit, in plain words.

    Made by `MixedModelResult.diagnose`.

    Attributes
    ----------
    findings : DataFrame
        One row a finding, the gravest first: columns ``finding severity where text advice``.
        Severities are ``problem`` (do not report as it is), ``caution`` (say it, or look closer)
        and ``note``.
    simpler : str or None
        Formula of the nearest model with fewer random effects that is not singular.
    formula : str
        The model looked at.
    """

    findings: pd.DataFrame
    simpler: str | None
    formula: str

    @property
    def ok(self) -> bool:
        """Whether there is no problem; cautions and notes may be there."""
        return not (self.findings["severity"] == "problem").any()

    def tidy(self) -> pd.DataFrame:
        """The findings."""
        return self.findings.copy()

    def glance(self) -> pd.DataFrame:
        """One row: the number of findings of every severity."""
        counts = self.findings["severity"].value_counts()
        names = ("problem", "caution", "note")
        return pd.DataFrame({f"n_{name}s": [int(counts.get(name, 0))] for name in names})

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="diagnosis",
            title="Findings about the fit",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame(columns=["unit", "n"]),
            labels={"findings": "\n".join(self._sentences())},
        )

    def _sentences(self) -> list[str]:
        if not len(self.findings):
            return [NOTHING]
        return [f"{row.severity}: {row.text} {row.advice}" for row in self.findings.itertuples()]

    def __repr__(self) -> str:
        return "\n\n".join([f"Findings about {self.formula}", *self._sentences()])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape_html(text)}</li>" for text in self._sentences())
        return f"<p>Findings about {escape_html(self.formula)}</p><ul>{items}</ul>"
