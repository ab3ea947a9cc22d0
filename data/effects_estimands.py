"""Limits of meta-analytic estimates under the process of `simulate_studies`.

    python data/effects_estimands.py    # solve mean_z, tau2_between and the match of `effects`

Estimates are those of a three-level model by REML with sampling errors correlated rho within a
study; its marginal covariance in a study of m effects of n patients is a I + c J with
a = tau2_within + (1 - rho) v, c = tau2_between + rho v and v = 1 / (n - 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import atanh
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from alliance_stats.simulate import simulate_studies

Floats = NDArray[np.float64]
LARGE = 200_000
LARGE_SEED = 1000
#: Of Flückiger et al. (2018): mean correlation, standard error on Fisher's z, studies.
PUBLISHED_R, PUBLISHED_SE, PUBLISHED_K = 0.278, 0.0119, 295
#: Its interval; on Fisher's z the file's mean is in the middle of it.
PUBLISHED_ENDS = (0.256, 0.299)
#: Parameters that are no part of the process.
OF_ONE_DRAW = ("between_shift", "between_stretch")


@dataclass(frozen=True)
class ThreeLevel:
    """Sums of a three-level model with known sampling variances, for one design matrix."""

    z: Floats
    v: Floats
    x: Floats
    study: NDArray[np.int64]
    rho: float
    levels: int = 3
    first: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", np.flatnonzero(np.diff(self.study, prepend=-1)))

    def fit(self) -> tuple[Floats, Floats, Floats]:
        """Variances (between, within), coefficients and their standard errors."""
        start = np.log([0.02, 0.008])[: self.levels - 1]
        options = {"xatol": 1e-6, "fatol": 1e-7, "maxiter": 2000}
        best = minimize(self._deviance, start, method="Nelder-Mead", options=options)
        tau2 = self._tau2(best.x)
        beta, covariance, _ = self._parts(tau2)
        return tau2, beta, np.sqrt(np.diag(covariance))

    def _tau2(self, logs: Floats) -> Floats:
        return np.append(np.exp(logs), np.zeros(3 - self.levels))

    def _deviance(self, logs: Floats) -> float:
        return self._parts(self._tau2(logs))[2]

    def _parts(self, tau2: Floats) -> tuple[Floats, Floats, float]:
        """Coefficients, their covariance and -2 times the restricted log-likelihood."""
        a = tau2[1] + (1 - self.rho) * self.v
        of_study = self.first
        size = np.diff(self.first, append=len(self.z))
        c = tau2[0] + self.rho * self.v[of_study]
        shrink = c / (a[of_study] * (a[of_study] + size * c))
        u = np.column_stack([self.x, self.z])
        sums = np.add.reduceat(u, self.first)
        gram = (u / a[:, None]).T @ u - (sums * shrink[:, None]).T @ sums
        covariance = np.linalg.inv(gram[:-1, :-1])
        beta = covariance @ gram[:-1, -1]
        left = gram[-1, -1] - beta @ gram[:-1, -1]
        logs = (size - 1) * np.log(a[of_study]) + np.log(a[of_study] + size * c)
        return beta, covariance, float(logs.sum() + left - np.linalg.slogdet(covariance)[1])


def z_of(frame: pd.DataFrame) -> pd.Series:
    """Fisher's z, positive for better outcomes, of whatever was reported; NaN for "n.s."."""
    of_t = frame["t"] / np.sqrt(frame["t"] ** 2 + frame["n"] - 2)
    of_d = frame["d"] / np.sqrt(frame["d"] ** 2 + 4)
    r = frame["r"].fillna(of_t).fillna(of_d)
    return np.arctanh(r.where(frame["outcome_better"] == "higher", -r))


def moderators(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of the moderators, by the names of their parameters."""
    return pd.DataFrame(
        {
            "late_effect": frame["alliance_time"] == "late",
            "therapist_rated_effect": frame["rater"] == "therapist",
            "observer_rated_effect": frame["rater"] == "observer",
            "ptr_effect": np.log2(frame["patients_per_therapist"]),
            "treatment_effect": frame["treatment"] == "cbt",
            "measure_effect": frame["alliance_measure"] == "WAI",
            "year_effect": (frame["year"] - 2000) / 10,
            "dissertation_effect": frame["published"] == "dissertation",
        }
    ).astype(float)


def effect_estimands(changes: Mapping[str, Any], *, n_studies: int = LARGE) -> dict[str, float]:
    """What estimates tend to as studies grow in number, by the names of the codebook."""
    process = {name: value for name, value in changes.items() if name not in OF_ONE_DRAW}
    frame = simulate_studies(**(process | {"n_studies": n_studies}), rng=LARGE_SEED).frame
    frame, known = with_z(frame)
    levels = 3 if known["study"].duplicated().any() else 2
    k = changes.get("n_studies", PUBLISHED_K)
    tau2, beta, se = three_level(known, levels=levels)
    found = {
        "mean_z": float(beta[0]),
        "tau2_between": float(tau2[0]),
        "mean_r": float(np.tanh(beta[0])),
        "standard_error": float(se[0]) * float(np.sqrt(n_studies / k)),
    }
    if levels == 3:
        found["tau2_within"] = float(tau2[1])
    if "selection" in changes:
        found |= _unselected(changes, n_studies)
    return found | _moderated(known, levels) | _described(frame, known)


def _unselected(changes: Mapping[str, Any], n_studies: int) -> dict[str, float]:
    """Mean and heterogeneity if nothing had been selected."""
    found = effect_estimands(
        {name: value for name, value in changes.items() if name != "selection"},
        n_studies=n_studies,
    )
    return {"unselected_mean_z": found["mean_z"], "unselected_tau2": found["tau2_between"]}


def with_z(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame with Fisher's z, and its rows that have one."""
    frame = frame.assign(z=z_of(frame))
    return frame, frame[frame["z"].notna()]


def three_level(
    frame: pd.DataFrame, x: Floats | None = None, *, levels: int = 3
) -> tuple[Floats, Floats, Floats]:
    """Variances, coefficients and standard errors of the model of a frame with z."""
    x = np.ones((len(frame), 1)) if x is None else x
    v = 1 / (frame["n"].to_numpy(dtype=float) - 3)
    study = pd.factorize(frame["study"])[0]
    return ThreeLevel(frame["z"].to_numpy(), v, x, study, rho=0.6, levels=levels).fit()


def _moderated(known: pd.DataFrame, levels: int) -> dict[str, float]:
    """Coefficients of all moderators at once, and the variances that are left."""
    columns = moderators(known)
    complete = columns.notna().all(axis=1)
    x = np.column_stack([np.ones(int(complete.sum())), columns[complete]])
    tau2, beta, _ = three_level(known[complete], x, levels=levels)
    found = dict(zip(columns.columns, map(float, beta[1:]), strict=True))
    found["residual_tau2_between"] = float(tau2[0])
    return found | ({"residual_tau2_within": float(tau2[1])} if levels == 3 else {})


def _described(frame: pd.DataFrame, known: pd.DataFrame) -> dict[str, float]:
    one = frame.drop_duplicates("study")
    return {
        "observed_effects": len(frame) / len(one),
        "observed_n_median": float(one["n"].median()),
        "observed_n_mean": float(one["n"].mean()),
        "observed_negative": float((known["z"] < 0).mean()),
        "observed_unreported": 1 - len(known) / len(frame),
        "observed_dissertations": float((one["published"] == "dissertation").mean()),
    }


def solve(*, n_studies: int = LARGE, rounds: int = 8) -> dict[str, float]:
    """mean_z and tau2_between for which the estimands are the published mean and its error."""
    start = simulate_studies.__kwdefaults__ or {}
    values = {name: float(start[name]) for name in ("mean_z", "tau2_between")}
    for _ in range(rounds):
        found = effect_estimands(values, n_studies=n_studies)
        off = atanh(PUBLISHED_R) - found["mean_z"]
        missing = PUBLISHED_SE**2 - found["standard_error"] ** 2
        if abs(off) < 1e-5 and abs(missing) < 1e-8:
            break
        values["mean_z"] += off
        values["tau2_between"] += PUBLISHED_K * missing
    return values


def match(seed: int, *, rounds: int = 12) -> dict[str, float]:
    """Shift and stretch of the random parts for which one file has the published interval."""
    low, high = map(atanh, PUBLISHED_ENDS)
    mean, error = (low + high) / 2, (high - low) / (2 * 1.959964)
    found = {"between_shift": 0.0, "between_stretch": 1.0}
    for _ in range(rounds):
        known = with_z(simulate_studies(**found, rng=seed).frame)[1]
        tau2, beta, se = three_level(known)
        missing = PUBLISHED_K * (error**2 - se[0] ** 2)
        found["between_shift"] += mean - float(beta[0])
        found["between_stretch"] *= float(np.sqrt(1 + missing / tau2[0]))
    return found


if __name__ == "__main__":
    for name, value in (solve() | match(15)).items():
        print(f"{name} = {value:.5f}")
