"""simulate_studies: a file of correlations of alliance and outcome with known truth."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.random import RandomSource
from alliance_stats.simulate.streams import EffectStreams, spawn_effect_streams
from alliance_stats.simulate.studies.checks import check_effect_parameters
from alliance_stats.simulate.studies.codebook import effects_codebook
from alliance_stats.simulate.studies.draw import DrawnEffects, draw_effects
from alliance_stats.simulate.studies.parameters import HIGHER_IS_BETTER, EffectParameters, Floats
from alliance_stats.simulate.table import identifiers

#: |z|·√(n − 3) below which a result may be reported as "n.s." only.
_SIGNIFICANT = 1.96


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedStudies:
    """A simulated file of studies and its truth.

    Attributes
    ----------
    frame : DataFrame
        One row an effect.
    codebook : DataFrame
        One row a parameter, as in the codebooks of the example data.
    """

    frame: pd.DataFrame
    codebook: pd.DataFrame

    def __repr__(self) -> str:
        studies = self.frame["study"].nunique()
        return f"{studies:,} simulated studies, {counted(len(self.frame), 'effect')}"


def simulate_studies(
    *,
    n_studies: int = 295,
    effects_max: int = 8,
    another_effect: float = 0.65,
    n_median: float = 60.0,
    n_sd: float = 0.8,
    n_min: int = 10,
    rho: float = 0.6,
    mean_z: float = 0.2754,
    tau2_between: float = 0.0206,
    tau2_within: float = 0.008,
    late_effect: float = 0.06,
    therapist_rated_effect: float = -0.05,
    observer_rated_effect: float = 0.0,
    ptr_effect: float = -0.03,
    treatment_effect: float = 0.0,
    measure_effect: float = 0.0,
    year_effect: float = 0.0,
    dissertation_effect: float = 0.0,
    reliability_alliance: float = 0.90,
    reliability_alliance_sd: float = 0.04,
    reliability_outcome: float = 0.86,
    reliability_outcome_sd: float = 0.06,
    reliability_reported: float = 0.6,
    ptr_median: float = 4.0,
    ptr_sd: float = 0.8,
    ptr_reported: float = 0.8,
    dissertations: float = 0.15,
    unreported: float = 0.2,
    as_t: float = 0.06,
    as_d: float = 0.04,
    selection: tuple[float, float] = (1.0, 1.0),
    between_shift: float = 0.0,
    between_stretch: float = 1.0,
    rng: RandomSource,
) -> SimulatedStudies:
    """Simulate the results of studies that correlate alliance and outcome.

    Use it to try meta-analysis where the truth is known. With the defaults, a three-level model
    of the whole has about the mean and the interval that Flückiger et al. (2018) print. No study
    in it is real. The true effect of row i of study j, on Fisher's z, is::

        theta_ij = mean_z + sum_m gamma_m (x_mij - E x_m) + u_j + w_ij

    with normal u and w. Unreliable measures change its correlation by
    sqrt(reliabilities of the row / mean reliabilities); then come normal sampling errors of
    variance 1/(n - 3), correlated `rho` within a study.

    Parameters
    ----------
    n_studies, effects_max : int
        Studies, and the most effects of one.
    another_effect : float
        Chance of one more effect, until there are `effects_max`.
    n_median, n_sd : float
        Median of study sizes, and the SD of their logarithms (lognormal).
    n_min : int
        Smallest study size.
    rho : float
        Correlation of the sampling errors of a study.
    mean_z : float
        Mean true effect on Fisher's z, at the mean of all moderators and at mean reliabilities.
    tau2_between, tau2_within : float
        Variances of true effects between studies, and within them; moderators explain a part.
    late_effect : float
        Alliance measured late minus other times, on Fisher's z.
    therapist_rated_effect, observer_rated_effect : float
        Alliance rated by therapists, or observers, minus patients.
    ptr_effect : float
        Per doubling of the patient-therapist ratio.
    treatment_effect, measure_effect : float
        Cognitive-behavioural minus other treatments; the WAI minus other alliance measures.
    year_effect : float
        Per ten years.
    dissertation_effect : float
        Dissertations minus journal articles.
    reliability_alliance, reliability_alliance_sd, reliability_outcome, reliability_outcome_sd : \
float
        Mean and SD of the reliabilities, cut at .50 and .98.
    reliability_reported : float
        Share of studies that report them.
    ptr_median, ptr_sd, ptr_reported : float
        Median of the patient-therapist ratio, the SD of its logarithm, and the share of studies
        that report it.
    dissertations : float
        Share of studies that are dissertations.
    unreported : float
        Share of non-significant results of which only "n.s." is reported.
    as_t, as_d : float
        Shares of the others that are reported as t of the correlation, or as d.
    selection : (float, float)
        Relative chance of a journal article to be published when the one-sided p of its first
        effect is above .025, and above .5. ``(1.0, 1.0)`` selects nothing. Dissertations are
        never selected. Studies are drawn until `n_studies` are published.
    between_shift, between_stretch : float
        Added to the random parts u of this draw, and multiplied with them: to make one file have
        a mean and a standard error that were printed somewhere, without searching for a seed.
        They are no part of the truth.
    rng : int, SeedSequence or Generator
        Source of random numbers. The same source gives the same data.

    Returns
    -------
    SimulatedStudies
        ``frame`` with columns ``study effect year treatment published patients_per_therapist n
        alliance_measure rater alliance_time outcome_measure outcome_better reliability_alliance
        reliability_outcome reported r t d``, and ``codebook``. Correlations have the sign of the
        raw scores: where less of an outcome is better, they are mostly negative. Of ``r``, ``t``
        and ``d`` at most one is there; ``reported`` says which, or ``n.s.``.

    Raises
    ------
    ArgumentError
        If a parameter is out of range, or the moderators explain more than there is.

    Examples
    --------
    >>> from alliance_stats.simulate import simulate_studies
    >>> studies = simulate_studies(n_studies=20, rng=1)
    >>> studies
    20 simulated studies, 50 effects
    >>> list(studies.frame.columns[:4])
    ['study', 'effect', 'year', 'treatment']
    """
    arguments = dict(locals())
    del arguments["rng"]
    given = EffectParameters(**arguments)
    check_effect_parameters(given)
    streams = spawn_effect_streams(rng)
    frame = _reported(given, draw_effects(given, streams), streams)
    return SimulatedStudies(frame, effects_codebook(given, _defaults()))


def _reported(given: EffectParameters, drawn: DrawnEffects, streams: EffectStreams) -> pd.DataFrame:
    """What the studies report of what they found."""
    studies, study = drawn.studies, drawn.studies.study
    better = np.isin(drawn.outcome_measure, HIGHER_IS_BETTER)
    known = streams.reports.random((2, len(studies.n)))
    reliable = (known[0] < given.reliability_reported)[study]
    ratio = np.where(known[1] < given.ptr_reported, studies.ptr, np.nan)
    columns = {
        "study": identifiers("S", len(studies.n), 3)[study],
        "effect": np.arange(len(study)) - drawn.first()[study] + 1,
        "year": studies.year[study],
        "treatment": studies.treatment[study],
        "published": np.where(studies.dissertation, "dissertation", "journal")[study],
        "patients_per_therapist": ratio[study],
        "n": studies.n[study],
        "alliance_measure": studies.alliance_measure[study],
        "rater": drawn.rater,
        "alliance_time": drawn.time,
        "outcome_measure": drawn.outcome_measure,
        "outcome_better": np.where(better, "higher", "lower"),
        "reliability_alliance": np.where(reliable, drawn.reliability_alliance, np.nan),
        "reliability_outcome": np.where(reliable, drawn.reliability_outcome, np.nan),
    }
    numbers = _statistics(given, np.where(better, drawn.z, -drawn.z), studies.n[study], streams)
    return pd.DataFrame(columns | numbers)


def _statistics(
    given: EffectParameters, z: Floats, n: np.ndarray, streams: EffectStreams
) -> dict[str, np.ndarray]:
    """Each result as r, t, d or "n.s."."""
    silent, form = streams.reports.random((2, len(z)))
    weak = np.abs(z) * np.sqrt(n - 3) < _SIGNIFICANT
    reported = np.select(
        [weak & (silent < given.unreported), form < given.as_t, form < given.as_t + given.as_d],
        ["n.s.", "t", "d"],
        default="r",
    )
    r = np.tanh(z)
    root = np.sqrt(1 - r**2)
    forms = {
        "r": r.round(3),
        "t": (r * np.sqrt(n - 2) / root).round(2),
        "d": (2 * r / root).round(2),
    }
    shown = {name: np.where(reported == name, value, np.nan) for name, value in forms.items()}
    return {"reported": reported.astype(object)} | shown


def _defaults() -> dict[str, object]:
    parameters = inspect.signature(simulate_studies).parameters
    return {name: p.default for name, p in parameters.items()}
