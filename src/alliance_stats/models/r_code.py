"""R code that the models of sessions share: reading the file, time since the first session."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.data.centering import TherapistMean, derived_name
from alliance_stats.data.roles import Roles
from alliance_stats.data.therapist_change import TherapistChanges
from alliance_stats.lmm.r_code.names import r_text
from alliance_stats.lmm.r_code.reading import MISSING
from alliance_stats.models.prepare import Time, TimeColumn, clock_of, log_name


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


#: The packages, and contrasts against a reference.
LMER_HEAD = (
    "library(lme4)",
    "library(lmerTest)",
    'options(contrasts = c("contr.treatment", "contr.poly"))',
    "",
)
#: Means over units as a value of every row.
MEAN_OF = "mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))"


def therapist_lines(therapist: str | None) -> list[str]:
    """Lines that name the therapist of every row, and the first row of every patient with one."""
    if therapist is None:
        return []
    return [
        f"therapist <- {cell(therapist)}",
        "first <- which(!is.na(therapist))",
        "first <- first[!duplicated(patient[first])]",
    ]


def centring_lines(
    column: str, therapist: str | None, *, therapist_mean: TherapistMean = "patients"
) -> list[str]:
    """Lines that split a rating as `center` does; after `MEAN_OF` and `therapist_lines`."""
    lines = [
        f"own <- mean_of({cell(column)}, patient)",
        f"{cell(derived_name(column, 'within'))} <- {cell(column)} - own",
    ]
    if therapist is None:
        between = cell(derived_name(column, "between"))
        return [*lines, f"{between} <- own - mean(own[!duplicated(patient)], na.rm = TRUE)"]
    means = {
        "patients": "tapply(own[first], therapist[first], mean, na.rm = TRUE)",
        "sessions": f"tapply({cell(column)}, therapist, mean, na.rm = TRUE)",
    }
    return [
        *lines,
        f"theirs <- {means[therapist_mean]}",
        f"{cell(derived_name(column, 'patient_between'))} <- own - theirs[therapist]",
        f"{cell(derived_name(column, 'therapist_between'))} <- "
        "theirs[therapist] - mean(theirs, na.rm = TRUE)",
    ]
