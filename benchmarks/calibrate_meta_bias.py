"""Type I error and coverage of methods for publication bias in simulated sets of correlations.

    python benchmarks/calibrate_meta_bias.py --write docs/calibration.md

Sample sizes are lognormal (median 60, SD .8 of the logarithm, at least 10); true effects are
Fisher's z around .2855 (r = .278) with variance .02 between studies. Correlations are drawn as
Fisher's z with variance 1/(n - 3). Dependent effects: 1 to 8 a study, sampling errors correlated
.6, sampling variances 1 to 1.5 times those of the study's size, and a variance of .008 within
studies. Where there is selection, results with a one-sided p above .025 are published with
probability .3, and studies are drawn until there are k of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import calibration_shares as shares
import numpy as np
import pandas as pd

import alliance_stats as al

MEAN, TAU2, WITHIN, RHO, WEIGHT = 0.2855, 0.02, 0.008, 0.6, 0.3
SIZES = (10, 30, 100, 295)
CLUSTERED = (20, 50, 100)
SELECTED = (20, 50, 100)
START, END = "<!-- calibrate_meta_bias: start -->", "<!-- calibrate_meta_bias: end -->"


def sizes_of(k: int, rng: np.random.Generator) -> np.ndarray:
    """Sample sizes."""
    return np.maximum(10, np.rint(60.0 * np.exp(0.8 * rng.standard_normal(k))))


def effects(k: int, mean: float, rng: np.random.Generator) -> pd.DataFrame:
    """One effect a study."""
    n = sizes_of(k, rng)
    z = mean + np.sqrt(TAU2 + 1.0 / (n - 3.0)) * rng.standard_normal(k)
    return pd.DataFrame({"yi": z, "vi": 1.0 / (n - 3.0), "ni": n})


def raw(frame: pd.DataFrame) -> pd.DataFrame:
    """The same correlations untransformed, with their usual sampling variance."""
    r = np.tanh(frame["yi"])
    return pd.DataFrame({"yi": r, "vi": (1.0 - r**2) ** 2 / (frame["ni"] - 1.0)})


def dependent(k: int, rng: np.random.Generator) -> pd.DataFrame:
    """Several effects a study."""
    n, m = sizes_of(k, rng), rng.integers(1, 9, k)
    study = np.repeat(np.arange(k), m)
    v = 1.0 / (n[study] - 3.0)
    shared = (MEAN + np.sqrt(TAU2) * rng.standard_normal(k))[study]
    error = np.sqrt(RHO) * rng.standard_normal(k)[study]
    error += np.sqrt(1.0 - RHO) * rng.standard_normal(len(study))
    own = np.sqrt(WITHIN) * rng.standard_normal(len(study))
    v = v * rng.uniform(1.0, 1.5, len(study))
    return pd.DataFrame({"study": study, "yi": shared + own + np.sqrt(v) * error, "vi": v})


def published(k: int, rng: np.random.Generator) -> pd.DataFrame:
    """One effect a study, of those that were published."""
    parts, found = [], 0
    while found < k:
        drawn = effects(2 * k, MEAN, rng)
        z = drawn["yi"] / np.sqrt(drawn["vi"])
        kept = drawn[(z > 1.959964) | (rng.uniform(size=len(drawn)) < WEIGHT)]
        parts.append(kept)
        found += len(kept)
    return pd.concat(parts, ignore_index=True).iloc[:k].reset_index(drop=True)


def egger_p(frame: pd.DataFrame, model: str) -> float:
    """p of the slope."""
    return float(al.meta.egger_test(frame, model=model).tidy()["p_value"].iloc[0])


def asymmetry_rows(studies: int, seed: int) -> list[str]:
    """Rejections of symmetric funnels, one effect a study."""
    asked: dict[str, Callable[[pd.DataFrame], float]] = {
        "Egger, weighted least squares, z": lambda f: egger_p(f, "lm"),
        "Egger, random effects, z": lambda f: egger_p(f, "rma"),
        "rank test, z": lambda f: al.meta.begg_test(f).correlation.p_value,
        "Egger on raw r (refused by name)": lambda f: egger_p(raw(f), "lm"),
    }
    rows = []
    for k in SIZES:
        bench_lmm.say(f"asymmetry {k}")
        p = []
        for stream in np.random.SeedSequence([seed, k]).spawn(studies):
            frame = effects(k, MEAN, np.random.default_rng(stream))
            p.append([ask(frame) for ask in asked.values()])
        columns = np.array(p).T
        for name, values in zip(asked, columns, strict=True):
            rows.append(f"| {name} | {k} | {' | '.join(shares.rejection_cells(values))} |")
    return rows


def dependent_rows(studies: int, seed: int) -> list[str]:
    """Rejections of symmetric funnels, several effects a study."""
    asked: dict[str, Callable[[pd.DataFrame], float]] = {
        "CR2, weighted least squares": lambda f: egger_p(f, "lm"),
        "CR2, random effects": lambda f: egger_p(f, "rma"),
        "as if independent": lambda f: egger_p(f.drop(columns="study"), "lm"),
    }
    rows = []
    for k in CLUSTERED:
        bench_lmm.say(f"dependent {k}")
        p = []
        for stream in np.random.SeedSequence([seed, 1000 + k]).spawn(studies):
            frame = dependent(k, np.random.default_rng(stream))
            p.append([ask(frame) for ask in asked.values()])
        for name, values in zip(asked, np.array(p).T, strict=True):
            rows.append(f"| {name} | {k} | {' | '.join(shares.rejection_cells(values))} |")
    return rows


def selection_p(frame: pd.DataFrame, steps: tuple[float, ...]) -> float:
    """p of no selection; NaN where an interval is empty or the search failed."""
    try:
        result = al.meta.selection_model(frame, steps=steps)
    except al.DataError:
        return float("nan")
    return result.lr_test[2] if result.converged else float("nan")


def selection_rows(studies: int, seed: int) -> list[str]:
    """Rejections of no selection where there is none."""
    rows = []
    for mean, k in ((m, k) for m in (MEAN, 0.0) for k in SELECTED):
        bench_lmm.say(f"selection {k}, {mean}")
        frames = [
            effects(k, mean, np.random.default_rng(stream))
            for stream in np.random.SeedSequence([seed, 2000 + k]).spawn(studies)
        ]
        for steps in ((0.025,), (0.025, 0.5)):
            p = np.array([selection_p(frame, steps) for frame in frames])
            known = p[np.isfinite(p)]
            cells = " | ".join(shares.rejection_cells(known)) if len(known) else "– | – | –"
            left = len(p) - len(known)
            rows.append(f"| {mean:.3f} | {k} | {', '.join(map(str, steps))} | {cells} | {left} |")
    return rows


def answers(frame: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Estimate and interval of every method."""
    found: dict[str, tuple[float, float, float]] = {}
    columns = ["estimate", "ci_low", "ci_high"]
    trimmed = al.meta.trim_fill(frame).tidy()[columns].to_numpy(float)
    found["random effects, not adjusted"] = tuple(trimmed[0])
    found["trim and fill (L0)"] = tuple(trimmed[1])
    pet = al.meta.pet_peese(frame)
    found["PET-PEESE"] = tuple(pet.tidy()[columns].to_numpy(float)[int(pet.chosen == "peese")])
    try:
        model = al.meta.selection_model(frame)
        found["selection model (.025)"] = tuple(model.tidy()[columns].to_numpy(float)[0])
    except al.DataError:
        found["selection model (.025)"] = (np.nan,) * 3
    return found


def coverage_rows(studies: int, seed: int) -> list[str]:
    """Mean estimates and coverage of the mean of all studies, published or not."""
    rows = []
    kinds = {"none": lambda k, rng: effects(k, MEAN, rng), "weight .3": published}
    for words, draw in kinds.items():
        for k in SELECTED[1:]:
            bench_lmm.say(f"coverage {words} {k}")
            found = [
                answers(draw(k, np.random.default_rng(stream)))
                for stream in np.random.SeedSequence([seed, 3000 + k]).spawn(studies)
            ]
            for name in found[0]:
                values = np.array([one[name] for one in found])
                values = values[np.isfinite(values).all(axis=1)]
                hit = (values[:, 1] <= MEAN) & (values[:, 2] >= MEAN)
                cells = [
                    words, str(k), name, f"{values[:, 0].mean():.3f}",
                    f"{values[:, 0].std(ddof=1):.3f}", shares.coverage_cell(hit),
                    str(studies - len(values)),
                ]  # fmt: skip
                rows.append(f"| {' | '.join(cells)} |")
    return rows


def markdown(studies: int, seed: int) -> str:
    """The block between the markers."""
    levels = "rejected at .01 | at .05 | at .10 |"
    return "\n".join(
        [
            f"{studies:,} studies of each kind, seed {seed}; {shares.errors_in_words(studies)}. "
            "A star marks coverage outside .934 to .966 and rejections further than three Monte "
            "Carlo errors from their level. “Studies” here are whole meta-analyses.",
            "",
            "Symmetric funnels, one effect a study:",
            "",
            f"| test | effects | {levels}",
            "|" + " --- |" * 5,
            *asymmetry_rows(studies, seed),
            "",
            "Symmetric funnels, 1 to 8 effects a study (`egger_test`):",
            "",
            f"| standard errors | studies | {levels}",
            "|" + " --- |" * 5,
            *dependent_rows(studies, seed),
            "",
            "Likelihood-ratio test of no selection where there is none; left out are data with an "
            "empty interval of p or a search that failed:",
            "",
            f"| mean effect | effects | steps | {levels} left out |",
            "|" + " --- |" * 7,
            *selection_rows(studies, seed),
            "",
            f"The mean of all studies, {MEAN} on Fisher's z, without and with selection:",
            "",
            "| selection | effects | method | mean estimate | SD of estimates | coverage "
            "| left out |",
            "|" + " --- |" * 7,
            *coverage_rows(studies, seed),
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000, help="simulated sets of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--write", type=Path, help="page whose block between the markers to replace"
    )
    options = parser.parse_args()
    text = markdown(options.studies, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
