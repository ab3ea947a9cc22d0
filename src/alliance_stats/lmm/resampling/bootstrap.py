"""The bootstrap of a mixed model: responses drawn from the fit, or whole groups drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.resampling.bootstrap_result import BootstrapResult
from alliance_stats.lmm.resampling.draws import Draws, Kind, Statistic, draw_refits, named
from alliance_stats.lmm.resampling.parameters import parameter_names, parameter_values

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult

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
        factor that is not the highest one.
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
    _check(self, n, kind, unit)
    found = draw_refits(self, n, kind=kind, rng=rng, statistic=statistic)
    draws = _parameters(found)
    return bootstrap_result(found, _estimates(self, draws, statistic), draws)


def bootstrap_result(found: Draws, estimates: pd.Series, draws: pd.DataFrame) -> BootstrapResult:
    """The result of a bootstrap, for numbers (one column each) that follow from its refits."""
    fit, kind = found.fit, found.kind
    return BootstrapResult(
        formula=fit.formula,
        kind=kind,
        unit=fit.criterion.design.levels[-1].name if kind == "cluster" else None,
        estimates=estimates,
        draws=draws,
        n_failed=int(found.failed.sum()),
        n_singular=int(found.singular.sum()),
        levels=fit.levels(),
        messages=tuple(_messages(found, draws[estimates.dropna().index])),
    )


def draw_frame(values: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Numbers (n, k) of n refits, a row each, counted from one."""
    index = pd.RangeIndex(1, len(values) + 1, name="draw")
    return pd.DataFrame(values, columns=list(names), index=index)


def _parameters(found: Draws) -> pd.DataFrame:
    """The parameters of every refit, and what the statistic gave."""
    criterion = found.fit.criterion
    values = parameter_values(criterion, found.theta, found.beta, found.sigma2)
    frame = draw_frame(values, parameter_names(criterion))
    if found.statistic is None:
        return frame
    more = pd.DataFrame.from_dict(found.more, orient="index")
    taken = [name for name in more.columns if name in frame.columns]
    if taken:
        raise ArgumentError(
            f"statistic returns '{taken[0]}', the name of a parameter. Use another name."
        )
    return frame.join(more.set_axis(more.index + 1))


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


def check_asked(
    fit: MixedModelResult, bootstrap: int | None, kind: str, rng: RandomSource | None
) -> None:
    """Raise for arguments ``bootstrap=``, ``kind=`` and ``rng=`` that do not go together."""
    if bootstrap is not None:
        _check(fit, bootstrap, kind, None, name="bootstrap")
        if rng is None:
            raise ArgumentError("the bootstrap draws random numbers. Give rng=1, or another seed.")
        return
    for name, given in (("kind", kind != "parametric"), ("rng", rng is not None)):
        if given:
            raise ArgumentError(
                f"{name} is given but bootstrap is not, and without it nothing is drawn. "
                f"Give bootstrap=1000 too, or leave {name} out."
            )


def _check(fit: MixedModelResult, n: int, kind: str, unit: str | None, *, name: str = "n") -> None:
    one_of(kind, ("parametric", "cluster"), name="kind")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 2:
        raise ArgumentError(f"{name}={n!r} is no number of draws. Give a whole number above one.")
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


def _messages(found: Draws, draws: pd.DataFrame) -> list[str]:
    """What a reader must know of the draws."""
    messages = []
    n, failed = len(draws), int(found.failed.sum())
    if failed > MANY_FAILED * n:
        messages.append(
            f"{failed:,} of {counted(n, 'refit')} failed and are left out of the intervals."
        )
    undefined = draws[~found.failed].isna().sum()
    for name, count in undefined[undefined > 0].items():
        messages.append(
            f"{name} is undefined in {count:,} of {counted(n, 'draw')} (an effect that does not "
            "vary there); its interval is of the others."
        )
    top = found.fit.criterion.design.levels[-1]
    if found.kind == "cluster" and len(top.labels) < FEW:
        messages.append(
            f"Only {counted(len(top.labels), top.name)} to draw from: intervals of the cluster "
            "bootstrap are too narrow with few groups. Compare the parametric bootstrap."
        )
    return messages
