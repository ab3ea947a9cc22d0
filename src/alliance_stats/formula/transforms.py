"""Transformations of one numeric column, equal to R's where R has them.

Every function takes one float column without missing values and the words by which messages name
it; it returns the columns of the design.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.formula.terms import Factor

Columns = tuple[np.ndarray, ...]


def transform(x: np.ndarray, factor: Factor) -> Columns:
    """Apply the transformation of `factor` to its column `x`.

    Parameters
    ----------
    x : array of float
        The column, without missing or infinite values.
    factor : Factor
        Which transformation: any but ``C``; none returns `x` itself.

    Returns
    -------
    tuple of arrays
        One column, or several for ``poly`` and ``bs``.

    Raises
    ------
    DataError
        If the transformation is not defined for these values.

    Examples
    --------
    >>> import numpy as np
    >>> from alliance_stats.formula import Factor
    >>> transform(np.array([1.0, 4.0]), Factor("x", "sqrt"))
    (array([1., 2.]),)
    """
    if factor.transform is None:
        return (x,)
    argument = factor.argument if isinstance(factor.argument, int) else 0
    columns = _TRANSFORMS[factor.transform](x, argument, str(factor))
    for column in columns:
        overflowed = int(np.count_nonzero(~np.isfinite(column)))
        if overflowed:
            raise DataError(
                f"{factor} is too large to compute: {counted(overflowed, 'row')} of {len(x):,} "
                "overflow. Rescale the column first."
            )
    return columns


def _log(x: np.ndarray, _: int, shown: str) -> Columns:
    _refuse(x <= 0, shown, "is defined for positive values only", "zero or negative")
    return (np.log(x),)


def _exp(x: np.ndarray, _: int, shown: str) -> Columns:
    with np.errstate(over="ignore", under="ignore"):
        return (np.exp(x),)


def _sqrt(x: np.ndarray, _: int, shown: str) -> Columns:
    _refuse(x < 0, shown, "is defined for values of zero or more", "negative")
    return (np.sqrt(x),)


def _power(x: np.ndarray, exponent: int, shown: str) -> Columns:
    with np.errstate(over="ignore", under="ignore"):
        return (x**exponent,)


def _refuse(bad: np.ndarray, shown: str, wrong: str, seen: str) -> None:
    n_bad = int(np.count_nonzero(bad))
    if n_bad:
        raise DataError(
            f"{shown} {wrong}: {counted(n_bad, 'row')} of {len(bad):,} {seen}, first at row "
            f"{int(np.flatnonzero(bad)[0])} (counted from 0). "
            "Correct the column, or shift it before taking the transformation."
        )


def _scale(x: np.ndarray, _: int, shown: str) -> Columns:
    """Centred at the mean and divided by the standard deviation (n - 1), as R's scale()."""
    if x.min() == x.max():
        _need_values(x, 2, shown)
    return ((x - x.mean()) / x.std(ddof=1),)


def _need_values(x: np.ndarray, needed: int, shown: str) -> None:
    seen = len(np.unique(x))
    if seen < needed:
        raise DataError(
            f"{shown} needs at least {needed} different values: {counted(seen, 'value')} in "
            f"{len(x):,} rows. Use a lower number, or leave the term out."
        )


def _poly(x: np.ndarray, degree: int, shown: str) -> Columns:
    """Orthonormal polynomials, each from the one before; positive leading terms as R's poly().

    They do not change when `x` is shifted or stretched, so it is first brought to [-1, 1], which
    keeps high degrees from overflowing.
    """
    _need_values(x, degree + 1, shown)
    middle, half = (x.max() + x.min()) / 2, (x.max() - x.min()) / 2
    z = (x - middle) / half
    basis = [np.full_like(z, 1 / np.sqrt(len(z)))]
    for _ in range(degree):
        following = z * basis[-1]
        for known in reversed(basis):
            following -= (known @ following) * known
        basis.append(following / np.sqrt(following @ following))
    return tuple(basis[1:])


def _bs(x: np.ndarray, df: int, shown: str) -> Columns:
    """Cubic B-splines without intercept, knots at quantiles, as R's splines::bs(x, df =)."""
    from scipy.interpolate import BSpline

    low, high = x.min(), x.max()
    inner = np.quantile(x, np.linspace(0, 1, df - 1)[1:-1])
    crowded = low == high or bool(np.any((inner <= low) | (inner >= high)))
    if crowded or np.any(inner[3:] == inner[:-3]):
        raise DataError(
            f"{shown} has no room for its {df - 3} inner knots: they fall together because "
            f"{counted(len(np.unique(x)), 'different value')} in {len(x):,} rows are too few or "
            "too unevenly spread. Lower df, or use poly()."
        )
    knots = np.concatenate([np.repeat(low, 4), inner, np.repeat(high, 4)])
    basis = BSpline.design_matrix(x, knots, 3).toarray()
    return tuple(np.ascontiguousarray(column) for column in basis.T[1:])


_TRANSFORMS: dict[str, Callable[[np.ndarray, int, str], Columns]] = {
    "log": _log,
    "exp": _exp,
    "sqrt": _sqrt,
    "scale": _scale,
    "poly": _poly,
    "bs": _bs,
    "I": _power,
}
