"""The bootstrap of a mixed model: responses drawn from the fit, or whole groups drawn again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.resampling.bootstrap_result import BootstrapResult
from alliance_stats.lmm.resampling.clusters import LINKED, Clusters, clusters_of
from alliance_stats.lmm.resampling.draws import Draws, Fit, Kind, Statistic, draw_refits, named
from alliance_stats.lmm.resampling.parameters import parameter_names, parameter_values
from alliance_stats.lmm.residual.limits import no_structure
from alliance_stats.lmm.tables import levels_table

#: With fewer groups to draw from, intervals of the cluster bootstrap are said to be narrow.
FEW = 30
#: Crossed factors must fall apart into so many independent sets of equal size, or as good as.
ENOUGH = 10
#: What there is none of with a residual structure, and what to do instead.
NO_BOOTSTRAP = (
    "a bootstrap",
    "Draw responses with simulate(data, n=…, rng=…) and fit each, or use tidy() and "
    "confint(method='wald').",
)
#: A larger share of failed refits is said.
MANY_FAILED = 0.01


def bootstrap(
    self: Fit,
    n: int = 1000,
    *,
    kind: Kind = "parametric",
    rng: RandomSource,
    statistic: Statistic[Fit] | None = None,
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
        variances is wrong, and needs many such groups. Where factors cross, what is drawn are sets
        of groups linked by shared rows, such as therapists who have had the same patients and all
        patients of theirs.
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
        For the cluster bootstrap of a factor that is not the highest one, or of crossed factors
        that do not fall apart into sets of linked groups worth ten of equal size; with a residual
        structure.
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


def bootstrap_result(
    found: Draws[Fit], estimates: pd.Series, draws: pd.DataFrame
) -> BootstrapResult:
    """The result of a bootstrap, for numbers (one column each) that follow from its refits."""
    fit, kind = found.fit, found.kind
    return BootstrapResult(
        formula=fit.formula,
        kind=kind,
        unit=clusters_of(fit.criterion).name if kind == "cluster" else None,
        estimates=estimates,
        draws=draws,
        n_failed=int(found.failed.sum()),
        n_singular=int(found.singular.sum()),
        levels=levels_table(fit.criterion.design),
        messages=tuple(_messages(found, draws[estimates.dropna().index])),
    )


def draw_frame(values: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Numbers (n, k) of n refits, a row each, counted from one."""
    index = pd.RangeIndex(1, len(values) + 1, name="draw")
    return pd.DataFrame(values, columns=list(names), index=index)


def _parameters(found: Draws[Fit]) -> pd.DataFrame:
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


def _estimates(fit: Fit, draws: pd.DataFrame, statistic: Statistic[Fit] | None) -> pd.Series:
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
    fit: FittedModel, bootstrap: int | None, kind: str, rng: RandomSource | None
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


def _check(fit: FittedModel, n: int, kind: str, unit: str | None, *, name: str = "n") -> None:
    no_structure(fit, *NO_BOOTSTRAP)
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
    names = [level.name for level in fit.criterion.design.levels]
    if not isinstance(fit.criterion.design.products, NestedProducts):
        _check_linked(clusters_of(fit.criterion), names, unit)
        return
    if unit is None or unit == names[-1]:
        return
    if unit not in names:
        raise ArgumentError(f"unit={unit!r} is no grouping factor. Known: {', '.join(names)}.")
    raise UnsupportedError(
        f"unit={unit!r} is nested in '{names[-1]}', so its groups are not independent. "
        f"Draw the highest factor: unit={names[-1]!r}."
    )


def _check_linked(clusters: Clusters, names: Sequence[str], unit: str | None) -> None:
    """Raise UnsupportedError where crossed factors do not fall apart into enough parts."""
    factors = " and ".join(f"'{name}'" for name in names)
    if unit is not None:
        raise UnsupportedError(
            f"grouping factors are crossed ({factors}), so groups of {unit!r} are not independent "
            "of each other. Leave unit out: sets of groups that are linked by shared rows are "
            "drawn, if there are enough."
        )
    if clusters.effective >= ENOUGH:
        return
    raise UnsupportedError(
        f"grouping factors are crossed ({factors}), and their groups, linked by the rows they "
        f"share, form {counted(clusters.n, LINKED)} of which the largest holds "
        f"{_share(clusters)} of the rows. Only such sets are independent and can be drawn as "
        f"clusters; here they are worth {clusters.effective:.1f} of equal size, and at least "
        f"{ENOUGH} are needed. Use kind='parametric'."
    )


def _share(clusters: Clusters) -> str:
    """Share of the largest cluster in the rows: ``22%``."""
    return f"{clusters.rows.max() / clusters.rows.sum():.0%}"


def _messages(found: Draws[Fit], draws: pd.DataFrame) -> list[str]:
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
    return messages + (_about_clusters(found.fit) if found.kind == "cluster" else [])


def _about_clusters(fit: FittedModel) -> list[str]:
    """What was drawn where factors cross, and whether there is little to draw from."""
    clusters, messages = clusters_of(fit.criterion), []
    if clusters.name == LINKED:
        names = " and ".join(f"'{level.name}'" for level in fit.criterion.design.levels)
        messages.append(
            f"Grouping factors are crossed ({names}), so {counted(clusters.n, LINKED)} of their "
            "groups were drawn, which have no row in common with each other; the largest holds "
            f"{_share(clusters)} of the rows."
        )
    if clusters.n < FEW:
        messages.append(
            f"Only {counted(clusters.n, clusters.name)} to draw from: intervals of the cluster "
            "bootstrap are too narrow with few groups. Compare the parametric bootstrap."
        )
    return messages
