"""Molloy et al. (2014), Ann. Behav. Med. 47(1): conscientiousness and taking medicines; abstract.

Sixteen correlations (their Table 1; `dat.molloy2014` of metadat). Quintana (2015), Front. Psychol.
6:1549, takes them as the example of a primer.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import alliance_stats as al

DIGITS_4 = 5e-5


@pytest.fixture(scope="module")
def studies() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parent / "data" / "molloy2014.csv")
    return al.effect_sizes(frame, measure="ZCOR")


def test_abstract(studies: pd.DataFrame) -> None:
    """16 studies, N = 3,476 as printed (3,509 in the table); r = 0.15 [0.09, 0.21]."""
    assert (len(studies), studies["ni"].sum()) == (16, 3509)
    row = al.fit_meta(studies, test="z").back_transformed().iloc[0]
    found = [row["estimate"], row["ci_low"], row["ci_high"]]
    assert [round(value, 2) for value in found] == [0.15, 0.09, 0.21]


def test_as_software_prints_it(studies: pd.DataFrame) -> None:
    """On Fisher's z, as a report of jamovi prints it (forum.jamovi.org, file 1129)."""
    result = al.fit_meta(studies, test="z")
    row = result.tidy().iloc[0]
    found = [row[name] for name in ("estimate", "se", "ci_low", "ci_high")]
    assert found == pytest.approx([0.1499, 0.0316, 0.0881, 0.2118], abs=DIGITS_4)
    fit = result.glance().iloc[0]
    assert [fit["tau2"], fit["se_tau2"]] == pytest.approx([0.0081, 0.0055], abs=DIGITS_4)
    assert 100 * fit["i2"] == pytest.approx(61.73, abs=5e-3)
    assert [fit["h2"], fit["q"]] == pytest.approx([2.613, 38.1595], abs=5e-4)
    assert fit["q_p"] == pytest.approx(0.0009, abs=DIGITS_4)
