"""Items and scores of a report: how they are answered, and what looks wrong with them."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataWarning
from alliance_stats.reliability.consistency.cronbach import item_statistics
from alliance_stats.reliability.report.answers import Answers

#: Correlation with the other items below which an item adds little (Nunnally & Bernstein, 1994).
WEAK = 0.30
#: Share of answers at one end that is the greater part of them.
MOST = 0.50
#: Share of scores at one end above which a scale has a floor or ceiling (Terwee et al., 2007,
#: Journal of Clinical Epidemiology 60, 34-42).
CEILING = 0.15


def item_table(answers: Answers, score: str) -> pd.DataFrame:
    """One row an item of a score, after reversing, over all sessions; ``hint`` names oddities."""
    items = list(answers.scales[score])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = item_statistics(answers.frame[items]).terms
    table = found.rename(columns={"term": "item", "estimate": "rest_r"})
    low, high = answers.response
    values = answers.frame[table["item"].tolist()]
    n = values.notna().sum().to_numpy()
    table = table[["item", "n", "missing", "mean", "sd", "rest_r"]].assign(
        at_lowest=(values == low).sum().to_numpy() / n,
        at_highest=(values == high).sum().to_numpy() / n,
    )
    return table.assign(hint=[_hint(row) for row in table.to_dict("records")])


def _hint(row: dict[Hashable, Any]) -> str:
    hints = []
    if row["rest_r"] < 0:
        hints.append("runs against the rest: wrong key?")
    elif row["rest_r"] < WEAK:
        hints.append("hardly goes with the rest")
    for end, word in (("at_highest", "highest"), ("at_lowest", "lowest")):
        if row[end] > MOST:
            hints.append(f"most answers are the {word}")
    return "; ".join(hints)


def score_ends(answers: Answers) -> list[str]:
    """A sentence for every score with a floor or a ceiling."""
    said = []
    for score in answers.scales:
        values = answers.frame[answers.column(score)].dropna().to_numpy(dtype=float)
        for end, word in zip(answers.ranges[score], ("lowest", "highest"), strict=True):
            share = float(np.mean(np.isclose(values, end))) if len(values) else 0.0
            if share > CEILING:
                said.append(
                    f"{answers.column(score)}: {100 * share:.0f}% of scores are the {word} "
                    "possible (more than 15%, Terwee et al., 2007): differences "
                    "there are not measured."
                )
    return said
