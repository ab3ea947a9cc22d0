"""Panel models of two variables over waves: cross-lagged, random-intercept, dynamic, growth.

States are what carries over from wave to wave: the variables themselves (cross-lagged panel
model), their deviations from stable differences (Hamaker, Kuiper & Grasman, 2015, Psychol.
Methods 20, 102–116) or from lines of growth (Curran, Howard, Bainter, Lane & McGinley, 2014,
J. Consult. Clin. Psychol. 82, 879–894). The dynamic panel model is in `sem.dynamic_panel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alliance_stats.sem.spec import ModelSpec, Parameter

Order = Literal["together", "x_first", "y_first"]
#: Parameters that can be equal over time.
EQUAL_OVER_TIME = ("autoregression", "cross_lagged", "innovations", "means")


@dataclass(frozen=True, slots=True)
class Panel:
    """Two variables over the same waves, and which of them comes first within a wave.

    Attributes
    ----------
    x, y : tuple of str
        Columns, wave by wave.
    order : {"together", "x_first", "y_first"}
        Together, each is regressed on both of the wave before. Else the later one of a wave is
        regressed on the earlier one of the same wave.
    names : (str, str)
        What latent variables of x and of y are called after.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    order: Order = "together"
    names: tuple[str, str] = ("x", "y")

    @property
    def n_waves(self) -> int:
        """Number of waves."""
        return len(self.x)

    @property
    def sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The columns of x and of y."""
        return self.x, self.y

    def lag(self, target: int, source: int) -> int:
        """How many waves before the target (0 is x, 1 is y) its predictor was measured."""
        if target == source or self.order == "together":
            return 1
        return 0 if (self.order == "x_first") == (source == 0) else 1


@dataclass(frozen=True, slots=True)
class Lagged:
    """A path from a state to a later one.

    Attributes
    ----------
    source, target : int
        0 is x, 1 is y.
    source_wave, target_wave : int
        Counted from 0.
    """

    source: int
    source_wave: int
    target: int
    target_wave: int

    @property
    def kind(self) -> str:
        """What can set it equal over time."""
        return "autoregression" if self.source == self.target else "cross_lagged"


def lagged_paths(panel: Panel) -> list[Lagged]:
    """Every path between states, by target, source and wave."""
    return [
        Lagged(source, wave - panel.lag(target, source), target, wave)
        for target in (0, 1)
        for source in (0, 1)
        for wave in range(1, panel.n_waves)
    ]


def cross_lagged_panel(panel: Panel, *, equal: Sequence[str] = ()) -> ModelSpec:
    """Specify a cross-lagged panel model: the variables themselves carry over.

    Parameters
    ----------
    panel : Panel
    equal : sequence of {"autoregression", "cross_lagged", "innovations", "means"}
        What is equal over time. Innovations are the variances (and covariances) of what is new
        in a wave, from the second on.

    Returns
    -------
    ModelSpec

    Examples
    --------
    >>> panel = Panel(("x1", "x2", "x3"), ("y1", "y2", "y3"))
    >>> cross_lagged_panel(panel, equal=["autoregression", "cross_lagged"]).n_free
    19
    """
    parameters = [*_dynamics(panel, panel.sides, equal), *_means(panel, equal)]
    return ModelSpec(observed_of(panel), (), tuple(parameters))


def random_intercept_panel(panel: Panel, *, equal: Sequence[str] = ()) -> ModelSpec:
    """Specify a random-intercept cross-lagged panel model: deviations carry over.

    Parameters
    ----------
    panel, equal
        As in `cross_lagged_panel`.

    Examples
    --------
    >>> panel = Panel(("x1", "x2", "x3"), ("y1", "y2", "y3"))
    >>> random_intercept_panel(panel, equal=["autoregression", "cross_lagged"]).n_free
    22
    """
    stable = [f"stable_{name}" for name in panel.names]
    loadings = [
        Parameter("paths", column, factor, value=1.0)
        for factor, columns in zip(stable, panel.sides, strict=True)
        for column in columns
    ]
    parameters = [*loadings, *among(stable), *_with_states(panel, equal), *_means(panel, equal)]
    latent = (*stable, *(name for side in states(panel) for name in side))
    return ModelSpec(observed_of(panel), latent, tuple(parameters))


def growth_panel(
    panel: Panel, *, times: Sequence[float] | None = None, equal: Sequence[str] = ()
) -> ModelSpec:
    """Specify a latent curve model with structured residuals: deviations from lines carry over.

    Parameters
    ----------
    panel, equal
        As in `cross_lagged_panel`; means follow the lines, so they cannot be set equal.
    times : sequence of float, optional
        When the waves were; default 0, 1, 2, ….
    """
    clock = [float(t) for t in (range(panel.n_waves) if times is None else times)]
    factors = [(f"level_{name}", f"slope_{name}") for name in panel.names]
    loadings = [
        Parameter("paths", column, factor, value=value)
        for pair, columns in zip(factors, panel.sides, strict=True)
        for factor, values in zip(pair, ([1.0] * len(clock), clock), strict=True)
        for column, value in zip(columns, values, strict=True)
    ]
    growth = [name for pair in factors for name in pair]
    parameters = [*loadings, *among(growth), *_with_states(panel, equal)]
    parameters += [Parameter("means", name) for name in growth]
    latent = (*growth, *(name for side in states(panel) for name in side))
    return ModelSpec(observed_of(panel), latent, tuple(parameters))


def observed_of(panel: Panel) -> tuple[str, ...]:
    """The columns, wave by wave."""
    return tuple(name for pair in zip(panel.x, panel.y, strict=True) for name in pair)


def states(panel: Panel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the latent deviations of x and of y."""
    x, y = (tuple(f"within_{column}" for column in side) for side in panel.sides)
    return x, y


def among(names: Sequence[str]) -> list[Parameter]:
    """Free variances and covariances of some variables."""
    return [
        Parameter("covariances", one, other) for at, one in enumerate(names) for other in names[at:]
    ]


def _with_states(panel: Panel, equal: Sequence[str]) -> list[Parameter]:
    """Latent deviations, each all that is left of one column, and how they carry over."""
    latent = states(panel)
    measured = [
        Parameter("paths", column, state, value=1.0)
        for columns, own in zip(panel.sides, latent, strict=True)
        for column, state in zip(columns, own, strict=True)
    ]
    return [*measured, *_dynamics(panel, latent, equal)]


def _dynamics(
    panel: Panel, of: tuple[tuple[str, ...], tuple[str, ...]], equal: Sequence[str]
) -> list[Parameter]:
    """Lagged paths, and variances and covariances of what is new in each wave."""
    paths = [
        Parameter(
            "paths",
            of[path.target][path.target_wave],
            of[path.source][path.source_wave],
            label=f"{'xy'[path.source]}_to_{'xy'[path.target]}" if path.kind in equal else "",
        )
        for path in lagged_paths(panel)
    ]
    return [*paths, *_innovations(panel, of, "innovations" in equal)]


def _innovations(
    panel: Panel, of: tuple[tuple[str, ...], tuple[str, ...]], equal: bool
) -> list[Parameter]:
    """Within a wave the two covary; from the second on only if neither leads to the other."""
    found = []
    for wave in range(panel.n_waves):
        pairs = [(0, 0), (1, 1)]
        if wave == 0 or panel.order == "together":
            pairs.append((0, 1))
        found += [
            Parameter(
                "covariances",
                of[i][wave],
                of[j][wave],
                label=f"new_{'xy'[i]}{'xy'[j]}" if equal and wave else "",
            )
            for i, j in pairs
        ]
    return found


def _means(panel: Panel, equal: Sequence[str]) -> list[Parameter]:
    return [
        Parameter("means", column, label=f"mean_{side}" if "means" in equal else "")
        for side, columns in zip("xy", panel.sides, strict=True)
        for column in columns
    ]
