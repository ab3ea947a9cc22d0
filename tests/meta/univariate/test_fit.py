"""fit_meta at the door: what it reads, refuses, says; what does not matter to it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, UnsupportedError
from alliance_stats._base.views import TIDY_COLUMNS


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = rng.integers(20, 200, 14)
    return pd.DataFrame(
        {
            "study": [f"Author{chr(65 + i)} {1990 + i}" for i in range(14)],
            "yi": 0.3 + rng.normal(size=14) * np.sqrt(0.03 + 1 / (n - 3)),
            "vi": 1 / (n - 3),
            "ni": n,
            "year": 1990 + np.arange(14),
            "format": ["group", "single"] * 7,
        }
    )


def test_default_is_reml_with_knapp_hartung(frame: pd.DataFrame) -> None:
    result = al.fit_meta(frame)
    assert (result.method, result.test, result.df) == ("REML", "knha", 13)
    assert tuple(result.tidy().columns) == TIDY_COLUMNS
    assert al.fit_meta(frame, method="EE").test == "z"


def test_equal_effects_are_not_tested_by_their_spread(frame: pd.DataFrame) -> None:
    for test in ("knha", "adhoc"):
        with pytest.raises(ArgumentError, match=r"method='EE' takes them as equal\. Use test='z'"):
            al.fit_meta(frame, method="EE", test=test)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "FE"}, "method='FE' is not known"),
        ({"test": "knapp"}, "test='knapp' is not known"),
        ({"measure": "zcor"}, "Did you mean 'ZCOR'"),
    ],
)
def test_words_that_are_not_known(
    frame: pd.DataFrame, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        al.fit_meta(frame, **arguments)


def test_order_labels_and_scale_do_not_matter(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    first = al.fit_meta(frame, mods="year + format")
    order = np.random.default_rng(1).permutation(14)
    moved = frame.iloc[order].reset_index(drop=True).assign(study=np.arange(14))
    again = al.fit_meta(moved, mods="year + format")
    np.testing.assert_allclose(again.beta, first.beta, rtol=1e-8)
    assert again.tau2 == pytest.approx(first.tau2, rel=tol.closed_form)
    times = al.fit_meta(
        frame.assign(yi=1000 * frame["yi"], vi=1e6 * frame["vi"]), mods="year + format"
    )
    np.testing.assert_allclose(times.beta, 1000 * first.beta, rtol=1e-8)
    assert times.tau2 == pytest.approx(1e6 * first.tau2, rel=tol.closed_form)
    late = al.fit_meta(frame.assign(year=frame["year"] - 1990), mods="year + format")
    assert late.tau2 == pytest.approx(first.tau2, rel=tol.closed_form)
    assert late.loglik == pytest.approx(first.loglik, abs=1e-8)


def test_one_step_is_weighted_least_squares_by_hand(frame: pd.DataFrame) -> None:
    result = al.fit_meta(frame, method="DL", test="z")
    y, v = frame["yi"].to_numpy(), frame["vi"].to_numpy()
    w = 1 / v
    q = w @ (y - w @ y / w.sum()) ** 2
    tau2 = (q - 13) / (w.sum() - (w @ w) / w.sum())
    star = 1 / (v + tau2)
    assert result.tau2 == pytest.approx(tau2, rel=1e-10)
    assert result.beta[0] == pytest.approx(star @ y / star.sum(), rel=1e-10)
    assert result.se[0] == pytest.approx(star.sum() ** -0.5, rel=1e-10)
    assert result.q == pytest.approx(q, rel=1e-10)
    np.testing.assert_allclose(result.weights, star)


def test_truth_is_recovered() -> None:
    rng = np.random.default_rng(7)
    k = 3000
    vi = rng.uniform(0.005, 0.05, k)
    x = rng.normal(size=k)
    yi = 0.3 + 0.1 * x + rng.normal(size=k) * np.sqrt(vi + 0.02)
    frame = pd.DataFrame({"yi": yi, "vi": vi, "x": x})
    for method in ("REML", "ML", "DL", "PM", "HE", "EB"):  # SJ is biased upwards here
        result = al.fit_meta(frame, mods="x", method=method)
        assert abs(result.tau2 - 0.02) < 4 * result.se_tau2
        assert np.all(np.abs(result.beta - [0.3, 0.1]) < 4 * result.se)


def test_rows_not_analysed_are_counted(frame: pd.DataFrame) -> None:
    frame.loc[3, "yi"] = np.nan
    frame.loc[5, "year"] = np.nan
    result = al.fit_meta(frame, mods="year")
    assert result.messages[0] == "2 of 14 rows were dropped (yi missing: 1, year missing: 1)."
    assert result.glance()["n_dropped"].tolist() == [2]


def test_several_effects_of_a_study_are_said_to_depend(frame: pd.DataFrame) -> None:
    frame.loc[1, "study"] = frame.loc[0, "study"]
    result = al.fit_meta(frame)
    said = " ".join(result.messages)
    assert "14 effect sizes come from 13 studies" in said
    assert "fit_meta_multilevel" in said and "aggregate_effects" in said
    assert result.view().plot["effect"].tolist()[:3] == ["1", "2", ""]
    assert result.view().levels.to_dict("list") == {"unit": ["effect size", "study"], "n": [14, 13]}


def test_what_else_is_said() -> None:
    alike = pd.DataFrame({"yi": [0.2, 0.21, 0.19, 0.2], "vi": [0.01, 0.02, 0.02, 0.01]})
    said = " ".join(al.fit_meta(alike, method="HE").messages)
    assert "τ² is estimated as 0 (HE gave -0.015, cut at 0)" in said
    assert "Only 4 effect sizes" in said
    assert "narrower than the plain one" in said
    assert "narrower" not in " ".join(al.fit_meta(alike, test="adhoc").messages)
    assert al.fit_meta(alike, method="EE").messages == ()


def test_few_effect_sizes_a_coefficient(frame: pd.DataFrame) -> None:
    said = " ".join(al.fit_meta(frame, mods="year + format").messages)
    assert "14 effect sizes for 2 coefficients of moderators: fewer than 10 each" in said
    assert "fewer than 10" not in " ".join(al.fit_meta(frame, mods="year").messages)


def test_effects_that_are_all_the_same_have_no_knapp_hartung_test() -> None:
    same = pd.DataFrame({"yi": [0.3] * 5, "vi": [0.01, 0.02, 0.03, 0.01, 0.1]})
    result = al.fit_meta(same)
    row = result.tidy().iloc[0]
    assert row["estimate"] == pytest.approx(0.3)
    assert row[["se", "statistic", "p_value", "ci_low"]].isna().all()
    assert "lie on the model exactly" in " ".join(result.messages)
    assert "nothing is concluded" in al.report_text(result)
    assert al.fit_meta(same, test="z").tidy()["p_value"].notna().all()
    assert al.fit_meta(same, test="adhoc").se[0] == pytest.approx(al.fit_meta(same, test="z").se[0])


def test_no_variance_between_unlike_studies_is_negative() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"yi": rng.normal(size=3), "vi": rng.uniform(0.1, 3, 3)})
        for method in ("REML", "ML", "DL", "HE", "HS", "HSk", "SJ", "PM"):
            result = al.fit_meta(frame, method=method)
            assert result.tau2 >= 0 and result.converged


def test_measure_is_read_from_the_frame(frame: pd.DataFrame) -> None:
    result = al.fit_meta(frame.assign(es_measure="ZCOR"))
    assert result.measure == "ZCOR"
    assert result.view().labels["shown_symbol"] == "r"
    with pytest.raises(DataError, match="several measures"):
        al.fit_meta(frame.assign(es_measure=["ZCOR", "COR"] * 7))


def test_two_studies(frame: pd.DataFrame) -> None:
    result = al.fit_meta(frame.head(2))
    assert result.df == 1
    with pytest.raises(UnsupportedError, match="leaves 0 degrees of freedom"):
        result.prediction_interval(df="riley")


def test_the_frame_of_the_forest_plot(frame: pd.DataFrame) -> None:
    plot = al.fit_meta(frame.assign(es_measure="ZCOR"), mods="format").view().plot
    levels = ["subgroup"] * 2 + ["prediction"] * 2
    assert plot["row"].tolist() == ["study"] * 14 + levels
    assert plot["format"].tolist()[:14] == frame["format"].tolist()
    plot = al.fit_meta(frame.assign(es_measure="ZCOR")).view().plot
    assert plot["row"].tolist() == ["study"] * 14 + ["mean", "prediction"]
    assert plot["weight"].sum() == pytest.approx(1.0)
    np.testing.assert_allclose(plot["shown"], np.tanh(plot["estimate"]))
    np.testing.assert_allclose(plot["shown_high"], np.tanh(plot["ci_high"]))
    assert plot["n"].tolist()[-2] == frame["ni"].sum()
    assert al.fit_meta(frame, method="EE").view().plot["row"].tolist()[-1] == "mean"


def test_view_repr_and_html(frame: pd.DataFrame) -> None:
    result = al.fit_meta(frame.assign(study="<b>" + frame["study"]), measure="ZCOR")
    view = result.view(conf_level=0.9)
    assert (view.kind, view.conf_level) == ("meta", 0.9)
    assert list(view.tables) == ["Heterogeneity", "Prediction", "Correlation r"]
    assert view.refit == "al.fit_meta(frame, method='REML', test='knha', measure='ZCOR')"
    assert repr(result).startswith("Random-effects meta-analysis of Fisher's z (14 studies)")
    assert "<table>" in result._repr_html_()
    assert "Intercept" in str(al.coef_table(result))
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        result.tidy(conf_level=95)
