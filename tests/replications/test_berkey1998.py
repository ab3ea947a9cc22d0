"""Berkey et al. (1998), Stat. Med. 17(22): periodontal surgery; Table II, page 2545.

Five trials (Table I; `dat.berkey1998` of metadat): probing depth and attachment level.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

DIGITS_4 = 5e-5
YEARS = {1: 1983, 2: 1982, 3: 1979, 4: 1987, 5: 1988}
#: Effects (PD, AL), and their variances and covariance (PD, AL, both).
EFFECTS = {1: (0.47, -0.32), 2: (0.20, -0.60), 3: (0.40, -0.12), 4: (0.26, -0.31), 5: (0.56, -0.39)}
SPREAD = {
    1: (0.0075, 0.0077, 0.0030), 2: (0.0057, 0.0008, 0.0009), 3: (0.0021, 0.0014, 0.0007),
    4: (0.0029, 0.0015, 0.0009), 5: (0.0148, 0.0304, 0.0072),
}  # fmt: skip
COVARIANCE = {str(k): [[pd_, both], [both, al_]] for k, (pd_, al_, both) in SPREAD.items()}


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    rows = [
        (str(trial), outcome, EFFECTS[trial][i], SPREAD[trial][i], YEARS[trial] - 1983)
        for trial in EFFECTS
        for i, outcome in enumerate(("PD", "AL"))
    ]
    return pd.DataFrame(rows, columns=["study", "outcome", "yi", "vi", "since"])


def fit(trials: pd.DataFrame, mods: str, structure: str = "UN") -> al.meta.MultilevelMetaResult:
    return al.fit_meta_multilevel(
        trials, random="outcome | study", structure=structure, mods=mods, method="ML",  # type: ignore[arg-type]
        covariance={name: np.array(matrix) for name, matrix in COVARIANCE.items()},
    )  # fmt: skip


def test_regression_on_year(trials: pd.DataFrame) -> None:
    """Intercepts and slopes of AL and PD; variances, covariance and correlation of true effects."""
    result = fit(trials, "0 + outcome + outcome:since")
    table = result.tidy(test="z").set_index("term")
    order = ["outcome[AL]", "outcome[PD]", "outcome[AL]:since", "outcome[PD]:since"]
    assert table.loc[order, "estimate"].tolist() == pytest.approx(
        [-0.3351, 0.3479, -0.0108, 0.0010], abs=DIGITS_4
    )
    assert table.loc[order, "se"].tolist() == pytest.approx(
        [0.0787, 0.0520, 0.0243, 0.0154], abs=DIGITS_4
    )
    variances = result.tau2.set_index("term")["tau2"]
    assert variances[["AL", "PD"]].tolist() == pytest.approx([0.0250, 0.0080], abs=DIGITS_4)
    correlation = result.correlations["correlation"].item()
    assert correlation * np.sqrt(0.0250 * 0.0080) == pytest.approx(0.0093, abs=DIGITS_4)
