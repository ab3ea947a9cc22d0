"""Published meta-analyses of the therapeutic relationship: arithmetic with their printed numbers.

Mean, interval, k, N, d and I² are those of the articles' abstracts (sources: `al.meta.published`).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import alliance_stats as al


def checks(key: str) -> dict[str, dict[str, float]]:
    return {row["check"]: row for row in al.meta.reproduce(key).checks.to_dict("records")}


def test_flueckiger2018() -> None:
    """r = .278 [.256, .299], k = 295, N > 30,000, d = .579, 2% of the effects negative."""
    result = al.meta.reproduce("flueckiger_2018")
    assert result.tidy()["se"][0] == pytest.approx(0.0119, abs=5e-5)
    found = result.heterogeneity
    assert found["n_per_study"].round().tolist() == [102, 61]
    assert found["tau2"].tolist() == pytest.approx([0.0316, 0.0243], abs=3e-4)
    assert found["pi_low"].round(2).tolist() == [-0.06, -0.02]
    assert found["pi_high"].round(2).tolist() == [0.56, 0.53]
    assert found["negative_observed"].round(2).tolist() == [0.08, 0.08]
    share = checks("flueckiger_2018")["share of negative effects"]
    assert share["verdict"] == "differs"
    assert any("not jointly reproducible under normality" in m for m in result.messages)
    assert checks("flueckiger_2018")["d of r"]["verdict"] == "agrees"


def test_gelso2018() -> None:
    """r = .38 is printed with d = .80, which is the d of r = .37."""
    found = checks("gelso_2018")
    assert found["d of r"]["verdict"] == found["r of d"]["verdict"] == "differs"
    assert found["d of r"]["recomputed"] == pytest.approx(0.8217, abs=1e-4)
    assert found["r of d"]["recomputed"] == pytest.approx(0.3714, abs=1e-4)
    (message,) = al.meta.reproduce("gelso_2018").messages
    assert message == "d = 0.80 is not the d of r = 0.38, which is 0.82; it is that of r = 0.37."


@pytest.mark.parametrize(
    ("key", "r", "d"),
    [
        ("flueckiger_2018", 0.278, 0.579), ("karver_2018", 0.19, 0.39),
        ("elliott_2018", 0.28, 0.58), ("tryon_2018_goal", 0.24, 0.49),
        ("tryon_2018_collab", 0.29, 0.61), ("tryon_2018_therapist", 0.26, 0.54),
    ],
)  # fmt: skip
def test_printed_d_is_the_d_of_the_printed_r(key: str, r: float, d: float) -> None:
    row = checks(key)["d of r"]
    assert row["printed"] == d
    assert row["recomputed"] == pytest.approx(2 * r / math.sqrt(1 - r**2))
    assert row["verdict"] == "agrees"


def test_share_of_variance() -> None:
    """Horvath et al. (2011), r = .275: about 7.5% of the variance of outcomes."""
    squared = al.meta.reproduce("horvath_2011").tidy().set_index("term")
    assert squared.loc["r squared", "estimate"] == pytest.approx(0.0756, abs=1e-4)


@pytest.mark.parametrize(("key", "i2"), [("murphy_hutton_2018", 80.0), ("karver_2018", 64.19)])
def test_printed_i2_fits_the_interval(key: str, i2: float) -> None:
    row = checks(key)["I² in percent"]
    assert row["printed"] == i2
    assert row["verdict"] == "agrees"
    assert row["low"] < i2 < row["high"]


def test_sharf2010() -> None:
    """d = .55 over 11 studies with 1,301 participants: 118 a study on average."""
    row = checks("sharf_2010")["mean study size"]
    assert row["recomputed"] == pytest.approx(118.27, abs=0.01)
    assert row["verdict"] == "agrees"
    terms = al.meta.reproduce("sharf_2010").tidy().set_index("term")["estimate"]
    assert terms["r"] == pytest.approx(0.265, abs=1e-3)


def test_elliott2011_is_as_narrow_as_equal_effects() -> None:
    """r = .31 [.28, .34], 59 samples, 3,599 clients: the interval of an equal-effects analysis."""
    se = 1 / np.sqrt(3599 - 3 * 59)
    ends = np.tanh(np.arctanh(0.31) + np.array([-1, 1]) * 1.96 * se)
    assert ends.round(2).tolist() == [0.28, 0.34]
    result = al.meta.reproduce("elliott_2011")
    assert (result.heterogeneity["tau2"] == 0).all()
    assert result.standard_errors["se"][0] == pytest.approx(se, rel=0.02)


def test_intervals_are_symmetric_on_fishers_z_given_rounding() -> None:
    """No printed interval contradicts an analysis on Fisher's z."""
    table = al.meta.published()
    for key in table.loc[table["ci_low"].notna(), "key"]:
        row = checks(key)["r in the middle of its interval on Fisher's z"]
        assert row["verdict"] == "agrees", key


@pytest.mark.parametrize(
    ("key", "z"), [("safran_2011_repair", 3.06), ("safran_2011_training", 5.56)]
)
def test_safran2011(key: str, z: float) -> None:
    """Tests of both means, z = 3.06 and 5.56, from their intervals."""
    row = checks(key)["test of the mean"]
    assert row["printed"] == z
    assert row["recomputed"] == pytest.approx(z, rel=0.03)
    assert row["verdict"] == "agrees"
