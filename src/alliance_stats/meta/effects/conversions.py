"""One effect size into another, each with its variance (Borenstein et al., 2009, chapter 7).

Test statistics into correlations after Rosenthal (1991); variances by the delta method.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from alliance_stats._base.checks import agree, counted, name_list, one_of
from alliance_stats._base.errors import ArgumentError

#: Standard deviation of the logistic distribution: log odds ratios per unit of d.
LOGISTIC_SD = float(np.pi / np.sqrt(3.0))
#: (n1 + n2)² / (n1 n2) of two groups of one size.
EQUAL_GROUPS = 4.0

_SIGNS: dict[object, float] = {
    "positive": 1.0,
    "negative": -1.0,
    "+": 1.0,
    "-": -1.0,
    1: 1.0,
    -1: -1.0,
}


class Converted(NamedTuple):
    """An effect size and its sampling variance (NaN where it is not known).

    Attributes
    ----------
    value, variance : float or array
        Floats if everything given was one number.
    """

    value: Any
    variance: Any


def r_to_z(
    r: ArrayLike,
    *,
    n: ArrayLike | None = None,
    controls: ArrayLike = 0,
    variance: ArrayLike | None = None,
) -> Converted:
    """Fisher's z of a correlation: atanh(r), with variance 1/(n − k − 3).

    Parameters
    ----------
    r : float or array
        Correlations, between −1 and 1.
    n : int or array, optional
        Sample sizes; the variance follows from them.
    controls : int or array
        Number k of variables held constant, for partial correlations.
    variance : float or array, optional
        Variances of `r` in place of `n`; that of z is then variance/(1 − r²)².

    Raises
    ------
    ArgumentError
        If a correlation is not between −1 and 1, a sample is too small for a variance, or both
        `n` and `variance` are given.

    Examples
    --------
    >>> import alliance_stats as al
    >>> al.meta.r_to_z(0.5, n=28)
    Converted(value=0.5493061443340549, variance=0.04)
    """
    given = _inside(r, "r", -1, 1)
    _not_both(n is not None, variance is not None, "n and variance")
    if n is not None:
        left = np.asarray(n, dtype=float) - np.asarray(controls, dtype=float) - 3
        _refuse(left <= 0, n, "n", "is too small: n − k − 3 must be above 0")
        return _converted(np.arctanh(given), 1 / left)
    return _converted(np.arctanh(given), _variance(variance) / (1 - given**2) ** 2)


def z_to_r(z: ArrayLike, *, variance: ArrayLike | None = None) -> Converted:
    """The correlation of a Fisher's z: tanh(z), with variance · (1 − r²)².

    Examples
    --------
    >>> import alliance_stats as al
    >>> al.meta.z_to_r(al.meta.r_to_z(0.25).value).value
    0.25
    """
    r = np.tanh(np.asarray(z, dtype=float))
    return _converted(r, _variance(variance) * (1 - r**2) ** 2)


def r_to_d(
    r: ArrayLike,
    *,
    variance: ArrayLike | None = None,
    n1: ArrayLike | None = None,
    n2: ArrayLike | None = None,
) -> Converted:
    """The standardised mean difference that goes with a correlation: √a · r/√(1 − r²).

    Parameters
    ----------
    r : float or array
        Correlations of the outcome with being in one of two groups.
    variance : float or array, optional
        Variances of `r`.
    n1, n2 : int or array, optional
        Sizes of the groups: a = (n1 + n2)²/(n1 n2). Without them the groups are taken to be of
        one size, a = 4.

    Examples
    --------
    >>> import alliance_stats as al
    >>> d, variance = al.meta.r_to_d(0.5, variance=0.0058)
    >>> round(d, 4), round(variance, 3)
    (1.1547, 0.055)
    """
    given, a = _inside(r, "r", -1, 1), ratio_of_groups(n1, n2)
    rest = 1 - given**2
    return _converted(np.sqrt(a) * given / np.sqrt(rest), a * _variance(variance) / rest**3)


def d_to_r(
    d: ArrayLike,
    *,
    variance: ArrayLike | None = None,
    n1: ArrayLike | None = None,
    n2: ArrayLike | None = None,
) -> Converted:
    """The correlation with group membership that goes with a standardised difference: d/√(d² + a).

    Parameters
    ----------
    d : float or array
        Standardised mean differences.
    variance : float or array, optional
        Variances of `d`; that of r is a² · variance/(d² + a)³.
    n1, n2 : int or array, optional
        As in `r_to_d`.

    Examples
    --------
    >>> import alliance_stats as al
    >>> r, variance = al.meta.d_to_r(1.1547, variance=0.055)
    >>> round(r, 3), round(variance, 4)
    (0.5, 0.0058)
    """
    given, a = np.asarray(d, dtype=float), ratio_of_groups(n1, n2)
    whole = given**2 + a
    return _converted(given / np.sqrt(whole), a**2 * _variance(variance) / whole**3)


def d_to_log_odds(d: ArrayLike, *, variance: ArrayLike | None = None) -> Converted:
    """The log odds ratio that goes with a standardised difference, for logistic outcomes: πd/√3.

    Examples
    --------
    >>> import alliance_stats as al
    >>> al.meta.d_to_log_odds(0.5).value
    0.9068996821171089
    """
    given = np.asarray(d, dtype=float)
    return _converted(given * LOGISTIC_SD, _variance(variance) * LOGISTIC_SD**2)


def log_odds_to_d(log_odds: ArrayLike, *, variance: ArrayLike | None = None) -> Converted:
    """The standardised difference that goes with a log odds ratio: √3/π times it.

    Examples
    --------
    >>> import alliance_stats as al
    >>> al.meta.log_odds_to_d(0.9068996821171089).value
    0.5
    """
    given = np.asarray(log_odds, dtype=float)
    return _converted(given / LOGISTIC_SD, _variance(variance) / LOGISTIC_SD**2)


def t_to_r(t: ArrayLike, *, df: ArrayLike) -> Converted:
    """The correlation whose test has statistic t: t/√(t² + df), variance (1 − r²)²/(df + 1).

    The variance is that of a zero-order correlation.

    Parameters
    ----------
    t : float or array
        With the sign of the effect.
    df : int or array
        n − 2 for a correlation or two groups. A t of a regression with k further predictors has
        n − k − 2 and gives the partial correlation.

    Examples
    --------
    >>> import alliance_stats as al
    >>> round(al.meta.t_to_r(2.5, df=60).value, 3)
    0.307
    """
    given, free = np.asarray(t, dtype=float), np.asarray(df, dtype=float)
    _refuse(free <= 0, df, "df", "must be above 0")
    return _with_variance_of_r(given / np.sqrt(given**2 + free), free + 1)


def f_to_r(f: ArrayLike, *, df: ArrayLike, sign: ArrayLike) -> Converted:
    """The correlation behind an F of 1 and df degrees of freedom: √(F/(F + df)), signed.

    Parameters
    ----------
    f : float or array
        F statistics with one numerator degree of freedom; others give no correlation.
    df : int or array
        Denominator degrees of freedom.
    sign : {"positive", "negative"} or array of them
        Direction of the effect, which F does not carry; 1 and −1 too.

    Examples
    --------
    >>> import alliance_stats as al
    >>> round(al.meta.f_to_r(6.25, df=60, sign="negative").value, 3)
    -0.307
    """
    given = np.asarray(f, dtype=float)
    _refuse(given < 0, f, "f", "must not be below 0")
    return t_to_r(signs_of(sign) * np.sqrt(given), df=df)


def chi2_to_r(chi2: ArrayLike, *, n: ArrayLike, sign: ArrayLike) -> Converted:
    """The correlation (phi) behind a χ² of one degree of freedom: √(χ²/n), signed.

    Parameters
    ----------
    chi2 : float or array
        χ² of a 2 × 2 table, without continuity correction.
    n : int or array
        Sample sizes.
    sign : {"positive", "negative"} or array of them
        As in `f_to_r`.

    Examples
    --------
    >>> import alliance_stats as al
    >>> al.meta.chi2_to_r(4.0, n=100, sign="positive").value
    0.2
    """
    given, size = np.asarray(chi2, dtype=float), np.asarray(n, dtype=float)
    _refuse(given < 0, chi2, "chi2", "must not be below 0")
    _refuse(given >= size, chi2, "chi2", "must be below n")
    return _with_variance_of_r(signs_of(sign) * np.sqrt(given / size), size - 1)


def p_to_r(p: ArrayLike, *, n: ArrayLike, sign: ArrayLike, tails: int = 2) -> Converted:
    """The correlation whose t test has this exact p value, signed.

    Parameters
    ----------
    p : float or array
        Exact p values. From a bound such as "p < .05" comes a bound of r, not r.
    n : int or array
        Sample sizes; the test has n − 2 degrees of freedom.
    sign : {"positive", "negative"} or array of them
        As in `f_to_r`.
    tails : {1, 2}
        Whether `p` is of a one-sided test (in the direction of `sign`) or a two-sided one.

    Examples
    --------
    >>> import alliance_stats as al
    >>> round(al.meta.p_to_r(0.03, n=40, sign="positive").value, 3)
    0.343
    """
    one_of(tails, (1, 2), name="tails")
    given, size = np.asarray(p, dtype=float), np.asarray(n, dtype=float)
    _refuse((given <= 0) | (given > 1), p, "p", "must be above 0 and at most 1")
    _refuse(size <= 2, n, "n", "must be above 2")
    t = -special.stdtrit(size - 2, given / tails)
    return t_to_r(signs_of(sign) * t, df=size - 2)


def t_to_d(t: ArrayLike, *, n1: ArrayLike, n2: ArrayLike) -> Converted:
    """Cohen's d of two independent groups with statistic t: t √(1/n1 + 1/n2).

    The variance is 1/n1 + 1/n2 + d²/(2(n1 + n2)).

    Examples
    --------
    >>> import alliance_stats as al
    >>> round(al.meta.t_to_d(2.5, n1=30, n2=32).value, 3)
    0.635
    """
    first, second = np.asarray(n1, dtype=float), np.asarray(n2, dtype=float)
    _refuse(np.minimum(first, second) <= 0, n1, "n1 or n2", "must be above 0")
    inverse = 1 / first + 1 / second
    d = np.asarray(t, dtype=float) * np.sqrt(inverse)
    return _converted(d, inverse + d**2 / (2 * (first + second)))


def ratio_of_groups(n1: ArrayLike | None, n2: ArrayLike | None) -> np.ndarray:
    """The factor a = (n1 + n2)²/(n1 n2) of two groups; 4 where their sizes are not known."""
    if (n1 is None) != (n2 is None):
        raise ArgumentError("only one of n1 and n2 is given. Give both sizes, or neither.")
    if n1 is None or n2 is None:
        return np.asarray(EQUAL_GROUPS)
    first, second = np.asarray(n1, dtype=float), np.asarray(n2, dtype=float)
    _refuse(np.minimum(first, second) <= 0, n1, "n1 or n2", "must be above 0")
    return (first + second) ** 2 / (first * second)


def signs_of(sign: object) -> np.ndarray:
    """1 and −1 for ``positive`` and ``negative``; NaN where it is missing."""
    cells = np.asarray(sign, dtype=object)
    flat = []
    for cell in cells.ravel():
        word = cell.strip().lower() if isinstance(cell, str) else cell
        if word is None or word != word:
            flat.append(np.nan)
        elif word in _SIGNS:
            flat.append(_SIGNS[word])
        else:
            raise ArgumentError(
                f"sign={cell!r} is no direction. Give 'positive' or 'negative' (or 1, −1)."
            )
    return np.array(flat).reshape(cells.shape)


def _with_variance_of_r(r: np.ndarray, divisor: np.ndarray) -> Converted:
    return _converted(r, (1 - r**2) ** 2 / divisor)


def _converted(value: np.ndarray, variance: np.ndarray) -> Converted:
    """Both as floats if they are single numbers, else as arrays of one shape."""
    both = np.broadcast_arrays(value, variance)
    if both[0].ndim == 0:
        return Converted(float(both[0]), float(both[1]))
    return Converted(*(np.array(array, dtype=float) for array in both))


def _variance(variance: ArrayLike | None) -> np.ndarray:
    if variance is None:
        return np.asarray(np.nan)
    given = np.asarray(variance, dtype=float)
    _refuse(given <= 0, variance, "variance", "must be above 0")
    return given


def _inside(value: ArrayLike, name: str, low: float, high: float) -> np.ndarray:
    """The values as an array, all strictly between two limits (or missing)."""
    given = np.asarray(value, dtype=float)
    outside = (given <= low) | (given >= high)
    _refuse(outside, value, name, f"must be between {low} and {high}")
    return given


def _not_both(first: bool, second: bool, names: str) -> None:
    if first and second:
        raise ArgumentError(f"{names} are both given. Give one of them.")


def _refuse(bad: np.ndarray, seen: ArrayLike, name: str, words: str) -> None:
    """Raise ArgumentError with the values that are not allowed."""
    if not np.any(bad):
        return
    cells = np.broadcast_to(np.asarray(seen, dtype=float), np.shape(bad))[np.asarray(bad)]
    n = int(np.sum(bad))
    raise ArgumentError(
        f"{name} {words}: {counted(n, 'value')} {agree(n, 'is', 'are')} not "
        f"({name_list(f'{cell:g}' for cell in np.ravel(cells))}). Correct or leave out."
    )
