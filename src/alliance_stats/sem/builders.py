"""Specifications as they are commonly wanted: factor models, groups, levels, saturated models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.sem.spec import LEVELS, ModelSpec, Parameter, operator

Identification = Literal["marker", "variance"]


def factor_model(
    factors: Mapping[str, Sequence[str]],
    *,
    identification: Identification = "marker",
    correlated: bool | None = None,
    general: str | None = None,
    second_order: str | None = None,
    residual_covariances: Sequence[tuple[str, str]] = (),
    means: bool = False,
) -> ModelSpec:
    """Specify a confirmatory factor model.

    Parameters
    ----------
    factors : mapping
        Name of each factor to its items: ``{"task": ["wai1", "wai2", "wai3"], …}``.
    identification : {"marker", "variance"}
        What sets the scale of a factor: a loading of 1 of its first item, or a variance of 1.
    correlated : bool, optional
        Whether factors covary. By default they do, but not in a bifactor model, nor where a
        second-order factor explains their covariances.
    general : str, optional
        Name of a factor on which every item loads besides (a bifactor model); all factors are
        then uncorrelated.
    second_order : str, optional
        Name of a factor that explains the covariances of the factors.
    residual_covariances : sequence of pairs
        Items whose residuals covary.
    means : bool
        Whether intercepts are in the model. They are added where a fit needs them.

    Returns
    -------
    ModelSpec

    Raises
    ------
    ArgumentError
        If there are no factors, a factor has no items, or options contradict each other.

    Examples
    --------
    >>> from alliance_stats.sem import factor_model
    >>> spec = factor_model({"task": ["w1", "w2", "w3"], "bond": ["w4", "w5", "w6"]})
    >>> spec.observed, spec.latent, spec.n_free
    (('w1', 'w2', 'w3', 'w4', 'w5', 'w6'), ('task', 'bond'), 13)
    """
    one_of(identification, ("marker", "variance"), name="identification")
    _check_factors(factors, general, second_order, correlated)
    measured = {name: tuple(items) for name, items in factors.items()}
    items = tuple(dict.fromkeys(item for own in measured.values() for item in own))
    if general is not None:
        measured = {general: items, **measured}
    parameters: list[Parameter] = []
    for factor, own in measured.items():
        parameters += _measured(factor, own, identification, second_order is not None)
    if second_order is not None:
        parameters += _measured(second_order, tuple(factors), identification, False)
    elif correlated is not False and general is None:
        names = tuple(measured)
        parameters += [
            Parameter("covariances", one, other)
            for at, one in enumerate(names)
            for other in names[at + 1 :]
        ]
    parameters += [Parameter("covariances", item, item) for item in items]
    parameters += [Parameter("covariances", one, two) for one, two in residual_covariances]
    latent = (*measured, *([second_order] if second_order is not None else []))
    spec = ModelSpec(items, latent, tuple(parameters))
    return with_intercepts(spec) if means else spec


def _check_factors(
    factors: Mapping[str, Sequence[str]],
    general: str | None,
    second_order: str | None,
    correlated: bool | None,
) -> None:
    if not factors:
        raise ArgumentError("factors is empty. Give a factor's name and its items.")
    for name, items in factors.items():
        if isinstance(items, str) or not len(items):
            raise ArgumentError(
                f"factor {name!r} has no list of items: {items!r}. Give a list of column names."
            )
    if general is not None and second_order is not None:
        raise ArgumentError(
            "general and second_order are two models of what the factors share. Choose one."
        )
    if correlated and (general is not None or second_order is not None):
        raise ArgumentError(
            "correlated=True contradicts general= and second_order=, which explain why the "
            "factors covary. Leave it out."
        )


def _measured(
    factor: str, items: Sequence[str], identification: Identification, is_explained: bool
) -> list[Parameter]:
    """Loadings and variance of a factor; a residual variance where a higher factor explains it."""
    by_marker = identification == "marker" or is_explained
    loadings = [
        Parameter("paths", item, factor, value=1.0 if by_marker and not at else None)
        for at, item in enumerate(items)
    ]
    variance = Parameter("covariances", factor, factor, value=None if by_marker else 1.0)
    return [*loadings, variance]


def with_intercepts(spec: ModelSpec) -> ModelSpec:
    """The same model with a free intercept of every observed variable, where means are absent.

    At two levels intercepts belong to the level between clusters.
    """
    if spec.has_means:
        return spec
    added = [
        Parameter("means", item, group=group, level=spec.levels[-1])
        for group in spec.groups
        for item in spec.observed
    ]
    return replace(spec, parameters=(*spec.parameters, *added))


#: What `in_groups` can set equal.
EQUALITIES = ("loadings", "intercepts", "residuals", "regressions")


def in_groups(spec: ModelSpec, groups: Sequence[str], *, equal: Sequence[str] = ()) -> ModelSpec:
    """The same model in several groups, with parameters set equal on request.

    Parameters
    ----------
    spec : ModelSpec
        A model of one group.
    groups : sequence of str
        Labels, as text.
    equal : sequence of {"loadings", "intercepts", "residuals", "regressions"}
        What is the same in all groups: paths from latent variables, intercepts of observed
        variables, (co)variances of residuals of observed variables, paths that are no loadings
        (between latent variables, or from observed ones). With equal loadings, variances
        of latent variables fixed for identification are free from the second group on; with
        equal intercepts, means of latent variables are.

    Returns
    -------
    ModelSpec

    Examples
    --------
    >>> from alliance_stats.sem import factor_model, in_groups
    >>> one = factor_model({"task": ["w1", "w2", "w3", "w4"]}, means=True)
    >>> in_groups(one, ["cbt", "pdt"], equal=["loadings", "intercepts"]).n_free
    18
    """
    for name in equal:
        one_of(name, EQUALITIES, name="equal")
    if spec.groups != ("",):
        raise ArgumentError("the model has groups already. Give a model of one group.")
    if "intercepts" in equal:
        spec = with_intercepts(spec)
    parameters: list[Parameter] = []
    for number, group in enumerate(groups):
        parameters += [_in_group(spec, p, group, equal, number) for p in spec.parameters]
        if number and "intercepts" in equal:
            parameters += _latent_means(spec, group)
    return replace(spec, parameters=tuple(parameters), groups=tuple(groups))


def _in_group(
    spec: ModelSpec, p: Parameter, group: str, equal: Sequence[str], number: int
) -> Parameter:
    """A parameter in one group: named alike where equal, by its group otherwise."""
    latent_ends = {p.row, p.column} & set(spec.latent)
    kinds = {
        "loadings": p.matrix == "paths" and p.column in spec.latent,
        "intercepts": p.matrix == "means" and p.row in spec.observed,
        "residuals": p.matrix == "covariances" and not latent_ends,
        "regressions": p.matrix == "paths" and operator(spec, p) == "~",
    }
    same = any(kinds[name] for name in equal)
    label = p.label or (".".join(p.place) if same else "")
    if p.label and not same:
        label = f"{p.label}.{group}"
    value = p.value
    scale = p.matrix == "covariances" and p.row == p.column and p.row in spec.latent
    if number and "loadings" in equal and scale and value is not None:
        value, label = None, ""
    return replace(p, label=label if value is None else "", value=value, group=group)


def _latent_means(spec: ModelSpec, group: str) -> list[Parameter]:
    """Free means of latent variables that are not there yet."""
    there = {p.row for p in spec.parameters if p.matrix == "means"}
    level = spec.levels[-1]
    return [
        Parameter("means", name, group=group, level=level)
        for name in spec.latent
        if name not in there
    ]


def in_levels(within: ModelSpec, between: ModelSpec) -> ModelSpec:
    """A two-level model: one model of deviations within clusters, one of cluster means.

    Both have the same observed variables. Latent variables with the same name at both levels are
    different variables; equal labels set parameters equal across levels.

    Examples
    --------
    >>> from alliance_stats.sem import factor_model, in_levels
    >>> one = factor_model({"task": ["w1", "w2", "w3", "w4"]})
    >>> in_levels(one, one).n_free
    20
    """
    if set(within.observed) != set(between.observed):
        raise ArgumentError(
            "the models within and between have different observed variables: "
            f"{', '.join(within.observed)} and {', '.join(between.observed)}. "
            "Give both the same."
        )
    if within.groups != ("",) or between.groups != ("",):
        raise ArgumentError("the models have groups. Join the levels first, then use in_groups.")
    parameters = [replace(p, level=LEVELS[0]) for p in within.parameters if p.matrix != "means"]
    parameters += [replace(p, level=LEVELS[1]) for p in between.parameters]
    latent = tuple(dict.fromkeys((*within.latent, *between.latent)))
    return with_intercepts(ModelSpec(within.observed, latent, tuple(parameters), levels=LEVELS))


def covariance_model(names: Sequence[str]) -> ModelSpec:
    """The model without factors: every variance and covariance of the variables is free."""
    return saturated_model(ModelSpec(tuple(names), (), ()))


def saturated_model(spec: ModelSpec) -> ModelSpec:
    """The model with every variance, covariance and (where the model has means) mean free."""
    return _of_observed(spec, covariances=True)


def baseline_model(spec: ModelSpec) -> ModelSpec:
    """The model of uncorrelated variables against which CFI and TLI compare."""
    return _of_observed(spec, covariances=False)


def _of_observed(spec: ModelSpec, *, covariances: bool) -> ModelSpec:
    names = spec.observed
    parameters = [
        Parameter("covariances", one, other, group=group, level=level)
        for group, level in spec.parts
        for at, one in enumerate(names)
        for other in (names[at:] if covariances else [one])
    ]
    found = ModelSpec(names, (), tuple(parameters), spec.groups, spec.levels)
    return with_intercepts(found) if spec.has_means else found
