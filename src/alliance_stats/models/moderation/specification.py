"""The choices of a moderation model, the smallest effect of interest, the formula and the fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import name_list, one_of, positive_number
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.residual.structure import variance_by
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.moderation.prepare import WITH_THERAPIST, PreparedModeration
from alliance_stats.models.prepare import time_term
from alliance_stats.models.specification import Specification, session_formula

SmallestEffect = float | Mapping[str, float]

_HOW_TO_CHOOSE = (
    "smallest_effect is missing: which difference between two slopes would be too small to matter? "
    "A non-significant interaction does not show that the effect is the same, so the bound must be "
    "yours, and chosen before looking. Give it in outcome points per alliance point: with 10 "
    "alliance points between a poor and a good alliance and 1 outcome point as the least change "
    "that counts, smallest_effect=0.1. Or give it in standard deviations with "
    "standardise_by={'alliance': SD, 'outcome': SD}, SDs of a manual or an earlier study."
)


@dataclass(frozen=True, eq=False)
class ModerationSpecification:
    """The choices of one moderation model, apart from its data.

    Attributes
    ----------
    base : Specification
        Time, random slopes, means, REML.
    smallest : dict of str to float
        Bound of equivalence of every effect, in outcome units per alliance unit.
    standardise_by : dict of str to float, optional
        Fixed SDs of alliance and outcome that made the bounds.
    alpha : float
        Level of every one-sided test, and of the tests of differences.
    time_by_moderator : bool
        Whether the trend may differ with the moderator.
    variance_by_arm : bool
        Whether every group has a residual variance of its own.
    """

    base: Specification
    smallest: dict[str, float]
    standardise_by: dict[str, float] | None
    alpha: float
    time_by_moderator: bool
    variance_by_arm: bool


def checked_standards(given: Mapping[str, float] | None) -> dict[str, float] | None:
    """The stated SDs, both above zero."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) != {"alliance", "outcome"}:
        raise ArgumentError(
            f"standardise_by={given!r} is not two SDs. Give "
            "{'alliance': SD, 'outcome': SD}, fixed numbers of a manual or an earlier study."
        )
    for name, sd in given.items():
        positive_number(sd, name=f"standardise_by[{name!r}]")
    return {name: float(given[name]) for name in ("alliance", "outcome")}


def checked_bounds(
    given: SmallestEffect | None, effects: tuple[str, ...], standards: dict[str, float] | None
) -> dict[str, float]:
    """The bound of every effect in outcome units per alliance unit."""
    if given is None:
        raise ArgumentError(_HOW_TO_CHOOSE)
    named = dict(given) if isinstance(given, Mapping) else dict.fromkeys(effects, given)
    for name in named:
        one_of(name, effects, name="effect of smallest_effect")
    if missing := [name for name in effects if name not in named]:
        raise ArgumentError(
            f"smallest_effect has no bound for {name_list(missing)}. Give one for each effect, or "
            "one number for all."
        )
    for name, value in named.items():
        at = f"[{name!r}]" if isinstance(given, Mapping) else ""
        positive_number(value, name=f"smallest_effect{at}")
    unit = standards["outcome"] / standards["alliance"] if standards else 1.0
    return {name: float(value) * unit for name, value in named.items()}


def checked_values(at: object) -> tuple[float, ...] | None:
    """Increasing values of a continuous moderator, at least two."""
    if at is None:
        return None
    given = list(at) if isinstance(at, list | tuple | np.ndarray) else []
    plain = [v for v in given if isinstance(v, int | float | np.number) and not _is_bool(v)]
    values = [float(v) for v in plain if math.isfinite(float(v))]
    if len(values) < max(len(given), 2) or any(np.diff(values) <= 0):
        raise ArgumentError(
            f"at={at!r} is not two or more increasing numbers. Give values of the moderator, such "
            "as at=(10, 20); the slopes at the first and the last are compared."
        )
    return tuple(values)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def fit_moderated(
    prepared: PreparedModeration,
    specification: ModerationSpecification,
    *,
    extra: Sequence[str] = (),
) -> MixedModelResult:
    """Fit the model with further fixed terms as formula text.

    Raises DataError where the data do not determine a coefficient.
    """
    column = prepared.moderator.column
    fit = fit_quietly(
        moderation_formula(prepared, specification, extra),
        prepared.frame,
        reml=specification.base.reml,
        residual=variance_by(column) if specification.variance_by_arm else None,
    )
    if redundant := fit.criterion.design.redundant:
        raise DataError(
            f"the data do not determine {name_list(redundant)}: moderator '{column}' and the other "
            "predictors cannot be told apart. Use another moderator, join levels, or leave time "
            "out of the moderation with time_by_moderator=False."
        )
    return fit


def moderation_formula(
    prepared: PreparedModeration,
    specification: ModerationSpecification,
    extra: Sequence[str] = (),
) -> str:
    """outcome ~ time + moderator + parts + products + (slopes | patient) + (… | therapist)."""
    chosen, roles = specification.base, prepared.roles
    columns = dict(prepared.effects)
    slopes = {unit: [columns[e] for e in effects] for unit, effects in chosen.slopes.items()}
    time = time_term(chosen.time, prepared.sessions)
    own = [prepared.product_mean] if prepared.product_mean else []
    fixed = [quote_name(c) for c in (*prepared.mains, *columns.values(), *own)]
    if specification.time_by_moderator and time is not None:
        fixed += [f"{quote_name(time)}:{quote_name(main)}" for main in prepared.mains]
    fixed += [f"{quote_name(m.column)}:{quote_name(m.by)}" for m in prepared.moderated]
    fixed += extra
    groups = dict(prepared.sessions.groups)
    partly = bool(prepared.moderator.free)
    therapist = groups.pop("therapist") if partly else None
    text = session_formula(roles.outcome, fixed, slopes, groups, time=time, kind=chosen.time)
    if therapist is None:
        return text
    return f"{text} + (0 + {WITH_THERAPIST} | {':'.join(map(quote_name, therapist))})"
