"""Shares in tables of calibration, and what their Monte Carlo error allows."""

from __future__ import annotations

import numpy as np

#: Levels at which rejections of a true zero are counted.
ALPHAS = (0.01, 0.05, 0.10)
#: Shares of 95% intervals between these count as coverage at the level.
BAND = (0.934, 0.966)


def mc_error(level: float, studies: int) -> float:
    """Monte Carlo error of a share of `level`."""
    return float(np.sqrt(level * (1.0 - level) / studies))


def errors_in_words(studies: int) -> str:
    """The Monte Carlo errors of the shares that a table shows."""
    at = ", ".join(f"{mc_error(alpha, studies):.4f} at {alpha:.2f}" for alpha in ALPHAS)
    return f"Monte Carlo error {mc_error(0.95, studies):.4f} of a coverage of .95; {at}"


def coverage_cell(hit: np.ndarray) -> str:
    """Share of hits; a star marks one outside the band."""
    if not len(hit):
        return "–"
    share = float(np.mean(hit))
    return f"{share:.3f}{'' if BAND[0] <= share <= BAND[1] else '*'}"


def coverage_cells(hit: np.ndarray, converged: np.ndarray) -> list[str]:
    """Coverage over all studies, where one without interval misses, and over converged fits."""
    return [coverage_cell(hit), coverage_cell(hit[converged])]


def rejection_cell(rejected: np.ndarray, alpha: float) -> str:
    """Share of rejections; a star marks one over three Monte Carlo errors from its level."""
    share = float(np.mean(rejected))
    near = abs(share - alpha) <= 3.0 * mc_error(alpha, len(rejected))
    return f"{share:.3f}{'' if near else '*'}"


def rejection_cells(p_value: np.ndarray) -> list[str]:
    """Share of p values below each level; a test without p value rejects nothing."""
    return [rejection_cell(p_value < alpha, alpha) for alpha in ALPHAS]
