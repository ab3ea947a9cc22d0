"""Column names in formulas: which may stand bare, and how the others are quoted."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from alliance_stats._base.errors import FormulaError

#: Words that R reads as something else than a name.
RESERVED = frozenset(
    ["if", "else", "repeat", "while", "function", "for", "next", "break", "in"]
    + ["TRUE", "FALSE", "NULL", "Inf", "NaN"]
    + ["NA", "NA_integer_", "NA_real_", "NA_character_", "NA_complex_"]
)

DIGITS = frozenset("0123456789")


def starts_name(character: str) -> bool:
    """Whether a bare name may begin with this character (digits may not)."""
    return character.isalpha() or character in "._"


def continues_name(character: str) -> bool:
    """Whether this character may stand inside a bare name."""
    return starts_name(character) or character in DIGITS


def is_visible(character: str) -> bool:
    """Whether this character may stand in a quoted name: printable, or a space of any width."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


@lru_cache(maxsize=1024)
def is_syntactic(name: str) -> bool:
    """Whether R reads `name` as one name without backticks.

    >>> is_syntactic("wai_total"), is_syntactic("wai total"), is_syntactic("_x")
    (True, False, False)
    """
    if not name or name in RESERVED or name[0] == "_" or not starts_name(name[0]):
        return False
    if name[0] == "." and (not name.strip(".") or name.lstrip(".")[0] in DIGITS):
        return False
    return all(continues_name(character) for character in name)


def quote_name(name: str) -> str:
    """Write a column name as it must stand in a formula, in backticks where needed.

    Use it whenever a formula is put together from column names of a data file.

    Parameters
    ----------
    name : str
        The column name as it is in the data.

    Returns
    -------
    str
        The name itself, or the name in backticks (a backslash inside is doubled, as R does).

    Raises
    ------
    FormulaError
        If the name is not text, is empty, or holds a backtick or a control character such as a
        line break. Rename the column then.

    Examples
    --------
    >>> from alliance_stats.formula import quote_name
    >>> quote_name("wai_total"), quote_name("WAI total")
    ('wai_total', '`WAI total`')
    """
    if not isinstance(name, str):
        raise FormulaError(
            f"a column name in a formula must be text: {name!r} is a {type(name).__name__}. "
            "Rename the column."
        )
    if not name:
        raise FormulaError("a column name in a formula is empty: ''. Rename the column.")
    if "`" in name or not all(map(is_visible, name)):
        raise FormulaError(
            f"column name {name!r} cannot be used in a formula: it holds a backtick, a line break "
            "or another unprintable character. Rename the column."
        )
    if is_syntactic(name):
        return name
    return "`" + name.replace("\\", "\\\\") + "`"
