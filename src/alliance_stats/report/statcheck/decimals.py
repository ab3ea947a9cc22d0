"""Decimal commas: whether a text is written with them, and the same text with points."""

from __future__ import annotations

import re

#: A comparison with a number that only a decimal comma explains: no thousands, no list.
_COMMA = re.compile(
    r"[=<>≤≥][ \n]{0,2}[+-]?(?:0?,[0-9]{1,12}|[1-9][0-9]{0,11},(?:[0-9]{1,2}|[0-9]{4,12}))"
    r"(?![0-9]|[.,][0-9])"
)
_POINT = re.compile(r"[=<>≤≥][ \n]{0,2}[+-]?[0-9]{0,12}\.[0-9]")
#: What holds commas or points: a count, thousands before a decimal comma, degrees of freedom of F,
#: and any other comma before a digit.
_FORM = re.compile(
    r"(?P<count>\b[NnKk] ?= ?[0-9][0-9.,]{0,15})"
    r"|(?<![0-9,.])(?P<large>[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,3}),(?=[0-9])"
    r"|\bF ?[\[(](?P<degrees>[^()\[\]]{1,40})[\])]"
    r"|(?<![0-9])(?P<before>[0-9]{0,12}),(?=[0-9])"
)
_THOUSANDS = re.compile(r"\.(?=[0-9]{3}(?![0-9]))")


def may_have_decimal_commas(text: str) -> bool:
    """Whether a text compares any number that only a decimal comma explains."""
    return _COMMA.search(text) is not None


def has_decimal_commas(text: str, *, otherwise: bool = False) -> bool:
    """Whether more of the numbers that a text compares have a decimal comma than a point.

    `otherwise` is the answer where there are as many.

    >>> has_decimal_commas("t(34) = 2,35; p = ,024"), has_decimal_commas("F(2,35) = 4.1")
    (True, False)
    >>> has_decimal_commas("N = 1,024")
    False
    """
    commas = sum(1 for _ in _COMMA.finditer(text))
    points = sum(1 for _ in _POINT.finditer(text))
    return commas > points if commas != points else otherwise


def with_points(text: str) -> str:
    """A text written with decimal commas, with points in their place; each sign stays where it is.

    A comma before a blank or a letter parts two numbers, and so does the first one of two degrees
    of freedom.

    >>> with_points("F(2,35) = 4,10; p = ,025; 95 %-KI [0,12, 0,45]; N = 1.024")
    'F(2,35) = 4.10; p = .025; 95 %-KI [0.12, 0.45]; N = 1,024'
    """
    return _FORM.sub(_pointed, text) if "," in text else text


def _pointed(found: re.Match[str]) -> str:
    """One of `_FORM` with points."""
    whole, large, degrees = found.group(), found.group("large"), found.group("degrees")
    if found.group("count"):
        return _THOUSANDS.sub(",", whole)
    if large:
        return large.replace(".", ",") + "."
    if degrees is None:
        return whole[:-1] + "."
    return whole.replace(degrees, _degrees(degrees))


def _degrees(inside: str) -> str:
    """Two degrees of freedom, as of ``2,35``, ``1,5; 45,3`` and ``1,5, 45,3``."""
    if ";" in inside or ", " in inside:
        return re.sub(r",(?=[0-9])", ".", inside)
    first, comma, rest = inside.partition(",")
    return first + comma + rest.replace(",", ".")
