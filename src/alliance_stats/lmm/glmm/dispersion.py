"""Whether counts vary more than the family says: Pearson's χ² over its degrees of freedom."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.glmm.design import GlmmDesign
from alliance_stats.lmm.glmm.fitted import FittedGlmm

#: A ratio above it, with p below, is worth a warning.
RATIO = 1.2
P_VALUE = 0.01


def dispersion(self: FittedGlmm) -> pd.DataFrame:
    """Pearson's χ² of the rows about their fitted means, over its degrees of freedom.

    A ratio well above 1 says that the counts vary more than the family allows for. Standard errors
    are then too small. An effect for every row, ``(1 | row)`` with a column that numbers the rows,
    takes the extra variation in.

    Returns
    -------
    DataFrame
        One row, columns ``statistic df ratio p_value``. Degrees of freedom are the rows less the
        parameters. The test is approximate: effects that were fitted make the statistic smaller,
        and counts near zero are far from normal.

    Raises
    ------
    UnsupportedError
        For 0/1 rows, whose variance is determined by their mean.

    Examples
    --------
    >>> import alliance_stats as al
    >>> patients = al.load_example("sessions").frame.groupby("patient", as_index=False)
    >>> counts = patients.agg(therapist=("therapist", "first"), n=("session", "count"))
    >>> fit = al.fit_glmm("n ~ 1 + (1 | therapist)", counts, family="poisson")
    >>> bool(fit.dispersion()["ratio"].item() > 1)
    True
    """
    design = self.criterion.design
    if design.response.is_zero_one:
        raise UnsupportedError(
            "dispersion is not defined for rows of 0 and 1: their variance follows from their "
            "mean. It is there for counts, and for successes out of several trials."
        )
    return dispersion_table(design, self.evaluation.modes.eta, self.n_parameters)


def dispersion_table(design: GlmmDesign, eta: np.ndarray, n_parameters: int) -> pd.DataFrame:
    """The table of `dispersion` at the linear predictor `eta` (n,), sorted as the cells are."""
    response = design.response
    mean = response.family.mean(eta)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = (response.y - response.trials * mean) ** 2
        squares /= response.family.variance(mean, response.trials)
    statistic = float(np.nansum(squares))
    df = len(eta) - n_parameters
    if df < 1:
        ratio = p_value = float("nan")
    else:
        ratio, p_value = statistic / df, float(chdtrc(df, statistic))
    return pd.DataFrame(
        {"statistic": [statistic], "df": [df], "ratio": [ratio], "p_value": [p_value]}
    )


def about_dispersion(design: GlmmDesign, eta: np.ndarray, n_parameters: int) -> list[str]:
    """Plain words about overdispersion, or nothing."""
    if design.response.is_zero_one or len(design.levels[0].labels) == design.n_obs:
        return []
    row = dispersion_table(design, eta, n_parameters).iloc[0]
    if not (row["ratio"] > RATIO and row["p_value"] < P_VALUE):
        return []
    name = "Poisson" if design.response.family.name == "poisson" else "binomial"
    return [
        f"The counts vary more than a {name} model allows for (Pearson χ²/df = {row['ratio']:.2f}; "
        "1 is expected), so standard errors are too small and p values too low. Number the rows "
        "in a column and add (1 | that column) to the formula: it takes the extra variation in."
    ]
