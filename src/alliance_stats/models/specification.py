"""The choices of a session-level model, and the formula and fit they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.data.centering import TherapistMean
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.residual.structure import ResidualStructure, ar1, continuous_ar1
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.prepare import PreparedSessions, Time, TimeColumn, time_term

Residual = Literal["ar1", "continuous_ar1"]


@dataclass(frozen=True, eq=False)
class Specification:
    """The choices of one model, apart from its data.

    Attributes
    ----------
    time : str
        How time enters.
    time_column : str
        Whether time counts sessions or the role ``time``.
    slopes : dict of str to tuple of str
        Effects that vary, by unit.
    mean_rows, therapist_mean : str
        What the means average.
    reml : bool
    residual : {"ar1", "continuous_ar1"}, optional
        How a patient's residuals are correlated over time.
    covariates : tuple of str
        Columns of further fixed terms.
    """

    time: Time
    time_column: TimeColumn
    slopes: dict[str, tuple[str, ...]]
    mean_rows: str
    therapist_mean: TherapistMean
    reml: bool
    residual: Residual | None = None
    covariates: tuple[str, ...] = ()


def call_arguments(chosen: Specification, therapist_change: str) -> list[str]:
    """The choices as they are written in a call, those of one rating's therapist means apart."""
    slopes = {unit: list(effects) for unit, effects in chosen.slopes.items()}
    weeks = [f"time_column={chosen.time_column!r}"] if chosen.time_column != "session" else []
    change = [f"therapist_change={therapist_change!r}"] if therapist_change != "raise" else []
    return [
        f"time={chosen.time!r}", *weeks, f"random_slopes={slopes!r}",
        f"mean_rows={chosen.mean_rows!r}", *change, f"reml={chosen.reml}",
    ]  # fmt: skip


def fit_specification(
    prepared: PreparedSessions,
    specification: Specification,
    *,
    extra: Sequence[str] = (),
    near: np.ndarray | None = None,
) -> MixedModelResult:
    """Fit one specification, with further fixed terms as formula text, `near` a similar one's θ."""
    return fit_quietly(
        model_formula(prepared, specification, extra),
        prepared.frame,
        reml=specification.reml,
        residual=residual_structure(prepared, specification),
        near=near,
    )


def residual_structure(
    prepared: PreparedSessions, specification: Specification
) -> ResidualStructure | None:
    """The autoregression over the patients' sessions, or None."""
    if specification.residual is None:
        return None
    make = ar1 if specification.residual == "ar1" else continuous_ar1
    return make(prepared.clock, within=prepared.groups["patient"])


def model_formula(
    prepared: PreparedSessions, specification: Specification, extra: Sequence[str] = ()
) -> str:
    """The model as a formula: outcome ~ time + effects + (slopes | patient) + (… | therapist).

    With ``therapist_change="dyad"`` the patients' factor is ``therapist:patient``.
    """
    columns = dict(prepared.effects)
    slopes = {
        unit: [columns[effect] for effect in effects]
        for unit, effects in specification.slopes.items()
    }
    time = time_term(specification.time, prepared)
    fixed = [*map(quote_name, [*columns.values(), *specification.covariates]), *extra]
    return session_formula(
        prepared.roles.outcome, fixed, slopes, prepared.groups, time=time, kind=specification.time
    )


def session_formula(
    response: str,
    fixed: Sequence[str],
    slopes: Mapping[str, Sequence[str]],
    groups: Mapping[str, tuple[str, ...]],
    *,
    time: str | None,
    kind: Time,
) -> str:
    """The text of a session-level model.

    Parameters
    ----------
    response : str
        Its column.
    fixed : sequence of str
        Fixed terms besides time, as formula text.
    slopes : mapping of str to sequence of str
        Columns whose coefficients vary, by unit.
    groups : mapping of str to tuple of str
        Columns of the grouping factor of every unit.
    time : str or None
        Column of time, from `time_term`.
    kind : str
        How time enters.
    """
    terms = list(fixed)
    if time is not None:
        terms.insert(0, f"C({quote_name(time)})" if kind == "factor" else quote_name(time))
    for unit, group in groups.items():
        inside = ["1", *map(quote_name, slopes.get(unit, ()))]
        if unit == "patient" and kind == "patient" and time is not None:
            inside.append(quote_name(time))
        terms.append(f"({' + '.join(inside)} | {':'.join(map(quote_name, group))})")
    return f"{quote_name(response)} ~ {' + '.join(terms)}"


def too_few_rows(prepared: PreparedSessions, specification: Specification) -> bool:
    """Whether the patients' random effects could not be told from the residual."""
    effects = 1 + len(specification.slopes.get("patient", ())) + (specification.time == "patient")
    return bool(prepared.n_patients * effects >= len(prepared.frame))


def check_rows(prepared: PreparedSessions, specification: Specification) -> None:
    """Raise DataError where there are too few sessions for the patients' random effects."""
    if not too_few_rows(prepared, specification):
        return
    counts = prepared.counts()
    simpler = "random_slopes={}" if specification.slopes.get("patient") else "time='linear'"
    alone = not specification.slopes.get("patient") and specification.time != "patient"
    raise DataError(
        f"{counted(counts['session'], 'complete session')} of "
        f"{counted(counts['patient'], 'patient')} are too few for what differs between patients "
        "here. " + ("More sessions a patient are needed." if alone else f"Use {simpler} for fewer.")
    )
