"""multiverse: one question, asked in every defensible way.

What a reader sees of an analysis is one path through many choices: how time enters, what varies
between patients, which sessions count. The multiverse shows the estimate of every path.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from alliance_stats._base.checks import is_whole, one_of
from alliance_stats._base.errors import ArgumentError, DataWarning
from alliance_stats._base.random import RandomSource
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import check_way
from alliance_stats.models.multiverses.checkpoint import (
    checked_path,
    empty,
    fingerprint,
    load,
    save,
)
from alliance_stats.models.multiverses.choices import check_question, checked_choices
from alliance_stats.models.multiverses.flips import Flips, check_flips, draw_flips
from alliance_stats.models.multiverses.grid import Grid, make_grid
from alliance_stats.models.multiverses.progress import now_and_then, shown
from alliance_stats.models.multiverses.questions import check_columns
from alliance_stats.models.multiverses.result import MultiverseResult
from alliance_stats.models.multiverses.run import Done, check_any, run

#: Fewer draws than this give no p below .05 with any certainty.
LEAST_DRAWS = 39


def multiverse(
    question: Literal["within", "between", "lagged", "outcome", "ruptures"],
    sessions: SessionData | pd.DataFrame,
    choices: Mapping[str, Sequence[Any]],
    *,
    roles: Roles | dict[str, str] | None = None,
    fixed: Mapping[str, Any] | None = None,
    permutations: int = 0,
    rng: RandomSource | None = None,
    progress: bool = True,
    checkpoint: str | Path | None = None,
) -> MultiverseResult:
    """Fit every combination of defensible choices that estimates the same quantity.

    Use it to see, and to show, how much a result depends on choices that a reader does not see.
    It holds specifications of one estimand only: the effects within and between patients, the
    lagged path, the early alliance and ruptures are multiverses of their own.

    Parameters
    ----------
    question : {"within", "between", "lagged", "outcome", "ruptures"}
        Which coefficient: that of `fit_within_between` within or between patients (of the same
        therapist, with a therapist role), the path from alliance to later outcome of
        `fit_lagged`, the early alliance of `fit_outcome`, or ruptures beyond chance of
        `fit_ruptures`.
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`.
    choices : mapping of str to list
        Options of every choice that varies, two or more. Other choices have the default of the
        fitting function. Order is of no matter, except that columns and figures keep that of the
        options.

        * ``outliers``: "keep", "drop_2sd", "drop_3sd", "winsorise_2sd", "winsorise_3sd": alliance
          and outcome ratings beyond mean ± 2 or 3 SD of all ratings stay, are set to missing, or
          moved to the limit;
        * ``min_ratings``: patients with fewer sessions with both ratings are left out (with
          "outcome", fewer alliance ratings in the window);
        * ``therapist``: "random", or "ignored" for a model without therapists (not "between");
        * ``time``, ``time_column``, ``random_slopes``, ``mean_rows``, ``therapist_mean``,
          ``residual``, ``covariates`` (each option a list of columns), ``covariate_parts``,
          ``reml``: as in `fit_within_between`, for "within" and "between";
        * ``gap``, ``time``, ``time_column``, ``random_slopes``, ``reml``: as in `fit_lagged`;
        * ``alliance_window``: as in `fit_outcome`;
        * ``rule``, ``sd``, ``lookback``, ``penalty``, ``window``, ``tolerance``, ``min_sessions``,
          ``reliability``, ``trend``: as in `find_ruptures`, and ``drop``, of which an option may
          also be None (the usual one of every rule) or a mapping such as
          ``{"criterion": 1.5, "regression": 2.5}``. With "ruptures"; what a rule does not take is
          left out where it has that rule.
    roles : Roles or dict, optional
    fixed : mapping, optional
        An option that all specifications have in common, by choice; also ``therapist_change``,
        and with "ruptures" ``scale``, ``step`` and ``simulations``.
    permutations : int
        Draws of the joint test, each of which fits every specification again: 0 for none, else 39
        or more.
    rng : int, SeedSequence or Generator, optional
        Random numbers of these draws; required with `permutations`.
    progress : bool
        Show a bar in runs of more than two seconds.
    checkpoint : path, optional
        An ``.npz`` file that keeps what is done, also when the run is interrupted; the same call
        goes on from there.

    Returns
    -------
    MultiverseResult

    Raises
    ------
    ArgumentError
        For choices or options that are unknown, or have another estimand (with the reason); for a
        choice with one option; for more than 20,000 combinations; if no specification can be
        fitted.
    DataError
        For data that no model takes; for a checkpoint of other data, choices or draws.
    UnsupportedError
        For `permutations` with patients of several therapists who are not counted for the first.

    Warns
    -----
    DataWarning
        Specifications that failed or did not converge. Also in ``result.messages``.

    References
    ----------
    Simonsohn, U., Simmons, J. P., & Nelson, L. D. (2020). Specification curve analysis. Nature
    Human Behaviour, 4, 1208–1214.

    Steegen, S., Tuerlinckx, F., Gelman, A., & Vanpaemel, W. (2016). Increasing transparency through
    a multiverse analysis. Perspectives on Psychological Science, 11, 702–712.

    Examples
    --------
    >>> import alliance_stats as al
    >>> choices = {"time": ["linear", "log"], "random_slopes": [{}, {"patient": ["within"]}]}
    >>> result = al.models.multiverse("within", al.load_example("sessions"), choices)
    >>> result.tidy()["status"].tolist()
    ['ok', 'ok', 'ok', 'ok']
    >>> result.summary["share_below_zero"].item()
    1.0
    """
    check_question(question)
    given, common = checked_choices(question, choices, {} if fixed is None else fixed)
    grid = make_grid(question, given, common)
    one_of(progress, (True, False), name="progress")
    path = checked_path(checkpoint)
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    _check_therapists(grid, known)
    check_columns(question, grid.rows, data, known)
    flips = _flips(data, known, grid, permutations, rng)
    done = _fit_all(data, known, grid, flips, path, progress)
    check_any(done.whole)
    result = MultiverseResult(grid, done.whole, data, dict(common), flips, done.draws)
    for message in result.messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return result


def _check_therapists(grid: Grid, roles: Roles) -> None:
    """Raise where a choice about therapists would be ignored."""
    check_way(grid.rows[0].get("therapist_change", "raise"), roles.therapist)
    about = [name for name in ("therapist", "therapist_mean") if name in grid.names]
    if about and roles.therapist is None:
        raise ArgumentError(
            f"choice '{about[0]}' would be ignored: there is no therapist role. "
            "Give roles=Roles(therapist=…), or leave the choice out."
        )


def _flips(
    data: SessionData, roles: Roles, grid: Grid, permutations: int, rng: RandomSource | None
) -> Flips | None:
    """The signs of all draws, or None without a joint test."""
    if not is_whole(permutations) or (permutations != 0 and permutations < LEAST_DRAWS):
        raise ArgumentError(
            f"permutations={permutations!r} is not a usable number of draws. Give a whole number "
            f"from {LEAST_DRAWS}, such as 999, or 0 for none."
        )
    if permutations == 0:
        if rng is not None:
            raise ArgumentError(
                "rng would be ignored: without permutations= nothing is drawn. Give "
                "permutations=999, say, or leave rng out."
            )
        return None
    if rng is None:
        raise ArgumentError("permutations need random numbers. Give rng=1, say.")
    change = grid.rows[0].get("therapist_change", "raise")
    flips = draw_flips(data.frame, roles, change, int(permutations), rng)
    check_flips(flips, grid.question, roles)
    return flips


def _fit_all(
    data: SessionData,
    roles: Roles,
    grid: Grid,
    flips: Flips | None,
    path: Path | None,
    progress: bool,
) -> Done:
    """Fit what a checkpoint does not hold yet, and keep what is done whatever happens."""
    n, n_draws = len(grid.rows), 0 if flips is None else len(flips.signs)
    if path is None:
        done = empty(n, n_draws)
        with shown(n, 0, wanted=progress) as step:
            run(data, roles, grid, flips, done, step)
        return done
    mark = fingerprint(data.frame, roles, grid, flips)
    done = load(path, n, n_draws, mark)
    before = len(done.whole)
    keep = now_and_then(lambda: save(path, done, mark))
    try:
        with shown(n, before, wanted=progress) as step:
            run(data, roles, grid, flips, done, lambda k: (step(k), keep())[0])
    finally:
        if len(done.whole) > before:
            save(path, done, mark)
    return done
