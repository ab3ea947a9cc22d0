"""multilevel_reliability: patients, single sessions and change, after Shrout and Lane (2012)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import frame_given, name_list, one_of, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.generalizability.coefficients import (
    coefficient_row,
    known_covariance,
)
from alliance_stats.reliability.generalizability.components import (
    about_estimates,
    component_table,
    satterthwaite_intervals,
)
from alliance_stats.reliability.generalizability.design import Design
from alliance_stats.reliability.multilevel.components import (
    ItemMeans,
    item_components,
    items_design,
    nested_components,
)
from alliance_stats.reliability.multilevel.ratings import Ratings, read_ratings
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Method = Literal["auto", "anova", "reml"]

#: What each coefficient is the reliability of, in plain words.
MEANINGS = {
    "R1F": "differences between patients at one session that is the same for all",
    "RkF": "patients' means over the same k sessions",
    "R1R": "differences between patients at one session each, not the same for all",
    "RkR": "patients' means over k sessions, not the same for all",
    "RC": "change within patients from session to session: what within effects rest on",
    "R1Rn": "differences between patients, each at a session of their own",
    "RkRn": "patients' means over k sessions of their own",
    "RCn": "change within patients, sessions nested: what within effects rest on",
}


@dataclass(frozen=True, eq=False)
class _Estimates:
    """Named components on arrays, and where they come from."""

    names: tuple[str, ...]
    variance: np.ndarray
    covariance: np.ndarray
    low: np.ndarray
    high: np.ndarray
    method: str
    converged: bool


def multilevel_reliability(
    frame: pd.DataFrame,
    *,
    items: Sequence[str],
    patient: str,
    session: str,
    nested: bool = False,
    item_means: ItemMeans = "error",
    n_sessions: float | None = None,
    method: Method = "auto",
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Reliability of repeated ratings with several items: of patients, and of their change.

    Use it before a within-patient analysis. Cronbach's alpha of all rows mixes differences between
    patients with change within them; a scale can tell patients apart well and their sessions badly.
    ``RC`` (nested: ``RCn``) is the reliability of change, with which within effects stand or fall.

    Parameters
    ----------
    frame : DataFrame
        One row a session, one column an item. Sessions may be unequal in number and lack items.
    items : sequence of str
        Two or more columns of item ratings, all scored in one direction.
    patient, session : str
        Columns of patients and sessions.
    nested : bool
        False: sessions are crossed with patients, session 3 is the same occasion for all (a diary
        with fixed days, sessions of a manual). True: every patient has sessions of their own, the
        usual case in therapy.
    item_means : {"error", "removed", "by_patient"}
        For nested sessions. ``"error"``: differences between items count as error, as in Shrout
        and Lane and in R's psych. ``"removed"``: the items' means are taken out first.
        ``"by_patient"``: items also differ from patient to patient, two components more; what a
        patient always answers higher on one item is then no error of change. RCn rises from each to
        the next.
    n_sessions : float, optional
        Sessions k of the coefficients of means; by default the harmonic mean over patients.
    method : {"auto", "anova", "reml"}
        ``"auto"``: expected mean squares where no rating is missing, else restricted maximum
        likelihood. Nested sessions are always estimated by the latter.
    conf_level : float
        Level of the intervals, by the delta method on the logit.

    Returns
    -------
    ReliabilityResult
        Terms ``R1F RkF R1R RkR RC``, or ``R1Rn RkRn RCn``.

    Raises
    ------
    ArgumentError, DataError
        If columns are missing or not numeric, there are fewer than two items, patients, or sessions
        of any patient, a session stands in two rows, or ratings are constant.

    Notes
    -----
    The coefficients of Cranford et al. (2006) are the same family: R_1F, R_KF, R_1R, R_KR, R_C.

    References
    ----------
    Cranford, J. A., Shrout, P. E., Iida, M., Rafaeli, E., Yip, T., & Bolger, N. (2006). A procedure
    for evaluating sensitivity to within-person change. Personality and Social Psychology Bulletin,
    32, 917-929.

    Shrout, P. E., & Lane, S. P. (2012). Psychometrics. In M. R. Mehl & T. S. Conner (Eds.),
    Handbook of research methods for studying daily life (pp. 302-320). Guilford.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> diary = pd.DataFrame({
    ...     "patient": [1, 1, 1, 2, 2, 2, 3, 3, 3], "session": [1, 2, 3] * 3,
    ...     "calm": [4, 5, 6, 2, 2, 3, 5, 4, 4], "safe": [4, 6, 6, 1, 3, 3, 5, 5, 3],
    ...     "heard": [5, 5, 7, 2, 2, 4, 6, 4, 4]})
    >>> found = al.multilevel_reliability(
    ...     diary, items=["calm", "safe", "heard"], patient="patient", session="session")
    >>> round(found.value("RC"), 2)
    0.97
    """
    frame_given(frame, name="frame")
    one_of(nested, (True, False), name="nested")
    one_of(item_means, ("error", "removed", "by_patient"), name="item_means")
    one_of(method, ("auto", "anova", "reml"), name="method")
    probability(conf_level, name="conf_level")
    _check_combination(nested, item_means, method)
    ratings = read_ratings(frame, items=items, patient=patient, session=session)
    k = _number(n_sessions, ratings)
    m = len(ratings.items)
    if nested and item_means != "by_patient":
        found = _nested(ratings, patient, session, item_means, conf_level)
        weights = nested_weights(m, k)
    else:
        design = items_design(patient, session, nested=nested)
        found = _with_items(ratings, design, method, conf_level)
        weights = nested_item_weights(m, k) if nested else crossed_weights(m, k)
    kept, covariance = np.maximum(found.variance, 0.0), known_covariance(found.covariance)
    rows = []
    for term, (true, wrong) in weights.items():
        row = coefficient_row(true, wrong, kept, covariance, conf_level)
        rows.append({"term": term, **row})
    return ReliabilityResult(
        kind="multilevel_reliability",
        title=f"Reliability of {name_list(ratings.items)} over sessions",
        terms=coefficient_rows(rows),
        counts=_counts(ratings),
        n_dropped=ratings.n_dropped,
        conf_level=conf_level,
        notes=tuple(_notes(found, weights, k, item_means if nested else None)),
        messages=(*ratings.messages, *_messages(found, ratings, n_sessions, k)),
        tables={"Variance components": _table(found)},
    )


def crossed_weights(m: int, k: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Universe and error weights of the components p, s, i, ps, pi, si, e (Shrout & Lane, 2012)."""
    patient = np.array([1, 0, 0, 0, 1 / m, 0, 0])
    error = np.array([0, 0, 0, 0, 0, 0, 1 / m])
    session = np.array([0, 1, 0, 1, 0, 0, 0])
    return {
        "R1F": (patient, error),
        "RkF": (patient, error / k),
        "R1R": (patient, session + error),
        "RkR": (patient, (session + error) / k),
        "RC": (np.array([0, 0, 0, 1, 0, 0, 0]), error),
    }


def nested_weights(m: int, k: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Universe and error weights of patients, sessions within them and error."""
    patient, error = np.array([1.0, 0, 0]), np.array([0, 1, 1 / m])
    return {
        "R1Rn": (patient, error),
        "RkRn": (patient, error / k),
        "RCn": (np.array([0, 1.0, 0]), np.array([0, 0, 1 / m])),
    }


def nested_item_weights(m: int, k: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Universe and error weights of patients, items, sessions within patients, pi and error."""
    patient, error = np.array([1, 0, 0, 1 / m, 0]), np.array([0, 0, 1, 0, 1 / m])
    return {
        "R1Rn": (patient, error),
        "RkRn": (patient, error / k),
        "RCn": (np.array([0, 0, 1.0, 0, 0]), np.array([0, 0, 0, 0, 1 / m])),
    }


def _check_combination(nested: bool, item_means: str, method: str) -> None:
    if not nested and item_means != "error":
        raise ArgumentError(
            f"item_means='{item_means}' is for nested sessions; crossed ones have components of "
            "items. Leave it out, or give nested=True."
        )
    if nested and method == "anova":
        raise ArgumentError(
            "method='anova' is for crossed sessions; nested ones are estimated by REML. "
            "Leave method= out."
        )


def _number(n_sessions: float | None, ratings: Ratings) -> float:
    """The number of sessions k, given or the harmonic mean."""
    if n_sessions is None:
        counts = ratings.sessions_of
        return float(len(counts) / (1.0 / counts).sum())
    if isinstance(n_sessions, bool) or not isinstance(n_sessions, int | float) or n_sessions < 1:
        raise ArgumentError(
            f"n_sessions={n_sessions!r} is no number of sessions. Give a number of 1 or more."
        )
    return float(n_sessions)


def _with_items(ratings: Ratings, design: Design, method: Method, level: float) -> _Estimates:
    if method == "anova" and ratings.tensor() is None:
        raise DataError(
            "method='anova' needs every patient at every session with every item. "
            "Give method='reml', or complete data."
        )
    found, how, converged = item_components(ratings, design, level=level, anova=method != "reml")
    names = tuple(design.name(effect) for effect in found.effects)
    return _Estimates(
        names, found.variance, found.covariance, found.low, found.high, how, converged
    )


def _nested(
    ratings: Ratings, patient: str, session: str, item_means: ItemMeans, level: float
) -> _Estimates:
    variance, covariance, converged = nested_components(ratings, item_means=item_means)
    low, high = satterthwaite_intervals(variance, covariance, level)
    names = (patient, f"{session}:{patient}", "error")
    return _Estimates(names, variance, covariance, low, high, "REML", converged)


def _counts(ratings: Ratings) -> dict[str, int]:
    return {
        "patient": len(ratings.sessions_of),
        "session": len(ratings.values),
        "item": len(ratings.items),
    }


def _table(found: _Estimates) -> pd.DataFrame:
    se = np.sqrt(np.diag(found.covariance))
    return component_table(found.names, found.variance, se, found.low, found.high)


def _notes(found: _Estimates, terms: Iterable[str], k: float, item_means: str | None) -> list[str]:
    notes = [f"{term}: reliability of {MEANINGS[term]}." for term in terms]
    about_items = {
        None: "",
        "error": " Differences between the items' means count as error.",
        "removed": " Differences between the items' means are taken out.",
        "by_patient": " Items differ between patients, which is no error.",
    }[item_means]
    ends = "Ting's" if found.method == "ANOVA" else "Satterthwaite's, where these can be trusted"
    notes.append(
        f"k = {k:.4g} sessions. Components by {found.method}.{about_items} Intervals of "
        f"components: {ends}; of coefficients: delta method on the logit."
    )
    return notes


def _messages(found: _Estimates, ratings: Ratings, n_sessions: float | None, k: float) -> list[str]:
    messages = []
    counts = ratings.sessions_of
    if n_sessions is None and counts.min() < counts.max():
        messages.append(
            f"Patients have {counts.min()} to {counts.max()} sessions: k is their harmonic mean "
            f"({k:.3g}). Give n_sessions= for another number."
        )
    messages += about_estimates(found.names, found.variance)
    if not found.converged:
        messages.append("The estimation did not converge. Do not report it.")
    return messages
