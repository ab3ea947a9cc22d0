"""reliable_change_model: who changed, from all sessions of all patients.

A growth model y_ij = β₀ + β₁t_ij + u₀_i + u₁_i t_ij + e_ij gives each patient a line. The shrunken
change is (β̂₁ + û₁_i)T_i over the time T_i from first to last session, and its error that of the
prediction; the change of a patient's own line is T_i times the least-squares slope of their own
scores, with error σ̂T_i/√Σ(t − t̄)². The first is the index that Speer and Greenbaum (1995, Journal
of Consulting and Clinical Psychology 63, 1044-1048) take from hierarchical linear models.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    numeric_column,
    one_of,
    probability,
)
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, FitWarning
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.prediction.differences import predicted_differences
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.measures.change.changing import is_case
from alliance_stats.measures.change.rates import CATEGORIES, category_rates
from alliance_stats.measures.instruments.thresholds import Cutoff
from alliance_stats.models.change.result import WAYS, ModelChange

Estimate = Literal["shrunken", "own"]
ESTIMATES = ("shrunken", "own")
FORMULA = "score ~ time + (time | patient)"


@dataclass(frozen=True, eq=False)
class _Courses:
    """Scores over time from each patient's first scored session."""

    frame: pd.DataFrame
    labels: pd.Index
    n_dropped: int
    n_single: int
    name: str

    def ends(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """First and last row of every patient."""
        groups = self.frame.groupby("patient", sort=True)
        return groups.head(1).sort_values("patient"), groups.tail(1).sort_values("patient")


def reliable_change_model(
    sessions: SessionData | pd.DataFrame,
    *,
    score: str | None = None,
    patient: str | None = None,
    session: str | None = None,
    higher_is_better: bool | None = None,
    cutoff: float | None = None,
    estimate: Estimate = "shrunken",
    conf_level: float = 0.95,
) -> ModelChange:
    """Say which patients changed by more than error, from a mixed model of all their sessions.

    `reliable_change` compares two scores and needs a reliability from elsewhere. Here a line is
    fitted to all scores of a patient: the sessions between first and last count too, and the error
    is estimated from the scatter around the lines. Use it where there are many sessions.

    Parameters
    ----------
    sessions : DataFrame or SessionData
        One row a session.
    score, patient, session : str, optional
        Columns; by default the outcome, patient and session of the roles.
    higher_is_better : bool, optional
        Direction of the scores; by default that of the roles.
    cutoff : float, optional
        Where a score becomes a case: a case has it or is worse. Without it nobody recovers.
    estimate : {"shrunken", "own"}
        Change by the model, drawn towards the mean change (empirical Bayes), or by a patient's own
        scores alone. The other stands in ``sensitivity``.
    conf_level : float
        Two-sided level of the index, and of the intervals of shares.

    Returns
    -------
    ModelChange
        ``patients`` with change, error, index and category of each; ``rates`` with the shares.

    Raises
    ------
    ArgumentError
        If the score or its direction is not known.
    DataError
        If columns are missing or not numeric, scores are constant, or fewer than two patients have
        three sessions.

    Warns
    -----
    DataWarning, FitWarning
        Rows without a score; patients with one score; a fit that is singular or did not converge.

    Notes
    -----
    The two answer different questions. A shrunken change asks whether *this patient*, known to be
    one of these patients, changed: where all improve, a patient with few sessions is taken to have
    improved too. Its error takes the variances of the model as known; where slopes differ clearly
    its interval holds the true change of 95% of patients, where they hardly differ of fewer. A
    change by own scores takes nobody as a model: of patients without any change it calls 5%
    changed. Change is linear in the session number, errors are independent and equal; a therapist
    role is not used. If the fit is singular, as it is in most samples where nobody changes,
    shrunken changes have no index.

    References
    ----------
    Speer, D. C., & Greenbaum, P. E. (1995). Five methods for computing significant individual
    client change and improvement rates. *Journal of Consulting and Clinical Psychology*, 63,
    1044-1048.

    Atkins, D. C., Bedics, J. D., McGlinchey, J. B., & Beauchaine, T. P. (2005). Assessing clinical
    significance: Does it matter which method we use? *Journal of Consulting and Clinical
    Psychology*, 73, 982-989.

    Examples
    --------
    >>> import alliance_stats as al
    >>> change = al.models.reliable_change_model(al.load_example("sessions"), cutoff=10)
    >>> change.rates["category"].tolist()
    ['recovered', 'improved', 'unchanged', 'deteriorated']
    """
    probability(conf_level, name="conf_level")
    one_of(estimate, ESTIMATES, name="estimate")
    frame, names, better = _arguments(sessions, score, patient, session, higher_is_better)
    courses = _read(frame, *names)
    fit = fit_quietly(FORMULA, courses.frame)
    case = None if cutoff is None else Cutoff("", float(cutoff), "<=" if better else ">=")
    quantile = float(ndtri(0.5 + conf_level / 2))
    every = {way: _classified(courses, fit, way, case, better, quantile) for way in ESTIMATES}
    about_data, about_fit = _messages(courses, fit)
    for said, kind in ((about_data, DataWarning), (about_fit, FitWarning)):
        for message in said:
            warnings.warn(message, kind, stacklevel=2)
    words = CATEGORIES if case is not None else CATEGORIES[1:]
    patients = every[estimate]
    counted_in = {way: _counted(table, case) for way, table in every.items()}
    return ModelChange(
        patients=patients,
        rates=category_rates(counted_in[estimate], words, conf_level),
        all_rates=(
            None if case is None else category_rates(patients["category"], words, conf_level)
        ),
        sensitivity=_sensitivity(counted_in, estimate, words),
        model=fit,
        estimate=estimate,
        score=names[0],
        cutoff=case,
        higher_is_better=better,
        conf_level=conf_level,
        n_dropped=courses.n_dropped,
        messages=(*about_data, *about_fit),
    )


def _arguments(
    sessions: SessionData | pd.DataFrame,
    score: str | None,
    patient: str | None,
    session: str | None,
    higher_is_better: bool | None,
) -> tuple[pd.DataFrame, tuple[str, str, str], bool]:
    """The frame, its columns and the direction, from arguments or roles."""
    roles = sessions.roles if isinstance(sessions, SessionData) else None
    frame = sessions.frame if isinstance(sessions, SessionData) else sessions
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(
            f"sessions is a {type(frame).__name__}. Give a DataFrame with one row a session, or "
            "what load_sessions returns."
        )
    found = {
        "score": score or (roles.outcome if roles else None),
        "patient": patient or (roles.patient if roles else None),
        "session": session or (roles.session if roles else None),
    }
    for name, column in found.items():
        if column is None:
            raise ArgumentError(f"the column of the {name} is not known. Give {name}='…'.")
    if higher_is_better is None:
        if roles is None or roles.outcome_better is None or found["score"] != roles.outcome:
            raise ArgumentError(
                "the direction of the score is not known. Give higher_is_better=False for "
                "symptoms, True for well-being."
            )
        higher_is_better = roles.outcome_better == "higher"
    one_of(higher_is_better, (True, False), name="higher_is_better")
    names = (str(found["score"]), str(found["patient"]), str(found["session"]))
    columns_present(frame, names)
    for name in (names[0], names[2]):
        numeric_column(frame, name)
    return frame, names, higher_is_better


def _read(frame: pd.DataFrame, score: str, patient: str, session: str) -> _Courses:
    """Scored sessions in order, time counted from each patient's first; single scores left out."""
    rows = frame[[score, patient, session]].dropna()
    codes, labels = pd.factorize(rows[patient])
    table = pd.DataFrame(
        {
            "patient": codes,
            "time": rows[session].to_numpy(dtype=float),
            "score": rows[score].to_numpy(dtype=float),
        }
    ).sort_values(["patient", "time"], kind="stable")
    twice = table.duplicated(["patient", "time"])
    if twice.any():
        raise DataError(
            f"{counted(int(twice.sum()), 'row')} {agree(int(twice.sum()), 'repeats', 'repeat')} a "
            f"'{session}' of the same '{patient}'. One row a session is needed."
        )
    table["time"] -= table.groupby("patient")["time"].transform("min")
    sizes = table["patient"].value_counts()
    kept = table.loc[table["patient"].map(sizes) > 1].reset_index(drop=True)
    if (sizes > 2).sum() < 2:
        raise DataError(
            f"{counted(int((sizes > 2).sum()), 'patient')} with three scores or more: a line and "
            "the scatter around it cannot be told apart. Use reliable_change with two scores."
        )
    if np.ptp(kept["score"]) == 0:
        raise DataError(f"all scores '{score}' are the same. Check the column.")
    n_single = int((sizes == 1).sum())
    return _Courses(kept, pd.Index(labels, name=patient), len(frame) - len(rows), n_single, score)


def _classified(
    courses: _Courses,
    fit: MixedModelResult,
    way: str,
    cutoff: Cutoff | None,
    higher_is_better: bool,
    quantile: float,
) -> pd.DataFrame:
    """One row a patient; see `ModelChange.patients`."""
    first, last = courses.ends()
    start, change, se = _shrunken(fit, first, last) if way == "shrunken" else _own(courses, fit)
    index = change / se
    better = index if higher_is_better else -index
    words = np.array(["deteriorated", "unchanged", "improved"], dtype=object)
    known = np.isfinite(index)
    reliable = np.full(len(index), None, dtype=object)
    step = (better[known] > quantile).astype(int) - (better[known] < -quantile).astype(int)
    reliable[known] = words[step + 1]
    patients = pd.DataFrame(
        {
            "n_sessions": courses.frame.groupby("patient", sort=True).size().to_numpy(),
            "sessions_apart": last["time"].to_numpy(),
            "pre": first["score"].to_numpy(),
            "post": last["score"].to_numpy(),
            "start": start,
            "end": start + change,
            "change": change,
            "se": se,
            "index": index,
            "reliable": reliable,
        },
        index=courses.labels[first["patient"].to_numpy()],
    )
    category = reliable.copy()
    if cutoff is not None:
        before, after = (is_case(patients[name].to_numpy(), cutoff) for name in ("start", "end"))
        category[known & before & ~after & (better > quantile)] = "recovered"
        patients["case_before"], patients["case_after"] = before, after
    return patients.assign(category=category)


def _shrunken(
    fit: MixedModelResult, first: pd.DataFrame, last: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and change by the model, and the error of the change; NaN if the fit is singular."""
    change, se = predicted_differences(fit, last, first)
    start = fit.predict(first)["prediction"].to_numpy()
    if fit.singular:  # their spread would be taken as smaller than it is
        se = np.full(len(se), np.nan)
    return start, change, se


def _own(courses: _Courses, fit: MixedModelResult) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and change of every patient's least-squares line, with the model's residual SD."""
    groups = courses.frame.groupby("patient", sort=True)
    time, score = courses.frame["time"], courses.frame["score"]
    apart = time - groups["time"].transform("mean")
    squares = (apart**2).groupby(courses.frame["patient"]).sum().to_numpy()
    products = (apart * score).groupby(courses.frame["patient"]).sum().to_numpy()
    slope, length = products / squares, groups["time"].max().to_numpy()
    start = groups["score"].mean().to_numpy() - slope * groups["time"].mean().to_numpy()
    return start, slope * length, fit.sigma * length / np.sqrt(squares)


def _counted(patients: pd.DataFrame, cutoff: Cutoff | None) -> pd.Series:
    """Categories of the patients that shares are of: the cases at the start, if it is known."""
    if cutoff is None:
        return patients["category"]
    return patients["category"].where(patients["case_before"], None)


def _sensitivity(every: dict[str, pd.Series], first: str, words: tuple[str, ...]) -> pd.DataFrame:
    """Numbers in each category by both estimates, that of the result first."""
    rows = []
    for way in sorted(every, key=lambda w: w != first):
        counts = every[way].value_counts()
        rows.append({"method": WAYS[way], **{word: int(counts.get(word, 0)) for word in words}})
    return pd.DataFrame(rows)


def _messages(courses: _Courses, fit: MixedModelResult) -> tuple[list[str], list[str]]:
    """What a reader must know of the data and of the fit."""
    said = []
    if courses.n_dropped:
        total = counted(len(courses.frame) + courses.n_single + courses.n_dropped, "row")
        said.append(f"{courses.n_dropped:,} of {total} dropped (a value missing).")
    if courses.n_single:
        n = courses.n_single
        said.append(f"{counted(n, 'patient')} with one score {agree(n, 'is', 'are')} left out.")
    about_fit = list(fit.about_fit)
    if fit.singular:
        about_fit.append(
            "The fit is singular, so that errors of shrunken changes would be too small: they have "
            "no index and no category. Give estimate='own'."
        )
    return said, about_fit
