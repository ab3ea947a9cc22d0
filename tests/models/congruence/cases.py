"""The fits that are compared with lme4, by the name of their reference."""

from __future__ import annotations

import json
import warnings
from functools import cache
from typing import Any

import alliance_stats as al
from alliance_stats.models import CongruenceResult, SurfaceResult
from tests.conftest import REFERENCE

FOLDER = REFERENCE / "congruence"
FILES = {
    "dyads": "dyads", "moderated": "process", "fitted": "dyads_null",
    "within": "dyads", "between": "process",
}  # fmt: skip
RATINGS: dict[str, dict[str, Any]] = {
    "dyads": {"scale": (12, 60), "random_slopes": {"patient": ["within"]}},
    "moderated": {
        "judgement": "wai_observer", "moderators": ["treatment", "session", "expectation"],
        "time": "log", "random_slopes": {"patient": ["within"]},
    },
    "fitted": {
        "truth": "therapist", "judgement": "patient", "mean_rows": "fitted", "reml": False,
        "time": "none", "random_slopes": {},
    },
}  # fmt: skip
SURFACES: dict[str, dict[str, Any]] = {
    "within": {"level": "within", "random_slopes": {"patient": ["x"]}},
    "between": {
        "level": "between", "scale": (12, 60), "midpoint": "scale",
        "covariates": ["phq9_intake", "treatment"], "time": "log",
    },
}  # fmt: skip


@cache
def congruence(case: str) -> CongruenceResult:
    """The truth-and-bias model of a case."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_congruence(al.load_example(FILES[case]), **RATINGS[case])


@cache
def surface(case: str) -> SurfaceResult:
    """The response surface of a case, without draws."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = al.load_example(FILES[case])
        return al.models.fit_response_surface(data, **SURFACES[case], n_boot=0)


def reference(case: str) -> dict[str, Any]:
    """What R found."""
    values: dict[str, Any] = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
    return values
