"""Symbols of statistics, and what kind of quantity each stands for."""

from __future__ import annotations

import re
from functools import lru_cache

_SYMBOLS = {
    "t": "t",
    "F": "F",
    "z": "z Z",
    "χ²": "χ2 X2 chi2 Chi2 chi-square Chi-square chi-squared χ-squared Δχ2 χ2diff",
    "r": "r",
    "d": "d g",
    "ratio": "OR HR RR IRR aOR AOR",
    "b": "b B β γ beta Beta estimate Estimate",
    "se": "SE SEb s.e. S.E.",
    "p": "p P ps p's p’s p-value P-value pvalue",
    "n": "N n",
    "df": "df",
}
#: Kinds of what is printed before a comparison, by symbol.
KINDS = {symbol: kind for kind, symbols in _SYMBOLS.items() for symbol in symbols.split()}
#: Signs beside letters that a symbol can start with.
SYMBOL_SIGNS = "χητωΔ"
#: What may touch a symbol from the left.
OPENING = "([{;,:.\"'“‘/|\\$-"
#: A test whose degrees of freedom follow as subscripts: ``t34``, ``F2,45``.
TIGHT = re.compile(
    r"(?<![A-Za-z0-9χ])(?:(t)_?([0-9]{2,5}(?:\.[0-9]{1,3})?)"
    r"|(χ²)_?([0-9]{1,3})"
    r"|(F)_?([0-9]{1,3}(?:\.[0-9]{1,3})?)[,;] ?([0-9]{1,5}(?:\.[0-9]{1,3})?))$"
)
_Q = re.compile(r"Q(?:_?(?:[EMBWTebmwt]|between|within|model|total|resid))?")
_RATIOS = ("odds", "hazard", "risk", "rate")
#: Words before a symbol that make it another quantity, and their ends.
_OTHERS = {
    "z": ("fisher", "fisher's", "fisher’s"),
    "p": ("adjusted", "corrected", "adj.", "corr.", "bonferroni", "tukey", "fdr", "holm"),
    "r": ("partial", "semi-partial", "semipartial"),
}
_CORRECTED = ("adj", "corr", "bonf", "holm", "fdr", "tukey")


def kind_of(word: str, before: str, inside: str = "") -> str:
    """The kind of a symbol, given the word before it and what stands in brackets after it.

    >>> kind_of("χ²", ""), kind_of("z", "Fisher's"), kind_of("QM", ""), kind_of("SD", "")
    ('χ²', 'other', 'Q', 'other')
    """
    kind = KINDS.get(word) or _by_form(word)
    if kind == "other":
        last = before.lower().lstrip(OPENING) if word in ("ratio", "value") else ""
        return "ratio" if last in _RATIOS and word == "ratio" else "p" if last == "p" else kind
    if kind in _OTHERS and before.lower().lstrip(OPENING).endswith(_OTHERS[kind]):
        return "other"
    if inside:
        if kind == "p" and inside.lower().startswith(_CORRECTED):
            return "other"
        if kind == "t" and inside.strip() in ("∞", "inf"):
            return "z"
    return kind


@lru_cache(maxsize=4096)
def _by_form(word: str) -> str:
    """The kind of a symbol with a superscript, or of one of the Q statistics."""
    plain = word.replace("²", "2")
    return "Q" if _Q.fullmatch(plain) else KINDS.get(plain, "other")
