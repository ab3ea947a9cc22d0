"""R code of early alliance and the later rate of change, from the prepared rows on."""

from __future__ import annotations

from alliance_stats.data.centering import derived_name
from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.models.growth.early import AFTER, EarlyRate
from alliance_stats.models.growth.prepare import PreparedGrowth
from alliance_stats.models.r_code import LMER_HEAD, MEANS, cell, reading


def early_r_code(early: EarlyRate, prepared: PreparedGrowth, data: str) -> str:
    """Lines that make the rows after the early window and fit the later rate of change."""
    roles = prepared.roles
    low, high = prepared.early_window
    units = [roles.patient, *filter(None, [roles.therapist])]
    session, name = cell(roles.session), f"{roles.alliance}_early"
    needed = ", ".join(map(r_text, (name, roles.outcome, AFTER)))
    first, *rest = lmer_call(early.fit.criterion.design, reml=early.fit.reml)
    lines = [
        *LMER_HEAD,
        *reading(roles, {unit: (unit,) for unit in units}, data),
        MEANS,
        f"inside <- {session} >= {low} & {session} <= {high}",
        f"{cell(name)} <- mean_of(ifelse(inside, {cell(roles.alliance)}, NA), patient)",
        _time_after(prepared),
        f"d <- d[{session} > {high} & complete.cases(d[c({needed})]), ]",
        f"patient <- {cell(roles.patient)}",
        *_centring(name, roles.therapist),
        "", CONTROL, "",
        f"m <- {first}", *rest, f"stopifnot(nobs(m) == {early.fit.n_obs})", PRINTED,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _time_after(prepared: PreparedGrowth) -> str:
    """The line that counts time from the end of the early window."""
    session, high = cell(prepared.roles.session), prepared.early_window[1]
    if prepared.clock == prepared.roles.session:
        return f"{cell(AFTER)} <- {session} - {high}"
    time = cell(prepared.time)
    return (
        f"{cell(AFTER)} <- {time} - suppressWarnings(ave(ifelse({session} <= {high}, {time}, NA), "
        "patient, FUN = function(v) max(v, na.rm = TRUE)))"
    )


def _centring(name: str, therapist: str | None) -> list[str]:
    """Lines that centre early alliance at its mean over patients, or split it by therapists."""
    one = "!duplicated(patient)"
    if therapist is None:
        return [f"{cell(name)} <- {cell(name)} - mean({cell(name)}[{one}])"]
    own, theirs = cell(name), f"theirs[{cell(therapist)}]"
    return [
        f"theirs <- tapply({own}[{one}], {cell(therapist)}[{one}], mean)",
        f"{cell(derived_name(name, 'patient_between'))} <- {own} - {theirs}",
        f"{cell(derived_name(name, 'therapist_between'))} <- {theirs} - mean(theirs)",
    ]
