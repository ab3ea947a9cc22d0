"""Parameters solved for published results: results such as a correlation are no arguments."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats.simulate.describe import describe_study
from alliance_stats.simulate.sessions import simulate_sessions

#: Result to reach, with the parameter that moves it and a first step of the search.
TARGETS: Mapping[str, tuple[float, str, float]] = {
    "alliance_at_maximum": (0.15, "alliance_mean", 0.5),
    "outcome_change_d": (-1.0, "outcome_trend", -0.05),
    "dropout_share": (0.20, "dropout_hazard", 0.002),
    "dropout_d": (0.55, "dropout_alliance_effect", -0.1),
    "early_alliance_r": (-0.28, "patient_between_effect", -0.02),
    "dyad_r": (0.36, "dyad_correlation", 0.02),
    "dyad_d": (0.63, "dyad_difference", 0.02),
}
TOLERANCE = 5e-4


def solve_parameters(
    *, n_patients: int = 40_000, n_therapists: int = 4_000, rng: int = 1001, rounds: int = 8
) -> dict[str, float]:
    """Solve for the parameters behind the published results in `TARGETS`.

    The defaults of `simulate_sessions` are the rounded answer. Every round moves each parameter
    by one secant step towards its own result; all simulations share their random numbers, so the
    results are smooth in the parameters.

    Parameters
    ----------
    n_patients, n_therapists : int
        Size of the simulations.
    rng : int
        Seed of all of them.
    rounds : int
        Most rounds; the search ends earlier when every result is within .0005 of its target.

    Returns
    -------
    dict
        The parameters by name.

    Examples
    --------
    >>> from alliance_stats.simulate.solve import solve_parameters
    >>> solved = solve_parameters(n_patients=2000, n_therapists=200, rounds=2)
    >>> -1 < solved["outcome_trend"] < 0
    True
    """
    start = simulate_sessions.__kwdefaults__ or {}
    values = {parameter: float(start[parameter]) for _, parameter, _ in TARGETS.values()}

    def results(given: dict[str, float]) -> dict[str, float]:
        size = {"n_patients": n_patients, "n_therapists": n_therapists, "therapist_ratings": True}
        return describe_study(simulate_sessions(**size, **given, rng=rng))  # type: ignore[arg-type]

    found = results(values)
    for _ in range(rounds):
        if all(abs(found[name] - goal) < TOLERANCE for name, (goal, *_) in TARGETS.items()):
            break
        for name, (goal, parameter, step) in TARGETS.items():
            moved = results(values | {parameter: values[parameter] + step})
            slope = (moved[name] - found[name]) / step
            values[parameter] += (goal - found[name]) / slope
            found = results(values)
    return values
