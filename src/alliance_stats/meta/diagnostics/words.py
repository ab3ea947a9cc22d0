"""What the reader must know when studies are left out, in plain words."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats.meta.diagnostics.answers import Answer
from alliance_stats.meta.diagnostics.labels import By
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.diagnostics.rules import INFLUENCE, far_by_chance, influential

#: How measures are called in print.
MEASURE_WORDS = {
    "rstandard": "standardised residual",
    "rstudent": "externally standardised residual",
    "dffits": "DFFITS",
    "cooks_distance": "Cook's distance",
    "cov_ratio": "covariance ratio",
    "tau2_without": "τ² without it",
    "q_without": "Q without it",
    "hat": "hat value",
    "weight": "weight",
    "dfbetas": "DFBETAS",
}


def influence_messages(
    result: Answer,
    refits: Refits,
    labels: np.ndarray,
    marks: dict[str, np.ndarray],
    by: By,
) -> tuple[str, ...]:
    """Every remark about studies or effects left out one at a time."""
    found = (
        _far(labels, marks["rstudent"], result.studies.p) if "rstudent" in marks else "",
        _changes(labels, marks, by),
        cannot_be_fitted(labels, refits),
        not_converged(labels, refits),
        _dependent(result) if by == "effect" else "",
    )
    return tuple(sentence for sentence in found if sentence)


def _far(labels: np.ndarray, far: np.ndarray, p: int) -> str:
    n, k = int(far.sum()), len(far)
    if not n:
        return ""
    return (
        f"{n} of {counted(k, 'effect')} {agree(n, 'lies', 'lie')} far from the others (externally "
        f"standardised residual beyond ±1.96): {name_list(labels[far])}. By chance about "
        f"{far_by_chance(k, p):.1f} would. That is a reason to read the study again, not to leave "
        "it out."
    )


def _changes(labels: np.ndarray, marks: dict[str, np.ndarray], by: By) -> str:
    which = np.flatnonzero(influential(marks)).tolist()
    if not which:
        return ""
    said = [f"{labels[i]} ({_reasons(marks, i)})" for i in which]
    return (
        f"{counted(len(which), by)} {agree(len(which), 'changes', 'change')} the result more "
        f"than others: {name_list(said)}. Report the result with and without "
        f"{agree(len(which), 'it', 'them')}."
    )


def _reasons(marks: dict[str, np.ndarray], i: int) -> str:
    return ", ".join(MEASURE_WORDS[name] for name in INFLUENCE if name in marks and marks[name][i])


def cannot_be_fitted(labels: np.ndarray, refits: Refits) -> str:
    """Which refits are undefined, and why; nothing if none are."""
    lost = ~refits.defined
    if not lost.any():
        return ""
    return (
        f"Without {agree(int(lost.sum()), 'one', 'each')} of these the model cannot be estimated, "
        f"as a coefficient rests on it alone or too few effects are left: "
        f"{name_list(labels[lost])}. {agree(int(lost.sum()), 'Its', 'Their')} values are missing."
    )


def not_converged(labels: np.ndarray, refits: Refits) -> str:
    """Which refits did not find τ²; nothing if all did."""
    failed = refits.converged == 0.0
    if not failed.any():
        return ""
    return f"τ² did not converge without {name_list(labels[failed])}. Do not use these values."


def _dependent(result: Answer) -> str:
    if result.studies.k == result.studies.n_studies:
        return ""
    return (
        "Effects are left out one at a time, though some come from one study: those that stay may "
        'hide its influence. Use by="study" to leave out whole studies.'
    )
