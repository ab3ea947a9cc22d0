"""What a formula says, as values: factors, terms, fixed part, random terms, mixed formula."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula.names import is_visible, quote_name

#: The only functions of a formula, as written. ``C`` and ``I`` are the field's notation from R.
ALLOWED_CALLS = (
    "log(x)",
    "exp(x)",
    "sqrt(x)",
    "scale(x)",
    "poly(x, 2)",
    "bs(x, df = 4)",
    "C(g)",
    "C(g, 'reference level')",
    "I(x^2)",
)

#: Transformations with a whole number, and the numbers that make sense.
WHOLE_NUMBERS = {"poly": (1, 20), "bs": (3, 50), "I": (2, 9)}


@dataclass(frozen=True, slots=True)
class Factor:
    """One column of the data, possibly with one transformation.

    Attributes
    ----------
    column : str
        Name of the data column.
    transform : str or None
        ``log exp sqrt scale poly bs C I``, or None for the column as it is.
    argument : int, str or None
        Degree of ``poly``, degrees of freedom of ``bs``, exponent of ``I``, or the reference
        level of ``C``.
    """

    column: str
    transform: str | None = None
    argument: int | str | None = None

    def __post_init__(self) -> None:
        quote_name(self.column)
        if self.transform in WHOLE_NUMBERS:
            self._check_whole_number()
        elif self.transform == "C":
            self._check_reference()
        elif self.transform not in {None, "log", "exp", "sqrt", "scale"}:
            raise FormulaError(
                f"'{self.transform}' is no function of formulas. "
                f"Allowed: {', '.join(ALLOWED_CALLS)}."
            )
        elif self.argument is not None:
            raise FormulaError(
                f"{self.transform or 'a plain column'} takes no argument: got {self.argument!r}. "
                "Remove it."
            )

    def _check_whole_number(self) -> None:
        low, high = WHOLE_NUMBERS[str(self.transform)]
        if type(self.argument) is not int or not low <= self.argument <= high:
            form = next(call for call in ALLOWED_CALLS if call.startswith(f"{self.transform}("))
            raise FormulaError(
                f"{self.transform}({quote_name(self.column)} …) needs a whole number from {low} to "
                f"{high}: {self.argument!r} given. Write it as in {form}."
            )

    def _check_reference(self) -> None:
        text = self.argument
        if text is not None and not (isinstance(text, str) and all(map(is_visible, text))):
            raise FormulaError(
                f"the reference level of C() is {text!r}. Give it as one line of quoted text."
            )

    def __str__(self) -> str:
        name = quote_name(self.column)
        if self.transform is None:
            return name
        if self.transform == "I":
            return f"I({name}^{self.argument})"
        if self.argument is None:
            return f"{self.transform}({name})"
        if self.transform == "bs":
            return f"bs({name}, df = {self.argument})"
        if self.transform == "poly":
            return f"poly({name}, {self.argument})"
        level = str(self.argument).replace("\\", "\\\\").replace('"', '\\"')
        return f'C({name}, "{level}")'


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A product of factors, such as ``x`` or ``x:z``.

    The factors keep the order in which the formula first names them, as in R, and columns are
    named in that order; ``x:z`` and ``z:x`` are nevertheless equal.
    """

    factors: tuple[Factor, ...]

    @property
    def order(self) -> int:
        """Number of factors: 1 for a main effect, 2 for a two-way interaction."""
        return len(self.factors)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Term):
            return NotImplemented
        return frozenset(self.factors) == frozenset(other.factors)

    def __hash__(self) -> int:
        return hash(frozenset(self.factors))

    def __str__(self) -> str:
        return ":".join(map(str, self.factors))


def _sum_text(terms: tuple[Term, ...]) -> list[str]:
    """Terms as canonical text: factors of an interaction in the order first printed."""
    ranks: dict[Factor, int] = {}
    for term in terms:
        for factor in sorted(term.factors, key=str):
            ranks.setdefault(factor, len(ranks))
    return [str(Term(tuple(sorted(term.factors, key=ranks.__getitem__)))) for term in terms]


def _term_columns(terms: Iterable[Term]) -> list[str]:
    return [factor.column for term in terms for factor in term.factors]


@dataclass(frozen=True, slots=True)
class FixedPart:
    """The fixed effects: an intercept or none, and terms by interaction order."""

    intercept: bool
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        summands = _sum_text(self.terms)
        if not self.intercept:
            summands.insert(0, "0")
        return " + ".join(summands or ["1"])


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """One random term, such as ``(1 + x | patient)``.

    Attributes
    ----------
    intercept : bool
        Whether the intercept varies.
    terms : tuple of Term
        The slopes that vary.
    group : tuple of str
        Grouping column; several mean their combination (``a:b``).
    correlated : bool
        False for ``||``. It is not expanded here.
    """

    intercept: bool
    terms: tuple[Term, ...]
    group: tuple[str, ...]
    correlated: bool = True

    def __str__(self) -> str:
        effects = " + ".join(["1" if self.intercept else "0", *_sum_text(self.terms)])
        bar = "|" if self.correlated else "||"
        return f"({effects} {bar} {':'.join(map(quote_name, self.group))})"


@dataclass(frozen=True, slots=True)
class MixedFormula:
    """A mixed-model formula as a value: hashable, comparable, printed in canonical R syntax.

    Attributes
    ----------
    response : str
        Name of the outcome column.
    fixed : FixedPart
    random : tuple of RandomTerm

    Examples
    --------
    >>> from alliance_stats.formula import parse_formula
    >>> formula = parse_formula("phq9 ~ wai * time + (time | therapist/patient)")
    >>> formula.columns
    ('phq9', 'wai', 'time', 'therapist', 'patient')
    >>> print(parse_formula("y ~ x*z + (x || g)"))
    y ~ x + z + x:z + (1 + x || g)
    """

    response: str
    fixed: FixedPart
    random: tuple[RandomTerm, ...] = ()

    def __post_init__(self) -> None:
        quote_name(self.response)
        if self.response in self._right_columns():
            raise FormulaError(
                f"outcome '{self.response}' also stands right of '~' in ⟨{self}⟩. Remove it there; "
                "for an earlier value of the outcome make a column of its own first."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """All data columns used, in order of appearance, each once."""
        return tuple(dict.fromkeys([self.response, *self._right_columns()]))

    def _right_columns(self) -> list[str]:
        names = _term_columns(self.fixed.terms)
        for term in self.random:
            names += [*_term_columns(term.terms), *term.group]
        return names

    def __str__(self) -> str:
        right = " + ".join([str(self.fixed), *map(str, self.random)])
        return f"{quote_name(self.response)} ~ {right}"
