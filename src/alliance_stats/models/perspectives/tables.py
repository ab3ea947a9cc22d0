"""Tables of several perspectives: coefficients, joint tests, correlations, shares of variance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.data.units import float_values
from alliance_stats.lmm.bivariate.fit import fit_bivariate
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effect_size import level_sds
from alliance_stats.models.effects import UNITS
from alliance_stats.models.perspectives.model import Perspectives, fit_together
from alliance_stats.models.regressors import time_regressors

LEADING = ["effect", "unit", "perspective"]
Sds = dict[str, dict[str, float]]


def together_table(
    fit: MixedModelResult, given: Perspectives, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Tidy rows of all perspectives in one model; other fixed effects last."""
    keys = {column: key for key, column in given.parts.items()}
    others = [name for name in fit.names if name not in keys]
    rows = {name: {name: 1.0} for name in [*keys, *others]}
    table = fit.contrasts(rows, conf_level=conf_level, ddf=ddf)
    found = [keys.get(name, ("", "")) for name in rows]
    return _keyed(table, found)


def alone_table(
    fits: Mapping[str, MixedModelResult], given: Perspectives, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Tidy rows of every perspective in a model without the others, in the order of `parts`."""
    tables = []
    for (effect, name), column in given.parts.items():
        table = fits[name].contrasts({column: {column: 1.0}}, conf_level=conf_level, ddf=ddf)
        tables.append(_keyed(table, [(effect, name)]))
    return pd.concat(tables, ignore_index=True)


def _keyed(table: pd.DataFrame, keys: list[tuple[str, str]]) -> pd.DataFrame:
    table.insert(0, "effect", [effect for effect, _ in keys])
    table.insert(1, "unit", [UNITS.get(effect, "") for effect, _ in keys])
    table.insert(2, "perspective", [name for _, name in keys])
    return table[[*LEADING, *TIDY_COLUMNS]]


def tests_table(
    fit: MixedModelResult, given: Perspectives, sds: Sds | None, ddf: Ddf
) -> pd.DataFrame:
    """F tests by level: all coefficients zero; all equal, in points or in the SDs given."""
    hypotheses, keys = {}, []
    for effect in given.effects:
        parts = [given.parts[effect, name] for name in given.columns]
        sizes = [1.0 if sds is None else sds[name][effect] for name in given.columns]
        hypotheses[f"{effect}: none"] = [{part: 1.0} for part in parts]
        hypotheses[f"{effect}: equal"] = [
            {parts[0]: sizes[0], part: -size}
            for part, size in zip(parts[1:], sizes[1:], strict=True)
        ]
        keys += [(effect, "all zero"), (effect, "all equal")]
    table = fit.joint_tests(hypotheses, ddf=ddf).drop(columns="term")
    table = table.rename(columns={"statistic": "F"})
    table.insert(0, "effect", [effect for effect, _ in keys])
    table.insert(1, "unit", [UNITS[effect] for effect, _ in keys])
    table.insert(2, "hypothesis", [hypothesis for _, hypothesis in keys])
    if sds is not None:  # SDs of zero leave nothing to compare
        flat = {e for e in given.effects if any(sds[n][e] <= 0 for n in given.columns)}
        undefined = table["effect"].isin(flat) & (table["hypothesis"] == "all equal")
        table.loc[undefined, ["F", "df_denominator", "p_value"]] = np.nan
    return table


def rating_sds(given: Perspectives) -> Sds:
    """Model-implied SD of every perspective, and of the outcome under ``""``, by effect."""
    prepared = given.prepared
    columns = {**given.columns, "": prepared.roles.outcome}
    found = {}
    for name, column in columns.items():
        sds = level_sds(prepared.frame, prepared.groups, column)
        found[name] = dict(zip(given.effects, sds, strict=True))
    return found


def sizes_table(table: pd.DataFrame, sds: Sds) -> pd.DataFrame:
    """Coefficients in standard deviations of their own level, taken as known."""
    rows = table[table["effect"] != ""]
    keys = list(zip(rows["effect"], rows["perspective"], strict=True))
    x = np.array([sds[name][effect] for effect, name in keys])
    y = np.array([sds[""][effect] for effect, _ in keys])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((x > 0) & (y > 0), x / y, np.nan)
    found = rows[LEADING].reset_index(drop=True)
    for name in ("estimate", "ci_low", "ci_high"):
        found[name] = rows[name].to_numpy() * ratio
    return found.assign(sd_rating=x, sd_outcome=y)


def correlation_table(given: Perspectives, conf_level: float) -> pd.DataFrame:
    """Correlation of every pair of perspectives at every level.

    ``estimate`` is that of the latent parts, from a model of both ratings with random intercepts
    and time in it, with an interval on Fisher's z; ``observed`` that of the observed parts. Means
    of few ratings are unreliable, so between units the observed one is nearer to zero.
    """
    prepared, chosen = given.prepared, given.specification
    codes = [prepared.group_codes(columns) for columns in prepared.groups.values()]
    time = "linear" if chosen.time == "patient" else chosen.time
    _, x = time_regressors(prepared, time)
    z = float(ndtri((1.0 + conf_level) / 2.0))
    rows = []
    for i, j in combinations(range(len(given.columns)), 2):
        names = [list(given.columns)[place] for place in (i, j)]
        ratings = [float_values(prepared.frame, given.columns[name]) for name in names]
        fit = fit_bivariate(x, np.column_stack(ratings), *codes)
        known = 1.0 if fit.converged else np.nan
        centre, se = _fisher(fit.correlations), known * fit.correlation_z_se
        low, high = np.tanh(centre - z * se), np.tanh(centre + z * se)
        for k, effect in enumerate(given.effects):
            observed = given.correlations[effect][i, j]
            rows.append(
                (effect, UNITS[effect], *names, fit.correlations[k], low[k], high[k], observed)
            )
    columns = ["effect", "unit", "perspective", "with_perspective", "estimate", "ci_low",
               "ci_high", "observed"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    order = table["effect"].map({effect: k for k, effect in enumerate(given.effects)})
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def _fisher(r: np.ndarray) -> np.ndarray:
    """Fisher's z; infinite for a perfect correlation."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.arctanh(np.clip(r, -1.0, 1.0)))


def explained_table(fit: MixedModelResult, given: Perspectives) -> pd.DataFrame:
    """Shares of the outcome's variance of every level that the perspectives explain.

    ``share`` is what a perspective adds to a model without any, ``unique`` what it adds to a model
    with all others (a squared semi-partial correlation). The rows ``together`` and ``shared`` hold
    what all explain, and what of it is unique to none: negative under suppression. NaN at a level
    whose random effects have no variance left in the model of all: what fills a level that is
    estimated as empty is no result.
    """
    names = list(given.columns)
    none = _shares(fit_together(given, names=[]), given)
    whole = np.where(_exhausted(fit, given), np.nan, _shares(fit, given))
    alone = {n: _shares(fit_together(given, names=[n]), given) - none for n in names}
    if len(names) == 2:  # what one adds to the other: the same two models
        unique = {n: whole - none - alone[m] for n, m in zip(names, names[::-1], strict=True)}
    else:
        without = {n: [m for m in names if m != n] for n in names}
        unique = {
            n: whole - _shares(fit_together(given, names=kept), given)
            for n, kept in without.items()
        }
    rows: list[tuple[str, str, str, float, float]] = []
    for k, effect in enumerate(given.effects):
        unit, together = UNITS[effect], float(whole[k] - none[k])
        known = np.nan if np.isnan(together) else 1.0
        rows += [(effect, unit, n, known * float(alone[n][k]), float(unique[n][k])) for n in names]
        rows.append((effect, unit, "together", together, np.nan))
        shared = together - sum(float(unique[n][k]) for n in names)
        rows.append((effect, unit, "shared", shared, np.nan))
    return pd.DataFrame(rows, columns=[*LEADING, "share", "unique"])


def _shares(fit: MixedModelResult, given: Perspectives) -> np.ndarray:
    """Share of the fixed effects in the variance of every level; zero where none is there."""
    found = fit.r2()
    table = found.tidy().set_index(["unit", "term"])["estimate"]
    return np.array([float(table.get((unit, f"fixed {unit}"), 0.0)) for unit in found.units])


def _exhausted(fit: MixedModelResult, given: Perspectives) -> np.ndarray:
    """Levels at which the model leaves no variance between units."""
    left = [float("inf")]
    for columns in given.prepared.groups.values():
        left.append(float(fit.covariances[":".join(columns)].to_numpy()[0, 0]))
    return np.array(left) <= 1e-8 * fit.sigma**2
