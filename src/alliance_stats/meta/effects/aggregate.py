"""One effect a study out of several dependent ones: their mean, or the composite of the outcomes.

Mean: Borenstein, Hedges, Higgins & Rothstein (2009, chapter 24). Composite: Hunter & Schmidt
(2004, chapter 10).
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, frame_given, name_list, one_of, some_row_places
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, UnsupportedError
from alliance_stats.meta.effects.sample_sizes import required_sizes
from alliance_stats.meta.studies import SIZES, Studies, prepare_studies

Estimand = Literal["mean", "composite"]

#: The column of how many effects an aggregated one is made of.
COUNT = "n_effects"


def aggregate_effects(
    frame: pd.DataFrame,
    *,
    rho: float,
    estimand: Estimand = "mean",
    study: str = "study",
    yi: str = "yi",
    vi: str = "vi",
) -> pd.DataFrame:
    """Make one effect a study out of several of the same sample.

    A simple way with dependent effects: afterwards every study counts once. What is lost is what
    differs within studies; `fit_meta_multilevel` keeps it.

    Parameters
    ----------
    frame : DataFrame
        One row an effect, as from `effect_sizes`. Not changed.
    rho : float
        From 0 to 1, and never known exactly: look at several. For the mean, the correlation of the
        effects' sampling errors; for the composite, the correlation of the outcomes themselves.
    estimand : {"mean", "composite"}
        What the study's effect is. ``"mean"``: the effect on an average outcome, the mean of the
        effects. ``"composite"``: the correlation with the sum of the standardised outcomes, which
        is larger: two correlations of .3 with outcomes that correlate .5 are one of .346.
    study, yi, vi : str
        Columns of study names, effect sizes and sampling variances.

    Returns
    -------
    DataFrame
        One row a study in the order of first appearance: `study`, `yi`, `vi`, the columns that do
        not vary within studies, ``ni`` (mean of the study's rows) and ``n_effects``.

    Raises
    ------
    ArgumentError
        If `rho` is not from 0 to 1 or `estimand` is not known.
    DataError
        What `prepare_studies` refuses; for a composite, if ``ni`` is missing, or the outcomes
        cannot correlate `rho` when these effects are seen.
    UnsupportedError
        For a composite of effects that are not correlations (measures ZCOR and COR).

    Warns
    -----
    DataWarning
        Rows without an effect, and columns left out because they vary within studies.

    Notes
    -----
    Mean of m effects: variance (Σvᵢ + ρ Σᵢ≠ⱼ √(vᵢvⱼ))/m². Composite: Σrᵢ/√(m + m(m − 1)ρ), with
    the variance that a correlation of that size and n has.

    References
    ----------
    Borenstein, M., Hedges, L. V., Higgins, J. P. T., & Rothstein, H. R. (2009). *Introduction to
    meta-analysis*, chapter 24. Wiley. Hunter, J. E., & Schmidt, F. L. (2004). *Methods of
    meta-analysis* (2nd ed.), chapter 10. Sage.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({"study": ["Abel", "Abel", "Bond"], "ri": [0.3, 0.3, 0.2], "ni": 103})
    >>> effects = al.effect_sizes(frame, measure="COR")
    >>> al.meta.aggregate_effects(effects, rho=0.5)[["study", "yi", "n_effects"]].round(3)
      study   yi  n_effects
    0  Abel  0.3          2
    1  Bond  0.2          1
    >>> al.meta.aggregate_effects(effects, rho=0.5, estimand="composite")["yi"].round(3).tolist()
    [0.346, 0.2]
    """
    frame_given(frame, name="frame")
    one_of(estimand, ("mean", "composite"), name="estimand")
    _check_rho(rho)
    if study not in frame.columns and study == "study":
        raise DataError("there is no column 'study'. Say which effects are of one study: study=….")
    studies = prepare_studies(frame, yi=yi, vi=vi, study=study)
    codes, names = pd.factorize(studies.frame[study])
    pooled = (mean_effects if estimand == "mean" else composites)(studies, codes, rho)
    kept, varying = _constant_columns(frame.iloc[studies.rows], codes, {study, yi, vi, SIZES})
    for message in _messages(studies, varying):
        warnings.warn(message, DataWarning, stacklevel=2)
    sizes = {} if studies.ni is None else {SIZES: _means(studies.ni, codes)}
    result = pd.DataFrame({study: names, yi: pooled[0], vi: pooled[1], **sizes})
    result[COUNT] = np.bincount(codes)
    return result.join(kept)


def mean_effects(studies: Studies, codes: np.ndarray, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each study's effects and its variance, for errors that correlate `rho`."""
    m = np.bincount(codes)
    variances = np.bincount(codes, studies.vi)
    deviations = np.bincount(codes, np.sqrt(studies.vi))
    return _means(studies.yi, codes), (variances + rho * (deviations**2 - variances)) / m**2


def composites(studies: Studies, codes: np.ndarray, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Correlation with the composite of each study's outcomes, on the scale of the measure."""
    if studies.measure not in ("ZCOR", "COR"):
        raise UnsupportedError(
            f"a composite of measure {studies.measure!r} is not available: it is made of "
            "correlations. Give effects with measure ZCOR or COR, or estimand='mean'."
        )
    sizes = required_sizes(studies, "the variance of a composite follows from it")
    fisher = studies.measure == "ZCOR"
    r = np.tanh(studies.yi) if fisher else studies.yi
    m, n = np.bincount(codes), _means(sizes, codes)
    whole = np.bincount(codes, r) / np.sqrt(m + m * (m - 1) * rho)
    _check_composites(whole, codes, studies, rho)
    if fisher:
        return np.arctanh(whole), 1 / (n - 3)
    return whole, (1 - whole**2) ** 2 / (n - 1)


def _check_composites(whole: np.ndarray, codes: np.ndarray, studies: Studies, rho: float) -> None:
    bad = np.flatnonzero(np.abs(whole) >= 1)
    if len(bad):
        rows = studies.rows[np.isin(codes, bad)]
        raise DataError(
            f"composites of {counted(len(bad), 'study')} would "
            f"correlate 1 or more: outcomes that correlate only {rho:g} cannot have the effects at "
            f"{some_row_places(rows)}. Give a larger rho."
        )


def _means(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return np.bincount(codes, values) / np.bincount(codes)


def _check_rho(rho: object) -> None:
    number = isinstance(rho, int | float | np.number) and not isinstance(rho, bool)
    if not (number and 0 <= float(rho) <= 1):  # type: ignore[arg-type]
        raise ArgumentError(
            f"rho={rho!r} is no correlation from 0 to 1. Give one such as 0.6, and look at others."
        )


def _constant_columns(
    frame: pd.DataFrame, codes: np.ndarray, taken: set[str]
) -> tuple[pd.DataFrame, list[str]]:
    """One row a study of the columns that do not vary within studies; names of those that do."""
    first = np.unique(codes, return_index=True)[1]
    kept, varying = {}, []
    for name in (name for name in frame.columns if name not in taken):
        cells = pd.factorize(frame[name])[0]
        if (cells == cells[first][codes]).all():
            kept[name] = frame[name].iloc[first].to_numpy()
        else:
            varying.append(str(name))
    return pd.DataFrame(kept, index=range(len(first))), varying


def _messages(studies: Studies, varying: list[str]) -> list[str]:
    said = list(studies.messages())
    if varying:
        said.append(
            f"Columns that vary within studies are left out: {name_list(varying)}. An aggregated "
            "effect has no value of them."
        )
    return said
