"""One row a patient: ruptures beyond chance, intake and last outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import (
    ONLY_FIRST,
    TherapistChange,
    TherapistChanges,
)
from alliance_stats.data.units import float_values, unit_means, units_seen
from alliance_stats.models.outcome.prepare import (
    baseline_of,
    last_scores,
    therapist_of_patient,
)
from alliance_stats.models.prepare import assign_therapists, check_therapists
from alliance_stats.models.ruptures.result import RuptureResult
from alliance_stats.numeric.least_squares import column_rank

#: What is related to the outcome: effects, each the name of its column.
EFFECTS = ("excess_ruptures", "excess_repaired")
_DERIVED = (
    "ruptures", "repaired", "expected", *EFFECTS, "share_repaired", "n_ratings", "sd",
    "last_session",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class RupturePatients:
    """The rows of a model of ruptures and outcome.

    Attributes
    ----------
    frame : DataFrame
        One row a patient: identifiers, ``phq9_post``, the intake score, ``excess_ruptures``,
        ``excess_repaired``, ``ruptures``, ``repaired``, ``expected``, ``share_repaired`` (NaN
        without a rupture), ``n_ratings`` and ``sd`` of the alliance, ``last_session``.
    roles : Roles
    post, baseline : str
        Names of columns.
    n_judged : int
        Patients in whom ruptures could be looked for.
    dropped : dict of str to int
        Those of them who are not in the model, by the first reason that applies.
    changes : TherapistChanges, optional
    """

    frame: pd.DataFrame
    roles: Roles
    post: str
    baseline: str
    n_judged: int
    dropped: dict[str, int]
    changes: TherapistChanges | None

    @property
    def predictors(self) -> list[str]:
        """Columns of the fixed part."""
        return [*EFFECTS, self.baseline]

    def counts(self) -> dict[str, int]:
        """Patients and therapists in the model."""
        found = {"patient": len(self.frame)}
        if self.roles.therapist is not None:
            found["therapist"] = self.frame[self.roles.therapist].nunique()
        return found

    def messages(self) -> tuple[str, ...]:
        """Dropped patients by cause; patients who change their therapist."""
        found = [self.changes.words()] if self.changes is not None else []
        if self.dropped:
            causes = ", ".join(f"{reason}: {n:,}" for reason, n in self.dropped.items())
            total, n = sum(self.dropped.values()), counted(self.n_judged, "patient")
            found.append(f"{total:,} of {n} with enough ratings dropped ({causes}).")
        return tuple(text for text in found if text)


def prepare_ruptures(
    data: SessionData, roles: Roles, found: RuptureResult, therapist_change: TherapistChange
) -> RupturePatients:
    """Join counts of ruptures, the last outcome and intake; drop and count incomplete patients."""
    baseline, post = baseline_of(roles), f"{roles.outcome}_post"
    for column in (roles.patient, roles.therapist, baseline):
        if column in (*_DERIVED, post):
            raise DataError(
                f"column '{column}' has the name of a column that the model derives itself. "
                "Rename it."
            )
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    check_therapists(sessions, roles, options=ONLY_FIRST)
    patient, labels = units_seen(sessions, roles.patient)
    session, outcome = (float_values(sessions, c) for c in (roles.session, roles.outcome))
    scores = last_scores(outcome, session, patient, len(labels), after=-np.inf)
    each = {
        roles.patient: labels,
        post: scores[0],
        baseline: unit_means(float_values(sessions, baseline), patient, len(labels)),
        "last_session": scores[1],
    }
    if roles.therapist is not None:
        each[roles.therapist] = therapist_of_patient(sessions, roles.therapist, patient)
    joined = rupture_columns(found).merge(
        pd.DataFrame(each), on=roles.patient, how="left", validate="one_to_one"
    )
    rows, dropped = _complete(joined, roles, post, baseline)
    _check(rows, [*EFFECTS, baseline], post, roles)
    return RupturePatients(rows, roles, post, baseline, len(joined), dropped, changes)


def rupture_columns(found: RuptureResult) -> pd.DataFrame:
    """Counts of every patient, and what they are beyond the patient's own expectation.

    ``excess_repaired`` is the count of repaired ruptures less the patient's count of ruptures
    times the share of ruptures that chance repairs in ratings like the patient's; without
    ruptures it is 0.
    """
    table = found.patients()
    expected = table["expected"].to_numpy()
    share = np.divide(
        table["expected_repaired"].to_numpy(), expected, out=np.zeros(len(table)),
        where=expected > 0,
    )  # fmt: skip
    n = table["ruptures"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        repaired_share = np.where(n > 0, table["repaired"] / np.where(n > 0, n, 1), np.nan)
    columns = [found.roles.patient, "ruptures", "repaired", "expected", "n_ratings", "sd"]
    return table[columns].assign(
        excess_ruptures=table["excess"],
        excess_repaired=table["repaired"] - n * share,
        share_repaired=repaired_share,
    )


def spread_beside_chance(found: RuptureResult, rows: pd.DataFrame) -> pd.DataFrame:
    """How the excesses of the patients in `rows` vary, and how they would by chance.

    ``by_chance`` is the mean over patients of the variance that their excess has in ratings like
    theirs without ruptures, ``ratio`` is variance/by_chance.
    """
    kept = np.isin(np.array(found.ratings.patients), rows[found.roles.patient].to_numpy())
    drawn = found.analysis.chance.patients[:2, kept].astype(float)
    expected = drawn.mean(axis=2)
    share = np.divide(
        expected[1], expected[0], out=np.zeros(len(rows)), where=expected[0] > 0
    )  # fmt: skip
    spread = drawn[0].var(axis=1), (drawn[1] - drawn[0] * share[:, None]).var(axis=1)
    variance = rows[list(EFFECTS)].var(ddof=1).to_numpy()
    by_chance = np.array([part.mean() for part in spread])
    return pd.DataFrame(
        {"measure": list(EFFECTS), "variance": variance, "by_chance": by_chance,
         "ratio": variance / by_chance}
    )  # fmt: skip


def _complete(
    joined: pd.DataFrame, roles: Roles, post: str, baseline: str
) -> tuple[pd.DataFrame, dict[str, int]]:
    reasons = {
        f"no {roles.outcome}": joined[post].isna().to_numpy(),
        f"no {baseline}": joined[baseline].isna().to_numpy(),
    }
    if roles.therapist is not None:
        reasons["no therapist"] = joined[roles.therapist].isna().to_numpy()
    keep, dropped = np.ones(len(joined), dtype=bool), {}
    for reason, gone in reasons.items():
        if (n := int((keep & gone).sum())) > 0:
            dropped[reason] = n
        keep &= ~gone
    return joined[keep].reset_index(drop=True), dropped


def _check(rows: pd.DataFrame, predictors: list[str], post: str, roles: Roles) -> None:
    """Raise where patients or therapists are too few, or columns do not vary or are dependent."""
    least = len(predictors) + 3
    if len(rows) < least:
        raise DataError(
            f"{counted(len(rows), 'patient')} with counts of ruptures, outcome and intake: too few "
            f"for {len(predictors) + 1} coefficients. At least {least} are needed."
        )
    if roles.therapist is not None:
        if (n := rows[roles.therapist].nunique()) < 2:
            raise DataError(
                f"the patients in the model have {counted(n, 'therapist')}. At least 2 are needed "
                "to compare them, or leave the therapist role out."
            )
        check_therapists(rows, roles)
    constant = [column for column in (post, *predictors) if np.ptp(rows[column]) == 0]
    if constant:
        raise DataError(
            f"constant over the {counted(len(rows), 'patient')} in the model: "
            f"{name_list(constant)}. Nothing can be related to a column that does not vary."
        )
    values = rows[predictors].to_numpy(dtype=float)
    if column_rank(values - values.mean(axis=0)) < len(predictors):
        raise DataError(
            f"the predictors are linearly dependent: {name_list(predictors)}. Their coefficients "
            "cannot be told apart; give another rule or another window."
        )
