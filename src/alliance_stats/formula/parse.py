"""From the text of an R/lme4 formula to a MixedFormula, by recursive descent."""

from __future__ import annotations

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula.calls import read_call
from alliance_stats.formula.expand import (
    MAX_TERMS,
    Products,
    Variables,
    add,
    cross,
    delete,
    interact,
    nest,
    power,
)
from alliance_stats.formula.stream import Stream
from alliance_stats.formula.terms import Factor, FixedPart, MixedFormula, RandomTerm


def parse_formula(text: str) -> MixedFormula:
    """Read an R/lme4 formula.

    A formula names columns; it never runs code and never reads across rows. The operators
    ``+ - * : / ^``, ``0``, ``1``, ``(x | g)``, ``(x || g)`` and ``(x | a/b)`` mean what they mean
    in R and lme4. Allowed functions: ``log exp sqrt scale`` of one column, ``poly(x, 2)``,
    ``bs(x, df = 4)``, ``C(g)``, ``C(g, 'reference level')`` and ``I(x^2)``.

    Parameters
    ----------
    text : str
        Such as ``"phq9 ~ wai * time + (time | therapist/patient)"``. Column names with other
        characters than letters, digits, ``_`` and ``.`` stand in backticks (see `quote_name`).

    Returns
    -------
    MixedFormula

    Raises
    ------
    FormulaError
        If the formula cannot be read, asks for a function that is not allowed, or is too large:
        more than 2,000 characters, 20 levels of parentheses, 200 terms or interactions of more
        than 4 factors.

    Examples
    --------
    >>> from alliance_stats.formula import parse_formula
    >>> formula = parse_formula("phq9 ~ wai + (wai | patient)")
    >>> formula.response, str(formula.fixed), [str(term) for term in formula.random]
    ('phq9', 'wai', ['(1 + wai | patient)'])
    """
    stream = Stream(text)
    response = _read_response(stream)
    fixed = _Sum(stream, top_level=True)
    fixed.read()
    if stream.now.kind != "end":
        raise _unexpected(stream)
    _check_random_terms(stream, fixed.random)
    return MixedFormula(response, fixed.part(), tuple(fixed.random))


def _read_response(stream: Stream) -> str:
    """The outcome column and the ``~`` after it."""
    tildes = stream.positions_of("~")
    if len(tildes) != 1:
        raise stream.error(
            f"a formula needs one '~' between outcome and predictors: {len(tildes)} found",
            "Write it as in 'outcome ~ alliance + (1 | patient)'.",
            at=tildes[1] if tildes else 0,
        )
    if stream.now.is_operator("~"):
        raise stream.error("the outcome left of '~' is missing", "Name the outcome column.")
    name = stream.take_column("as the outcome")
    if not stream.now.is_operator("~"):
        raise stream.error(
            f"the outcome is not one column: {stream.now.shown()} follows '{name}'",
            "Compute the outcome as a column of the data first, then name that column.",
        )
    stream.advance()
    if stream.now.kind == "end":
        raise stream.error("nothing stands right of '~'", "Write '~ 1' for an intercept only.")
    return name


def _check_random_terms(stream: Stream, random: list[RandomTerm]) -> None:
    if len(random) > MAX_TERMS:
        raise stream.error(
            f"too many random terms: {len(random)}, at most {MAX_TERMS} are allowed",
            "Remove some.",
            at=0,
        )
    seen: set[RandomTerm] = set()
    for term in random:
        if term in seen:
            raise stream.error(f"random term {term} is given twice", "Remove one of them.", at=0)
        seen.add(term)


def _unexpected(stream: Stream) -> FormulaError:
    """The error for a token that cannot stand where it stands."""
    token = stream.now
    if token.is_operator("|", "||"):
        return stream.error(
            f"'{token.text}' outside the parentheses of a random term",
            "Write random terms as (1 | patient), added with '+'.",
        )
    if token.kind == "end":
        return stream.error("the formula ends too early", "Add the missing column, or remove '+'.")
    return stream.error(
        f"{token.shown()} is not expected here",
        "Join terms with + - * : / or ^.",
    )


class _Sum:
    """One sum of terms, read with R's rules: the fixed part, or the left of one bar.

    `intercept` is a flag of the whole sum, wherever ``0`` or ``1`` stands in it, as in R.
    """

    def __init__(self, stream: Stream, *, top_level: bool) -> None:
        self.stream = stream
        self.top_level = top_level
        self.intercept = True
        self.random: list[RandomTerm] = []
        self._variables = Variables()
        self._products: Products = []

    def read(self) -> None:
        """Read until a token that cannot continue the sum."""
        self._products = self._read_sum(adding=True, outermost=True)

    def part(self) -> FixedPart:
        """What was read."""
        return FixedPart(self.intercept, self._variables.terms(self._products))

    def _read_sum(self, *, adding: bool, outermost: bool = False) -> Products:
        products: Products = []
        sign = True
        while True:
            while self.stream.now.is_operator("+", "-"):
                sign ^= self.stream.take_operator() == "-"
            if self.stream.opens_random_term():
                self._read_random(allowed=outermost and self.top_level and sign)
            else:
                summand = self._read_product(adding=adding == sign)
                products = add(products, summand) if sign else delete(products, summand)
            sign = True
            if not self.stream.now.is_operator("+", "-"):
                return products

    def _read_product(self, *, adding: bool) -> Products:
        """Summand: interactions joined by ``*`` and ``/``, read from the left."""
        left = self._read_interaction(adding=adding)
        while self.stream.now.is_operator("*", "/"):
            at = self.stream.now.start
            join = cross if self.stream.take_operator() == "*" else nest
            right = self._read_interaction(adding=adding)
            left = join(self._filled(left, at), self._filled(right, at))
        return left

    def _read_interaction(self, *, adding: bool) -> Products:
        left = self._read_power(adding=adding)
        while self.stream.now.is_operator(":"):
            at = self.stream.now.start
            self.stream.advance()
            right = self._read_power(adding=adding)
            left = interact(self._filled(left, at), self._filled(right, at))
        return left

    def _read_power(self, *, adding: bool) -> Products:
        products = self._read_atom(adding=adding)
        while self.stream.now.is_operator("^"):
            at = self.stream.now.start
            self.stream.advance()
            exponent = self.stream.take_whole_number("after '^'", low=1)
            products = power(self._filled(products, at), exponent)
        return products

    def _filled(self, products: Products, at: int) -> Products:
        """The products, which may not be empty next to an operator other than + and -."""
        if not products:
            raise self.stream.error(
                "an interaction needs columns on both sides, not 0, 1 or nothing",
                "Write 0 and 1 only as summands.",
                at=at,
            )
        return products

    def _read_atom(self, *, adding: bool) -> Products:
        token = self.stream.now
        if token.kind == "number":
            return self._read_intercept(adding=adding)
        if token.is_operator("("):
            self.stream.advance()
            products = self._read_sum(adding=adding)
            if not self.stream.now.is_operator(")"):
                raise _unexpected(self.stream)
            self.stream.advance()
            return products
        if token.kind == "name" and self.stream.next.is_operator("("):
            return [self._variables.product(read_call(self.stream))]
        if token.kind in {"name", "quoted"}:
            return [self._variables.product(Factor(self.stream.take_column("as a term")))]
        raise _unexpected(self.stream)

    def _read_intercept(self, *, adding: bool) -> Products:
        token = self.stream.now
        if token.text not in {"0", "1"}:
            raise self.stream.error(
                f"number {token.text} as a term",
                "Only 0 (no intercept) and 1 (intercept) may be added to a formula.",
            )
        self.stream.advance()
        self.intercept = (token.text == "1") == adding
        return []

    def _read_random(self, *, allowed: bool) -> None:
        """``(terms | group)``, with ``a/b`` expanded to ``a`` and ``a:b``."""
        if not allowed:
            raise self.stream.error(
                "a random term inside other parentheses, or taken away with '-'",
                "Write random terms side by side: (1 | therapist) + (1 | patient).",
            )
        start = self.stream.now.start
        self.stream.advance()
        effects = _Sum(self.stream, top_level=False)
        effects.read()
        if not self.stream.now.is_operator("|", "||"):
            raise _unexpected(self.stream)
        correlated = self.stream.take_operator() == "|"
        part = effects.part()
        if not part.intercept and not part.terms:
            raise self.stream.error(
                "a random term without intercept and slope", "Write (1 | group).", at=start
            )
        for group in _read_groups(self.stream):
            self.random.append(RandomTerm(part.intercept, part.terms, group, correlated))


def _read_groups(stream: Stream) -> list[tuple[str, ...]]:
    """Grouping columns up to and with the closing parenthesis, outermost first."""
    groups = [_read_group(stream)]
    while stream.now.is_operator("/"):
        stream.advance()
        groups.append(tuple(dict.fromkeys([*groups[-1], *_read_group(stream)])))
    if not stream.now.is_operator(")"):
        raise stream.error(
            f"{stream.now.shown()} after a grouping column",
            "Group by one column, a combination (a:b) or nesting (a/b).",
        )
    stream.advance()
    if not (stream.now.kind == "end" or stream.now.is_operator("+", "-")):
        raise stream.error(
            f"{stream.now.shown()} after a random term", "Join random terms with '+'."
        )
    return groups


def _read_group(stream: Stream) -> tuple[str, ...]:
    names = [stream.take_column("as the grouping column")]
    while stream.now.is_operator(":"):
        stream.advance()
        names.append(stream.take_column("as the grouping column"))
    return tuple(dict.fromkeys(names))
