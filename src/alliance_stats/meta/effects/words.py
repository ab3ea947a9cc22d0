"""What must be known of computed effects: sources, turned signs, unreported results, zero cells."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list, some_row_places
from alliance_stats.meta.effects.compute import ZERO, Computed
from alliance_stats.meta.effects.odds import CELLS


def messages_of(
    frame: pd.DataFrame, computed: Computed, signs: np.ndarray, measure: str, study: str
) -> list[str]:
    """Every message about effects that were computed."""
    said = [
        _source_message(computed.source),
        _flip_message(signs, computed.effects.yi),
        _unreported_message(frame, computed, study),
        _incomplete_message(computed),
        _zero_cells_message(computed) if measure == "OR" else None,
    ]
    return [message for message in said if message]


def _source_message(source: np.ndarray) -> str | None:
    """``12 effects: 10 from ri ni, 2 from ti ni.``"""
    counts = Counter(each for each in source if each is not None)
    if len(counts) < 2:
        return None
    parts = (f"{n} {form}" if form == ZERO else f"{n} from {form}" for form, n in counts.items())
    return f"{counted(counts.total(), 'effect')}: {', '.join(parts)}."


def _flip_message(signs: np.ndarray, yi: np.ndarray) -> str | None:
    known = ~np.isnan(yi)
    n = int((signs[known] < 0).sum())
    if not n:
        return None
    return (
        f"{n} of {counted(int(known.sum()), 'effect')} {agree(n, 'has', 'have')} the other sign: "
        "lower scores of the outcome are better there. Positive means a better outcome."
    )


def _unreported_message(frame: pd.DataFrame, computed: Computed, study: str) -> str | None:
    rows = np.flatnonzero(computed.unreported)
    if not len(rows):
        return None
    n, zero = len(rows), not np.isnan(computed.effects.yi[rows]).any()
    where = some_row_places(rows)
    if study in frame.columns:
        names = list(dict.fromkeys(frame[study].iloc[rows].astype(str)))
        where = f"in {agree(len(names), 'study', 'studies')} {name_list(names)}"
    done = (
        "taken as 0, as a sensitivity analysis: what they found is not known"
        if zero
        else "left out (yi and vi are missing); an analysis without them may overstate the effect"
    )
    return (
        f"{n} of {counted(len(frame), 'effect')} {agree(n, 'is', 'are')} not reported though the "
        f"sample size is, {where}: {done}."
    )


def _incomplete_message(computed: Computed) -> str | None:
    rows = np.flatnonzero(np.isnan(computed.effects.yi) & ~computed.unreported)
    if not len(rows):
        return None
    forms = ", or ".join(form.words for form in computed.inputs.forms)
    return (
        f"{counted(len(rows), 'row')} of {len(computed.source)} could not be computed: {forms} "
        f"{agree(len(rows), 'is', 'are')} not complete at {some_row_places(rows)}."
    )


def _zero_cells_message(computed: Computed) -> str | None:
    values = computed.inputs.values
    if "ai" not in values:
        return None
    cells = dict(values)
    if "bi" not in values:
        cells |= {"bi": values["n1i"] - values["ai"], "di": values["n2i"] - values["ci"]}
    table = np.array([cells[name] for name in CELLS])
    n = int((table == 0).any(axis=0).sum())
    if not n:
        return None
    double = int((((table[0] == 0) & (table[2] == 0)) | ((table[1] == 0) & (table[3] == 0))).sum())
    none = (
        f"; {double} of them {agree(double, 'holds', 'hold')} no event, or only events, and "
        f"{agree(double, 'says', 'say')} nothing"
        if double
        else ""
    )
    return (
        f"{counted(n, 'table')} of {table.shape[1]} {agree(n, 'has', 'have')} a cell of 0: ½ was "
        f"added to each of {agree(n, 'its', 'their')} cells{none}."
    )
