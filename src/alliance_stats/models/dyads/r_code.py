"""R code from the file of sessions on: centring, lagging, two rows a session, one call of lme."""

from __future__ import annotations

from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.lmm.r_code.nlme import CONTROL, PRINTED
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.members import Member
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.dyads.specification import DyadSpecification, fixed_parts
from alliance_stats.models.prepare import log_name
from alliance_stats.models.r_code import cell, check_r_code, reading, time_lines

_FUNCTIONS = """\
mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))"""


def dyad_r_code(
    fit: MixedModelResult, prepared: PreparedDyads, chosen: DyadSpecification, data: str
) -> str:
    """The text of `DyadResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.changes)
    timed = chosen.time != "none"
    times = time_lines(prepared.roles, prepared.time, chosen.time, chosen.time_column)
    lines = [
        "library(nlme)", "", *reading(prepared.roles, prepared.groups, data),
        *(times if timed else []), "", _FUNCTIONS,
        *_centring(prepared), "", *_lagging(prepared), *_stacking(prepared, chosen), "",
        CONTROL.format(name="lme"), *_call(fit, prepared, chosen),
        f"stopifnot(m$dims$N == {fit.n_obs})", PRINTED,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _centring(prepared: PreparedDyads) -> list[str]:
    """Parts of both predictors as R objects ``within_1``, ``between_1``, …."""
    lines = []
    three = prepared.roles.therapist is not None
    if three:
        lines += [
            f"therapist <- {cell(str(prepared.roles.therapist))}",
            "first <- which(!is.na(therapist))",
            "first <- first[!duplicated(patient[first])]",
        ]
    for number, member in enumerate(prepared.pair.both, start=1):
        own = cell(member.predictor)
        lines += [f"own <- mean_of({own}, patient)", f"within_{number} <- {own} - own"]
        if prepared.between and three:
            lines += [
                "theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)",
                f"patient_between_{number} <- own - theirs[therapist]",
                f"therapist_between_{number} <- theirs[therapist] - mean(theirs, na.rm = TRUE)",
            ]
        elif prepared.between:
            lines.append(f"between_{number} <- own - mean(own[!duplicated(patient)], na.rm = TRUE)")
    return lines


def _lagging(prepared: PreparedDyads) -> list[str]:
    step = prepared.lag.step
    if not step:
        return []
    session = cell(prepared.roles.session)
    strict = prepared.lag.gap == "strict"
    number = session if strict else f"ave({session}, patient, FUN = seq_along)"
    return [
        f"number <- {number}",
        f"earlier <- match(paste(patient, number - {step}), paste(patient, number))",
        "within_1 <- within_1[earlier]", "within_2 <- within_2[earlier]", "",
    ]  # fmt: skip


def _stacking(prepared: PreparedDyads, chosen: DyadSpecification) -> list[str]:
    """Two rows a session, and a column a part and member."""
    both = prepared.pair.both
    lines = [f"rows_{k} <- {_rows(prepared, chosen, k)}" for k in (1, 2)]
    lines += [
        "e <- rbind(rows_1, rows_2)", "e <- e[complete.cases(e), ]",
        'e[["block"]] <- interaction(e[["patient"]], e[["session"]], drop = TRUE)',
        'e[["member"]] <- factor(e[["place"]])',
    ]  # fmt: skip
    return lines + [
        f"{_part(member, part)} <- e[[{r_text(part)}]] * (e[['place']] == {place})"
        for part in fixed_parts(prepared)
        for place, member in enumerate(both, start=1)
    ]


def _rows(prepared: PreparedDyads, chosen: DyadSpecification, k: int) -> str:
    """A data frame of the rows of one member."""
    member, other = prepared.pair.both[k - 1], 3 - k
    roles = prepared.roles
    columns = {"patient": "patient", "session": cell(roles.session), "place": str(k)}
    if roles.therapist is not None:
        columns["therapist"] = "therapist"
    columns |= {"rating": cell(member.outcome), "intercept": "1"}
    if chosen.time != "none":
        clock = log_name(prepared.time) if chosen.time == "log" else prepared.time
        columns["time"] = cell(clock)
    columns |= {"actor": f"within_{k}", "partner": f"within_{other}"}
    for effect, kind in prepared.between:
        columns[effect] = f"{kind}_{k if effect.startswith('actor') else other}"
    inside = ",\n".join(f"  {name} = {values}" for name, values in columns.items())
    return f"data.frame(\n{inside}\n)"


def _part(member: Member, part: str) -> str:
    return f"e[[{r_text(member.column(part))}]]"


def _call(fit: MixedModelResult, prepared: PreparedDyads, chosen: DyadSpecification) -> list[str]:
    """The call of lme; places 1 and 2 are the members in order."""
    both = prepared.pair.both
    fixed = " + ".join(r_name(m.column(p)) for p in fixed_parts(prepared) for m in both)
    units = list(reversed(prepared.groups))
    random = ", ".join(f"{unit} = ~ 0 + {_varying(prepared, chosen, unit)}" for unit in units)
    return [
        "m <- lme(",
        f"  rating ~ 0 + {fixed},",
        f"  data = e, method = {r_text('REML' if fit.reml else 'ML')}, control = control,",
        f"  random = list({random}),",
        f"  correlation = corSymm(form = ~ place | {' / '.join([*units, 'block'])}),",
        "  weights = varIdent(form = ~ 1 | member)",
        ")",
    ]


def _varying(prepared: PreparedDyads, chosen: DyadSpecification, unit: str) -> str:
    """What differs between the members of a unit, as the terms of a formula."""
    both = prepared.pair.both
    return " + ".join(r_name(m.column(part)) for part in chosen.varying(unit) for m in both)
