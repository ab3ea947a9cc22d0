"""EventResult: what the hazards of an event and of its competitor say about who stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.event.hazard import Hazard
from alliance_stats.models.event.incidence import incidence_rows
from alliance_stats.models.event.plot import event_frame
from alliance_stats.models.event.prepare import EVENT, PreparedEvents
from alliance_stats.models.event.r_code import event_r_code
from alliance_stats.models.event.sensitivity import DELTAS, delta_rows, sensitivity_rows
from alliance_stats.models.event.specification import EventSpecification
from alliance_stats.models.event.tables import (
    RATIOS,
    competing_shares,
    frailty_rows,
    hazard_rows,
    life_table,
    predictor_sds,
    ratio_rows,
)
from alliance_stats.models.event.words import event_notes, refit_call
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.shown import headline

#: Where the alliance lies in curves, in SDs from its mean.
LEVELS = {"−1 SD": -1.0, "mean": 0.0, "+1 SD": 1.0}


@dataclass(frozen=True, eq=False, repr=False)
class EventResult:
    """Whether the alliance predicts an event such as dropout, session by session.

    Made by `fit_event`.

    Attributes
    ----------
    hazards : tuple of Hazard
        The fitted hazard of the event and, where there is one, of the competing event.
    prepared : PreparedEvents
        The rows at risk.
    sessions : SessionData
        The sessions as given, for the sensitivity rows.
    about_competing : str
        Why the competing event has no fitted hazard; empty where it has one, or never came.
    """

    hazards: tuple[Hazard, ...]
    prepared: PreparedEvents
    sessions: SessionData
    about_competing: str = ""

    @property
    def specification(self) -> EventSpecification:
        """What was asked for."""
        return self.prepared.specification

    @property
    def about_fits(self) -> tuple[str, ...]:
        """What a reader must know about a singular or failed fit, by event."""
        found = [text for hazard in self.hazards for text in hazard.messages]
        return (*found, *([self.about_competing] if self.about_competing else []))

    @property
    def messages(self) -> tuple[str, ...]:
        """Sessions not in the model, by cause; singular or failed fits."""
        return (*self.prepared.messages(), *self.about_fits)

    @property
    def formulas(self) -> dict[str, str]:
        """The model of every event in lme4's syntax, over the columns of `prepared.frame`."""
        return {hazard.cause: hazard.fit.formula for hazard in self.hazards}

    @property
    def effects(self) -> pd.DataFrame:
        """The rows of `tidy` that are effects of the alliance on the event."""
        return self.tidy().head(len(self.prepared.effects))

    def tidy(self, *, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
        """Coefficients of the event's hazard, then of the competing event's.

        Parameters
        ----------
        conf_level : float
        exponentiate : bool
            Give hazard ratios (link cloglog) or odds ratios (logit) in place of coefficients; as
            in `fit_glmm`.

        Returns
        -------
        DataFrame
            Columns ``effect unit group`` and those of every tidy table, with z tests. ``group`` is
            the event; ``effect`` is ``current_alliance``, ``mean_alliance``, ``alliance_change``,
            ``early_alliance``, or empty; ``term`` is ``dropout ~ wai_total``. ``estimate`` is the
            difference in the log hazard for one point more; below zero means that a higher
            alliance goes before a lower hazard.
        """
        probability(conf_level, name="conf_level")
        tables = [hazard_rows(h, conf_level, exponentiate=exponentiate) for h in self.hazards]
        return pd.concat(tables, ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """One row an event: its name, how often it came, then the summary of its fit."""
        tables = []
        events = self.prepared.events()
        for hazard in self.hazards:
            table = hazard.fit.glance()
            table.insert(0, "event", hazard.cause)
            table.insert(1, "n_events", events[hazard.cause])
            tables.append(table)
        dropped = sum(self.prepared.dropped.values())
        return pd.concat(tables, ignore_index=True).assign(n_dropped=dropped)

    def hazard_ratios(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Ratios of hazards (link cloglog) or odds (logit) per point and per SD of each predictor.

        The SD is that over the sessions at risk of the event, taken as known.

        Returns
        -------
        DataFrame
            Columns ``effect unit group term ratio per estimate ci_low ci_high sd``; ``per`` is
            ``point`` or ``SD``.
        """
        probability(conf_level, name="conf_level")
        sds = predictor_sds(self.prepared)
        return ratio_rows(self.hazards, sds, conf_level, self.specification.link)

    def life_table(self) -> pd.DataFrame:
        """Sessions at risk, events and the observed hazard by session number.

        Columns ``session at_risk``, one a competing event and the event, ``hazard``: the share of
        the event among the sessions that the competing event did not end.
        """
        return life_table(self.prepared)

    def incidence(
        self, *, alliance: Sequence[float] | None = None, conf_level: float = 0.95
    ) -> pd.DataFrame:
        """Cumulative incidence of the event and of the competing one by session.

        The share of patients whose therapy would have ended so by each session, if their alliance
        were at one value throughout; from both hazards together (the product of Aalen and
        Johansen in discrete time), of a therapist with frailty 0 and with covariates at their
        means. Intervals are by the delta method.

        Parameters
        ----------
        alliance : sequence of float, optional
            Values of the alliance, by default its mean over the sessions at risk and one SD below
            and above. Current, mean and early alliance all have the value, the change is zero; if
            the change is the only predictor the values are changes.
        conf_level : float

        Returns
        -------
        DataFrame
            Columns ``group level alliance session estimate se ci_low ci_high at_risk``.
        """
        probability(conf_level, name="conf_level")
        values = self._levels() if alliance is None else _given_levels(alliance)
        life = self.life_table()
        sessions = life.loc[life["hazard"].notna(), "session"].to_numpy(dtype=float)
        observed = competing_shares(self.prepared, sessions)
        tables = []
        for level, value in values.items():
            profile = self._profile(value)
            table = incidence_rows(self.hazards, sessions, profile, observed, conf_level)
            table.insert(1, "level", level)
            table.insert(2, "alliance", value)
            tables.append(table)
        at_risk = life.set_index("session")["at_risk"]
        whole = pd.concat(tables, ignore_index=True)
        return whole.assign(at_risk=at_risk[whole["session"]].to_numpy())

    def _levels(self) -> dict[str, float]:
        """Mean of the alliance in its predictor, and one SD below and above."""
        if not self.prepared.effects:
            return {"mean": float("nan")}
        column = self.prepared.rows(EVENT)[self._leading]
        mean, sd = float(column.mean()), float(column.std(ddof=1))
        return {level: mean + k * sd for level, k in LEVELS.items()}

    @property
    def _leading(self) -> str:
        """The predictor whose values curves are drawn for: a level of the alliance, if any."""
        effects = self.prepared.effects
        levels = [column for effect, column in effects if effect != "alliance_change"]
        return levels[0] if levels else effects[0][1]

    def _profile(self, value: float) -> dict[str, float]:
        """Every predictor of a patient whose alliance has one value throughout."""
        return {
            column: value if effect != "alliance_change" or column == self._leading else 0.0
            for effect, column in self.prepared.effects
        }

    def frailty(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """How much therapists differ: SD of the log hazard, with a profile-likelihood interval.

        Columns ``group unit sd variance ci_low ci_high`` (the interval is that of the SD); without
        rows if therapists have no frailty.
        """
        probability(conf_level, name="conf_level")
        return frailty_rows(self.hazards, conf_level)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """The effects on the event under other choices, one changed at a time.

        Columns ``model`` and those of `effects` but the group. Rows: the other link (log odds and
        log hazards differ little while hazards are small); other baselines; without therapists
        and with quadrature in place of Laplace's approximation; with missing ratings carried
        forward; with sessions that ended by the competing event counted as at risk.
        """
        return sensitivity_rows(self.prepared, self.sessions.frame, self.effects, 0.95)

    def delta_adjusted(
        self, *, deltas: Sequence[float] = DELTAS, conf_level: float = 0.95
    ) -> pd.DataFrame:
        """The effects if the missing ratings of those who left were `deltas` SDs off.

        A rating may be missing *because* the patient was about to leave. Every missing rating is
        filled in by the mean of the patient's earlier ones (by that of all patients at this
        session where there are none), and those before the event are shifted by each delta. A
        conclusion that holds over all plausible deltas does not rest on the missing ratings; the
        delta at which it changes is the tipping point. Filled ratings are taken as known, so the
        intervals are a little too narrow.

        Parameters
        ----------
        deltas : sequence of float
            Shifts in SDs of all ratings.
        conf_level : float

        Returns
        -------
        DataFrame
            Columns ``delta n_filled n_shifted`` and those of `effects` but the group.
        """
        probability(conf_level, name="conf_level")
        return delta_rows(self.prepared, self.sessions.frame, deltas, conf_level)

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that makes the rows at risk from the file of sessions and fits both hazards.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given, with the columns used.

        Raises
        ------
        UnsupportedError, FormulaError
            If a name or label is none that R can hold.
        """
        return event_r_code(self.hazards, self.prepared, data)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        chosen, roles = self.specification, self.prepared.roles
        ratios = f"{RATIOS[chosen.link].capitalize()}s"
        tables = {
            ratios: self.hazard_ratios(),
            "Therapists": self.frailty(),
            "Sensitivity": self.sensitivity,
            "Missing ratings shifted": self._shifted(),
            "Events by session": self.life_table(),
        }
        return ResultView(
            kind="event",
            title=self._title,
            terms=self.tidy(),
            fit=self._whole(),
            plot=self._plot(),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=refit_call(self.prepared),
            labels=role_labels(
                roles,
                formula="; ".join(self.formulas.values()),
                ddf="normal",
                verb="predicts",
                event=chosen.event,
                competing=chosen.competing_name if self._competes else "",
                ratio=RATIOS[chosen.link],
                baseline=chosen.baseline,
                session=roles.session,
                events="; ".join(f"{n:,} {name}" for name, n in self.prepared.events().items()),
            ),
            tables={name: table for name, table in tables.items() if len(table)},
        )

    def _shifted(self) -> pd.DataFrame:
        """The table of `delta_adjusted` where ratings before the event are missing."""
        if not self.prepared.effects:
            return pd.DataFrame()
        table = self.delta_adjusted()
        return table if table["n_shifted"].iloc[0] else pd.DataFrame()

    def _plot(self) -> pd.DataFrame:
        hazard, mean = self.hazards[0], self._profile(self._levels()["mean"])
        return event_frame(self.incidence(), hazard, self.life_table(), mean, 0.95)

    def _whole(self) -> pd.DataFrame:
        """One row about all hazards together."""
        fits = [hazard.fit for hazard in self.hazards]
        return pd.DataFrame(
            {
                "n_obs": [len(self.prepared.frame)],
                "n_dropped": [sum(self.prepared.dropped.values())],
                "n_events": [self.prepared.events()[self.specification.event]],
                "loglik": [float(np.sum([fit.loglik for fit in fits]))],
                "converged": [all(fit.converged for fit in fits)],
                "singular": [any(fit.singular for fit in fits)],
            }
        )

    @property
    def _competes(self) -> bool:
        """Whether a competing event came."""
        return len(self.prepared.events()) > 1

    @property
    def _title(self) -> str:
        return f"{self.prepared.roles.alliance} and {self.specification.event}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return event_notes(self.prepared, self.hazards)

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        ratios = self.hazard_ratios().drop(columns=["unit", "ratio", "sd"])
        ratios = ratios.rename(columns={"estimate": RATIOS[self.specification.link]})
        return heading, [self.tidy(), ratios], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def _given_levels(values: object) -> dict[str, float]:
    """Values of the alliance by their own numbers."""
    numbers = list(values) if isinstance(values, Sequence | np.ndarray) else []
    plain = all(isinstance(v, int | float | np.number) and np.isfinite(v) for v in numbers)
    if isinstance(values, str) or not numbers or not plain:
        raise ArgumentError(
            f"alliance={values!r} is not a list of numbers. Give values such as [40, 50]."
        )
    return {f"{float(v):g}": float(v) for v in numbers}
