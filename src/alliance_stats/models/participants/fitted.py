"""FittedStudies: what was fitted of several studies, and the numbers that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from alliance_stats._base.checks import name_list, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.multilevel.result import MultilevelMetaResult
from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.models.lagged.bias import large_bias
from alliance_stats.models.participants import words
from alliance_stats.models.participants.bias import pooled_bias
from alliance_stats.models.participants.compare import apart, comparison
from alliance_stats.models.participants.first_stage import FirstStage, singular_studies
from alliance_stats.models.participants.one_stage import OneStage
from alliance_stats.models.participants.scales import unlike_sds
from alliance_stats.models.participants.second_stage import Key, joint_model
from alliance_stats.models.participants.study import Scale, StudyResult


@dataclass(frozen=True, eq=False, repr=False)
class FittedStudies:
    """The half of a `StudiesResult` that questions are asked of.

    Attributes
    ----------
    question : str
        ``lagged``, ``outcome`` or ``within_between``.
    stage : FirstStage
        The model of every study.
    study_effects : DataFrame
        One row a study, effect and scale: ``study effect unit scale term yi vi es_measure ni
        n_sessions sd_alliance sd_outcome``. ``scale`` is ``raw``, ``standardised``, and for the
        question ``outcome`` also ``zero-order`` and ``partial``: Fisher's z. `fit_meta` takes rows
        of one effect and scale, with moderators of the studies joined to them.
    metas : mapping of (effect, scale) to MetaResult
        The second stage.
    one_stage : mapping of str to OneStage
        The model of all rows, by effect.
    one_stage_failed : mapping of str to str
        Why there is none of an effect.
    scales : tuple of str
        Scales that are pooled, the first of them shown first.
    signs : mapping of str to int
        −1 for studies whose standardised effects are turned.
    same_scale : bool or None
        As given.
    choices : mapping
        Further arguments of the question's function.
    """

    question: str
    stage: FirstStage
    study_effects: pd.DataFrame
    metas: Mapping[Key, MetaResult]
    one_stage: Mapping[str, OneStage]
    one_stage_failed: Mapping[str, str]
    scales: tuple[Scale, ...]
    signs: Mapping[str, int]
    same_scale: bool | None
    choices: Mapping[str, Any]

    @property
    def fits(self) -> dict[str, StudyResult]:
        """The result of every study, as its own function gives it."""
        return {name: fit.result for name, fit in self.stage.fits.items()}

    @property
    def failed(self) -> Mapping[str, str]:
        """Studies left out, and why."""
        return self.stage.failed

    @property
    def scale(self) -> Scale:
        """The scale shown first."""
        return self.scales[0]

    @property
    def one_stage_scale(self) -> Scale:
        """The scale of the one-stage models."""
        return "raw" if "raw" in self.scales else "standardised"

    @property
    def effects(self) -> list[str]:
        """Effects that are pooled, in print order."""
        return list(dict.fromkeys(effect for effect, _ in self.metas))

    @property
    def units(self) -> dict[str, str]:
        """The unit whose members each effect compares."""
        table = self.study_effects
        return dict(zip(table["effect"], table["unit"], strict=True))

    def of_scale(self, scale: str) -> dict[str, MetaResult]:
        """The meta-analyses on one scale, by effect."""
        return {effect: meta for (effect, own), meta in self.metas.items() if own == scale}

    def meta(self, effect: str | None = None, *, scale: Scale | None = None) -> MetaResult:
        """The meta-analysis of one effect, with all that a MetaResult can be asked.

        Parameters
        ----------
        effect : str, optional
            By default the first one.
        scale : str, optional
            By default the one shown first.

        Raises
        ------
        ArgumentError
            If there is none of that effect and scale.
        """
        key = (self.effects[0] if effect is None else effect, scale or self.scale)
        if key not in self.metas:
            known = name_list(f"{name} ({own})" for name, own in self.metas)
            raise ArgumentError(f"no meta-analysis of {key[0]} ({key[1]}). There are: {known}.")
        return self.metas[key]

    def comparison(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Two stages, all effects jointly, and one stage, beside each other.

        Returns
        -------
        DataFrame
            Columns ``effect unit group way k estimate se statistic df p_value ci_low ci_high tau
            pi_low pi_high``. ``way`` is ``two stages`` (Knapp–Hartung tests unless chosen
            otherwise), ``two stages, jointly`` (CR2 tests; with four studies or more and several
            effects) or ``one stage`` (Satterthwaite's tests).
        """
        probability(conf_level, name="conf_level")
        scale = self.one_stage_scale
        return comparison(
            self.of_scale(scale), self.joint, self.one_stage, self.units, scale, conf_level
        )

    @cached_property
    def apart(self) -> dict[str, float]:
        """Effects whose one-stage and two-stage estimates differ, and by how many SEs."""
        return apart(self.comparison())

    @cached_property
    def joint(self) -> MultilevelMetaResult | None:
        """All effects in one multivariate meta-analysis, on the scale of the one-stage models.

        The sampling errors of a study's effects covary as its data say; true effects have an
        unstructured covariance matrix between studies, in ``joint.correlations``. None with one
        effect or fewer than four studies that have several.
        """
        return joint_model(self.study_effects, self.one_stage_scale, self.stage, self.meta().method)

    @cached_property
    def bias(self) -> pd.DataFrame:
        """Bias of the pooled paths in simulated studies of these designs, when first asked for.

        The mean of ``result.fits[study].bias``, weighted as the meta-analysis weights studies.

        Returns
        -------
        DataFrame
            Columns ``effect unit group truth bias mc_error bias_in_se k``: ``truth`` is a path of
            ``zero``, or as large as the ``estimate`` in every study; ``bias_in_se`` is in standard
            errors of the mean over studies. Without rows for other questions than ``lagged`` and
            where ``bias_simulations=0``.
        """
        return pooled_bias(self.stage, self.metas, self.scale, self.signs)

    @property
    def biased(self) -> dict[str, float]:
        """Pooled paths whose bias exceeds half a standard error, and the bias in those errors."""
        return large_bias(self.bias)

    @property
    def about_data(self) -> tuple[str, ...]:
        """Studies left out; effects that some lack; scales that look different."""
        n, metas = len(self.stage.fits), self.of_scale(self.scale)
        unlike = unlike_sds(self.study_effects) if "raw" in self.scales else ""
        ks = {effect: meta.studies.k for effect, meta in metas.items()}
        said = [words.failed_message(self.failed, n + len(self.failed))]
        return tuple(text for text in (*said, *words.fewer_messages(ks, n), unlike) if text)

    @property
    def about_fit(self) -> tuple[str, ...]:
        """Singular models; one-stage models that could not be fitted, or do not agree."""
        said = [words.singular_message(singular_studies(self.stage), len(self.stage.fits))]
        said += [f"{effect}, one stage: {why}" for effect, why in self.one_stage_failed.items()]
        failed = [effect for effect, model in self.one_stage.items() if not model.fit.converged]
        said += [words.not_converged_message(failed)]
        singular = {effect: model.singular for effect, model in self.one_stage.items()}
        said += [words.one_stage_singular(singular)]
        return tuple(text for text in said if text)

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """Studies left out, singular models, few studies, ways that do not agree."""
        counts = {name: len(fit.result.messages) for name, fit in self.stage.fits.items()}
        return (
            *self.about_data,
            *self.about_fit,
            *words.meta_messages(self.of_scale(self.scale)),
            *words.apart_messages(self.apart),
            *filter(None, [words.own_messages(counts)]),
        )
