"""Formulas mean what they mean in R and lme4, run nothing, and end quickly."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula import (
    Factor,
    FixedPart,
    MixedFormula,
    RandomTerm,
    Term,
    parse_formula,
    quote_name,
)
from alliance_stats.formula.tokens import MAX_CHARACTERS


def term(*columns: str) -> Term:
    return Term(tuple(Factor(column) for column in columns))


def labels(text: str) -> list[str]:
    fixed = parse_formula(text).fixed
    return [str(int(fixed.intercept)), *map(str, fixed.terms)]


# R 4.2: t <- terms(f); c(attr(t, "intercept"), attr(t, "term.labels"))
@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("b:a+a", "1 a b:a"),
        ("a*b*c-a:b", "1 a b c a:c b:c a:b:c"),
        ("(a+b+c)^2", "1 a b c a:b a:c b:c"),
        ("(a+b+c)**2", "1 a b c a:b a:c b:c"),
        ("(a+b)/c", "1 a b a:b:c"),
        ("a/b/c", "1 a a:b a:b:c"),
        ("c+a*b", "1 c a b a:b"),
        ("a+b:c+d", "1 a d b:c"),
        ("-1+a", "0 a"),
        ("a-1", "0 a"),
        ("a+-1", "0 a"),
        ("a-(1+a)", "0"),
        ("(a+b+c)^3-a:b:c", "1 a b c a:b a:c b:c"),
        ("a^2:b", "1 a:b"),
        ("a:b^2*c", "1 c a:b a:b:c"),
        ("a+b*c/d", "1 a b c b:c b:c:d"),
        ("0+1+a", "1 a"),
        ("1+0+a", "0 a"),
        ("(0+a)*b", "0 a b a:b"),
        ("a-0", "1 a"),
        ("a+a+a:a", "1 a"),
        ("a:b+b:a", "1 a:b"),
        ("1", "1"),
        ("0", "0"),
        ("((a))", "1 a"),
    ],
)
def test_fixed_part_as_in_r(right: str, expected: str) -> None:
    assert labels(f"y ~ {right}") == expected.split()


def test_power_stops_where_it_adds_nothing() -> None:
    assert labels("y ~ (a+b)^999") == ["1", "a", "b", "a:b"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("(1 | g)", [RandomTerm(True, (), ("g",))]),
        ("(x | g)", [RandomTerm(True, (term("x"),), ("g",))]),
        ("(1 + x | g)", [RandomTerm(True, (term("x"),), ("g",))]),
        ("(0 + x | g)", [RandomTerm(False, (term("x"),), ("g",))]),
        ("(x - 1 | g)", [RandomTerm(False, (term("x"),), ("g",))]),
        ("(x || g)", [RandomTerm(True, (term("x"),), ("g",), correlated=False)]),
        ("(x*z | g)", [RandomTerm(True, (term("x"), term("z"), term("x", "z")), ("g",))]),
        ("(1 | a:b)", [RandomTerm(True, (), ("a", "b"))]),
        ("(1 | a/b)", [RandomTerm(True, (), ("a",)), RandomTerm(True, (), ("a", "b"))]),
        (
            "(0 + x || a/b/c)",
            [
                RandomTerm(False, (term("x"),), ("a",), False),
                RandomTerm(False, (term("x"),), ("a", "b"), False),
                RandomTerm(False, (term("x"),), ("a", "b", "c"), False),
            ],
        ),
        ("(1 | a:b/c)", [RandomTerm(True, (), ("a", "b")), RandomTerm(True, (), ("a", "b", "c"))]),
        (
            "(1|g) + (0+x|g)",
            [RandomTerm(True, (), ("g",)), RandomTerm(False, (term("x"),), ("g",))],
        ),
        ("((x) | `my clinic`)", [RandomTerm(True, (term("x"),), ("my clinic",))]),
    ],
)
def test_random_terms_as_in_lme4(written: str, expected: list[RandomTerm]) -> None:
    formula = parse_formula(f"y ~ {written}")
    assert formula.random == tuple(expected)
    assert formula.fixed == FixedPart(True, ())


def test_intercept_of_a_random_term_is_its_own() -> None:
    formula = parse_formula("y ~ 0 + x + (x | g)")
    assert not formula.fixed.intercept
    assert formula.random[0].intercept
    assert parse_formula("y ~ x + (0 + x | g)").fixed.intercept


@pytest.mark.parametrize(
    ("written", "factor"),
    [
        ("log(x)", Factor("x", "log")),
        ("exp( x )", Factor("x", "exp")),
        ("sqrt(`a b`)", Factor("a b", "sqrt")),
        ("scale(x)", Factor("x", "scale")),
        ("poly(x, 2)", Factor("x", "poly", 2)),
        ("poly(x, degree = 3)", Factor("x", "poly", 3)),
        ("bs(x, df=4)", Factor("x", "bs", 4)),
        ("bs(x, 4)", Factor("x", "bs", 4)),
        ("C(g)", Factor("g", "C")),
        ("C(g, 'wait list')", Factor("g", "C", "wait list")),
        ('C(g, "it\'s")', Factor("g", "C", "it's")),
        ("I(x^2)", Factor("x", "I", 2)),
        ("I(x**3)", Factor("x", "I", 3)),
        ("log", Factor("log")),
    ],
)
def test_allowed_functions(written: str, factor: Factor) -> None:
    assert parse_formula(f"y ~ {written}").fixed.terms == (Term((factor,)),)


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ("lag(x)", r"would read across patients.*alliance_stats\.lag_within"),
        ("within(x)", "alliance_stats.center"),
        ("between(x)", "alliance_stats.center"),
        ("offset(x)", "Subtract the offset"),
        ("factor(g)", r"Write C\(g\)"),
        ("open('x')", r"'open\(\)' is no function.*Allowed: log\(x\), exp"),
        ("__import__('os').system('echo hi')", r"'__import__\(\)' is no function"),
        ("a.__class__('x')", r"'a.__class__\(\)' is no function"),
        ("Q('x')", "is no function"),
        ("log(x + 1)", r"'\+' is not expected in log\(\)"),
        ("log(x, 2)", r"',' is not expected in log\(\)"),
        ("log()", r"column name is needed in log\(\)"),
        ("log(log(x))", "may not stand in log"),
        ("log('x')", "column name is needed"),
        ("poly(x)", "whole number from 1 to 20: None given"),
        ("poly(x, 0)", "whole number from 1 to 20: 0 given"),
        ("poly(x, 21)", "21 given"),
        ("poly(x, 2, 3)", r"Write poly\(x, 2\)"),
        ("poly(x, z)", "whole number is needed"),
        ("poly(x, df = 2)", "whole number is needed"),
        ("bs(x, df = 2)", "whole number from 3 to 50"),
        ("bs(x, df = 2.5)", "whole number is needed"),
        ("C(g, h)", "'h' is not expected in C"),
        ("C(g, 'a', 'b')", r"Write C\(g\) or C\(g, 'reference level'\)"),
        ("I(x)", "whole number from 2 to 9"),
        ("I(2*x)", "column name is needed in I"),
        ("I(x^10)", "from 2 to 9"),
        ("I(x + z)", r"'\+' is not expected in I"),
        ("`log`(x)", "function may not stand"),
    ],
)
def test_other_calls_are_refused(right: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        parse_formula(f"y ~ {right}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one '~'.*0 found"),
        ("y + x", "one '~'.*0 found"),
        ("y ~ x ~ z", "one '~'.*2 found: at position 7"),
        ("~ x", "left of '~' is missing"),
        ("y ~", "nothing stands right of '~'"),
        ("y ~ ", "nothing stands right of '~'"),
        ("y + z ~ x", r"not one column: '\+' follows 'y'"),
        ("log(y) ~ x", "function may not stand as the outcome"),
        ("1 ~ x", "needed as the outcome"),
        ("y ~ x +", "ends too early"),
        ("y ~ + ", "ends too early"),
        ("y ~ x z", "'z' is not expected here: at position 7"),
        ("y ~ x * * z", r"'\*' is not expected here: at position 9"),
        ("y ~ ()", r"'\)' is not expected"),
        ("y ~ 2", "number 2 as a term"),
        ("y ~ 2*x", "number 2 as a term"),
        ("y ~ x:1", "needs columns on both sides"),
        ("y ~ 0*x", "needs columns on both sides"),
        ("y ~ (x - x)/z", "needs columns on both sides"),
        ("y ~ x^z", "whole number is needed after"),
        ("y ~ x^0", "from 1 to 999"),
        ("y ~ x^9999", "from 1 to 999"),
        ("y ~ 'x'", "'x' is not expected"),
        ("y ~ x = z", "'=' is not expected"),
        ("y ~ x, z", "',' is not expected"),
        ("y ~ x | g", "outside the parentheses of a random term: at position 7"),
        ("y ~ x || g", "outside the parentheses"),
        ("y ~ (x | )", "needed as the grouping column"),
        ("y ~ ( | g)", "outside the parentheses|not expected"),
        ("y ~ (1 | g | h)", "after a grouping column"),
        ("y ~ (1 | g + h)", "after a grouping column"),
        ("y ~ (1 | g*h)", "after a grouping column"),
        ("y ~ (1 | log(g))", "function may not stand as the grouping column"),
        ("y ~ (1 | (1 | g))", "needed as the grouping column"),
        ("y ~ ((1 | g) | h)", "inside other parentheses"),
        ("y ~ (x + (1 | g))", "inside other parentheses"),
        ("y ~ ((1 | g))", "inside other parentheses"),
        ("y ~ x - (1 | g)", "taken away"),
        ("y ~ (1 | g) * x", "after a random term"),
        ("y ~ x:(1 | g)", "outside the parentheses"),
        ("y ~ (0 | g)", "without intercept and slope"),
        ("y ~ (1 | g) + (1 | g)", r"\(1 \| g\) is given twice"),
        ("y ~ (1 | g) + (1 | a/g) + (1 | a)", r"\(1 \| a\) is given twice"),
        ("y ~ y", "outcome 'y' also stands right"),
        ("y ~ x + log(y)", "outcome 'y' also stands right"),
        ("y ~ (y | g)", "outcome 'y' also stands right"),
        ("y ~ (1 | y)", "outcome 'y' also stands right"),
        ("y ~ x + (1 | g", "never closed: at position 9"),
        ("y ~ lambda x: x", "'x' is not expected"),
        ("y ~ f'{x}'", "not expected|may not stand"),
        ("y ~ x if z else w", "'if' means no column name"),
    ],
)
def test_unreadable_formulas(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        parse_formula(text)


def test_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def trap(*_: object, **__: object) -> None:
        raise RuntimeError("code of a formula was run")

    for right in ["__import__('os').system('echo hi')", "open('x')", "os.system('x')", "`x`('y')"]:
        with monkeypatch.context() as patch:
            patch.setattr(os, "system", trap)
            patch.setattr(builtins, "open", trap)
            with pytest.raises(FormulaError, match="function"):
                parse_formula(f"y ~ {right}")


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ("a*b*c*d*e", "5 factors in one term, at most 4"),
        ("a:b:c:d:e", "5 factors in one term, at most 4"),
        ("+".join(f"x{i}" for i in range(201)), "201 or more after expansion, at most 200"),
        ("(" + "+".join("abcdefghijklmnop") + ")^8", "too many terms|too high an order"),
        ("(" + "+".join("abcdefghijklmnop") + ")**999", "too many terms|too high an order"),
        ("*".join("abcdefghijklmnopqrstuvwx"), "too high an order"),
        ("(" * 20 + "+".join("abcdefghijklm") + ")^9" * 20, "too many terms|too high an order"),
        ("/".join(f"({a}1+{a}2+{a}3)" for a in "abcdefgh"), "too high an order"),
    ],
)
def test_expansion_is_bounded_in_size_and_time(right: str, message: str) -> None:
    started = time.perf_counter()
    with pytest.raises(FormulaError, match=message):
        parse_formula(f"y ~ {right}")
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "right",
    [
        "+".join(["a"] * 990),
        "*".join(["(a+b+c+d)"] * 190),
        "(a+b+c+d)" + "^9" * 900,
        "(" + "+".join(f"x{i}" for i in range(19)) + ")^2" + ":x0" * 2 + "".join([":x1"] * 300),
        "+".join(f"(1|g{i})" for i in range(195)),
        "-" * 1900 + "a",
    ],
)
def test_long_formulas_end_quickly(right: str) -> None:
    started = time.perf_counter()
    parse_formula(f"y ~ {right}")
    assert time.perf_counter() - started < 2


def test_order_and_number_limits_are_exact() -> None:
    assert len(parse_formula("y ~ a*b*c*d").fixed.terms) == 15
    assert len(parse_formula("y ~ " + "+".join(f"x{i}" for i in range(200))).fixed.terms) == 200


def test_columns_in_order_of_appearance() -> None:
    formula = parse_formula("y ~ log(b) + a:b + C(c, 'k') + (a + d | e/f) + (1 | b)")
    assert formula.columns == ("y", "b", "c", "a", "d", "e", "f")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("y~x", "y ~ x"),
        ("y~1", "y ~ 1"),
        ("y~0", "y ~ 0"),
        ("y~(1|g)", "y ~ 1 + (1 | g)"),
        ("y~x*z-1+(x||a/b)", "y ~ 0 + x + z + x:z + (1 + x || a) + (1 + x || a:b)"),
        ("`my y`~`a b`:c+(0+`a b`|`g 1`)", "`my y` ~ `a b`:c + (0 + `a b` | `g 1`)"),
        ("y~b+a:b", "y ~ b + b:a"),
        ("y~bs(x,4)+poly(x,degree=2)", "y ~ bs(x, df = 4) + poly(x, 2)"),
        (r"""y~C(g,'a"b\\')+I(x**2)""", r"""y ~ C(g, "a\"b\\") + I(x^2)"""),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse_formula(text)) == canonical


def test_terms_keep_the_order_they_were_written_in_but_compare_without_it() -> None:
    assert str(term("z", "x")) == "z:x"
    assert term("z", "x") == term("x", "z")
    assert hash(term("z", "x")) == hash(term("x", "z"))
    assert term("x") != term("z")
    assert term("x") != "x"
    assert term("x", "z").order == 2


def test_formulas_are_values() -> None:
    first, second = parse_formula("y ~ a*b + (a | g)"), parse_formula("y~a+b+b:a+(1+a|g)")
    assert first == second
    assert hash(first) == hash(second)
    assert str(first) == str(second)
    assert first != parse_formula("y ~ a*b + (a || g)")
    with pytest.raises(AttributeError):
        first.response = "z"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a`b",), "Rename"),
        (("x", "system"), "is no function of formulas"),
        (("x", "log", 2), "takes no argument"),
        (("x", None, 2), "takes no argument"),
        (("x", "poly", True), "True given"),
        (("x", "I", "2"), "'2' given"),
        (("x", "C", "a\nb"), "one line"),
        (("x", "C", 3), "one line"),
    ],
)
def test_factors_cannot_hold_what_a_formula_could_not_say(
    arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(FormulaError, match=message):
        Factor(*arguments)


def test_formula_made_by_hand_is_checked_too() -> None:
    with pytest.raises(FormulaError, match="also stands right"):
        MixedFormula("y", FixedPart(True, (term("y"),)))
    with pytest.raises(FormulaError, match="Rename"):
        MixedFormula("a\nb", FixedPart(True, ()))


def test_parsing_loads_neither_formulaic_nor_numpy() -> None:
    code = (
        "from alliance_stats.formula import parse_formula; parse_formula('y ~ poly(x, 2)');"
        "import sys; print([m for m in ('formulaic', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


NAMES = st.sampled_from(["a", "b", "x.1", "_u", "é", "a b", 'q"t', "it's", "c\\d", "1st", "TRUE"])
LEVELS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=8)
FACTORS = st.one_of(
    NAMES.map(quote_name),
    st.builds(
        "{}({})".format, st.sampled_from(["log", "exp", "scale", "C"]), NAMES.map(quote_name)
    ),
    st.builds(lambda n, k: f"poly({quote_name(n)}, {k})", NAMES, st.integers(1, 20)),
    st.builds(lambda n, k: f"I({quote_name(n)}^{k})", NAMES, st.integers(2, 9)),
    st.builds(lambda n, level: str(Factor(n, "C", level)), NAMES, LEVELS),
)
SUMS = st.recursive(
    st.one_of(FACTORS, st.sampled_from(["0", "1"])),
    lambda inner: st.one_of(
        st.builds("{} + {}".format, inner, inner),
        st.builds("{} - {}".format, inner, inner),
        st.builds("({})*({})".format, inner, inner),
        st.builds("({}):({})".format, inner, inner),
        st.builds("({})/({})".format, inner, inner),
        st.builds("({})^{}".format, inner, st.integers(1, 3)),
    ),
    max_leaves=8,
)
RANDOM = st.builds(
    "({} {} {})".format,
    SUMS,
    st.sampled_from(["|", "||"]),
    st.lists(NAMES.map(quote_name), min_size=1, max_size=3).map("/".join),
)


@settings(max_examples=300)
@given(SUMS, st.lists(RANDOM, max_size=2))
def test_text_of_a_formula_is_read_back_as_the_same_formula(right: str, random: list[str]) -> None:
    try:
        formula = parse_formula(" + ".join([f"y ~ {right}", *random]))
    except FormulaError:
        return
    assume(len(str(formula)) <= MAX_CHARACTERS)  # the text writes out a*b and may grow too long
    again = parse_formula(str(formula))
    assert again == formula
    assert hash(again) == hash(formula)
    assert str(again) == str(formula)


@given(st.text("ab01yg ~+-*:/^()|`'\",=.\\", max_size=40))
def test_any_text_is_a_formula_or_a_formula_error(text: str) -> None:
    try:
        formula = parse_formula(text)
    except FormulaError:
        return
    assert parse_formula(str(formula)) == formula
