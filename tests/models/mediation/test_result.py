"""What a MediationResult says: tables, notes, view, sensitivity, confounding, R code."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.models import MediationResult
from alliance_stats.models.effect_size import level_sds
from alliance_stats.models.mediation.notes import mean_reliabilities, nickell
from alliance_stats.report.tables.coefficients import further_tables

from .conftest import THREE, TWO, fit, of_one_session, row


def test_tidy_has_the_columns_of_every_tidy_table(apart: MediationResult) -> None:
    table = apart.tidy()
    assert list(table.columns) == ["effect", "unit", *TIDY_COLUMNS]
    assert dict(zip(table["effect"], table["unit"], strict=True)) == {
        f"{level}_{name}": unit
        for level, unit in (
            ("within", "session"), ("patient_between", "patient"),
            ("therapist_between", "therapist"),
        )
        for name in ("total", "indirect", "direct", "a", "b")
    }  # fmt: skip
    assert table.loc[1, "term"] == "wai -> motivation -> phq"
    with pytest.raises(ArgumentError, match="conf_level"):
        apart.tidy(conf_level=95)


def test_conf_level_and_ddf(apart: MediationResult, joint: MediationResult) -> None:
    wide, narrow = (apart.tidy(conf_level=level) for level in (0.99, 0.90))
    assert (wide["ci_low"] < narrow["ci_low"]).all()
    assert (wide["ci_high"] > narrow["ci_high"]).all()
    kr = apart.tidy(ddf="kenward-roger").set_index("effect")
    assert np.isfinite(kr.loc["within_a", "df"])
    with pytest.raises(UnsupportedError, match="Kenward"):
        joint.tidy(ddf="kenward-roger")


def test_glance_has_a_row_a_model(joint: MediationResult, apart: MediationResult) -> None:
    assert joint.glance()["response"].tolist() == ["motivation", "phq", "both"]
    assert apart.glance()["response"].tolist() == ["motivation", "phq"]
    assert (apart.glance()["n_dropped"] > 0).all()


def test_caution_where_all_is_of_one_session(
    joint: MediationResult, apart: MediationResult
) -> None:
    assert joint.notes[0].startswith("Caution: all ratings are of the same session")
    assert "Caution: all ratings" in str(al.report_text(joint))
    assert not any("Caution" in note for note in apart.notes)
    order = (
        "Order: wai after session t -> motivation before session t + 1 -> phq before session t + 2."
    )
    assert apart.notes[0] == order


def test_notes_name_biases_and_confounding(apart: MediationResult) -> None:
    text = " ".join(apart.notes)
    for words in (
        "Biased: effects between patients and therapists are from observed means",
        "Short series: centring on a patient's own mean biases",
        "no data show",
        "percentiles over 5,000 draws",
        "12 therapists",
        "what went through it is in neither",
    ):
        assert words in text


def test_reliability_of_means_is_that_of_describe_levels(apart: MediationResult) -> None:
    frame = apart.prepared.frame
    found = mean_reliabilities(apart.prepared, "wai")
    sd, patient, therapist = level_sds(frame, apart.prepared.groups, "wai")
    wanted = patient**2 / (patient**2 + sd**2 / 12)
    assert found["patient_between"] == pytest.approx(wanted, rel=0.02)
    assert 0 <= found["therapist_between"] < 1 or therapist == 0


def test_nickell_inverts_its_formula() -> None:
    """φ̂ = φ − (1 + φ)/(T − 1)."""
    for phi, ratings in ((0.3, 10.0), (-0.2, 6.0), (0.0, 20.0)):
        bias = -(1.0 + phi) / (ratings - 1.0)
        assert nickell(phi + bias, ratings) == pytest.approx(bias)
    assert np.isnan(nickell(0.2, 2.0))


def test_standardised_by_the_sds_of_each_level(apart: MediationResult) -> None:
    sizes = apart.effect_sizes().set_index("effect")
    frame, groups = apart.prepared.frame, apart.prepared.groups
    x, m, y = (level_sds(frame, groups, name) for name in ("wai", "motivation", "phq"))
    for k, level in enumerate(apart.prepared.levels):
        raw = apart.tidy().set_index("effect")["estimate"]
        for name, start, end in (("a", x, m), ("b", m, y), ("indirect", x, y)):
            ratio = start[k] / end[k] if min(start[k], end[k]) > 0 else np.nan
            effect = f"{level}_{name}"
            assert sizes.loc[effect, "estimate"] == pytest.approx(raw[effect] * ratio, nan_ok=True)
    product = sizes.loc["within_a", "estimate"] * sizes.loc["within_b", "estimate"]
    assert sizes.loc["within_indirect", "estimate"] == pytest.approx(product)


def test_without_variance_at_a_level_nothing_is_standardised() -> None:
    """A mediator whose therapists do not differ has no b in SDs between therapists."""
    sessions = al.load_example("process")
    result = al.models.fit_mediation(
        sessions, mediator="motivation", mediator_at="before", random_slopes={}
    )
    sizes = result.effect_sizes().set_index("effect")
    row = sizes.loc["therapist_between_b"]
    assert row["sd_from"] == 0.0
    assert row[["estimate", "ci_low", "ci_high"]].isna().all()


def test_two_categories_are_not_standardised(frame: pd.DataFrame) -> None:
    result = fit(frame, predictor="arm")
    sizes = result.effect_sizes().set_index("effect")
    assert sizes.loc["between_total", "sd_from"] == 1.0
    assert any("arm_pdt is 1 in pdt and 0 in cbt" in note for note in result.notes)


def test_proportion_mediated_only_where_it_has_a_meaning(
    joint: MediationResult, frame: pd.DataFrame
) -> None:
    table = joint.proportion_mediated().set_index("effect")
    indirect, total = joint.estimates[0].effects()
    assert table.loc["within", "estimate"] == indirect / total
    assert table.loc["within", "reason"] == ""
    null = fit(frame.assign(phq=np.random.default_rng(5).normal(size=len(frame))), random_slopes={})
    row_ = null.proportion_mediated().set_index("effect").loc["within"]
    assert np.isnan(row_["estimate"])
    assert row_["reason"] == "the total effect is not clearly different from zero"
    against = of_one_session(np.random.default_rng(3), b=-0.6, direct=0.9, sds=(0, 0))
    found = fit(against, contemporaneous=True, random_slopes={}).proportion_mediated()
    assert found.loc[0, "reason"] == "indirect and total effect have opposite signs"


def test_sensitivity_holds_the_fitted_rows(joint: MediationResult, apart: MediationResult) -> None:
    table = joint.sensitivity
    assert table["model"].unique().tolist() == ["as fitted", "without time", "as two models"]
    fitted = table[table["model"] == "as fitted"].set_index("effect")
    assert fitted.loc["within_indirect", "ci_low"] == row(joint, "within_indirect")["ci_low"]
    two = table[table["model"] == "as two models"].set_index("effect").loc["within_indirect"]
    a, b, _ = joint.prepared.path_columns("within")
    assert two["estimate"] == joint.fits.mediator.beta[a] * joint.fits.outcome.beta[b]
    assert "without time" in apart.sensitivity["model"].unique()


@pytest.mark.parametrize("rho", [0.0, 0.4, -0.5])
def test_the_confounding_that_explains_all(rho: float) -> None:
    """Studies without path b, residuals correlated by ρ: that ρ is what the result names."""
    frame = of_one_session(np.random.default_rng(4), 800, 10, b=0.0, sds=(0.0, 0.0), confounded=rho)
    result = fit(frame, contemporaneous=True, random_slopes={}, time="none")
    assert result.confounding.loc[0, "rho"] == pytest.approx(rho, abs=0.03)


def test_confounding_solves_for_a_zero_path(apart: MediationResult) -> None:
    """The formula of one session: ρ = b σ_m / √(σ²_y + b²σ_m²)."""
    frame = of_one_session(np.random.default_rng(5), sds=(0.0, 0.0))
    result = fit(frame, contemporaneous=True, random_slopes={})
    b = result.fits.outcome.beta[result.prepared.chain.b()]
    m, y = result.fits.mediator.sigma, result.fits.outcome.sigma
    wanted = b * m / np.sqrt(y**2 + b**2 * m**2)
    assert result.confounding.loc[0, "rho"] == pytest.approx(wanted, rel=1e-6)
    assert -1 < apart.confounding.loc[0, "rho"] < 0


def test_confounding_is_left_out_where_it_is_not_exact(
    joint: MediationResult, frame: pd.DataFrame
) -> None:
    assert "path b differs between patients" in joint.confounding.loc[0, "reason"]
    assert np.isnan(joint.confounding.loc[0, "rho"])
    two = fit(frame, predictor="hope").confounding
    assert "no indirect effect within patients" in two.loc[0, "reason"]


def test_view_and_the_report(joint: MediationResult, apart: MediationResult) -> None:
    for result in (joint, apart):
        view = result.view()
        assert view.kind == "mediation"
        assert view.labels["verb"] == "association"
        assert list(view.plot.columns) == ["level", "row", "x", "x_low", "x_high"]
        assert len(further_tables(view)) == 5
        text = str(al.report_text(result))
        assert "caus" not in text.lower()
        assert "predicts" not in text
        assert "through motivation" in text
        assert "sequential ignorability" in text
        al.coef_table(result)
    assert "Paths a and b" not in " ".join(apart.notes)


def test_a_null_effect_is_inconclusive(frame: pd.DataFrame) -> None:
    null = fit(frame.assign(phq=np.random.default_rng(5).normal(size=len(frame))), random_slopes={})
    text = str(al.report_text(null))
    assert (
        "the within-patient indirect association of wai with phq through motivation was inconc"
        in (text)
    )


def test_the_call_fits_the_same_again(frame: pd.DataFrame, same: pd.DataFrame) -> None:
    for data, roles, more in (
        (frame, THREE, {"random_slopes": {}, "time": "log", "time_column": "time", "rng": 3}),
        (same, TWO, {"contemporaneous": True, "reml": False}),
        (frame, TWO, {"predictor": "arm", "interval": "bootstrap", "n_boot": 100}),
    ):
        result = fit(data, roles, **more)
        sessions = al.load_sessions(data, roles)
        again = eval(result.view().refit, {"al": al, "sessions": sessions})  # noqa: S307 - of our own text
        pd.testing.assert_frame_equal(again.tidy(), result.tidy())


def test_shown_as_text_and_html(joint: MediationResult) -> None:
    text = repr(joint)
    assert text.startswith("wai and phq through motivation (1,200 sessions, 120 patients)")
    assert "within_indirect" in text
    assert joint._repr_html_().count("<table") == 1


def test_r_code_escapes_names(frame: pd.DataFrame) -> None:
    hostile = 'x"]]; q(); d[["'
    code = fit(frame.rename(columns={"motivation": hostile}), mediator=hostile).to_r()
    assert '"x\\"]]; q(); d[[\\""' in code
    assert "column" in code  # nlme takes no name in backticks
    with pytest.raises(ArgumentError, match="is no file name"):
        fit(frame, random_slopes={}).to_r(data="")


def test_a_joint_model_at_its_limit_does_not_stop_the_script(frame: pd.DataFrame) -> None:
    few = frame[frame["id"].isin(frame["id"].unique()[:25])]
    codes = {result.fits.joint.singular: result.to_r() for result in (fit(few), fit(frame))}
    assert {singular: code.count("try({") for singular, code in codes.items()} == {
        True: 1, False: 0
    }  # fmt: skip


def test_the_figure_draws_the_frame(apart: MediationResult) -> None:
    from matplotlib.figure import Figure

    from alliance_stats.report.plots import plot_mediation

    plot = apart.view().plot
    axis = plot_mediation(apart, ax=Figure().subplots())[0]
    drawn = [line for line in axis.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([line.get_xdata()[0] for line in drawn], plot["x"])
    assert [t.get_text() for t in axis.get_yticklabels()][:2] == [
        "total",
        "indirect, through motivation",
    ]
    with pytest.raises(ArgumentError, match="Give a result of fit_mediation"):
        plot_mediation(apart.fits.mediator, ax=Figure().subplots())
