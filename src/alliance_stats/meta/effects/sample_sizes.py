"""Sample sizes where something follows from them."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.errors import DataError
from alliance_stats.meta.studies import SIZES, Studies


def required_sizes(studies: Studies, why: str) -> np.ndarray:
    """Sample sizes of all effects (k,); raise DataError, saying `why`, unless all are known."""
    if studies.ni is None or np.isnan(studies.ni).any():
        raise DataError(
            f"column '{SIZES}' (sample sizes) is missing or not complete: {why}. Give it."
        )
    return studies.ni
