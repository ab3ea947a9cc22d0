"""What simulated sessions look like: the quantities that published studies report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.data.sessions import SessionData

EARLY = (3, 5)
FLAT_RATINGS = 3


def describe_study(sessions: SessionData) -> dict[str, float]:
    """Describe simulated sessions in the terms of published studies.

    Parameters
    ----------
    sessions : SessionData
        From `simulate_sessions` or an example of the library.

    Returns
    -------
    dict
        By name: means and SDs in points, shares, ICCs (one-way, patients), lag-1 correlations of
        deviations from patients' means, standardised mean differences, and the correlation of
        early alliance (mean of sessions 3 to 5) with the last outcome after them. The dropout
        share is of all patients; completers are those with an agreed end, so patients still in
        therapy when the study closed are in neither group of ``dropout_d``. NaN where the data
        hold too little.

    Examples
    --------
    >>> from alliance_stats.simulate import describe_study, simulate_sessions
    >>> found = describe_study(simulate_sessions(n_patients=2000, n_therapists=200, rng=1))
    >>> 0.15 < found["dropout_share"] < 0.25
    True
    """
    frame = sessions.frame
    return {
        **_ratings(frame, "wai_total", "alliance"),
        "alliance_at_maximum": share_at(frame["wai_total"], 60),
        "flat_patients": flat_share(frame),
        **_ratings(frame, "phq9", "outcome"),
        "outcome_at_minimum": share_at(frame["phq9"], 0),
        **_intake(frame),
        **_paths(frame),
        **_endings(frame),
        "dropout_d": dropout_d(frame),
        "early_alliance_r": early_alliance_r(frame),
        **_counts(frame),
        **_dyads(frame),
    }


def early_alliance_r(frame: pd.DataFrame) -> float:
    """Correlation of early alliance with the last outcome after the window, over patients."""
    early = frame[frame["session"].between(*EARLY)].groupby("patient")["wai_total"].mean()
    later = frame[frame["session"] > EARLY[1]].groupby("patient")["phq9"].last()
    pairs = pd.concat([early, later], axis=1).dropna()
    if len(pairs) < 2:
        return float("nan")
    return float(np.corrcoef(pairs.to_numpy(dtype=float).T)[0, 1])


def dropout_d(frame: pd.DataFrame) -> float:
    """Mean alliance of completers minus dropouts, in SDs within the two groups.

    Completers are patients whose therapy came to its agreed end.
    """
    by_patient = frame.groupby("patient")
    means, ended = by_patient["wai_total"].mean(), by_patient["ended"].first()
    stay, leave = means[ended == "agreed"].dropna(), means[ended == "dropout"].dropna()
    if min(len(stay), len(leave)) < 2:
        return float("nan")
    squares = (len(stay) - 1) * stay.var() + (len(leave) - 1) * leave.var()
    return float((stay.mean() - leave.mean()) / np.sqrt(squares / (len(stay) + len(leave) - 2)))


def flat_share(frame: pd.DataFrame) -> float:
    """Share of patients with at least three ratings whose ratings are all the same."""
    ratings = frame.groupby("patient")["wai_total"].agg(["count", "nunique"])
    return float((ratings["nunique"][ratings["count"] >= FLAT_RATINGS] == 1).mean())


def share_at(ratings: pd.Series, value: float) -> float:
    """Share of the observed ratings that equal `value`."""
    return float((ratings.dropna() == value).mean())


def _ratings(frame: pd.DataFrame, column: str, name: str) -> dict[str, float]:
    rated = frame.dropna(subset=[column])
    by_patient = rated.groupby("patient")[column]
    mean = by_patient.transform("mean")
    deviation = rated[column] - mean
    size = by_patient.count()
    within = float((deviation**2).sum() / (len(rated) - len(size)))
    between = float(((mean - rated[column].mean()) ** 2).sum() / (len(size) - 1))
    typical = (len(rated) - (size**2).sum() / len(rated)) / (len(size) - 1)
    return {
        f"{name}_mean": float(rated[column].mean()),
        f"{name}_sd": float(rated[column].std()),
        f"{name}_first_mean": float(by_patient.first().mean()),
        f"{name}_first_sd": float(by_patient.first().std()),
        f"{name}_last_sd": float(by_patient.last().std()),
        f"{name}_sd_within": float(np.sqrt(within)),
        f"{name}_icc_patient": float((between - within) / (between + (typical - 1) * within)),
        f"{name}_autocorrelation": _lag_one(rated, deviation, deviation),
    }


def _lag_one(rows: pd.DataFrame, earlier: pd.Series, later: pd.Series) -> float:
    """Correlation of `earlier` with `later` one session on, both observed."""
    patient, session = rows["patient"].to_numpy(), rows["session"].to_numpy()
    x, y = earlier.to_numpy()[:-1], later.to_numpy()[1:]
    pairs = (patient[1:] == patient[:-1]) & (session[1:] == session[:-1] + 1)
    pairs &= ~np.isnan(x) & ~np.isnan(y)
    if pairs.sum() < FLAT_RATINGS:
        return float("nan")
    return float(np.corrcoef(x[pairs], y[pairs])[0, 1])


def _paths(frame: pd.DataFrame) -> dict[str, float]:
    by_patient = frame.groupby("patient")
    alliance, outcome = (
        frame[name] - by_patient[name].transform("mean") for name in ("wai_total", "phq9")
    )
    return {
        "lagged_correlation": _lag_one(frame, alliance, outcome),
        "reverse_correlation": _lag_one(frame, outcome, alliance),
    }


def _endings(frame: pd.DataFrame) -> dict[str, float]:
    by_patient = frame.groupby("patient")
    ended, last = by_patient["ended"].first(), by_patient["session"].max()
    return {
        "dropout_share": float((ended == "dropout").mean()),
        "dropout_rate": float((ended == "dropout").sum() / last.sum()),
        "ongoing_share": float((ended == "ongoing").mean()),
    }


def _intake(frame: pd.DataFrame) -> dict[str, float]:
    by_patient = frame.groupby("patient")
    intake, last = by_patient["phq9_intake"].first(), by_patient["phq9"].last()
    return {
        "intake_mean": float(intake.mean()),
        "intake_sd": float(intake.std()),
        "outcome_change_d": float((last - intake).mean() / intake.std()),
    }


def _dyads(frame: pd.DataFrame) -> dict[str, float]:
    if "wai_therapist" not in frame:
        return {}
    both = frame[["wai_total", "wai_therapist"]].dropna()
    pooled = np.sqrt(both.var().mean())
    difference = both["wai_total"].mean() - both["wai_therapist"].mean()
    return {
        "dyad_r": float(both["wai_total"].corr(both["wai_therapist"])),
        "dyad_d": float(difference / pooled),
    }


def _day_sd(frame: pd.DataFrame) -> float:
    """SD of the days between sessions after the first and their weekly dates."""
    later = frame[frame["session"] > 1]
    return float((7 * (later["week"] - later["session"] + 1)).std())


def _counts(frame: pd.DataFrame) -> dict[str, float]:
    last = frame.groupby("patient")["session"].max()
    caseload = frame.groupby("therapist")["patient"].nunique()
    therapists = frame.groupby("patient")["therapist"].nunique()
    return {
        "sessions_median": float(last.median()),
        "sessions_largest": float(last.max()),
        "sessions_cv": float(last.std() / last.mean()),
        "day_sd": _day_sd(frame),
        "caseload_median": float(caseload.median()),
        "caseload_largest": float(caseload.max()),
        "caseload_cv": float(caseload.std() / caseload.mean()),
        "changed_therapist": float((therapists > 1).mean()),
        "without_therapist": float((therapists == 0).mean()),
        "missed_sessions": float(1 - len(frame) / last.sum()),
        "missing_ratings": float(frame[["wai_total", "phq9"]].isna().to_numpy().mean()),
    }
