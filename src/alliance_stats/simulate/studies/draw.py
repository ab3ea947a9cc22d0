"""Studies drawn with their moderators, true effects and estimates, before anything is reported."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from alliance_stats.simulate.streams import EffectStreams
from alliance_stats.simulate.studies.parameters import (
    ALLIANCE_MEASURES,
    FIRST_YEAR,
    N_YEARS,
    OUTCOME_MEASURES,
    RATERS,
    RELIABILITY,
    TIMES,
    TREATMENTS,
    EffectParameters,
    Floats,
    Shares,
    explained_between,
    explained_within,
    mean_attenuation,
    year_moments,
)

Ints = NDArray[np.int64]
Words = NDArray[np.object_]
_LARGEST = 0.999


@dataclass(frozen=True, eq=False)
class DrawnStudies:
    """Columns of studies, one value a study."""

    n: Ints
    count: Ints
    year: Ints
    treatment: Words
    alliance_measure: Words
    dissertation: NDArray[np.bool_]
    ptr: Floats

    @property
    def study(self) -> Ints:
        """Position of the study of every effect."""
        return np.repeat(np.arange(len(self.n)), self.count)


@dataclass(frozen=True, eq=False)
class DrawnEffects:
    """Columns of effects, one value an effect; `z` is positive for better outcomes."""

    studies: DrawnStudies
    rater: Words
    time: Words
    outcome_measure: Words
    reliability_alliance: Floats
    reliability_outcome: Floats
    z: Floats

    def first(self) -> Ints:
        """Position of the first effect of every study."""
        return np.cumsum(self.studies.count) - self.studies.count


_STUDY_COLUMNS = tuple(DrawnStudies.__annotations__)
_EFFECT_COLUMNS = tuple(name for name in DrawnEffects.__annotations__ if name != "studies")


def draw_effects(given: EffectParameters, streams: EffectStreams) -> DrawnEffects:
    """Studies until `n_studies` are published; all of them, without selection."""
    batch = _draw_batch(given, streams)
    if given.selection == (1.0, 1.0):
        return batch
    parts, enough = [_selected(given, batch, streams)], given.n_studies
    while sum(len(part.studies.n) for part in parts) < enough:
        parts.append(_selected(given, _draw_batch(given, streams), streams))
    return _kept(_joined(parts), np.arange(enough))


def _draw_batch(given: EffectParameters, streams: EffectStreams) -> DrawnEffects:
    studies = _draw_studies(given, streams)
    total, rng = int(studies.count.sum()), streams.effects
    rater, time, outcome = (_words(s, total, rng) for s in (RATERS, TIMES, OUTCOME_MEASURES))
    alliance, result = (
        np.clip(mean + sd * streams.reliabilities.standard_normal(total), *RELIABILITY).round(2)
        for mean, sd in (
            (given.reliability_alliance, given.reliability_alliance_sd),
            (given.reliability_outcome, given.reliability_outcome_sd),
        )
    )
    true = _true_effects(given, studies, rater, time, streams)
    left = np.sqrt(alliance * result) / mean_attenuation(given)
    observed = np.arctanh(np.clip(np.tanh(true) * left, -_LARGEST, _LARGEST))
    z = observed + _sampling_errors(given, studies, streams)
    return DrawnEffects(studies, rater, time, outcome, alliance, result, z)


def _draw_studies(given: EffectParameters, streams: EffectStreams) -> DrawnStudies:
    k, rng = given.n_studies, streams.studies
    sizes = np.exp(log(given.n_median) + given.n_sd * rng.standard_normal(k))
    sizes = np.maximum(np.rint(sizes), given.n_min)
    count = np.minimum(rng.geometric(1 - given.another_effect, k), given.effects_max)
    year = FIRST_YEAR + np.floor(N_YEARS * np.sqrt(rng.random(k)))
    ratio = np.exp(log(given.ptr_median) + given.ptr_sd * rng.standard_normal(k))
    return DrawnStudies(
        n=sizes.astype(np.int64),
        count=count.astype(np.int64),
        year=year.astype(np.int64),
        treatment=_words(TREATMENTS, k, rng),
        alliance_measure=_words(ALLIANCE_MEASURES, k, rng),
        dissertation=rng.random(k) < given.dissertations,
        ptr=np.minimum(np.maximum(ratio, 1.0).round(1), sizes),
    )


def _words(shares: Shares, k: int, rng: np.random.Generator) -> Words:
    steps = np.cumsum(list(shares.values()))[:-1]
    return np.array(list(shares), dtype=object)[np.searchsorted(steps, rng.random(k), "right")]


def _true_effects(
    given: EffectParameters,
    studies: DrawnStudies,
    rater: Words,
    time: Words,
    streams: EffectStreams,
) -> Floats:
    """theta of the module `parameters`."""
    between = sqrt(given.tau2_between - explained_between(given))
    within = sqrt(given.tau2_within - explained_within(given))
    own = between * streams.between.standard_normal(len(studies.n))
    u = _of_studies(given, studies) + given.between_shift + given.between_stretch * own
    w = within * streams.within.standard_normal(len(rater))
    w += given.late_effect * ((time == "late") - TIMES["late"])
    w += given.therapist_rated_effect * ((rater == "therapist") - RATERS["therapist"])
    w += given.observer_rated_effect * ((rater == "observer") - RATERS["observer"])
    return np.asarray(given.mean_z + u[studies.study] + w)


def _of_studies(given: EffectParameters, studies: DrawnStudies) -> Floats:
    """What moderators of studies add to the true effects."""
    cbt = (studies.treatment == "cbt") - TREATMENTS["cbt"]
    wai = (studies.alliance_measure == "WAI") - ALLIANCE_MEASURES["WAI"]
    decade = (studies.year - 2000) / 10 - year_moments()[0]
    return np.asarray(
        given.treatment_effect * cbt
        + given.measure_effect * wai
        + given.dissertation_effect * (studies.dissertation - given.dissertations)
        + given.year_effect * decade
        + given.ptr_effect * np.log2(studies.ptr / given.ptr_median)
    )


def _sampling_errors(
    given: EffectParameters, studies: DrawnStudies, streams: EffectStreams
) -> Floats:
    """Normal errors of Fisher's z, correlated rho within a study."""
    shared = streams.sampling.standard_normal(len(studies.n))[studies.study]
    own = streams.sampling.standard_normal(int(studies.count.sum()))
    sd = 1 / np.sqrt(studies.n[studies.study] - 3)
    return np.asarray(sd * (sqrt(given.rho) * shared + sqrt(1 - given.rho) * own))


def _selected(given: EffectParameters, drawn: DrawnEffects, streams: EffectStreams) -> DrawnEffects:
    """Published studies: by the one-sided p of their first effect, dissertations always."""
    z = drawn.z[drawn.first()] * np.sqrt(drawn.studies.n - 3)
    p = ndtr(-z)
    chance = np.where(p <= 0.025, 1.0, np.where(p <= 0.5, *given.selection))
    published = streams.selection.random(len(p)) < chance
    return _kept(drawn, np.flatnonzero(published | drawn.studies.dissertation))


def _kept(drawn: DrawnEffects, studies: Ints) -> DrawnEffects:
    """Some studies with their effects."""
    rows = np.isin(drawn.studies.study, studies)
    own = {name: getattr(drawn.studies, name)[studies] for name in _STUDY_COLUMNS}
    effects = {name: getattr(drawn, name)[rows] for name in _EFFECT_COLUMNS}
    return DrawnEffects(studies=DrawnStudies(**own), **effects)


def _joined(parts: list[DrawnEffects]) -> DrawnEffects:
    own = {
        name: np.concatenate([getattr(part.studies, name) for part in parts])
        for name in _STUDY_COLUMNS
    }
    effects = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _EFFECT_COLUMNS
    }
    return DrawnEffects(studies=DrawnStudies(**own), **effects)
