"""R code of both equations from the file of sessions on: centring, lagging, two calls of lmer."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats.data.centering import derived_name
from alliance_stats.data.lags import lag_name
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.lagged.specification import LaggedSpecification
from alliance_stats.models.r_code import (
    LMER_HEAD,
    MEANS,
    cell,
    centring_lines,
    check_r_code,
    earlier_line,
    reading,
    time_lines,
)


def lagged_r_code(
    fits: Mapping[str, MixedModelResult],
    prepared: PreparedLags,
    chosen: LaggedSpecification,
    data: str,
) -> str:
    """The text of `LaggedResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.changes)
    ratings = [equation.predictor for equation in prepared.equations]
    lines = [
        *LMER_HEAD,
        *reading(prepared.roles, prepared.groups, data),
        *time_lines(prepared.roles, prepared.time, chosen.time, chosen.time_column), "", MEANS,
        *centring_lines(ratings, prepared.roles.therapist), "", *_lagging(prepared), "", CONTROL,
    ]  # fmt: skip
    for equation in prepared.equations:
        fit = fits[equation.side]
        first, *rest = lmer_call(fit.criterion.design, reml=fit.reml)
        lines += ["", f"m <- {first}", *rest, f"stopifnot(nobs(m) == {fit.n_obs})", PRINTED]
    return "\n".join(lines) + "\n"


def _lagging(prepared: PreparedLags) -> list[str]:
    session = cell(prepared.roles.session)
    number = session if prepared.gap == "strict" else f"ave({session}, patient, FUN = seq_along)"
    lines = [
        f"number <- {number}",
        earlier_line("number", prepared.step),
    ]
    for equation in prepared.equations:
        within = derived_name(equation.response, "within")
        lines.append(f"{cell(lag_name(within, prepared.step))} <- {cell(within)}[earlier]")
    return lines
