"""R code of a truth-and-bias model, from the file of sessions on."""

from __future__ import annotations

from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.congruence.prepare import Moderator, PreparedRatings
from alliance_stats.models.congruence.tables import difference_fit
from alliance_stats.models.r_code import (
    LMER_HEAD,
    MEANS,
    cell,
    centring_lines,
    check_r_code,
    contextual_lines,
    reading,
    time_lines,
)
from alliance_stats.models.specification import Specification


def congruence_r_code(
    fit: MixedModelResult, prepared: PreparedRatings, chosen: Specification, data: str
) -> str:
    """The text of `CongruenceResult.to_r`, which documents the arguments."""
    sessions = prepared.sessions
    check_r_code(data, sessions.changes)
    roles = sessions.roles
    columns = [one.name for one in prepared.moderators if one.columns != (prepared.time,)]
    used = [prepared.truth, prepared.judgement, *filter(None, [roles.therapist]), *columns]
    known = f"complete.cases(d[c({', '.join(map(r_text, used))})])"
    centring = ["", MEANS, *centring_lines([prepared.truth], roles.therapist)]
    rows = [f"d <- d[{known}, ]", f"patient <- {cell(roles.patient)}"]
    first, *rest = lmer_call(fit.criterion.design, reml=fit.reml)
    gap = difference_fit(prepared)
    gap_first, *gap_rest = lmer_call(gap.criterion.design, reml=True)
    lines = [
        *LMER_HEAD,
        *reading(roles, sessions.groups, data),
        *time_lines(roles, sessions.time, chosen.time, chosen.time_column),
        *([*centring, *rows] if chosen.mean_rows == "available" else [*rows, *centring]),
        *_centred(prepared),
        "", CONTROL, "",
        f"m <- {first}", *rest, f"stopifnot(nobs(m) == {fit.n_obs})", PRINTED,
        *contextual_lines([column for _, column in sessions.effects]), "",
        f'd[["difference"]] <- {cell(prepared.truth)} - {cell(prepared.judgement)}',
        f"gap <- {gap_first}", *gap_rest,
        "print(summary(gap), digits = 8)",
        f"sd_pooled <- sqrt((var({cell(prepared.truth)}) + var({cell(prepared.judgement)})) / 2)",
        "print(fixef(gap)[[1]] / sd_pooled, digits = 8)",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _centred(prepared: PreparedRatings) -> list[str]:
    """Lines that count ratings from the truth's mean, and time and moderators from theirs."""
    parts = " - ".join(cell(column) for _, column in prepared.sessions.effects)
    lines = [
        "",
        f"centre <- mean({cell(prepared.truth)} - {parts})",
        f"{cell(prepared.response)} <- {cell(prepared.judgement)} - centre",
    ]
    if prepared.time is not None:
        lines.append(
            f"{cell(prepared.time)} <- {cell(prepared.time)} - mean({cell(prepared.time)})"
        )
    for moderator in prepared.moderators:
        if moderator.columns != (prepared.time,):
            lines += _moderator(moderator)
    return lines


def _moderator(moderator: Moderator) -> list[str]:
    """Lines that make the centred columns of one moderator."""
    own = cell(moderator.name)
    if not moderator.levels:
        return [f"{cell(moderator.columns[0])} <- {own} - mean({own})"]
    return [
        f"{cell(column)} <- ({own} == {r_text(level)}) - mean({own} == {r_text(level)})"
        for column, level in zip(moderator.columns, moderator.levels[1:], strict=True)
    ]
