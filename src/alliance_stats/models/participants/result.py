"""StudiesResult: what several studies together say about alliance and outcome."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.models.participants.fitted import FittedStudies
from alliance_stats.models.participants.r_code import studies_r_code
from alliance_stats.models.participants.tables import glance, tidy
from alliance_stats.models.participants.views import shown, view_of


@dataclass(frozen=True, eq=False, repr=False)
class StudiesResult(FittedStudies):
    """One question about alliance and outcome, answered by several studies together.

    Made by `fit_studies`. Nothing is rounded; nothing here changes after fitting.
    """

    tidy = tidy
    glance = glance

    def to_r(self, *, data: str = "{effect}.csv") -> str:
        """R code: the second stage by metafor, its data typed out, and one stage by lme4.

        The first stage is ``result.fits[study].to_r()``, where the question has it.

        Parameters
        ----------
        data : str
            The CSV file of each one-stage model, written by
            ``result.one_stage[effect].frame.to_csv(…, index=False)``; ``{effect}`` stands for
            the effect's name.
        """
        return studies_r_code(self.of_scale(self.scale), self.one_stage, data)

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        probability(conf_level, name="conf_level")
        return view_of(self, conf_level)

    def __repr__(self) -> str:
        return result_text(*shown(self))

    def _repr_html_(self) -> str:
        return result_html(*shown(self))
