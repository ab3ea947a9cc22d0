"""ModelSpec: a structural equation model as a value, in reticular action notation (RAM).

All variables v, observed and latent, obey v = m + A v + e with Cov(e) = S (McArdle & McDonald,
1984, Br. J. Math. Stat. Psychol. 37, 234–251). A holds the paths (loadings, regressions), S
variances and covariances, m means and intercepts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError

Matrix = Literal["paths", "covariances", "means"]
MATRICES: tuple[Matrix, ...] = ("paths", "covariances", "means")
#: Levels of a two-level model; one-level models have the level "".
LEVELS = ("within", "between")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One entry of a matrix of the model.

    Attributes
    ----------
    matrix : {"paths", "covariances", "means"}
    row : str
        The variable that a path leads to, or whose mean, variance or covariance it is.
    column : str
        The variable that a path comes from, or the other one of a covariance; "" for a mean.
    label : str
        Free parameters with the same label are equal; "" gives each its own.
    value : float or None
        A fixed value; None is free.
    start : float or None
        Where the search begins; None is chosen from the data.
    group, level : str
        In which group and at which level it holds.
    """

    matrix: Matrix
    row: str
    column: str = ""
    label: str = ""
    value: float | None = None
    start: float | None = None
    group: str = ""
    level: str = ""

    @property
    def place(self) -> tuple[str, ...]:
        """Which entry of which matrix; a covariance is the same both ways round."""
        ends = (self.row, self.column)
        if self.matrix == "covariances":
            ends = (min(ends), max(ends))
        return (self.matrix, *ends, self.group, self.level)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A structural equation model: its variables and the entries of its matrices.

    Entries that are not listed are zero. `factor_model` makes factor models; other models are
    lists of `Parameter`.

    Attributes
    ----------
    observed, latent : tuple of str
        Names of the variables.
    parameters : tuple of Parameter
        Free and fixed entries.
    groups : tuple of str
        Labels of the groups; ``("",)`` for one group.
    levels : tuple of str
        ``("",)``, or ``("within", "between")`` for a two-level model.

    Raises
    ------
    ArgumentError
        If a name is unknown or used twice, or two parameters are the same entry.

    Examples
    --------
    >>> from alliance_stats.sem import ModelSpec, Parameter
    >>> regression = ModelSpec(("x", "y"), (), (
    ...     Parameter("paths", "y", "x"),
    ...     Parameter("covariances", "x", "x"),
    ...     Parameter("covariances", "y", "y"),
    ... ))
    >>> regression.n_free
    3
    """

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    parameters: tuple[Parameter, ...] = field(repr=False)
    groups: tuple[str, ...] = ("",)
    levels: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        _check_names(self)
        for parameter in self.parameters:
            _check_parameter(self, parameter)
        _check_places(self.parameters)

    @property
    def variables(self) -> tuple[str, ...]:
        """Observed variables, then latent ones: the order of rows and columns."""
        return (*self.observed, *self.latent)

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """Every group with every level: each has its own implied mean and covariance."""
        return tuple((group, level) for group in self.groups for level in self.levels)

    @property
    def has_means(self) -> bool:
        """Whether means are part of the model."""
        return any(p.matrix == "means" for p in self.parameters)

    @property
    def n_free(self) -> int:
        """Number of different free parameters."""
        return len({key(p) for p in self.parameters if p.value is None})


def key(parameter: Parameter) -> tuple[str, ...]:
    """What makes two free parameters one: their label, or else their place."""
    return (parameter.label,) if parameter.label else parameter.place


def operator(spec: ModelSpec, parameter: Parameter) -> str:
    """lavaan's operator: ``=~`` measured by, ``~`` regressed on, ``~~`` covaries, ``~1`` mean."""
    if parameter.matrix != "paths":
        return "~~" if parameter.matrix == "covariances" else "~1"
    if parameter.column not in spec.latent:
        return "~"
    return "=~" if parameter.row in spec.observed or _is_higher(spec, parameter.column) else "~"


def _is_higher(spec: ModelSpec, latent: str) -> bool:
    """Whether a latent variable is measured by other latent variables only."""
    paths = [p for p in spec.parameters if p.matrix == "paths" and p.column == latent]
    return all(p.row in spec.latent for p in paths)


def term(spec: ModelSpec, parameter: Parameter) -> str:
    """The parameter in words of the field: ``task =~ wai1``, ``wai1 ~~ wai2``, ``wai1 ~1``."""
    sign = operator(spec, parameter)
    if sign == "=~":
        return f"{parameter.column} =~ {parameter.row}"
    return f"{parameter.row} {sign} {parameter.column}".rstrip()


def _check_names(spec: ModelSpec) -> None:
    if not spec.observed:
        raise ArgumentError("the model has no observed variable. Name at least one.")
    _check_unique(spec.variables, "variable")
    _check_unique(spec.groups, "group")
    if spec.levels not in (("",), LEVELS):
        raise ArgumentError(f"levels={spec.levels!r} are not known. Allowed: ('',), {LEVELS}.")


def _check_unique(names: Iterable[str], noun: str) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise ArgumentError(f"{noun} named more than once: {name_list(twice)}. Name each once.")


def _check_parameter(spec: ModelSpec, parameter: Parameter) -> None:
    if parameter.matrix not in MATRICES:
        raise ArgumentError(
            f"matrix={parameter.matrix!r} is not known. Allowed: {name_list(MATRICES)}."
        )
    ends = [parameter.row] if parameter.matrix == "means" else [parameter.row, parameter.column]
    for name in ends:
        if name not in spec.variables:
            raise ArgumentError(
                f"variable {name!r} of a parameter is not in the model."
                f"{did_you_mean(str(name), spec.variables)} In it: {name_list(spec.variables)}."
            )
    for found, known, noun in (
        (parameter.group, spec.groups, "group"),
        (parameter.level, spec.levels, "level"),
    ):
        if found not in known:
            raise ArgumentError(
                f"{noun}={found!r} of {term(spec, parameter)} is not in the model. "
                f"In it: {name_list(map(repr, known))}."
            )


def _check_places(parameters: Iterable[Parameter]) -> None:
    for place, n in Counter(p.place for p in parameters).items():
        if n > 1:
            where = ", ".join(filter(None, place))
            raise ArgumentError(f"{n} parameters stand at one place ({where}). Keep one of them.")
