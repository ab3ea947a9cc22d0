"""From sessions to the frame of a truth-and-bias model (West & Kenny, 2011, Psychol. Rev. 118(2)).

Judgement and truth are both counted from the truth's mean, so that the intercept is the directional
bias; the truth is split into parts within patients, between patients and between therapists, whose
coefficients are the tracking. Time and moderators are centred at their means over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from alliance_stats._base.checks import columns_present, counted
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.formula.names import quote_name
from alliance_stats.models.paired import check_parts, checked_columns, refuse_differences
from alliance_stats.models.prepare import PreparedSessions, Time, time_term

#: Most levels of a moderator that is a category.
MAX_LEVELS = 8


@dataclass(frozen=True)
class Moderator:
    """What bias and tracking may depend on.

    Attributes
    ----------
    name : str
        As asked for.
    columns : tuple of str
        Centred columns of the model's frame.
    levels : tuple of str
        Of a category, the first of which is the reference; empty for numbers and time.
    centres : tuple of float
        What was taken off each column.
    """

    name: str
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    centres: tuple[float, ...]

    def at(self, level: str) -> dict[str, float]:
        """The centred columns of a row with this level."""
        own = [float(level == other) for other in self.levels[1:]]
        return {
            column: value - centre
            for column, value, centre in zip(self.columns, own, self.centres, strict=True)
        }


@dataclass(frozen=True, eq=False)
class PreparedRatings:
    """Rows and columns of a truth-and-bias model.

    Attributes
    ----------
    sessions : PreparedSessions
        Centred truth and time; its role ``outcome`` is the judgement, ``alliance`` the truth.
    response : str
        Column of the judgement less the truth's mean.
    centre : float
        The truth's mean: of the means of therapists, or of patients without therapists.
    time : str or None
        Column of time, centred; None without time.
    time_centre : float
        What was taken off it.
    moderators : tuple of Moderator
    """

    sessions: PreparedSessions
    response: str
    centre: float
    time: str | None
    time_centre: float
    moderators: tuple[Moderator, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the model."""
        return self.sessions.frame

    @property
    def truth(self) -> str:
        """Column of the rating that is judged."""
        return self.sessions.roles.alliance

    @property
    def judgement(self) -> str:
        """Column of the rating that judges."""
        return self.sessions.roles.outcome

    @property
    def moderated(self) -> list[str]:
        """Columns of the tracking that moderators may change: within, and between patients."""
        return [column for effect, column in self.sessions.effects if effect != "therapist_between"]

    def terms(self) -> list[str]:
        """Fixed terms besides time, as formula text."""
        fixed = [quote_name(column) for _, column in self.sessions.effects]
        for moderator in self.moderators:
            own = [column for column in moderator.columns if column != self.time]
            fixed += map(quote_name, own)
            fixed += [
                f"{quote_name(part)}:{quote_name(column)}"
                for part in self.moderated
                for column in moderator.columns
            ]
        return fixed


def prepare_ratings(
    prepared: PreparedSessions, *, time: Time, moderators: Sequence[str]
) -> PreparedRatings:
    """Count the judgement from the truth's mean, centre time, code moderators."""
    roles, frame = prepared.roles, prepared.frame.copy()
    check_parts(prepared, roles.alliance, [effect for effect, _ in prepared.effects])
    parts = frame[[column for _, column in prepared.effects]].sum(axis=1)
    centre = float((frame[roles.alliance] - parts).mean())
    response = f"{roles.outcome}_from_mean"
    if response in frame:
        raise DataError(f"column '{response}' has the name of one the model makes. Rename it.")
    frame[response] = frame[roles.outcome].astype(float) - centre
    term, time_centre = time_term(time, prepared), 0.0
    if term is not None:
        time_centre = float(frame[term].mean())
        frame[term] -= time_centre
    found = [_coded(frame, prepared, name, term, time_centre) for name in moderators]
    ready = replace(prepared, frame=frame)
    return PreparedRatings(ready, response, centre, term, time_centre, tuple(found))


def moderator_columns(
    data: SessionData, roles: Roles, moderators: Sequence[str], *, clock: str
) -> list[str]:
    """Moderators that are columns of the data, checked, without time.

    `roles` has the truth as ``alliance`` and the judgement as ``outcome``.
    """
    pair = (roles.alliance, roles.outcome)
    wanted = checked_columns(
        moderators, name="moderators", taken=[*pair, roles.patient, roles.therapist]
    )
    wanted = [name for name in wanted if name != clock]
    columns_present(data.frame, wanted)
    refuse_differences(data.frame, wanted, pair, name="moderators")
    return wanted


def _coded(
    frame: pd.DataFrame, prepared: PreparedSessions, name: str, term: str | None, centre: float
) -> Moderator:
    """One moderator as centred columns of the frame, which gains them."""
    if name == prepared.clock:
        if term is None:
            raise ArgumentError(
                f"moderators names '{name}', but time='none' leaves time out. "
                "Give time='linear' or 'log'."
            )
        return Moderator(name, (term,), (), (centre,))
    values = frame[name]
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    levels = () if number else tuple(sorted(map(str, values.unique())))
    _check_varies(values, name, levels)
    made = (
        {f"{name}_centred": values.astype(float)}
        if number
        else {
            f"{name}_{level}": (values.astype(str) == level).astype(float) for level in levels[1:]
        }
    )
    clash = [column for column in made if column in frame]
    if clash:
        raise DataError(f"column '{clash[0]}' has the name of one the model makes. Rename it.")
    centres = tuple(float(column.mean()) for column in made.values())
    for (column, found), mean in zip(made.items(), centres, strict=True):
        frame[column] = found - mean
    return Moderator(name, tuple(made), levels, centres)


def _check_varies(values: pd.Series, name: str, levels: tuple[str, ...]) -> None:
    if values.nunique() < 2:
        raise DataError(f"moderator '{name}' is the same in all rows. Leave it out.")
    if len(levels) > MAX_LEVELS:
        raise DataError(
            f"moderator '{name}' has {counted(len(levels), 'category')}: at "
            f"most {MAX_LEVELS} are accepted. Join some, or give numbers."
        )
