"""The notation of designs, ``patient x (rater:task)``: x is *crossed with*, a colon *within*."""

from __future__ import annotations

import re

from alliance_stats._base.errors import ArgumentError

_TOKEN = re.compile(r"\s*(×|[():*]|[^\W\d]\w*)")
_CROSSED = ("x", "X", "×", "*")
_HELP = "Write it as in 'patient x (rater:task)': x for crossed, a colon for within."


def parse_design(text: str) -> tuple[list[str], dict[str, frozenset[str]]]:
    """Factors in their order, and what each is directly nested in.

    Raises
    ------
    ArgumentError
        If the text is no design.

    Examples
    --------
    >>> parse_design("patient x (rater:task)")
    (['patient', 'rater', 'task'], {'rater': frozenset({'task'})})
    """
    tokens = _tokens(text)
    nested: dict[str, frozenset[str]] = {}
    factors, rest = _crossed(tokens, nested, text)
    if rest:
        raise ArgumentError(f"the design {text!r} cannot be read at {rest[0]!r}. {_HELP}")
    if len(factors) < 2:
        raise ArgumentError(f"the design {text!r} names no facet. {_HELP}")
    return list(dict.fromkeys(factors)), nested


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ArgumentError(
                f"the design {text!r} cannot be read at {text[place:].strip()[:10]!r}. {_HELP} "
                "Columns with other names go into facets= and nested=."
            )
        found.append("×" if match[1] in _CROSSED else match[1])
        place = match.end()
    return found


def _crossed(
    tokens: list[str], nested: dict[str, frozenset[str]], text: str
) -> tuple[list[str], list[str]]:
    """Read ``a x b:c``; return the factors and what is left."""
    factors, rest = _within(tokens, nested, text)
    while rest and rest[0] == "×":
        more, rest = _within(rest[1:], nested, text)
        factors = [*factors, *more]
    return factors, rest


def _within(
    tokens: list[str], nested: dict[str, frozenset[str]], text: str
) -> tuple[list[str], list[str]]:
    """Read ``a:b:c`` or ``a:(b x c)``: all before a colon is nested in all after it."""
    inner, rest = _one(tokens, nested, text)
    if not rest or rest[0] != ":":
        return inner, rest
    outer, rest = _within(rest[1:], nested, text)
    for factor in inner:
        nested[factor] = nested.get(factor, frozenset()) | frozenset(outer)
    return [*inner, *outer], rest


def _one(
    tokens: list[str], nested: dict[str, frozenset[str]], text: str
) -> tuple[list[str], list[str]]:
    """Read a factor or a parenthesis."""
    if tokens and tokens[0] == "(":
        factors, rest = _crossed(tokens[1:], nested, text)
        if not rest or rest[0] != ")":
            raise ArgumentError(f"the design {text!r} lacks a closing parenthesis. {_HELP}")
        return factors, rest[1:]
    if not tokens or not tokens[0].isidentifier():
        seen = repr(tokens[0]) if tokens else "its end"
        raise ArgumentError(f"the design {text!r} cannot be read at {seen}. {_HELP}")
    return [tokens[0]], tokens[1:]
