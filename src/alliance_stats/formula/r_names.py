"""Names and texts in R code: none of them can become code."""

from __future__ import annotations

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.names import is_syntactic, quote_name


def r_name(name: str) -> str:
    """A column's name in R code; in backticks unless it is a plain ASCII name.

    Raises FormulaError for a name with a backtick, a line break or the like.
    """
    quoted = quote_name(name)
    if is_syntactic(name) and name.isascii():
        return quoted
    return quoted if quoted.startswith("`") else f"`{quoted}`"


def r_text(text: str) -> str:
    """A text in R code, in double quotes; what is not printable is escaped.

    Raises UnsupportedError for a text that R cannot hold.
    """
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise UnsupportedError(
            "a text holds a character that R cannot hold (a null or half of a surrogate pair). "
            "Rename the level, column or file."
        )
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{{{ord(character):x}}}"
