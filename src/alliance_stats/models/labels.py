"""The words and counts that the views of all models of sessions share."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats.data.roles import Roles
from alliance_stats.models.timing import timing_words


def role_labels(roles: Roles, *, formula: str, ddf: str, verb: str, **more: str) -> dict[str, str]:
    """Labels of a view: who is who, the model, what its text may claim, and further words.

    `verb` is ``association`` or, where the order in time allows it, ``predicts``.

    >>> role_labels(Roles(), formula="y ~ x", ddf="residual", verb="predicts")["outcome_better"]
    ''
    """
    return {
        "alliance": roles.alliance,
        "outcome": roles.outcome,
        "outcome_better": roles.outcome_better or "",
        "formula": formula,
        "ddf": ddf,
        "verb": verb,
        "rated": timing_words(roles),
        **more,
    }


def level_counts(counts: Mapping[str, int]) -> pd.DataFrame:
    """The levels of a view: how many of each unit are in the model, outermost last."""
    return pd.DataFrame(counts.items(), columns=["unit", "n"])
