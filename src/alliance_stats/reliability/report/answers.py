"""From item-level sessions to what a reliability report is made of: items, scores, ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.checks import agree, columns_present, counted, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.key import Range
from alliance_stats.measures.scoring.responses import chosen_response
from alliance_stats.measures.scoring.score import MaxMissing, ScoredItems, scored_items


@dataclass(frozen=True, eq=False)
class Units:
    """Columns of the ids of a frame of sessions."""

    patient: str
    session: str
    therapist: str | None

    @property
    def names(self) -> list[str]:
        """Columns in order."""
        own = [self.patient, self.session]
        return own if self.therapist is None else [*own, self.therapist]


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of sessions that belong to a patient, reversed where the key says so.

    Attributes
    ----------
    frame : DataFrame
        Ids, items in one direction, and a column ``<key>_<score>`` for every score; sorted by
        patient and session.
    units : Units
    instrument : Instrument
    response : (low, high)
        Possible answers.
    scales : mapping of str to tuple of str
        Item columns of every score, the main one first.
    ranges : mapping of str to (low, high)
        Possible values of every score.
    n_dropped : int
        Rows without an id or without any answer.
    messages : tuple of str
    """

    frame: pd.DataFrame
    units: Units
    instrument: Instrument
    response: Range
    scales: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, Range]
    n_dropped: int
    messages: tuple[str, ...]

    def column(self, score: str) -> str:
        """Column of a score."""
        return f"{self.instrument.key}_{score}"

    def sessions_at(self, end: str) -> pd.DataFrame:
        """The first or last session of every patient."""
        groups = self.frame.groupby(self.units.patient, sort=False, observed=True)
        return groups.head(1) if end == "first" else groups.tail(1)

    @property
    def typical_sessions(self) -> float:
        """Harmonic mean of the patients' numbers of sessions."""
        sizes = self.frame[self.units.patient].value_counts().to_numpy()
        return float(len(sizes) / (1.0 / sizes).sum())

    def counts(self) -> dict[str, int]:
        """Sessions, patients and therapists."""
        of = {"session": len(self.frame), "patient": self.frame[self.units.patient].nunique()}
        if self.units.therapist is not None:
            of["therapist"] = self.frame[self.units.therapist].nunique()
        return of


def frame_and_units(
    sessions: object, patient: str | None, session: str | None, therapist: str | None
) -> tuple[pd.DataFrame, Units]:
    """The frame, and the columns of its ids: those named, else the roles of session data."""
    roles = getattr(sessions, "roles", None)
    frame = sessions if isinstance(sessions, pd.DataFrame) else getattr(sessions, "frame", None)
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(
            f"sessions is a {type(sessions).__name__}. Give a DataFrame with one row a session and "
            "one column an item, or what load_sessions returns."
        )
    patient = patient or getattr(roles, "patient", None)
    session = session or getattr(roles, "session", None)
    therapist = therapist or getattr(roles, "therapist", None)
    if patient is None or session is None:
        lacking = "patient" if patient is None else "session"
        raise ArgumentError(
            f"the column of the {lacking}s is not known. Give patient= and session=, such as "
            "patient='patient', session='session'."
        )
    units = Units(patient, session, therapist)
    if len(set(units.names)) < len(units.names):
        raise ArgumentError("patient, session and therapist are different columns. Name each once.")
    columns_present(frame, units.names)
    return frame, units


def read_answers(
    frame: pd.DataFrame,
    units: Units,
    instrument: str | Instrument,
    *,
    items: Sequence[str] | None,
    item_prefix: str | None,
    prereversed: bool,
    response: Range | None,
    max_missing: MaxMissing | None,
) -> Answers:
    """Score the frame by its key and keep the rows with ids and answers.

    Raises
    ------
    DataError
        If a session of a patient stands in two rows, sessions are no numbers, or no row is left;
        and as `score`.
    """
    scored = scored_items(
        frame, instrument, items=items, item_prefix=item_prefix, prereversed=prereversed,
        missing="instrument", max_missing=max_missing, method=None, response=response, rescale=None,
        name=None,
    )  # fmt: skip
    numeric_column(frame, units.session, what="session")
    names = list(scored.item_columns)
    if clash := set(names) & set(units.names):
        raise ArgumentError(f"column '{min(clash)}' is an item and an id. Give each its own.")
    turned = pd.DataFrame(scored.turned, columns=names)
    ids = frame[units.names].reset_index(drop=True)
    whole = ids.join(turned.assign(**scored.columns))
    known = whole[[units.patient, units.session]].notna().all(axis=1)
    keep = (known & turned.notna().any(axis=1)).to_numpy()
    if not keep.any():
        raise DataError("no row has a patient, a session and an answer. Check the columns.")
    rows = whole.loc[keep]
    _one_row_a_session(rows, units)
    in_order = rows.sort_values([units.patient, units.session], kind="stable")
    dropped = int((~keep).sum())
    said = [f"{dropped:,} of {counted(len(frame), 'row')} dropped (no id or no answer)."]
    return Answers(
        frame=in_order.reset_index(drop=True),
        units=units,
        instrument=scored.instrument,
        response=chosen_response(scored.instrument, response),
        scales=_scales(scored),
        ranges={score: scored.ranges[score] for score in scored.instrument.item_scores},
        n_dropped=dropped,
        messages=(*(said if dropped else []), *scored.messages),
    )


def _scales(scored: ScoredItems) -> dict[str, tuple[str, ...]]:
    """Item columns of every score of two items or more."""
    sets = scored.instrument.item_scores.items()
    return {
        name: tuple(scored.item_columns[item - 1] for item in numbers)
        for name, numbers in sets
        if len(numbers) > 1
    }


def _one_row_a_session(rows: pd.DataFrame, units: Units) -> None:
    twice = rows.duplicated([units.patient, units.session], keep=False)
    if twice.any():
        pairs = rows.loc[twice, [units.patient, units.session]].drop_duplicates()
        n = len(pairs)
        raise DataError(
            f"{counted(n, 'pair')} of '{units.patient}' and '{units.session}' "
            f"{agree(n, 'stands', 'stand')} in more than one row, first in row "
            f"{pairs.index[0]} (counted from 0). One row a session is "
            "needed: drop the copies, or number the sessions anew."
        )
