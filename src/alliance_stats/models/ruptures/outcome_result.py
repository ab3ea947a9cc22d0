"""RuptureOutcome: what ruptures and repairs beyond chance go with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.notes import few_units_notes
from alliance_stats.models.outcome.patient_fit import PatientFit, fit_rows
from alliance_stats.models.outcome.r_code import patients_r_code
from alliance_stats.models.ruptures.patients import EFFECTS, RupturePatients, spread_beside_chance
from alliance_stats.models.ruptures.result import RuptureResult
from alliance_stats.models.ruptures.words import repair_words, rule_words
from alliance_stats.models.shown import headline
from alliance_stats.numeric.least_squares import column_rank

_RAW = "raw counts"
_SHARE = "share repaired, patients with ruptures"


@dataclass(frozen=True, eq=False, repr=False)
class RuptureOutcome:
    """Ruptures and repairs beyond chance, and the outcome.

    Made by `fit_ruptures`.

    Attributes
    ----------
    fit : MixedModelResult or LinearFit
        With a therapist role a mixed model, else least squares.
    prepared : RupturePatients
        One row a patient.
    found : RuptureResult
        The ruptures, beside chance.
    """

    fit: PatientFit
    prepared: RupturePatients
    found: RuptureResult

    @property
    def messages(self) -> tuple[str, ...]:
        """Patients left out or dropped; a match that failed; singular or failed fits."""
        return (*self.found.messages, *self.prepared.messages(), *self.fit.messages)

    @property
    def formula(self) -> str:
        """The model in R's syntax, over the columns of `prepared.frame`."""
        return self.fit.formula

    @property
    def effects(self) -> pd.DataFrame:
        """The rows of `tidy` about ruptures and repairs."""
        return self.tidy().head(len(EFFECTS))

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Coefficients: ruptures beyond chance, repairs beyond chance, intercept and intake.

        ``estimate`` has the raw sign: points of the outcome for one rupture, or one repaired
        instead of unrepaired, more than by chance. `ddf` as in `fit_outcome`'s ``tidy``.
        """
        probability(conf_level, name="conf_level")
        return _coefficients(self.fit, EFFECTS, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model; ``bic`` counts patients."""
        table = self.fit.glance().drop(columns="bic_groups", errors="ignore")
        dropped = sum(self.prepared.dropped.values()) + sum(self.found.ratings.dropped.values())
        return table.assign(n_dropped=dropped)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """The same model with raw counts, and with the share repaired.

        Columns ``model n`` and those of `tidy`. The share is that of patients with a rupture, the
        only ones who have one. NaN where a model cannot be fitted.
        """
        frame = self.prepared.frame
        some = frame[frame["ruptures"] > 0].reset_index(drop=True)
        parts = [
            self._other(_RAW, frame, ("ruptures", "repaired")),
            self._other(_SHARE, some, ("excess_ruptures", "share_repaired")),
        ]
        return pd.concat(parts, ignore_index=True)

    def _other(self, name: str, frame: pd.DataFrame, columns: tuple[str, str]) -> pd.DataFrame:
        """Coefficients of another pair of measures."""
        used = [*columns, self.prepared.baseline]
        if self._can_be_fitted(frame, used):
            fit = fit_rows(frame, self.prepared.post, used, self.prepared.roles.therapist)
            rows = _coefficients(fit, columns, 0.95, "satterthwaite").head(len(columns))
        else:
            named = pd.DataFrame({"effect": columns, "unit": "patient", "term": columns})
            rows = named.reindex(columns=["effect", "unit", *TIDY_COLUMNS])
        rows.insert(0, "model", name)
        rows.insert(1, "n", len(frame))
        return rows

    def _can_be_fitted(self, frame: pd.DataFrame, used: list[str]) -> bool:
        """Whether there are enough patients and therapists, and columns that tell apart."""
        therapist = self.prepared.roles.therapist
        if len(frame) < len(used) + 3 or np.ptp(frame[self.prepared.post]) == 0:
            return False
        if therapist is not None and not 2 <= frame[therapist].nunique() < len(frame):
            return False
        values = frame[used].to_numpy(dtype=float)
        return column_rank(values - values.mean(axis=0)) == len(used)

    @cached_property
    def tracks(self) -> pd.DataFrame:
        """Correlations over patients of raw count and excess with number and SD of the ratings.

        Columns ``measure n_ratings sd``. They show what a raw count measures besides ruptures.
        """
        frame = self.prepared.frame
        rows = {
            name: [_correlation(frame[name], frame[other]) for other in ("n_ratings", "sd")]
            for name in ("ruptures", "expected", "excess_ruptures")
        }
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["n_ratings", "sd"])
        return table.rename_axis("measure").reset_index()

    @cached_property
    def spread(self) -> pd.DataFrame:
        """How much both excesses vary over patients, beside what they would vary by chance.

        Columns ``measure variance by_chance ratio``: the variance over patients, the mean variance
        in ratings like theirs without ruptures, and variance/by_chance. A ratio near 1 or below
        says that the excess varies as it would without any rupture: it is mostly noise, and its
        coefficient drawn towards 0. A larger one is no reliability: deep falls widen the patient's
        standard deviation, which changes counts in both directions.
        """
        return spread_beside_chance(self.found, self.prepared.frame)

    def to_r(self, *, data: str = "patients.csv") -> str:
        """R code that fits the model to the patients, as ``prepared.frame`` holds them.

        Write them first: ``result.prepared.frame.to_csv("patients.csv", index=False)``. Counts by
        chance are simulated here and not in R.

        Parameters
        ----------
        data : str
            The CSV file that R shall read.
        """
        prepared = self.prepared
        return patients_r_code(self.fit, prepared.frame, prepared.post, prepared.predictors, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result; `ddf` as in `tidy`."""
        mixed = isinstance(self.fit, MixedModelResult)
        return ResultView(
            kind="rupture_outcome",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=None,
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                self.prepared.roles, formula=self.formula, verb="association",
                ddf=ddf if ddf == "normal" or mixed else "residual",
                rupture=rule_words(self.found.rule), repair=repair_words(self.found.rule),
            ),
            tables=self._tables(),
        )  # fmt: skip

    def _call(self) -> str:
        """The call that fits this model again."""
        call = self.found.refit.replace("find_ruptures", "fit_ruptures", 1)
        changes = self.prepared.changes
        if changes is None or changes.way == "raise":
            return call
        return f"{call[:-1]}, therapist_change={changes.way!r})"

    def _tables(self) -> dict[str, pd.DataFrame]:
        return {
            "Beside chance": self.found.chance,
            "Sensitivity": self.sensitivity,
            "What counts go with": self.tracks,
            "Spread beside chance": self.spread,
        }

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        prepared = self.prepared
        reml = getattr(self.fit, "reml", False)
        counts = {"therapist": prepared.counts().get("therapist", 1_000_000)}
        few = few_units_notes(counts, reml=bool(reml)) if prepared.roles.therapist else []
        return (
            f"Rupture: {rule_words(self.found.rule)}. Repair: {repair_words(self.found.rule)}.",
            "Excess: the patient's count less its expectation in ratings like the patient's, "
            "without ruptures; of repairs, given the count of ruptures.",
            f"The excesses vary over patients {self._spread_words()} times as much as in ratings "
            "without ruptures. Where that is near 1 or below they are mostly noise, which draws "
            "coefficients towards 0 and is in no interval.",
            "Raw counts grow with the number of sessions and with the swing of the ratings, "
            "because falls by chance do; an association with them need not be one with ruptures.",
            f"Outcome: the last {prepared.roles.outcome}, given {prepared.baseline}. Ruptures are "
            "counted until then: an association, without an order in time.",
            *few,
        )

    def _spread_words(self) -> str:
        ruptures, repairs = (f"{ratio:.2f}" for ratio in self.spread["ratio"])
        return f"{ruptures} (ruptures) and {repairs} (repairs)"

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"Ruptures of {roles.alliance} and the last {roles.outcome}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        columns = ["model", "n", "term", "estimate", "se", "p_value", "ci_low", "ci_high"]
        tables = [self.tidy().drop(columns="unit"), self.sensitivity[columns], self.tracks]
        return heading, tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def _coefficients(
    fit: PatientFit, effects: tuple[str, ...], conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Tidy rows of a fit, those of the effects first."""
    names = [*effects, *(name for name in fit.names if name not in effects)]
    weights = {name: {name: 1.0} for name in names}
    table = fit.contrasts(weights, conf_level=conf_level, ddf=ddf)
    table.insert(0, "effect", [name if name in effects else "" for name in names])
    table.insert(1, "unit", ["patient" if name in effects else "" for name in names])
    return table[["effect", "unit", *TIDY_COLUMNS]]


def _correlation(x: pd.Series, y: pd.Series) -> float:
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])
