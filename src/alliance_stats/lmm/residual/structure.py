"""What a user says about residuals: correlated in time or between roles, of unequal variance.

The covariance of the residuals of a row or block is σ²C with C = DRD: D holds ratios of standard
deviations and R correlations (Pinheiro & Bates, 2000, Mixed-effects models in S and S-PLUS,
chapter 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alliance_stats._base.errors import ArgumentError

Kind = Literal["ar1", "continuous_ar1", "variance_by", "unstructured"]


@dataclass(frozen=True, slots=True)
class ResidualStructure:
    """How the residuals of a mixed model vary and covary.

    Made by `ar1`, `continuous_ar1`, `variance_by` and `unstructured`; given to
    ``fit_lmm(..., residual=...)``.

    Attributes
    ----------
    kind : {"ar1", "continuous_ar1", "variance_by", "unstructured"}
    position : str or None
        Column of the time points or roles within a block.
    within : tuple of str
        Columns whose combinations are the blocks: residuals of different blocks are independent.
    classes : str or None
        Column of the groups that differ in residual variance.
    """

    kind: Kind
    position: str | None
    within: tuple[str, ...]
    classes: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is used."""
        names = [self.position, *self.within, self.classes]
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def __str__(self) -> str:
        if self.kind == "variance_by":
            return f"variance_by({self.classes!r})"
        within = repr(self.within[0]) if len(self.within) == 1 else repr(self.within)
        text = f"{self.kind}({self.position!r}, within={within}"
        if self.kind != "unstructured" and self.classes:
            text += f", variance_by={self.classes!r}"
        return f"{text})"


def ar1(
    session: str, *, within: str | Sequence[str], variance_by: str | None = None
) -> ResidualStructure:
    """Residuals that follow a first-order autoregression over numbered sessions.

    Two residuals of a block that are k sessions apart correlate ρᵏ, with −1 < ρ < 1. A missing
    session counts as passed. Use it where sessions are about equally spaced.

    Parameters
    ----------
    session : str
        Column of whole numbers, no number twice in a block.
    within : str or sequence of str
        Column whose values are the blocks, such as the patient; several columns are combined.
    variance_by : str, optional
        Column of groups with a residual variance of their own.

    Returns
    -------
    ResidualStructure

    Raises
    ------
    ArgumentError
        If a name is no text, or a column is named twice.

    Notes
    -----
    Where all gaps between the sessions of a block are even, the sign of ρ is not in the data; it
    is then given as positive.

    References
    ----------
    Pinheiro, J. C., & Bates, D. M. (2000). Mixed-effects models in S and S-PLUS. Springer.
    Section 5.3. (``corAR1`` and ``varIdent`` in nlme.)

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> residual = al.lmm.ar1("session", within="patient")
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions, residual=residual)
    >>> fit.residual.table()["parameter"].tolist()
    ['rho']
    """
    return _structure("ar1", session, within, variance_by, "session")


def continuous_ar1(
    time: str, *, within: str | Sequence[str], variance_by: str | None = None
) -> ResidualStructure:
    """Residuals that follow a first-order autoregression in continuous time.

    Two residuals of a block at times s and t correlate ρ^|t − s|, with 0 < ρ < 1 the correlation
    over one unit of time. Use it where the time between sessions varies.

    Parameters
    ----------
    time : str
        Column of numbers, such as days since intake; no time twice in a block.
    within : str or sequence of str
        Column whose values are the blocks, such as the patient; several columns are combined.
    variance_by : str, optional
        Column of groups with a residual variance of their own.

    Returns
    -------
    ResidualStructure

    Raises
    ------
    ArgumentError
        If a name is no text, or a column is named twice.

    References
    ----------
    Jones, R. H. (1993). Longitudinal data with serial correlation: A state-space approach.
    Chapman & Hall.

    Pinheiro, J. C., & Bates, D. M. (2000). Mixed-effects models in S and S-PLUS. Springer.
    Section 5.3. (``corCAR1`` in nlme.)

    Examples
    --------
    >>> import alliance_stats as al
    >>> print(al.lmm.continuous_ar1("week", within="patient"))
    continuous_ar1('week', within='patient')
    """
    return _structure("continuous_ar1", time, within, variance_by, "time")


def variance_by(group: str) -> ResidualStructure:
    """A residual variance for every level of a column, residuals independent.

    Parameters
    ----------
    group : str
        Column of the levels, such as the treatment arm.

    Returns
    -------
    ResidualStructure

    Raises
    ------
    ArgumentError
        If the name is no text.

    References
    ----------
    Pinheiro, J. C., & Bates, D. M. (2000). Mixed-effects models in S and S-PLUS. Springer.
    Section 5.2. (``varIdent`` in nlme.)

    Examples
    --------
    >>> import alliance_stats as al
    >>> print(al.lmm.variance_by("arm"))
    variance_by('arm')
    """
    return ResidualStructure("variance_by", None, (), _name(group, "group"))


def unstructured(role: str, *, within: str | Sequence[str]) -> ResidualStructure:
    """A variance for every role and a correlation for every pair of roles of one block.

    For dyads: the residuals of patient and therapist in one session. A role may be absent from a
    block.

    Parameters
    ----------
    role : str
        Column that tells the rows of a block apart; no role twice in a block.
    within : str or sequence of str
        Columns whose combinations are the blocks, such as ``("patient", "session")``.

    Returns
    -------
    ResidualStructure

    Raises
    ------
    ArgumentError
        If a name is no text, or a column is named twice.

    References
    ----------
    Pinheiro, J. C., & Bates, D. M. (2000). Mixed-effects models in S and S-PLUS. Springer.
    Chapter 5. (``corSymm`` with ``varIdent`` in nlme.)

    Examples
    --------
    >>> import alliance_stats as al
    >>> print(al.lmm.unstructured("role", within=("patient", "session")))
    unstructured('role', within=('patient', 'session'))
    """
    found = _structure("unstructured", role, within, None, "role")
    return ResidualStructure(found.kind, found.position, found.within, found.position)


def _structure(
    kind: Kind,
    position: str,
    within: str | Sequence[str],
    classes: str | None,
    argument: str,
) -> ResidualStructure:
    """A structure of checked names."""
    blocks = (within,) if isinstance(within, str) else tuple(within)
    if not blocks:
        raise ArgumentError("within is empty. Name the column of the blocks, such as 'patient'.")
    names = [_name(position, argument), *(_name(block, "within") for block in blocks)]
    if len(set(names)) < len(names):
        raise ArgumentError(
            f"{kind} names a column twice: {', '.join(names)}. "
            f"{argument} tells the rows of a block apart, within says what the blocks are."
        )
    if classes is not None:
        _name(classes, "variance_by")
    return ResidualStructure(kind, position, blocks, classes)


def _name(value: object, argument: str) -> str:
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{argument}={value!r} is no column. Give the name of a column.")
    return value
