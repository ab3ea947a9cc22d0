"""fit_studies: one question about alliance and outcome, asked of several studies at once.

Individual-participant data in two stages (the model in every study, then a meta-analysis) and in
one (all sessions in one model), beside each other.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import DataError, DataWarning, FitWarning, UnsupportedError
from alliance_stats.data.roles import Roles
from alliance_stats.meta.univariate.between import METHODS, Method
from alliance_stats.meta.univariate.fits import TESTS, Test
from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.models.participants.first_stage import FirstStage, fit_each, study_table
from alliance_stats.models.participants.given import Given, read_studies
from alliance_stats.models.participants.one_stage import OneStage, fit_one_stage
from alliance_stats.models.participants.questions import (
    QUESTIONS,
    QuestionName,
    check_choices,
)
from alliance_stats.models.participants.result import StudiesResult
from alliance_stats.models.participants.scales import (
    check_roles,
    is_same_scale,
    roles_of,
    signs_of,
)
from alliance_stats.models.participants.second_stage import Key, pooled
from alliance_stats.models.participants.study import Scale


def fit_studies(
    studies: Given,
    roles: Roles | dict[str, str] | None = None,
    *,
    question: QuestionName,
    same_scale: bool | None = None,
    method: Method = "REML",
    test: Test | None = None,
    one_stage: bool = True,
    **choices: Any,
) -> StudiesResult:
    """Ask one question about alliance and outcome of the sessions of several studies.

    Use it where the sessions themselves of several studies are at hand (individual-participant
    data). Two stages: the same model is fitted in every study, and its coefficients are pooled by
    `fit_meta`, raw first, then standardised by the standard deviations of each study. One stage:
    the rows of all studies in one mixed model, with intercept and all other coefficients of every
    study its own, and an effect that varies between studies. The two answer the same question
    under different assumptions and stand in one table, ``result.comparison()``.

    Parameters
    ----------
    studies : mapping of str to SessionData or DataFrame, SessionData, or DataFrame
        ``{"Smith 2019": sessions, …}``, or sessions of all studies with the role ``site``.
        Patients and therapists of different studies are different ones, whatever their names.
    roles : Roles or dict, optional
        For frames, the same in all of them. Studies with other columns come as SessionData.
    question : {"lagged", "outcome", "within_between"}
        What is asked of every study, by `fit_lagged`, `fit_outcome` or `fit_within_between`.
    same_scale : bool, optional
        Whether all studies rate alliance and outcome on the same scales, so that raw coefficients
        can be pooled. By default they do where their columns have the same names (and the same
        role ``outcome_better``).
    method, test
        Of the second stage, as in `fit_meta`: τ² by REML, Knapp–Hartung tests.
    one_stage : bool
        Whether the one-stage models are fitted too.
    **choices
        Further arguments of the question's function, the same for all studies, such as
        ``time="patient"`` or ``alliance_window=(3, 5)``.

    Returns
    -------
    StudiesResult

    Raises
    ------
    DataError
        If fewer than two studies can be read and fitted, patients are at several sites, ratings
        come in another order in some studies, or directions of the outcome contradict each other.
    ArgumentError
        For unknown arguments, no role ``site``, or a role that the question needs and studies
        lack.

    Warns
    -----
    DataWarning, FitWarning
        Studies left out, by name and with the reason; singular models; one-stage models that
        could not be fitted. Also kept in ``result.messages``.

    References
    ----------
    Riley, R. D., Tierney, J. F., & Stewart, L. A. (Eds.). (2021). Individual participant data
    meta-analysis: A handbook for healthcare research. Wiley.

    Burke, D. L., Ensor, J., & Riley, R. D. (2017). Meta-analysis using individual participant
    data: One-stage and two-stage approaches, and why they may differ. Statistics in Medicine,
    36(5), 855–875.

    Examples
    --------
    >>> import alliance_stats as al
    >>> studies = {
    ...     f"Clinic {k}": al.simulate_sessions(n_patients=40, n_therapists=5, rng=k)
    ...     for k in (1, 2, 3)}
    >>> result = al.models.fit_studies(studies, question="lagged", bias_simulations=0)
    >>> result.tidy(scale="raw")["effect"].tolist()
    ['alliance_to_outcome', 'outcome_to_alliance']
    >>> result.comparison()["way"].unique().tolist()
    ['two stages', 'one stage']
    """
    one_of(question, tuple(QUESTIONS), name="question")
    one_of(same_scale, (None, True, False), name="same_scale")
    one_of(method, METHODS, name="method")
    one_of(test, (None, *TESTS), name="test")
    one_of(one_stage, (True, False), name="one_stage")
    asked = QUESTIONS[question]
    check_choices(question, asked, choices)
    found, unread = read_studies(studies, roles)
    known = roles_of(found)
    check_roles(known, question, asked)
    same, signs = is_same_scale(known, same_scale), signs_of(known)
    stage = fit_each(found, asked, choices, unread)
    _check_order(stage)
    scales: tuple[Scale, ...] = (*asked.own_scales, *(("raw",) if same else ()), "standardised")
    table = study_table(stage, signs)
    metas = pooled(table, scales, method=method, test=test)
    if not metas:
        raise DataError("no effect could be estimated in two studies or more. See each study.")
    own: Scale = "raw" if same else "standardised"
    models, failed = _one_stage(stage, metas, own, signs, choices) if one_stage else ({}, {})
    result = StudiesResult(
        question, stage, table, metas, models, failed, scales, signs, same_scale, choices
    )
    for message in result.about_data:
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in result.about_fit:
        warnings.warn(message, FitWarning, stacklevel=2)
    return result


def _check_order(stage: FirstStage) -> None:
    """Raise where ratings are made in another order in some studies: other paths, not the same."""
    orders: dict[str, list[str]] = {}
    for name, fit in stage.fits.items():
        orders.setdefault(fit.order, []).append(name)
    if len(orders) > 1:
        seen = ". ".join(f"{', '.join(names)}: {order}" for order, names in orders.items())
        raise DataError(
            f"ratings are made in another order in some studies, so that their paths are not the "
            f"same. {seen}. Pool studies with the same roles alliance_at and outcome_at."
        )


def _one_stage(
    stage: FirstStage,
    metas: Mapping[Key, MetaResult],
    scale: Scale,
    signs: Mapping[str, int],
    choices: Mapping[str, Any],
) -> tuple[dict[str, OneStage], dict[str, str]]:
    """The model of all rows for every effect pooled on a scale, and why one has none."""
    models: dict[str, OneStage] = {}
    failed: dict[str, str] = {}
    for (effect, own), meta in metas.items():
        if own != scale:
            continue
        rows = {name: stage.fits[name].rows(effect) for name in meta.studies.study.tolist()}
        try:
            reml = bool(choices.get("reml", True))
            models[effect] = fit_one_stage(effect, scale, rows, signs, reml)
        except (DataError, UnsupportedError) as error:
            failed[effect] = str(error)
    return models, failed
