"""What the reader of a selection model must know, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import format_number, format_p
from alliance_stats.meta.bias.selection.weights import CENSORED, Alternative

DIRECTION: dict[Alternative, str] = {
    "greater": "larger effects are published more easily (one-sided p)",
    "less": "smaller, more negative effects are published more easily (one-sided p)",
    "two.sided": "effects far from zero are published more easily (two-sided p)",
}
#: Fewer effects in an interval than this say next to nothing about its weight.
FEW = 5

_CAUTION = (
    "The model takes selection to depend on p values alone, in the way stated; another weight "
    "function may give another effect."
)


def interval_names(steps: Sequence[float]) -> tuple[str, ...]:
    """``p in (0.025, 0.5]`` for every interval.

    >>> interval_names((0.025,))
    ('p in (0, 0.025]', 'p in (0.025, 1]')
    """
    ends = [0.0, *steps, 1.0]
    pairs = zip(ends[:-1], ends[1:], strict=True)
    return tuple(f"p in ({low:g}, {high:g}]" for low, high in pairs)


def selection_notes(
    alternative: Alternative, method: str, lr_test: tuple[float, int, float], *, kind: str
) -> tuple[str, ...]:
    """Sentences printed under the tables."""
    effects = "equal effects" if method == "EE" else "random effects"
    curve = f"; p censored at {CENSORED:g} and 1 − {CENSORED:g}" if kind == "beta" else ""
    notes = [f"Maximum likelihood, {effects}; the model: {DIRECTION[alternative]}{curve}."]
    statistic, df, p = lr_test
    if df:
        shown = format_p(p)
        equals = "" if shown.startswith(("<", ">")) else "= "
        notes.append(
            f"Likelihood-ratio test of no selection: χ²({df}) = {format_number(statistic)}, "
            f"p {equals}{shown}."
        )
    else:
        notes.append("Weights were given and not estimated: a sensitivity analysis.")
    return (*notes, _CAUTION)


def few_in_intervals(steps: Sequence[float], counts: Sequence[int], k: int) -> list[str]:
    """Intervals of p with few effects."""
    few = [
        f"{n} in {name.removeprefix('p in ')}"
        for name, n in zip(interval_names(steps), counts, strict=True)
        if n < FEW
    ]
    if not few:
        return []
    return [
        f"Few of the {counted(k, 'effect')} have p values in some intervals ({'; '.join(few)}): "
        "weights there, and the adjusted effect, rest on next to nothing."
    ]


def about_search(*, converged: bool, informed: bool, tau2: float, equal_effects: bool) -> list[str]:
    """What went wrong at the maximum."""
    said = []
    if not converged:
        said.append("The search did not end at a maximum: do not use these estimates.")
    elif not informed:
        said.append(
            "The likelihood is flat around its maximum: no standard errors. Use fewer steps."
        )
    if tau2 == 0 and not equal_effects:
        said.append(
            "τ² is estimated as 0 under selection; this does not show that studies have one true "
            "effect. Standard errors take it as known."
        )
    return said


def about_direction(alternative: Alternative, unadjusted: np.ndarray) -> list[str]:
    """Whether the mean lies on the other side of what is taken to be published more easily."""
    if alternative == "two.sided" or len(unadjusted) > 1:
        return []
    if (unadjusted[0] < 0) == (alternative == "less"):
        return []
    other = "less" if alternative == "greater" else "greater"
    return [
        f"The pooled effect ({format_number(float(unadjusted[0]))}) lies on the other side of zero "
        f"than the effects that are taken to be published more easily; alternative={other!r} "
        "models the other direction."
    ]
