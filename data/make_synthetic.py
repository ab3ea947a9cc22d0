"""Write `data/synthetic` again, byte for byte; with ``--check`` only compare.

    python data/make_synthetic.py            # write the files
    python data/make_synthetic.py --check    # exit 1 and name the files that differ

The estimands of the codebooks come from one large simulation with a fixed seed, described and
fitted with the library's own estimators.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from effects_estimands import LARGE as LARGE_STUDIES
from effects_recipes import (
    EFFECTS_RECIPES,
    EffectsRecipe,
    effects_codebook_csv,
    effects_csv,
    estimands_of_effects,
)
from estimands import estimands_of
from item_recipes import ITEM_RECIPES, ItemRecipe, item_estimands, items_codebook_csv, items_csv
from process_estimands import PROCESS_ROWS, process_estimands
from recipes import (
    CHANGE,
    FREE,
    LARGE,
    LARGE_SEED,
    PROCESS_RECIPES,
    RECIPES,
    SOURCES,
    Recipe,
)
from texts import Row, fixed, row

from alliance_stats.data import SessionData
from alliance_stats.data.codebook_check import file_quantities
from alliance_stats.data.roles import SYNTHETIC_ROLES, Roles
from alliance_stats.simulate import describe_study
from alliance_stats.simulate.observed import OBSERVED
from alliance_stats.simulate.process_study.parameters import FIXED

FOLDER = Path(__file__).resolve().parent / "synthetic"
TEMPLATE = FOLDER.with_name("synthetic_readme.md")
DECIMALS = {
    "session": 0,
    "week": 2,
    "wai_total": 0,
    "phq9": 0,
    "phq9_intake": 0,
    "wai_therapist": 0,
    "wai_observer": 0,
    "motivation": 0,
    "adherence": 0,
    "expectation": 0,
}

#: What studies report, by the names of `OBSERVED`: aim, source and status.
PUBLISHED = {
    "intake_mean": ("15", "usual values of out-patient samples", "memory"),
    "intake_sd": ("5.5", "usual values of out-patient samples", "memory"),
    "outcome_change_d": ("-1", "usual values of out-patient samples", "memory"),
    "outcome_icc_patient": (".65", "assumed, trends apart", "assumption"),
    "alliance_icc_patient": (".67", "assumed, trends apart", "assumption"),
    "alliance_autocorrelation": (".30", "assumed, before centring on means", "assumption"),
    "outcome_autocorrelation": (".35", "assumed, trends apart", "assumption"),
    "alliance_at_maximum": (".10 to .20", "direction: Meier & Feeley 2022", "assumption"),
    "flat_patients": (".05 to .10", "assumed", "assumption"),
    "early_alliance_r": ("-.28", "Flückiger et al. 2018 (.278, better = higher)", "found"),
    "dropout_share": (".20", "assumed", "assumption"),
    "dropout_d": (".55", "Sharf et al. 2010", "found"),
    "dyad_r": (".36", "Tryon et al. 2007", "found"),
    "dyad_d": (".63", "Tryon et al. 2007", "found"),
    "sessions_median": ("9", "assumed", "assumption"),
    "sessions_largest": ("25", "assumed", "assumption"),
    "caseload_largest": ("40", "assumed", "assumption"),
    "missed_sessions": (".15", "assumed, of sessions after the first", "assumption"),
    "missing_ratings": (".01 to .02", "assumed", "assumption"),
}


def session_csv(recipe: Recipe) -> str:
    """Sessions of `recipe` as CSV text with fixed decimals; missing ratings are empty."""
    frame = recipe.simulate().frame
    text = frame.copy()
    for name in frame.columns.intersection(list(DECIMALS)):
        text[name] = [fixed(value, DECIMALS[name]) for value in frame[name]]
    return str(text.to_csv(index=False, lineterminator="\n"))


#: Estimates of `fit_outcome`: unit and meaning. Unlike ``observed_early_alliance_r`` they are of
#: the patients in the model and signed as the library prints them.
FITTED = "over fitted patients (scores at intake, in the window and after it)"
EARLY_ALLIANCE = {
    "early_alliance_b": (
        "outcome points per alliance point",
        f"fit_outcome: effect of early alliance given intake and early change, {FITTED}",
    ),
    "early_alliance_standardised": ("SD per SD", f"fit_outcome: the same in SDs {FITTED}"),
    "early_alliance_r": (
        "correlation",
        f"fit_outcome: zero-order, positive = better outcome, {FITTED}; "
        "observed_early_alliance_r: all patients rated, raw sign",
    ),
    "early_alliance_partial_r": (
        "correlation", "fit_outcome: intake and early change held constant in both, same sign",
    ),
    "early_alliance_semi_partial_r": (
        "correlation", "fit_outcome: intake and early change out of early alliance, same sign",
    ),
}  # fmt: skip
#: Estimates of `fit_lagged` in raw units; ``lagged_effect`` and ``reverse_effect`` are in SDs.
LAGGED = {
    "alliance_to_outcome": (
        "outcome points per alliance point",
        "fit_lagged: path from the alliance of one session to the outcome of the next",
    ),
    "outcome_to_alliance": (
        "alliance points per outcome point",
        "fit_lagged: path from the outcome of session t, rated before it, to its alliance",
    ),
    "outcome_autoregression": (
        "outcome points per outcome point",
        "fit_lagged: biased downwards in short treatments",
    ),
    "alliance_autoregression": (
        "alliance points per alliance point",
        "fit_lagged: biased downwards in short treatments",
    ),
}
FILE_MEANINGS = {
    "file_rows": ("sessions", "rows"),
    "file_patients": ("patients", "patients"),
    "file_therapists": ("therapists", "therapists"),
    "file_alliance_mean": ("alliance points", "mean alliance"),
    "file_outcome_mean": ("outcome points", "mean outcome"),
}


def codebook(recipe: Recipe, estimands: Mapping[str, float]) -> pd.DataFrame:
    """Codebook of `recipe`: the file, parameters and observed quantities, with their estimands."""
    sessions = recipe.simulate()
    book = sessions.codebook
    if book is None:
        raise SystemExit("simulate_sessions returned no codebook")
    rows = [
        *seed_rows(recipe),
        *file_rows(sessions),
        *sourced(book.drop(columns="estimand").to_dict("records")),
        *result_rows("", EARLY_ALLIANCE),
        *result_rows("", LAGGED),
        *(result_rows("", PROCESS_ROWS) if recipe in PROCESS_RECIPES else ()),
        *result_rows("observed_", OBSERVED),
    ]
    whole = pd.DataFrame(rows)
    whole["estimand"] = whole["parameter"].map(estimands)
    if "wai_therapist" not in sessions.frame:
        whole = whole[~whole["parameter"].str.startswith("observed_dyad_")]
    return whole[book.columns.tolist()]


def seed_rows(recipe: Recipe) -> Iterator[Row]:
    """The seeds of the file and of its estimands."""
    seeds = {
        "seed": (recipe.seed, "seed of this file; fixed before looking at the data"),
        "estimand_seed": (LARGE_SEED, "seed of the large simulation behind the estimands"),
    }
    for name, (value, meaning) in seeds.items():
        yield row(name, "none", "fixed", meaning) | {"value": value}


def file_rows(sessions: SessionData) -> Iterator[Row]:
    """What `load_example` compares with the file, to find a codebook that does not fit it."""
    roles = sessions.roles or SYNTHETIC_ROLES
    for name, value in file_quantities(sessions.frame, roles).items():
        unit, meaning = FILE_MEANINGS[name]
        yield row(name, unit, "counted", f"{meaning} in this file") | {"value": value}


def result_rows(prefix: str, meanings: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
    """Rows without a value: results of the large simulation."""
    for name, (unit, meaning) in meanings.items():
        yield row(prefix + name, unit, "large simulation", meaning)


def sourced(parameters: list[Row]) -> Iterator[Row]:
    """Rows of parameters; changed values that are published get their own source."""
    for given in parameters:
        basis = SOURCES.get((given["parameter"], given["value"]))  # type: ignore[call-overload]
        changed = given["source"] == "given in the call" and basis is not None
        yield given | dict(zip(("source", "status"), basis, strict=True)) if changed else given


def codebook_csv(recipe: Recipe, estimands: dict[str, float]) -> str:
    """The codebook as CSV text: values shortest, structural values and estimands to 4 decimals."""
    book = codebook(recipe, estimands)
    text = book.copy()
    text["value"] = ["" if np.isnan(v) else f"{v:.6g}" for v in book["value"]]
    for name in ("structural", "estimand"):
        text[name] = [fixed(v, 4) for v in book[name]]
    return str(text.to_csv(index=False, lineterminator="\n"))


def fitted_roles(recipe: Recipe, sessions: SessionData) -> Roles:
    """Roles of the fits: without therapists where a patient has several, or none."""
    roles = sessions.roles or SYNTHETIC_ROLES
    if recipe.changes.keys() & (CHANGE | FREE).keys():
        return replace(roles, therapist=None)
    return roles


def find_estimands(recipe: Recipe) -> dict[str, float]:
    """Limits of estimates and of descriptive quantities under the process of `recipe`."""
    large = recipe.simulate_large()
    found = estimands_of(large, fitted_roles(recipe, large))
    if recipe not in PROCESS_RECIPES:
        return found
    own = found | process_estimands(large)
    return {name: value for name, value in own.items() if name not in FIXED}


def descriptives_table(limits: Mapping[str, float]) -> str:
    """Published descriptives beside those of the files and their `limits`, in Markdown."""
    plain, dyads = (describe_study(recipe.simulate()) for recipe in (RECIPES[0], RECIPES[2]))
    lines = ["| quantity | aim | source | status | file | limit |", "|---|---|---|---|---|---|"]
    for name, (aim, source, status) in PUBLISHED.items():
        values = (dyads if name.startswith("dyad_") else plain)[name], limits[f"observed_{name}"]
        shown = " | ".join(f"{round(value, 4):.2f}" for value in values)
        lines.append(f"| {OBSERVED[name][1]} | {aim} | {source} | {status} | {shown} |")
    return "\n".join(lines)


def readme(limits: Mapping[str, float]) -> str:
    """The page of the folder; `limits` are the estimands of the codebooks."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        files=file_lines(RECIPES),
        item_files=file_lines(ITEM_RECIPES),
        process_files=file_lines(PROCESS_RECIPES),
        effects_files=effects_lines(EFFECTS_RECIPES),
        large_studies=LARGE_STUDIES,
        n_files=len(RECIPES),
        table=descriptives_table(limits),
        large_patients=LARGE["n_patients"],
        large_therapists=LARGE["n_therapists"],
        large_seed=LARGE_SEED,
    )


def file_lines(recipes: Sequence[Recipe | ItemRecipe]) -> str:
    """Lines of a table of files: name, what it is, sessions, seed."""
    return "\n".join(
        f"| `{recipe.name}.csv` | {recipe.what}: {len(recipe.simulate().frame):,} sessions "
        f"| {recipe.seed} |"
        for recipe in recipes
    )


def effects_lines(recipes: Sequence[EffectsRecipe]) -> str:
    """The same of files of study results: effects and studies."""
    frames = [(recipe, recipe.simulate().frame) for recipe in recipes]
    return "\n".join(
        f"| `{recipe.name}.csv` | {recipe.what}: {len(frame):,} effects of "
        f"{frame['study'].nunique()} studies | {recipe.seed} |"
        for recipe, frame in frames
    )


def write_text(path: Path, text: str) -> None:
    """Write `text` in one step: a temporary file in the same folder, then a rename."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_all(folder: Path) -> list[str]:
    """Write every file into `folder`; return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    recipes = (*RECIPES, *PROCESS_RECIPES)
    texts = {f"{recipe.name}.csv": session_csv(recipe) for recipe in recipes}
    found = {recipe.name: find_estimands(recipe) for recipe in recipes}
    texts["README.md"] = readme(found["dyads"] | found["sessions"])
    for recipe in recipes:
        texts[f"{recipe.name}_codebook.csv"] = codebook_csv(recipe, found[recipe.name])
    for item_recipe in ITEM_RECIPES:
        name = item_recipe.name
        texts[f"{name}.csv"] = items_csv(item_recipe)
        texts[f"{name}_codebook.csv"] = items_codebook_csv(item_recipe, item_estimands(name))
    for effects_recipe in EFFECTS_RECIPES:
        name = effects_recipe.name
        texts[f"{name}.csv"] = effects_csv(effects_recipe)
        limits = estimands_of_effects(name)
        texts[f"{name}_codebook.csv"] = effects_codebook_csv(effects_recipe, limits)
    for name, text in texts.items():
        write_text(folder / name, text)
    return sorted(texts)


def differing(names: list[str], fresh: Path, stored: Path) -> list[str]:
    """Those of `names` that `stored` lacks or holds with other bytes than `fresh`."""
    return [
        name
        for name in names
        if not (stored / name).is_file()
        or (stored / name).read_bytes() != (fresh / name).read_bytes()
    ]


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or compare them; the exit status."""
    parser = argparse.ArgumentParser(description="Write data/synthetic again, byte for byte.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 if they differ")
    if not parser.parse_args(arguments).check:
        print(f"Wrote {', '.join(write_all(FOLDER))} to {FOLDER.name}/.")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary)
        names = write_all(fresh)
        changed = differing(names, fresh, FOLDER)
    for name in changed:
        print(f"{FOLDER.name}/{name} differs from a fresh run. Run `make data`.", file=sys.stderr)
    return 1 if changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
