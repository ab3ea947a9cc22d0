"""Measures of explained variance as ratios of components, with their names."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.explained.components import Components
from alliance_stats.lmm.explained.moments import Moments

#: Unit, term, value (…) and symbol.
Measure = tuple[str, str, np.ndarray, str]


def unit_names(design: MixedDesign, moments: Moments) -> tuple[str, ...]:
    """``within patient``, ``between patients``, ``between therapists``; ``rows`` if crossed."""
    if moments.parts is None:
        return ("rows",)
    names = [level.name for level in design.levels]
    return (f"within {names[0]}", *(f"between {name}s" for name in names))


def component_table(
    parts: Components, units: tuple[str, ...], groups: tuple[str, ...]
) -> pd.DataFrame:
    """Every variance: what varies in which unit, and its share in the total.

    Where factors cross the only unit is the rows.
    """
    rows: list[tuple[str, str, str, float]] = []
    for at, unit in enumerate(units):
        if at == 0 or parts.fixed[at] > 0:
            rows.append((unit, "fixed", "", float(parts.fixed[at])))
        for level, group in enumerate(groups):
            if parts.slopes[level, at] > 0:
                rows.append((unit, "slopes", group, float(parts.slopes[level, at])))
            if len(units) == 1 or at == level + 1:
                rows.append((unit, "means", group, float(parts.means[level])))
        if at == 0:
            rows.append((unit, "residual", "", float(parts.residual)))
    table = pd.DataFrame(rows, columns=["unit", "source", "group", "variance"])
    return table.assign(share=table["variance"] / parts.total)


def all_measures(
    parts: Components, units: tuple[str, ...], groups: tuple[str, ...], shown: np.ndarray
) -> list[Measure]:
    """Every measure, those of all rows first.

    Parameters
    ----------
    parts : Components
        Of an estimate, or of draws.
    units, groups : tuple of str
    shown : ndarray (L, U) of bool
        Which variances of slopes the estimate has.
    """
    found: list[Measure] = [
        ("total", "marginal", parts.marginal, ""),
        ("total", "conditional", parts.conditional, ""),
        *total_measures(parts, units, groups, shown),
    ]
    return found + (level_measures(parts, units, groups, shown) if len(units) > 1 else [])


def total_measures(
    parts: Components, units: tuple[str, ...], groups: tuple[str, ...], shown: np.ndarray
) -> list[Measure]:
    """Shares of the variance of all rows."""
    whole, two = parts.total, len(groups) == 1
    rows: list[tuple[str, np.ndarray, str]] = []
    if len(units) > 1:
        for at, unit in enumerate(units):
            rows.append((f"fixed {unit}", parts.fixed[..., at], f"R²t(f{at + 1})" if two else ""))
    slopes = parts.slopes.sum(axis=-1)
    for level, group in enumerate(groups):
        if two or shown[level].any():
            rows.append((f"slopes of {group}s", slopes[..., level], "R²t(v)" if two else ""))
    for level, group in enumerate(groups):
        rows.append((f"means of {group}s", parts.means[..., level], "R²t(m)" if two else ""))
    each = [values.sum(axis=-1) for values in (parts.fixed, slopes, parts.means)]
    terms = ("fixed", "fixed + slopes", "fixed + slopes + means")
    symbols = ("R²t(f)", "R²t(fv)", "R²t(fvm)") if two else ("", "", "")
    rows += list(zip(terms, np.cumsum(each, axis=0), symbols, strict=True))
    return [("total", term, value / whole, symbol) for term, value, symbol in rows]


def level_measures(
    parts: Components, units: tuple[str, ...], groups: tuple[str, ...], shown: np.ndarray
) -> list[Measure]:
    """Shares of the variance of one unit: within the innermost groups, or between groups."""
    two = len(groups) == 1
    found: list[Measure] = []
    for at, unit in enumerate(units):
        fixed, slopes = parts.fixed[..., at], parts.slopes[..., at]
        own = parts.means[..., at - 1] if at else parts.residual
        whole = fixed + slopes.sum(axis=-1) + own
        rows = [(f"fixed {unit}", fixed, f"R²{'b(f2)' if at else 'w(f1)'}")]
        kept = [k for k in range(len(groups)) if shown[k, at] or (two and not at)]
        rows += [(f"slopes of {groups[k]}s", slopes[..., k], "R²w(v)") for k in kept]
        if at:
            rows.append((f"means of {groups[at - 1]}s", own, "R²b(m)"))
        else:
            rows.append(("fixed + slopes", fixed + slopes.sum(axis=-1), "R²w(f1v)"))
        for term, value, symbol in rows:
            named = two and not (at and term.startswith("slopes"))
            found.append((unit, term, _share(value, whole), symbol if named else ""))
    return found


def _share(value: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The ratio, NaN where nothing varies."""
    undefined = np.full(np.shape(whole), np.nan)
    return np.asarray(np.divide(value, whole, out=undefined, where=whole > 0))
