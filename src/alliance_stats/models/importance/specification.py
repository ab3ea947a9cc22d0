"""The choices of an analysis of importance, apart from its data, and the models they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.importance.predictors import Groups
from alliance_stats.models.importance.prepare import PreparedImportance
from alliance_stats.models.prepare import MeanRows, Time, TimeColumn, time_term
from alliance_stats.models.specification import session_formula


@dataclass(frozen=True, eq=False)
class ImportanceSpecification:
    """What was asked for.

    Attributes
    ----------
    groups : mapping or None
        Columns that are ranked together.
    time, time_column, mean_rows : str
    """

    groups: Groups | None
    time: Time
    time_column: TimeColumn
    mean_rows: MeanRows


def fit_columns(
    prepared: PreparedImportance, chosen: ImportanceSpecification, columns: Sequence[str]
) -> MixedModelResult:
    """The model of some columns, time, and an intercept of every patient and therapist."""
    formula = session_formula(
        prepared.roles.outcome,
        list(map(quote_name, columns)),
        {},
        prepared.groups,
        time=time_term(chosen.time, prepared),
        kind=chosen.time,
    )
    return fit_quietly(formula, prepared.frame, reml=True)


def all_columns(prepared: PreparedImportance) -> list[str]:
    """Columns of all predictors, those within patients first."""
    return [c for found in prepared.levels.values() for one in found for c in one.columns]


def call_words(prepared: PreparedImportance, chosen: ImportanceSpecification, n_boot: int) -> str:
    """The call that makes this analysis again."""
    parts = ["sessions", f"predictors={[p.column for p in prepared.predictors]!r}"]
    if chosen.groups:
        parts.append(
            f"groups={ {name: list(members) for name, members in chosen.groups.items()}!r}"
        )
    parts.append(f"time={chosen.time!r}")
    if chosen.time_column != "session":
        parts.append(f"time_column={chosen.time_column!r}")
    parts.append(f"mean_rows={chosen.mean_rows!r}")
    if prepared.changes is not None and prepared.changes.way != "raise":
        parts.append(f"therapist_change={prepared.changes.way!r}")
    parts.append(f"n_boot={n_boot}" + (", rng=…" if n_boot else ""))
    return f"al.models.fit_importance({', '.join(parts)})"
