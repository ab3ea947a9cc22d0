"""R code of the models of several perspectives, from the file of sessions on."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.perspectives.model import Perspectives
from alliance_stats.models.r_code import (
    LMER_HEAD,
    MEANS,
    cell,
    centring_lines,
    check_r_code,
    reading,
    time_lines,
)


def perspectives_r_code(
    fit: MixedModelResult, alone: Mapping[str, MixedModelResult], given: Perspectives, data: str
) -> str:
    """The text of `PerspectivesResult.to_r`, which documents the arguments."""
    prepared, chosen = given.prepared, given.specification
    check_r_code(data, prepared.changes)
    if chosen.therapist_mean != "patients":
        raise UnsupportedError(
            "the R code averages patients' means for therapists, but therapist_mean='sessions' "
            "was asked for. Fit with therapist_mean='patients' for R code."
        )
    roles = prepared.roles
    used = [*given.columns.values(), roles.outcome, *filter(None, [roles.therapist])]
    complete = f"complete.cases(d[c({', '.join(map(r_text, used))})])"
    centring = ["", MEANS, *centring_lines(list(given.columns.values()), roles.therapist)]
    rows = [f"d <- d[{complete}, ]", f"patient <- {cell(roles.patient)}"]
    lines = [
        *LMER_HEAD,
        *reading(roles, prepared.groups, data),
        *time_lines(roles, prepared.time, chosen.time, chosen.time_column),
        *([*centring, *rows] if chosen.mean_rows == "available" else [*rows, *centring]),
        "", CONTROL,
    ]  # fmt: skip
    for model in (fit, *alone.values()):
        first, *rest = lmer_call(model.criterion.design, reml=model.reml)
        lines += ["", f"m <- {first}", *rest, f"stopifnot(nobs(m) == {model.n_obs})", PRINTED]
    return "\n".join(lines) + "\n"
