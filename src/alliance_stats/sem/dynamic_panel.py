"""The dynamic panel model: one variable on its own past, a predetermined one, and a stable part.

Allison, Williams & Moral-Benito (2017, Socius 3, 1–17): y_t = μ_t + φ y_{t−1} + β x_k + α + ε_t,
where α covaries with the first y and with every x, and every x that is measured after x_k may
depend on ε_t.
"""

from __future__ import annotations

from collections.abc import Sequence

from alliance_stats.sem.panel import Panel, among
from alliance_stats.sem.spec import ModelSpec, Parameter


def dynamic_panel(panel: Panel, *, response: int = 1, equal: Sequence[str] = ()) -> ModelSpec:
    """Specify a dynamic panel model of one of two variables.

    Parameters
    ----------
    panel : Panel
    response : {0, 1}
        Which one is explained: x or y.
    equal : sequence of {"autoregression", "cross_lagged", "innovations"}
        What is equal over time; innovations are the variances of ε.

    Returns
    -------
    ModelSpec
        Values of the predictor that the equations do not use are left out.

    Examples
    --------
    >>> panel = Panel(("x1", "x2", "x3", "x4"), ("y1", "y2", "y3", "y4"))
    >>> spec = dynamic_panel(panel, equal=["autoregression", "cross_lagged"])
    >>> spec.observed, spec.n_free
    (('x1', 'x2', 'x3', 'y1', 'y2', 'y3', 'y4'), 30)
    """
    own, other = panel.sides[response], panel.sides[1 - response]
    lag = panel.lag(response, 1 - response)
    waves = range(1, panel.n_waves)
    used = [wave - lag for wave in waves]
    stable = f"stable_{panel.names[response]}"
    predictors = [other[wave] for wave in used]
    parameters = [Parameter("paths", own[wave], stable, value=1.0) for wave in waves]
    parameters += _equations(own, other, lag, response, equal)
    parameters += among([stable, own[0], *predictors])
    parameters += [
        Parameter("covariances", other[later], own[wave])
        for wave in waves
        for later in used
        if later > wave - lag
    ]
    observed = (*predictors, *own)
    parameters += [Parameter("means", name) for name in observed]
    return ModelSpec(observed, (stable,), tuple(parameters))


def _equations(
    own: tuple[str, ...], other: tuple[str, ...], lag: int, response: int, equal: Sequence[str]
) -> list[Parameter]:
    """Autoregression, the predictor's path, and the error, of every wave but the first."""
    to = "xy"[response]
    auto = f"{to}_to_{to}" if "autoregression" in equal else ""
    cross = f"{'xy'[1 - response]}_to_{to}" if "cross_lagged" in equal else ""
    error = f"new_{to}{to}" if "innovations" in equal else ""
    return [
        parameter
        for wave in range(1, len(own))
        for parameter in (
            Parameter("paths", own[wave], own[wave - 1], label=auto),
            Parameter("paths", own[wave], other[wave - lag], label=cross),
            Parameter("covariances", own[wave], own[wave], label=error),
        )
    ]
