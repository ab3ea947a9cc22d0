"""Transformations of one numeric column, equal to R's where R has them.

Every function takes one float column and the words by which messages name it; it returns the
columns of the design. ``scale``, ``poly`` and ``bs`` depend on all rows through a few constants,
with which the same columns are computed for other rows, as by R's predict().
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.errors import DataError, DataWarning
from alliance_stats.formula.terms import Factor

Columns = tuple[np.ndarray, ...]
Constants = tuple[float, ...]


def transform(x: np.ndarray, factor: Factor) -> tuple[Columns, Constants]:
    """Apply the transformation of `factor` to its column `x`.

    Parameters
    ----------
    x : array of float
        The column, without missing or infinite values.
    factor : Factor
        Which transformation: any but ``C``; none returns `x` itself.

    Returns
    -------
    columns : tuple of arrays
        One column, or several for ``poly`` and ``bs``.
    constants : tuple of float
        What `transform_again` needs of these rows; empty for most transformations.

    Raises
    ------
    DataError
        If the transformation is not defined for these values.

    Examples
    --------
    >>> import numpy as np
    >>> from alliance_stats.formula import Factor
    >>> transform(np.array([1.0, 2.0, 3.0]), Factor("x", "scale"))
    ((array([-1.,  0.,  1.]),), (2.0, 1.0))
    """
    learn = _LEARN.get(str(factor.transform))
    if learn is None:
        return transform_again(x, factor, ()), ()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        columns, constants = learn(x, _argument(factor), str(factor))
    if not all(map(math.isfinite, constants)):
        raise DataError(
            f"{factor} is too large to compute: its constants overflow in {len(x):,} rows. "
            "Rescale the column first."
        )
    _refuse_overflow(x, columns, factor)
    return columns, constants


def transform_again(x: np.ndarray, factor: Factor, constants: Constants) -> Columns:
    """Apply the transformation of `factor` to other rows, with the constants of the first.

    Parameters
    ----------
    x : array of float
        The column in the other rows; missing values remain missing.
    factor : Factor
    constants : tuple of float
        As `transform` returned them.

    Returns
    -------
    tuple of arrays

    Raises
    ------
    DataError
        If the transformation is not defined for these values.

    Warns
    -----
    DataWarning
        If values lie outside the range over which ``bs`` was made.

    Examples
    --------
    >>> import numpy as np
    >>> from alliance_stats.formula import Factor
    >>> transform_again(np.array([4.0]), Factor("x", "scale"), (2.0, 1.0))
    (array([2.]),)
    """
    if factor.transform is None:
        return (x,)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if factor.transform in _LEARN:
            columns = _AGAIN[factor.transform](x, constants, str(factor))
        else:
            columns = _PLAIN[factor.transform](x, _argument(factor), str(factor))
    _refuse_overflow(x, columns, factor)
    return columns


def _argument(factor: Factor) -> int:
    return factor.argument if isinstance(factor.argument, int) else 0


def _refuse_overflow(x: np.ndarray, columns: Columns, factor: Factor) -> None:
    for column in columns:
        finite = np.isfinite(column)
        if finite.all():
            continue
        overflowed = int(np.count_nonzero(~finite & ~np.isnan(x)))
        if overflowed:
            raise DataError(
                f"{factor} is too large to compute: {counted(overflowed, 'row')} of {len(x):,} "
                "overflow. Rescale the column first."
            )


def _log(x: np.ndarray, _: int, shown: str) -> Columns:
    _refuse(x <= 0, shown, "is defined for positive values only", "zero or negative")
    return (np.log(x),)


def _exp(x: np.ndarray, _: int, shown: str) -> Columns:
    return (np.exp(x),)


def _sqrt(x: np.ndarray, _: int, shown: str) -> Columns:
    _refuse(x < 0, shown, "is defined for values of zero or more", "negative")
    return (np.sqrt(x),)


def _power(x: np.ndarray, exponent: int, shown: str) -> Columns:
    return (x**exponent,)


def _refuse(bad: np.ndarray, shown: str, wrong: str, seen: str) -> None:
    n_bad = int(np.count_nonzero(bad))
    if n_bad:
        raise DataError(
            f"{shown} {wrong}: {counted(n_bad, 'row')} of {len(bad):,} {seen}, first at row "
            f"{int(np.flatnonzero(bad)[0])} (counted from 0). "
            "Correct the column, or shift it before taking the transformation."
        )


def _scale(x: np.ndarray, _: int, shown: str) -> tuple[Columns, Constants]:
    """Centred at the mean and divided by the standard deviation (n - 1), as R's scale()."""
    if x.min() == x.max():
        _need_values(x, 2, shown)
    constants = (float(x.mean()), float(x.std(ddof=1)))
    return _scale_again(x, constants, shown), constants


def _scale_again(x: np.ndarray, constants: Constants, _: str) -> Columns:
    mean, sd = constants
    return ((x - mean) / sd,)


def _need_values(x: np.ndarray, needed: int, shown: str) -> None:
    seen = len(np.unique(x))
    if seen < needed:
        raise DataError(
            f"{shown} needs at least {needed} different values: {counted(seen, 'value')} in "
            f"{len(x):,} rows. Use a lower number, or leave the term out."
        )


def _poly(x: np.ndarray, degree: int, shown: str) -> tuple[Columns, Constants]:
    """Orthonormal polynomials; positive leading terms as R's poly().

    They do not change when `x` is shifted or stretched, so it is first brought to [-1, 1], which
    keeps high degrees from overflowing.
    """
    _need_values(x, degree + 1, shown)
    middle, half = float((x.max() + x.min()) / 2), float((x.max() - x.min()) / 2)
    products: list[float] = []

    def product(known: np.ndarray, following: np.ndarray) -> float:
        products.append(float(known @ following))
        return products[-1]

    columns = _polynomials((x - middle) / half, 1 / math.sqrt(len(x)), degree, product)
    return columns, (float(degree), middle, half, 1 / math.sqrt(len(x)), *products)


def _poly_again(x: np.ndarray, constants: Constants, _: str) -> Columns:
    """The same polynomials at other points: the remembered products in place of new ones."""
    degree, middle, half, first, *products = constants
    remembered = iter(products)
    return _polynomials((x - middle) / half, first, int(degree), lambda *_: next(remembered))


def _polynomials(
    z: np.ndarray, first: float, degree: int, product: Callable[[np.ndarray, np.ndarray], float]
) -> Columns:
    """Each polynomial is `z` times the one before, less its projections on all before, normed."""
    basis = [np.full_like(z, first)]
    for _ in range(degree):
        following = z * basis[-1]
        for known in reversed(basis):
            following -= product(known, following) * known
        basis.append(following / math.sqrt(product(following, following)))
    return tuple(basis[1:])


def _bs(x: np.ndarray, df: int, shown: str) -> tuple[Columns, Constants]:
    """Cubic B-splines without intercept, knots at quantiles, as R's splines::bs(x, df =)."""
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
    return _splines(x, knots), tuple(knots.tolist())


def _bs_again(x: np.ndarray, knots: Constants, shown: str) -> Columns:
    """The same splines; beyond the outermost knots their outermost cubics go on, as in R."""
    low, high = knots[0], knots[-1]
    n_beyond = int(np.count_nonzero((x < low) | (x > high)))
    if n_beyond:
        warnings.warn(
            f"{shown} is extended beyond the fitted rows: {counted(n_beyond, 'row')} of "
            f"{len(x):,} {agree(n_beyond, 'lies', 'lie')} outside {low:g} to {high:g}. "
            "Leave them out, or do not rely on their values.",
            DataWarning,
            stacklevel=2,
        )
    known = np.flatnonzero(~np.isnan(x))
    if len(known) == len(x):
        return _splines(x, np.array(knots))
    columns = np.full((len(knots) - 5, len(x)), np.nan)
    if len(known):
        columns[:, known] = _splines(x[known], np.array(knots))
    return tuple(columns)


def _splines(x: np.ndarray, knots: np.ndarray) -> Columns:
    from scipy.interpolate import BSpline

    basis = BSpline.design_matrix(x, knots, 3, extrapolate=True).toarray()
    return tuple(np.ascontiguousarray(column) for column in basis.T[1:])


_PLAIN: dict[str, Callable[[np.ndarray, int, str], Columns]] = {
    "log": _log,
    "exp": _exp,
    "sqrt": _sqrt,
    "I": _power,
}
_LEARN: dict[str, Callable[[np.ndarray, int, str], tuple[Columns, Constants]]] = {
    "scale": _scale,
    "poly": _poly,
    "bs": _bs,
}
_AGAIN: dict[str, Callable[[np.ndarray, Constants, str], Columns]] = {
    "scale": _scale_again,
    "poly": _poly_again,
    "bs": _bs_again,
}
