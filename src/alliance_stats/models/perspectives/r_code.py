"""R code of the models of several perspectives, from the file of sessions on."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.perspectives.model import Perspectives
from alliance_stats.models.r_code import split_code


def perspectives_r_code(
    fit: MixedModelResult, alone: Mapping[str, MixedModelResult], given: Perspectives, data: str
) -> str:
    """The text of `PerspectivesResult.to_r`, which documents the arguments."""
    if given.specification.therapist_mean != "patients":
        raise UnsupportedError(
            "the R code averages patients' means for therapists, but therapist_mean='sessions' "
            "was asked for. Fit with therapist_mean='patients' for R code."
        )
    models = [fit, *alone.values()]
    ratings = list(given.columns.values())
    return split_code(models, given.prepared, given.specification, ratings, data)
