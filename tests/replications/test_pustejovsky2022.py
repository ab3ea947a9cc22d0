"""Pustejovsky (2022), vignette "Meta-analysis with CRVE" of clubSandwich: dropout prevention.

385 log odds ratios of 317 samples in 152 studies (Wilson et al., 2011), the model of Tipton and
Pustejovsky (2015, J. Educ. Behav. Stat. 40(6)); output of rma.mv, coef_test and Wald_test.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import alliance_stats as al

MODEL = (
    "C(design, 'matched') + attrition + group_equivalence + adjusted + outcome"
    " + C(evaluator, 'independent') + male_pct + white_pct + average_age"
    " + C(implementation, 'low') + C(site, 'community') + duration + service_hrs"
)
#: Coefficient, CR2 standard error, degrees of freedom.
PRINTED = {
    "(Intercept)": (0.529569, 0.724851, 20.08),
    "design[unmatched]": (-0.049434, 0.204152, 58.42),
    "design[RCT]": (0.065272, 0.149146, 53.17),
    "attrition": (-0.136575, 0.306429, 10.52),
    "group_equivalence": (0.407108, 0.210917, 23.10),
    "adjusted[yes]": (-0.358124, 0.136132, 43.20),
    "outcome[enrolled]": (-0.283124, 0.237199, 7.08),
    "outcome[graduation]": (-0.091295, 0.091465, 9.95),
    "outcome[graduation/ged]": (0.698328, 0.364882, 8.02),
    "evaluator[indirect]": (-0.752994, 0.447670, 6.56),
    "evaluator[planning]": (-0.769968, 0.403898, 6.10),
    "evaluator[delivery]": (-1.001648, 0.355989, 4.89),
    "male_pct": (0.102055, 0.148410, 9.68),
    "white_pct": (0.122255, 0.141470, 16.88),
    "average_age": (0.006084, 0.033387, 15.79),
    "implementation[medium]": (0.473789, 0.148660, 22.44),
    "implementation[high]": (0.631842, 0.138073, 28.68),
    "site[mixed]": (0.328941, 0.196848, 27.47),
    "site[classroom]": (0.291952, 0.146014, 42.70),
    "site[school]": (0.161640, 0.171700, 29.27),
    "duration": (0.001270, 0.000978, 31.96),
    "service_hrs": (-0.000309, 0.004828, 49.63),
}


@pytest.fixture(scope="module")
def result() -> al.meta.MultilevelMetaResult:
    frame = pd.read_csv(Path(__file__).parent / "data" / "wilson2011.csv")
    return al.fit_meta_multilevel(frame, random="study/sample", rho=0, mods=MODEL)


def test_fit(result: al.meta.MultilevelMetaResult) -> None:
    assert result.tau2["tau2"].tolist() == pytest.approx([0.2274, 0.1145], abs=5e-5)
    assert result.tau2["n"].tolist() == [152, 317]
    fit = result.glance().iloc[0]
    found = [fit[name] for name in ("loglik", "q", "aic", "bic", "aicc")]
    expected = [-489.0357, 1588.4397, 1026.0714, 1119.5371, 1029.6217]
    assert found == pytest.approx(expected, abs=1e-4)


def test_coefficients(result: al.meta.MultilevelMetaResult) -> None:
    table = result.tidy().set_index("term")
    found = table.loc[list(PRINTED), ["estimate", "se", "df"]]
    for place, column in enumerate(found):
        printed = [row[place] for row in PRINTED.values()]
        assert found[column].tolist() == pytest.approx(
            printed, abs=5e-3 if column == "df" else 5e-7
        )


def test_evaluators(result: al.meta.MultilevelMetaResult) -> None:
    """Hotelling's T² with Zhang's degrees of freedom: F(3, 18.3) = 2.71, p = .0753."""
    row = result.moderator_test().set_index("term").loc['C(evaluator, "independent")']
    assert row["statistic"] == pytest.approx(2.71, abs=5e-3)
    assert row["df_denominator"] == pytest.approx(18.3, abs=0.05)
    assert row["p_value"] == pytest.approx(0.0753, abs=5e-5)
