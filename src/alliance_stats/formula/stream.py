"""The tokens of one formula, read one after the other."""

from __future__ import annotations

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula.tokens import Token, formula_error, tokenize


class Stream:
    """A position in the tokens of a formula, and errors that show where it is."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._text = text
        self._position = 0
        self._random_starts = _find_random_terms(self._tokens)

    @property
    def now(self) -> Token:
        """The token to be read."""
        return self._tokens[self._position]

    @property
    def next(self) -> Token:
        """The token after it (the end again at the end)."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Return the token to be read and move on."""
        token = self.now
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token

    def error(self, wrong: str, to_do: str, *, at: int | None = None) -> FormulaError:
        """An error at the token to be read, or at position `at` of the text."""
        return formula_error(self._text, self.now.start if at is None else at, wrong, to_do)

    def positions_of(self, operator: str) -> list[int]:
        """Where in the text this operator stands."""
        return [token.start for token in self._tokens if token.is_operator(operator)]

    def opens_random_term(self) -> bool:
        """Whether the parenthesis to be read holds a bar of its own."""
        return self.now.start in self._random_starts and self.now.is_operator("(")

    def take_operator(self) -> str:
        """Read one operator."""
        return self.advance().text

    def take_column(self, role: str) -> str:
        """Read one column name, bare or in backticks; functions are refused."""
        token = self.now
        if token.kind not in {"name", "quoted"}:
            raise self.error(
                f"a column name is needed {role}: {token.shown()} found", "Name a data column."
            )
        if self.next.is_operator("("):
            raise self.error(
                f"a function may not stand {role}: '{token.text}(…)' found",
                "Compute a column of the data first, then name that column.",
            )
        self.advance()
        return token.text

    def take_whole_number(self, role: str, *, low: int) -> int:
        """Read one whole number of at most three digits."""
        token = self.now
        whole = token.kind == "number" and token.text.isdecimal() and len(token.text) <= 3
        if not whole or int(token.text) < low:
            raise self.error(
                f"a whole number is needed {role}: {token.shown()} found",
                f"Give a whole number from {low} to 999.",
            )
        self.advance()
        return int(token.text)


def _find_random_terms(tokens: tuple[Token, ...]) -> frozenset[int]:
    """Where parentheses open that hold a bar directly, not only in deeper parentheses."""
    opened: list[int] = []
    found: set[int] = set()
    for token in tokens:
        if token.is_operator("("):
            opened.append(token.start)
        elif token.is_operator(")"):
            opened.pop()
        elif token.is_operator("|", "||") and opened:
            found.add(opened[-1])
    return frozenset(found)
