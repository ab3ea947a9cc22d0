"""R code of both equations from the file of sessions on: centring, lagging, two calls of lmer."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.data.centering import derived_name
from alliance_stats.data.lags import lag_name
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.r_code.names import r_text
from alliance_stats.lmm.r_code.reading import MISSING
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.lagged.specification import LaggedSpecification
from alliance_stats.models.prepare import clock_of, log_name

_FUNCTIONS = """\
mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))"""


def lagged_r_code(
    fits: Mapping[str, MixedModelResult],
    prepared: PreparedLags,
    chosen: LaggedSpecification,
    data: str,
) -> str:
    """The text of `LaggedResult.to_r`, which documents the arguments."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'sessions.csv'.")
    if prepared.changes is not None and prepared.changes.n_changed:
        raise UnsupportedError(
            "the R code takes every patient's therapist from the file, but patients with several "
            "count for their first one here. Write that therapist into the file and fit again."
        )
    lines = [
        "library(lme4)", "library(lmerTest)",
        'options(contrasts = c("contr.treatment", "contr.poly"))', "",
        *_reading(prepared, data), *_time(prepared, chosen), "", _FUNCTIONS,
        *_centring(prepared), "", *_lagging(prepared), "", CONTROL,
    ]  # fmt: skip
    for equation in prepared.equations:
        fit = fits[equation.side]
        first, *rest = lmer_call(fit.criterion.design, reml=fit.reml)
        lines += ["", f"m <- {first}", *rest, f"stopifnot(nobs(m) == {fit.n_obs})", PRINTED]
    return "\n".join(lines) + "\n"


def _cell(column: str) -> str:
    return f"d[[{r_text(column)}]]"


def _reading(prepared: PreparedLags, data: str) -> list[str]:
    """Lines that read the file and drop sessions without a patient or a number."""
    roles = prepared.roles
    units = ", ".join(
        f'{r_text(column)} = "character"'
        for columns in prepared.groups.values()
        for column in columns
    )
    return [
        "d <- read.csv(",
        f'  {r_text(data)}, check.names = FALSE, encoding = "UTF-8",',
        f"  colClasses = c({units}),",
        f"  na.strings = c({', '.join(map(r_text, MISSING))})",
        ")",
        f"patient <- {_cell(roles.patient)}",
        f"d <- d[!is.na(patient) & !is.na({_cell(roles.session)}), ]",
        f"d <- d[order({_cell(roles.patient)}, {_cell(roles.session)}), ]",
        f"patient <- {_cell(roles.patient)}",
    ]


def _time(prepared: PreparedLags, chosen: LaggedSpecification) -> list[str]:
    clock = _cell(clock_of(prepared.roles, chosen.time_column))
    since = _cell(prepared.time)
    lines = [f"{since} <- {clock} - ave({clock}, patient, FUN = function(v) min(v, na.rm = TRUE))"]
    if chosen.time == "log":
        lines.append(f"{_cell(log_name(prepared.time))} <- log1p({since})")
    if chosen.time == "factor":
        lines.append(f"{since} <- factor({since})")
    return lines


def _centring(prepared: PreparedLags) -> list[str]:
    lines = []
    therapist = prepared.roles.therapist
    if therapist is not None:
        lines += [
            f"therapist <- {_cell(therapist)}",
            "first <- which(!is.na(therapist))",
            "first <- first[!duplicated(patient[first])]",
        ]
    for equation in prepared.equations:
        x = equation.predictor
        lines += [
            f"own <- mean_of({_cell(x)}, patient)",
            f"{_cell(derived_name(x, 'within'))} <- {_cell(x)} - own",
        ]
        if therapist is None:
            between = _cell(derived_name(x, "between"))
            lines.append(f"{between} <- own - mean(own[!duplicated(patient)], na.rm = TRUE)")
            continue
        lines += [
            "theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)",
            f"{_cell(derived_name(x, 'patient_between'))} <- own - theirs[therapist]",
            f"{_cell(derived_name(x, 'therapist_between'))} <- "
            "theirs[therapist] - mean(theirs, na.rm = TRUE)",
        ]
    return lines


def _lagging(prepared: PreparedLags) -> list[str]:
    session = _cell(prepared.roles.session)
    number = session if prepared.gap == "strict" else f"ave({session}, patient, FUN = seq_along)"
    lines = [
        f"number <- {number}",
        f"earlier <- match(paste(patient, number - {prepared.step}), paste(patient, number))",
    ]
    for equation in prepared.equations:
        within = derived_name(equation.response, "within")
        lines.append(f"{_cell(lag_name(within, prepared.step))} <- {_cell(within)}[earlier]")
    return lines
