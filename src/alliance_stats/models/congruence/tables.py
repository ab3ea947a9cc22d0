"""Tables of a truth-and-bias model: mean difference, correlations by level, moderators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.congruence.prepare import Moderator, PreparedRatings
from alliance_stats.models.effect_size import standardised
from alliance_stats.models.effects import effects_table
from alliance_stats.models.specification import session_formula

INTERCEPT = "(Intercept)"
DIFFERENCE = "difference"


def tidy_table(
    fit: MixedModelResult, prepared: PreparedRatings, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Bias, tracking by level, their contextual differences, then the other fixed effects."""
    table = effects_table(fit, prepared.sessions.effects, conf_level, ddf)
    is_bias = table["term"].eq(INTERCEPT)
    table.loc[is_bias, "effect"] = "bias"
    order = [*np.flatnonzero(is_bias), *np.flatnonzero(~is_bias)]
    return table.iloc[order].reset_index(drop=True)


def difference_fit(prepared: PreparedRatings) -> MixedModelResult:
    """The differences truth − judgement with random intercepts and nothing else."""
    sessions = prepared.sessions
    units = [column for columns in sessions.groups.values() for column in columns]
    gap = prepared.frame[prepared.truth] - prepared.frame[prepared.judgement]
    frame = prepared.frame[list(dict.fromkeys(units))].assign(**{DIFFERENCE: gap.astype(float)})
    formula = session_formula(DIFFERENCE, ["1"], {}, sessions.groups, time=None, kind="none")
    return fit_quietly(formula, frame)


def difference_table(prepared: PreparedRatings, conf_level: float, ddf: Ddf) -> pd.DataFrame:
    """See `CongruenceResult.mean_difference`."""
    fit = difference_fit(prepared)
    name = f"{prepared.truth} - {prepared.judgement}"
    table = fit.contrasts({name: {INTERCEPT: 1.0}}, conf_level=conf_level, ddf=ddf)
    variances = [prepared.frame[c].var(ddof=1) for c in (prepared.truth, prepared.judgement)]
    sd = float(np.sqrt(np.mean(variances)))
    sizes = {"d": "estimate", "d_low": "ci_low", "d_high": "ci_high"}
    return table.assign(
        **{new: table[old] / sd if sd > 0 else np.nan for new, old in sizes.items()}, sd_pooled=sd
    )


def standardised_table(tidy: pd.DataFrame, prepared: PreparedRatings) -> pd.DataFrame:
    """Tracking in standard deviations of each level: a correlation of a judge with the truth."""
    table = standardised(tidy, prepared.sessions, outcome_reliability=None)
    return table.rename(columns={"sd_alliance": "sd_truth", "sd_outcome": "sd_judgement"})


def group_table(
    fit: MixedModelResult, prepared: PreparedRatings, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Bias and tracking in every category of the moderators; see `CongruenceResult.groups`."""
    rows: dict[str, dict[str, float]] = {}
    keys = []
    for moderator in prepared.moderators:
        for level in moderator.levels:
            for effect, weights in _of_level(fit, prepared, moderator, level).items():
                rows[f"{moderator.name} {level} {effect}"] = weights
                keys.append((effect, moderator.name, level))
    if not rows:
        return pd.DataFrame()
    table = fit.contrasts(rows, conf_level=conf_level, ddf=ddf).drop(columns="term")
    table.insert(0, "effect", [key[0] for key in keys])
    table.insert(1, "moderator", [key[1] for key in keys])
    table.insert(2, "level", [key[2] for key in keys])
    return table


def _of_level(
    fit: MixedModelResult, prepared: PreparedRatings, moderator: Moderator, level: str
) -> dict[str, dict[str, float]]:
    """Weights of bias and tracking in one category, other moderators at their means."""
    at = moderator.at(level)
    found: dict[str, dict[str, float]] = {"bias": {INTERCEPT: 1.0} | at}
    for effect, part in prepared.sessions.effects:
        if part in prepared.moderated:
            found[effect] = {part: 1.0} | {product_name(fit, part, c): v for c, v in at.items()}
    return found


def product_name(fit: MixedModelResult, part: str, column: str) -> str:
    """The model's name of the product of two columns: the one first that is so in the formula."""
    name = f"{part}:{column}"
    return name if name in fit.names else f"{column}:{part}"


def moderator_tests(fit: MixedModelResult, prepared: PreparedRatings, ddf: Ddf) -> pd.DataFrame:
    """F tests that bias, or tracking at a level, does not depend on a moderator."""
    hypotheses: dict[str, list[Mapping[str, float]]] = {}
    keys = []
    for moderator in prepared.moderators:
        tested = {"bias": [{c: 1.0} for c in moderator.columns]}
        for effect, part in prepared.sessions.effects:
            if part in prepared.moderated:
                tested[effect] = [{product_name(fit, part, c): 1.0} for c in moderator.columns]
        for effect, contrasts in tested.items():
            hypotheses[f"{moderator.name} {effect}"] = list(contrasts)
            keys.append((effect, moderator.name))
    if not hypotheses:
        return pd.DataFrame()
    table = fit.joint_tests(hypotheses, ddf=ddf).drop(columns="term")
    table.insert(0, "effect", [key[0] for key in keys])
    table.insert(1, "moderator", [key[1] for key in keys])
    return table
