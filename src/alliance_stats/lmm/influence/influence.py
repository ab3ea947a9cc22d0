"""Leaving out each group of a unit: with the variances kept, or estimated anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, did_you_mean, name_list, one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.influence.downdate import Estimates, estimates_from, tops_without
from alliance_stats.lmm.influence.removal import (
    design_without,
    is_estimable,
    nested_products,
    rows_of_groups,
)
from alliance_stats.lmm.influence.result import InfluenceResult
from alliance_stats.lmm.minimum import Minimum, minimise
from alliance_stats.lmm.residual.limits import no_structure
from alliance_stats.lmm.tables import var_corr

if TYPE_CHECKING:
    from alliance_stats.lmm.algebra.nested import NestedElimination


def influence(self: FittedModel, *, unit: str, refit: bool = False) -> InfluenceResult:
    """How the fixed effects change when each group of a unit is left out.

    By default the variances are kept at those of the fit; the fixed effects without the group are
    then exact, and all groups together take about as long as one fit. With ``refit=True`` the
    variances are estimated anew without each group.

    Parameters
    ----------
    unit : str
        A grouping factor of the model: ``"patient"``, ``"therapist"``.
    refit : bool

    Returns
    -------
    InfluenceResult
        Cook's distance is (β − β₋ₖ)'V⁻¹(β − β₋ₖ)/p with V the covariance of β; ``mdffits`` uses
        that of β₋ₖ; ``covratio`` is the ratio of their determinants, above 1 where the group adds
        precision. ``dfbetas`` is the change of a coefficient in standard errors of β₋ₖ.

    Raises
    ------
    ArgumentError
        If `unit` is not a grouping factor of the model, or the model has no fixed effects.
    UnsupportedError
        If the factors of the model are crossed; with ``refit=True``, if residuals have a
        structure.

    References
    ----------
    Loy, A., & Hofmann, H. (2014). HLMdiag: A suite of diagnostics for hierarchical linear models
    in R. Journal of Statistical Software, 56(5).

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", sessions)
    >>> found = fit.influence(unit="therapist")
    >>> bool(found.groups["cooks_distance"].max() < 1)
    True
    """
    one_of(refit, (True, False), name="refit")
    if refit:
        no_structure(self, "refit=True", "Use refit=False, or fit again without a group's rows.")
    design = self.criterion.design
    level = _level(self, unit)
    counts = rows_of_groups(design, level)
    if refit:
        beta, covariance, variances, fits = _refitted(self, level)
    else:
        beta, covariance = _downdated(self, level)
        variances, fits = None, {}
    labels = pd.Series(list(design.levels[level].labels), dtype=object).infer_objects()
    groups = pd.DataFrame({"group": labels, "n_rows": counts})
    groups = groups.assign(**_distances(self, beta, covariance), **fits)
    effects = _effects(self, unit, labels, beta, covariance)
    messages = (*_about_undefined(groups, unit), *_about_refits(groups))
    return InfluenceResult(unit, refit, groups, effects, variances, messages)


def _level(fit: FittedModel, unit: str) -> int:
    """Position of a factor among the levels. Raises where its groups cannot be left out."""
    design = fit.criterion.design
    names = [level.name for level in design.levels]
    if unit not in names:
        raise ArgumentError(
            f"unit={unit!r} is not a grouping factor of the model."
            f"{did_you_mean(str(unit), names)} In the model: {name_list(names)}."
        )
    nested_products(design)
    if not design.names:
        raise ArgumentError(
            "the model has no fixed effects that leaving out a group could change. "
            "Add an intercept or a predictor."
        )
    return names.index(unit)


def _downdated(fit: FittedModel, level: int) -> tuple[np.ndarray, np.ndarray]:
    """β (G, p) and its covariance (G, p, p) without each group, θ and σ² kept."""
    design = fit.criterion.design
    eliminated = cast("NestedElimination", fit.profile.eliminated)
    tops = tops_without(eliminated, level)
    found = estimates_from(tops, eliminated.top, design.x, design.y)
    return _in_data_units(fit, found, np.full(len(found.beta), fit.unit_variance))


def _in_data_units(
    fit: FittedModel, found: Estimates, unit_variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    design = fit.criterion.design
    beta = found.beta @ design.transform.T * design.scale + design.least_squares
    covariance = design.transform @ found.unscaled @ design.transform.T
    return beta, covariance * unit_variance[:, None, None]


def _refitted(
    fit: FittedModel, level: int
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame, dict[str, np.ndarray]]:
    """β, its covariance and the variances of a fit without each group."""
    design = fit.criterion.design
    n, p = len(design.levels[level].labels), len(design.names)
    beta, covariance = np.full((n, p), np.nan), np.full((n, p, p), np.nan)
    converged, singular = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    variances = []
    lost = _lost(fit, level)
    for group in range(n):
        left = design_without(design, level, group)
        if lost[group] or not is_estimable(left):
            continue
        criterion = Criterion(left, fit.criterion.reml)
        again = type(fit)("", criterion, _minimum(fit, criterion))
        beta[group], covariance[group] = again.beta, again.vcov
        converged[group], singular[group] = again.converged, again.singular
        table = var_corr(again)
        table = table.loc[table["with_term"] == ""]
        variances.append(
            pd.DataFrame(
                {
                    "group": pd.Series([design.levels[level].labels[group]] * len(table)),
                    "unit": table["group"].to_numpy(),
                    "term": table["term"].to_numpy(),
                    "variance": table["variance"].to_numpy(),
                }
            )
        )
    columns = ["group", "unit", "term", "variance"]
    table = pd.concat(variances, ignore_index=True) if variances else pd.DataFrame(columns=columns)
    return beta, covariance, table, {"converged": converged, "singular": singular}


def _lost(fit: FittedModel, level: int) -> np.ndarray:
    """Groups (G,) without which a coefficient cannot be estimated."""
    return np.isnan(_downdated(fit, level)[0]).any(axis=1)


def _minimum(fit: FittedModel, criterion: Criterion) -> Minimum:
    """The minimum near that of all rows; looked for from the default starts too if singular."""
    near = minimise(criterion, start=fit.minimum.theta)
    if near.converged and not near.singular:
        return near
    far = minimise(criterion)
    return far if far.deviance < near.deviance or not near.converged else near


def _distances(fit: FittedModel, beta: np.ndarray, covariance: np.ndarray) -> dict[str, np.ndarray]:
    """Cook's distance, MDFFITS and COVRATIO (G,) without each group."""
    change, whole = beta - fit.beta.to_numpy(), fit.vcov.to_numpy()
    p = beta.shape[1]
    kept = ~np.isnan(beta).any(axis=1)
    mdffits, ratio = np.full(len(beta), np.nan), np.full(len(beta), np.nan)
    own = np.linalg.solve(covariance[kept], change[kept, :, None])[:, :, 0]
    mdffits[kept] = (change[kept] * own).sum(axis=1) / p
    logdet = np.linalg.slogdet(covariance[kept])[1] - np.linalg.slogdet(whole)[1]
    ratio[kept] = np.exp(logdet)
    cooks = (change * np.linalg.solve(whole, change.T).T).sum(axis=1) / p
    return {"cooks_distance": cooks, "mdffits": mdffits, "covratio": ratio}


def _effects(
    fit: FittedModel, unit: str, labels: pd.Series, beta: np.ndarray, covariance: np.ndarray
) -> pd.DataFrame:
    """One row a group and fixed effect."""
    n, p = beta.shape
    se = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    change = beta - fit.beta.to_numpy()
    whole = np.sqrt(np.diag(fit.vcov.to_numpy()))
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "estimate": beta,
            "se": se,
            "statistic": beta / se,
            "change": change,
            "dfbetas": change / se,
            "se_ratio": se / whole,
        }
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    table.insert(0, "term", np.tile(np.array(fit.names, dtype=object), n))
    table.insert(0, "group", labels.loc[labels.index.repeat(p)].to_numpy())
    table.insert(0, "unit", unit)
    return table


def _about_undefined(groups: pd.DataFrame, unit: str) -> list[str]:
    n = int(groups["cooks_distance"].isna().sum())
    if not n:
        return []
    return [
        f"Without {agree(n, 'one group', f'{n:,} groups (each by itself)')} of '{unit}' the model "
        "cannot be estimated: a coefficient or a random effect rests on that group alone. Its "
        "values are missing."
    ]


def _about_refits(groups: pd.DataFrame) -> list[str]:
    if "converged" not in groups:
        return []
    fitted = groups["cooks_distance"].notna()
    singular = int(groups.loc[fitted, "singular"].sum())
    failed = int((~groups.loc[fitted, "converged"]).sum())
    messages = []
    if singular:
        messages.append(
            f"{counted(singular, 'refit')} {agree(singular, 'is', 'are')} singular: without the "
            "group a variance is estimated as zero, or a correlation as ±1."
        )
    if failed:
        messages.append(
            f"{counted(failed, 'refit')} did not converge: do not use "
            f"{agree(failed, 'its values', 'their values')}."
        )
    return messages
