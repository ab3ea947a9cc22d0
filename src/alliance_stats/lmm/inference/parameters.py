"""The parameters of a fitted model that intervals are for: fixed effects, SDs, correlations, σ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.lmm.design.mixed_design import ModelDesign
from alliance_stats.lmm.residual.fitted import FittedResidual
from alliance_stats.lmm.tables import RESIDUAL, pairs_within

Kind = Literal["fixed", "sd", "correlation", "residual", "structure"]
#: A fixed effect, a grouping factor, or the group, term and other term of one parameter.
Wanted = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, named as in `MixedModelResult.var_corr`.

    Attributes
    ----------
    group, term, with_term : str
        The group is empty for fixed effects, ``Residual`` for σ and the parameters of a residual
        structure; `with_term` is that of a correlation.
    kind : {"fixed", "sd", "correlation", "residual", "structure"}
    estimate : float
        That of the fit.
    block : int
        The random term among those of all factors; −1 for fixed effects and σ.
    places : tuple of int
        The effects among those of the block, or the fixed effect or residual parameter among all.
    """

    group: str
    term: str
    with_term: str
    kind: Kind
    estimate: float
    block: int
    places: tuple[int, ...]

    @property
    def label(self) -> str:
        """Words for messages: ``the correlation of x with (Intercept) between 'patient'``."""
        if self.kind == "fixed":
            return f"the fixed effect '{self.term}'"
        if self.kind == "residual":
            return "the residual SD"
        if self.kind == "sd":
            return f"the SD of {self.term} at '{self.group}'"
        return f"the correlation of {self.term} and {self.with_term} at '{self.group}'"


def parameters_of(
    design: ModelDesign,
    beta: pd.Series,
    covariances: Mapping[str, pd.DataFrame],
    sigma: float | None = None,
) -> list[Parameter]:
    """Fixed effects, then the rows of `var_corr`, in their order; no σ in generalised models."""
    found = [
        Parameter("", name, "", "fixed", float(value), -1, (j,))
        for j, (name, value) in enumerate(zip(design.names, beta, strict=True))
    ]
    first = 0
    for level in design.levels:
        covariance = covariances[level.name].to_numpy()
        sd, effects = np.sqrt(np.diag(covariance)), level.effects
        pairs = []
        for k, block in enumerate(level.blocks, start=first):
            start = block.columns.start
            for i, name in enumerate(block.names):
                value = float(sd[start + i])
                found.append(Parameter(level.name, name, "", "sd", value, k, (i,)))
            for i, j in pairs_within(block.columns):
                both = sd[i] * sd[j]
                r = float(covariance[i, j] / both) if both > 0 else float("nan")
                names = level.name, effects[j], effects[i]
                pairs.append(Parameter(*names, "correlation", r, k, (j - start, i - start)))
        found += pairs
        first += len(level.blocks)
    residual = [] if sigma is None else [Parameter(RESIDUAL, "", "", "residual", sigma, -1, ())]
    return [*found, *residual, *_structure_parameters(design.residual)]


def _structure_parameters(residual: FittedResidual | None) -> list[Parameter]:
    """Those of a residual structure."""
    found = []
    for k, p in enumerate(residual.parameters if residual else ()):
        other = p.with_level if p.kind == "correlation" else ""
        found.append(Parameter(RESIDUAL, p.name, other, "structure", p.estimate, -1, (k,)))
    return found


def chosen(parameters: list[Parameter], wanted: Sequence[Wanted] | None) -> list[Parameter]:
    """The parameters that were asked for, in their own order.

    Raises
    ------
    ArgumentError
        If a name fits none of them.
    """
    if wanted is None:
        return parameters
    if isinstance(wanted, str):
        raise ArgumentError(
            f"parameters={wanted!r} is one name. Give a list of names, such as [{wanted!r}]."
        )
    taken = {id(p) for item in wanted for p in _meant(parameters, item)}
    return [p for p in parameters if id(p) in taken]


def _meant(parameters: list[Parameter], item: Wanted) -> list[Parameter]:
    """The parameters of one name, or of a tuple of group, term and other term."""
    if isinstance(item, str):
        found = [p for p in parameters if item == (p.group or p.term)]
        known = list(dict.fromkeys(p.group or p.term for p in parameters))
    else:
        names = tuple(item)
        found = [
            p
            for p in parameters
            if (p.group, *sorted((p.term, p.with_term))) == (*names[:1], *sorted(_padded(names)))
        ]
        known = [str((p.group, p.term, p.with_term)) for p in parameters if p.group]
    if not found:
        raise ArgumentError(
            f"no parameter is named {item!r}.{did_you_mean(str(item), known)} "
            f"In the model: {name_list(known)}."
        )
    return found


def _padded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Term and other term, empty where not given."""
    return (*names[1:], "", "")[: max(2, len(names) - 1)]
