"""The bootstrap of a mixed model: responses drawn from the fit, or whole groups drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.resampling.bootstrap_result import BootstrapResult
from alliance_stats.lmm.resampling.crossed_responses import CrossedLaw
from alliance_stats.lmm.resampling.parameters import parameter_names, parameter_values
from alliance_stats.lmm.resampling.refits import Refit, refit_each, refit_in_turn
from alliance_stats.lmm.resampling.replicate import Replicate, with_counts, with_response
from alliance_stats.lmm.resampling.responses import law_of
from alliance_stats.lmm.residual.limits import no_structure
from alliance_stats.numeric.resample import spawn_generators

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult

Kind = Literal["parametric", "cluster"]
#: Gives further numbers of one refit, by name; or one number.
Statistic = Callable[["MixedModelResult"], "float | Mapping[str, float]"]

#: With fewer groups to draw from, intervals of the cluster bootstrap are said to be narrow.
FEW = 30
#: A larger share of failed refits is said.
MANY_FAILED = 0.01


def bootstrap(
    self: MixedModelResult,
    n: int = 1000,
    *,
    kind: Kind = "parametric",
    rng: RandomSource,
    statistic: Statistic | None = None,
    unit: str | None = None,
) -> BootstrapResult:
    """Fit the model again to resampled data.

    Parameters
    ----------
    n : int
        Number of resampled data sets. 1,000 for intervals; more for their far ends.
    kind : {"parametric", "cluster"}
        *parametric* draws new random effects and residuals from the fitted model, for the rows of
        the fit. It takes the model as true. *cluster* draws whole groups of the highest factor
        with replacement: therapists with their patients and sessions. It holds when the model of
        variances is wrong, and needs many such groups.
    rng : int, SeedSequence or Generator
    statistic : callable, optional
        Is given every refit (a `MixedModelResult`) and returns a number, or a mapping of names to
        numbers, that become further columns: ``lambda fit: fit.covariances["patient"].iloc[0, 0]``.
    unit : str, optional
        For ``"cluster"``, the factor that is drawn: the highest one, which is the default.

    Returns
    -------
    BootstrapResult
        Draws of fixed effects, standard deviations, correlations and the residual standard
        deviation, with `confint` and `tidy`.

    Raises
    ------
    UnsupportedError
        For the cluster bootstrap of crossed factors, which have no independent groups, or of a
        factor that is not the highest one; with a residual structure.
    ArgumentError
        If `unit` is given for the parametric bootstrap, or a factor is not in the model.

    Notes
    -----
    No row is touched: the cross-products of new responses are drawn directly, and drawn groups
    keep theirs. Refits are by the method of the fit (REML or ML) and start at its estimates.
    Data set number k is the same whatever `n` is.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
    >>> draws = fit.bootstrap(100, rng=1).draws
    >>> draws.columns.tolist()
    ['(Intercept)', 'session', 'sd_(Intercept)|patient', 'sigma']
    """
    no_structure(
        self,
        "a bootstrap",
        "Draw responses with simulate(data, n=…, rng=…) and fit each, or use tidy() and "
        "confint(method='wald').",
    )
    _check(self, n, kind, unit)
    draw = parametric_draws(self, n, rng) if kind == "parametric" else cluster_draws(self, n, rng)
    kept = _Kept.empty(self, n, statistic)
    if isinstance(self.criterion.design.products, NestedProducts):
        weighted = kind == "cluster"
        refit_each(self.criterion, self.minimum.theta, draw, kept.add, n=n, weighted=weighted)
    else:
        refit_in_turn(self.criterion, self.minimum.theta, draw, kept.add, n=n)
    top = self.criterion.design.levels[-1]
    draws = kept.frame()
    return BootstrapResult(
        formula=self.formula,
        kind=kind,
        unit=top.name if kind == "cluster" else None,
        estimates=_estimates(self, draws, statistic),
        draws=draws,
        n_failed=int(kept.failed.sum()),
        n_singular=int(kept.singular.sum()),
        levels=self.levels(),
        messages=tuple(_messages(self, kind, draws, kept)),
    )


def parametric_draws(
    fit: MixedModelResult, n: int, rng: RandomSource
) -> Callable[[int], Replicate]:
    """Data sets 0 … n − 1 with responses drawn from the fit."""
    generators = spawn_generators(rng, n)
    if not isinstance(fit.criterion.design.products, NestedProducts):
        crossed = CrossedLaw(fit.criterion, fit.profile)
        return lambda number: crossed.draw(generators[number])
    law = law_of(fit.criterion, fit.profile)
    return lambda number: with_response(fit.criterion, *law.draw(generators[number]))


def cluster_draws(fit: MixedModelResult, n: int, rng: RandomSource) -> Callable[[int], Replicate]:
    """Data sets 0 … n − 1 with groups of the highest factor drawn with replacement."""
    groups = len(fit.criterion.design.levels[-1].labels)
    generators = spawn_generators(rng, n)

    def draw(number: int) -> Replicate:
        drawn = generators[number].integers(0, groups, groups)
        return with_counts(fit.criterion, np.bincount(drawn, minlength=groups))

    return draw


@dataclass(eq=False)
class _Kept:
    """What is kept of every refit."""

    fit: MixedModelResult
    statistic: Statistic | None
    theta: np.ndarray
    beta: np.ndarray
    sigma2: np.ndarray
    singular: np.ndarray
    failed: np.ndarray
    more: dict[int, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def empty(cls, fit: MixedModelResult, n: int, statistic: Statistic | None) -> _Kept:
        k, p = fit.criterion.n_theta, len(fit.names)
        nothing = np.full((n, k), np.nan), np.full((n, p), np.nan), np.full(n, np.nan)
        return cls(fit, statistic, *nothing, np.zeros(n, dtype=bool), np.ones(n, dtype=bool))

    def add(self, number: int, refit: Refit | None) -> None:
        if refit is None or not refit.minimum.converged:
            return
        self.failed[number] = False
        self.singular[number] = refit.minimum.singular
        self.theta[number] = refit.minimum.theta
        self.beta[number], self.sigma2[number] = refit.beta, refit.sigma2
        if self.statistic is not None:
            result = type(self.fit)(self.fit.formula, refit.criterion, refit.minimum)
            self.more[number] = named(self.statistic(result))

    def frame(self) -> pd.DataFrame:
        values = parameter_values(self.fit.criterion, self.theta, self.beta, self.sigma2)
        names = parameter_names(self.fit.criterion)
        index = pd.RangeIndex(1, len(values) + 1, name="draw")
        frame = pd.DataFrame(values, columns=names, index=index)
        if self.statistic is None:
            return frame
        more = pd.DataFrame.from_dict(self.more, orient="index")
        taken = [name for name in more.columns if name in frame.columns]
        if taken:
            raise ArgumentError(
                f"statistic returns '{taken[0]}', the name of a parameter. Use another name."
            )
        return frame.join(more.set_axis(more.index + 1))


def named(value: float | Mapping[str, float] | Any) -> dict[str, float]:
    """What a statistic returned, as numbers by name."""
    if isinstance(value, Mapping | pd.Series):
        return {str(name): float(number) for name, number in value.items()}
    try:
        return {"statistic": float(value)}
    except (TypeError, ValueError):
        raise ArgumentError(
            f"statistic returned a {type(value).__name__}. "
            "Return a number, or a mapping of names to numbers."
        ) from None


def _estimates(
    fit: MixedModelResult, draws: pd.DataFrame, statistic: Statistic | None
) -> pd.Series:
    """The parameters of the fit itself, in the order of the draws."""
    profile = fit.profile
    values = parameter_values(
        fit.criterion,
        fit.minimum.theta[None],
        profile.beta[None],
        np.array([profile.sigma2]),
    )[0]
    found = dict(zip(parameter_names(fit.criterion), values.tolist(), strict=True))
    if statistic is not None:
        found |= named(statistic(fit))
    return pd.Series(found, name="estimate").reindex(draws.columns)


def _check(fit: MixedModelResult, n: int, kind: str, unit: str | None) -> None:
    one_of(kind, ("parametric", "cluster"), name="kind")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 2:
        raise ArgumentError(f"n={n!r} is no number of draws. Give a whole number above one.")
    if unit is not None and kind == "parametric":
        raise ArgumentError(
            f"unit={unit!r} has no meaning for the parametric bootstrap, which draws all random "
            "effects anew. Leave it out, or give kind='cluster'."
        )
    if kind == "parametric":
        return
    check_nested(fit)
    names = [level.name for level in fit.criterion.design.levels]
    if unit is None or unit == names[-1]:
        return
    if unit not in names:
        raise ArgumentError(f"unit={unit!r} is no grouping factor. Known: {', '.join(names)}.")
    raise UnsupportedError(
        f"unit={unit!r} is nested in '{names[-1]}', so its groups are not independent. "
        f"Draw the highest factor: unit={names[-1]!r}."
    )


def check_nested(fit: MixedModelResult) -> None:
    """Raise UnsupportedError where factors are crossed."""
    if isinstance(fit.criterion.design.products, NestedProducts):
        return
    names = " and ".join(f"'{level.name}'" for level in fit.criterion.design.levels)
    raise UnsupportedError(
        f"grouping factors are crossed ({names}), so no groups are independent of each other: they "
        "cannot be drawn as clusters, nor can two models share drawn cross-products. "
        "fit.bootstrap(kind='parametric') takes crossed factors; for anything else draw responses "
        "with fit.simulate(data, n=…, rng=…) and fit the models to each with fit_lmm."
    )


def _messages(fit: MixedModelResult, kind: str, draws: pd.DataFrame, kept: _Kept) -> list[str]:
    """What a reader must know of the draws."""
    found = []
    n, failed = len(draws), int(kept.failed.sum())
    if failed > MANY_FAILED * n:
        found.append(
            f"{failed:,} of {counted(n, 'refit')} failed and are left out of the intervals."
        )
    undefined = draws[~kept.failed].isna().sum()
    for name, count in undefined[undefined > 0].items():
        found.append(
            f"{name} is undefined in {count:,} of {counted(n, 'draw')} (an effect that does not "
            "vary there); its interval is of the others."
        )
    top = fit.criterion.design.levels[-1]
    if kind == "cluster" and len(top.labels) < FEW:
        found.append(
            f"Only {counted(len(top.labels), top.name)} to draw from: intervals of the cluster "
            "bootstrap are too narrow with few groups. Compare the parametric bootstrap."
        )
    return found
