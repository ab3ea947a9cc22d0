"""How results of this folder are shown: rows of tables, notes, the view for reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.meta.bias.source import Source
from alliance_stats.numeric.least_squares import t_tests

#: What every method of this folder leaves open.
OPEN = "A lopsided funnel may come from unpublished studies, or from studies that really differ."


def tested(
    effect: str, term: str, estimate: float, se: float, df: float, conf_level: float
) -> dict[str, Any]:
    """A row of a tidy table with a t (or, for infinite df, z) test."""
    found = t_tests(np.array([estimate]), np.array([se]), np.array([df]), conf_level)
    values = {name: float(value[0]) for name, value in found.items()}
    return {"effect": effect, "term": term, "estimate": estimate, "se": se, "df": df, **values}


def tidy_frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Rows as a table with the columns of every tidy table; what a row lacks is NaN."""
    return pd.DataFrame(rows).reindex(columns=["effect", *TIDY_COLUMNS])


def levels_of(source: Source) -> pd.DataFrame:
    """Numbers of effect sizes and of studies."""
    k, n = source.studies.k, source.studies.n_studies
    rows = [("study", n)] if k == n else [("effect size", k), ("study", n)]
    return pd.DataFrame(rows, columns=["unit", "n"])


def call_words(name: str, source: Source, arguments: Mapping[str, Any]) -> str:
    """The call that makes a result again; arguments that are None are left out."""
    studies = source.studies
    parts = ["frame"]
    parts += [f"{role}={column!r}" for role, column in studies.columns.items() if column != role]
    fixed = studies.moderators.fixed
    if studies.moderators.names != ("(Intercept)",):
        parts.append(f"mods={str(fixed)!r}")
    if studies.measure is not None:
        parts.append(f"measure={studies.measure!r}")
    parts += [f"{key}={value!r}" for key, value in arguments.items() if value is not None]
    return f"al.meta.{name}({', '.join(parts)})"


def bias_view(
    kind: str,
    title: str,
    source: Source,
    *,
    terms: pd.DataFrame,
    fit: pd.DataFrame,
    notes: Sequence[str],
    messages: Sequence[str],
    refit: str | None = None,
    plot: pd.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    conf_level: float = 0.95,
) -> ResultView:
    """The view of a result, with the words of its measure."""
    scale = source.scale
    words = {
        "measure": source.studies.measure or "",
        "measure_words": scale.words,
        "shown_words": scale.shown_words,
        "shown_symbol": scale.symbol,
        "estimate": "Estimate",
    }
    return ResultView(
        kind=kind,
        title=title,
        terms=terms,
        fit=fit,
        plot=plot,
        levels=levels_of(source),
        notes=tuple(notes),
        messages=tuple(messages),
        refit=refit,
        labels={**words, **(labels or {})},
        tables=tables or {},
        conf_level=conf_level,
    )


def headline(title: str, source: Source) -> str:
    """The title with the size of the data."""
    studies = source.studies
    size = counted(studies.n_studies, "study")
    if studies.k > studies.n_studies:
        size = f"{counted(studies.k, 'effect size')}, {size}"
    return f"{title} ({size})"


def shown_value(source: Source, value: float) -> float:
    """A value on the scale on which results are read."""
    back = source.scale.back
    return float(value if back is None else back(np.array(value)))
