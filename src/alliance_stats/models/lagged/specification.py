"""The choices of a lagged model, and the formulas and fits they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.equations import Equation
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.prepare import Time, TimeColumn, time_term
from alliance_stats.models.specification import session_formula

#: What may vary between the members of a unit, in both equations alike.
SLOPES = ("cross", "autoregression")


@dataclass(frozen=True, eq=False)
class LaggedSpecification:
    """The choices of a lagged model, apart from its data.

    Attributes
    ----------
    time : str
        How time enters.
    time_column : str
        Whether time counts sessions or the role ``time``.
    slopes : dict of str to (dict of str to tuple of str)
        What varies, by the side of the equation and by unit.
    reml : bool
    """

    time: Time
    time_column: TimeColumn
    slopes: dict[str, dict[str, tuple[str, ...]]]
    reml: bool


def fit_equation(
    prepared: PreparedLags,
    equation: Equation,
    chosen: LaggedSpecification,
    *,
    extra: Sequence[str] = (),
    near: np.ndarray | None = None,
) -> MixedModelResult:
    """Fit one equation, with further fixed terms as formula text, `near` a similar one's θ."""
    formula = equation_formula(prepared, equation, chosen, extra)
    return fit_quietly(formula, prepared.rows(equation), reml=chosen.reml, near=near)


def equation_formula(
    prepared: PreparedLags,
    equation: Equation,
    chosen: LaggedSpecification,
    extra: Sequence[str] = (),
) -> str:
    """response ~ time + cross + own + the predictor's parts between + (… | patient) + …"""
    columns = {"cross": equation.cross, "autoregression": equation.own}
    slopes = {
        unit: [columns[name] for name in names]
        for unit, names in chosen.slopes[equation.side].items()
    }
    fixed = [*columns.values(), *(column for _, column in prepared.between(equation))]
    time = time_term(chosen.time, prepared)
    terms = [*map(quote_name, fixed), *extra]
    return session_formula(
        equation.response, terms, slopes, prepared.groups, time=time, kind=chosen.time
    )


def too_few_rows(prepared: PreparedLags, equation: Equation, chosen: LaggedSpecification) -> bool:
    """Whether the patients' random effects could not be told from the residual."""
    counts, slopes = prepared.counts(equation), chosen.slopes[equation.side]
    effects = 1 + len(slopes.get("patient", ())) + (chosen.time == "patient")
    return counts["patient"] * effects >= counts["session"]


def check_rows(prepared: PreparedLags, equation: Equation, chosen: LaggedSpecification) -> None:
    """Raise DataError where there are too few pairs for the patients' random effects."""
    if not too_few_rows(prepared, equation, chosen):
        return
    counts = prepared.counts(equation)
    simpler = (
        "Use random_slopes={} for fewer."
        if chosen.slopes[equation.side].get("patient")
        else "Use time='linear' for fewer."
    )
    raise DataError(
        f"{counted(counts['session'], 'session')} with an earlier one of "
        f"{counted(counts['patient'], 'patient')} are too few for what differs between patients "
        f"in the equation of {equation.response}. {simpler}"
    )
