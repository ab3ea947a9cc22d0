"""ModerationResult: tables, patients needed, the view, sentences and figure."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.models import ModerationResult
from alliance_stats.report.plots import plot_moderation

TWO = al.Roles(patient="id", session="visit", alliance="wai", outcome="phq", treatment="arm")


@pytest.fixture(scope="module")
def three(frame: pd.DataFrame) -> ModerationResult:
    return al.models.fit_moderation(frame, dataclasses.replace(TWO, therapist="who"),
                                    smallest_effect=0.1)  # fmt: skip


@pytest.fixture(scope="module")
def intake(frame: pd.DataFrame) -> ModerationResult:
    return al.models.fit_moderation(frame, TWO, moderator="intake", smallest_effect=0.15)


def test_tables_have_their_columns(three: ModerationResult) -> None:
    assert list(three.equivalence().columns) == [
        "effect", "unit", "comparison", "estimate", "se", "df", "p_difference", "tost_low",
        "tost_high", "smallest_effect", "p_equivalence", "verdict",
    ]  # fmt: skip
    assert len(three.equivalence()) == 9
    assert three.claims()["n_differences"].tolist() == [3, 3, 3]
    largest = three.equivalence().groupby("effect", sort=False)["estimate"]
    np.testing.assert_array_equal(
        three.claims()["largest"].abs(), largest.apply(lambda v: v.abs().max())
    )
    assert set(three.glance().columns) >= {"n_obs", "n_dropped", "bic_patients", "converged"}
    rest = three.tidy().query("effect == ''")["term"].tolist()
    assert rest == [
        "(Intercept)", "visit_since_start", "arm[dyn]", "arm[sup]",
        "visit_since_start:arm[dyn]", "visit_since_start:arm[sup]",
    ]  # fmt: skip


def test_degrees_of_freedom_can_be_chosen(three: ModerationResult) -> None:
    kr, z = three.equivalence(ddf="kenward-roger"), three.equivalence(ddf="normal")
    assert np.isinf(z["df"]).all()
    assert (kr["se"] >= three.equivalence()["se"] * (1 - 1e-9)).all()
    assert (kr["tost_high"] - kr["tost_low"] > z["tost_high"] - z["tost_low"]).all()
    assert three.view(ddf="kenward-roger").labels["ddf"] == "kenward-roger"
    more = three.patients_needed(ddf="kenward-roger")["n_patients"]
    assert (more >= three.patients_needed(ddf="normal")["n_patients"]).all()


def test_patients_needed(three: ModerationResult, intake: ModerationResult) -> None:
    table = three.patients_needed()
    assert table["comparison"].tolist()[3] == "all pairs"
    assert {"n cbt", "n dyn", "n sup", "n_therapists"} <= set(table.columns)
    arms = table[["n cbt", "n dyn", "n sup"]].sum(axis=1)
    assert ((arms - table["n_patients"]).between(0, 2)).all()
    assert (three.patients_needed(power=0.9)["n_patients"] > table["n_patients"]).all()
    true = three.patients_needed(true_difference={"within": 0.05})
    changed = true["n_patients"] > table["n_patients"]
    assert changed.tolist() == [True] * 4 + [False] * 8
    assert "n_therapists" not in intake.patients_needed()
    assert not [name for name in intake.patients_needed() if name.startswith("n ")]


def test_patients_needed_gives_the_power_now_at_the_present_number(
    intake: ModerationResult,
) -> None:
    now = intake.patients_needed()
    n = intake.prepared.counts()["patient"]
    again = intake.patients_needed(power=float(now["power_now"].iloc[0]) - 1e-9)
    assert again["n_patients"].iloc[0] == n


def test_what_patients_needed_refuses(three: ModerationResult) -> None:
    with pytest.raises(ArgumentError, match=r"true_difference=0.1 of 'within' is not below"):
        three.patients_needed(true_difference=0.1)
    with pytest.raises(ArgumentError, match="power=80 is not between 0 and 1"):
        three.patients_needed(power=80)
    with pytest.raises(ArgumentError, match="effect of true_difference"):
        three.patients_needed(true_difference={"between": 0.01})


def test_the_call_names_what_was_chosen(three: ModerationResult, frame: pd.DataFrame) -> None:
    assert three.view().refit == (
        "al.models.fit_moderation(sessions, moderator='arm', smallest_effect={'within': 0.1, "
        "'patient_between': 0.1, 'therapist_between': 0.1}, alpha=0.05, reference='cbt', "
        "time='linear', time_by_moderator=True, random_slopes={'patient': ['within']}, "
        "mean_rows='available', therapist_mean='patients', reml=True)"
    )
    other = al.models.fit_moderation(
        frame, TWO, moderator="intake", smallest_effect=0.15, at=(10, 20), time="none", alpha=0.1
    )
    refit = other.view().refit or ""
    assert "alpha=0.1, at=(10.0, 20.0), time='none', time_by_moderator=False" in refit


def test_the_notes_state_bound_and_reference(
    three: ModerationResult, intake: ModerationResult
) -> None:
    notes = " ".join(three.notes)
    assert "slopes in 'cbt', the reference of arm" in notes
    assert "±0.100 phq per wai unit" in notes
    assert "the 90% interval of the difference lies inside" in notes
    assert "Patients by arm: cbt (30), dyn (30), sup (30)." in notes
    assert "at the mean of intake over patients" in " ".join(intake.notes)


def test_text_and_html(three: ModerationResult) -> None:
    text = repr(three)
    assert text.startswith("wai and phq by arm (")
    assert "dyn vs cbt" in text
    assert "<table" in three._repr_html_()


def sentences(view: Any) -> str:
    return al.report_text(view)


def with_verdict(result: ModerationResult, verdict: str) -> Any:
    view = result.view()
    tables = dict(view.tables)
    name = "Tests of the interaction and of equivalence"
    tables[name] = tables[name].assign(verdict=verdict)
    return dataclasses.replace(view, tables=tables)


def test_an_undecided_claim_is_inconclusive_with_its_range(three: ModerationResult) -> None:
    text = sentences(with_verdict(three, "inconclusive"))
    pairs = three.equivalence().query("effect == 'patient_between'")
    assert "is the same at all levels of arm was inconclusive" in text
    assert f"{pairs['tost_high'].max():.3f} (90% intervals)" in text
    assert "this design would need" in text
    assert "predict" not in text
    assert "no difference" not in text


def test_the_words_follow_the_verdict(three: ModerationResult, intake: ModerationResult) -> None:
    equivalent = sentences(with_verdict(three, "equivalent"))
    assert "was equivalent at all levels of arm, within ±0.100" in equivalent
    assert "would need" not in equivalent
    assert "inconclusive" not in equivalent
    assert "by less than ±0.100, which counts as none" in sentences(
        with_verdict(three, "different but negligible")
    )
    assert "differed with arm; that it does so by less than" in sentences(
        with_verdict(three, "different")
    )
    assert "at −1 SD and +1 SD of intake" in sentences(intake)


def test_tests_that_are_not_defined_are_left_out(three: ModerationResult) -> None:
    view = three.view()
    tables = dict(view.tables)
    name = "Tests of the interaction and of equivalence"
    gone = {column: float("nan") for column in ("p_interaction", "p_equivalence", "df_denominator")}
    tables[name] = tables[name].assign(**gone, verdict="inconclusive")
    text = sentences(dataclasses.replace(view, tables=tables))
    assert "nan" not in text
    assert "interaction F" not in text
    assert "largest difference" in text


def test_given_values_in_words(frame: pd.DataFrame) -> None:
    result = al.models.fit_moderation(
        frame, TWO, moderator="intake", smallest_effect=0.15, at=(10, 20)
    )
    assert "at intake = 10 and intake = 20" in sentences(result)


def test_the_frame_of_the_figure(three: ModerationResult, intake: ModerationResult) -> None:
    plot = three.view().plot
    assert plot is not None
    assert plot.groupby(["effect", "side"]).size().tolist() == [3] * 6
    right = plot[plot["side"] == "differences"]
    np.testing.assert_array_equal(right["low"], three.equivalence()["tost_low"])
    assert (right["bound"] == 0.1).all()
    band = intake.view().plot
    assert band is not None
    assert set(band["layer"]) >= {"line", "points"}
    line = band[(band["layer"] == "line") & (band["effect"] == "within")]
    assert len(line) == 41
    assert (line["low"] < line["y"]).all()
    assert (line["y"] < line["high"]).all()


def test_the_figure_draws_the_frame(three: ModerationResult, intake: ModerationResult) -> None:
    axes = plot_moderation(three)
    assert len(axes) == 6
    labels = [text.get_text() for text in axes[0].get_yticklabels()]
    assert labels == ["cbt", "dyn", "sup"]
    assert axes[1].get_xlabel() == "difference of slopes (90% interval)"
    shaded = axes[1].patches[0].get_x(), axes[1].patches[0].get_width()
    assert shaded == pytest.approx((-0.1, 0.2))
    assert len(plot_moderation(intake)) == 4
    with pytest.raises(ArgumentError, match="4 panels"):
        plot_moderation(intake, ax=Figure().subplots(1, 2))
    with pytest.raises(ArgumentError, match="Give a result of fit_moderation"):
        plot_moderation(three.fit)


def test_reports_hold_the_claims(three: ModerationResult, tmp_path: Any) -> None:
    path = tmp_path / "report.md"
    al.save_report([three], path)
    text = path.read_text("utf-8")
    for heading in three.view().tables:
        assert heading in text
    assert re.search(r"Difference within patients \(dyn vs cbt\) \| ", text)


def test_r_code_is_refused_where_r_cannot_follow(frame: pd.DataFrame) -> None:
    result = al.models.fit_moderation(frame, TWO, smallest_effect=0.1, variance_by_arm=True)
    with pytest.raises(UnsupportedError, match="variance_by_arm=True"):
        result.to_r()
    with pytest.raises(UnsupportedError, match="Kenward"):
        result.tidy(ddf="kenward-roger")
