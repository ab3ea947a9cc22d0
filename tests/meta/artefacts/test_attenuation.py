"""correct_attenuation: formulas of Hunter and Schmidt by hand, recovery of a known truth."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning, UnsupportedError
from alliance_stats.meta.artefacts.result import AttenuationResult


def studies(**columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "study": ["A", "B", "C", "D"],
            "ri": [0.20, 0.36, 0.27, -0.05],
            "ni": [80, 120, 60, 200],
            "rxx": [0.90, 0.92, 0.85, 0.70],
            "ryy": [0.80, 0.85, 0.75, 0.60],
        }
    ).assign(**columns)
    return al.effect_sizes(frame, measure="COR")


def quiet(frame: pd.DataFrame, **asked: Any) -> AttenuationResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return al.meta.correct_attenuation(frame, **asked)


BOTH: dict[str, Any] = {"reliability_x": "rxx", "reliability_y": "ryy"}


def test_every_correlation_by_its_own_reliabilities() -> None:
    frame = studies()
    result = quiet(frame, **BOTH)
    a = np.sqrt(frame["rxx"] * frame["ryy"])
    rows = result.frame
    assert rows["yi"].to_numpy() == pytest.approx((frame["ri"] / a).to_numpy(), rel=1e-14)
    assert rows["vi"].to_numpy() == pytest.approx((frame["vi"] / a**2).to_numpy(), rel=1e-14)
    assert rows["yi_observed"].tolist() == frame["yi"].tolist()
    w, rc = frame["ni"] * a**2, frame["ri"] / a
    rho, r = (w * rc).sum() / w.sum(), (frame["ni"] * frame["ri"]).sum() / frame["ni"].sum()
    total = (w * (rc - rho) ** 2).sum() / w.sum()
    error = (w * (1 - r**2) ** 2 / (frame["ni"] - 1) / a**2).sum() / w.sum()
    one = result.glance().iloc[0]
    assert [one["mean_r"], one["mean_rho"]] == pytest.approx([r, rho], rel=1e-12)
    assert one["sd_rho"] == pytest.approx(np.sqrt(total - error), rel=1e-12)
    assert result.tidy()["se"][1] == pytest.approx(np.sqrt(total / 4), rel=1e-12)


def test_distribution_by_hand() -> None:
    frame = studies(rxx=[0.90, np.nan, 0.85, 0.70])
    result = quiet(frame, method="distribution", **BOTH)
    a, b = np.sqrt([0.90, 0.85, 0.70]), np.sqrt(frame["ryy"])
    n, ri = frame["ni"], frame["ri"]
    r = (n * ri).sum() / n.sum()
    factor = a.mean() * b.mean()
    rho = r / factor
    v = a.var() / a.mean() ** 2 + b.var(ddof=0) / b.mean() ** 2
    residual = (
        (n * (ri - r) ** 2).sum() / n.sum()
        - (n * (1 - r**2) ** 2 / (n - 1)).sum() / n.sum()
        - rho**2 * factor**2 * v
    )
    one = result.glance().iloc[0]
    assert one["attenuation"] == pytest.approx(factor, rel=1e-12)
    assert one["mean_rho"] == pytest.approx(rho, rel=1e-12)
    assert one["variance_residual"] == pytest.approx(residual, rel=1e-10)
    assert one["sd_rho"] == pytest.approx(np.sqrt(residual) / factor, rel=1e-10)
    assert result.messages == (
        "reliability_x is missing in 1 row: the distribution is that of the other 3.",
    )
    with pytest.raises(UnsupportedError, match="no single one"):
        _ = result.frame


def test_both_methods_agree_where_reliabilities_are_equal() -> None:
    frame = studies()
    one = quiet(frame, reliability_x=0.9, reliability_y=0.8)
    two = quiet(frame, reliability_x=0.9, reliability_y=0.8, method="distribution")
    columns = ["mean_r", "mean_rho", "attenuation", "sd_rho", "credibility_low"]
    assert one.glance()[columns].to_numpy() == pytest.approx(two.glance()[columns].to_numpy())
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())


def test_perfect_measurement_changes_nothing() -> None:
    frame = studies()
    result = quiet(frame, reliability_x=1.0)
    assert result.frame["yi"].tolist() == frame["yi"].tolist()
    tidy = result.tidy()
    assert tidy.iloc[0, 1:].tolist() == pytest.approx(tidy.iloc[1, 1:].tolist())


def test_the_correction_finds_true_correlations(rng: np.random.Generator) -> None:
    k, mean, sd = 3000, 0.35, 0.10
    true = rng.normal(mean, sd, k)
    rxx, ryy = rng.uniform(0.7, 0.95, k), rng.uniform(0.6, 0.9, k)
    n = rng.integers(60, 200, k)
    observed = true * np.sqrt(rxx * ryy)
    r = np.tanh(np.arctanh(observed) + rng.standard_normal(k) / np.sqrt(n - 3))
    frame = pd.DataFrame(
        {"study": np.arange(k).astype(str), "ri": r, "ni": n, "rxx": rxx, "ryy": ryy}
    )
    effects = al.effect_sizes(frame, measure="COR")
    for method in ("individual", "distribution"):
        result = quiet(effects, method=method, **BOTH)
        error = result.tidy()["se"][1]
        assert result.tidy()["estimate"][1] == pytest.approx(mean, abs=4 * error)
        assert result.glance()["sd_rho"][0] == pytest.approx(sd, abs=0.01)
        assert result.tidy()["estimate"][0] < mean - 0.05


def test_missing_reliabilities_are_refused_or_filled_and_counted() -> None:
    frame = studies(ryy=[0.8, np.nan, 0.7, np.nan])
    with pytest.raises(DataError, match="reliability_y is missing in 2 rows of 4"):
        quiet(frame, **BOTH)
    filled = quiet(frame, missing="mean", **BOTH)
    assert filled.frame["attenuation"][1] == pytest.approx(np.sqrt(0.92 * 0.75))
    assert filled.messages == (
        "reliability_y is missing in 2 rows: the mean of the others, 0.750, was taken.",
    )


def test_messages() -> None:
    large = quiet(studies(ri=[0.8, 0.5, 0.4, 0.3]), reliability_x=0.5)
    assert large.messages[0].startswith("1 corrected correlation of 4 would be 1 or more")
    same = quiet(studies(study=["A", "A", "B", "C"], ri=0.2), reliability_x=0.8)
    assert same.messages[0].startswith("4 correlations come from 3 studies")
    assert same.messages[1].startswith("Correlations vary less than by sampling")
    assert same.glance()["sd_rho"][0] == 0
    assert np.isnan(same.tidy()["p_value"]).all()


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({}, ArgumentError, "no reliability is given"),
        ({"reliability_x": 85}, DataError, ".85, not 85"),
        ({"reliability_x": "rel"}, DataError, "column 'rel' not found"),
        ({"reliability_x": True}, ArgumentError, "neither a column nor a number"),
        ({"reliability_x": 0.8, "method": "mean"}, ArgumentError, "method='mean'"),
        (
            {"reliability_x": 0.8, "method": "distribution", "missing": "mean"},
            ArgumentError,
            "would not be used",
        ),
    ],
)
def test_refusals(asked: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        quiet(studies(), **asked)


def test_only_raw_correlations_of_known_size() -> None:
    z = al.effect_sizes(pd.DataFrame({"study": ["A", "B"], "ri": [0.1, 0.2], "ni": 50}))
    with pytest.raises(UnsupportedError, match="measure 'ZCOR' is not available"):
        quiet(z, reliability_x=0.8)
    with pytest.raises(DataError, match="column 'ni'"):
        quiet(studies().drop(columns="ni"), reliability_x=0.8)
    empty = studies(rel=np.nan)
    with pytest.raises(DataError, match="no study reports a reliability"):
        quiet(empty, reliability_x="rel", method="distribution")


def test_shown() -> None:
    result = quiet(studies(), **BOTH)
    text = repr(result)
    assert text.startswith("Correlations corrected for attenuation, individual: 4 effects, N = 460")
    assert "not for restriction of range" in text
    assert "<table>" in result._repr_html_()
    view = result.view(conf_level=0.9)
    assert view.kind == "meta_attenuation"
    assert view.terms["ci_low"][0] > result.tidy()["ci_low"][0]
