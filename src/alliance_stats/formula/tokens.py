"""Tokens of a formula: a whitelist; any other character is refused with its position."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula.names import (
    DIGITS,
    RESERVED,
    continues_name,
    is_visible,
    quote_name,
    starts_name,
)

MAX_CHARACTERS = 2_000
MAX_DEPTH = 20

OPERATORS = ("||", "**", *"~+-*:/^()|,=")
EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind (``name``, ``quoted``, ``number``, ``string``, ``operator``, ``end``).

    `text` is the meaning (a quoted name without its backticks), `start` the position in the
    formula counted from 0.
    """

    kind: str
    text: str
    start: int

    def is_operator(self, *texts: str) -> bool:
        """Whether this is one of these operators."""
        return self.kind == "operator" and self.text in texts

    def shown(self) -> str:
        """The token in a message."""
        return "the end of the formula" if self.kind == "end" else f"'{self.text}'"


def formula_error(text: str, start: int, wrong: str, to_do: str) -> FormulaError:
    """Make the error: what is wrong at which position of which formula, and what to do."""
    low, high = max(0, start - EXCERPT), start + EXCERPT
    excerpt = ("…" if low else "") + text[low:high] + ("…" if high < len(text) else "")
    excerpt = "".join(c if c.isprintable() else " " for c in excerpt)
    return FormulaError(
        f"{wrong}: at position {start + 1} (counted from 1) of the formula ⟨{excerpt}⟩. {to_do}"
    )


def tokenize(text: str) -> tuple[Token, ...]:
    """Cut a formula into tokens; the last one has kind ``end``.

    Parameters
    ----------
    text : str
        The formula.

    Returns
    -------
    tuple of Token

    Raises
    ------
    FormulaError
        For a character that formulas may not hold, unbalanced parentheses, or more than
        2,000 characters or 20 levels of parentheses.

    Examples
    --------
    >>> [token.text for token in tokenize("y ~ `WAI total`")]
    ['y', '~', 'WAI total', '']
    """
    if not isinstance(text, str):
        raise FormulaError(
            f"a formula must be text: got a {type(text).__name__}. "
            "Write it as in R, such as 'outcome ~ alliance + (1 | patient)'."
        )
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(
            f"formula too long: {len(text):,} characters, at most {MAX_CHARACTERS:,} are read. "
            "Use shorter column names or fewer terms."
        )
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position] in " \t\r\n":
            position += 1
            continue
        token, position = _next_token(text, position)
        tokens.append(token)
    tokens.append(Token("end", "", len(text)))
    _check_parentheses(text, tokens)
    return tuple(tokens)


def _next_token(text: str, start: int) -> tuple[Token, int]:
    """The token that begins at `start`, and the position after it."""
    first = text[start]
    if first == "`":
        return _read_quoted(text, start, "quoted")
    if first in "'\"":
        return _read_quoted(text, start, "string")
    if first in DIGITS or (first == "." and text[start + 1 : start + 2] in DIGITS):
        return _read_number(text, start)
    if starts_name(first):
        return _read_name(text, start)
    for operator in OPERATORS:
        if text.startswith(operator, start):
            meaning = "^" if operator == "**" else operator
            return Token("operator", meaning, start), start + len(operator)
    raise _unknown_character(text, start)


def _unknown_character(text: str, start: int) -> FormulaError:
    character = text[start]
    name = unicodedata.name(character, "unnamed").lower()
    shown = f"'{character}'" if character.isprintable() else "unprintable"
    return formula_error(
        text,
        start,
        f"character {shown} (U+{ord(character):04X}, {name}) may not stand in a formula",
        "Formulas hold column names, numbers and ~ + - * : / ^ ( ) |; "
        "put a column name with other characters in backticks.",
    )


def _read_quoted(text: str, start: int, kind: str) -> tuple[Token, int]:
    """A name in backticks or a string; as in R a backslash stands for the character after it."""
    mark, position, characters = text[start], start + 1, []
    while position < len(text) and text[position] != mark:
        if text[position] == "\\":
            position += 1
            if text[position : position + 1] not in {"\\", "'", '"'}:
                raise formula_error(
                    text,
                    position - 1,
                    "a single backslash inside quotes",
                    "Double it to mean a backslash.",
                )
        if not is_visible(text[position]):
            raise _unknown_character(text, position)
        characters.append(text[position])
        position += 1
    if position >= len(text):
        raise formula_error(text, start, f"a quote {mark} is opened but not closed", "Close it.")
    meaning = "".join(characters)
    if kind == "quoted":
        quote_name(meaning)
    return Token(kind, meaning, start), position + 1


def _read_number(text: str, start: int) -> tuple[Token, int]:
    position = start
    while position < len(text) and (text[position] in DIGITS or text[position] == "."):
        position += 1
    if position < len(text) and starts_name(text[position]):
        raise formula_error(
            text,
            start,
            "a name may not begin with a digit",
            "Put a column name that begins with a digit in backticks.",
        )
    return Token("number", text[start:position], start), position


def _read_name(text: str, start: int) -> tuple[Token, int]:
    position = start
    while position < len(text) and continues_name(text[position]):
        position += 1
    name = text[start:position]
    if name in RESERVED or not name.strip("."):
        meaning = "all columns in R" if name == "." else "no column name in R"
        raise formula_error(
            text,
            start,
            f"'{name}' means {meaning} and is not read here",
            "Write out the columns; put a column of that very name in backticks.",
        )
    return Token("name", name, start), position


def _check_parentheses(text: str, tokens: list[Token]) -> None:
    """Raise unless every parenthesis has its partner and none lies deeper than the limit."""
    opened: list[int] = []
    for token in tokens:
        if token.is_operator("("):
            opened.append(token.start)
        elif token.is_operator(")"):
            if not opened:
                raise formula_error(
                    text, token.start, "')' closes a parenthesis never opened", "Remove it."
                )
            opened.pop()
        if len(opened) > MAX_DEPTH:
            raise formula_error(
                text,
                token.start,
                f"parentheses too deep: {len(opened)} levels, at most {MAX_DEPTH} are read",
                "Write the formula with fewer parentheses.",
            )
    if opened:
        raise formula_error(text, opened[-1], "'(' is never closed", "Close it.")
