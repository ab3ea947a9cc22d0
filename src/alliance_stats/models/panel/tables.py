"""Tables of a panel model: lagged effects, long-run effects, stable differences, tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.models.panel.prepare import PreparedPanel
from alliance_stats.models.panel.spec import (
    EFFECTS,
    Choices,
    Effect,
    effects_of,
    fit_choices,
)
from alliance_stats.numeric.least_squares import t_tests
from alliance_stats.sem.difference import difference_test
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.spec import key
from alliance_stats.sem.tables import entry_values, free_numbers

Floats = NDArray[np.float64]
_SIDES = {name: sides for sides, name in EFFECTS.items()}


def effects_table(
    fit: SemResult, prepared: PreparedPanel, conf_level: float, *, standardised: bool = False
) -> pd.DataFrame:
    """One row an effect where it is equal over time, else one a wave; standardised: one a wave."""
    rows = _shown(fit, prepared, by_wave=standardised)
    at = [e.index for e in rows]
    estimate, se = (values[at] for values in entry_values(fit, standardised=standardised))
    columns = {
        "effect": [e.effect for e in rows],
        "group": [e.group for e in rows],
        "term": [_term(e, prepared, by_wave=standardised) for e in rows],
    }
    return _tested(columns, estimate, se, prepared, conf_level)


def _tested(
    columns: dict[str, list[str]],
    estimate: Floats,
    se: Floats,
    prepared: PreparedPanel,
    conf_level: float,
) -> pd.DataFrame:
    """A tidy frame with normal tests; the column of groups only where there are some."""
    tests = t_tests(estimate, se, np.full(len(se), np.inf), conf_level)
    found = {**columns, **tests, "estimate": estimate, "se": se, "df": np.inf}
    leading = ["effect"] if prepared.group is None else ["effect", "group"]
    return pd.DataFrame({name: found[name] for name in (*leading, *TIDY_COLUMNS)})


def _shown(fit: SemResult, prepared: PreparedPanel, *, by_wave: bool) -> list[Effect]:
    """The effects that have a row: the first of those that are equal."""
    rows, seen = [], set()
    for effect in effects_of(fit.spec, prepared.panel):
        if by_wave or not effect.label or (effect.label, effect.group) not in seen:
            rows.append(effect)
        seen.add((effect.label, effect.group))
    return rows


def _term(effect: Effect, prepared: PreparedPanel, *, by_wave: bool) -> str:
    """``wai_1 -> phq9_2``, or ``wai -> phq9`` for an effect that is equal over time."""
    if by_wave or not effect.label:
        return f"{effect.source} -> {effect.target}"
    source, target = _SIDES[effect.effect]
    names = prepared.panel.names
    return f"{names[source]} -> {names[target]}"


def long_run_table(fit: SemResult, prepared: PreparedPanel, conf_level: float) -> pd.DataFrame:
    """b/(1 − φ) with its standard error by the delta method, of effects equal over time."""
    numbers, rows = free_numbers(fit), []
    known = {
        (e.effect, e.group): numbers[key(fit.spec.parameters[e.index])]
        for e in effects_of(fit.spec, prepared.panel)
        if e.label
    }
    for (effect, group), cross in known.items():
        source, target = _SIDES[effect]
        auto = known.get((EFFECTS[target, target], group))
        if source == target or auto is None:
            continue
        estimate, se = _long_run(fit, cross, auto)
        names = prepared.panel.names
        rows.append((effect, group, f"{names[source]} -> {names[target]}", estimate, se))
    effects, groups, terms, estimates, errors = zip(*rows, strict=True) if rows else [()] * 5
    columns = {"effect": list(effects), "group": list(groups), "term": list(terms)}
    b, se_of_b = np.array(estimates, dtype=float), np.array(errors, dtype=float)
    return _tested(columns, b, se_of_b, prepared, conf_level)


def _long_run(fit: SemResult, cross: int, auto: int) -> tuple[float, float]:
    """Estimate and standard error; NaN where a deviation does not die out (φ ≥ 1)."""
    b, phi = float(fit.theta[cross]), float(fit.theta[auto])
    if phi >= 1.0:
        return float("nan"), float("nan")
    slope = np.array([1.0 / (1.0 - phi), b / (1.0 - phi) ** 2])
    chosen = fit.covariance[np.ix_([cross, auto], [cross, auto])]
    return b / (1.0 - phi), float(np.sqrt(max(slope @ chosen @ slope, 0.0)))


def stable_table(fit: SemResult, conf_level: float) -> pd.DataFrame:
    """Variances and correlations of what is stable in patients; empty without such a part."""
    table, std = (fit.tidy(conf_level=conf_level, standardised=s) for s in (False, True))
    stable = {n for n in fit.spec.latent if n.startswith(("stable_", "level_", "slope_"))}
    rows = [
        i
        for i, p in enumerate(fit.spec.parameters)
        if p.matrix == "covariances" and {p.row, p.column} <= stable
    ]
    leading = [] if fit.spec.groups == ("",) else ["group"]
    columns = [*leading, *TIDY_COLUMNS]
    found = table.iloc[rows][columns].reset_index(drop=True)
    is_variance = [fit.spec.parameters[i].row == fit.spec.parameters[i].column for i in rows]
    correlation = std["estimate"].to_numpy()[rows]
    return found.assign(correlation=np.where(is_variance, np.nan, correlation))


def tests_table(fit: SemResult, prepared: PreparedPanel, choices: Choices) -> pd.DataFrame:
    """Tests of the restrictions: lagged effects equal over time, and between groups."""
    rows = []
    if prepared.panel.n_waves > 2:
        rows.append(("lagged effects equal over time", _over_time(fit, prepared, choices)))
    if prepared.group is not None:
        equal = fit_choices(prepared, choices, equal_groups=True)
        rows.append(("lagged effects equal between groups", _test(equal, fit)))
    return pd.DataFrame(
        [(name, *test) for name, test in rows],
        columns=["test", "chi2", "df", "p_value"],
    )


def _over_time(
    fit: SemResult, prepared: PreparedPanel, choices: Choices
) -> tuple[float, int, float]:
    """Equal lagged effects against free ones; NaN where free ones are not identified."""
    ours = effects_of(fit.spec, prepared.panel)
    if all(e.label for e in ours):
        free = choices.with_lagged(equal=False)
        if prepared.panel.n_waves < free.least_waves:
            return float("nan"), 0, float("nan")
        return _test(fit, fit_choices(prepared, free))
    equal = fit_choices(prepared, choices.with_lagged(equal=True))
    if not any(e.label for e in ours):
        return _test(equal, fit)
    return _test(equal, fit_choices(prepared, choices.with_lagged(equal=False)))


def _test(restricted: SemResult, free: SemResult) -> tuple[float, int, float]:
    """Statistic, degrees of freedom and p value; NaN where a fit did not converge."""
    test = difference_test(restricted, free)
    if not (restricted.converged and free.converged):
        return float("nan"), test.df, float("nan")
    return test.statistic, test.df, test.p_value
