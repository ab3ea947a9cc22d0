"""Single findings about a fit: each function looks at one thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.design.mixed_design import Block, MixedDesign
from alliance_stats.lmm.explained.moments import column_moments, shares_of_column
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.inference.contrasts import tidy
from alliance_stats.lmm.influence.influence import influence
from alliance_stats.lmm.minimum import SINGULAR

#: A standard deviation between groups below this share of the residual's is small.
SMALL = 0.05
#: A correlation of random effects beyond it is near the boundary.
EXTREME = 0.95
#: Groups for each random effect of a factor, as a rule of thumb.
GROUPS_PER_EFFECT = 10
#: Below so many groups, tests of their predictors need Kenward-Roger; below FEW, no variance is
#: known well.
SMALL_SAMPLE = 30
FEW = 10
#: Ratio of the spreads of two predictors from which coefficients are awkward to read.
SCALES = 1e4
#: A mean so many standard deviations from zero puts the intercept far outside the data.
FAR = 20.0
#: A change of a coefficient by so many standard errors is large.
LARGE = 1.0


class Finding(NamedTuple):
    """One row of `Diagnosis.findings`."""

    finding: str
    severity: str
    where: str
    text: str
    advice: str


def not_converged(fit: FittedModel) -> Iterator[Finding]:
    """The search did not reach its tolerance."""
    if not fit.converged:
        yield Finding(
            "not converged",
            "problem",
            "model",
            "The search for the variances did not come to an end.",
            "Do not report this fit: use fewer random effects, and look for codes such as -99.",
        )


def vanished(fit: FittedModel) -> Iterator[Finding]:
    """Random effects on the boundary, or near it."""
    factors = iter(fit.profile.factors)
    for level in fit.criterion.design.levels:
        for block in level.blocks:
            factor = next(factors)
            size = np.linalg.norm(factor, axis=1)
            if np.linalg.svd(factor, compute_uv=False)[-1] < SINGULAR:
                yield _singular(level.name, block, size)
            else:
                yield from _nearly(level.name, block, factor, size)


def _singular(unit: str, block: Block, size: np.ndarray) -> Finding:
    zero = [name for name, s in zip(block.names, size, strict=True) if s < SINGULAR]
    if zero:
        what = " and ".join(_differ(unit, name) for name in zero)
        text = f"{what[0].upper()}{what[1:]}: the estimated variance is zero."
    else:
        text = (
            f"Some effects that vary between groups of '{unit}' ({name_list(block.names)}) are "
            "estimated to go together perfectly: one of them hardly varies by itself."
        )
    return Finding(
        "singular",
        "caution",
        unit,
        text,
        "The data do not support this part. The fixed effects stand; do not interpret this "
        "variance or correlation.",
    )


def _differ(unit: str, effect: str) -> str:
    if effect == INTERCEPT:
        return f"groups of '{unit}' do not differ in their level more than by chance"
    return f"the effect of {effect} does not differ between groups of '{unit}' more than by chance"


def _nearly(unit: str, block: Block, factor: np.ndarray, size: np.ndarray) -> Iterator[Finding]:
    for name, s in zip(block.names, size, strict=True):
        if s < SMALL:
            what = "the level" if name == INTERCEPT else f"the effect of {name}"
            yield Finding(
                "near boundary",
                "note",
                unit,
                f"Groups of '{unit}' differ very little in {what}: {100 * s:.1f}% of the residual "
                "standard deviation for a typical value of the predictor.",
                "Its variance is close to zero and known badly.",
            )
    correlation = (factor @ factor.T) / np.outer(size, size)
    for i, j in zip(*np.tril_indices(len(size), -1), strict=True):
        if abs(correlation[i, j]) > EXTREME:
            yield Finding(
                "near boundary",
                "caution",
                unit,
                f"{block.names[j]} and {block.names[i]} correlate {correlation[i, j]:.2f} over "
                f"groups of '{unit}' (at the means of the predictors).",
                "A correlation so close to ±1 is seldom known well: do not interpret it.",
            )


def scales(fit: FittedModel) -> Iterator[Finding]:
    """Predictors whose units make coefficients or the intercept awkward. The fit is not harmed."""
    design = fit.criterion.design
    names = [name for name in design.names if name != INTERCEPT]
    at = [design.names.index(name) for name in names]
    spread = {n: float(1.0 / design.transform[k, k]) for n, k in zip(names, at, strict=True)}
    if spread and max(spread.values()) > SCALES * min(spread.values()):
        wide = max(spread, key=lambda n: spread[n])
        narrow = min(spread, key=lambda n: spread[n])
        yield Finding(
            "scales",
            "note",
            wide,
            f"'{wide}' spreads {spread[wide] / spread[narrow]:,.0f} times as much as '{narrow}'.",
            "The fit is exact all the same; choose larger units for the one (years for days) to "
            "read its coefficient.",
        )
    if INTERCEPT not in design.names:
        return
    first = design.names.index(INTERCEPT)
    for name, k in zip(names, at, strict=True):
        if abs(design.transform[first, k]) > FAR:  # mean over standard deviation
            yield Finding(
                "scales",
                "caution" if _varies_with_intercept(design, name) else "note",
                name,
                f"Zero lies {abs(design.transform[first, k]):,.0f} standard deviations from the "
                f"mean of '{name}', so the intercept describes nobody.",
                "Subtract a value inside the data, such as the mean: intercept, its variance and "
                "its correlations then have a meaning.",
            )


def _varies_with_intercept(design: MixedDesign, name: str) -> bool:
    return any(
        INTERCEPT in block.names and name in block.names
        for level in design.levels
        for block in level.blocks
    )


def few_groups(fit: FittedModel) -> Iterator[Finding]:
    """Too few groups for the random effects asked for, or for tests between groups."""
    design = fit.criterion.design
    between = _between_effects(design)
    for at, level in enumerate(design.levels):
        n, q = len(level.labels), len(level.effects)
        if q > 1 and n < GROUPS_PER_EFFECT * q:
            yield Finding(
                "many random effects",
                "caution",
                level.name,
                f"{q} random effects for {counted(n, 'group')} of '{level.name}'.",
                f"As a rule of thumb have {GROUPS_PER_EFFECT} groups or more for each: keep "
                "what was planned, and do not interpret the variances.",
            )
        if n < FEW:
            yield Finding(
                "few groups",
                "caution",
                level.name,
                f"Only {counted(n, 'group')} of '{level.name}': their variance is known badly, and "
                "an estimate of zero says little.",
                "Report its interval, not only the estimate.",
            )
        if n < SMALL_SAMPLE and between[at]:
            yield Finding(
                "small sample",
                "caution",
                level.name,
                f"{name_list(between[at])} {agree(len(between[at]), 'differs', 'differ')} between "
                f"groups of '{level.name}' only, and there are {n}.",
                "Test with tidy(ddf='kenward-roger'), which needs REML."
                if fit.residual is None
                else "Kenward-Roger is not to be had with a residual structure: read the tests at "
                "a stricter level.",
            )


def _between_effects(design: MixedDesign) -> list[list[str]]:
    """Fixed effects that are constant in the groups of a factor, by the outermost such factor."""
    found: list[list[str]] = [[] for _ in design.levels]
    nested = isinstance(design.products, NestedProducts)
    if INTERCEPT not in design.names or not design.levels or not nested:
        return found
    moments = column_moments(design)
    for name, column in zip(design.names, design.x, strict=True):
        varies = np.flatnonzero(shares_of_column(moments, column))
        if len(varies) and varies[0] > 0:
            found[varies[0] - 1].append(name)
    return found


def few_rows(fit: FittedModel) -> Iterator[Finding]:
    """Groups of the first factor with no more rows than random effects."""
    design = fit.criterion.design
    if not design.levels:
        return
    level, counts = design.levels[0], design.counts
    q = len(level.effects)
    short = int(np.count_nonzero(counts <= q))
    if q > 1 and 2 * short > len(counts):
        yield Finding(
            "few rows",
            "caution",
            level.name,
            f"{short:,} of {counted(len(counts), 'group')} of '{level.name}' have no more rows "
            f"than the {q} random effects.",
            "Their effects are mostly guessed from the others; fewer random effects say as much.",
        )


def reused_labels(fit: FittedModel) -> Iterator[Finding]:
    """Factors that cross, on purpose or because labels are used twice."""
    for text in fit.criterion.design.crossings:
        sentence, _, advice = text.partition(". ")
        yield Finding("crossed", "note", "model", f"{sentence}.", advice)


def influential(fit: FittedModel) -> Iterator[Finding]:
    """Groups without which a coefficient moves far or its test turns."""
    design = fit.criterion.design
    if not design.names or not isinstance(design.products, NestedProducts):
        return
    table = tidy(fit).set_index("term")
    critical = pd.Series(stdtrit(table["df"].clip(upper=1e10).to_numpy(), 0.975), table.index)
    significant = table["statistic"].abs() > critical
    for level in design.levels:
        if len(level.labels) < 3:
            continue
        effects = influence(fit, unit=level.name).effects
        effects = effects[effects["term"] != INTERCEPT] if len(design.names) > 1 else effects
        for term, rows in effects.groupby("term", sort=False):
            far = int((rows["dfbetas"].abs() > LARGE).sum())
            lost = int((rows["statistic"].abs() <= critical[term]).sum())
            if far:
                yield _influence(
                    level.name,
                    far,
                    f"changes the coefficient of {term} by more than its standard error",
                )
            if lost and significant[term]:
                yield _influence(level.name, lost, f"makes the effect of {term} not significant")


def _influence(unit: str, n: int, what: str) -> Finding:
    which = f"one group of '{unit}'" if n == 1 else f"any one of {n:,} groups of '{unit}'"
    return Finding(
        "influential",
        "caution",
        unit,
        f"Leaving out {which} {what} (variances kept, two-sided at .05).",
        f"Look at fit.influence(unit='{unit}').largest(), check these data, and report both "
        "results.",
    )
