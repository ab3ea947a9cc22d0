"""R code of the second stage by metafor, and of the one-stage models by lme4."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.models.participants.one_stage import OneStage

_PLACE = "{effect}"


def studies_r_code(
    metas: Mapping[str, MetaResult], one_stage: Mapping[str, OneStage], data: str
) -> str:
    """The text of `StudiesResult.to_r`, which documents the arguments."""
    if not isinstance(data, str) or (len(one_stage) > 1 and _PLACE not in data):
        raise ArgumentError(
            f"data={data!r} names one file for {len(one_stage)} models. Give a name such as "
            "'{effect}.csv'."
        )
    parts = []
    for effect, meta in metas.items():
        parts.append(f"# two stages: {effect}\n{meta.to_r().strip()}")
    for effect, model in one_stage.items():
        file = data.replace(_PLACE, effect)
        parts.append(f"# one stage: {effect}\n{model.fit.to_r(data=file).strip()}")
    return "\n\n".join(parts) + "\n"
