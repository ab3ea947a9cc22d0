"""The table of patients needed: for each difference of slopes, and for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effects import UNITS
from alliance_stats.models.moderation.contrasts import (
    Weights,
    is_categorical,
    pairs_of,
    slopes_of,
)
from alliance_stats.models.moderation.patients import Design, least_power, patients_for
from alliance_stats.models.moderation.prepare import Moderated, PreparedModeration

#: Names the claim that all slopes are alike, where there are more than two.
ALL_PAIRS = "all pairs"


def patients_table(
    fit: MixedModelResult,
    prepared: PreparedModeration,
    pairs: pd.DataFrame,
    *,
    alpha: float,
    power: float,
    true_difference: Mapping[str, float],
    ddf: Ddf,
) -> pd.DataFrame:
    """Power as the study is and patients for the power wanted; see `ModerationResult`."""
    rows = []
    counts = prepared.counts()
    for moderated in prepared.moderated:
        own = pairs[pairs["effect"] == moderated.effect]
        true = true_difference[moderated.effect]
        for comparison, design in _designs(fit, prepared, moderated, own, alpha, ddf).items():
            n = patients_for(design, power, true)
            rows.append(
                {
                    "effect": moderated.effect,
                    "unit": UNITS[moderated.effect],
                    "comparison": comparison,
                    "smallest_effect": design.bound,
                    "true_difference": true,
                    "power_now": least_power(design, true),
                    "n_patients": n,
                    **_shared_out(prepared.patients(), n / counts["patient"]),
                    **_therapists(counts, n / counts["patient"]),
                }
            )
    return pd.DataFrame(rows)


def _designs(
    fit: MixedModelResult,
    prepared: PreparedModeration,
    moderated: Moderated,
    own: pd.DataFrame,
    alpha: float,
    ddf: Ddf,
) -> dict[str, Design]:
    """What is known of every difference, and of all together."""
    bound = float(own["smallest_effect"].iloc[0])
    counts = prepared.counts()
    size = (
        counts["patient"],
        _units(moderated.effect, counts),
        len(moderated.points) if is_categorical(prepared) else 2,
    )
    se, df = own["se"].to_numpy(float), own["df"].to_numpy(float)
    names = own["comparison"].tolist()
    found = {
        name: Design(np.array([[s * s]]), float(d), bound, alpha, *size)
        for name, s, d in zip(names, se, df, strict=True)
    }
    if len(names) > 1:
        covariance = _covariance(fit, list(slopes_of(fit, moderated).values()))
        first = [
            k
            for k, (i, _) in enumerate(pairs_of(moderated, every=is_categorical(prepared)))
            if i == 0
        ]
        # Kenward and Roger's standard errors are larger than those of the covariance matrix
        scale = se[first] / np.sqrt(np.diag(covariance))
        whole = covariance * np.outer(scale, scale)
        found[ALL_PAIRS] = Design(whole, float(df.min()), bound, alpha, *size)
    return found


def _units(effect: str, counts: Mapping[str, int]) -> int:
    """Members of the unit that an effect compares, less the means they are centred at."""
    if effect == "therapist_between":
        return counts["therapist"]
    return counts["patient"] - (counts["therapist"] if effect == "patient_between" else 0)


def _covariance(fit: MixedModelResult, slopes: list[Weights]) -> np.ndarray:
    """Covariance of the differences of slopes from the first one."""
    rows = np.array([[slope[name] for name in fit.names] for slope in slopes])
    weights = rows[1:] - rows[0]
    return np.asarray(weights @ fit.vcov.to_numpy() @ weights.T)


def _shared_out(patients: Mapping[str, int], scale: float) -> dict[str, float]:
    """Patients of every group at its present share."""
    return {f"n {level}": float(np.ceil(scale * n - 1e-9)) for level, n in patients.items()}


def _therapists(counts: Mapping[str, int], scale: float) -> dict[str, float]:
    if "therapist" not in counts:
        return {}
    return {"n_therapists": float(np.ceil(scale * counts["therapist"] - 1e-9))}
