"""DStudyResult: coefficients of planned measurements as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, did_you_mean, name_list, one_of, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.reliability.generalizability.coefficients import (
    COEFFICIENTS,
    measurement_weights,
)
from alliance_stats.reliability.generalizability.design import Design
from alliance_stats.reliability.generalizability.result import GStudyResult
from alliance_stats.reliability.result import BOUNDED, ReliabilityResult


@dataclass(frozen=True, eq=False, repr=False)
class DStudyResult:
    """Coefficients for numbers of conditions that could be used.

    Made by `d_study`. Nothing is rounded.

    Attributes
    ----------
    study : GStudyResult
        Where the components come from.
    design : Design
        What would cross and what would nest.
    rows : DataFrame
        Two rows (G, Phi) a measurement, with the columns of `ReliabilityResult.terms`, ``sem``
        and ``n_<facet>``.
    varied : tuple of str
        Facets of which several numbers were asked for.
    """

    study: GStudyResult
    design: Design
    rows: pd.DataFrame
    varied: tuple[str, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a measurement: ``n_<facet>``, then ``G Phi sem_relative sem_absolute``."""
        g, phi = (self.rows.loc[self.rows["term"] == term] for term in COEFFICIENTS)
        found = g[self._columns].reset_index(drop=True)
        return found.assign(
            G=g["estimate"].to_numpy(),
            Phi=phi["estimate"].to_numpy(),
            sem_relative=g["sem"].to_numpy(),
            sem_absolute=phi["sem"].to_numpy(),
        )

    @property
    def _columns(self) -> list[str]:
        return [f"n_{facet}" for facet in self.design.facets]

    def needed(
        self,
        goal: float,
        *,
        facet: str | None = None,
        coefficient: Literal["G", "Phi"] = "G",
    ) -> pd.DataFrame:
        """The smallest number of conditions of a facet with which a coefficient reaches a goal.

        Parameters
        ----------
        goal : float
            Such as .90.
        facet : str, optional
            The facet that is counted; by default the first of which several numbers were asked for.
        coefficient : {"G", "Phi"}

        Returns
        -------
        DataFrame
            One row a combination of the other facets' numbers: these, ``n_<facet>`` (missing where
            no number is enough), the coefficient there, and its ``limit`` for ever more conditions.

        Raises
        ------
        ArgumentError
            If the goal is not between 0 and 1, or the facet is fixed or not in the study.
        """
        probability(goal, name="goal")
        one_of(coefficient, COEFFICIENTS, name="coefficient")
        facet = self._counted(facet)
        others = [f"n_{f}" for f in self.design.facets if f != facet]
        measurements = self.table[others].drop_duplicates() if others else pd.DataFrame(index=[0])
        found = [
            {**row, **self._reached(goal, facet, coefficient, row)}
            for row in (
                {name: measurements[name].iloc[place] for name in others}
                for place in range(len(measurements))
            )
        ]
        frame = pd.DataFrame(found)
        return frame.astype({f"n_{facet}": "Int64"})

    def _counted(self, facet: str | None) -> str:
        """The facet that is counted, checked."""
        random = [f for f in self.design.facets if f not in self.design.fixed]
        if facet is None:
            facet = next((f for f in [*self.varied, *random] if f in random), None)
        if facet is None or facet not in random:
            hint = did_you_mean(facet, random) if facet else ""
            raise ArgumentError(
                f"facet={facet!r} is no random facet of the study.{hint} "
                f"Random facets: {name_list(random) or 'none'}."
            )
        return facet

    def _reached(
        self, goal: float, facet: str, coefficient: str, others: dict[str, float]
    ) -> dict[str, object]:
        """Error variance is a + b/n in the conditions n of one facet: solve for n."""
        variance = self.study.estimated.kept
        single, many = (
            measurement_weights(
                self.study.estimated.effects,
                self.design,
                {f: number if f == facet else others[f"n_{f}"] for f in self.design.facets},
            )
            for number in (1.0, np.inf)
        )
        universe = float(single.universe @ variance)
        stays = float(many.errors()[coefficient] @ variance)
        falls = float(single.errors()[coefficient] @ variance) - stays
        room = universe * (1.0 - goal) / goal - stays
        number = max(1.0, np.ceil(falls / room - 1e-9)) if room > 0 else np.nan
        at = universe / (universe + stays + falls / number) if number == number else np.nan
        limit = universe / (universe + stays) if universe + stays > 0 else np.nan
        shown = int(number) if number == number else pd.NA
        return {f"n_{facet}": shown, coefficient: at, "limit": limit}

    def tidy(self) -> pd.DataFrame:
        """Two rows (G, Phi) a measurement, with intervals."""
        return self.rows.copy()

    def glance(self) -> pd.DataFrame:
        """One row: the design and how many measurements are compared."""
        return pd.DataFrame(
            {
                "design": [self.design.text],
                "n_measurements": [len(self.table)],
                "conf_level": [self.study.conf_level],
            }
        )

    @cached_property
    def plot(self) -> pd.DataFrame:
        """What the figure draws: ``panel line x y y_low y_high``."""
        x = self._along()
        lines = self._numbers_of([f for f in self.varied if f != x])
        return pd.DataFrame(
            {
                "panel": self.rows["term"],
                "line": lines,
                "x": self.rows[f"n_{x}"].astype(float),
                "y": self.rows["estimate"],
                "y_low": self.rows["ci_low"],
                "y_high": self.rows["ci_high"],
            }
        )

    def _along(self) -> str:
        """The facet with the most numbers stands along the figure."""
        return max(self.design.facets, key=lambda f: self.rows[f"n_{f}"].nunique())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the coefficients are."""
        said = [
            f"Design: {self.design.text}. Components of a study with {self.study.n_obs:,} scores "
            f"({self.study.design.text}, {self.study.method})."
        ]
        kept = [f for f in self.design.facets if f not in self.varied]
        if kept:
            said.append(
                "Held: "
                + ", ".join(f"{self.rows[f'n_{f}'].iloc[0]:.4g} of {f}" for f in kept)
                + "."
            )
        return tuple(said)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="d_study",
            title=f"Planned measurements of {self.study.score}",
            terms=self._named(),
            fit=self.glance(),
            plot=self.plot,
            levels=pd.DataFrame(
                {"unit": list(self.study.counts), "n": list(self.study.counts.values())}
            ),
            notes=self.notes,
            messages=self.study.messages,
            labels={
                "along": self._along(),
                "score": self.study.score,
                "objects": self.study.objects,
                "estimate": "Estimate",
                **BOUNDED,
            },
            tables={"Measurements": self.table},
            conf_level=self.study.conf_level,
        )

    def _named(self) -> pd.DataFrame:
        """Rows whose terms say the numbers: ``G (4 sessions, 12 items)``."""
        rows = self.tidy()
        said = self._numbers_of(self.design.facets)
        rows["term"] = [f"{term} ({n})" for term, n in zip(rows["term"], said, strict=True)]
        return rows

    def _numbers_of(self, facets: Sequence[str]) -> list[str]:
        """The numbers of these facets in words, a row each: ``4 sessions, 12 items``."""
        columns = [
            [counted(int(n), f) if float(n).is_integer() else f"{n:.3g} {f}s" for n in column]
            for f in facets
            for column in [self.rows[f"n_{f}"]]
        ]
        return (
            [", ".join(parts) for parts in zip(*columns, strict=True)]
            if columns
            else ([""] * len(self.rows))
        )

    def _shown(self) -> ReliabilityResult:
        return ReliabilityResult(
            kind="d_study",
            title=f"Planned measurements of {self.study.score}",
            terms=self.table,
            counts=self.study.counts,
            notes=self.notes,
            messages=self.study.messages,
        )

    def __repr__(self) -> str:
        return repr(self._shown())

    def _repr_html_(self) -> str:
        return self._shown()._repr_html_()
