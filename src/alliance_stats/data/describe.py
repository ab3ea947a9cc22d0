"""Describing session data: units, distributions, and what varies at which unit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataWarning
from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.data.describe_tables import printed_tables
from alliance_stats.data.descriptives import (
    DESCRIPTIVES,
    correlation_pairs,
    descriptives_frame,
)
from alliance_stats.data.level_measures import (
    correlation_rows,
    series_measures,
    size_distribution,
    variance_table,
)
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.units import Codes, float_values, unit_codes

NOTES = (
    "SD within is the root of the pooled within-patient variance; SD between is the SD of the "
    "patient means.",
    "Share at maximum is the share of ratings equal to the highest one observed. Flat patients "
    "have two or more ratings that are all equal. Like patients rated once, they have no variance "
    "within.",
    "Change per session is the pooled slope within patients on the session number; change first "
    "to last is the mean over patients with two or more ratings.",
    "Variances are method-of-moments estimates (one-way or nested analysis of variance, "
    "Henderson's method I); negative estimates are shown as 0. ICC is the share of the total "
    "variance at the unit.",
    "Reliability of a patient's mean: v/(v + e/n), with v the patients' and e the sessions' "
    "variance and n the sessions with a rating. Of a therapist's mean, which is the mean of the "
    "patients' means: w/(w + (v + e/n)/m), with w the therapists' variance and m the patients. "
    "Reliability takes the harmonic means of n and m, shown as members; lowest and highest are of "
    "single units, with their own n and m.",
    "Lag-1 autocorrelation is pooled over patients, of deviations from the patient's mean, at "
    "sessions exactly one apart; in short series it is biased downwards.",
    "The within correlation pools deviations from the patients' means over sessions with both "
    "ratings; the between correlation is of the patient means over the same sessions.",
)


@dataclass(frozen=True, eq=False)
class LevelsDescription:
    """What varies at which unit of the data; made by `describe_levels`.

    Attributes
    ----------
    units : DataFrame
        Columns ``unit`` and ``n``: sessions, patients, therapists.
    sizes : DataFrame
        Distributions of ``sessions per patient`` and ``patients per therapist``: columns
        ``distribution, n, min, q1, median, q3, max, mean``.
    variables : DataFrame
        One row a rating: columns ``role, variable, n, missing, min, max, mean, sd, sd_within,
        sd_between, share_at_maximum, patients, flat_patients, rated_once, autocorrelation,
        autocorrelation_pairs, change_per_session, change_first_last``.
    variances : DataFrame
        One row a rating and unit: columns ``role, variable, unit, variance, icc, members,
        reliability, reliability_lowest, reliability_highest``.
    correlations : DataFrame
        Alliance with outcome ``within`` and ``between`` patients: columns ``level, r, n, df``.
    pairs : DataFrame
        Each two ratings within and between patients: columns ``variable, with_variable, level, r,
        n, df``.
    notes, messages : tuple of str
        How the figures are defined, and what the reader must know.
    """

    units: pd.DataFrame
    sizes: pd.DataFrame
    variables: pd.DataFrame
    variances: pd.DataFrame
    correlations: pd.DataFrame
    pairs: pd.DataFrame
    notes: tuple[str, ...]
    messages: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return all measures in one frame: columns ``variable, unit, measure, value``."""
        units = pd.DataFrame({"variable": "", "unit": self.units["unit"], "n": self.units["n"]})
        sizes = self.sizes.rename(columns={"distribution": "variable"})
        sizes["unit"] = sizes["variable"].str.split().str[-1]
        correlations = self.correlations.rename(columns={"level": "unit"})
        correlations["variable"] = "alliance with outcome"
        ratings = self.variables.drop(columns="role").assign(unit="")
        tables = (units, sizes, ratings, self.variances.drop(columns="role"), correlations)
        return pd.concat([_long(table) for table in tables], ignore_index=True)

    def view(self) -> ResultView:
        """Return what the report room may see."""
        fit = pd.DataFrame({f"n_{unit}s": [n] for unit, n in self.units.itertuples(index=False)})
        return ResultView(
            kind="levels",
            title="Levels of the data",
            terms=pd.DataFrame(),
            fit=fit,
            plot=None,
            levels=self.units,
            notes=self.notes,
            messages=self.messages,
            labels={"descriptives": DESCRIPTIVES},
            tables={DESCRIPTIVES: self.descriptives, **self._tables()},
        )

    @property
    def descriptives(self) -> pd.DataFrame:
        """The first table of a paper, one row a rating: means, SDs, ICCs and correlations.

        Columns ``variable, n, mean, sd_within, sd_between``, ``icc <unit>``, ``reliability`` of a
        patient's mean and ``r 1``, ``r 2`` …: correlations with the rating of that row, within
        patients above the diagonal and between patients below it.
        `report.descriptives_table` prints it.
        """
        return descriptives_frame(self.variables, self.variances, self.pairs)

    def _tables(self) -> dict[str, pd.DataFrame]:
        return printed_tables(
            sizes=self.sizes,
            variables=self.variables,
            variances=self.variances,
            correlations=self.correlations,
        )

    def __repr__(self) -> str:
        counts = ", ".join(counted(n, unit) for unit, n in self.units.itertuples(index=False))
        lines = [f"Levels: {counts}"]
        for title, table in self._tables().items():
            lines += ["", title, frame_text(table)]
        return "\n".join([*lines, *(("", *self.messages) if self.messages else ())])

    def _repr_html_(self) -> str:
        tables = "".join(frame_html(t, caption=title) for title, t in self._tables().items())
        texts = "".join(f"<p>{escape_html(text)}</p>" for text in (*self.messages, *self.notes))
        return tables + texts


def describe_levels(
    sessions: SessionData | pd.DataFrame, roles: Roles | dict[str, str] | None = None
) -> LevelsDescription:
    """Describe how many sessions, patients and therapists there are, and what varies where.

    Use it before any model: it shows ceiling, missing ratings, patients whose ratings never
    change, and whether a therapist's mean is worth anything as a predictor.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        From `load_sessions`, or a frame with one row a session and `roles`.
    roles : Roles or dict, optional
        With a frame.

    Returns
    -------
    LevelsDescription
        Means, SDs, changes and variances in the units of the ratings; ICC, reliability,
        autocorrelation and correlation have none. ``notes`` states every definition.

    Raises
    ------
    ArgumentError
        If roles are missing or given twice.
    DataError
        What `load_sessions` raises for a frame.

    Warns
    -----
    DataWarning
        Once for each of ``messages``: negative variances, units that cannot be told apart.

    References
    ----------
    Henderson, C. R. (1953). Estimation of variance and covariance components. *Biometrics, 9*,
    226-252. Bakdash, J. Z., & Marusich, L. R. (2017). Repeated measures correlation. *Frontiers
    in Psychology, 8*, 456.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats import Roles
    >>> frame = pd.DataFrame({
    ...     "patient": [1, 1, 2, 2], "session": [1, 2, 1, 2],
    ...     "alliance": [1.0, 3.0, 5.0, 7.0], "outcome": [8, 6, 5, 1],
    ... })
    >>> levels = describe_levels(frame, Roles())
    >>> levels.variances.loc[levels.variances["role"] == "alliance", ["unit", "variance"]]
          unit  variance
    0  patient       7.0
    1  session       2.0
    """
    data = sessions_from(sessions, roles)
    described = _described(data.frame, data.roles or Roles(), data.report.levels)
    for message in described.messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return described


def _described(frame: pd.DataFrame, roles: Roles, units: pd.DataFrame) -> LevelsDescription:
    patient, n_patients = unit_codes(frame, roles.patient)
    therapist = None if roles.therapist is None else unit_codes(frame, roles.therapist)[0]
    session = float_values(frame, roles.session)
    messages: list[str] = []
    variables, variances = [], []
    ratings = {}
    for role in ("alliance", "outcome", "alliance_therapist"):
        column = getattr(roles, role)
        if column is None:
            continue
        values = float_values(frame, column)
        names = {"role": role, "variable": column}
        ratings[column] = values
        variables.append(names | series_measures(values, patient, session))
        table, said = variance_table(values, patient, therapist, column)
        variances += [names | row for row in table]
        messages += said
    return LevelsDescription(
        units=units,
        sizes=pd.DataFrame(_sizes(patient, n_patients, therapist)),
        variables=pd.DataFrame(variables),
        variances=pd.DataFrame(variances),
        correlations=pd.DataFrame(
            correlation_rows(
                float_values(frame, roles.alliance), float_values(frame, roles.outcome), patient
            )
        ),
        pairs=correlation_pairs(ratings, patient),
        notes=NOTES,
        messages=tuple(dict.fromkeys(messages)),
    )


def _long(table: pd.DataFrame) -> pd.DataFrame:
    """One row a measure, in the order of the table's rows."""
    numbers = table.drop(columns=["variable", "unit"])
    values = numbers.to_numpy(dtype=float)
    n = numbers.shape[1]
    return pd.DataFrame(
        {
            "variable": np.repeat(table["variable"].to_numpy(dtype=object), n),
            "unit": np.repeat(table["unit"].to_numpy(dtype=object), n),
            "measure": list(numbers.columns) * len(table),
            "value": values.ravel(),
        }
    )


def _sizes(patient: Codes, n_patients: int, therapist: Codes | None) -> list[dict[str, object]]:
    counts = np.bincount(patient, minlength=n_patients)
    rows = [size_distribution("sessions per patient", counts)]
    if therapist is not None:
        known = therapist >= 0
        pairs = pd.DataFrame({"t": therapist[known], "p": patient[known]}).drop_duplicates()
        rows.append(size_distribution("patients per therapist", np.bincount(pairs["t"])))
    return rows
