"""Only what is on the list gets through, and every refusal says what stood where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula import quote_name
from alliance_stats.formula.names import RESERVED, is_syntactic
from alliance_stats.formula.tokens import MAX_CHARACTERS, MAX_DEPTH, tokenize


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokenize(text)[:-1]]


def test_every_kind_of_token() -> None:
    assert kinds("y~ `a b`*2.5\n(C(g,'x')||d)") == [
        ("name", "y"),
        ("operator", "~"),
        ("quoted", "a b"),
        ("operator", "*"),
        ("number", "2.5"),
        ("operator", "("),
        ("name", "C"),
        ("operator", "("),
        ("name", "g"),
        ("operator", ","),
        ("string", "x"),
        ("operator", ")"),
        ("operator", "||"),
        ("name", "d"),
        ("operator", ")"),
    ]


def test_two_stars_mean_power() -> None:
    assert kinds("a**2") == kinds("a^2")


def test_positions_count_from_zero_and_the_end_is_last() -> None:
    tokens = tokenize(" ab + c")
    assert [token.start for token in tokens] == [1, 4, 6, 7]
    assert tokens[-1].kind == "end"


@pytest.mark.parametrize("name", ["a.b", "_x", ".x", "wai_total2", "Bündnis", "Ωμέγα", "同盟"])
def test_bare_names(name: str) -> None:
    assert kinds(name) == [("name", name)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("`WAI total`", "WAI total"),
        ('`it\'s "so"`', 'it\'s "so"'),
        ("`a~b|(c)`", "a~b|(c)"),
        (r"`a\\b`", r"a\b"),
        ("`a\u00a0b`", "a\u00a0b"),
        ("`2nd`", "2nd"),
        ("`TRUE`", "TRUE"),
    ],
)
def test_names_in_backticks(written: str, meant: str) -> None:
    assert kinds(written) == [("quoted", meant)]


def test_strings_with_either_quote_and_escapes() -> None:
    assert kinds(r""" 'a"b' "c'd" "e\"f" 'g\\' """) == [
        ("string", 'a"b'),
        ("string", "c'd"),
        ("string", 'e"f'),
        ("string", "g\\"),
    ]


@pytest.mark.parametrize(
    ("text", "position", "shown"),
    [
        ("y ~ a; b", 6, "';'"),
        ("y ~ a[0]", 6, "'['"),
        ("y ~ {a}", 5, "'{'"),
        ("y ~ a @ b", 7, "'@'"),
        ("y ~ a %in% b", 7, "'%'"),
        ("y ~ a & b", 7, "'&'"),
        ("y ~ a <- b", 7, "'<'"),
        ("y ~ a $ b", 7, "'$'"),
        ("y ~ a ! b", 7, "'!'"),
        ("y ~ \\a", 5, "'\\'"),
        ("y ~ a − b", 7, "minus sign"),
        ("y ~ a\u00a0+ b", 6, "no-break space"),
        ("y ~ a\x00", 6, "unprintable"),
        ("y ~ ‘a’", 5, "left single quotation mark"),
        ("y ~ 'a\x07b'", 7, "unprintable"),
    ],
)
def test_other_characters_are_refused_with_their_position(
    text: str, position: int, shown: str
) -> None:
    with pytest.raises(FormulaError) as caught:
        tokenize(text)
    assert shown in str(caught.value)
    assert f"position {position} (" in str(caught.value)
    assert "⟨y ~ " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ `a", "opened but not closed: at position 5"),
        ("y ~ 'a", "opened but not closed: at position 5"),
        ("y ~ `a\\", "single backslash"),
        (r"y ~ 'a\n'", "single backslash"),
        ("y ~ ``", "empty"),
        ("y ~ 2nd", "begin with a digit: at position 5"),
        ("y ~ .5x", "begin with a digit"),
        ("y ~ .", "'.' means all columns"),
        ("y ~ TRUE", "'TRUE' means no column name"),
        ("y ~ ...", "'...' means no column name"),
        ("y ~ x)", r"never opened: at position 6"),
        ("y ~ (x", r"never closed: at position 5"),
        ("y ~ ((x)", r"never closed: at position 5"),
    ],
)
def test_broken_tokens(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        tokenize(text)


@pytest.mark.parametrize("value", [None, 3, b"y ~ x", ["y ~ x"]])
def test_only_text_is_read(value: object) -> None:
    with pytest.raises(FormulaError, match=f"got a {type(value).__name__}"):
        tokenize(value)  # type: ignore[arg-type]


def test_length_limit_is_exact() -> None:
    assert len(tokenize("a" * MAX_CHARACTERS)) == 2
    with pytest.raises(FormulaError, match="2,001 characters, at most 2,000"):
        tokenize("a" * (MAX_CHARACTERS + 1))


def test_depth_limit_is_exact() -> None:
    assert tokenize("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)[MAX_DEPTH].text == "a"
    with pytest.raises(FormulaError, match="21 levels, at most 20"):
        tokenize("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))


def test_long_formulas_are_shown_in_part() -> None:
    text = "a" * 900 + ";" + "b" * 900
    with pytest.raises(FormulaError) as caught:
        tokenize(text)
    assert "position 901" in str(caught.value)
    assert len(str(caught.value)) < 500


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_as_a_formula(text: str) -> None:
    try:
        tokens = tokenize(text)
    except FormulaError:
        return
    assert tokens[-1].kind == "end"
    assert all(token.start < len(text) for token in tokens[:-1])


@given(st.text(min_size=1, max_size=20))
def test_a_quoted_name_is_read_as_that_name(name: str) -> None:
    try:
        written = quote_name(name)
    except FormulaError:
        assert "`" in name or any(not c.isprintable() for c in name)
        return
    assert [token.text for token in tokenize(written)] == [name, ""]


@pytest.mark.parametrize("name", sorted(RESERVED) + ["", "_x", "1x", ".1x", "...", "..1", "a b"])
def test_names_that_r_cannot_read_bare(name: str) -> None:
    assert not is_syntactic(name)


@pytest.mark.parametrize(
    ("name", "written"),
    [("x", "x"), (".x", ".x"), ("é_1", "é_1"), ("a:b", "`a:b`"), ("NA", "`NA`"), ("²", "`²`")],
)
def test_quote_name(name: str, written: str) -> None:
    assert quote_name(name) == written


@pytest.mark.parametrize("name", ["a`b", "a\nb", "a\rb", "a\x00b", "a\u2028b", "\ud800", "", 3])
def test_names_that_cannot_be_quoted(name: str) -> None:
    with pytest.raises(FormulaError, match="Rename the column"):
        quote_name(name)


def test_a_hostile_name_stays_inside_its_backticks() -> None:
    assert quote_name("x\\") == "`x\\\\`"
    assert quote_name('x"); system("id"); ("') == '`x"); system("id"); ("`'
