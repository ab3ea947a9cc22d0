"""The choices of a mediation model, and the fits of its two equations, apart and as one.

Where both paths of the effect within patients differ between the members of a unit, their
covariance over those members is part of the effect, and only a model of both equations holds it:
ratings of mediator and outcome are stacked, each with the columns of its own equation and a
residual variance of its own (Bauer, Preacher & Gil, 2006). In that model the outcome's equation
leaves the mediator's means out, because the covariance of the two random intercepts says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.residual.structure import variance_by
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.mediation.chain import SIDES, Side
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.prepare import Time, TimeColumn, time_term
from alliance_stats.models.specification import session_formula

#: The paths that may differ between members of a unit, and the equation that holds each.
PATHS: dict[str, Side] = {"a": "mediator", "b": "outcome", "direct": "outcome"}
#: Columns of the sessions whose product is a further fixed term.
Product = tuple[str, ...]
#: Columns of the stacked rows: the rating predicted, and which one it is.
VALUE, EQUATION = "stacked.rating", "stacked.equation"


@dataclass(frozen=True, eq=False)
class MediationSpecification:
    """The choices of a mediation model, apart from its data.

    Attributes
    ----------
    time : str
        How time enters.
    time_column : str
        Whether time counts sessions or the role ``time``.
    slopes : dict of str to tuple of str
        Paths within patients that vary, by unit.
    reml : bool
    """

    time: Time
    time_column: TimeColumn
    slopes: dict[str, tuple[str, ...]]
    reml: bool

    @property
    def joint(self) -> bool:
        """Whether paths a and b vary over the members of one unit."""
        return bool(self.joint_units)

    @property
    def joint_units(self) -> tuple[str, ...]:
        """Units over whose members both a and b vary."""
        return tuple(unit for unit, paths in self.slopes.items() if {"a", "b"} <= set(paths))


@dataclass(frozen=True, eq=False)
class MediationFits:
    """The fitted models.

    Attributes
    ----------
    mediator, outcome : MixedModelResult
        Each equation by itself.
    joint : MixedModelResult or None
        Both as one model of stacked rows, where both paths vary.
    """

    mediator: MixedModelResult
    outcome: MixedModelResult
    joint: MixedModelResult | None

    def of(self, side: Side) -> MixedModelResult:
        """The model of one equation by itself."""
        return self.mediator if side == "mediator" else self.outcome

    def named(self) -> dict[str, MixedModelResult]:
        """All models by name."""
        joint = {} if self.joint is None else {"joint": self.joint}
        return {"mediator": self.mediator, "outcome": self.outcome, **joint}


def fit_mediation_models(
    prepared: PreparedMediation, chosen: MediationSpecification, *, extra: Sequence[Product] = ()
) -> MediationFits:
    """Fit both equations, and the joint model where it is needed; `extra` are fixed terms."""
    mediator, outcome = (
        fit_quietly(
            equation_formula(prepared, side, chosen, extra),
            prepared.rows(side),
            reml=chosen.reml,
        )
        for side in SIDES
    )
    joint = fit_joint(prepared, chosen, extra=extra) if chosen.joint else None
    return MediationFits(mediator, outcome, joint)


def equation_formula(
    prepared: PreparedMediation,
    side: Side,
    chosen: MediationSpecification,
    extra: Sequence[Product] = (),
) -> str:
    """response ~ time + paths + own earlier rating + parts between + (… | patient) + …"""
    slopes = _slope_columns(prepared, side, chosen)
    time = time_term(chosen.time, prepared)
    terms = [*map(quote_name, prepared.fixed(side)), *(":".join(map(quote_name, e)) for e in extra)]
    return session_formula(
        prepared.chain.response(side), terms, slopes, prepared.groups, time=time, kind=chosen.time
    )


def _slope_columns(
    prepared: PreparedMediation, side: Side, chosen: MediationSpecification
) -> dict[str, list[str]]:
    """Columns whose coefficients vary in one equation, by unit."""
    columns = dict(zip(PATHS, prepared.path_columns("within"), strict=True))
    return {
        unit: [columns[path] for path in paths if PATHS[path] == side]
        for unit, paths in chosen.slopes.items()
    }


def fit_joint(
    prepared: PreparedMediation, chosen: MediationSpecification, *, extra: Sequence[Product] = ()
) -> MixedModelResult:
    """Fit both equations as one model of stacked rows."""
    frame = stacked_rows(prepared, chosen, extra)
    formula = joint_formula(prepared, chosen, extra)
    return fit_quietly(formula, frame, reml=chosen.reml, residual=variance_by(EQUATION))


def stacked_units(prepared: PreparedMediation) -> dict[Side, float]:
    """What the rating of each equation is divided by in the stack: a power of ten, mostly 1.

    Random effects are measured in residual standard deviations of the first equation, so the
    second one's must not be of another order of magnitude.
    """
    spread = {
        side: float(prepared.rows(side)[prepared.chain.response(side)].std()) for side in SIDES
    }
    ratio = spread["outcome"] / spread["mediator"]
    far = np.isfinite(ratio) and ratio > 0 and not 0.1 <= ratio <= 10.0
    return {"mediator": 1.0, "outcome": 10.0 ** round(float(np.log10(ratio))) if far else 1.0}


def stacked_rows(
    prepared: PreparedMediation, chosen: MediationSpecification, extra: Sequence[Product] = ()
) -> pd.DataFrame:
    """The rows of both equations one below the other, columns of the other equation zero."""
    units = [columns[0] for columns in prepared.groups.values()]
    names = {side: stacked_columns(prepared, side, chosen, extra) for side in SIDES}
    size = stacked_units(prepared)
    tables = []
    for side in SIDES:
        rows, response = prepared.rows(side), prepared.chain.response(side)
        table = rows[units].copy()
        table[VALUE] = rows[response].to_numpy(dtype=float) / size[side]
        table[EQUATION] = response
        columns = {
            name: source.values(rows) if own == side else np.zeros(len(rows))
            for own, sources in names.items()
            for name, source in sources.items()
        }
        tables.append(table.assign(**columns))
    return pd.concat(tables, ignore_index=True)


def joint_formula(
    prepared: PreparedMediation, chosen: MediationSpecification, extra: Sequence[Product] = ()
) -> str:
    """The stacked model: an intercept and slopes of each equation, fixed and by unit."""
    fixed = [name for side in SIDES for name in stacked_columns(prepared, side, chosen, extra)]
    terms = ["0", *map(quote_name, fixed)]
    for unit, group in prepared.groups.items():
        inside = " + ".join(map(quote_name, random_columns(prepared, chosen, unit)))
        terms.append(f"(0 + {inside} | {quote_name(group[0])})")
    return f"{quote_name(VALUE)} ~ {' + '.join(terms)}"


def random_columns(
    prepared: PreparedMediation, chosen: MediationSpecification, unit: str
) -> list[str]:
    """Stacked columns whose coefficients vary over the members of a unit."""
    found = []
    for side in SIDES:
        response = prepared.chain.response(side)
        varying = list(_slope_columns(prepared, side, chosen).get(unit, ()))
        if unit == "patient" and chosen.time == "patient":
            varying.append(prepared.time)
        found += [joint_name(response, column) for column in ("intercept", *varying)]
    return found


def joint_name(response: str, column: str) -> str:
    """Column of a stacked equation: ``motivation.wai_total_within``."""
    return f"{response}.{column}"


@dataclass(frozen=True, slots=True)
class Source:
    """What a stacked column is: a product of columns (1 without any), or where one has a value."""

    columns: Product
    equal: float | None = None

    def values(self, rows: pd.DataFrame) -> np.ndarray:
        """The column for the rows of its own equation."""
        found = np.ones(len(rows))
        for column in self.columns:
            found = found * rows[column].to_numpy(dtype=float)
        return found if self.equal is None else (found == self.equal).astype(float)


def stacked_columns(
    prepared: PreparedMediation,
    side: Side,
    chosen: MediationSpecification,
    extra: Sequence[Product] = (),
) -> dict[str, Source]:
    """Names of the stacked columns of one equation, and what each is made of."""
    response = prepared.chain.response(side)
    found = {"intercept": Source(())}
    time = time_term(chosen.time, prepared)
    if time is not None and chosen.time == "factor":
        seen = np.unique(prepared.rows(side)[time])[1:]
        found |= {f"{time}.{value:g}": Source((time,), float(value)) for value in seen}
    elif time is not None:
        found[time] = Source((time,))
    found |= {column: Source((column,)) for column in prepared.fixed(side, means=False)}
    found |= {":".join(columns): Source(columns) for columns in extra}
    return {joint_name(response, name): source for name, source in found.items()}


def too_few_rows(prepared: PreparedMediation, chosen: MediationSpecification) -> Side | None:
    """The equation in which the patients' random effects could not be told from the residual."""
    for side in SIDES:
        counts = prepared.counts(side)
        varying = len(_slope_columns(prepared, side, chosen).get("patient", ()))
        effects = 1 + varying + (chosen.time == "patient")
        if counts["patient"] * effects >= counts["session"]:
            return side
    return None


def check_rows(prepared: PreparedMediation, chosen: MediationSpecification) -> None:
    """Raise DataError where there are too few rows for the patients' random effects."""
    side = too_few_rows(prepared, chosen)
    if side is None:
        return
    counts = prepared.counts(side)
    if chosen.slopes.get("patient"):
        simpler = "Use random_slopes={} for fewer."
    elif chosen.time == "patient":
        simpler = "Use time='linear' for fewer."
    else:
        simpler = "More sessions a patient are needed."
    raise DataError(
        f"{counted(counts['session'], 'session')} of {counted(counts['patient'], 'patient')} are "
        "too few for what differs between patients in the equation of "
        f"{prepared.chain.response(side)}. {simpler}"
    )
