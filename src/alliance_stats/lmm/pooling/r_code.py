"""R code that pools the same fits with mitml."""

from __future__ import annotations

from alliance_stats._base.errors import ArgumentError
from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.pooling.pooled import PooledFits
from alliance_stats.lmm.r_code.lme4 import lmer_call, preparation
from alliance_stats.lmm.residual.limits import no_structure

#: Complete-data degrees of freedom a coefficient: mitml takes one number a call.
SATTERTHWAITE = """\
df <- rowMeans(sapply(fits, function(m) coef(summary(m))[, "df"]))"""
PRINTED = """\
pooled <- t(sapply(seq_along(df), function(k) {
  testEstimates(fits, df.com = if (is.finite(df[[k]])) df[[k]])$estimates[k, ]
}))
rownames(pooled) <- names(fixef(fits[[1]]))
print(pooled, digits = 8)
print(testEstimates(fits, extra.pars = TRUE)$extra.pars, digits = 8)"""


def pooled_r_code(result: PooledFits, *, data: str, imputation: str) -> str:
    """The text of `PooledResult.to_r`, which documents the arguments."""
    if not isinstance(imputation, str) or not imputation:
        raise ArgumentError(
            f"imputation={imputation!r} is no column name. Give one such as 'imputation'."
        )
    design = result.fits[0].criterion.design
    no_structure(design, "R code that pools fits", "Use to_r() of the single fits.")
    call = lmer_call(design, reml=result.reml)
    lines = [
        "library(mitml)",
        *preparation(design, data=data),
        f"imputed <- split(d, d[[{r_text(imputation)}]])",
        f"stopifnot(length(imputed) == {result.n_imputations})",
        f"fits <- lapply(imputed, function(d) {call[0]}",
        *(f"  {line}" for line in "\n".join(call[1:-1]).split("\n")),
        "))",
        _complete(result),
        PRINTED,
    ]
    return "\n".join(lines) + "\n"


def _complete(result: PooledFits) -> str:
    if result.df_complete == "satterthwaite":
        return SATTERTHWAITE
    infinite = result.df_complete in ("infinite", float("inf"))
    value = "Inf" if infinite else repr(float(result.df_complete))
    return f"df <- rep({value}, length(fixef(fits[[1]])))"
