"""R code that fits a model with independent residuals by lme4."""

from __future__ import annotations

from alliance_stats.formula.r_names import r_name
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.r_code.reading import r_formula, reading

CONTROL = """\
control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)"""
PRINTED = """\
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)"""


def lmer_code(design: MixedDesign, *, reml: bool, data: str) -> str:
    """A script that reads the file and fits the model with ``lmer``."""
    call = lmer_call(design, reml=reml)
    lines = [
        *preparation(design, data=data),
        f"m <- {call[0]}",
        *call[1:],
        f"stopifnot(nobs(m) == {design.n_obs})",
        PRINTED,
    ]
    return "\n".join(lines) + "\n"


def preparation(design: MixedDesign, *, data: str) -> list[str]:
    """Lines that load the packages, read the file into ``d`` and set lme4's ``control``."""
    return [*reading(design, data, ("lme4", "lmerTest")), "", CONTROL]


def lmer_call(design: MixedDesign, *, reml: bool) -> list[str]:
    """Lines that fit the model to ``d``."""
    return [
        "lmer(",
        f"  {r_formula(design)},",
        f"  data = d, REML = {'TRUE' if reml else 'FALSE'}, control = control"
        + "".join(
            f",\n  {argument} = {r_name(column)}"
            for argument, column in (("weights", design.weights), ("offset", design.offset))
            if column
        ),
        ")",
    ]
