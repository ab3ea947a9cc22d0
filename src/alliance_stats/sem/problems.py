"""What a reader must know of a fit: not converged, not identified, improper. Nothing is clamped."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats.sem.fitted import FittedSem
from alliance_stats.sem.spec import term

#: A correlation matrix with an eigenvalue below it is not positive definite.
INDEFINITE = -1e-8


def about_fit(fit: FittedSem) -> list[str]:
    """Messages: only the gravest kind, then what is improper."""
    if not (fit.optimum.converged and fit.saturated.converged):
        return _about_convergence(fit)
    if len(fit.flat):
        return _about_identification(fit)
    return [*_about_variances(fit), *_about_covariances(fit)]


def all_messages(fit: FittedSem) -> tuple[str, ...]:
    """Every warning of a fit: about its data, and about the solution."""
    return (*fit.about_data, *about_fit(fit))


def _about_convergence(fit: FittedSem) -> list[str]:
    if fit.optimum.converged:
        return ["The saturated model did not converge, so tests of fit are not to be trusted."]
    return [
        f"The fit did not converge ({fit.optimum.message}). Do not report it. Where estimates "
        "grow without end, the item that gives a factor its unit hardly belongs to it: put "
        "another item first, or use identification='variance'. Else use a simpler model."
    ]


def _about_identification(fit: FittedSem) -> list[str]:
    flat = fit.flat
    weights = np.abs(flat).max(axis=0)
    involved = [
        name for name, w in zip(fit.free_terms, weights, strict=True) if w > 0.1 * weights.max()
    ]
    n = len(flat)
    return [
        f"The model is not identified: the data say nothing about {counted(n, 'combination')} of "
        f"{name_list(involved)}. Fix or equate some of them; a factor needs a scale and, alone, "
        "three items."
    ]


def _about_variances(fit: FittedSem) -> list[str]:
    """``Improper solution: the variance of wai3 is negative (-0.12).``"""
    negative = [
        (_named(fit, p.group, p.level, term(fit.spec, p)), value)
        for p, value in fit.entries()
        if p.matrix == "covariances" and p.row == p.column and value < 0
    ]
    if not negative:
        return []
    shown = ", ".join(f"{name} ({value:.3g})" for name, value in negative[:10])
    n = len(negative)
    return [
        f"Improper solution: {agree(n, 'a variance is', 'variances are')} estimated below zero: "
        f"{shown}. The model may be wrong for these data, or they are too few for it; a value "
        "within two standard errors of zero can be chance. Standardised values of such a "
        "variable mean little."
    ]


def _about_covariances(fit: FittedSem) -> list[str]:
    """Latent covariances that no variables can have, where all variances are positive."""
    found = []
    p = len(fit.spec.observed)
    for (group, level), covariance in zip(
        fit.spec.parts, fit.implied.covariance[:, p:, p:], strict=True
    ):
        there = covariance.diagonal() > 0
        if there.sum() < 2 or (covariance.diagonal() < 0).any():
            continue
        own = covariance[np.ix_(there, there)]
        sds = np.sqrt(own.diagonal())
        correlations = own / np.outer(sds, sds)
        if np.linalg.eigvalsh(correlations)[0] >= INDEFINITE:
            continue
        names = [n for n, is_there in zip(fit.spec.latent, there, strict=True) if is_there]
        off = np.abs(correlations - np.eye(len(names)))
        i, j = np.unravel_index(int(off.argmax()), off.shape)
        found.append(
            "Improper solution: the latent variables have no proper correlations"
            f"{_place(group, level)}; the largest is {correlations[i, j]:.3f}, of {names[i]} and "
            f"{names[j]}. They may be one variable."
        )
    return found


def _place(group: str, level: str) -> str:
    parts = [f"group '{group}'"] * bool(group) + [f"{level} clusters"] * bool(level)
    return f" ({', '.join(parts)})" if parts else ""


def _named(fit: FittedSem, group: str, level: str, name: str) -> str:
    return f"{name}{_place(group, level)}"
