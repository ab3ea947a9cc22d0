from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report import methods_text
from alliance_stats.report.methods.kinds import SENTENCES, model_sentence
from alliance_stats.report.methods.text import methods_paragraph
from alliance_stats.report.wording.prose import ReportText


def test_the_paragraph_says_what_the_result_holds(three_level: Any) -> None:
    text = methods_text(three_level)
    assert isinstance(text, ReportText)
    assert "\n" not in text
    for words in (
        "the session's deviation from the patient's mean, the patient's mean and the therapist's",
        "The analysis rests on 1,987 sessions of 240 patients seen by 24 therapists.",
        "Patient means use all observed ratings of the patient.",
        "Formula: phq9 ~ wai_total_within",
        "Estimation was by restricted maximum likelihood (REML); tests and 95%",
        "41 of 2,028 sessions dropped (alliance missing: 38, outcome missing: 3).",
        "unbiased if outcomes are missing at random given what is in the model, and if whether",
        "Analyses used alliance_stats 0.", "(Baldwin et al., 2007; Bates et al., 2015;",
    ):  # fmt: skip
        assert words in text


def test_two_levels_have_no_therapists(two_level: Any) -> None:
    text = methods_text(two_level)
    assert "deviation from the patient's mean and the patient's mean, each" in text
    assert "therapist's mean" not in text


def test_no_number_of_the_results_is_in_the_methods(three_level: Any) -> None:
    text = methods_text(three_level)
    assert "−0.108" not in text
    assert "p <" not in text


def test_notes_on_calls_are_left_out(two_level: Any) -> None:
    notes = (
        "Only 24 therapists: few. Kenward–Roger tests are stricter there.",
        "Give rng=1, say. Means are means of patients.",
        "Order: a of session t -> b of session t + 1.",
    )
    text = methods_text(replace(two_level.view(), notes=notes))
    assert "tidy(" not in text
    assert "rng=1" not in text
    assert "Means are means of patients." in text
    assert "a of session t → b of session t + 1." in text


def test_a_failed_and_a_singular_fit_are_said(two_level: Any, singular: Any) -> None:
    assert "The fit was singular" in methods_text(singular)
    view = two_level.view()
    failed = replace(view, fit=view.fit.assign(converged=False))
    assert "The fit did not converge" in methods_text(failed)
    part = replace(view, messages=("Model 2: Singular fit at 'x': a variance is 0. Read on.",))
    assert "Model 2: Singular fit at 'x': a variance is 0." in methods_text(part)
    assert "Read on." not in methods_text(part)


def test_rows_not_used_are_counted_without_a_message(two_level: Any) -> None:
    text = methods_text(replace(two_level.view(), messages=()))
    assert "41 of 2,028 rows were not used." in text
    whole = replace(two_level.view(), messages=(), fit=two_level.view().fit.assign(n_dropped=0))
    assert "missing" not in methods_text(whole)


def test_several_results_share_the_software(two_level: Any, three_level: Any) -> None:
    text = methods_text({"First": two_level, "Second": three_level})
    assert text.count("Analyses used") == 1
    assert text.startswith("First\n")
    assert text.split("\n\n")[-1].startswith("Analyses used alliance_stats")


def paragraph(kind: str = "meta", notes: tuple[str, ...] = (), **said: Any) -> str:
    """The paragraph of a view; the method and numbers stand in its fit."""
    none = pd.DataFrame()
    fit = pd.DataFrame({k: [v] for k, v in said.items() if k in ("method", "rho", "n_agq")})
    labels = {k: v for k, v in said.items() if k not in fit.columns}
    return methods_paragraph(ResultView(kind, "", none, fit, None, none, notes, labels=labels))


def test_a_meta_analysis_says_its_estimator_once() -> None:
    notes = ("τ² is estimated by DL; coefficients have z tests.", "Intervals are by Q-profile.")
    text = paragraph(notes=notes, method="DL", test_words="z tests", model="random-effects")
    assert text.count("estimated") == 1
    assert "τ² was estimated by the method of DerSimonian and Laird (DL); tests and 95%" in text
    assert "Intervals are by Q-profile." in text
    equal = paragraph(method="EE", model="equal-effects", test_words="z tests", moderators="year")
    assert "in an equal-effects meta-analysis, with year as a moderator" in equal
    assert "τ²" not in equal and "EE" not in equal
    assert "with year, age as moderators" in paragraph(moderators="year, age")


def test_dependent_effects_say_how_they_depend() -> None:
    tests = "CR2 cluster-robust t tests (Satterthwaite)"
    notes = ("Random effects: study, study/effect; REML.", f"{tests}, clustered by study.")
    text = paragraph(
        "meta_multilevel", notes, method="REML", rho=0.6, test_words=tests, cluster="study"
    )
    assert "effects of one study were taken to correlate .6." in text
    assert text.count(f"{tests}, clustered by study") == 1
    assert "Random effects: study, study/effect. " in text
    assert "correlate" not in paragraph("meta_multilevel", rho=float("nan"))


@pytest.mark.parametrize(
    ("structure", "words"),
    [
        (al.lmm.ar1("session", within="patient"),
         "an autoregression of first order (session) within patient."),
        (al.lmm.ar1("session", within=["patient", "therapist"], variance_by="arm"),
         "(session) within patient and therapist; their variance differs with arm."),
        (al.lmm.continuous_ar1("week", within="patient"),
         "an autoregression in continuous time (week) within patient."),
        (al.lmm.unstructured("member", within=["patient", "session"]),
         "unstructured covariance matrix over member within patient and session."),
        (al.lmm.variance_by("arm"), "The variance of residuals differs with arm."),
    ],
)  # fmt: skip
def test_residuals_that_are_not_independent_are_said(structure: Any, words: str) -> None:
    assert words in paragraph("lmm", residual=str(structure))


def test_estimation_of_generalised_models() -> None:
    assert "the Laplace approximation; tests" in paragraph("glmm", n_agq=1)
    assert "Gauss–Hermite quadrature (9 points); tests" in paragraph("glmm", n_agq=9)


def test_time_on_a_log_scale_is_no_call() -> None:
    note = "Time as log(1 + session since the patient's first session) is in the model."
    assert note in paragraph("within_between", (note,))


@pytest.mark.parametrize(
    "note",
    [
        "Only 24 therapists: few units. Kenward–Roger tests, which are stricter there, need REML.",
        "Likelihood-ratio test of no selection: χ²(1) = 1.04, p = .308.",
        "L0 estimates 0 effects missing on the left (by the slope of Egger's regression; SE 2.91).",
        "With 960 studies without effect beside these, the sum of z values would not reach p.",
        "R² within patients, all predictors: 0.361, of which time alone 0.334; 4 models.",
        "Look at what is special about such studies before anything is left out.",
    ],
)
def test_results_and_advice_are_not_methods(note: str) -> None:
    assert paragraph("lmm", (note,)) == paragraph("lmm")


def test_what_the_data_decided_is_cut() -> None:
    decided = "; p = 0.003 is below it, so PEESE is used."
    text = paragraph("meta_pet_peese", (f"Rule: PEESE where p is below 0.05, else PET{decided}",))
    assert "Rule: PEESE where p is below 0.05, else PET." in text
    assert "0.003" not in text
    residuals = "Residuals follow an autoregression (ρ = −0.325 from one session to the next)."
    assert "(from one session to the next)" in paragraph("within_between", (residuals,))


def test_timing_is_said_once(two_level: Any) -> None:
    view = two_level.view()
    rated = {**view.labels, "rated": "phq9 is rated before the session and wai after it"}
    text = methods_text(replace(view, labels=rated))
    assert "Timing: phq9 is rated before the session and wai after it." in text
    again = replace(view, labels=rated, notes=("Order: phq9 is rated before the session.",))
    assert "Timing:" not in methods_text(again)


def test_missing_values_of_patients_are_another_assumption(two_level: Any) -> None:
    view = replace(two_level.view(), kind="outcome")
    assert "Only patients with all variables of the model were used." in methods_text(view)
    assert "all other rows of a patient" not in methods_text(view)


def test_pooling_over_imputations_is_said_once(two_level: Any) -> None:
    view = two_level.view()
    pooled = replace(view, fit=view.fit.assign(n_imputations=20))
    assert methods_text(pooled).count("Rubin's rules") == 1
    noted = replace(pooled, notes=("Pooled over 20 imputed data sets by Rubin's rules.",))
    assert methods_text(noted).count("Rubin's rules") == 1


def test_a_multiverse_names_its_choices() -> None:
    text = paragraph("multiverse", choices="time (linear, log); estimation (REML, ML)")
    assert "All combinations of time (linear, log); estimation (REML, ML) were fitted" in text


@pytest.mark.parametrize("kind", [*SENTENCES, "", "unheard_of"])
def test_every_kind_has_a_sentence_without_any_label(kind: str) -> None:
    none = pd.DataFrame()
    sentence = model_sentence(ResultView(kind, "A title", none, none, None, none))
    assert sentence.endswith(".")
    assert "  " not in sentence
    assert methods_text(ResultView(kind, "A title", none, none, None, none)).endswith(".")


def test_there_must_be_a_result() -> None:
    with pytest.raises(ArgumentError, match="list of results is empty"):
        methods_text([])
