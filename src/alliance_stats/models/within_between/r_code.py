"""R code of the model of alliance within and between patients, from the file of sessions on."""

from __future__ import annotations

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.prepare import PreparedSessions
from alliance_stats.models.r_code import contextual_lines, split_code
from alliance_stats.models.specification import Specification


def within_between_r_code(
    fit: MixedModelResult, prepared: PreparedSessions, chosen: Specification, data: str
) -> str:
    """The text of `AllianceResult.to_r`, which documents the arguments."""
    if chosen.covariates or chosen.residual is not None:
        what = "covariates" if chosen.covariates else "correlated residuals"
        raise UnsupportedError(
            f"R code from the file on is not written for a model with {what}. Use "
            "result.fit.to_r(), which reads result.prepared.frame written to a CSV file."
        )
    if prepared.changes is not None and prepared.changes.way in ("dyad", "crossed"):
        raise UnsupportedError(
            f"R code from the file on is not written for therapist_change={prepared.changes.way!r}."
            " Use result.fit.to_r(), which reads result.prepared.frame written to a CSV file."
        )
    code = split_code([fit], prepared, chosen, [prepared.roles.alliance], data)
    contextual = contextual_lines([column for _, column in prepared.effects])
    return code + "\n".join([*contextual, ""])
