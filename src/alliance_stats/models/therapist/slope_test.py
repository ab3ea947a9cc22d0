"""Whether the coefficient between patients of one therapist differs between therapists."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.lmm.comparison.compare import compare_models
from alliance_stats.models.outcome.prepare import PreparedPatients
from alliance_stats.models.therapist.fits import SLOPE, TherapistFits


def slope_table(fits: TherapistFits, prepared: PreparedPatients) -> pd.DataFrame:
    """One row: see `TherapistResult.slope_differences`."""
    slope = dict(prepared.effects)[SLOPE]
    covariance = next(iter(fits.model.covariances.values()))
    variance = float(np.diag(covariance)[covariance.columns.get_loc(slope)])
    test: dict[str, object] = {"statistic": np.nan, "df": np.nan, "p_value": np.nan}
    reference = ""
    if not fits.after.singular:
        row = compare_models(fits.after, fits.model).table.iloc[-1]
        test = {name: float(row[name]) for name in test}
        reference = str(row["reference"])
    found = {"sd": np.sqrt(variance), "variance": variance, **test, "reference": reference}
    return pd.DataFrame([found])
