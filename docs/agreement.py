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


def in_r(name: str) -> str:
    """A coefficient's name as R writes it."""
    return name.replace("[", "").replace("]", "")


def of_factor(tables: dict[str, pd.DataFrame], group: str) -> tuple[str, pd.DataFrame]:
    """The table of a factor: ``therapist:patient`` is R's ``patient:therapist``."""
    ((name, table),) = [
        (n, t) for n, t in tables.items() if set(n.split(":")) == set(group.split(":"))
    ]
    return name, table.rename(columns=in_r)


def label_in_r(label: object, name: str, group: str) -> str:
    """Label of a group as R writes it: ``("T1", 3)`` of therapist:patient is ``3:T1``."""
    parts = label if isinstance(label, tuple) else (label,)
    by_column = dict(zip(name.split(":"), parts, strict=True))
    return ":".join(str(by_column[column]) for column in group.split(":"))


def sums(names: list[str], unidentified: bool) -> np.ndarray:
    """Combinations of random effects whose variances the data determine."""
    whole = np.eye(len(names))
    if not unidentified or len(names) == 1:
        return whole
    first = names.index("(Intercept)")
    return np.delete(whole + whole[first], first, axis=0)


def differences(
    fit: MixedModelResult, expected: dict[str, Any], unidentified: bool
) -> dict[str, float]:
    """Largest differences of one fit, measured as in tests/conftest.py."""
    table = fit.tidy()
    se = values(expected, "se")
    variance, correlation, blup = abs(fit.sigma2 / expected["sigma2"] - 1), np.nan, 0.0
    for group, wanted in expected["random"].items():
        names = wanted["names"]
        _, found = of_factor(fit.covariances, group)
        combined = sums(names, unidentified)
        covariance = combined @ np.atleast_2d(wanted["covariance"]) @ combined.T
        inner = found.set_axis(found.columns, axis=0).loc[names, names].to_numpy()
        inner = combined @ inner @ combined.T
        own = np.diag(covariance)
        gap = np.abs(np.diag(inner) - own) / np.maximum(own, 1e-2 * expected["sigma2"])
        variance = max(variance, float(gap.max()))
        if len(own) > 1 and (own > 1e-2 * expected["sigma2"]).all():
            off = in_correlations(inner) - in_correlations(covariance)
            correlation = float(np.nanmax([correlation, np.abs(off).max()]))
    means = fit.ranef()
    for group, wanted in expected["ranef"].items():
        name, own_means = of_factor(means, group)
        own_means.index = pd.Index([label_in_r(label, name, group) for label in own_means.index])
        r = pd.DataFrame(wanted["values"], index=[str(label) for label in wanted["labels"]])
        combined = sums(list(r.columns), unidentified)
        gap = np.abs((own_means.loc[r.index, r.columns].to_numpy() - r.to_numpy()) @ combined.T)
        sd = (r.to_numpy() @ combined.T).std(axis=0)
        there = sd > 1e-6 * np.sqrt(expected["sigma2"])  # not those of a vanished variance
        if there.any():
            blup = max(blup, float((gap[:, there] / sd[there]).max()))
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


def in_correlations(covariance: np.ndarray) -> np.ndarray:
    """Correlations of a covariance matrix."""
    sd = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(sd, sd))


def row(path: Path) -> str:
    """One row of the table: the larger difference of REML and ML."""
    reference = json.loads(path.read_text(encoding="utf-8"))
    frame = pd.read_csv(REFERENCE / reference["data"])
    options = {key: reference[key] for key in ("weights", "offset") if key in reference}
    found = []
    for method in ("reml", "ml"):
        fit = fit_quietly(reference["formula"], frame, reml=method == "reml", **options)
        found.append(differences(fit, reference[method], "unidentified" in reference))
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
