"""Write `data/synthetic` again, byte for byte; with ``--check`` only compare.

    python data/make_synthetic.py            # write the files
    python data/make_synthetic.py --check    # exit 1 and name the files that differ

The estimands of the codebooks come from one large simulation with a fixed seed, fitted with
`alliance_stats.fit_within_between`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import alliance_stats
from alliance_stats.data import SessionData
from alliance_stats.data.roles import SYNTHETIC_ROLES
from alliance_stats.simulate import describe_study, simulate_sessions

FOLDER = Path(__file__).resolve().parent / "synthetic"
SIZE = {"n_patients": 240, "n_therapists": 24}
LARGE = {"n_patients": 40_000, "n_therapists": 4_000}
LARGE_SEED = 1000
Changes = dict[str, Any]
NO_EFFECT: Changes = {
    "lagged_effect": 0.0,
    "within_effect": 0.0,
    "within_effect_sd": 0.0,
    "patient_between_effect": 0.0,
    "therapist_between_effect": 0.0,
}
LEVELS = {name: name for name in ("within", "patient_between", "therapist_between")}
LEVELS_OF_TWO = {"within": "within", "between": "patient_between"}
DECIMALS = {
    "session": 0,
    "week": 2,
    "wai_total": 0,
    "phq9": 0,
    "phq9_intake": 0,
    "wai_therapist": 0,
}


@dataclass(frozen=True)
class Recipe:
    """One data file: its name, its seed and how it differs from the defaults."""

    name: str
    seed: int
    what: str
    changes: Changes = field(default_factory=dict)

    def simulate(self) -> SessionData:
        """The data of the file."""
        return simulate_sessions(**SIZE, **self.changes, rng=self.seed)

    def simulate_large(self) -> SessionData:
        """The same process with so many patients that estimates stand at their limits."""
        return simulate_sessions(**LARGE, **self.changes, rng=LARGE_SEED)


DYADS: Changes = {"therapist_ratings": True}
CHANGE: Changes = {"therapist_change": 0.06}
FREE: Changes = {"therapist_free": 0.5}
RECIPES = (
    Recipe("sessions", 1, "patients rate the alliance"),
    Recipe("sessions_null", 2, "null twin of `sessions`", NO_EFFECT),
    Recipe("dyads", 3, "therapists rate the alliance too", DYADS),
    Recipe("dyads_null", 4, "null twin of `dyads`", DYADS | NO_EFFECT),
    Recipe("therapist_change", 5, "about 5% of patients change their therapist", CHANGE),
    Recipe("therapist_change_null", 6, "null twin of `therapist_change`", CHANGE | NO_EFFECT),
    Recipe("therapist_free", 7, "half of the patients have no therapist", FREE),
    Recipe("therapist_free_null", 8, "null twin of `therapist_free`", FREE | NO_EFFECT),
)

README = """\
# Synthetic sessions

**All data in this folder are synthetic.** No patient, therapist or session is real. The files
come from `python data/make_synthetic.py`, which writes them byte for byte the same each time.

| file | what | seed |
|---|---|---|
{files}

Each file holds 240 patients and 24 therapists. The seeds 1 to 8 were fixed before anyone looked at
the data, and no other seeds were tried. A null twin has no alliance effect at all; everything else
is kept. Alliance and outcome are still tied in it: by the effect of the outcome on the next
alliance and by improvement under way before therapy.

## Columns

One row is one session, ordered by patient, then session.

| column | role | meaning |
|---|---|---|
| `therapist` | therapist | identifier, `T01` … |
| `patient` | patient | identifier, `P0001` …; one therapist each, but for `therapist_*` |
| `session` | session | number of the session; a missed session has no row, but it is counted |
| `week` | time | weeks since the first session; sessions are planned weekly, a few days off |
| `wai_total` | alliance | total like the WAI-SR's, 12 to 60, higher is better; empty if missing |
| `phq9` | outcome | total like the PHQ-9's, 0 to 27, lower is better; empty if missing |
| `phq9_intake` | baseline | the same total before the first session |
| `wai_therapist` | alliance_therapist | the therapist's rating of the same session; `dyads` only |
| `ended` | ended | `agreed` or `dropout`, for the whole of the patient's therapy |
| `treatment` | treatment | `therapist` or `self-guided`; `therapist_free` only |

The outcome is rated before the session, the alliance after it.

## Codebooks

`{{file}}_codebook.csv` has one row a parameter: `parameter, value, unit, source, status,
structural, estimand, meaning`. `status` is *found* (published), *memory* (believed usual, not
checked) or *assumption*.

* **structural**: the value of an effect in the equations that made the data. It acts on latent
  components: the therapist's, the patient's and the session's part of the alliance (equations in
  the help of `simulate_sessions`).
* **estimand**: what `fit_within_between` tends to as patients and therapists grow in number. It
  differs from the structural value because ratings are clipped and rounded, patients differ in
  their numbers of sessions, and means are observed rather than known. The means of therapists
  with few patients are mostly the means of their patients, so the therapist effect differs most.
  In `therapist_change` and `therapist_free` it belongs to the model of two levels, without the
  therapist role. It comes from one simulation of {large_patients:,} patients of
  {large_therapists:,} therapists (seed {large_seed}) and carries its Monte Carlo error. Compare
  estimates with this column. Parameters with a counterpart among the observed quantities, such as
  the autoregressions or the share of missing ratings, have that one as estimand.

Rows whose name starts with `observed_` have no parameter: they describe all sessions of that
large simulation.

## Beside published descriptives

*Aim* is the published or assumed value, *file* what is in `sessions.csv` (for dyads in `dyads.csv`)
by chance, *limit* the same in the large simulation.

{table}
"""

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


def fixed(value: float, decimals: int) -> str:
    """`value` with a fixed number of decimals, never ``-0``; empty if missing."""
    return "" if np.isnan(value) else f"{round(float(value), decimals) + 0.0:.{decimals}f}"


def codebook(recipe: Recipe, estimands: dict[str, float]) -> pd.DataFrame:
    """Codebook of `recipe`: seeds, parameters and observed quantities, with their estimands."""
    book = recipe.simulate().codebook
    if book is None:
        raise SystemExit("simulate_sessions returned no codebook")
    seeds = {
        "seed": (recipe.seed, "seed of this file; fixed before looking at the data"),
        "estimand_seed": (LARGE_SEED, "seed of the large simulation behind the estimands"),
    }
    first = pd.DataFrame(
        [(n, v, "none", "fixed", "assumption", m) for n, (v, m) in seeds.items()],
        columns=["parameter", "value", "unit", "source", "status", "meaning"],
    )
    observed = pd.DataFrame(
        [
            (f"observed_{n}", u, "large simulation", "assumption", m)
            for n, (u, m) in OBSERVED.items()
        ],
        columns=["parameter", "unit", "source", "status", "meaning"],
    )
    rows = [
        *first.to_dict("records"),
        *book.drop(columns="estimand").to_dict("records"),
        *observed.to_dict("records"),
    ]
    whole = pd.DataFrame(rows)
    whole["estimand"] = whole["parameter"].map(estimands)
    if not recipe.changes.get("therapist_ratings"):
        whole = whole[~whole["parameter"].str.startswith("observed_dyad_")]
    return whole[book.columns.tolist()]


def codebook_csv(recipe: Recipe, estimands: dict[str, float]) -> str:
    """The codebook as CSV text: values shortest, structural values and estimands to 4 decimals."""
    book = codebook(recipe, estimands)
    text = book.copy()
    text["value"] = ["" if np.isnan(v) else f"{v:.6g}" for v in book["value"]]
    for name in ("structural", "estimand"):
        text[name] = [fixed(v, 4) for v in book[name]]
    return str(text.to_csv(index=False, lineterminator="\n"))


OBSERVED = {
    "alliance_mean": ("alliance points", "mean of all alliance ratings"),
    "alliance_sd": ("alliance points", "SD of all alliance ratings"),
    "alliance_sd_within": ("alliance points", "pooled SD within patients"),
    "alliance_icc_patient": ("share", "one-way ICC of alliance ratings, patients"),
    "alliance_autocorrelation": ("correlation", "alliance, lag 1, deviations from patients' means"),
    "alliance_at_maximum": ("share", "alliance ratings at the maximum"),
    "flat_patients": ("share", "patients with 3 or more ratings, all the same"),
    "outcome_mean": ("outcome points", "mean of all outcome ratings"),
    "outcome_sd": ("outcome points", "SD of all outcome ratings"),
    "outcome_sd_within": ("outcome points", "pooled SD within patients; trend included"),
    "outcome_icc_patient": ("share", "one-way ICC of outcome ratings, patients"),
    "outcome_autocorrelation": ("correlation", "outcome, lag 1, deviations from patients' means"),
    "outcome_at_minimum": ("share", "outcome ratings at the minimum"),
    "intake_mean": ("outcome points", "mean outcome at intake"),
    "intake_sd": ("outcome points", "SD of the outcome at intake"),
    "outcome_change_d": ("SD", "last outcome minus intake in SDs of intake"),
    "dropout_share": ("share", "patients who dropped out"),
    "dropout_d": ("SD", "mean alliance of completers minus dropouts"),
    "early_alliance_r": ("correlation", "alliance of sessions 3 to 5 with the last outcome after"),
    "sessions_median": ("sessions", "median number of the last session"),
    "sessions_largest": ("sessions", "largest number of a session"),
    "caseload_median": ("patients", "median caseload"),
    "caseload_largest": ("patients", "largest caseload"),
    "changed_therapist": ("share", "patients seen by two therapists"),
    "without_therapist": ("share", "patients without a therapist"),
    "missed_sessions": ("share", "sessions up to the last held that were missed"),
    "missing_ratings": ("share", "ratings missing in held sessions"),
    "dyad_r": ("correlation", "patient and therapist rating of the same session"),
    "dyad_d": ("SD", "mean patient minus therapist rating"),
}


def fitted_effects(recipe: Recipe, sessions: SessionData) -> dict[str, float]:
    """Estimates of `fit_within_between` by the codebook's names, with their differences.

    Where a patient has several therapists, or none, the model has two levels.
    """
    roles = sessions.roles or SYNTHETIC_ROLES
    levels = LEVELS
    if recipe.changes.keys() & (CHANGE | FREE).keys():
        roles, levels = replace(roles, therapist=None), LEVELS_OF_TWO
    terms = alliance_stats.fit_within_between(sessions.frame, roles).tidy()
    effect = {
        name: float(terms.loc[terms["effect"] == label, "estimate"].item())
        for label, name in levels.items()
    }
    found = {f"{name}_effect": value for name, value in effect.items()}
    found["patient_contextual_effect"] = effect["patient_between"] - effect["within"]
    if "therapist_between" in effect:
        difference = effect["therapist_between"] - effect["patient_between"]
        found["therapist_contextual_effect"] = difference
    return found


#: Parameters with a counterpart among the observed quantities, which is their estimand.
COUNTERPARTS = {
    "alliance_ar": "alliance_autocorrelation",
    "outcome_ar": "outcome_autocorrelation",
    "outcome_mean": "intake_mean",
    "outcome_sd": "intake_sd",
    "sessions_median": "sessions_median",
    "missing_sessions": "missed_sessions",
    "missing_ratings": "missing_ratings",
    "flat_patients": "flat_patients",
    "dyad_correlation": "dyad_r",
    "dyad_difference": "dyad_d",
    "therapist_change": "changed_therapist",
    "therapist_free": "without_therapist",
}


def find_estimands(recipe: Recipe) -> dict[str, float]:
    """Limits of estimates and of descriptive quantities under the process of `recipe`."""
    large = recipe.simulate_large()
    seen = describe_study(large)
    observed = {f"observed_{name}": value for name, value in seen.items()}
    counterparts = {name: seen[of] for name, of in COUNTERPARTS.items() if of in seen}
    return fitted_effects(recipe, large) | counterparts | observed


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
    rows = []
    for recipe in RECIPES:
        n = len(recipe.simulate().frame)
        rows.append(f"| `{recipe.name}.csv` | {recipe.what}: {n:,} sessions | {recipe.seed} |")
    return README.format(
        files="\n".join(rows),
        table=descriptives_table(limits),
        large_patients=LARGE["n_patients"],
        large_therapists=LARGE["n_therapists"],
        large_seed=LARGE_SEED,
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
    texts = {f"{recipe.name}.csv": session_csv(recipe) for recipe in RECIPES}
    found = {recipe.name: find_estimands(recipe) for recipe in RECIPES}
    texts["README.md"] = readme(found["dyads"] | found["sessions"])
    for recipe in RECIPES:
        texts[f"{recipe.name}_codebook.csv"] = codebook_csv(recipe, found[recipe.name])
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
