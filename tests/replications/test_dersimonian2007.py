"""DerSimonian & Kacker (2007), Contemp. Clin. Trials 28(2): aspirin in pregnancy; Tables 3 and 4.

Six trials of CLASP, pages 111 and 112: τ, mean of log odds ratios and its standard error.
"""

from __future__ import annotations

import pandas as pd
import pytest

import alliance_stats as al

TRIALS = pd.DataFrame(
    {
        "study": list("ABCDEF"),
        "ai": [5, 5, 12, 69, 9, 313],
        "n1i": [156, 303, 565, 1570, 103, 4659],
        "ci": [8, 17, 9, 94, 11, 352],
        "n2i": [74, 303, 477, 1565, 105, 4650],
    }
)
PUBLISHED = {
    "PM": (0.3681, -0.3811, 0.2060),
    "HE": (0.4410, -0.4035, 0.2327),
    "DL": (0.2323, -0.3240, 0.1540),
}


@pytest.mark.parametrize(("method", "published"), PUBLISHED.items())
def test_estimators(method: str, published: tuple[float, float, float]) -> None:
    effects = al.effect_sizes(TRIALS, measure="OR")
    result = al.fit_meta(effects, method=method, test="z")  # type: ignore[arg-type]
    row = result.tidy().iloc[0]
    found = (result.tau2**0.5, row["estimate"], row["se"])
    assert found == pytest.approx(published, abs=5e-5)
