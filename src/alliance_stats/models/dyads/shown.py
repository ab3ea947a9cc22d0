"""What the figure of a model of dyads draws, and the call that fits it again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.models.dyads.patterns import PATTERNS
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.dyads.specification import DyadSpecification

#: Headings of tests in the tables of a view.
F_TEST = {"statistic": "F", "df_numerator": "df 1", "df_denominator": "df 2"}
CHI_SQUARE = {
    "statistic": "χ²", "loglik_apart": "log-likelihood apart", "loglik_alike": "alike",
    "aic_difference": "difference of AIC",
}  # fmt: skip
#: Columns of the table of k; its tests stand in a table of their own.
PATTERN_COLUMNS = ("unit", "member", "actor", "partner", "k", "ci_low", "ci_high", "compatible")


def pattern_tests(patterns: pd.DataFrame) -> pd.DataFrame:
    """One row a member, level and pattern: columns ``unit member pattern k p_value``."""
    rows = [
        {"unit": row["unit"], "member": row["member"], "pattern": name.replace("_", " "), "k": k,
         "p_value": row[f"p_{name}"]}
        for row in patterns.to_dict("records")
        for name, k in PATTERNS.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def path_frame(sizes: pd.DataFrame, bias: pd.DataFrame) -> pd.DataFrame:
    """Standardised effects within patients, and where studies without a partner effect lie.

    Returns
    -------
    DataFrame
        Columns ``effect member layer x x_low x_high``. Layer ``estimate`` has a row an effect and
        member; layer ``null`` one a partner effect whose bias was simulated: the mean estimate,
        in the same units, in studies of this design in which it is zero.
    """
    within = sizes[sizes["unit"] == "session"].reset_index(drop=True)
    names = {"group": "member", "estimate": "x", "ci_low": "x_low", "ci_high": "x_high"}
    estimates = within.rename(columns=names)[["effect", "member", "x", "x_low", "x_high"]]
    found = [estimates.assign(layer="estimate")]
    nulls = bias[bias["truth"] == "zero"]
    if len(nulls):
        ratio = (within["sd_predictor"] / within["sd_response"]).to_numpy()
        units = dict(zip(zip(within["effect"], within["group"], strict=True), ratio, strict=True))
        keys = list(zip(nulls["effect"], nulls["member"], strict=True))
        null = nulls[["effect", "member"]].assign(
            layer="null",
            x=nulls["mean"].to_numpy(dtype=float) * np.array([units[key] for key in keys]),
            x_low=np.nan,
            x_high=np.nan,
        )
        found.append(null)
    whole = pd.concat(found, ignore_index=True)
    return whole[["effect", "member", "layer", "x", "x_low", "x_high"]]


def refit_call(
    prepared: PreparedDyads,
    chosen: DyadSpecification,
    bias_simulations: int,
    seed: int | np.random.SeedSequence,
) -> str:
    """The call that fits this model again."""
    members = {m.name: {"predictor": m.predictor, "outcome": m.outcome} for m in prepared.pair.both}
    lag = prepared.lag
    parts = ["sessions", f"members={members!r}", f"lagged={lag.step > 0}"]
    if lag.step:
        parts += [f"step={lag.step}", f"gap={lag.gap!r}"]
    parts.append(f"time={chosen.time!r}")
    if chosen.time_column != "session":
        parts.append(f"time_column={chosen.time_column!r}")
    slopes = {unit: list(names) for unit, names in chosen.slopes.items()}
    parts += [
        f"random_slopes={slopes!r}",
        f"therapist_level={prepared.roles.therapist is not None}",
    ]
    if prepared.therapist_change != "raise":
        parts.append(f"therapist_change={prepared.therapist_change!r}")
    parts.append(f"reml={chosen.reml}")
    if lag.step and prepared.pair.own_past:
        random = seed if isinstance(seed, int) else "rng"
        parts += [f"bias_simulations={bias_simulations}", f"rng={random}"]
    return f"al.models.fit_dyads({', '.join(parts)})"
