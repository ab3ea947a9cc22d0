"""The same items on several occasions as one model: a factor an occasion, residuals correlated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.sem.builders import EQUALITIES
from alliance_stats.sem.spec import ModelSpec, Parameter


def over_occasions(
    factors: Mapping[str, Sequence[Sequence[str]]],
    *,
    labels: Sequence[str] | None = None,
    equal: Sequence[str] = (),
) -> ModelSpec:
    """Specify a longitudinal factor model of columns in wide form.

    Parameters
    ----------
    factors : mapping
        Name of each factor to its items on each occasion, in the same order:
        ``{"bond": [["b1_t1", "b2_t1"], ["b1_t2", "b2_t2"]]}``.
    labels : sequence of str, optional
        Names of the occasions; 1, 2, … by default.
    equal : sequence of {"loadings", "intercepts", "residuals"}
        What is the same on all occasions. With equal intercepts, means of the factors are free
        from the second occasion on.

    Returns
    -------
    ModelSpec
        The first item of each factor has a loading of 1. All factors covary, and so do residuals
        of the same item over occasions.

    Examples
    --------
    >>> from alliance_stats.sem import over_occasions
    >>> over_occasions({"f": [["a1", "b1", "c1"], ["a2", "b2", "c2"]]}).latent
    ('f_1', 'f_2')
    """
    for name in equal:
        one_of(name, EQUALITIES, name="equal")
    n = _check_factors(factors)
    names = [str(label) for label in (labels if labels is not None else range(1, n + 1))]
    if len(names) != n:
        raise ArgumentError(f"{len(names)} labels for {n} occasions. Give one each.")
    latent = [f"{factor}_{label}" for factor in factors for label in names]
    parameters: list[Parameter] = []
    for factor, occasions in factors.items():
        for t, items in enumerate(occasions):
            parameters += _occasion(f"{factor}_{names[t]}", factor, t, items, equal)
        parameters += [
            Parameter("covariances", one, other)
            for same in zip(*occasions, strict=True)
            for one, other in combinations(same, 2)
        ]
    parameters += [Parameter("covariances", one, two) for one, two in combinations(latent, 2)]
    observed = [item for occasions in factors.values() for items in occasions for item in items]
    return ModelSpec(tuple(observed), tuple(latent), tuple(parameters))


def _occasion(
    latent: str, factor: str, t: int, items: Sequence[str], equal: Sequence[str]
) -> list[Parameter]:
    """Loadings, variances and intercepts of one factor on one occasion."""

    def label(what: str, position: int) -> str:
        return f"{factor}.{what}.{position + 1}" if what in equal else ""

    found = [Parameter("paths", items[0], latent, value=1.0)]
    found += [
        Parameter("paths", item, latent, label=label("loadings", i))
        for i, item in enumerate(items)
        if i
    ]
    found.append(Parameter("covariances", latent, latent))
    for i, item in enumerate(items):
        found.append(Parameter("covariances", item, item, label=label("residuals", i)))
        found.append(Parameter("means", item, label=label("intercepts", i)))
    if t and "intercepts" in equal:
        found.append(Parameter("means", latent))
    return found


def _check_factors(factors: Mapping[str, Sequence[Sequence[str]]]) -> int:
    """The number of occasions, the same for every factor."""
    counts = {name: [len(items) for items in occasions] for name, occasions in factors.items()}
    n = {len(sizes) for sizes in counts.values()}
    uneven = [name for name, sizes in counts.items() if len(set(sizes)) != 1 or not sizes[0]]
    if len(n) != 1 or n == {1} or uneven:
        raise ArgumentError(
            f"items by occasion are {counts}. Give every factor the same number of occasions, "
            "two or more, with the same items on each."
        )
    return n.pop()
