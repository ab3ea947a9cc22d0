"""The residual structure of a fitted model: its parameters in natural units, their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from alliance_stats.formula.memory import FactorMemory
from alliance_stats.lmm.residual.blocks import Blocks, read_blocks
from alliance_stats.lmm.residual.correlation import Unstructured
from alliance_stats.lmm.residual.covariance import ResidualCovariance
from alliance_stats.lmm.residual.structure import ResidualStructure

#: Beyond it a parameter is at the end of its range: a correlation of .9999 (in continuous time,
#: also of .0001 over the typical time), a ratio of 10,000.
END = {"ar1": 4.95, "continuous_ar1": 9.0, "unstructured": 70.0, "variance_by": 9.2}

ParameterKind = Literal["sd_ratio", "rho", "correlation"]


@dataclass(frozen=True, eq=False)
class ResidualParameter:
    """One parameter of C in natural units.

    Attributes
    ----------
    kind : {"sd_ratio", "rho", "correlation"}
    level, with_level : str
        The class of a ratio and the reference; the two roles of a correlation; else empty.
    estimate : float
    slope : ndarray (k,)
        Derivative in ψ on the scale of its interval: log ratio, logit of a ρ between 0 and 1,
        Fisher's z of other correlations.
    bounded : bool
        Whether a ρ is between 0 and 1.
    """

    kind: ParameterKind
    level: str
    with_level: str
    estimate: float
    slope: np.ndarray
    bounded: bool = False

    @property
    def name(self) -> str:
        """``rho``, ``sd_ratio[b]`` or the level of a correlation."""
        if self.kind == "sd_ratio":
            return f"sd_ratio[{self.level}]"
        return "rho" if self.kind == "rho" else self.level

    def interval(self, covariance: np.ndarray, quantile: float) -> tuple[float, float]:
        """Ends of a symmetric interval on the parameter's own scale, from Cov(ψ)."""
        half = quantile * float(np.sqrt(self.slope @ covariance @ self.slope))
        if self.kind == "sd_ratio":
            return self.estimate * float(np.exp(-half)), self.estimate * float(np.exp(half))
        if self.bounded:
            middle = float(logit(self.estimate))
            return float(expit(middle - half)), float(expit(middle + half))
        middle = float(np.arctanh(self.estimate))
        return float(np.tanh(middle - half)), float(np.tanh(middle + half))


@dataclass(frozen=True, eq=False)
class Curvature:
    """How the deviance and U'V⁻¹U change with ψ at the fit.

    Attributes
    ----------
    inner : ndarray (k, k)
        Second derivatives of the profiled deviance in ψ.
    cross : ndarray (k, n_theta)
        Second derivatives in ψ and θ.
    slopes : ndarray (k, m, m)
        ∂(U'V⁻¹U)/∂ψ.
    """

    inner: np.ndarray
    cross: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True, eq=False)
class FittedResidual:
    """The residual structure of a fitted model.

    Attributes
    ----------
    structure : ResidualStructure
    memory : FactorMemory or None
        The classes of variance, the reference first.
    psi : ndarray (k,)
        Unconstrained parameters: logs of ratios of standard deviations, then those of R.
    unit : float or None
        In continuous time: the time over which the last of ψ is the logit of the correlation.
    logdet : float
        log|C| of the rows used.
    mean_variance : float
        Mean residual variance of the rows used, over that of the reference.
    curvature : Curvature
    """

    structure: ResidualStructure
    memory: FactorMemory | None
    psi: np.ndarray
    unit: float | None
    logdet: float
    mean_variance: float
    curvature: Curvature

    @property
    def levels(self) -> tuple[str, ...]:
        """Labels of the classes that differ in variance, the reference first."""
        return () if self.memory is None else self.memory.levels

    @property
    def n_classes(self) -> int:
        """Number of classes of variance."""
        return max(1, len(self.levels))

    @cached_property
    def ratios(self) -> np.ndarray:
        """Standard deviation (K,) of every class over that of the reference."""
        return np.exp(np.append(0.0, self.psi[: self.n_classes - 1]))

    @cached_property
    def free(self) -> np.ndarray:
        """Positions of the ψ that are not at the end of their range."""
        ends = np.full(len(self.psi), END[self.structure.kind])
        ends[: self.n_classes - 1] = END["variance_by"]
        return np.flatnonzero(np.abs(self.psi) < ends)

    @property
    def at_end(self) -> np.ndarray:
        """Positions of the other ψ."""
        return np.setdiff1d(np.arange(len(self.psi)), self.free)

    @cached_property
    def correlations(self) -> np.ndarray:
        """Correlation matrix (K, K) of the roles; the identity for other structures."""
        if self.structure.kind != "unstructured":
            return np.eye(self.n_classes)
        return self._roles.matrix

    @property
    def rho(self) -> float:
        """Correlation over one session or unit of time; NaN without an autoregression."""
        if self.structure.kind == "ar1":
            return float(np.tanh(self.psi[-1]))
        return float("nan") if self.unit is None else float(np.exp(self._log_rho(self.unit)))

    def _log_rho(self, unit: float) -> float:
        """log ρ over one unit of the time column."""
        return float(-np.logaddexp(0.0, -self.psi[-1]) / unit)

    @property
    def _roles(self) -> Unstructured:
        """R without rows."""
        empty = np.empty(0, dtype=int)
        blocks = Blocks(empty, empty, np.empty(0), empty, empty)
        return Unstructured(blocks, self.psi[self.n_classes - 1 :], self.n_classes)

    @cached_property
    def parameters(self) -> tuple[ResidualParameter, ...]:
        """Ratios of standard deviations, then ρ or the correlations of roles."""
        unit, levels = np.eye(len(self.psi)), self.levels
        found = [
            ResidualParameter("sd_ratio", levels[c], levels[0], float(self.ratios[c]), unit[c - 1])
            for c in range(1, self.n_classes)
        ]
        if self.structure.kind == "unstructured":
            return (*found, *self._correlation_parameters())
        if self.structure.kind == "ar1":
            found.append(ResidualParameter("rho", "", "", self.rho, unit[-1]))
        elif self.unit is not None:
            rest = expit(-self.psi[-1]) / (self.unit * -np.expm1(self._log_rho(self.unit)))
            found.append(ResidualParameter("rho", "", "", self.rho, unit[-1] * rest, True))
        return tuple(found)

    def _correlation_parameters(self) -> list[ResidualParameter]:
        levels, first = self.levels, self.n_classes - 1
        found = []
        for i in range(self.n_classes):
            for j in range(i):
                r = float(self.correlations[i, j])
                slope = np.zeros(len(self.psi))
                slope[first:] = self._roles.changes[:, i, j] / (1.0 - r * r)
                found.append(ResidualParameter("correlation", levels[i], levels[j], r, slope))
        return found

    def table(self) -> pd.DataFrame:
        """One row a parameter: columns ``parameter level with_level estimate``.

        ``sd_ratio`` is the residual standard deviation of `level` over that of `with_level`,
        ``rho`` the correlation over one session or unit of time, ``correlation`` that of two roles.
        """
        rows = [(p.kind, p.level, p.with_level, p.estimate) for p in self.parameters]
        return pd.DataFrame(rows, columns=["parameter", "level", "with_level", "estimate"])

    def covariance(self, blocks: Blocks) -> ResidualCovariance:
        """C of ordered rows."""
        return ResidualCovariance(self.structure.kind, blocks, self.n_classes, self.psi, self.unit)

    def blocks(self, frame: pd.DataFrame) -> Blocks:
        """The blocks of complete rows of a frame."""
        group = np.zeros(len(frame), dtype=np.intp)
        return read_blocks(self.structure, frame, memory=self.memory, group=group)

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{p.name}{f' with {p.with_level}' * (p.kind == 'correlation')} = {p.estimate:.3f}"
            for p in self.parameters
        )
        return f"{self.structure}: {shown}"
