"""The coefficients of one score, each from the function that estimates it alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataError, FitWarning, UnsupportedError
from alliance_stats.reliability.consistency.cronbach import cronbach_alpha
from alliance_stats.reliability.factor.multilevel import multilevel_omega
from alliance_stats.reliability.factor.omega import mcdonald_omega
from alliance_stats.reliability.multilevel.alpha import multilevel_alpha
from alliance_stats.reliability.multilevel.means import reliability_of_means
from alliance_stats.reliability.multilevel.session_ratings import multilevel_reliability
from alliance_stats.reliability.report.answers import Answers
from alliance_stats.reliability.result import ReliabilityResult

#: Units that are compared, in print order, and what a coefficient of theirs is good for.
COMPARED = {
    "one session": "comparing patients at one session",
    "patients": "comparing patients by their means over sessions",
    "change": "change within patients: within effects, one patient's course",
    "therapists": "comparing therapists by the means of their patients",
}
#: Fewest items of a factor model.
FACTOR_ITEMS = 3
#: Messages that begin alike say the same of the same items.
_ALIKE = 35
#: What the estimates say of themselves when they must not be used.
_UNFIT = "Do not report it"


@dataclass(frozen=True, eq=False)
class Asked:
    """What a report was asked for."""

    nested: bool
    each: bool
    conf_level: float


@dataclass(eq=False)
class Collected:
    """Rows, messages and tables as they come in."""

    rows: list[dict[str, object]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    arriving: pd.DataFrame | None = None
    unsound: set[int] = field(default_factory=set)


def collect(answers: Answers, score: str, asked: Asked) -> Collected:
    """Every coefficient of one score."""
    found = Collected()
    for add in (_one_session, _two_level, _two_alphas, _over_sessions, _of_means):
        add(found, answers, score, asked)
    return found


def _one_session(found: Collected, answers: Answers, score: str, asked: Asked) -> None:
    """Alpha and omega between patients, at their first and last session or at each."""
    items = list(answers.scales[score])
    ways: dict[str, Callable[..., ReliabilityResult]] = {
        "alpha": cronbach_alpha,
        "omega": mcdonald_omega,
    }
    if len(items) < FACTOR_ITEMS:
        del ways["omega"]
    for name, rows in _occasions(answers, asked.each):
        for way, function in ways.items():
            estimate = partial(function, rows[items], conf_level=asked.conf_level)
            result = _tried(found, f"{way}, {name}", estimate)
            _add(found, result, score, "one session", {way: f"{way}, {name}"})


def _occasions(answers: Answers, each: bool) -> Iterator[tuple[str, pd.DataFrame]]:
    if not each:
        yield "first session", answers.sessions_at("first")
        yield "last session", answers.sessions_at("last")
        return
    for number, rows in answers.frame.groupby(answers.units.session, sort=True):
        yield f"session {number:g}", rows


def _two_level(found: Collected, answers: Answers, score: str, asked: Asked) -> None:
    """Omega between and within patients."""
    items = list(answers.scales[score])
    if len(items) < FACTOR_ITEMS:
        return
    estimate = partial(
        multilevel_omega, answers.frame, items=items, cluster=answers.units.patient,
        conf_level=asked.conf_level,
    )  # fmt: skip
    omega = _tried(found, "omega of both levels", estimate)
    means = {"omega_between": "omega of means", "omega_between_latent": "omega of latent means"}
    _add(found, omega, score, "patients", means)
    _add(found, omega, score, "change", {"omega_within": "omega within"})


def _two_alphas(found: Collected, answers: Answers, score: str, asked: Asked) -> None:
    """Alpha between and within patients."""
    estimate = partial(
        multilevel_alpha, answers.frame, items=list(answers.scales[score]),
        cluster=answers.units.patient, conf_level=asked.conf_level,
    )  # fmt: skip
    alpha = _tried(found, "alpha of both levels", estimate)
    means = {"alpha_between": "alpha of means", "alpha_between_latent": "alpha of latent means"}
    _add(found, alpha, score, "patients", means)
    _add(found, alpha, score, "change", {"alpha_within": "alpha within"})


def _over_sessions(found: Collected, answers: Answers, score: str, asked: Asked) -> None:
    """Shrout and Lane's coefficients of patients' means and of change."""
    estimate = partial(
        multilevel_reliability, answers.frame, items=list(answers.scales[score]),
        patient=answers.units.patient, session=answers.units.session, nested=asked.nested,
        n_sessions=answers.typical_sessions, conf_level=asked.conf_level,
    )  # fmt: skip
    result = _tried(found, "Shrout and Lane", estimate)
    means = {term: term for term in ("R1F", "RkF", "R1R", "RkR", "R1Rn", "RkRn")}
    _add(found, result, score, "patients", means)
    _add(found, result, score, "change", {"RC": "RC", "RCn": "RCn"})
    if asked.nested:
        result = _tried(found, "Shrout and Lane", partial(estimate, item_means="by_patient"))
        _add(found, result, score, "change", {"RCn": "RCn, items by patient"})


def _of_means(found: Collected, answers: Answers, score: str, asked: Asked) -> None:
    """Reliability of the scores' means, and what it does to coefficients between units."""
    estimate = partial(
        reliability_of_means, answers.frame, score=answers.column(score),
        patient=answers.units.patient, therapist=answers.units.therapist,
        conf_level=asked.conf_level,
    )  # fmt: skip
    result = _tried(found, "reliability of means", estimate)
    if result is None:
        return
    found.arriving = result.tables["Expected coefficient of observed means"]
    for unit, name in (("patient", "patients"), ("therapist", "therapists")):
        own = result.terms.loc[result.terms["unit"] == unit]
        _add(found, result, score, name, {"reliability": "reliability of mean"}, rows=own)


def _tried(
    found: Collected, what: str, estimate: Callable[[], ReliabilityResult]
) -> ReliabilityResult | None:
    """A result, its messages but those about missing answers noted; None where there can be none.

    Rows with missing answers are counted in the table's column ``n``.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = estimate()
    except (DataError, UnsupportedError, np.linalg.LinAlgError) as error:
        found.messages.append(f"{what}: {error}")
        return None
    drops = f"{result.n_dropped:,} of "
    said = [m for m in result.messages if not (result.n_dropped and m.startswith(drops))]
    known = {message.partition(": ")[2][:_ALIKE] for message in found.messages}
    found.messages += [f"{what}: {message}" for message in said if message[:_ALIKE] not in known]
    if any(issubclass(w.category, FitWarning) for w in caught) or any(_UNFIT in m for m in said):
        found.unsound.add(id(result))
    return result


def _add(
    found: Collected,
    result: ReliabilityResult | None,
    score: str,
    unit: str,
    terms: dict[str, str],
    *,
    rows: pd.DataFrame | None = None,
) -> None:
    """Rows of a result under the names of the report."""
    if result is None:
        return
    table = result.terms if rows is None else rows
    for row in table.to_dict("records"):
        if row["term"] not in terms:
            continue
        number = {name: row[name] for name in ("se", "ci_low", "ci_high")}
        found.rows.append(
            {
                "unit": unit,
                "group": score,
                "term": terms[str(row["term"])],
                "estimate": row["estimate"],
                **number,
                "n": _rests_on(result, unit),
                "good_for": COMPARED[unit],
                "sound": id(result) not in found.unsound,
            }
        )  # fmt: skip


def _rests_on(result: ReliabilityResult, unit: str) -> int:
    """Therapists, sessions, or the rows of a result."""
    counts = result.counts
    if unit == "therapists":
        return counts["therapist"]
    return counts.get("session", next(iter(counts.values())))
