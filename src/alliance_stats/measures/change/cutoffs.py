"""Cut-offs between a clinical and a functional population (Jacobson & Truax, 1991)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alliance_stats._base.checks import positive_number
from alliance_stats._base.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class CutOffValues:
    """The three cut-offs of Jacobson and Truax; NaN where the norms they need are not known.

    Attributes
    ----------
    a : float
        Two standard deviations beyond the clinical mean, towards function.
    b : float
        Two standard deviations from the functional mean, towards the clinical one.
    c : float
        Where a score is as far from both means, each distance in its own standard deviations.
    """

    a: float
    b: float
    c: float


def cut_offs(
    *,
    clinical_mean: float,
    clinical_sd: float,
    higher_is_better: bool,
    norm_mean: float | None = None,
    norm_sd: float | None = None,
) -> CutOffValues:
    """Where patients leave the clinical range.

    Parameters
    ----------
    clinical_mean, clinical_sd : float
        Of a clinical population, in points.
    higher_is_better : bool
        Direction of the scores.
    norm_mean, norm_sd : float, optional
        Of a functional population; `b` and `c` need both.

    Returns
    -------
    CutOffValues
        ``c = (clinical_sd norm_mean + norm_sd clinical_mean) / (clinical_sd + norm_sd)``: the
        mean of the narrower population has the larger weight.

    Raises
    ------
    ArgumentError
        If a standard deviation is not above 0, only one of the norms is given, or the
        functional mean is not on the better side of the clinical one.

    References
    ----------
    Jacobson, N. S., & Truax, P. (1991). Clinical significance: A statistical approach to defining
    meaningful change in psychotherapy research. *Journal of Consulting and Clinical Psychology*,
    59, 12-19.

    Examples
    --------
    >>> from alliance_stats.measures import cut_offs
    >>> cut_offs(clinical_mean=16, clinical_sd=6, norm_mean=4, norm_sd=3, higher_is_better=False)
    CutOffValues(a=4.0, b=10.0, c=8.0)
    """
    positive_number(clinical_sd, name="clinical_sd")
    towards = 1 if higher_is_better else -1
    a = float(clinical_mean + 2 * towards * clinical_sd)
    if (norm_mean is None) != (norm_sd is None):
        raise ArgumentError("norm_mean and norm_sd belong together. Give both or neither.")
    if norm_mean is None or norm_sd is None:
        return CutOffValues(a, math.nan, math.nan)
    positive_number(norm_sd, name="norm_sd")
    if towards * (norm_mean - clinical_mean) <= 0:
        raise ArgumentError(
            f"norm_mean={norm_mean:g} is not better than the clinical mean {clinical_mean:g} "
            f"with higher_is_better={higher_is_better}. Correct one of the three."
        )
    c = (clinical_sd * norm_mean + norm_sd * clinical_mean) / (clinical_sd + norm_sd)
    return CutOffValues(a, float(norm_mean - 2 * towards * norm_sd), float(c))
