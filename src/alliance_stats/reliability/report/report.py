"""reliability_report: the public door."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import DataError, DataWarning
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.key import Range
from alliance_stats.measures.scoring.score import MaxMissing
from alliance_stats.reliability.generalizability.decide import d_study
from alliance_stats.reliability.generalizability.study import g_study
from alliance_stats.reliability.report.advice import advice_table
from alliance_stats.reliability.report.answers import Answers, frame_and_units, read_answers
from alliance_stats.reliability.report.coefficients import COMPARED, Asked, Collected, collect
from alliance_stats.reliability.report.grades import SOURCE
from alliance_stats.reliability.report.items import item_table, score_ends
from alliance_stats.reliability.report.result import ReliabilityReport
from alliance_stats.reliability.result import coefficient_rows

#: Reliabilities of patients' means for which the number of sessions is told.
GOALS = (0.70, 0.80, 0.90)


def reliability_report(
    sessions: object,
    instrument: str | Instrument,
    *,
    patient: str | None = None,
    session: str | None = None,
    therapist: str | None = None,
    items: Sequence[str] | None = None,
    item_prefix: str | None = None,
    prereversed: bool = False,
    response: Range | None = None,
    max_missing: MaxMissing | None = None,
    nested: bool = True,
    at: Literal["ends", "each"] = "ends",
    conf_level: float = 0.95,
) -> ReliabilityReport:
    """All reliabilities of a questionnaire that is answered session after session.

    Use it before a model of the scores. One questionnaire has several reliabilities, because
    claims differ in what counts as true: differences between patients at one session, between
    patients' means, between therapists' means, or change within patients, on which every within
    effect rests. The report gives each with its interval, for the total and every subscale, and
    says in words what it allows.

    Parameters
    ----------
    sessions : DataFrame or SessionData
        One row a session, one column an item. Not changed.
    instrument : str or Instrument
        The scoring key, as in `score`.
    patient, session, therapist : str, optional
        Columns of ids; by default the roles of session data. Sessions are numbers. Without a
        therapist nothing is said of therapists.
    items, item_prefix, prereversed, response, max_missing
        As in `score`.
    nested : bool
        True: every patient has sessions of their own, the usual case in therapy. False: session 3
        is the same occasion for all, and R1F, RkF, R1R, RkR and RC are given.
    at : {"ends", "each"}
        Alpha and omega between patients at their first and last session, or at each session.
    conf_level : float

    Returns
    -------
    ReliabilityReport
        ``recommendation`` in words, ``tidy()`` with every coefficient, ``tables`` of items with
        hints, of sessions needed, and of what arrives in coefficients of observed means.

    Raises
    ------
    ArgumentError, DataError
        If the ids are not known or not there, a session of a patient stands in two rows, sessions
        are no numbers, no coefficient can be estimated; and as `score`.

    Warns
    -----
    DataWarning
        What scoring and the estimates of the main score warn of, each with the coefficient that it
        concerns. A coefficient that cannot be estimated is left out and named.

    Notes
    -----
    Nothing is estimated here: `cronbach_alpha`, `mcdonald_omega`, `multilevel_alpha`,
    `multilevel_omega`, `multilevel_reliability`, `reliability_of_means`, `g_study`, `d_study` and
    `item_statistics` do it. Alpha and omega rest on complete rows, Shrout and Lane's coefficients
    on all answers, means on scores by the instrument's rule for missing items.

    References
    ----------
    Nunnally, J. C., & Bernstein, I. H. (1994). Psychometric theory (3rd ed.). McGraw-Hill.

    Shrout, P. E., & Lane, S. P. (2012). Psychometrics. In M. R. Mehl & T. S. Conner (Eds.),
    Handbook of research methods for studying daily life (pp. 302-320). Guilford.

    Terwee, C. B., et al. (2007). Quality criteria were proposed for measurement properties of
    health status questionnaires. Journal of Clinical Epidemiology, 60, 34-42.

    Examples
    --------
    >>> import warnings
    >>> import alliance_stats as al
    >>> answers = al.load_example("items")
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     report = al.reliability_report(
    ...         answers, "wai_sr", patient="patient", session="session", item_prefix="wai")
    >>> report.advice[["claim", "estimate"]].round(2)
                                             claim  estimate
    0  differences between patients at one session      0.86
    1          differences between patients' means      0.89
    2                       change within patients      0.79
    """
    probability(conf_level, name="conf_level")
    one_of(nested, (True, False), name="nested")
    one_of(at, ("ends", "each"), name="at")
    frame, units = frame_and_units(sessions, patient, session, therapist)
    answers = read_answers(
        frame, units, instrument, items=items, item_prefix=item_prefix,
        prereversed=prereversed, response=response, max_missing=max_missing,
    )  # fmt: skip
    asked = Asked(nested, at == "each", conf_level)
    found = {score: collect(answers, score, asked) for score in answers.scales}
    result = _result(answers, found, asked)
    for message in result.messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return result


def _result(answers: Answers, found: dict[str, Collected], asked: Asked) -> ReliabilityReport:
    main = next(iter(found))
    rows = [row for collected in found.values() for row in collected.rows]
    if not rows:
        raise DataError("no coefficient could be estimated: " + " ".join(found[main].messages))
    terms = coefficient_rows(_in_order(pd.DataFrame(rows), tuple(found)))
    needed, about_needed = _sessions_needed(answers, asked.conf_level)
    messages = [*answers.messages, *score_ends(answers), *found[main].messages, *about_needed]
    messages += [f"{score}, {m}" for score in list(found)[1:] for m in _failures(found[score])]
    items = item_table(answers, main)
    against = items.loc[items["rest_r"] < -2.0 / np.sqrt(items["n"]), "item"].tolist()
    tables = {"Sessions needed": needed, "Items": items}
    if (arriving := found[main].arriving) is not None:
        tables["Expected coefficient of observed means"] = arriving
    return ReliabilityReport(
        kind="reliability_report",
        title=f"Reliability of the {answers.instrument.name} over sessions",
        terms=terms,
        counts=answers.counts(),
        n_dropped=answers.n_dropped,
        conf_level=asked.conf_level,
        notes=_notes(answers, asked),
        messages=tuple(dict.fromkeys(messages)),
        tables=tables,
        scores=tuple(found),
        advice=advice_table(terms, main, asked.conf_level, against),
    )


def _in_order(rows: pd.DataFrame, scores: tuple[str, ...]) -> pd.DataFrame:
    """Scores in the order of the instrument, and within them what is compared."""
    rank = rows["group"].map(scores.index) * len(COMPARED) + rows["unit"].map(list(COMPARED).index)
    return rows.iloc[np.argsort(rank.to_numpy(), kind="stable")].reset_index(drop=True)


def _failures(found: Collected) -> list[str]:
    """Of the other scores only what could not be estimated or must not be reported."""
    words = ("converge", "improper", "at least", "needed", "cannot")
    return [m for m in found.messages if any(word in m for word in words)]


def _sessions_needed(answers: Answers, level: float) -> tuple[pd.DataFrame, list[str]]:
    """Sessions a patient with which the mean of each score reaches the goals."""
    rows, said = [], []
    patient, session = answers.units.patient, answers.units.session
    for score in answers.scales:
        try:
            study = g_study(
                answers.frame, score=answers.column(score), objects=patient, facets=[session],
                nested={session: patient}, conf_level=level,
            )  # fmt: skip
        except DataError as error:
            said.append(f"sessions needed, {score}: {error}")
            continue
        plan = d_study(study, n={session: 1})
        one = plan.table["G"].iloc[0]
        at = [plan.needed(goal, facet=session)[f"n_{session}"].iloc[0] for goal in GOALS]
        numbers = {f"for .{100 * goal:.0f}": n for goal, n in zip(GOALS, at, strict=True)}
        rows.append({"score": score, "one_session": float(one), **numbers})
    return pd.DataFrame(rows), said


def _notes(answers: Answers, asked: Asked) -> tuple[str, ...]:
    about_change = (
        "RCn is the published formula, in which lasting differences between items count as error; "
        "'items by patient' takes them out and is the one to judge a within effect by."
        if asked.nested
        else "RC is the reliability of change; sessions are crossed with patients."
    )
    return (
        SOURCE,
        "Alpha and omega: complete rows; the items of a factor are linear in it, errors are "
        "uncorrelated, and alpha takes the loadings as equal. Patients count as independent, also "
        "those of one therapist.",
        "Alpha and omega of means are of observed means over sessions (Lai, 2021), those of latent "
        "means of means over endless sessions (Geldhof et al., 2014).",
        f"R1 is of a patient's level from one session, Rk from k = {answers.typical_sessions:.3g} "
        f"(the harmonic mean). {about_change}",
        "Expected shares of effects: as if error of this score were the only error.",
        "N: sessions; at one session patients.",
        "Sessions needed: for the mean of a patient's sessions, errors of sessions independent.",
    )
