"""What bindings print: the numbers of results.json as the tables round them."""

from __future__ import annotations

from dataclasses import replace

import pytest

import alliance_stats as al
from alliance_stats._base.errors import DataError
from alliance_stats.paper.bindings import find_bindings, malformed, masked
from alliance_stats.paper.pieces import Paragraphs, Picture, resolve
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.values import printed_value
from alliance_stats.paper.verbatim import Syntax
from alliance_stats.report.tables.table import Table

APA = "b = −0.116, SE = 0.017, t(122.1) = −6.66, p < .001, 95% CI [−0.150, −0.081]"


@pytest.mark.parametrize(
    ("binding", "wanted"),
    [
        ("{{alliance.within | apa}}", APA),
        ("{{alliance.within|b}}", "b = −0.116"),
        ("{{ alliance.within | ci }}", "95% CI [−0.150, −0.081]"),
        ("{{alliance.within | t}}", "t(122.1) = −6.66"),
        ("{{alliance.within | p}}", "p < .001"),
        ("{{alliance.within.p_value | p}}", "p < .001"),
        ("{{alliance.within.p_value}}", "< .001"),
        ("{{alliance.therapist_between.p_value | p}}", "p = .843"),
        ("{{alliance.within.estimate}}", "−0.116"),
        ("{{alliance.within.estimate | .2f}}", "−0.12"),
        ("{{alliance.within.estimate | b}}", "b = −0.116"),
        ("{{alliance.within.df}}", "122.1"),
        ("{{alliance.n.session}}", "2,075"),
        ("{{alliance.n.session | n}}", "2,075"),
        ("{{alliance.fit.method}}", "REML"),
        ("{{alliance.fit.converged}}", "yes"),
        ("{{sample.alliance_with_outcome.between.correlation | r}}", "r = −.42"),
        ("{{sample.variance_by_unit.wai_total.patient.icc | percent}}", "61.1%"),
        ("{{sample.variance_by_unit.wai_total.patient.icc | .0%}}", "61%"),
        ("{{sample.ratings.phq9.mean | M}}", "M = 11.42"),
        ("{{alliance.standardised_effects.within.estimate | .2f}}", "−0.13"),
    ],
)
def test_formats(stored: Stored, binding: str, wanted: str) -> None:
    (found,) = find_bindings(binding)
    assert printed_value(stored, found.key, found.format) == wanted


def test_a_statement_is_that_of_the_sentences(stored: Stored) -> None:
    text = al.report_text(al.fit_within_between(al.load_example("sessions")))
    for row in ("within", "patient_between", "therapist_between", "contextual_patient"):
        assert f"({printed_value(stored, f'alliance.{row}', 'apa')})" in text.replace(
            "contextual difference: ", ""
        )


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        ("{{alliance.witin.estimate}}", "Did you mean 'alliance.within.estimate'?"),
        ("{{aliance.within.estimate}}", "Did you mean 'alliance.within.estimate'?"),
        ("{{alliance.within}}", "names a row of results"),
        ("{{alliance.within | perc}}", "format 'perc' is not known"),
        ("{{alliance.within.se | percnt}}", "Did you mean 'percent'?"),
        ("{{alliance.fit.method | .2f}}", "is no number"),
        ("{{alliance.random_effects.residual.correlation}}", "is null (undefined)"),
        ("{{table: alliannce}}", "Did you mean 'alliance'?"),
        ("{{table: alliance.sensitivty}}", "Did you mean 'sensitivity'?"),
        ("{{figure: early}}", "Set figure = true in [questions.early]"),
        ("{{text: alliance.9}}", "has no paragraph '9'"),
        ("{{tabel: alliance}}", "Did you mean 'table'?"),
        ("{{table: alliance | apa}}", "has no format"),
    ],
)
def test_what_does_not_resolve(stored: Stored, binding: str, words: str) -> None:
    (found,) = find_bindings(binding)
    with pytest.raises(DataError) as refused:
        resolve(found, stored)
    assert words in str(refused.value)


def test_suppressed_values_cannot_be_bound(stored: Stored) -> None:
    key = "sample.ratings_within_and_between_patients.phq9.flat"
    (found,) = find_bindings(f"{{{{{key}}}}}")
    with pytest.raises(DataError, match="suppressed: fewer than 5 patients"):
        resolve(found, stored)


def test_blocks(stored: Stored) -> None:
    kinds = {
        "table: alliance": Table,
        "table: alliance.sensitivity": Table,
        "figure: alliance": Picture,
        "text: alliance": Paragraphs,
        "text: alliance.1": Paragraphs,
        "methods: alliance": Paragraphs,
    }
    for words, kind in kinds.items():
        (found,) = find_bindings(f"{{{{{words}}}}}")
        assert isinstance(resolve(found, stored), kind)


def test_the_table_is_that_of_the_library(stored: Stored) -> None:
    (found,) = find_bindings("{{table: alliance}}")
    table = al.coef_table(al.fit_within_between(al.load_example("sessions")))
    made = resolve(found, stored)
    assert isinstance(made, Table)
    assert made.to_markdown() == replace(table, messages=()).to_markdown()


def test_groups_of_latex_are_no_bindings() -> None:
    source = r"\title{{PHQ}} {{\bf x}} {{alliance.within}} $x^{{2}}$"
    assert [b.key for b in find_bindings(source, "tex")] == ["alliance.within"]
    assert list(malformed(source, "tex")) == []


def test_braces_that_are_no_binding_are_named() -> None:
    assert [text for text, _ in malformed("{{alliance within}} {{}} {{a.b}}")] == [
        "{{alliance within}}",
        "{{}}",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a {{alliance.within | b} and {{a.b}}", ["{{alliance.within | b}"]),
        ("a {alliance.within}} and {{a.b}}", ["alliance.within}}"]),
        ("a {{alliance.within", ["{{alliance.within"]),
        ("a } and { and {x}", []),
    ],
)
def test_half_of_a_binding_is_named(text: str, wanted: list[str]) -> None:
    assert [braces for braces, _ in malformed(text)] == wanted


def test_what_latex_would_print_though_it_is_meant_as_a_binding() -> None:
    source = (
        r"{{table: alli ance}} {{alliance.within | two words}} {{alliance.within} {{\bf x}} {{PHQ}}"
    )
    assert [braces for braces, _ in malformed(source, "tex")] == [
        "{{table: alli ance}}", "{{alliance.within | two words}}", "{{alliance.within}",
    ]  # fmt: skip


CODE = {
    "md": (
        "```\n{{a.b}} {{a b}}\n```\n\n`{{a.b}}` and ``{{a.c}}``\n<!-- {{a.d}}\n{{ -->\n{{x.y}}\n"
        "~~~\n{{a.e}}\n"
    ),
    "tex": (
        "% {{a.b}}\n\\verb|{{a.c}}| 50\\% {{x.y}}\n\\begin{verbatim}\n% {{a.d}}\n\\end{verbatim}\n"
    ),
}


@pytest.mark.parametrize("syntax", ["md", "tex"])
def test_code_and_comments_hold_no_bindings(syntax: Syntax) -> None:
    assert [b.key for b in find_bindings(CODE[syntax], syntax)] == ["x.y"]
    assert list(malformed(CODE[syntax], syntax)) == []
    assert len(list(find_bindings(CODE[syntax]))) == (6 if syntax == "md" else 4)


def test_masked_keeps_lines() -> None:
    assert masked("a {{a.b}}\n{{ c.d | apa }} e") == "a ■\n■ e"


def test_long_braces_take_no_time() -> None:
    text = "{{" * 50_000 + "a" * 100_000
    assert list(find_bindings(text)) == []
    assert len(list(malformed(text))) == 50_000
    assert list(find_bindings("`" * 100_000 + "<!--" * 20_000, "md")) == []
