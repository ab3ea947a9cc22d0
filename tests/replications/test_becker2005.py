"""Becker (2005), fail-safe N, in Rothstein, Sutton & Borenstein (Eds.), chapter 7: three examples.

Teacher expectancy (Raudenbush, 1984), passive smoking (Hackshaw, 1998), employment interviews
(McDaniel, 1994), as compared in metafor's own tests (test_misc_fsn.r). Counts are rounded up here,
to the nearest number there; Rosenthal's count rests on t tests in two of her examples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import alliance_stats as al
from tests.conftest import REFERENCE

DATA = Path(__file__).parent / "data"


def expectancy() -> pd.DataFrame:
    return pd.read_csv(DATA / "raudenbush1984.csv")


def smoking() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "meta_bias" / "hackshaw1998.csv")
    return frame.assign(study=np.arange(len(frame)))


def interviews() -> pd.DataFrame:
    return al.effect_sizes(pd.read_csv(DATA / "mcdaniel1994.csv"), measure="ZCOR")


@pytest.mark.parametrize(
    ("data", "target", "counts"),
    [
        (expectancy, 0.05, (26, 44, 4, 0)),
        (smoking, 0.049, (393, 186, 104, 202)),
        (interviews, 0.15, (50364, 129, 65, 45528)),
    ],
)
def test_counts(data: object, target: float, counts: tuple[int, ...]) -> None:
    """Rosenthal, Orwin, Orwin with weights, Rosenberg."""
    fit = al.fit_meta(data())  # type: ignore[operator]
    orwin = [
        al.meta.failsafe_n(fit, method="orwin", target=target, weighted=weighted).n
        for weighted in (False, True)
    ]
    found = al.meta.failsafe_n(fit).n, *orwin, al.meta.failsafe_n(fit, method="rosenberg").n
    assert found == counts


def test_rosenthal_of_smoking_by_hand() -> None:
    """The chapter has 398 from rounded z values; the sum of exact ones gives 393."""
    frame = smoking()
    z = frame["yi"] / np.sqrt(frame["vi"])
    exact = (z.sum() / norm.isf(0.05)) ** 2 - len(frame)
    assert al.meta.failsafe_n(al.fit_meta(frame)).n == np.ceil(exact) == 393
