"""From a frame with one row a session to codes and an array of item ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    frame_given,
    numeric_column,
)
from alliance_stats._base.errors import ArgumentError, DataError


@dataclass(frozen=True, eq=False)
class Ratings:
    """Item ratings of sessions.

    Attributes
    ----------
    patient, session : ndarray (n,)
        Codes of each row, from 0.
    values : ndarray (n, m)
        Ratings of the items, NaN where missing; every row has one at least.
    items : tuple of str
    n_dropped : int
        Rows left out.
    messages : tuple of str
    """

    patient: np.ndarray
    session: np.ndarray
    values: np.ndarray
    items: tuple[str, ...]
    n_dropped: int
    messages: tuple[str, ...]

    @property
    def has_holes(self) -> bool:
        """Whether a session lacks an item."""
        return bool(np.isnan(self.values).any())

    @property
    def sessions_of(self) -> np.ndarray:
        """Number of sessions of each patient."""
        return np.bincount(self.patient)

    @property
    def n_labels(self) -> int:
        """Number of different sessions."""
        return int(self.session.max()) + 1

    def tensor(self) -> np.ndarray | None:
        """Patients × sessions × items, or None where a rating is missing."""
        shape = (len(self.sessions_of), self.n_labels, len(self.items))
        if self.has_holes or len(self.values) != shape[0] * shape[1]:
            return None
        full = np.empty(shape)
        full[self.patient, self.session] = self.values
        return full


def read_ratings(
    frame: pd.DataFrame, *, items: Sequence[str], patient: str, session: str
) -> Ratings:
    """Check the arguments of `multilevel_reliability` and code patients and sessions."""
    frame_given(frame, name="frame")
    if isinstance(items, str) or len(items) < 2:
        raise ArgumentError(
            f"items={items!r} holds fewer than two columns. Reliability of single sessions comes "
            "from the agreement of items; name two or more."
        )
    names = [*items, patient, session]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ArgumentError(f"column '{twice}' is named twice. Give each column one part.")
    columns_present(frame, names)
    for item in items:
        numeric_column(frame, item, what="item")
    values = frame[list(items)].to_numpy(dtype=float, na_value=np.nan)
    known = frame[[patient, session]].notna().all(axis=1).to_numpy()
    keep = known & ~np.isnan(values).all(axis=1)
    if not keep.any():
        raise DataError("no row has a patient, a session and an item rating. Check the columns.")
    kept = frame.loc[keep, [patient, session]]
    ratings = Ratings(
        patient=pd.factorize(kept[patient])[0].astype(np.intp),
        session=pd.factorize(kept[session])[0].astype(np.intp),
        values=values[keep],
        items=tuple(items),
        n_dropped=int((~keep).sum()),
        messages=tuple(_about_rows(frame, keep, known, values, patient)),
    )
    _check(ratings, patient, session)
    return ratings


def _about_rows(
    frame: pd.DataFrame, keep: np.ndarray, known: np.ndarray, values: np.ndarray, patient: str
) -> list[str]:
    messages = []
    if not keep.all():
        reasons = {"no id": ~known, "no item rated": known & ~keep}
        causes = [f"{why}: {int(rows.sum()):,}" for why, rows in reasons.items() if rows.any()]
        n_rows = counted(len(frame), "row")
        messages.append(f"{int((~keep).sum()):,} of {n_rows} dropped ({', '.join(causes)}).")
        gone = frame[patient].nunique() - frame.loc[keep, patient].nunique()
        if gone:
            messages.append(
                f"{counted(gone, 'patient')} without any rating {agree(gone, 'is', 'are')} left "
                "out."
            )
    holes = np.isnan(values[keep]).any(axis=1)
    if holes.any():
        n = int(holes.sum())
        messages.append(
            f"{counted(n, 'session')} {agree(n, 'lacks', 'lack')} some items; the others are used."
        )
    return messages


def _check(ratings: Ratings, patient: str, session: str) -> None:
    """Raise DataError for duplicates, single patients or sessions, and constant ratings."""
    if len(ratings.sessions_of) < 2:
        raise DataError(
            f"column '{patient}' holds one patient with ratings. Differences between patients need "
            "two or more."
        )
    cells = ratings.patient * ratings.n_labels + ratings.session
    twice = int((np.unique(cells, return_counts=True)[1] > 1).sum())
    if twice:
        raise DataError(
            f"{counted(twice, 'pair')} of '{patient}' and '{session}' "
            f"{agree(twice, 'stands', 'stand')} in more than one row. One row a session is needed."
        )
    if ratings.sessions_of.max() < 2:
        raise DataError(
            f"every patient has one session in '{session}'. Change needs patients with two or "
            "more; for one session use cronbach_alpha."
        )
    if np.nanmax(ratings.values) == np.nanmin(ratings.values):
        raise DataError("all item ratings are the same, so there is no variance to divide.")
