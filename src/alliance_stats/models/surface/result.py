"""SurfaceResult: how the outcome depends on two ratings, and whether agreement is best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.paired import Scale
from alliance_stats.models.shown import headline
from alliance_stats.models.specification import Specification
from alliance_stats.models.surface.conditions import conditions_table, verdict_of
from alliance_stats.models.surface.draws import SurfaceDraws, axes_table
from alliance_stats.models.surface.plot import surface_frame
from alliance_stats.models.surface.prepare import PreparedSurface
from alliance_stats.models.surface.r_code import surface_r_code
from alliance_stats.models.surface.tables import (
    agreement_table,
    improved,
    surface_tests,
    tidy_table,
)
from alliance_stats.models.surface.words import agreement_messages, call_of, notes_of


@dataclass(frozen=True, eq=False, repr=False)
class SurfaceResult:
    """A response surface of two ratings, with the conditions of a congruence effect.

    Made by `fit_response_surface`.

    Attributes
    ----------
    fit : MixedModelResult
        The mixed model behind it.
    prepared : PreparedSurface
        The rows of the model, both ratings counted from one centre.
    specification : Specification
    scale : (float, float) or None
        Lowest and highest possible score, if given.
    midpoint : str or None
        As asked for.
    draws : SurfaceDraws
        Coefficients in data of clusters drawn again.
    """

    fit: MixedModelResult
    prepared: PreparedSurface
    specification: Specification
    scale: Scale | None
    midpoint: str | None
    draws: SurfaceDraws

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped sessions, too little disagreement; singular or failed fits; the draws."""
        return (
            *self.prepared.sessions.messages(),
            *agreement_messages(self.prepared, self.agreement),
            *self.fit.messages,
            *self.draws.messages,
        )

    @property
    def formula(self) -> str:
        """The model in lme4's syntax, over the columns of `prepared.frame`."""
        return self.fit.formula

    @property
    def b(self) -> np.ndarray:
        """b1 … b5 (5,), with the raw sign."""
        return self.fit.beta[list(self.prepared.names)].to_numpy()

    @property
    def _sign(self) -> int:
        """1 where a higher outcome is better, −1 where a lower one is."""
        return 1 if self.prepared.sessions.roles.outcome_better == "higher" else -1

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Coefficients of the surface, of its lines, and the other fixed effects.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect`` and those of every tidy table. ``effect`` is ``b1`` … ``b5`` (x, y,
            x², xy, y²); ``a1`` and ``a2``, slope and curvature along the line of congruence, ``a3``
            and ``a4``, those along the line of incongruence, ``a5`` = b3 − b5; or empty.
            ``estimate`` has the raw sign.
        """
        probability(conf_level, name="conf_level")
        return tidy_table(self.fit, self.prepared, conf_level, ddf)

    def axes(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Stationary point and principal axes, with intervals by the cluster bootstrap.

        Returns
        -------
        DataFrame
            Columns ``term estimate ci_low ci_high n_undefined``; ``stationary_x stationary_y``,
            and the axes y = p10 + p11 x and y = p20 + p21 x, in units of the ratings from their
            common centre. The first axis is the ridge of the surface of improvement. NaN without
            draws, and where the surface has no such point.
        """
        probability(conf_level, name="conf_level")
        turned = SurfaceDraws(
            self._sign * self.draws.b, self.draws.cluster, self.draws.n_clusters,
            self.draws.effective, (),
        )  # fmt: skip
        return axes_table(self._sign * self.b, turned, conf_level)

    def conditions(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """The conditions of a congruence effect, one by one (Humberg, Nestler & Back, 2019).

        Returns
        -------
        DataFrame
            Columns ``claim condition asked estimate ci_low ci_high status``. Estimates are those
            of the surface of improvement: signed so that positive is a better outcome. ``status``
            is ``met``, ``not met`` or ``contradicted`` for a4, the one test that speaks for
            congruence; ``not contradicted`` or ``contradicted`` for the others: an interval that
            holds a value is no proof of it. ``unknown`` without draws.
        """
        rows = improved(self.tidy(conf_level=conf_level, ddf=ddf), self._sign)
        return conditions_table(rows, self.axes(conf_level=conf_level))

    @cached_property
    def verdict(self) -> str:
        """``shown, strict``, ``shown, broad``, ``not shown``, or ``not decided`` without draws.

        ``not shown`` is not "congruence does not matter": see `conditions`.
        """
        return verdict_of(self.conditions())

    def tests(self, *, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """F tests of all five coefficients (``surface``), and of b3, b4 and b5 (``curvature``)."""
        return surface_tests(self.fit, self.prepared, ddf)

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """How often the ratings disagree: without disagreement there is no surface to see.

        One row: ``compared n sd x_higher alike y_higher mean_difference``. Shares of sessions (of
        patients, between them) in which x is higher than y by more than half of ``sd``, about the
        same, lower. ``sd`` is the root of the mean variance of both.
        """
        return agreement_table(self.prepared)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model, with the verdict."""
        table = self.fit.glance().rename(columns={"bic_groups": "bic_patients"})
        return table.assign(
            n_dropped=sum(self.prepared.sessions.dropped.values()),
            n_boot=len(self.draws.b),
            congruence=self.verdict,
        )

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that makes the columns from the file of sessions and fits the model by lme4.

        It prints b and a with their tests, and the principal axes without intervals.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given to the fit.

        Raises
        ------
        UnsupportedError
            If patients with several therapists count for the first one.

        Examples
        --------
        >>> import alliance_stats as al
        >>> result = al.models.fit_response_surface(al.load_example("dyads"), n_boot=0)
        >>> print(result.to_r().splitlines()[0])
        library(lme4)
        """
        return surface_r_code(self.fit, self.prepared, self.specification, self._sign, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result; `ddf` as in `tidy`."""
        prepared = self.prepared
        conditions = self.conditions(ddf=ddf)
        axes = self.axes()
        p10, p11 = axes["estimate"].to_numpy()[2:4]
        return ResultView(
            kind="surface",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=surface_frame(self.fit, prepared, self.b, (p10, p11)),
            levels=level_counts(prepared.sessions.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=call_of(
                prepared, self.specification, self.scale, self.midpoint, len(self.draws.b)
            ),
            labels=role_labels(
                prepared.sessions.roles, formula=self.formula, ddf=ddf, verb="association",
                time=self.specification.time, x=prepared.pair[0], y=prepared.pair[1],
                level=prepared.level, verdict=verdict_of(conditions),
            ),
            tables={
                "Conditions of congruence": conditions,
                "Principal axes": axes,
                "Agreement of the ratings": self.agreement,
                "Tests of the surface": self.tests(ddf=ddf),
                "Random effects": self.fit.var_corr(),
            },
        )  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return notes_of(self.prepared, self.specification, self.scale, self.draws)

    @property
    def _title(self) -> str:
        x, y = self.prepared.pair
        outcome = self.prepared.sessions.roles.outcome
        return f"{outcome} by {x} and {y}, {self.prepared.level} patients"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        heading = headline(self._title, self.prepared.sessions.counts())
        said = f"Congruence: {self.verdict}."
        return heading, [self.tidy(), self.conditions()], (said, *self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
