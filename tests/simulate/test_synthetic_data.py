"""The shipped files equal a fresh simulation with the stated seeds."""

from __future__ import annotations

import collections
import importlib
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.data import load_example
from alliance_stats.data.examples import EXAMPLES
from alliance_stats.simulate import describe_study, simulate_sessions

DATA = Path(__file__).resolve().parents[2] / "data"
SYNTHETIC = DATA / "synthetic"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module, with its folder on the path as when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DATA)
        return importlib.import_module("make_synthetic")


PROCESS = ["process", "process_null"]
NAMES = [name for name in EXAMPLES if name not in PROCESS]
LIMITS = collections.defaultdict(float, within_effect=-0.1)


SEEDS = [*enumerate(NAMES, start=1), *enumerate(PROCESS, start=13)]


def recipe_of(script: ModuleType, name: str) -> Any:
    (recipe,) = (r for r in (*script.RECIPES, *script.PROCESS_RECIPES) if r.name == name)
    return recipe


@pytest.mark.parametrize(("seed", "name"), SEEDS)
def test_file_equals_fresh_simulation(script: ModuleType, name: str, seed: int) -> None:
    recipe = recipe_of(script, name)
    assert recipe.seed == seed
    stored = (SYNTHETIC / f"{name}.csv").read_bytes()
    assert b"\r" not in stored
    assert stored.decode() == script.session_csv(recipe)


def test_file_reads_back_as_the_frame() -> None:
    stored = pd.read_csv(SYNTHETIC / "sessions.csv")
    fresh = simulate_sessions(n_patients=240, n_therapists=24, rng=1).frame
    pd.testing.assert_frame_equal(stored, fresh, check_dtype=False)


@pytest.mark.parametrize("name", [*NAMES, *PROCESS])
def test_codebook_equals_fresh_codebook_but_for_estimands(script: ModuleType, name: str) -> None:
    recipe = recipe_of(script, name)
    stored, fresh = (
        pd.read_csv(source, dtype=str, keep_default_na=False).drop(columns="estimand")
        for source in (
            SYNTHETIC / f"{name}_codebook.csv",
            io.StringIO(script.codebook_csv(recipe, {})),
        )
    )
    pd.testing.assert_frame_equal(stored, fresh)
    assert stored["parameter"].is_unique
    assert set(stored["status"]) <= {"found", "memory", "assumption"}
    structural = stored.set_index("parameter")["structural"]
    assert float(structural["within_effect"]) == (0 if name.endswith("_null") else -0.08)


def test_readme_is_current(script: ModuleType) -> None:
    limits: dict[str, float] = {}
    for name in ("dyads", "sessions"):
        book = pd.read_csv(SYNTHETIC / f"{name}_codebook.csv").set_index("parameter")
        limits |= book["estimand"].dropna().to_dict()
    page = script.readme(limits)
    assert (SYNTHETIC / "README.md").read_text(encoding="utf-8") == page
    assert "synthetic" in page
    docs = DATA.parent / "docs" / "explanation" / "synthetic-data.md"
    assert script.descriptives_table(limits) in docs.read_text(encoding="utf-8")


def test_changed_share_of_therapists_keeps_its_published_source(script: ModuleType) -> None:
    book = script.codebook(script.RECIPES[8], {}).set_index("parameter")
    share = book.loc["outcome_therapist_share", ["value", "source", "status"]].tolist()
    assert share == [0.08, "Johns 2019", "found"]
    given = script.codebook(script.RECIPES[4], {}).set_index("parameter")
    assert given.loc["therapist_change", "source"] == "given in the call"


@pytest.mark.parametrize("name", NAMES)
def test_empty_estimands_are_the_ones_the_readme_names(name: str) -> None:
    book = pd.read_csv(SYNTHETIC / f"{name}_codebook.csv").set_index("parameter")
    described = ~book.index.str.match("file_|seed|estimand_seed|n_|.*_range_|therapist_ratings")
    empty = set(book.index[book["estimand"].isna() & described])
    if name.startswith(("therapist_change", "therapist_free")):
        empty -= {
            "alliance_therapist_share", "outcome_therapist_share", "therapist_between_effect",
            "therapist_contextual_effect", "outcome_residual_sd_therapist",
            "standardised_effect_therapist",
        }  # fmt: skip
    if not name.startswith("dyads"):
        empty -= {"dyad_correlation", "dyad_difference"}
    assert empty == {"length_improvement", "improvement_alliance", "improvement_outcome"}


@pytest.mark.parametrize("name", ["dyads", "therapist_change", "process"])
def test_every_estimand_has_a_row(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    recipe = recipe_of(script, name)
    monkeypatch.setattr(type(recipe), "simulate_large", lambda self: self.simulate())
    found = script.find_estimands(recipe)
    book = script.codebook(recipe, found).set_index("parameter")["estimand"]
    assert set(found) <= set(book.index)
    assert np.isfinite(list(found.values())).all()


def test_estimands_land_in_their_rows(script: ModuleType) -> None:
    book = script.codebook(script.RECIPES[0], {"within_effect": -0.1057, "observed_outcome_sd": 6})
    estimands = book.set_index("parameter")["estimand"].dropna()
    assert estimands.to_dict() == {"within_effect": -0.1057, "observed_outcome_sd": 6}
    assert ",-0.0800,-0.1057," in script.codebook_csv(script.RECIPES[0], {"within_effect": -0.1057})


def test_every_description_has_a_meaning(script: ModuleType) -> None:
    found = describe_study(simulate_sessions(rng=1))
    assert list(found) == [name for name in script.OBSERVED if not name.startswith("dyad_")]
    dyads = describe_study(simulate_sessions(therapist_ratings=True, rng=1))
    assert list(dyads) == list(script.OBSERVED)


@pytest.mark.parametrize("name", [*NAMES, *PROCESS])
def test_example_has_the_roles_of_its_simulation(script: ModuleType, name: str) -> None:
    assert load_example(name).roles == recipe_of(script, name).simulate().roles


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("_null")])
def test_null_twin_differs_by_its_effects_only(name: str) -> None:
    recipes = importlib.import_module("recipes")
    pair = {r.name: r.changes for r in recipes.RECIPES if r.name.removesuffix("_null") == name}
    assert pair[f"{name}_null"] == pair[name] | recipes.NO_EFFECT


def test_null_twin_of_the_process_study_has_no_path_to_motivation_either() -> None:
    recipes = importlib.import_module("recipes")
    effect, null = (recipe.changes for recipe in recipes.PROCESS_RECIPES)
    assert effect == {}
    assert null == recipes.NO_EFFECT | {"alliance_to_motivation": 0.0}


#: Rows of the process study that a model fills when it comes, and those nothing can fill.
OPEN = {
    "adherence_alliance", "adherence_to_outcome", "alliance_to_motivation",
    "dropout_alliance_effect", "expectation_alliance_correlation", "expectation_effect",
    "improvement_alliance", "improvement_outcome", "indirect_effect", "length_improvement",
    "motivation_alliance_correlation", "motivation_ar", "motivation_path_a", "motivation_path_b",
    "motivation_to_outcome", "outcome_to_motivation", "severity_effect",
    "treatment_between_difference", "treatment_lagged_difference", "treatment_within_difference",
}  # fmt: skip


@pytest.mark.parametrize("name", PROCESS)
def test_rows_of_the_process_study_have_estimands_but_for_models_to_come(name: str) -> None:
    book = pd.read_csv(SYNTHETIC / f"{name}_codebook.csv").set_index("parameter")
    described = ~book.index.str.match("file_|seed|estimand_seed|n_|.*_range_")
    assert set(book.index[book["estimand"].isna() & described]) <= OPEN
    assert book.loc[book["estimand"].notna()].index.str.startswith("early_").sum() == 5


def test_fixed_decimals(script: ModuleType) -> None:
    shown = [script.fixed(v, 1) for v in (3.0, -0.04, np.nan, 12.25)]
    assert shown == ["3.0", "0.0", "", "12.2"]


def test_differing_names_changed_and_absent_files(script: ModuleType, tmp_path: Path) -> None:
    fresh, stored = tmp_path / "fresh", tmp_path / "stored"
    for folder in (fresh, stored):
        folder.mkdir()
        script.write_text(folder / "same.csv", "a,b\n")
        script.write_text(folder / "changed.csv", f"{folder.name}\n")
    script.write_text(fresh / "absent.csv", "1\n")
    names = ["absent.csv", "changed.csv", "same.csv"]
    assert script.differing(names, fresh, stored) == ["absent.csv", "changed.csv"]
    assert sorted(p.name for p in fresh.iterdir()) == names


def test_check_exits_with_1_and_names_the_file(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(script, "find_estimands", lambda recipe: LIMITS)
    monkeypatch.setattr(script, "item_estimands", lambda name: LIMITS)
    monkeypatch.setattr(script, "estimands_of_effects", lambda name: LIMITS)
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    assert script.main([]) == 0
    assert script.main(["--check"]) == 0
    (tmp_path / "sessions_null.csv").write_text("patient\n")
    assert script.main(["--check"]) == 1
    errors = capsys.readouterr().err
    assert "sessions_null.csv differs" in errors
    assert "sessions.csv" not in errors


def test_failed_write_leaves_the_file_as_it_was(script: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    script.write_text(path, "old\n")
    with pytest.raises(UnicodeEncodeError):
        script.write_text(path, "\ud800")
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_all_files_estimands_too_equal_a_fresh_run(script: ModuleType) -> None:
    assert script.main(["--check"]) == 0
