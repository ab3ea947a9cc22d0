"""How studies and their effects are named in tables, figures and messages of influence."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats.meta.univariate.forest import effect_labels

By = Literal["study", "effect"]


def codes_by(study: np.ndarray, by: By) -> np.ndarray:
    """The group (k,) of every effect size: itself, or its study in the order of appearance."""
    return np.arange(len(study)) if by == "effect" else np.asarray(pd.factorize(study)[0])


def names_of(study: np.ndarray, by: By) -> pd.DataFrame:
    """One row a group of `codes_by`: ``study effect label``."""
    if by == "study":
        each = list(dict.fromkeys(study.tolist()))
        return pd.DataFrame({"study": each, "effect": "", "label": each})
    several = len(set(study.tolist())) < len(study)
    effects = effect_labels(study) if several else [""] * len(study)
    labels = [f"{s}, effect {e}" if e else s for s, e in zip(study, effects, strict=True)]
    return pd.DataFrame({"study": study.tolist(), "effect": effects, "label": labels})
