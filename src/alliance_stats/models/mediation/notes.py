"""Sentences about a mediation model that stand with its table."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.checks import name_list
from alliance_stats._base.printing import format_fixed
from alliance_stats.data.units import float_values, unit_codes
from alliance_stats.data.variance_parts import harmonic_mean, three_level_parts, two_level_parts
from alliance_stats.models.mediation.chain import SIDES
from alliance_stats.models.mediation.draws import Draws
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.specification import MediationFits, MediationSpecification

CONFOUNDING = (
    "Indirect effects are products of coefficients. They are effects only if nothing that is not "
    "in the model moves two of predictor, mediator and outcome together, which no data show."
)
CONTEMPORANEOUS = (
    "Caution: all ratings are of the same session. Which comes first is an assumption, and effects "
    "of one session are biased for those over time, in either direction (Maxwell & Cole, 2007)."
)
_SINGULAR = (
    "Variances or correlations of the paths are at their limit (singular fit). Draws take what "
    "vanished as known, so that the interval within patients may be too narrow: a "
    "bootstrap, and a model whose paths do not vary, show by how much."
)


def mediation_notes(
    fits: MediationFits,
    prepared: PreparedMediation,
    chosen: MediationSpecification,
    draws: Draws,
) -> list[str]:
    """Order, equations, centring and means, intervals, short series, confounding."""
    chain = prepared.chain
    notes = [CONTEMPORANEOUS] if chain.contemporaneous else [f"Order: {chain.words()}."]
    notes += [_prior_words(prepared)] if not chain.contemporaneous else []
    notes.append(_design_words(prepared))
    if fits.joint is not None:
        units = name_list([f"{unit}s" for unit in chosen.joint_units])
        notes.append(
            f"Paths a and b differ between {units}: both equations are one model (Bauer, Preacher "
            "& Gil, 2006), and the indirect effect within patients is ab + cov(a, b)."
        )
        if fits.joint.singular and draws.interval == "monte-carlo":
            notes.append(_SINGULAR)
    said = prepared.messages()
    notes += [words for side in SIDES if (words := prepared.rows_words(side)) not in said]
    notes += _means_words(prepared)
    notes += _short_series(fits, prepared)
    return [*notes, _interval_words(draws), CONFOUNDING]


def _prior_words(prepared: PreparedMediation) -> str:
    """Which earlier ratings are held constant, and what a total effect is then."""
    chain = prepared.chain
    before = f"{chain.mediator} and {chain.outcome} are given their own rating before"
    if not chain.session_level:
        return f"{before}."
    return (
        f"{before}, {chain.mediator} also {chain.outcome} from before {chain.predictor}. Total and "
        f"direct effects are on {chain.outcome} given that earlier {chain.outcome}: what went "
        "through it is in neither."
    )


def _design_words(prepared: PreparedMediation) -> str:
    chain = prepared.chain
    coded = ""
    if prepared.categories:
        low, high = prepared.categories
        coded = f" {chain.predictor} is 1 in {high} and 0 in {low}."
    if chain.session_level:
        return (
            f"Design 1-1-1: {chain.predictor} and {chain.mediator} are split into what varies "
            "within patients and what varies between them; each part has its own paths."
        )
    return (
        f"Design 2-1-1: {chain.predictor} is one value a patient, so that effects are between "
        f"patients or therapists only.{coded}"
    )


def _means_words(prepared: PreparedMediation) -> list[str]:
    """That effects between units rest on observed means, and how reliable these are."""
    levels = [level for level in prepared.levels if level != "within"]
    if not levels:
        return []
    chain = prepared.chain
    columns = [chain.predictor, chain.mediator] if chain.session_level else [chain.mediator]
    words = []
    for column in columns:
        found = mean_reliabilities(prepared, column)
        shown = [
            f"{format_fixed(found[level], 2)} for means of {unit}s"
            for level, unit in zip(
                list(prepared.parts(column))[1:], list(prepared.groups), strict=True
            )
            if level in levels and np.isfinite(found[level])
        ]
        words += [f"{column} {' and '.join(shown)}"] if shown else []
    reliability = f" (reliability: {'; '.join(words)})" if words else ""
    return [
        "Biased: effects between patients and therapists are from observed means, which hold "
        f"errors of measurement and of the sessions sampled{reliability}; means have no order in "
        "time (Lüdtke et al., 2008; Preacher, Zyphur & Zhang, 2010)."
    ]


def mean_reliabilities(prepared: PreparedMediation, column: str) -> dict[str, float]:
    """Reliability of observed means by level between, from moments and typical numbers."""
    frame = prepared.rated(column)
    values = float_values(frame, column)
    patient, _ = unit_codes(frame, prepared.roles.patient)
    sessions = harmonic_mean(np.bincount(patient))
    if prepared.roles.therapist is None:
        parts = two_level_parts(values, patient).truncated()
        return {"between": _share(parts.patient, parts.session / sessions)}
    therapist, _ = unit_codes(frame, prepared.roles.therapist)
    parts = three_level_parts(values, patient, therapist).truncated()
    first = np.unique(patient, return_index=True)[1]
    patients = harmonic_mean(np.bincount(therapist[first]))
    error = parts.session / sessions
    return {
        "patient_between": _share(parts.patient, error),
        "therapist_between": _share(parts.therapist, (parts.patient + error) / patients),
    }


def _share(true: float, error: float) -> float:
    return true / (true + error) if true + error > 0 else float("nan")


def _short_series(fits: MediationFits, prepared: PreparedMediation) -> list[str]:
    """Nickell's approximation for both autoregressions, with the numbers of ratings."""
    chain = prepared.chain
    if chain.contemporaneous:
        return []
    parts = []
    for side in SIDES:
        own = chain.own(side)
        fit = fits.of(side)
        if own is None or own not in fit.names:
            continue
        ratings = _mean_ratings(prepared, chain.response(side), prepared.keep[side])
        bias = nickell(float(fit.beta[own]), ratings)
        shown = format_fixed(bias, 2, minus="−")
        parts.append(f"{shown} for {chain.response(side)} ({format_fixed(ratings, 1)} ratings)")
    if not parts:
        return []
    return [
        "Short series: centring on a patient's own mean biases the effect of a rating on its next "
        f"one by about {' and '.join(parts)} (−(1 + φ)/(T − 1); Nickell, 1981), and the paths "
        "within patients with it. How much depends on the paths; see "
        "fit_lagged(…).bias for the direct one, and fit_cross_lagged for a model without it."
    ]


def nickell(autoregression: float, ratings: float) -> float:
    """−(1 + φ)/(T − 1), the bias of an estimated φ, solved for the φ behind it.

    >>> round(nickell(0.2, 11), 3)
    -0.133
    """
    if ratings <= 2:
        return float("nan")
    behind = (autoregression * (ratings - 1.0) + 1.0) / (ratings - 2.0)
    return autoregression - behind


def _mean_ratings(prepared: PreparedMediation, rating: str, keep: np.ndarray) -> float:
    """Mean number of ratings of the patients in an equation."""
    frame, patient = prepared.frame, prepared.roles.patient
    theirs = frame[frame[patient].isin(frame.loc[keep, patient].unique())]
    return float(theirs[rating].notna().sum() / max(theirs[patient].nunique(), 1))


def _interval_words(draws: Draws) -> str:
    if draws.interval == "monte-carlo":
        what = f"{draws.n:,} draws of the paths from their joint normal distribution"
    else:
        what = f"{draws.n:,} resamples of {draws.unit}s"
    return (
        f"Intervals and p of indirect and total effects: percentiles over {what}; those of paths "
        "are of their models."
    )
