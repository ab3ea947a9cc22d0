"""Estimands of the process study that `estimands` has no estimator of.

A model that answers a question with these columns adds its own here: a function to `ESTIMATORS`
that takes the large simulation and returns estimates by the codebook's names, and to
`PROCESS_ROWS` the unit and meaning of names that are no parameter. Names that are parameters, or
follow from them (``indirect_effect``), have their rows already.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.data import Roles, SessionData

Estimator = Callable[[SessionData], dict[str, float]]


def process_estimands(large: SessionData) -> dict[str, float]:
    """What all `ESTIMATORS` find in the large simulation."""
    found: dict[str, float] = {}
    with warnings.catch_warnings():  # dropped rows; variances that stop at zero
        warnings.simplefilter("ignore", al.DataWarning)
        warnings.simplefilter("ignore", al.FitWarning)
        for estimator in ESTIMATORS:
            found |= estimator(large)
    return found


def described_columns(large: SessionData) -> dict[str, float]:
    """Means and SDs of the scales, and how the three ratings of a session differ."""
    frame = large.frame
    patients = frame.groupby("patient")["expectation"].first()
    scales = {name: frame[name] for name in ("motivation", "adherence")}
    scales["expectation"] = patients
    found = {f"{name}_mean": float(values.mean()) for name, values in scales.items()}
    found |= {f"{name}_sd": float(values.std()) for name, values in scales.items()}
    return found | _observers(frame) | _shares(frame)


def _shares(frame: pd.DataFrame) -> dict[str, float]:
    """Shares of variance of motivation and adherence, from `describe_levels`."""
    roles = Roles(therapist="therapist", alliance="motivation", outcome="adherence")
    shares = al.describe_levels(frame, roles).variances.set_index(["role", "unit"])["icc"]
    return {
        "motivation_patient_share": float(shares["alliance", "patient"]),
        "adherence_therapist_share": float(shares["outcome", "therapist"]),
        "adherence_patient_share": float(shares["outcome", "patient"]),
    }


def _observers(frame: pd.DataFrame) -> dict[str, float]:
    names = ["wai_total", "wai_therapist", "wai_observer"]
    correlations = frame[names].corr()
    both = frame[["wai_total", "wai_observer"]].dropna()
    pooled = float(np.sqrt(both.var().mean()))
    return {
        "observer_correlation": float(correlations.loc["wai_total", "wai_observer"]),
        "therapist_observer_correlation": float(correlations.loc["wai_therapist", "wai_observer"]),
        "observer_difference": float((both["wai_total"] - both["wai_observer"]).mean()) / pooled,
    }


#: Functions of the large simulation; add one a model.
ESTIMATORS: tuple[Estimator, ...] = (described_columns,)
#: Rows of the codebook that are no parameter: (unit, meaning) by name.
PROCESS_ROWS: Mapping[str, tuple[str, str]] = {}
