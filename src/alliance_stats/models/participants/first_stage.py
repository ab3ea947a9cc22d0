"""The first stage: the model of the question in every study; failures are kept, with the reason."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    FitWarning,
    UnsupportedError,
)
from alliance_stats._base.random import RandomSource, seed_of
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.participants.questions import Question
from alliance_stats.models.participants.study import StudyFit


@dataclass(frozen=True, eq=False)
class FirstStage:
    """The studies that were fitted, and why the others were not."""

    fits: Mapping[str, StudyFit]
    failed: Mapping[str, str]


def fit_each(
    studies: Mapping[str, SessionData],
    question: Question,
    choices: Mapping[str, object],
    unread: Mapping[str, str],
) -> FirstStage:
    """Ask the question in every study, without warnings: they stay with each result."""
    fits: dict[str, StudyFit] = {}
    failed = dict(unread)
    own = _seeds(studies, question, choices)
    for name, sessions in studies.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)
                warnings.simplefilter("ignore", FitWarning)
                fit = question.ask(sessions, {**choices, **own.get(name, {})})
        except (DataError, UnsupportedError) as error:
            failed[name] = str(error)
        except ArgumentError as error:
            raise ArgumentError(f"study '{name}': {error}") from error
        else:
            if why := _unusable(fit):
                failed[name] = why
            else:
                fits[name] = fit
    _refuse_few(fits, failed)
    return FirstStage(fits, failed)


def _seeds(
    studies: Mapping[str, SessionData], question: Question, choices: Mapping[str, object]
) -> dict[str, dict[str, object]]:
    """Random numbers of their own for the simulations of every study."""
    if "rng" not in question.choices:
        return {}
    given: RandomSource = choices.get("rng", 0)  # type: ignore[assignment]
    seed = seed_of(given)
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    children = np.random.SeedSequence(root.entropy, spawn_key=root.spawn_key).spawn(len(studies))
    return {name: {"rng": child} for name, child in zip(studies, children, strict=True)}


def _unusable(fit: StudyFit) -> str:
    """Why a fitted study cannot be pooled; nothing if it can."""
    if not fit.result.glance()["converged"].all():
        return "its model did not converge."
    table = fit.coefficients()
    known = np.isfinite(table["estimate"]) & np.isfinite(table["se"]) & (table["se"] > 0)
    if not known.any():
        return "its effects could not be estimated."
    return ""


def _refuse_few(fits: Mapping[str, StudyFit], failed: Mapping[str, str]) -> None:
    if len(fits) >= 2:
        return
    why = " ".join(f"{name}: {reason}" for name, reason in list(failed.items())[:3])
    n = len(fits) + len(failed)
    raise DataError(
        f"the model could be fitted in {len(fits)} of {n} studies, and at least 2 are needed. {why}"
    )


def singular_studies(stage: FirstStage) -> list[str]:
    """Studies whose model has a variance of zero or a correlation of one."""
    return [name for name, fit in stage.fits.items() if fit.result.glance()["singular"].any()]


def study_table(stage: FirstStage, signs: Mapping[str, int]) -> pd.DataFrame:
    """One row a study, effect and scale; see `StudiesResult.study_effects`."""
    tables = []
    for name, fit in stage.fits.items():
        patients, sessions = fit.sizes()
        table = _scaled(fit, signs[name])
        table.insert(0, "study", name)
        tables.append(table.assign(ni=patients, n_sessions=sessions))
    found = pd.concat(tables, ignore_index=True)
    order = ["study", "effect", "unit", "scale", "term", "yi", "vi", "es_measure", "ni",
             "n_sessions", "sd_alliance", "sd_outcome"]  # fmt: skip
    return found[order]


def _scaled(fit: StudyFit, sign: int) -> pd.DataFrame:
    """Coefficients raw and standardised, and correlations, of one study."""
    table = fit.coefficients()
    ratio = table["per_unit"].to_numpy(dtype=float) * sign
    kept = table[["effect", "unit", "term", "sd_alliance", "sd_outcome"]]
    b, variance = table["estimate"].to_numpy(float), table["se"].to_numpy(float) ** 2
    raw = kept.assign(scale="raw", yi=b, vi=variance)
    standard = kept.assign(scale="standardised", yi=b * ratio, vi=variance * ratio**2)
    parts = [frame.assign(es_measure=None) for frame in (raw, standard)]
    correlations = fit.correlations()
    if len(correlations):
        parts.append(correlations.assign(term="", sd_alliance=np.nan, sd_outcome=np.nan))
    return pd.concat(parts, ignore_index=True)
