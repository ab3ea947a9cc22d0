"""R code of a response surface, from the file of sessions on."""

from __future__ import annotations

from alliance_stats.data.centering import derived_name
from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.r_code import (
    LMER_HEAD,
    MEANS,
    cell,
    centring_lines,
    check_r_code,
    reading,
    time_lines,
)
from alliance_stats.models.specification import Specification
from alliance_stats.models.surface.geometry import COMBINATIONS
from alliance_stats.models.surface.prepare import PreparedSurface

_AXES = """\
root <- sqrt((b[3] - b[5])^2 + b[4]^2)
x0 <- (b[2] * b[4] - 2 * b[1] * b[5]) / (4 * b[3] * b[5] - b[4]^2)
y0 <- (b[1] * b[4] - 2 * b[2] * b[3]) / (4 * b[3] * b[5] - b[4]^2)
p11 <- (b[5] - b[3] + root) / b[4]
p21 <- (b[5] - b[3] - root) / b[4]
axes <- c(
  stationary_x = x0, stationary_y = y0, p10 = y0 - p11 * x0, p11 = p11,
  p20 = y0 - p21 * x0, p21 = p21
)
print(axes, digits = 8)"""


def surface_r_code(
    fit: MixedModelResult, prepared: PreparedSurface, chosen: Specification, sign: int, data: str
) -> str:
    """The text of `SurfaceResult.to_r`, which documents the arguments."""
    sessions = prepared.sessions
    check_r_code(data, sessions.changes)
    roles = sessions.roles
    used = [*prepared.pair, roles.outcome, *filter(None, [roles.therapist])]
    used += prepared.covariates
    complete = f"complete.cases(d[c({', '.join(map(r_text, used))})])"
    centring = ["", MEANS, *centring_lines(list(prepared.pair), roles.therapist)]
    rows = [f"d <- d[{complete}, ]", f"patient <- {cell(roles.patient)}"]
    first, *rest = lmer_call(fit.criterion.design, reml=fit.reml)
    lines = [
        *LMER_HEAD,
        *reading(roles, sessions.groups, data),
        *time_lines(roles, sessions.time, chosen.time, chosen.time_column),
        *([*centring, *rows] if chosen.mean_rows == "available" else [*rows, *centring]),
        *_from_one_centre(prepared),
        "", CONTROL, "",
        f"m <- {first}", *rest, f"stopifnot(nobs(m) == {fit.n_obs})", PRINTED, "",
        *_lines_of_the_surface(fit, prepared, sign),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _from_one_centre(prepared: PreparedSurface) -> list[str]:
    """Lines that count both ratings from one centre."""
    x, y = prepared.pair
    own = [f"{cell(c)} - {cell(derived_name(c, 'within'))}" for c in (x, y)]
    lines = ["", f"own_x <- {own[0]}", f"own_y <- {own[1]}"]
    lines += [
        f"centre <- {prepared.midpoint!r}",
        f"{cell(f'{x}_mean')} <- own_x - centre",
        f"{cell(f'{y}_mean')} <- own_y - centre",
    ]
    if prepared.level == "within":
        lines += [
            f"{cell(prepared.x)} <- {cell(x)} - (own_x + own_y) / 2",
            f"{cell(prepared.y)} <- {cell(y)} - (own_x + own_y) / 2",
        ]
    return lines


def _lines_of_the_surface(fit: MixedModelResult, prepared: PreparedSurface, sign: int) -> list[str]:
    """Lines that print a1 … a5 with their tests, and the axes of the surface of improvement."""
    at = [fit.names.index(name) + 1 for name in prepared.names]
    lines = [f"at <- c({', '.join(map(str, at))})  # b1 to b5"]
    for name, weights in COMBINATIONS.items():
        shown = ", ".join(f"{w:g}" for w in weights)
        lines.append(f"{name} <- replace(numeric({len(fit.names)}), at, c({shown}))")
    turned = "-" if sign < 0 else ""
    return [
        *lines,
        f"for (a in list({', '.join(COMBINATIONS)})) "
        "print(contest1D(m, a, confint = TRUE), digits = 8)",
        f"b <- {turned}fixef(m)[at]  # of improvement",
        "b <- unname(b)",
        _AXES,
    ]
