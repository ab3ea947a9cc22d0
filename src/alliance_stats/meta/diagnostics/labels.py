"""What is left out or added, and how it is named in tables, figures and messages."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats.meta.diagnostics.answers import Answer, effects_of

By = Literal["study", "effect"]


def codes_by(result: Answer, by: By) -> np.ndarray:
    """The group (k,) of every effect size: itself, or its study in the order of appearance."""
    study = result.studies.study
    return np.arange(len(study)) if by == "effect" else np.asarray(pd.factorize(study)[0])


def names_of(result: Answer, by: By) -> pd.DataFrame:
    """One row a group of `codes_by`: ``study effect label``."""
    study = result.studies.study.tolist()
    if by == "study":
        each = list(dict.fromkeys(study))
        return pd.DataFrame({"study": each, "effect": "", "label": each})
    effects = effects_of(result)
    labels = [f"{s}, effect {e}" if e else s for s, e in zip(study, effects, strict=True)]
    return pd.DataFrame({"study": study, "effect": effects, "label": labels})
