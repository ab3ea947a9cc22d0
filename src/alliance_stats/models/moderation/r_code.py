"""R code of a moderation model from the file of sessions on: lmer, contrasts, TOST by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.data.centering import TherapistMean, derived_name, grand_name
from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.moderation.contrasts import (
    Weights,
    differences_of,
    is_categorical,
    slopes_of,
)
from alliance_stats.models.moderation.prepare import WITH_THERAPIST, PreparedModeration
from alliance_stats.models.moderation.specification import ModerationSpecification
from alliance_stats.models.r_code import (
    LMER_HEAD,
    MEANS,
    cell,
    centring_lines,
    check_r_code,
    reading,
    time_lines,
)

_TESTS = """\
tested <- function(L) as.data.frame(do.call(rbind, lapply(
  setNames(nm = rownames(L)), function(row) contest1D(m, L[row, ], confint = TRUE)
)))
equivalence <- function(L, bound, alpha) {
  d <- tested(L)
  b <- d[["Estimate"]]; se <- d[["Std. Error"]]; df <- d[["df"]]
  p <- pmax(pt((b + bound) / se, df, lower.tail = FALSE), pt((b - bound) / se, df))
  half <- qt(1 - alpha, df) * se
  data.frame(b, se, df, low = b - half, high = b + half, p, row.names = rownames(L))
}"""


def moderation_r_code(
    fit: MixedModelResult,
    prepared: PreparedModeration,
    chosen: ModerationSpecification,
    data: str,
) -> str:
    """The text of `ModerationResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.sessions.changes)
    if chosen.variance_by_arm:
        raise UnsupportedError(
            "variance_by_arm=True: lmer has one residual variance, and nlme other degrees of "
            "freedom. result.fit.to_r() prints the call of nlme for result.prepared.frame."
        )
    base, roles = chosen.base, prepared.roles
    means: TherapistMean = "sessions" if base.therapist_mean == "sessions" else "patients"
    fitted_rows = base.mean_rows == "fitted"
    since = prepared.sessions.time
    complete = [
        f"d <- d[complete.cases(d[c({_needed(prepared)})]), ]",
        f"patient <- {cell(roles.patient)}",
    ]
    first, *rest = lmer_call(fit.criterion.design, reml=fit.reml)
    lines = [
        *LMER_HEAD,
        *_reading(prepared, data),
        *_arms(prepared),
        *time_lines(roles, since, base.time, base.time_column),
        *(complete if fitted_rows else []), "", MEANS,
        *centring_lines(_ratings(prepared), roles.therapist, therapist_mean=means),
        *([] if fitted_rows else complete),
        *_after(prepared), "", CONTROL, "", f"m <- {first}", *rest,
        f"stopifnot(nobs(m) == {fit.n_obs})", PRINTED, "", _TESTS,
        *_tests(fit, prepared, chosen),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _needed(prepared: PreparedModeration) -> str:
    """Columns in which a row must be complete, as R texts."""
    roles, sessions = prepared.roles, prepared.sessions
    names = [roles.outcome, roles.alliance, prepared.moderator.column, sessions.time]
    names += [column for group in sessions.groups.values() for column in group]
    return ", ".join(map(r_text, dict.fromkeys(names)))


def _reading(prepared: PreparedModeration, data: str) -> list[str]:
    """Lines that read the file; groups as text in their order."""
    moderator = prepared.moderator
    lines = reading(prepared.roles, prepared.sessions.groups, data)
    if moderator.kind == "categorical":
        levels = ", ".join(map(r_text, moderator.levels))
        own = cell(moderator.column)
        lines.append(f"{own} <- factor({own}, levels = c({levels}))")
    return lines


def _arms(prepared: PreparedModeration) -> list[str]:
    """Lines for arms without therapists: the arm stands in the therapist's place."""
    moderator = prepared.moderator
    if not moderator.free:
        return []
    arm, therapist = cell(moderator.column), cell(str(prepared.roles.therapist))
    free = ", ".join(map(r_text, moderator.free))
    return [
        f"free <- {arm} %in% c({free})",
        f'{therapist}[free] <- paste0("(", {arm}[free], ")")',
        f"{cell(WITH_THERAPIST)} <- as.numeric(!free)",
    ]


def _ratings(prepared: PreparedModeration) -> list[str]:
    """Columns that are split into their parts."""
    moderator = prepared.moderator
    own = [moderator.column] if moderator.kind == "session" else []
    return [prepared.roles.alliance, *own]


def _after(prepared: PreparedModeration) -> list[str]:
    """Lines that need the rows of the model: centres of therapists and of numbers, products."""
    moderator, roles = prepared.moderator, prepared.roles
    lines = []
    if moderator.free:
        between, therapist = cell(dict(prepared.effects)["therapist_between"]), roles.therapist
        real = f"{cell(WITH_THERAPIST)} == 1"
        lines += [
            f"one <- {real} & !duplicated({cell(str(therapist))})",
            f"{between} <- ifelse({real}, {between} - mean({between}[one]), 0)",
        ]
        lines += _arms_with_therapists(prepared)
    if moderator.kind == "continuous":
        own = cell(moderator.column)
        lines.append(
            f"{cell(grand_name(moderator.column))} <- {own} - mean({own}[!duplicated(patient)])"
        )
    if prepared.product_mean:
        x, by = (cell(derived_name(c, "within")) for c in (roles.alliance, moderator.column))
        lines.append(f"{cell(prepared.product_mean)} <- mean_of({x} * {by}, patient)")
    return lines


def _arms_with_therapists(prepared: PreparedModeration) -> list[str]:
    """Lines that make the groups in which a slope between therapists is compared."""
    lines = []
    for moderated in prepared.moderated:
        if moderated.by == prepared.moderator.column:
            continue
        arms = ", ".join(r_text(point.label) for point in moderated.points)
        own, by = cell(prepared.moderator.column), cell(moderated.by)
        lines += [
            f"arms <- c({arms})",
            f"{by} <- factor(ifelse({own} %in% arms, as.character({own}), arms[1]), levels = arms)",
        ]
    return lines


def _tests(
    fit: MixedModelResult, prepared: PreparedModeration, chosen: ModerationSpecification
) -> list[str]:
    """Lines that print slopes, differences and equivalence of every effect."""
    lines = [f"stopifnot(length(fixef(m)) == {len(fit.names)})"]
    every = is_categorical(prepared)
    for moderated in prepared.moderated:
        slopes = slopes_of(fit, moderated)
        rows = list(slopes.values())
        differences = differences_of(fit, moderated, every=every)
        free = rows[1:] if every else rows[-1:]
        joint = {f"{k}": {n: row[n] - rows[0][n] for n in row} for k, row in enumerate(free, 1)}
        bound = repr(chosen.smallest[moderated.effect])
        lines += [
            "",
            f"# {moderated.effect}",
            f"slopes <- {_matrix(fit, slopes)}",
            f"differences <- {_matrix(fit, differences)}",
            f"interaction <- {_matrix(fit, joint)}",
            "print(tested(slopes), digits = 8)",
            "print(contestMD(m, interaction), digits = 8)",
            f"print(equivalence(differences, {bound}, {chosen.alpha!r}), digits = 8)",
        ]
    return lines


def _matrix(fit: MixedModelResult, rows: Mapping[str, Weights]) -> str:
    """Rows of weights of the coefficients, in their order."""
    text = []
    for name, row in rows.items():
        weights = np.array([row[n] for n in fit.names]) + 0.0
        text.append(f"  {r_text(name)} = c({', '.join(f'{w:.17g}' for w in weights)})")
    return "rbind(\n" + ",\n".join(text) + "\n)"
