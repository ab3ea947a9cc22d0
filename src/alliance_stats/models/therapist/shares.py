"""Variance between therapists before and after the alliance, with exact intervals."""

from __future__ import annotations

import pandas as pd

from alliance_stats.lmm.inference.one_variance import exact_icc
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.therapist.fits import TherapistFits


def shares_table(fits: TherapistFits, *, conf_level: float) -> pd.DataFrame:
    """One row a model: see `TherapistResult.shares`."""
    models = {"before": fits.before, "after": fits.after, "alliance": fits.alliance}
    return pd.DataFrame([_row(name, fit, conf_level) for name, fit in models.items()])


def _row(name: str, fit: MixedModelResult, conf_level: float) -> dict[str, object]:
    found = exact_icc(fit, conf_level=conf_level)
    return {
        "model": name,
        "formula": fit.formula,
        "var_therapist": therapist_variance(fit),
        "var_patient": float(fit.sigma2),
        "icc": found.icc,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "statistic": found.statistic,
        "df": float(found.df_groups),
        "df_rest": float(found.df_rest),
        "p_value": found.p_value,
    }


def therapist_variance(fit: MixedModelResult) -> float:
    """The variance of the random intercept."""
    return float(next(iter(fit.covariances.values())).to_numpy()[0, 0])


def reduction_table(fits: TherapistFits) -> pd.DataFrame:
    """One row a unit: see `TherapistResult.reduction`."""
    shares = fits.after.variance_shares(before=fits.before).table
    units = ["therapist" if unit != "residual" else "patient" for unit in shares["unit"]]
    return pd.DataFrame(
        {
            "unit": units,
            "variance_before": shares["variance_before"],
            "variance": shares["variance"],
            "explained": shares["explained"],
        }
    )
