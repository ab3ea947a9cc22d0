"""R code of both equations from the file of sessions on: centring, lagging, two calls of lmer."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats.data.centering import derived_name
from alliance_stats.data.lags import lag_name
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.lagged.specification import LaggedSpecification
from alliance_stats.models.r_code import cell, check_r_code, reading, time_lines

_FUNCTIONS = """\
mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))"""


def lagged_r_code(
    fits: Mapping[str, MixedModelResult],
    prepared: PreparedLags,
    chosen: LaggedSpecification,
    data: str,
) -> str:
    """The text of `LaggedResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.changes)
    lines = [
        "library(lme4)", "library(lmerTest)",
        'options(contrasts = c("contr.treatment", "contr.poly"))', "",
        *reading(prepared.roles, prepared.groups, data),
        *time_lines(prepared.roles, prepared.time, chosen.time, chosen.time_column), "", _FUNCTIONS,
        *_centring(prepared), "", *_lagging(prepared), "", CONTROL,
    ]  # fmt: skip
    for equation in prepared.equations:
        fit = fits[equation.side]
        first, *rest = lmer_call(fit.criterion.design, reml=fit.reml)
        lines += ["", f"m <- {first}", *rest, f"stopifnot(nobs(m) == {fit.n_obs})", PRINTED]
    return "\n".join(lines) + "\n"


def _centring(prepared: PreparedLags) -> list[str]:
    lines = []
    therapist = prepared.roles.therapist
    if therapist is not None:
        lines += [
            f"therapist <- {cell(therapist)}",
            "first <- which(!is.na(therapist))",
            "first <- first[!duplicated(patient[first])]",
        ]
    for equation in prepared.equations:
        x = equation.predictor
        lines += [
            f"own <- mean_of({cell(x)}, patient)",
            f"{cell(derived_name(x, 'within'))} <- {cell(x)} - own",
        ]
        if therapist is None:
            between = cell(derived_name(x, "between"))
            lines.append(f"{between} <- own - mean(own[!duplicated(patient)], na.rm = TRUE)")
            continue
        lines += [
            "theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)",
            f"{cell(derived_name(x, 'patient_between'))} <- own - theirs[therapist]",
            f"{cell(derived_name(x, 'therapist_between'))} <- "
            "theirs[therapist] - mean(theirs, na.rm = TRUE)",
        ]
    return lines


def _lagging(prepared: PreparedLags) -> list[str]:
    session = cell(prepared.roles.session)
    number = session if prepared.gap == "strict" else f"ave({session}, patient, FUN = seq_along)"
    lines = [
        f"number <- {number}",
        f"earlier <- match(paste(patient, number - {prepared.step}), paste(patient, number))",
    ]
    for equation in prepared.equations:
        within = derived_name(equation.response, "within")
        lines.append(f"{cell(lag_name(within, prepared.step))} <- {cell(within)}[earlier]")
    return lines
