"""R code that the models of sessions share: reading the file, time, centring, earlier rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.data.centering import TherapistMean, derived_name
from alliance_stats.data.roles import Roles
from alliance_stats.data.therapist_change import TherapistChanges
from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.r_code.reading import MISSING
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.prepare import (
    PreparedSessions,
    Time,
    TimeColumn,
    clock_of,
    log_name,
)
from alliance_stats.models.specification import Specification

#: The packages, and contrasts against a reference.
LMER_HEAD = (
    "library(lme4)",
    "library(lmerTest)",
    'options(contrasts = c("contr.treatment", "contr.poly"))',
    "",
)
MEANS = """\
mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))"""


def check_r_code(data: str, changes: TherapistChanges | None) -> None:
    """Raise where the R code could not make the same columns from the file."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'sessions.csv'.")
    if changes is not None and changes.n_changed:
        raise UnsupportedError(
            "the R code takes every patient's therapist from the file, but patients with several "
            "count for their first one here. Write that therapist into the file and fit again."
        )


def cell(column: str) -> str:
    """A column of the frame ``d``, whatever its name."""
    return f"d[[{r_text(column)}]]"


def reading(roles: Roles, groups: Mapping[str, tuple[str, ...]], data: str) -> list[str]:
    """Lines that read the file and drop sessions without a patient or a number."""
    units = ", ".join(
        f'{r_text(column)} = "character"' for columns in groups.values() for column in columns
    )
    return [
        "d <- read.csv(",
        f'  {r_text(data)}, check.names = FALSE, encoding = "UTF-8",',
        f"  colClasses = c({units}),",
        f"  na.strings = c({', '.join(map(r_text, MISSING))})",
        ")",
        f"patient <- {cell(roles.patient)}",
        f"d <- d[!is.na(patient) & !is.na({cell(roles.session)}), ]",
        f"d <- d[order({cell(roles.patient)}, {cell(roles.session)}), ]",
        f"patient <- {cell(roles.patient)}",
    ]


def time_lines(roles: Roles, since: str, time: Time, time_column: TimeColumn) -> list[str]:
    """Lines that make the time since the patient's first session, as the model uses it."""
    clock, own = cell(clock_of(roles, time_column)), cell(since)
    lines = [f"{own} <- {clock} - ave({clock}, patient, FUN = function(v) min(v, na.rm = TRUE))"]
    if time == "log":
        lines.append(f"{cell(log_name(since))} <- log1p({own})")
    if time == "factor":
        lines.append(f"{own} <- factor({own})")
    return lines


def centring_lines(
    ratings: Sequence[str], therapist: str | None, *, therapist_mean: TherapistMean = "patients"
) -> list[str]:
    """Lines that split ratings into their parts, as `center` does; `MEANS` stands before them."""
    lines = []
    if therapist is not None:
        lines += [
            f"therapist <- {cell(therapist)}",
            "first <- which(!is.na(therapist))",
            "first <- first[!duplicated(patient[first])]",
        ]
    for x in ratings:
        lines += [
            f"own <- mean_of({cell(x)}, patient)",
            f"{cell(derived_name(x, 'within'))} <- {cell(x)} - own",
        ]
        if therapist is None:
            between = cell(derived_name(x, "between"))
            lines.append(f"{between} <- own - mean(own[!duplicated(patient)], na.rm = TRUE)")
            continue
        averaged = {
            "patients": "own[first], therapist[first]",
            "sessions": f"{cell(x)}, therapist",
        }
        lines += [
            f"theirs <- tapply({averaged[therapist_mean]}, mean, na.rm = TRUE)",
            f"{cell(derived_name(x, 'patient_between'))} <- own - theirs[therapist]",
            f"{cell(derived_name(x, 'therapist_between'))} <- "
            "theirs[therapist] - mean(theirs, na.rm = TRUE)",
        ]
    return lines


def earlier_line(number: str, step: int) -> str:
    """Line that finds the row `step` before each of the patient's, by the code of its number."""
    return f"earlier <- match(paste(patient, {number} - {step}), paste(patient, {number}))"


def contextual_lines(columns: Sequence[str]) -> list[str]:
    """Lines that test the differences of the parts of a rating, each less the one below it."""
    pairs = list(zip(columns, columns[1:], strict=False))
    if not pairs:
        return []
    return [
        "",
        'terms <- gsub("`", "", names(fixef(m)))',
        *(
            f"print(contest1D(m, (terms == {r_text(upper)}) - (terms == {r_text(lower)})), "
            "digits = 8)"
            for lower, upper in pairs
        ),
    ]


def split_code(
    fits: Iterable[MixedModelResult],
    prepared: PreparedSessions,
    chosen: Specification,
    ratings: Sequence[str],
    data: str,
) -> str:
    """R code of models of the same rows whose ratings are split, from the file of sessions on."""
    check_r_code(data, prepared.changes)
    roles = prepared.roles
    used = [*ratings, roles.outcome, *filter(None, [roles.therapist])]
    complete = f"complete.cases(d[c({', '.join(map(r_text, used))})])"
    parts = centring_lines(ratings, roles.therapist, therapist_mean=chosen.therapist_mean)
    centring = ["", MEANS, *parts]
    rows = [f"d <- d[{complete}, ]", f"patient <- {cell(roles.patient)}"]
    lines = [
        *LMER_HEAD,
        *reading(roles, prepared.groups, data),
        *time_lines(roles, prepared.time, chosen.time, chosen.time_column),
        *([*centring, *rows] if chosen.mean_rows == "available" else [*rows, *centring]),
        "", CONTROL,
    ]  # fmt: skip
    for model in fits:
        first, *rest = lmer_call(model.criterion.design, reml=model.reml)
        lines += ["", f"m <- {first}", *rest, f"stopifnot(nobs(m) == {model.n_obs})", PRINTED]
    return "\n".join(lines) + "\n"
