"""Type III tests against lmerTest, against fits in sum-to-zero coding, and where they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.anova import type3_hypotheses
from alliance_stats.lmm.inference.cluster_robust import cluster_robust
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
CASES: dict[str, Any] = json.loads((REFERENCE / "robust" / "anova.json").read_text())["cases"]


def with_phase(name: str) -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / name)
    return frame.assign(phase=np.where(frame["session"] <= 2, "early", "late"))


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[MixedModelResult, dict[str, Any]]:
    values = CASES[request.param]
    return fit_quietly(values["formula"], with_phase(values["data"])), values


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_type_three_tests_equal_lmertest(
    case: tuple[MixedModelResult, dict[str, Any]], ddf: Ddf, tol: SimpleNamespace
) -> None:
    fit, values = case
    assert fit.singular is values["singular"]
    expected = values[ddf]
    table, names = fit.anova(ddf=ddf), np.atleast_1d(expected["term"]).tolist()
    assert list(table["term"]) == names
    if "phase:clinic" in names:  # see the next test
        table, expected = table.iloc[1:], {key: rows[1:] for key, rows in expected.items()}
    for column, size in (("statistic", tol.statistic), ("df_denominator", tol.df)):
        np.testing.assert_allclose(table[column], expected[column], rtol=size)
    assert (table["df_numerator"] == expected["df_numerator"]).all()
    np.testing.assert_allclose(table["p_value"], expected["p_value"], rtol=tol.p_value, atol=1e-14)


def test_a_main_effect_beside_a_nested_factor_is_its_average() -> None:
    """lmerTest 3.1-3 gives the difference in the reference level, and another one after relevel.

    Both formulas span the same model, so the hypothesis is that of the crossed one.
    """
    frame = with_phase("arms.csv")
    tables = [
        fit_quietly(f"symptom ~ {fixed} + (1 | patient) + (1 | therapist)", frame).anova()
        for fixed in ("phase + phase:clinic", "phase * clinic", "phase + phase:C(clinic, 'west')")
    ]
    lmertest = CASES["nested_factor"]["satterthwaite"]["statistic"][0]
    assert tables[0].loc[0, "statistic"] > 3 * lmertest
    for table in tables[1:]:
        np.testing.assert_allclose(
            table.loc[0, ["statistic", "df_denominator"]].astype(float),
            tables[0].loc[0, ["statistic", "df_denominator"]].astype(float),
            rtol=1e-6,
        )


def sum_coded(frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, list[str]]:
    """Columns 1, 0, … and −1 in the first level, as a person would code them."""
    first, *others = sorted(frame[column].unique())
    names = [f"{column}_{level}" for level in others]
    for name, level in zip(names, others, strict=True):
        frame = frame.assign(**{name: (frame[column] == level) * 1.0 - (frame[column] == first)})
    return frame, names


def test_equal_joint_tests_in_sum_to_zero_coding() -> None:
    frame = with_phase("arms.csv").rename(columns={"alliance_within": "x"})
    fit = fit_quietly("symptom ~ clinic * phase * x + (1 | patient)", frame)
    frame, clinic = sum_coded(frame, "clinic")
    frame, phase = sum_coded(frame, "phase")
    by_hand = fit_quietly(
        f"symptom ~ ({' + '.join(clinic)}) * ({' + '.join(phase)}) * x + (1 | patient)", frame
    )

    def names(*parts: list[str]) -> list[dict[str, float]]:
        found = [""]
        for part in parts:
            found = [f"{a}:{b}".strip(":") for b in part for a in found]
        return [{name: 1.0} for name in found]

    expected = by_hand.joint_tests(
        {
            "clinic": names(clinic),
            "phase": names(phase),
            "x": names(["x"]),
            "clinic:phase": names(clinic, phase),
            "clinic:x": names(clinic, ["x"]),
            "phase:x": names(phase, ["x"]),
            "clinic:phase:x": names(clinic, phase, ["x"]),
        }
    )
    pd.testing.assert_frame_equal(fit.anova(), expected, check_exact=False, rtol=1e-5)
    robust = cluster_robust(fit, cluster="patient").anova()
    assert list(robust["term"]) == list(expected["term"])
    assert (robust["df_numerator"] == expected["df_numerator"]).all()
    in_sums = cluster_robust(by_hand, cluster="patient").joint_tests({"phase": names(phase)})
    assert robust.loc[1, "statistic"] == pytest.approx(in_sums.loc[0, "statistic"], rel=1e-5)


def test_the_reference_level_does_not_matter() -> None:
    frame = with_phase("arms.csv")
    one = fit_quietly("symptom ~ C(arm) * phase + (1 | patient)", frame).anova()
    last = sorted(frame["arm"].unique())[-1]
    other = fit_quietly(f"symptom ~ C(arm, '{last}') * phase + (1 | patient)", frame).anova()
    np.testing.assert_allclose(one["statistic"], other["statistic"], rtol=1e-5)
    np.testing.assert_allclose(one["df_denominator"], other["df_denominator"], rtol=1e-3)


def test_numeric_terms_are_the_tests_of_their_coefficients() -> None:
    frame = pd.read_csv(REFERENCE / "sessions.csv")
    fit = fit_quietly("symptom ~ session + alliance_within + (1 | patient)", frame)
    table, rows = fit.anova(), fit.tidy().iloc[1:].reset_index(drop=True)
    np.testing.assert_allclose(table["statistic"], rows["statistic"] ** 2, rtol=1e-10)
    np.testing.assert_allclose(table["df_denominator"], rows["df"], rtol=1e-10)
    np.testing.assert_allclose(table["p_value"], rows["p_value"], rtol=1e-8)
    normal = fit.anova(ddf="normal")
    assert np.isinf(normal["df_denominator"]).all()


def test_weights_of_a_main_effect_are_equal_for_every_level() -> None:
    fit = fit_quietly("symptom ~ arm * phase + (1 | patient)", with_phase("arms.csv"))
    weights = dict(zip(fit.names, type3_hypotheses(fit.criterion.design)["phase"][0], strict=True))
    n_arms = sum(name.startswith("arm[") and ":" not in name for name in fit.names) + 1
    scale = weights["phase[late]"]
    shares = [w / scale for name, w in weights.items() if ":" in name]
    np.testing.assert_allclose(shares, 1.0 / n_arms)
    assert weights["(Intercept)"] == 0.0


def test_an_empty_cell_is_refused() -> None:
    frame = with_phase("arms.csv")
    arm = sorted(frame["arm"].unique())[1]
    gap = frame[~((frame["arm"] == arm) & (frame["phase"] == "late"))]
    fit = fit_quietly("symptom ~ arm * phase + (1 | patient)", gap)
    with pytest.raises(UnsupportedError, match=r"type III tests are not defined.*joint_tests"):
        fit.anova()
    additive = fit_quietly("symptom ~ arm + phase + (1 | patient)", gap).anova()
    assert additive["p_value"].notna().all()


def test_kenward_roger_needs_reml() -> None:
    frame = pd.read_csv(REFERENCE / "sessions.csv")
    fit = fit_quietly("symptom ~ session + (1 | patient)", frame, reml=False)
    with pytest.raises(UnsupportedError, match="REML"):
        fit.anova(ddf="kenward-roger")
