"""From sessions to the frame of a moderation model: the centred parts of alliance and moderator.

An arm without therapists (Bauer, Sterba & Hallfors, 2008, Multivariate Behavioral Research, 43,
210–236) is one group of patients: its alliance is centred within patients and between the patients
of the arm, and no therapist varies in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list, names_free
from alliance_stats._base.errors import DataError
from alliance_stats._base.printing import MINUS
from alliance_stats.data.centering import TherapistMean, derived_name, grand_name
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.moderation.moderator import Moderator, labels_of
from alliance_stats.models.prepare import (
    MeanRows,
    PreparedSessions,
    TimeColumn,
    check_therapists,
    prepare_sessions,
)

#: Column that is 1 in arms with therapists.
WITH_THERAPIST = "with_therapist"
#: Fewer therapists in an arm than this give no slope between them.
FEWEST_THERAPISTS = 3
#: A part of the alliance whose SD in a group is this share of its SD overall does not vary there.
_FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Point:
    """A treatment, or a value of a continuous moderator, at which a slope is taken.

    Attributes
    ----------
    label : str
    value : str or float
        In the column of the model.
    raw : float
        In the units of the data; NaN for groups.
    """

    label: str
    value: str | float
    raw: float = float("nan")


@dataclass(frozen=True, eq=False)
class Moderated:
    """One effect of the alliance with its moderator.

    Attributes
    ----------
    effect, column : str
        ``within`` and ``wai_total_within``.
    by : str
        Column of the moderator in this product.
    points : tuple of Point
    """

    effect: str
    column: str
    by: str
    points: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class PreparedModeration:
    """The rows and columns of a moderation model.

    Attributes
    ----------
    sessions : PreparedSessions
        Its frame also holds the columns of the moderator.
    moderator : Moderator
    moderated : tuple of Moderated
        Effects whose slope may differ.
    mains : tuple of str
        Columns of the moderator's own part.
    product_mean : str or None
        Patients' mean of the product within, for a moderator of sessions.
    not_compared : tuple of str
        Why an effect is not moderated.
    """

    sessions: PreparedSessions
    moderator: Moderator
    moderated: tuple[Moderated, ...]
    mains: tuple[str, ...]
    product_mean: str | None
    not_compared: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the model."""
        return self.sessions.frame

    @property
    def roles(self) -> Roles:
        """Roles of its columns."""
        return self.sessions.roles

    @property
    def effects(self) -> tuple[tuple[str, str], ...]:
        """All effects of the alliance with their columns, moderated or not."""
        return self.sessions.effects

    def counts(self) -> dict[str, int]:
        """Sessions, patients and therapists in the model."""
        found = self.sessions.counts()
        if self.moderator.free:
            real = self.frame[WITH_THERAPIST] == 1.0
            found["therapist"] = int(self.frame.loc[real, str(self.roles.therapist)].nunique())
        return found

    def patients(self) -> dict[str, int]:
        """Patients of every group; empty for a continuous moderator."""
        if not self.moderator.levels:
            return {}
        by_group = self.frame.groupby(self.moderator.column, observed=True)[self.roles.patient]
        n = by_group.nunique()
        return {level: int(n[level]) for level in self.moderator.levels}

    def messages(self) -> tuple[str, ...]:
        """Dropped sessions, changes of therapist, arms without therapists, slopes not compared."""
        free = self.moderator.free
        found = [*self.sessions.messages()]
        if free:
            n = sum(self.patients()[level] for level in free)
            found.append(
                f"No therapist is named in any session of {name_list(map(repr, free))} "
                f"({counted(n, 'patient')}): partially nested model, in which therapists vary in "
                "the other arms only."
            )
        return (*found, *self.not_compared)

    def nesting_words(self) -> str:
        """Whether therapists work in one treatment or in several; empty without both."""
        roles = self.roles
        if roles.therapist is None or self.moderator.kind != "categorical":
            return ""
        rows = self.frame
        if self.moderator.free:
            rows = rows[rows[WITH_THERAPIST] == 1.0]
        if rows[self.moderator.column].nunique() < 2:
            return ""
        arms = rows.groupby(roles.therapist, observed=True)[self.moderator.column].nunique()
        both = int((arms > 1).sum())
        if not both:
            return f"Every therapist works in one level of {self.moderator.column} (nested)."
        return (
            f"{both:,} of {counted(len(arms), 'therapist')} {agree(both, 'works', 'work')} in "
            f"several levels of {self.moderator.column} (crossed)."
        )


def prepare_moderation(
    data: SessionData,
    roles: Roles,
    moderator: Moderator,
    *,
    at: Sequence[float] | None,
    time_column: TimeColumn,
    mean_rows: MeanRows,
    therapist_mean: TherapistMean,
    therapist_change: TherapistChange,
) -> PreparedModeration:
    """Centre alliance and moderator, drop incomplete rows, and say which slopes are compared."""
    column = moderator.column
    frame = data.frame.assign(**{column: moderator.values})
    if moderator.free:
        seen = ~moderator.values.isin(moderator.free)
        check_therapists(frame[seen], roles, therapist_change)
        frame = _named_arms(frame, roles, moderator)
    prepared = prepare_sessions(
        replace(data, frame=frame), roles, time_column=time_column, mean_rows=mean_rows,
        therapist_mean=therapist_mean, therapist_change=therapist_change,
        also=[column] if moderator.kind == "session" else (),
        carried=() if moderator.kind == "session" else [column],
    )  # fmt: skip
    if moderator.free:
        prepared = replace(prepared, frame=_without_pseudo(prepared, moderator))
    if moderator.kind == "categorical":
        return _by_group(prepared, moderator)
    if moderator.kind == "continuous":
        return _by_patient_number(prepared, moderator, at)
    return _by_session_number(prepared, moderator, at)


def _named_arms(frame: pd.DataFrame, roles: Roles, moderator: Moderator) -> pd.DataFrame:
    """Therapists as text, and in arms without any the arm in their place."""
    therapist = str(roles.therapist)
    names = labels_of(frame[therapist])
    free = moderator.values.isin(moderator.free)
    arm = "(" + moderator.values.astype(str) + ")"
    if set(arm[free]) & set(names[~free].dropna()):
        raise DataError(
            f"a therapist has the name of an arm in parentheses ({name_list(set(arm[free]))}). "
            "Rename the therapist."
        )
    names_free(frame, [WITH_THERAPIST])
    return frame.assign(**{therapist: names.where(~free, arm)})


def _without_pseudo(prepared: PreparedSessions, moderator: Moderator) -> pd.DataFrame:
    """The frame with therapist means of arms with therapists only, centred at their mean."""
    frame, roles = prepared.frame.copy(), prepared.roles
    real = ~frame[moderator.column].isin(moderator.free)
    column = dict(prepared.effects)["therapist_between"]
    by_therapist = frame[real].groupby(str(roles.therapist), observed=True)[column].first()
    frame[column] = np.where(real, frame[column] - by_therapist.mean(), 0.0)
    frame[WITH_THERAPIST] = real.astype(float)
    return frame


def _by_group(prepared: PreparedSessions, moderator: Moderator) -> PreparedModeration:
    """Groups: every effect has one slope a group, therapists' only where there are some."""
    column = moderator.column
    labels = prepared.frame[column]
    levels = [level for level in moderator.levels if (labels == level).any()]
    if len(levels) < 2:
        raise DataError(
            f"complete sessions are left of one level of '{column}' only: {levels[0]!r}. There is "
            "nothing to compare."
        )
    frame = prepared.frame.assign(**{column: pd.Categorical(labels, categories=levels)})
    moderator = replace(moderator, levels=tuple(levels))
    prepared = replace(prepared, frame=frame)
    moderated: list[Moderated] = []
    not_compared: list[str] = []
    for effect, x in prepared.effects:
        arms, why = levels, ""
        if effect == "therapist_between":
            arms = [level for level in levels if level not in moderator.free]
            why = _too_few_therapists(prepared, moderator, arms)
        if why:
            not_compared.append(why)
            continue
        _check_varies(prepared, moderator, effect, x, arms)
        by = column
        if len(arms) < len(levels):
            by = f"{column}_{WITH_THERAPIST}"
            only = labels.where(labels.isin(arms), arms[0])
            prepared.frame[by] = pd.Categorical(only, categories=arms)
        moderated.append(Moderated(effect, x, by, tuple(Point(arm, arm) for arm in arms)))
    return PreparedModeration(
        prepared, moderator, tuple(moderated), (column,), None, tuple(not_compared)
    )


def _too_few_therapists(
    prepared: PreparedSessions, moderator: Moderator, arms: Sequence[str]
) -> str:
    """Why the slope between therapists is not compared; raises where arms are therapists."""
    frame, column = prepared.frame, moderator.column
    per_arm = frame.groupby(column, observed=True)[str(prepared.roles.therapist)].nunique()
    counts = {arm: int(per_arm[arm]) for arm in arms}
    if max(counts.values()) == 1 and len(arms) > 1:
        raise DataError(
            f"every level of '{column}' has one therapist, so that treatments and therapists "
            "cannot be told apart. Leave the therapist role out, and say so."
        )
    if len(arms) < 2:
        return (
            f"Between therapists: only '{arms[0]}' has therapists, so that this slope is not "
            "compared."
        )
    few = [f"'{arm}' has {n}" for arm, n in counts.items() if n < FEWEST_THERAPISTS]
    if not few:
        return ""
    return (
        f"Between therapists: {name_list(few)}, too few for a slope; one slope is common to all "
        f"levels of {column} and not compared."
    )


def _check_varies(
    prepared: PreparedSessions, moderator: Moderator, effect: str, x: str, arms: Sequence[str]
) -> None:
    """Raise unless a part of the alliance varies in every group, over more than two patients."""
    frame, roles = prepared.frame, prepared.roles
    overall = float(frame[x].std())
    for arm in arms:
        rows = frame[frame[moderator.column] == arm]
        n = rows[roles.patient].nunique()
        if n < 3:
            raise DataError(
                f"level '{arm}' of '{moderator.column}' has {counted(n, 'patient')} with complete "
                "sessions; at least 3 are needed for a slope. Leave the level out, or join levels."
            )
        if not np.ptp(rows[x].to_numpy()) > _FLAT * overall:
            raise DataError(
                f"the {effect} part of '{roles.alliance}' does not vary in level '{arm}' of "
                f"'{moderator.column}' ({counted(n, 'patient')}), so that it has no slope there. "
                "Leave the level out, or join levels."
            )


def _by_patient_number(
    prepared: PreparedSessions, moderator: Moderator, at: Sequence[float] | None
) -> PreparedModeration:
    """One number a patient, centred at the mean over patients."""
    column, name = moderator.column, grand_name(moderator.column)
    own = prepared.frame.groupby(prepared.roles.patient, observed=True)[column].first()
    names_free(prepared.frame, [name])
    centred = prepared.frame[column] - own.mean()
    prepared = replace(prepared, frame=prepared.frame.assign(**{name: centred}))
    points = _points(at, float(own.mean()), float(own.std()), column)
    moderated = tuple(Moderated(effect, x, name, points) for effect, x in prepared.effects)
    return PreparedModeration(prepared, moderator, moderated, (name,), None, ())


def _by_session_number(
    prepared: PreparedSessions, moderator: Moderator, at: Sequence[float] | None
) -> PreparedModeration:
    """A rating of sessions: each part of the alliance meets the same part of the moderator."""
    frame, column = prepared.frame, moderator.column
    moderated, mains = [], []
    for effect, x in prepared.effects:
        by = derived_name(column, effect)
        unit = {"within": None, "therapist_between": prepared.roles.therapist}
        group = unit.get(effect, prepared.roles.patient)
        values = frame[by] if group is None else frame.groupby(group, observed=True)[by].first()
        mains.append(by)
        if not float(values.std()) > 0:
            raise DataError(f"the {effect} part of moderator '{column}' does not vary.")
        points = _points(at, 0.0, float(values.std()), by)
        moderated.append(Moderated(effect, x, by, points))
    name = f"{prepared.roles.alliance}_by_{column}_mean"
    names_free(frame, [name])
    product = frame[moderated[0].column] * frame[moderated[0].by]
    codes = prepared.group_codes(prepared.groups["patient"])
    means = (np.bincount(codes, weights=product) / np.bincount(codes))[codes]
    varies = bool(np.ptp(means) > _FLAT * float(product.std()))
    if varies:
        prepared = replace(prepared, frame=frame.assign(**{name: means}))
    return PreparedModeration(
        prepared, moderator, tuple(moderated), tuple(mains), name if varies else None, ()
    )


def _points(at: Sequence[float] | None, mean: float, sd: float, column: str) -> tuple[Point, ...]:
    """Values at which slopes are taken; by default the mean and one SD on both sides."""
    if at is not None:
        return tuple(Point(f"{column} = {_plain(raw)}", raw - mean, raw) for raw in at)
    names = {f"{MINUS}1 SD": -sd, "mean": 0.0, "+1 SD": sd}
    return tuple(Point(label, value, mean + value) for label, value in names.items())


def _plain(value: float) -> str:
    """A value as it was given: ``20``."""
    return f"{value:g}".replace("-", MINUS)
