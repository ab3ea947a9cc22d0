"""The fit that a model would have with complete rows, from rows with values missing.

F is the discrepancy of complete rows between the saturated moments β and the implied ones, both by
full-information maximum likelihood. The implied ones follow β by a projection in the metric of its
information A, so what is left is Rβ with R = I − Δ(Δ'AΔ)⁻¹Δ'A, and N F exceeds its population value
by tr(R'WRΓ): W is N times the information of complete rows, Γ the covariance of β (Zhang & Savalei,
2023, Psychol. Methods 28, 263–283).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.baseline import fit_baseline
from alliance_stats.sem.blocks import Blocks
from alliance_stats.sem.builders import saturated_model
from alliance_stats.sem.density import expand_moments
from alliance_stats.sem.fit_indices import Statistic
from alliance_stats.sem.fitted import FittedSem
from alliance_stats.sem.layout import Layout, build_layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.measures import Measures
from alliance_stats.sem.moments import Implied, implied, sides
from alliance_stats.sem.saturated import Saturated, theta_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reference:
    """What models are compared with.

    Attributes
    ----------
    layout : Layout
        Of the saturated model.
    moments : Saturated
    sizes : array (groups,)
        Rows.
    information, covariance : array (k, k)
        A and Γ of its free parameters.
    """

    layout: Layout
    moments: Saturated
    sizes: Floats
    information: Floats
    covariance: Floats


def robust_measures(fit: FittedSem) -> Measures | None:
    """Statistics behind population indices; None where nothing is known of them.

    With complete rows they are the scaled ones. With values missing they are what complete rows
    would give; at two levels there is no such theory.
    """
    evidence = fit.likelihood.evidence
    if evidence.is_complete:
        return fit.measures if fit.bread is not None else None
    if not isinstance(evidence, Blocks) or not fit.saturated.converged:
        return None
    reference = _reference(fit, evidence)
    likelihood, theta = fit_baseline(fit.spec, evidence, fit.saturated)
    plain = fit.measures
    model = complete_statistic(reference, fit.layout, fit.theta, plain.model.df)
    baseline = complete_statistic(reference, likelihood.layout, theta, plain.baseline.df)
    return replace(plain, model=model, baseline=baseline)


def _reference(fit: FittedSem, evidence: Blocks) -> Reference:
    """The saturated model with its information, and its covariance as the estimator has it."""
    layout = build_layout(saturated_model(fit.spec))
    sizes = np.array([fit.group_sizes[group] for group in fit.spec.groups], dtype=float)
    if fit.compared is not None:
        known = fit.compared.saturated
        return Reference(layout, fit.saturated, sizes, known.information, known.covariance)
    likelihood = Likelihood(layout, evidence)
    theta = theta_of(layout, fit.saturated.sigma, fit.saturated.mu)
    information = likelihood.observed(*likelihood.at(theta))
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return Reference(layout, fit.saturated, sizes, information, covariance)


def complete_statistic(reference: Reference, layout: Layout, theta: Floats, df: int) -> Statistic:
    """N F of a model at its estimates, and tr(R'WRΓ)/df as its scaling factor."""
    complete = _complete(reference)
    sigma, mu = reference.moments.sigma, reference.moments.mu
    at = implied(layout, theta)
    model, best = (
        expand_moments(complete, *moments).value for moments in ((at.sigma, at.mu), (sigma, mu))
    )
    scaling = _excess(reference, complete, _moves(reference.layout, layout, at)) / df if df else 1.0
    return Statistic(max(2.0 * (model - best), 0.0), df, scaling)


def _complete(reference: Reference) -> Blocks:
    """Complete rows with the saturated moments."""
    sigma, mu = reference.moments.sigma, reference.moments.mu
    unit = np.eye(len(mu))
    there = np.ones(mu.shape, dtype=bool)
    return Blocks(reference.sizes, mu, sigma, unit, unit, there, 0.0, int(reference.sizes.sum()))


def _moves(saturated: Layout, layout: Layout, at: Implied) -> Floats:
    """Δ: derivatives of the moments by the free parameters (moments, n_free)."""
    first = sides(layout, at)
    left, right = first.left.T, first.right.T
    _, s, m = saturated.kinds
    row, column = saturated.row, saturated.column
    by_entry = np.empty((len(row), len(layout.part)))
    by_entry[s] = left[row[s]] * right[column[s]] + left[column[s]] * right[row[s]]
    by_entry[m] = first.mean.T[row[m]]
    by_entry *= saturated.part[:, None] == layout.part
    return saturated.collect(layout.collect(by_entry.T).T)


def _excess(reference: Reference, complete: Blocks, moves: Floats) -> float:
    """tr(R'WRΓ)."""
    likelihood = Likelihood(reference.layout, complete)
    theta = theta_of(reference.layout, reference.moments.sigma, reference.moments.mu)
    weight = likelihood.expected(*likelihood.at(theta))
    pulled = moves.T @ reference.information
    left = np.eye(len(weight)) - moves @ np.linalg.solve(pulled @ moves, pulled)
    return float(((weight @ left @ reference.covariance) * left).sum())
