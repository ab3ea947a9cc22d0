"""Correlations corrected for unreliable measurement: the public door.

Hunter & Schmidt (2004), *Methods of meta-analysis* (2nd ed.), chapters 3 and 4.
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, UnsupportedError
from alliance_stats.meta.artefacts.moments import Moments, by_distribution, one_by_one
from alliance_stats.meta.artefacts.reliabilities import Reliabilities, read_reliabilities
from alliance_stats.meta.artefacts.result import AttenuationResult
from alliance_stats.meta.studies import Studies, prepare_studies

Method = Literal["individual", "distribution"]
Missing = Literal["raise", "mean"]


def correct_attenuation(
    frame: pd.DataFrame,
    *,
    reliability_x: str | float | None = None,
    reliability_y: str | float | None = None,
    method: Method = "individual",
    missing: Missing = "raise",
    yi: str = "yi",
    vi: str = "vi",
    study: str = "study",
) -> AttenuationResult:
    """Correct correlations for unreliable measurement, as Hunter and Schmidt do.

    A correlation of two questionnaires is smaller than that of what they measure. The correction
    answers another question than the observed mean: how would true scores correlate? It can be no
    better than the reliabilities, and they must be of the level of the correlation: for a
    correlation over patients, the reliability of differences between patients.

    Parameters
    ----------
    frame : DataFrame
        One row a correlation, as from ``effect_sizes(measure="COR")``, with ``ni``.
    reliability_x, reliability_y : str or float, optional
        Reliabilities of the two variables: a column, or one number for all. One may be left out:
        then nothing is corrected for that variable.
    method : {"individual", "distribution"}
        ``"individual"``: every correlation by its own reliabilities. ``"distribution"``: the mean
        and the spread of all correlations by the mean and the spread of the reliabilities that
        are reported, where many studies report none.
    missing : {"raise", "mean"}
        With ``method="individual"``, what to do where a reliability is missing: refuse, or take
        the mean of the reported ones, counted. (A distribution takes the reported ones.)
    yi, vi, study : str
        Columns of correlations, sampling variances and study names.

    Returns
    -------
    AttenuationResult
        ``frame`` has the corrected correlations for `fit_meta` (individual only).

    Raises
    ------
    ArgumentError
        If no reliability is given or an argument has a value that is not allowed.
    DataError
        If reliabilities are impossible or missing, or ``ni`` is not there.
    UnsupportedError
        For measures other than COR: Fisher's z of a corrected correlation has no simple variance.

    Warns
    -----
    DataWarning
        Reliabilities filled in or not reported, corrected correlations above 1, studies with
        several correlations, a residual variance below zero.

    Notes
    -----
    Only attenuation is corrected. There is no correction for range restriction: it needs the SD of
    the variable in the population that the samples were selected from, and of the alliance no
    such reference exists.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({"study": ["Abel", "Bond", "Cole"], "ri": [0.20, 0.36, 0.27],
    ...                       "ni": [80, 120, 60], "rxx": [0.90, 0.92, 0.85], "ryy": 0.80})
    >>> effects = al.effect_sizes(frame, measure="COR")
    >>> corrected = al.meta.correct_attenuation(effects, reliability_x="rxx", reliability_y="ryy")
    >>> corrected.frame[["study", "yi", "attenuation"]].round(3)
      study     yi  attenuation
    0  Abel  0.236        0.849
    1  Bond  0.420        0.858
    2  Cole  0.327        0.825
    """
    one_of(method, ("individual", "distribution"), name="method")
    one_of(missing, ("raise", "mean"), name="missing")
    if method == "distribution" and missing == "mean":
        raise ArgumentError(
            "missing='mean' would not be used: method='distribution' takes the reliabilities that "
            "are reported. Leave it out."
        )
    studies = prepare_studies(frame, yi=yi, vi=vi, study=study)
    _check_measure(studies)
    given = _given(frame, studies, reliability_x, reliability_y)
    if method == "individual":
        _check_missing(given, missing)
    moments = (
        one_by_one(studies, given) if method == "individual" else by_distribution(studies, given)
    )
    corrected = _corrected(frame, studies, moments) if method == "individual" else None
    messages = _messages(studies, given, moments, method)
    for message in messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return AttenuationResult(studies, moments, method, corrected, messages)


def _given(
    frame: pd.DataFrame, studies: Studies, x: str | float | None, y: str | float | None
) -> tuple[Reliabilities, ...]:
    """What is known of either variable."""
    read = (
        read_reliabilities(frame, x, studies.rows, "reliability_x"),
        read_reliabilities(frame, y, studies.rows, "reliability_y"),
    )
    given = tuple(each for each in read if each is not None)
    if not given:
        raise ArgumentError(
            "no reliability is given. Give reliability_x=, reliability_y= or both: a column, or a "
            "number such as 0.85."
        )
    return given


def _check_measure(studies: Studies) -> None:
    """Raise unless the effects are correlations."""
    if studies.measure != "COR":
        raise UnsupportedError(
            f"attenuation of measure {studies.measure!r} is not available: it is a factor of r "
            "itself, not of its transformations. Use effect_sizes(measure='COR')."
        )


def _check_missing(given: tuple[Reliabilities, ...], missing: Missing) -> None:
    for each in given:
        n = int(each.missing.sum())
        if n and missing == "raise":
            raise DataError(
                f"{each.name} is missing in {counted(n, 'row')} of {len(each.values)}. Give "
                "missing='mean' to take the mean of the others, or method='distribution'."
            )


def _corrected(frame: pd.DataFrame, studies: Studies, moments: Moments) -> pd.DataFrame:
    """The rows used, with corrected correlations in the place of the observed ones."""
    y, v = studies.columns["yi"], studies.columns["vi"]
    rows = frame.iloc[studies.rows].reset_index(drop=True)
    return rows.assign(
        **{
            f"{y}_observed": studies.yi,
            f"{v}_observed": studies.vi,
            y: studies.yi / moments.attenuation,
            v: studies.vi / moments.attenuation**2,
            "attenuation": moments.attenuation,
        }
    )


def _messages(
    studies: Studies, given: tuple[Reliabilities, ...], moments: Moments, method: Method
) -> tuple[str, ...]:
    said = list(studies.messages())
    for each in given:
        if n := int(each.missing.sum()):
            what = (
                f"the mean of the others, {each.filled()[each.missing][0]:.3f}, was taken"
                if method == "individual"
                else f"the distribution is that of the other {len(each.values) - n}"
            )
            said.append(f"{each.name} is missing in {counted(n, 'row')}: {what}.")
    above = int((np.abs(studies.yi / moments.attenuation) >= 1).sum())
    if method == "individual" and above:
        said.append(
            f"{counted(above, 'corrected correlation')} of {studies.k} would be 1 or more. They "
            "are kept: truncating them would bias the mean; look at their reliabilities."
        )
    if studies.n_studies < studies.k:
        said.append(
            f"{studies.k} correlations come from {studies.n_studies} studies and are taken as "
            "independent. aggregate_effects makes one a study."
        )
    if moments.residual < 0:
        said.append(
            "Correlations vary less than by sampling and artefacts alone (residual variance "
            f"{moments.residual:.4f}); the SD of true correlations is set to 0."
        )
    return tuple(said)
