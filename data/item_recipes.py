"""The files of item answers: their recipes, texts and codebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd
from texts import Row, fixed, row

from alliance_stats.data import SessionData
from alliance_stats.data.codebook_check import file_quantities
from alliance_stats.data.examples import ITEM_CHECKS
from alliance_stats.simulate import simulate_items
from alliance_stats.simulate.items.truth import observed_truth

LARGE = {"n_patients": 40_000, "n_therapists": 4_000}
LARGE_SEED = 1000


@dataclass(frozen=True)
class ItemRecipe:
    """One data file of items: its name, its seed and how it differs from the defaults."""

    name: str
    seed: int
    what: str
    changes: dict[str, Any] = field(default_factory=dict)

    def simulate(self) -> SessionData:
        """The data of the file."""
        return simulate_items(**self.changes, rng=self.seed)

    def simulate_large(self) -> SessionData:
        """The same process with so many patients that estimates stand at their limits."""
        return simulate_items(**LARGE, **self.changes, rng=LARGE_SEED)


ITEM_RECIPES = (
    ItemRecipe("items", 11, "answers to the items of an alliance inventory and a symptom scale"),
    ItemRecipe(
        "items_null", 12, "null twin of `items`", {"within_effect": 0.0, "between_effect": 0.0}
    ),
)
MEANINGS = {
    "file_rows": ("sessions", "rows"),
    "file_patients": ("patients", "patients"),
    "file_therapists": ("therapists", "therapists"),
    "file_alliance_mean": ("response", "mean of wai_1"),
    "file_outcome_mean": ("response", "mean of phq9_1"),
}


def items_csv(recipe: ItemRecipe) -> str:
    """Answers of `recipe` as CSV text without decimals; missing answers are empty."""
    frame = recipe.simulate().frame
    text = frame.copy()
    for name in frame.columns[3:]:
        text[name] = ["" if pd.isna(value) else f"{value:.0f}" for value in frame[name]]
    return str(text.to_csv(index=False, lineterminator="\n"))


@cache
def item_estimands(name: str) -> dict[str, float]:
    """Reliabilities and correlations of the answers in a large simulation."""
    recipe = next(r for r in ITEM_RECIPES if r.name == name)
    return observed_truth(recipe.simulate_large().frame)


def items_codebook_csv(recipe: ItemRecipe, estimands: Mapping[str, float]) -> str:
    """The codebook as CSV text: values shortest, structural values and estimands to 4 decimals."""
    sessions = recipe.simulate()
    if sessions.codebook is None:
        raise SystemExit("simulate_items returned no codebook")
    rows = [*_file_rows(recipe, sessions.frame), *sessions.codebook.to_dict("records")]
    book = pd.DataFrame(rows)[sessions.codebook.columns.tolist()]
    book["estimand"] = book["parameter"].map(dict(estimands))
    book["value"] = ["" if pd.isna(v) else f"{v:.6g}" for v in book["value"]]
    for name in ("structural", "estimand"):
        book[name] = [fixed(v, 4) for v in book[name]]
    return str(book.to_csv(index=False, lineterminator="\n"))


def _file_rows(recipe: ItemRecipe, frame: pd.DataFrame) -> Iterator[Row]:
    """The seeds, and what `load_example` compares with the file."""
    seeds = {
        "seed": (recipe.seed, "seed of this file; fixed before looking at the data"),
        "estimand_seed": (LARGE_SEED, "seed of the large simulation behind the estimands"),
    }
    for name, (seed, meaning) in seeds.items():
        yield row(name, "none", "fixed", meaning) | {"value": seed}
    for name, value in file_quantities(frame, ITEM_CHECKS).items():
        unit, meaning = MEANINGS[name]
        yield row(name, unit, "counted", f"{meaning} in this file") | {"value": value}
