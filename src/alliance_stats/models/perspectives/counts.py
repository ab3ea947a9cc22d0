"""Who rated which sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from alliance_stats._base.checks import counted


def count_ratings(frame: pd.DataFrame, outcome: str, views: Mapping[str, str]) -> pd.DataFrame:
    """Sessions with an outcome that each perspective rated, and that it alone rated.

    Columns ``perspective column rated alone complete``.
    """
    known = frame[frame[outcome].notna()]
    rated = known[list(views.values())].notna()
    n_raters = rated.sum(axis=1)
    return pd.DataFrame(
        {
            "perspective": list(views),
            "column": list(views.values()),
            "rated": rated.sum().to_numpy(),
            "alone": [int((rated[c] & (n_raters == 1)).sum()) for c in views.values()],
            "complete": int((n_raters == len(views)).sum()),
        }
    )


def alone_messages(ratings: pd.DataFrame) -> Sequence[str]:
    """``41 sessions rated by the patient only: not in the models.``"""
    return [
        f"{counted(int(n), 'session')} rated by the {name} only: not in the models."
        for name, n in zip(ratings["perspective"], ratings["alone"], strict=True)
        if n
    ]
