"""The model of dyads as formulas, and its fits: members told apart, and members alike.

Members alike (Kenny, Kashy & Cook, 2006, chapter 7): one intercept, trend, actor and partner
effect, and covariances that do not change when the members change places. Those of the random
effects are then two blocks, of what the members share and of how they differ (±1); the residuals
of a session have one variance and one correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.residual.structure import ar1, unstructured
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.prepare import MEMBER, NUMBER, RATING, PreparedDyads
from alliance_stats.models.prepare import Time, TimeColumn

#: What may differ between the members of a unit, of both members of the dyad alike.
SLOPES = ("actor", "partner")
_SIGN = "contrast"


@dataclass(frozen=True, eq=False)
class DyadSpecification:
    """The choices of a model of dyads, apart from its data.

    Attributes
    ----------
    time : {"linear", "log", "patient", "none"}
    time_column : {"session", "time"}
    slopes : dict of str to tuple of str
        Effects that vary, by unit.
    reml : bool
    """

    time: Time
    time_column: TimeColumn
    slopes: dict[str, tuple[str, ...]]
    reml: bool

    def varying(self, unit: str) -> list[str]:
        """Parts of the model that differ between the members of a unit, each for both members."""
        timed = unit == "patient" and self.time == "patient"
        return ["intercept", *self.slopes.get(unit, ()), *(["time"] if timed else [])]


def fixed_parts(prepared: PreparedDyads) -> list[str]:
    """Parts with a fixed coefficient of each member, in the order of the formula."""
    timed = ["time"] if "time" in prepared.frame.columns else []
    return ["intercept", *timed, *SLOPES, *(effect for effect, _ in prepared.between)]


def dyad_formula(
    prepared: PreparedDyads, chosen: DyadSpecification, extra: Sequence[str] = ()
) -> str:
    """``rating ~ 0 + patient_intercept + … + (0 + patient_intercept + … | patient) + …``

    `extra` are further parts with a coefficient of each member.
    """
    both = prepared.pair.both
    parts = [*fixed_parts(prepared), *extra]
    fixed = [member.column(part) for part in parts for member in both]
    random = [
        _random([member.column(part) for part in chosen.varying(unit) for member in both], group)
        for unit, group in prepared.groups.items()
    ]
    return f"{RATING} ~ {' + '.join(['0', *map(quote_name, fixed), *random])}"


def fit_dyad_model(
    prepared: PreparedDyads,
    chosen: DyadSpecification,
    *,
    reml: bool | None = None,
    extra: Sequence[str] = (),
) -> MixedModelResult:
    """Fit the model in which the members differ in everything."""
    within = (prepared.roles.patient, prepared.roles.session)
    return fit_quietly(
        dyad_formula(prepared, chosen, extra),
        prepared.frame,
        reml=chosen.reml if reml is None else reml,
        residual=unstructured(MEMBER, within=within),
    )


def fit_alike(prepared: PreparedDyads, chosen: DyadSpecification) -> MixedModelResult:
    """Fit, by maximum likelihood, the model in which the members differ in nothing."""
    frame = prepared.frame
    signed: dict[str, pd.Series] = {
        f"{_SIGN}_{part}": frame[part] * (3 - 2 * frame[NUMBER])
        for part in {part for unit in prepared.groups for part in chosen.varying(unit)}
    }
    random = [
        _random([f"{prefix}{part}" for part in chosen.varying(unit)], group)
        for unit, group in prepared.groups.items()
        for prefix in ("", f"{_SIGN}_")
    ]
    fixed = map(quote_name, fixed_parts(prepared))
    return fit_quietly(
        f"{RATING} ~ {' + '.join(['0', *fixed, *random])}",
        frame.assign(**signed),
        reml=False,
        residual=ar1(NUMBER, within=(prepared.roles.patient, prepared.roles.session)),
    )


def _random(columns: Sequence[str], group: tuple[str, ...]) -> str:
    return f"(0 + {' + '.join(map(quote_name, columns))} | {':'.join(map(quote_name, group))})"


def too_few_rows(prepared: PreparedDyads, chosen: DyadSpecification) -> bool:
    """Whether a member has too few rows for what differs between patients."""
    try:
        check_rows(prepared, chosen)
    except DataError:
        return True
    return False


def check_rows(prepared: PreparedDyads, chosen: DyadSpecification) -> None:
    """Raise where a member has too few rows for what differs between patients."""
    effects = len(chosen.varying("patient"))
    for member in prepared.pair.both:
        rows = prepared.wide[prepared.keep[member.name]]
        n = rows[prepared.roles.patient].nunique()
        if n * effects >= len(rows):
            raise DataError(
                f"{member.name}: {counted(len(rows), 'row')} of {counted(n, 'patient')} are too "
                f"few for {counted(effects, 'effect')} that differ between patients. Use "
                "random_slopes={} and time='linear' for fewer."
            )
