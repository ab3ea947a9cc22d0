"""Write the measured differences from R's pinned values into agreement-with-r.md.

python docs/agreement.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.lmm import MixedModelResult
from alliance_stats.lmm.fit import fit_quietly

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parent / "tests" / "reference"
PAGE = HERE / "agreement-with-r.md"
START, END = "<!-- agreement: start -->", "<!-- agreement: end -->"
HEADINGS = {
    "beta": "fixed effects, in SE",
    "se": "standard errors, relative",
    "variance": "variances, relative",
    "correlation": "correlations",
    "loglik": "log-likelihood",
    "df": "df, relative",
    "blup": "BLUPs, in SD",
}


def values(expected: dict[str, Any], key: str) -> np.ndarray:
    """Numbers of a named list of the reference."""
    return np.array(list(expected[key].values()), dtype=float)


def differences(fit: MixedModelResult, expected: dict[str, Any]) -> dict[str, float]:
    """Largest differences of one fit, measured as in tests/conftest.py."""
    table = fit.tidy()
    se = values(expected, "se")
    variance, correlation, blup = 0.0, np.nan, 0.0
    for group, wanted in expected["random"].items():
        covariance = np.atleast_2d(wanted["covariance"])
        found = fit.covariances[group].to_numpy()
        own = np.diag(covariance)
        gap = np.abs(np.diag(found) - own) / np.maximum(own, 1e-2 * expected["sigma2"])
        variance = max(variance, float(gap.max()))
        if len(own) > 1 and (own > 1e-2 * expected["sigma2"]).all():
            sd = np.sqrt(np.diag(found))
            off = np.abs(found / np.outer(sd, sd) - np.atleast_2d(wanted["correlation"]))
            correlation = float(np.nanmax([correlation, off.max()]))
    variance = max(variance, abs(fit.sigma2 / expected["sigma2"] - 1))
    for group, wanted in expected["ranef"].items():
        means = fit.ranef()[group]
        means.index = means.index.map(str)
        for term, numbers in wanted["values"].items():
            r = pd.Series(numbers, index=[str(label) for label in wanted["labels"]])
            if np.std(r) > 0:
                gap = (means.loc[r.index, term] - r).abs().max() / np.std(r)
                blup = max(blup, float(gap))
    df = np.nan
    if expected["satterthwaite"] is not None:
        r = np.array([row["df"] for row in expected["satterthwaite"].values()])
        df = float(np.abs(table["df"].to_numpy() / r - 1).max())
    return {
        "beta": float((np.abs(table["estimate"] - values(expected, "beta")) / se).max()),
        "se": float(np.abs(table["se"] / se - 1).max()),
        "variance": variance,
        "correlation": correlation,
        "loglik": fit.loglik - expected["loglik"],
        "df": df,
        "blup": blup,
    }


def row(path: Path) -> str:
    """One row of the table: the larger difference of REML and ML."""
    reference = json.loads(path.read_text(encoding="utf-8"))
    frame = pd.read_csv(REFERENCE / reference["data"])
    found = [
        differences(fit_quietly(reference["formula"], frame, reml=m == "reml"), reference[m])
        for m in ("reml", "ml")
    ]
    worst = {k: max((f[k] for f in found), key=abs) for k in HEADINGS}
    cells = ["–" if np.isnan(v) else f"{v:.0e}".replace("-", "−") for v in worst.values()]
    return f"| `{path.stem}` | " + " | ".join(cells) + " |"


def main() -> None:
    """Compute and write."""
    lines = [
        "| case | " + " | ".join(HEADINGS.values()) + " |",
        "|---|" + "--:|" * len(HEADINGS),
        *(row(path) for path in sorted(REFERENCE.glob("*.json"))),
        "",
        f"alliance_stats {al.__version__}, NumPy {np.__version__}. A dash: not defined there.",
    ]
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(START, 1)
    tail = rest.split(END, 1)[1]
    PAGE.write_text(f"{head}{START}\n" + "\n".join(lines) + f"\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
