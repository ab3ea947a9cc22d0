"""R code of all models from the file of sessions on: centring, lagging, stacking, lmer and lme."""

from __future__ import annotations

from alliance_stats.data.lags import lag_name
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.r_code.nlme import CONTROL as NLME_CONTROL
from alliance_stats.models.mediation.chain import SIDES, Side
from alliance_stats.models.mediation.estimates import joint_paths
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.specification import (
    MediationFits,
    MediationSpecification,
    Source,
    random_columns,
    stacked_columns,
    stacked_units,
)
from alliance_stats.models.r_code import (
    LMER_HEAD,
    MEANS,
    cell,
    centring_lines,
    check_r_code,
    earlier_line,
    reading,
    time_lines,
)

#: What stands above the lines of a singular fit: nlme works with the logarithms of variances.
AT_LIMIT = (
    "# A variance or a correlation of this model is at its limit: lme may stop without a fit."
)


def mediation_r_code(
    fits: MediationFits, prepared: PreparedMediation, chosen: MediationSpecification, data: str
) -> str:
    """The text of `MediationResult.to_r`, which documents the arguments."""
    check_r_code(data, prepared.changes)
    chain = prepared.chain
    lines = [
        *LMER_HEAD,
        *reading(prepared.roles, prepared.groups, data),
        *time_lines(prepared.roles, prepared.time, chosen.time, chosen.time_column),
        *_coding(prepared), "", MEANS,
        *centring_lines((chain.predictor, chain.mediator, chain.outcome), prepared.roles.therapist),
        *_lagging(prepared), "", CONTROL,
    ]  # fmt: skip
    for side in SIDES:
        fit = fits.of(side)
        first, *rest = lmer_call(fit.criterion.design, reml=fit.reml)
        lines += ["", f"m <- {first}", *rest, f"stopifnot(nobs(m) == {fit.n_obs})", PRINTED]
    if fits.joint is not None:
        lines += ["", *_joint(fits, prepared, chosen)]
    return "\n".join(lines) + "\n"


def _coding(prepared: PreparedMediation) -> list[str]:
    """The line that makes 0 and 1 of two categories."""
    if not prepared.categories:
        return []
    second = prepared.categories[1]
    name = prepared.chain.predictor
    source = name.removesuffix(f"_{second}")
    return [f"{cell(name)} <- as.numeric({cell(source)} == {r_text(second)})"]


def _lagging(prepared: PreparedMediation) -> list[str]:
    lines = []
    for step, columns in prepared.chain.lags().items():
        lines.append(earlier_line(cell(prepared.roles.session), step))
        lines += [f"{cell(lag_name(name, step))} <- {cell(name)}[earlier]" for name in columns]
    return ["", *lines] if lines else []


def _joint(
    fits: MediationFits, prepared: PreparedMediation, chosen: MediationSpecification
) -> list[str]:
    """Lines that stack the complete rows of both equations and fit them with nlme."""
    fit = fits.joint
    if fit is None:  # the caller looks
        return []
    names = {side: stacked_columns(prepared, side, chosen) for side in SIDES}
    plain = _plain_names([name for side in SIDES for name in names[side]])
    lines = ["library(nlme)"]
    first, second = stacked_units(prepared).values()
    unit = "" if first * second == 1.0 else f" * {first * second:g}"
    for side in SIDES:
        lines += _stack(prepared, side, names, plain)
    groups = {name: f"group{k}" for k, name in enumerate(prepared.groups, start=1)}
    random = []
    for name, group in reversed(groups.items()):
        inside = " + ".join(plain[column] for column in random_columns(prepared, chosen, name))
        random.append(f"{group} = ~ 0 + {inside}")
    a, b, _ = (plain[name] for name in joint_paths(prepared))
    covariance = " + ".join(
        f'as.matrix(m$modelStruct$reStruct[["{groups[name]}"]])["{a}", "{b}"]'
        for name in chosen.joint_units
    )
    fitted = [
        "m <- lme(",
        f"  rating ~ 0 + {' + '.join(plain.values())},",
        f"  data = d, method = {r_text('REML' if fit.reml else 'ML')}, control = control,",
        f"  random = list({', '.join(random)}),",
        "  weights = varIdent(form = ~ 1 | equation)",
        ")",
        f"stopifnot(m$dims$N == {fit.n_obs})",
        "print(summary(m), digits = 8)",
        "print(logLik(m), digits = 12)",
        f"covariance <- sigma(m)^2 * ({covariance}){unit}",
        f'indirect <- fixef(m)[["{a}"]] * fixef(m)[["{b}"]]{unit} + covariance',
        "print(c(covariance = covariance, indirect = indirect), digits = 8)",
    ]
    return [
        *lines,
        "d <- rbind(mediator, outcome)",
        NLME_CONTROL.format(name="lme"),
        *(fitted if not fit.singular else [AT_LIMIT, "try({", *fitted, "})"]),
    ]


def _plain_names(names: list[str]) -> dict[str, str]:
    """Names that nlme can use: it knows none that needs backticks."""
    return {
        name: name if r_name(name) == name else f"column{k}"
        for k, name in enumerate(names, start=1)
    }


def _stack(
    prepared: PreparedMediation,
    side: Side,
    names: dict[Side, dict[str, Source]],
    plain: dict[str, str],
) -> list[str]:
    """Lines that make the stacked rows of one equation."""
    response = prepared.chain.response(side)
    groups = [group[0] for group in prepared.groups.values()]
    needed = [response, prepared.time, *prepared.fixed(side), *groups]
    made = [f"  group{k} = s[[{r_text(group)}]]" for k, group in enumerate(groups, start=1)]
    size = stacked_units(prepared)[side]
    rating = f"s[[{r_text(response)}]]" + (f" / {size:g}" if size != 1.0 else "")
    made += [f"  rating = {rating}", f'  equation = "{side}"']
    for own, columns in names.items():
        for name, source in columns.items():
            made.append(f"  {plain[name]} = {_source(source) if own == side else '0'}")
    return [
        f"s <- d[complete.cases(d[, c({', '.join(map(r_text, needed))})]), ]",
        f"{side} <- data.frame(",
        ",\n".join(made),
        ")",
    ]


def _source(source: Source) -> str:
    """A stacked column in R: a product of columns, or where one has a value."""
    if not source.columns:
        return "1"
    product = " * ".join(f"s[[{r_text(column)}]]" for column in source.columns)
    if source.equal is None:
        return product
    return f"as.numeric(as.character({product}) == {r_text(f'{source.equal:g}')})"
