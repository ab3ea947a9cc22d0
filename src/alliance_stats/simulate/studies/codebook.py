"""Codebook of a file of studies: parameters with their basis, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import nan

import pandas as pd

from alliance_stats.simulate.codebook import ASSUMED, COLUMNS, DERIVED, Entry, Row, parameter_rows
from alliance_stats.simulate.studies.parameters import (
    EffectParameters,
    corrected_correlation,
    explained_between,
    explained_within,
    observed_weights,
)

Z = "Fisher's z"
MEANINGS: Mapping[str, Entry] = {
    "n_studies": Entry("studies", ("Fluckiger 2018", "found"), "number of studies"),
    "effects_max": Entry("effects", ASSUMED, "most effects of a study"),
    "another_effect": Entry("probability", ASSUMED, "chance of one more effect of a study"),
    "n_median": Entry("patients", ASSUMED, "median study size"),
    "n_sd": Entry(
        "log patients",
        ("near mean 118 and SD 115 of Sharf 2010", "found"),
        "SD of the logarithm of study sizes",
    ),
    "n_min": Entry("patients", ASSUMED, "smallest study size"),
    "rho": Entry("correlation", ASSUMED, "of sampling errors within a study"),
    "mean_z": Entry(
        Z, ("solved: mean r = .278, Fluckiger 2018", "found"), "mean of the true effects"
    ),
    "tau2_between": Entry(
        "squared z",
        ("solved: standard error .0119, from the interval of Fluckiger 2018", "found"),
        "variance of true effects between studies, moderators included",
    ),
    "tau2_within": Entry(
        "squared z", ASSUMED, "variance of true effects within studies, moderators included"
    ),
    "late_effect": Entry(Z, ASSUMED, "alliance measured late minus other times"),
    "therapist_rated_effect": Entry(Z, ASSUMED, "alliance rated by therapists minus patients"),
    "observer_rated_effect": Entry(Z, ASSUMED, "alliance rated by observers minus patients"),
    "ptr_effect": Entry(
        "z per doubling",
        ("a moderator in Del Re 2012 and 2021; its size is assumed", "assumption"),
        "patient-therapist ratio",
    ),
    "treatment_effect": Entry(Z, ASSUMED, "cbt minus other treatments"),
    "measure_effect": Entry(Z, ASSUMED, "WAI minus other alliance measures"),
    "year_effect": Entry("z per ten years", ASSUMED, "year of publication"),
    "dissertation_effect": Entry(Z, ASSUMED, "dissertations minus journal articles"),
    "reliability_alliance": Entry(
        "reliability", ("within the .79 to .97 of Hanson 2002", "found"), "mean, alliance"
    ),
    "reliability_alliance_sd": Entry("reliability", ASSUMED, "SD, alliance"),
    "reliability_outcome": Entry("reliability", ASSUMED, "mean, outcome"),
    "reliability_outcome_sd": Entry("reliability", ASSUMED, "SD, outcome"),
    "reliability_reported": Entry("share", ASSUMED, "studies that report reliabilities"),
    "ptr_median": Entry("patients", ASSUMED, "median patient-therapist ratio"),
    "ptr_sd": Entry("log patients", ASSUMED, "SD of the logarithm of that ratio"),
    "ptr_reported": Entry("share", ASSUMED, "studies that report it"),
    "dissertations": Entry("share", ASSUMED, "studies that are dissertations, before selection"),
    "unreported": Entry("share", ASSUMED, "non-significant results reported as n.s. only"),
    "as_t": Entry("share", ASSUMED, "results reported as t"),
    "as_d": Entry("share", ASSUMED, "results reported as d"),
    "between_shift": Entry(Z, ASSUMED, "added to the random parts of the studies of this draw"),
    "between_stretch": Entry(
        "ratio", ASSUMED, "multiplied with the random parts of the studies of this draw"
    ),
}
SELECTION = ("middle", "above")
_STEPS = {"middle": "one-sided p from .025 to .5", "above": "one-sided p above .5"}
_EFFECTS = (
    "mean_z", "tau2_between", "tau2_within", "late_effect", "therapist_rated_effect",
    "observer_rated_effect", "ptr_effect", "treatment_effect", "measure_effect", "year_effect",
    "dissertation_effect",
)  # fmt: skip


def effects_codebook(given: EffectParameters, defaults: Mapping[str, object]) -> pd.DataFrame:
    """One row a parameter, then quantities that follow from them; `estimand` is left missing."""
    values = asdict(given)
    chosen, usual = values.pop("selection"), defaults["selection"]
    rows = [
        *parameter_rows(values, defaults, MEANINGS, _EFFECTS),
        *_selection_rows(given, chosen == usual),
        *_derived(given),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _selection_rows(given: EffectParameters, usual: bool) -> Iterator[Row]:
    basis = ASSUMED if usual else ("given in the call", "assumption")
    for step, weight in zip(SELECTION, given.selection, strict=True):
        meaning = f"chance of journal articles to be published, {_STEPS[step]}"
        yield (f"selection_{step}", weight, "relative chance", *basis, nan, nan, meaning)


def _derived(given: EffectParameters) -> Iterator[Row]:
    found = {
        "residual_tau2_between": (
            given.tau2_between - explained_between(given),
            "squared z",
            "variance between studies that no moderator explains",
        ),
        "residual_tau2_within": (
            given.tau2_within - explained_within(given),
            "squared z",
            "variance within studies that no moderator explains",
        ),
        "corrected_r": (
            corrected_correlation(given),
            "correlation",
            "mean correlation of true scores (without measurement error)",
        ),
    }
    for step, weight in zip(SELECTION, observed_weights(given), strict=True):
        meaning = f"chance of any study to be in the file, {_STEPS[step]}"
        found[f"weight_{step}"] = (weight, "relative chance", meaning)
    for name, (value, unit, meaning) in found.items():
        yield (name, value, unit, *DERIVED, value, nan, meaning)
