"""LaggedResult: sensitivity, sizes, R code, the view and what is printed."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.units import unit_codes
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.models import LaggedResult
from alliance_stats.models.lagged.prepare import detrended

from .conftest import SAME, TWO, fit, simulated


@pytest.fixture(scope="module")
def result(frame: pd.DataFrame) -> LaggedResult:
    return fit(frame, TWO, random_slopes={}, bias_simulations=50)


@pytest.fixture(scope="module")
def biased() -> LaggedResult:
    frame = simulated(np.random.default_rng(2), 300, 5, path=0.0, within=False)
    return fit(frame, SAME, random_slopes={}, bias_simulations=50)


def test_sensitivity_rows(result: LaggedResult, frame: pd.DataFrame) -> None:
    table = result.sensitivity
    assert table["model"].unique().tolist() == [
        "as fitted", "without time", "with a time slope of each patient", "with treatment length",
        "with ratings detrended by each patient's own line",
        "with the session before, however long ago",
    ]  # fmt: skip
    rows = table.set_index(["model", "effect"])["estimate"]
    for model, options in {
        "without time": {"time": "none"},
        "with a time slope of each patient": {"time": "patient"},
        "with the session before, however long ago": {"gap": "previous"},
    }.items():
        other = fit(frame, TWO, random_slopes={}, **options).effects.set_index("effect")
        for effect, row in other.iterrows():
            assert rows[model, effect] == pytest.approx(row["estimate"], rel=1e-6)


def test_detrending_takes_out_each_patients_line(frame: pd.DataFrame) -> None:
    codes, n = unit_codes(frame, "id")
    values, time = frame["wai"].to_numpy(), frame["visit"].to_numpy(float)
    left = detrended(values, time, codes, n)
    for code in (0, 7):
        rows = (codes == code) & ~np.isnan(values)
        line = np.polyfit(time[rows], values[rows], 1)
        assert left[rows] == pytest.approx(values[rows] - np.polyval(line, time[rows]), abs=1e-10)
    two = detrended(np.array([1.0, 3.0]), np.array([0.0, 1.0]), np.array([0, 0]), 1)
    assert np.isnan(two).all()


def test_effect_sizes_use_the_sds_within_patients(result: LaggedResult) -> None:
    frame = result.prepared.frame
    sd = {
        name: fit_quietly(f"{name} ~ 1 + (1 | id)", frame.dropna(subset=[name])).sigma
        for name in ("wai", "phq")
    }
    sizes = result.effect_sizes().set_index("effect")["estimate"]
    b = result.effects.set_index("effect")["estimate"]
    ratio = sd["wai"] / sd["phq"]
    assert sizes["alliance_to_outcome"] == pytest.approx(b["alliance_to_outcome"] * ratio)
    assert sizes["outcome_to_alliance"] == pytest.approx(b["outcome_to_alliance"] / ratio)
    assert sizes["outcome_autoregression"] == pytest.approx(b["outcome_autoregression"])


def test_r_code_centres_and_lags(frame: pd.DataFrame) -> None:
    code = fit(frame, bias_simulations=0).to_r(data="s.csv")
    assert code.count("lmer(") == 2
    assert 'd[["phq_within_lag1"]] <- d[["phq_within"]][earlier]' in code
    assert "stopifnot(nobs(m) == " in code
    hostile = 'w"); quit() #'
    roles = replace(TWO, alliance=hostile)
    code = fit(frame.rename(columns={"wai": hostile}), roles, bias_simulations=0).to_r()
    assert '[["w\\"); quit() #"]]' in code
    assert 'w"); quit' not in re.sub("`[^`]*`", "", code)
    with pytest.raises(ArgumentError, match="no file name"):
        fit(frame, TWO).to_r(data="")


def test_the_call_fits_the_same_again(frame: pd.DataFrame) -> None:
    call = fit(frame, bias_simulations=0, rng=7).view().refit
    assert call is not None
    sessions = fit(frame, bias_simulations=0).sessions
    with pytest.warns(al.DataWarning):
        again = eval(call, {"al": al, "sessions": sessions})  # noqa: S307
    pd.testing.assert_frame_equal(again.tidy(), fit(frame, bias_simulations=0).tidy())


def test_the_view(result: LaggedResult) -> None:
    view = result.view()
    assert view.kind == "lagged" and view.labels["verb"] == "predicts"
    assert list(view.tables) == [
        "Standardised effects", "Bias in studies of this design", "Sensitivity",
        "Fit of both equations",
    ]  # fmt: skip
    assert view.plot is not None
    assert view.plot["layer"].tolist() == ["estimate"] * 4 + ["null"] * 2
    nulls = result.bias.query("truth == 'zero'")["mean"].to_numpy()
    sizes = result.effect_sizes()
    ratio = (sizes["sd_alliance"] / sizes["sd_outcome"])[0]
    np.testing.assert_allclose(view.plot["x"][4:], nulls * [ratio, 1 / ratio], rtol=1e-8)


def test_print_has_both_tables_and_the_order(result: LaggedResult) -> None:
    text = repr(result)
    assert "alliance_to_outcome" in text and "nickell" in text
    assert "phq is rated before the session and wai after it" in " ".join(text.split())
    assert "<table" in result._repr_html_()


def test_text_predicts_and_never_causes() -> None:
    long = simulated(np.random.default_rng(4), 40, 30)
    text = " ".join(al.report_text(fit(long, TWO, random_slopes={}, bias_simulations=50)).split())
    assert "a wai above the patient's own average predicted a lower (better) phq in the" in text
    assert "predicted a lower wai in the same session" in text  # no better or worse alliance
    assert "caus" not in text.lower()
    assert "does not show that one changed the other" in text


def test_text_of_a_biased_path_has_no_p_value(biased: LaggedResult) -> None:
    assert "alliance_to_outcome" in biased.biased
    text = al.report_text(biased)
    first = text.split(").")[0]
    assert "is not tested: in simulated studies of this design" in first
    assert "p =" not in first and "p <" not in first and "CI" not in first
    assert "dynamic panel model" in text
    tested = {"alliance_to_outcome", "outcome_to_alliance"} - set(biased.biased)
    if not tested:
        assert "p <" not in text and "p =" not in text and "Sensitivity" not in text
    assert any("Biased for this design" in note for note in al.coef_table(biased).notes)


def test_report_holds_the_figure_and_all_tables(result: LaggedResult, tmp_path: object) -> None:
    path = al.save_report(result, f"{tmp_path}/lagged.html")
    page = path.read_text("utf-8")
    assert "Bias in studies of this design" in page and "data:image/png" in page
    assert "phq: Intercept" in page


def test_figure_draws_the_plot_frame(result: LaggedResult) -> None:
    from matplotlib.figure import Figure

    from alliance_stats.report.plots import plot_lagged

    (axis,) = plot_lagged(result, ax=Figure(figsize=(6.9, 3)).subplots())
    plot = result.view().plot
    assert plot is not None
    drawn = [line.get_xdata() for line in axis.lines]
    dots = sorted(float(x[0]) for x in drawn if len(x) == 1)
    assert dots == pytest.approx(sorted(plot["x"]))
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels[0] == "wai, session t − 1\n→ phq, session t"
    assert labels[1] == "phq, session t\n→ wai, session t"
    with pytest.raises(ArgumentError, match="Give a result of fit_lagged"):
        plot_lagged(al.fit_within_between(result.sessions))
