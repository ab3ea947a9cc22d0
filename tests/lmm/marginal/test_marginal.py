"""Marginal means and simple slopes against lmerTest, regions against their closed form."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
VALUES: dict[str, Any] = json.loads((REFERENCE / "robust" / "marginal.json").read_text())


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    found = pd.read_csv(REFERENCE / VALUES["data"])
    return found.assign(phase=np.where(found["session"] <= 2, "early", "late"))


@pytest.fixture(scope="module")
def fit(frame: pd.DataFrame) -> MixedModelResult:
    return fit_quietly(VALUES["formula"], frame)


def agree(table: pd.DataFrame, expected: dict[str, Any], tol: SimpleNamespace) -> None:
    near = np.abs(table["estimate"] - expected["estimate"]) / expected["se"]
    assert near.max() < tol.beta_in_se
    np.testing.assert_allclose(table["se"], expected["se"], rtol=tol.se)
    np.testing.assert_allclose(table["df"], expected["df"], rtol=tol.df)
    np.testing.assert_allclose(table["p_value"], expected["p_value"], rtol=tol.p_value, atol=1e-14)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_means_and_slopes_equal_lmertest(
    fit: MixedModelResult, ddf: Ddf, tol: SimpleNamespace
) -> None:
    expected = VALUES[ddf]
    agree(al.lmm.marginal_means(fit, "arm", ddf=ddf), expected["arm"], tol)
    agree(al.lmm.marginal_means(fit, "clinic", ddf=ddf), expected["clinic"], tol)
    both = al.lmm.marginal_means(fit, ["phase", "arm"], ddf=ddf)
    assert list(both["term"])[1] == "phase[early], arm[dynamic]"
    agree(both.iloc[[0, 1, 2, 3]].reset_index(drop=True), by_phase(expected["arm_phase"]), tol)
    slopes = al.lmm.simple_slopes(fit, slope="alliance_within", ddf=ddf)
    assert list(slopes["term"]) == [f"alliance_within at {t}" for t in expected["slopes"]["term"]]
    agree(slopes, expected["slopes"], tol)


def by_phase(rows: dict[str, Any]) -> dict[str, Any]:
    """Rows of lmerTest (arm fastest within phase) in the order of ours, by their labels."""
    order = [
        next(k for k, t in enumerate(rows["term"]) if arm in t and phase in t)
        for phase in ("early", "late")
        for arm in ("cognitive", "dynamic")
    ]
    return {key: [values[k] for k in order] for key, values in rows.items()}


def test_means_are_averages_of_predictions(fit: MixedModelResult, frame: pd.DataFrame) -> None:
    at = {"alliance_within": 0.5, "alliance_between": [-1.0, 2.0]}
    table = al.lmm.marginal_means(fit, "arm", at=at)
    assert list(table["term"])[:2] == [
        "arm[cognitive], alliance_between=-1",
        "arm[cognitive], alliance_between=2",
    ]
    for (arm, between), row in zip(
        [(a, b) for a in ("cognitive", "dynamic") for b in (-1.0, 2.0)],
        table.itertuples(),
        strict=True,
    ):
        cells = pd.DataFrame(
            [
                {"arm": arm, "phase": p, "clinic": c}
                for p in sorted(frame["phase"].unique())
                for c in sorted(frame["clinic"].unique())
            ]
        ).assign(alliance_within=0.5, alliance_between=between)
        expected = fit.predict(cells, kind="marginal")["prediction"].mean()
        assert row.estimate == pytest.approx(expected, rel=1e-10)


def test_slopes_are_differences_of_predictions(frame: pd.DataFrame) -> None:
    fit = fit_quietly("symptom ~ scale(alliance) * log(session) * arm + (1 | patient)", frame)
    table = al.lmm.simple_slopes(fit, slope="alliance", at={"session": [1, 3], "arm": "dynamic"})
    for session, slope in zip((1, 3), table["estimate"], strict=True):
        rows = pd.DataFrame({"alliance": [4.0, 5.0], "session": session, "arm": "dynamic"})
        low, high = fit.predict(rows, kind="marginal")["prediction"]
        assert slope == pytest.approx(high - low, rel=1e-8)


def test_bounds_solve_the_quadratic_equation(frame: pd.DataFrame) -> None:
    moved = frame.assign(x=frame["alliance_within"], w=frame["session"] - 2.5)
    moved["symptom"] += moved["x"] * moved["w"]
    fit = fit_quietly("symptom ~ x * w + (1 | patient)", moved)
    found = al.lmm.johnson_neyman(fit, slope="x", moderator="w", within=(-20, 20), ddf="normal")
    a, b = fit.beta["x"], fit.beta["x:w"]
    v, z2 = fit.vcov, ndtri(0.975) ** 2
    roots = np.roots(
        [
            b**2 - z2 * v.loc["x:w", "x:w"],
            2 * (a * b - z2 * v.loc["x", "x:w"]),
            a**2 - z2 * v.loc["x", "x"],
        ]
    )
    np.testing.assert_allclose(found.bounds, np.sort(roots), rtol=1e-8)
    assert list(found.regions["sign"]) == [-1, 0, 1]
    assert list(found.regions["differs"]) == [True, False, True]
    assert found.regions["low"].iloc[0] == -20 and found.regions["high"].iloc[-1] == 20
    t = al.lmm.johnson_neyman(fit, slope="x", moderator="w", within=(-20, 20), conf_level=0.9)
    at = al.lmm.simple_slopes(fit, slope="x", at={"w": list(t.bounds)})
    np.testing.assert_allclose(at["p_value"], 0.1, rtol=1e-6)
    assert len(t.band) == 201 and list(t.band.columns[:2]) == ["w", "estimate"]
    one = al.lmm.johnson_neyman(fit, slope="x", moderator="w", within=(10, 20))
    assert one.bounds == () and list(one.regions["sign"]) == [1]


def test_wrong_questions_are_refused(fit: MixedModelResult, frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match=r"not a predictor.*Did you mean 'arm'"):
        al.lmm.marginal_means(fit, "arms")
    with pytest.raises(ArgumentError, match="is numeric"):
        al.lmm.marginal_means(fit, "alliance_within")
    with pytest.raises(ArgumentError, match="level of 'arm' that was not fitted"):
        al.lmm.marginal_means(fit, "phase", at={"arm": "none"})
    with pytest.raises(ArgumentError, match="no number"):
        al.lmm.marginal_means(fit, "phase", at={"alliance_within": "high"})
    with pytest.raises(ArgumentError, match="does not interact"):
        al.lmm.simple_slopes(fit, slope="alliance_within", at={"clinic": "north"})
    with pytest.raises(ArgumentError, match="categorical"):
        al.lmm.simple_slopes(fit, slope="arm")
    with pytest.raises(ArgumentError, match="no product"):
        al.lmm.johnson_neyman(fit, slope="alliance_within", moderator="arm", within=(0, 1))
    curve = fit_quietly("symptom ~ poly(session, 2) * arm + (1 | patient)", frame)
    with pytest.raises(UnsupportedError, match="not linear"):
        al.lmm.simple_slopes(curve, slope="session")
    with pytest.raises(ArgumentError, match="mean of 'session'"):
        al.lmm.marginal_means(curve, "arm")
    assert len(al.lmm.marginal_means(curve, "arm", at={"session": 2})) == 2
    numeric = fit_quietly("symptom ~ alliance_within * session + (1 | patient)", frame)
    with pytest.raises(ArgumentError, match="Give values of it"):
        al.lmm.simple_slopes(numeric, slope="alliance_within")
    with pytest.raises(ArgumentError, match="no range"):
        al.lmm.johnson_neyman(numeric, slope="alliance_within", moderator="session", within=(3, 1))
    empty = fit_quietly("symptom ~ arm * clinic + (1 | patient)", frame)
    with pytest.raises(UnsupportedError, match="do not determine"):
        al.lmm.marginal_means(empty, "arm")
