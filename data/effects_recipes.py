"""The files of study results: their recipes, texts and codebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd
from effects_estimands import LARGE_SEED, effect_estimands
from texts import Row, fixed, row

from alliance_stats.data.codebook_check import effects_quantities
from alliance_stats.simulate import simulate_studies
from alliance_stats.simulate.studies.simulate import SimulatedStudies

Changes = dict[str, Any]
DECIMALS = {
    "patients_per_therapist": 1, "reliability_alliance": 2, "reliability_outcome": 2,
    "r": 3, "t": 2, "d": 2,
}  # fmt: skip
NO_EFFECT: Changes = {
    "mean_z": 0.0,
    "tau2_between": 0.0,
    "tau2_within": 0.0,
    "late_effect": 0.0,
    "therapist_rated_effect": 0.0,
    "ptr_effect": 0.0,
    "between_shift": 0.0,
    "between_stretch": 1.0,
}
#: Solved (`effects_estimands.match`): with them this file has the published mean and interval.
MATCH: Changes = {"between_shift": 0.0156, "between_stretch": 1.147}
MATCHED = ("solved: r = .278 and its interval in this file, Fluckiger 2018", "found")
#: One effect a study, no moderators, nothing kept back but by the selection of whole studies.
SELECTED: Changes = {
    "n_studies": 200,
    "another_effect": 0.0,
    "tau2_within": 0.0,
    "late_effect": 0.0,
    "therapist_rated_effect": 0.0,
    "ptr_effect": 0.0,
    "unreported": 0.0,
    "selection": (0.4, 0.2),
}


@dataclass(frozen=True)
class EffectsRecipe:
    """One data file of study results: its name, its seed and how it differs from the defaults."""

    name: str
    seed: int
    what: str
    changes: Changes = field(default_factory=dict)

    def simulate(self) -> SimulatedStudies:
        """The data of the file."""
        return simulate_studies(**self.changes, rng=self.seed)


EFFECTS_RECIPES = (
    EffectsRecipe("effects", 15, "correlations with a published mean and interval", MATCH),
    EffectsRecipe("effects_null", 16, "null twin of `effects`", NO_EFFECT),
    EffectsRecipe("effects_selected", 17, "significant results published more often", SELECTED),
    EffectsRecipe(
        "effects_selected_null", 18, "null twin of `effects_selected`", SELECTED | NO_EFFECT
    ),
)
#: Rows of the codebook that are no parameter: unit and meaning.
MEANINGS = {
    "file_rows": ("effects", "rows in this file"),
    "file_studies": ("studies", "studies in this file"),
    "file_r_mean": ("correlation", "mean of column r in this file"),
}
RESULTS = {
    "mean_r": ("correlation", "tanh of the mean of the three-level model"),
    "standard_error": ("Fisher's z", "of that mean, in files of this number of studies"),
    "unselected_mean_z": ("Fisher's z", "the mean of the same studies without selection"),
    "unselected_tau2": ("squared z", "the heterogeneity of the same studies without selection"),
    "observed_effects": ("effects", "mean number of effects a study"),
    "observed_n_median": ("patients", "median study size"),
    "observed_n_mean": ("patients", "mean study size"),
    "observed_negative": ("share", "effects below zero, of those reported"),
    "observed_unreported": ("share", "effects of which only n.s. is reported"),
    "observed_dissertations": ("share", "studies that are dissertations"),
}


def effects_csv(recipe: EffectsRecipe) -> str:
    """Results of `recipe` as CSV text with fixed decimals; what is not reported is empty."""
    frame = recipe.simulate().frame
    text = frame.copy()
    for name, decimals in DECIMALS.items():
        text[name] = [fixed(value, decimals) for value in frame[name]]
    return str(text.to_csv(index=False, lineterminator="\n"))


@cache
def estimands_of_effects(name: str) -> dict[str, float]:
    """Limits of estimates under the process of a file."""
    recipe = next(r for r in EFFECTS_RECIPES if r.name == name)
    return effect_estimands(recipe.changes)


def effects_codebook_csv(recipe: EffectsRecipe, estimands: Mapping[str, float]) -> str:
    """The codebook as CSV text: values shortest, structural values and estimands to 4 decimals."""
    simulated = recipe.simulate()
    rows = [
        *_file_rows(recipe, simulated.frame),
        *_sourced(recipe, simulated.codebook.to_dict("records")),
        *_result_rows(recipe),
    ]
    book = pd.DataFrame(rows)[simulated.codebook.columns.tolist()]
    book["estimand"] = book["parameter"].map(dict(estimands))
    book["value"] = ["" if pd.isna(v) else f"{v:.6g}" for v in book["value"]]
    for name in ("structural", "estimand"):
        book[name] = [fixed(v, 4) for v in book[name]]
    return str(book.to_csv(index=False, lineterminator="\n"))


def _sourced(recipe: EffectsRecipe, rows: list[Row]) -> Iterator[Row]:
    """Rows of parameters; those that make the file match get their own source."""
    own = MATCH.keys() if recipe.changes == MATCH else ()
    for given in rows:
        matched = given["parameter"] in own
        yield given | (dict(zip(("source", "status"), MATCHED, strict=True)) if matched else {})


def _file_rows(recipe: EffectsRecipe, frame: pd.DataFrame) -> Iterator[Row]:
    """The seeds, and what `load_example` compares with the file."""
    seeds = {
        "seed": (recipe.seed, "seed of this file; fixed before looking at the data"),
        "estimand_seed": (LARGE_SEED, "seed of the large simulation behind the estimands"),
    }
    for name, (seed, meaning) in seeds.items():
        yield row(name, "none", "fixed", meaning) | {"value": seed}
    for name, value in effects_quantities(frame).items():
        unit, meaning = MEANINGS[name]
        yield row(name, unit, "counted", meaning) | {"value": value}


def _result_rows(recipe: EffectsRecipe) -> Iterator[Row]:
    selects = "selection" in recipe.changes
    for name, (unit, meaning) in RESULTS.items():
        if selects or not name.startswith("unselected"):
            yield row(name, unit, "large simulation", meaning)
