"""The bias of lagged actor and partner effects in studies of this design, by simulation.

As for lagged models of one rater (`models/lagged/bias.py`): the mean of a member's own ratings
holds the errors of the sessions predicted (Nickell, 1981). So the parameters whose studies give the
estimates on average are found first (indirect inference; Gouriéroux, Monfort & Renault, 1993);
then each partner effect is set to zero, or to its estimate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.random import RandomSource
from alliance_stats.data.units import Floats
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.effects import SIDES
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.dyads.replicas import fitter_of, layout_of, simulated_estimates
from alliance_stats.models.process import Process, process_of
from alliance_stats.numeric.resample import spawn_generators

#: A simulated bias of more than this many standard errors is named.
LARGE = 0.5
#: Two-sided 5% point of the normal distribution.
_Z = 1.959963984540054
#: Rounds of simulation that look for the parameters behind the estimates, and studies in each.
ROUNDS = 3
LEAST = 50
#: Largest effect of an own earlier rating looked at.
MOST = 0.9
COLUMNS = (
    "effect", "unit", "member", "truth", "true", "mean", "bias", "mc_error", "bias_in_se",
    "rejected", "nickell", "n_studies",
)  # fmt: skip


def empty_bias_table() -> pd.DataFrame:
    """The table of `bias_table` without rows."""
    return pd.DataFrame(columns=list(COLUMNS))


def bias_table(
    fit: MixedModelResult, prepared: PreparedDyads, *, n: int, rng: RandomSource
) -> pd.DataFrame:
    """Simulated bias of both members' effects; columns as in `DyadResult.bias`.

    Effects are (2, 2) arrays here: a row a member, actor and partner the columns.
    """
    layout, fitter = layout_of(prepared), fitter_of(fit, prepared)
    noise, levels = _noise(fit, prepared), _levels(fit, prepared)
    names = [[member.column(side) for side in SIDES] for member in prepared.pair.both]
    estimates = np.array([[float(fit.beta[name]) for name in row] for row in names])
    errors = pd.Series(np.sqrt(np.diag(fit.vcov.to_numpy())), index=list(fit.names))
    se = np.array([[float(errors[name]) for name in row] for row in names])
    streams = spawn_generators(rng, 2 + len(names))

    def studies(effects: Floats, k: int, generator: np.random.Generator) -> Floats:
        process = _process(effects, noise)
        return simulated_estimates(layout, fitter, process, levels, k, generator)

    truth = estimates
    for generator in streams[0].spawn(ROUNDS):
        found = studies(truth, max(n // 4, LEAST), generator)
        truth = truth + estimates - np.nanmean(found[..., 0], axis=0)
        truth[:, 0] = np.clip(truth[:, 0], -MOST, MOST)
    at_truth = studies(truth, n, streams[1])
    rows = []
    for k, member in enumerate(prepared.pair.both):
        for side, name in enumerate(SIDES):
            head = {"effect": name, "unit": "session", "member": member.name}
            if side == 0:
                row = _row(head, "matched", truth[k, 0], at_truth[:, k, 0], se[k, 0])
                length = _mean_length(prepared, k)
                nickell = -(1.0 + truth[k, 0]) / (length - 1.0) if length > 1 else np.nan
                rows.append(row | {"rejected": np.nan, "nickell": nickell})
                continue
            null = truth.copy()
            null[k, 1] = 0.0
            without = studies(null, n, streams[2 + k])
            rows.append(_row(head, "zero", 0.0, without[:, k, 1], se[k, 1]))
            rows.append(_row(head, "matched", truth[k, 1], at_truth[:, k, 1], se[k, 1]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def large_bias(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Effects (with their member) biased by more than half a standard error, and by how many."""
    found: dict[tuple[str, str], float] = {}
    for (effect, member), rows in table.groupby(["effect", "member"], sort=False):
        in_se = rows["bias_in_se"].to_numpy(dtype=float)
        in_se = in_se[np.isfinite(in_se)]
        if len(in_se) and np.abs(in_se).max() > LARGE:
            found[str(effect), str(member)] = float(in_se[np.abs(in_se).argmax()])
    return found


def _row(
    head: dict[str, str], truth: str, true: float, found: Floats, se: float
) -> dict[str, object]:
    """One row of the table, from estimates and standard errors (n, 2)."""
    found = found[np.isfinite(found).all(axis=1)]
    n = len(found)
    mean = float(found[:, 0].mean()) if n else float("nan")
    return head | {
        "truth": truth,
        "true": float(true),
        "mean": mean,
        "bias": mean - true,
        "mc_error": float(found[:, 0].std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"),
        "bias_in_se": (mean - true) / se,
        "rejected": float((np.abs(found[:, 0]) > _Z * found[:, 1]).mean()) if n else float("nan"),
        "nickell": float("nan"),
        "n_studies": n,
    }


def _process(effects: Floats, noise: Floats) -> Process:
    """The process in which each member's rating follows from both members' earlier ones."""
    (actor, partner), (actor_2, partner_2) = effects
    return process_of(np.zeros((2, 2)), np.array([[actor, partner], [partner_2, actor_2]]), noise)


def _noise(fit: MixedModelResult, prepared: PreparedDyads) -> Floats:
    """Covariance (2, 2) of the members' residuals in a session."""
    residual = fit.residual
    if residual is None:  # the model of dyads has always one
        raise TypeError("the fit has independent residuals")
    place = [residual.levels.index(name) for name in prepared.pair.names]
    sd = fit.sigma * residual.ratios[place]
    correlation = residual.correlations[np.ix_(place, place)]
    return np.asarray(sd[:, None] * correlation * sd)


def _levels(fit: MixedModelResult, prepared: PreparedDyads) -> list[Floats]:
    """Roots (2, 2) of the covariances of the members' intercepts, patients first."""
    names = [member.column("intercept") for member in prepared.pair.both]
    roots = []
    for group in prepared.groups.values():
        (v, c), (_, w) = fit.covariances[":".join(group)].loc[names, names].to_numpy()
        first = np.sqrt(v)
        across = c / first if first > 0 else 0.0
        roots.append(np.array([[first, 0.0], [across, np.sqrt(max(w - across**2, 0.0))]]))
    return roots


def _mean_length(prepared: PreparedDyads, k: int) -> float:
    """Mean number of ratings of a member over the patients in the model, in steps."""
    member, patient = prepared.pair.both[k], prepared.roles.patient
    rows = prepared.wide
    patients = rows.loc[prepared.keep[member.name], patient].unique()
    theirs = rows[rows[patient].isin(patients)]
    return float(theirs[member.outcome].notna().sum() / max(len(patients), 1))
