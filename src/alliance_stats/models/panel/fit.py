"""fit_cross_lagged: does the alliance lead the outcome, the outcome the alliance, or both?

Panel models over the first, or the last, sessions of all patients. They part stable differences
between patients from what carries over within them in one likelihood, so that the person means
of few sessions leave no bias behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import did_you_mean, name_list, one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.panel.prepare import Align, check_waves, prepare_panel
from alliance_stats.models.panel.result import CrossLaggedResult
from alliance_stats.models.panel.spec import (
    CONSTRAINTS,
    LEAST_WAVES,
    Choices,
    Model,
    Response,
    fit_choices,
)
from alliance_stats.sem.warn import warn_of

LAGGED = ("autoregression", "cross_lagged")


def fit_cross_lagged(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    model: Model = "ri-clpm",
    waves: int | Sequence[int] = 5,
    align: Align = "start",
    constrain: Sequence[str] = LAGGED,
    response: Response | None = None,
    missing: Literal["fiml", "complete"] = "fiml",
    estimator: Literal["ml", "mlr"] = "ml",
    groups: Literal["treatment"] | None = None,
    cluster: Literal["therapist"] | None = None,
    therapist_change: TherapistChange = "raise",
) -> CrossLaggedResult:
    """Estimate how alliance and outcome predict each other from session to session.

    Use it to ask what comes first. Paths follow the order of measurement: where the outcome is
    rated before and the alliance after a session, the outcome leads to the alliance of the same
    session, and the alliance to the outcome of the next.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The roles ``alliance_at`` and ``outcome_at``
        are required; the alliance column is raw.
    roles : Roles or dict, optional
    model : {"ri-clpm", "clpm", "dpm", "lcm-sr"}
        * ``"ri-clpm"``: stable differences between patients apart (random intercepts), effects
          of deviations from a patient's own level;
        * ``"clpm"``: no stable differences; effects mix those within and between patients;
        * ``"dpm"``: one equation, of `response`, with a stable part that may go with the
          predictor, which may itself depend on earlier responses (predetermined);
        * ``"lcm-sr"``: a line of growth for each patient, effects of deviations from it.
    waves : int or sequence of int
        How many sessions (at most 12), or which session numbers in order: ``[1, 3, 5, 7]``.
    align : {"start", "end"}
        Whether the sessions are the first ones or each patient's last ones.
    constrain : sequence of {"autoregression", "cross_lagged", "innovations", "means"}
        What is equal over time; by default the lagged effects. ``result.tests`` compares them
        with free ones. Means are free in each wave by default.
    response : {"outcome", "alliance"}, optional
        What the dynamic panel model explains; by default the outcome.
    missing : {"fiml", "complete"}
        Use all ratings by full-information maximum likelihood, or patients with all of them.
    estimator : {"ml", "mlr"}
        ``"mlr"`` has standard errors and tests that hold without normality.
    groups : {"treatment"}, optional
        Fit all treatments at once, each with its own parameters, and test whether lagged effects
        are equal.
    cluster : {"therapist"}, optional
        Standard errors that let patients of a therapist resemble each other; needs
        ``estimator="mlr"``.
    therapist_change : {"raise", "first"}
        With `cluster`: whether patients with several therapists are refused, or count for their
        first one.

    Returns
    -------
    CrossLaggedResult

    Raises
    ------
    ArgumentError
        For a model whose order of measurement is not known, arguments that are unknown, contradict
        each other or would be ignored, waves in wrong order.
    DataError
        For waves that nobody has, pairs of ratings that fewer than five patients have, an
        alliance that is already centred, a treatment that changes, too few complete patients.

    Warns
    -----
    DataWarning, FitWarning
        Patients left out; improper solutions (which variance), fits that did not converge or are
        not identified. Also in ``result.messages``.

    References
    ----------
    Hamaker, E. L., Kuiper, R. M., & Grasman, R. P. P. P. (2015). A critique of the cross-lagged
    panel model. Psychological Methods, 20(1), 102–116.

    Allison, P. D., Williams, R., & Moral-Benito, E. (2017). Maximum likelihood for cross-lagged
    panel models with fixed effects. Socius, 3, 1–17.

    Curran, P. J., Howard, A. L., Bainter, S. A., Lane, S. T., & McGinley, J. S. (2014). The
    separation of between-person and within-person components of individual change over time.
    Journal of Consulting and Clinical Psychology, 82(5), 879–894.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_cross_lagged(al.load_example("sessions"), waves=4)
    >>> result.tidy()["effect"].tolist()[:2]
    ['alliance_to_outcome', 'outcome_to_alliance']
    >>> result.paths[0]
    'wai_total of session t -> phq9 of session t + 1'
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    choices = Choices(
        model, _constraints(constrain, model), _response(response, model), missing, estimator
    )
    _check(choices, cluster)
    prepared = prepare_panel(
        data.frame, known, waves=waves, align=align, groups=groups, cluster=cluster,
        therapist_change=therapist_change,
    )  # fmt: skip
    _check_length(choices, prepared.panel.n_waves)
    spec = choices.spec(prepared.panel)
    check_waves(prepared, spec.observed, complete=missing == "complete")
    result = CrossLaggedResult(fit_choices(prepared, choices), prepared, choices)
    warn_of(result.about_data, result.fit.about_fit)
    return result


def _constraints(constrain: Sequence[str], model: str) -> tuple[str, ...]:
    if isinstance(constrain, str):
        raise ArgumentError(
            f"constrain={constrain!r} is one text. Give a list, such as ['{constrain}']."
        )
    for name in constrain:
        if name not in CONSTRAINTS:
            raise ArgumentError(
                f"constrain names {name!r}, which is not known."
                f"{did_you_mean(str(name), CONSTRAINTS)} Known: {name_list(CONSTRAINTS)}."
            )
    if "means" in constrain and model in ("dpm", "lcm-sr"):
        why = "follow the lines of growth" if model == "lcm-sr" else "are intercepts of equations"
        raise ArgumentError(
            f"constrain='means' is not possible with model={model!r}: its means {why}. "
            "Leave 'means' out."
        )
    return tuple(name for name in CONSTRAINTS if name in constrain)


def _response(response: Response | None, model: str) -> Response | None:
    one_of(response, ("outcome", "alliance", None), name="response")
    if model != "dpm" and response is not None:
        raise ArgumentError(
            f"response={response!r} would be ignored: model={model!r} explains both alliance and "
            "outcome. Leave response out, or use model='dpm'."
        )
    return "outcome" if model == "dpm" and response is None else response


def _check(choices: Choices, cluster: str | None) -> None:
    one_of(choices.model, tuple(LEAST_WAVES), name="model")
    one_of(choices.missing, ("fiml", "complete"), name="missing")
    one_of(choices.estimator, ("ml", "mlr"), name="estimator")
    if cluster is not None and choices.estimator == "ml":
        raise ArgumentError(
            "cluster='therapist' changes the standard errors of estimator='mlr' only. "
            "Give estimator='mlr', or leave cluster out."
        )


def _check_length(choices: Choices, n_waves: int) -> None:
    """Raise ArgumentError for fewer waves than the model needs."""
    least = choices.least_waves
    if n_waves < least:
        free = "" if choices.is_equal else " with lagged effects that differ over time"
        raise ArgumentError(
            f"waves={n_waves} are too few for model={choices.model!r}{free}: it needs at least "
            f"{least}."
        )
