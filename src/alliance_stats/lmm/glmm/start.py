"""The generalised linear model without random effects: where the search for β begins.

Iteratively reweighted least squares (McCullagh & Nelder, 1989, section 2.5). Where the predictors
separate successes from failures the coefficients grow without end, with random effects too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from alliance_stats._base.checks import agree, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.lmm.glmm.responses import Response

MAX_STEPS = 40
MAX_HALVINGS = 20
#: A step that changes no linear predictor by more is the last.
CLOSE = 1e-6
#: Coefficients that move by this share of the largest are named.
MOVING = 0.05


class FixedPart(Protocol):
    """The fixed part of a design."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names (p,) of the coefficients."""

    @property
    def fixed(self) -> np.ndarray:
        """Standardised columns (p, n)."""

    @property
    def response(self) -> Response:
        """The response, its rows in the order of the columns."""


def fixed_only(design: FixedPart) -> np.ndarray:
    """Coefficients (p,) of the standardised columns without random effects.

    Raises
    ------
    DataError
        If a coefficient has no finite estimate: complete or quasi-complete separation.
    """
    if not design.names:
        return np.empty(0)
    x, response = design.fixed, design.response
    share = (response.y + 0.5) / (response.trials + 1.0)
    mean = response.y + 0.5 if response.family.name == "poisson" else share
    beta, eta = np.zeros(len(x)), response.family.inverse(mean)
    value = np.inf
    step = np.zeros(len(x))
    for _ in range(MAX_STEPS):
        with np.errstate(all="ignore"):
            parts = response.parts(eta)
            weights = parts.expected
            right = x @ (weights * (eta - response.offset) + parts.score)
        try:
            step = np.linalg.solve((x * weights) @ x.T, right) - beta
        except np.linalg.LinAlgError:
            break
        found = _lower(design, beta, step, value)
        if found is None:
            break
        moved = float(np.abs(found.eta - eta).max())
        beta, eta, value = found.beta, found.eta, found.value
        if moved < CLOSE * (1.0 + float(np.abs(eta).max())):
            return beta
    raise _separated(design, step)


@dataclass(frozen=True, eq=False)
class _Point:
    beta: np.ndarray
    eta: np.ndarray
    value: float


def _lower(design: FixedPart, beta: np.ndarray, step: np.ndarray, value: float) -> _Point | None:
    """The end of a step, halved until −ℓ does not rise."""
    length = 1.0
    for _ in range(MAX_HALVINGS):
        moved = beta + length * step
        eta = design.response.offset + moved @ design.fixed
        with np.errstate(all="ignore"):
            found = -float(design.response.parts(eta).loglik.sum())
        if found <= value + 1e-12 * (1.0 + abs(found)):
            return _Point(moved, eta, found)
        length /= 2.0
    return None


def _separated(design: FixedPart, step: np.ndarray) -> DataError:
    share = np.abs(step)
    share = np.where(np.isfinite(share), share, 0.0)
    moving = share >= MOVING * max(float(share.max()), 1e-300)
    names = [
        name
        for name, moves in zip(design.names, moving, strict=True)
        if moves and (name != "(Intercept)" or len(design.names) == 1)
    ] or list(design.names)
    n = len(names)
    what = (
        "rows with and without an event"
        if design.response.family.name == "poisson"
        else ("successes and failures")
    )
    return DataError(
        f"complete or quasi-complete separation: {agree(n, 'predictor', 'predictors')} "
        f"{name_list(names)} (together with the others) {agree(n, 'tells', 'tell')} some {what} "
        f"apart without error, so {agree(n, 'its coefficient has', 'their coefficients have')} no "
        "finite estimate. Leave the predictor out, or join categories that hold only one outcome."
    )
