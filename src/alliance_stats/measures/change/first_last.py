"""First and last scores of patients, from a frame of sessions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, frame_given, names_free, numeric_column
from alliance_stats._base.errors import DataError


def first_and_last(
    frame: pd.DataFrame,
    column: str,
    *,
    by: str = "patient",
    order: str = "session",
    keep: Sequence[str] = (),
) -> pd.DataFrame:
    """Take the first and the last observed score of each patient.

    Use it between a frame of sessions and `reliable_change`, which wants one row a patient.

    Parameters
    ----------
    frame : DataFrame
        One row a session, in any order. Not changed.
    column : str
        The scores.
    by, order : str
        Columns of the patient's identifier and of the session's number (or time).
    keep : list of str
        Columns to carry along, such as treatment and therapist, from the first scored session.

    Returns
    -------
    DataFrame
        One row a patient, in the order in which they appear, with the columns `by`,
        ``<column>_first``, ``<column>_last`` (missing with one score only), ``scores`` (their
        number) and those of `keep`. Patients without any score have no row.

    Raises
    ------
    DataError
        If a column is missing, `column` or `order` is not numeric, or an identifier or a
        session number is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.measures import first_and_last
    >>> frame = pd.DataFrame({"patient": ["a", "a", "a", "b"], "session": [2, 1, 3, 1],
    ...                       "phq9": [14.0, 18.0, None, 9.0]})
    >>> first_and_last(frame, "phq9")
      patient  phq9_first  phq9_last  scores
    0       a        18.0       14.0       2
    1       b         9.0        NaN       1
    """
    frame_given(frame, name="frame")
    columns_present(frame, [by, order, column, *keep])
    for name in (column, order):
        numeric_column(frame, name)
    for name in (by, order):
        if n := int(frame[name].isna().sum()):
            raise DataError(f"column '{name}' is missing in {n:,} rows. Drop or complete them.")
    first, last = f"{column}_first", f"{column}_last"
    names_free(frame[[by, *keep]], [first, last, "scores"])
    patient, _ = pd.factorize(frame[by])
    seen = np.flatnonzero(frame[column].notna())
    place = seen[np.lexsort((frame[order].to_numpy(dtype=float)[seen], patient[seen]))]
    _, start, times = np.unique(patient[place], return_index=True, return_counts=True)
    values = frame[column].to_numpy(dtype=float, na_value=np.nan)[place]
    rows = frame.iloc[place[start]]
    ends = np.where(times > 1, values[start + times - 1], np.nan)
    table = {by: rows[by], first: values[start], last: ends, "scores": times}
    return pd.DataFrame(table | {name: rows[name] for name in keep}).reset_index(drop=True)
