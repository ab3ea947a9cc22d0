"""Rows of tables are checked like sentences, whatever the file and the headings; others are not."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.report.statcheck.tables import rows_of_table

HEADINGS = ["Predictor", "b", "SE", "t", "df", "p", "95% CI"]
RIGHT = ["Alliance", "−0.12**", "0.04", "−3.00", "45", ".004", "[−0.20, −0.04]"]
WRONG = ["Symptoms", "−0.12", "0.04", "−3.00", "45", ".04", "[−0.20, −0.04]"]


def markdown(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def page(rows: list[list[str]]) -> str:
    cells = ["".join(f"<td><p>{cell}</p></td>" for cell in row) for row in rows]
    return "<table>\n" + "\n".join(f"<tr>{each}</tr>" for each in cells) + "\n</table>"


def latex(rows: list[list[str]]) -> str:
    lines = [" & ".join(row).replace("%", r"\%").replace("**", "$^{**}$") for row in rows]
    body = " \\\\\n".join(lines)
    opening = "\\begin{tabular}{l S[table-format=1.2] rrrrr}\n\\toprule"
    return f"{opening}\n{body} \\\\\n\\end{{tabular}}"


def word(path: Path, rows: list[list[str]]) -> None:
    document = docx.Document()
    table = document.add_table(len(rows), len(rows[0]))
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            run = table.cell(number, place).paragraphs[0].add_run(text)
            run.italic = number == 0
    document.save(str(path))


def checked(folder: Path, suffix: str, rows: list[list[str]]) -> pd.DataFrame:
    path = folder / f"paper{suffix}"
    if suffix == ".docx":
        word(path, rows)
    else:
        write = {".md": markdown, ".html": page, ".tex": latex}[suffix]
        path.write_text(f"Words.\n\n{write(rows)}\n\nWords.", encoding="utf-8")
    return al.check_statistics(path).frame


def table(*rows: str) -> pd.DataFrame:
    """The statistics of a table whose cells are parted by bars."""
    return al.check_statistics(markdown([row.split("|") for row in rows])).frame


@pytest.mark.parametrize("suffix", [".docx", ".md", ".html", ".tex"])
def test_tables_of_every_kind_of_file(tmp_path: Path, suffix: str) -> None:
    frame = checked(tmp_path, suffix, [HEADINGS, RIGHT, WRONG])
    assert frame["verdict"].tolist() == ["consistent", "inconsistent"]
    assert frame["text"][0] == (
        "b = −0.12, SE = 0.04, t(45) = −3.00, p = .004, 95% CI [−0.20, −0.04]"
    )
    assert frame[["kind", "value", "df"]].iloc[0].tolist() == ["t", -3.0, 45.0]
    place = {".docx": "table 1, row 3", ".md": "table 1, row 3, line 6",
             ".html": "table 1, row 3, line 6", ".tex": "table 1, row 3, line 7"}  # fmt: skip
    assert frame["place"][1] == place[suffix]


@pytest.mark.parametrize(
    ("heading", "role"),
    [("*b*", 1), ("B", 1), ("β", 1), ("Estimate", 1), ("Std. β", 1), ("bᵃ", 1), ("Coefficient", 1),
     ("*SE*", 2), ("Std. Error", 2), ("SE b", 2), ("t value", 3), ("*t*†", 3), ("d.f.", 4),
     ("Pr(>\\|t\\|)", 5), ("p-value", 5), ("*p*¹", 5), ("Sig.", 5), ("p (two-tailed)", 5),
     ("95 % CI", 6), ("CI", 6), ("95% confidence interval", 6), ("95% CI for b", 6),
     ("95 %-KI", 6)],
)  # fmt: skip
def test_headings_are_known_in_many_forms(heading: str, role: int) -> None:
    headings = [*HEADINGS[:role], heading, *HEADINGS[role + 1 :]]
    frame = al.check_statistics(markdown([headings, RIGHT, WRONG])).frame
    assert frame["verdict"].tolist() == ["consistent", "inconsistent"]
    uneven = [*RIGHT[:6], "[−0.20, −0.00]"]
    doubtful = al.check_statistics(markdown([headings, uneven])).frame
    assert doubtful["verdict"].tolist() == ["doubtful"]


@pytest.mark.parametrize(
    ("rows", "verdicts"),
    [
        (["|b (SE)|t(45)|p", "x|0.12 (0.04)|3.00|.004", "y|0.12 (0.04)|4.00|<.001"], "ci"),
        (["|b [95% CI]|p", "x|0.12 [0.04, 0.20]|.004", "y|0.12 [0.14, 0.20]|.004"], "ci"),
        (["|OR (95% CI)|p", "x|2.10 (1.20, 3.68)|.009", "y|2.10 (2.20–3.68)|.009"], "ci"),
        (["|b|SE|t|df|p|LL|UL", "x|.12|.04|3.00|45|.004|.04|.20",
          "y|.12|.04|3.00|45|.004|.14|.20"], "ci"),
        (["|b|SE|t|df|p|2.5%|97.5%", "x|.12|.04|3.00|45|.004|.04|.20",
          "y|.12|.04|3.00|45|.004|.04|.28"], "cq"),
        (["|F|df1|df2|p", "x|3.41|2|45|.042", "y|3.41|2|45|.42"], "cd"),
        (["|F|df|p", "x|3.41|2, 45|.042", "y|3.41|2, 45|.42"], "cd"),
        (["|F(2, 45)|p", "x|3.41|.042", "y|3.41|.42"], "cd"),
        (["Source|df|MS|F|p", "x|2|5.05|3.41|.042", "y|1|9.1|6.15|.17", "Error|45|1.48||"], "cd"),
        (["|χ²|df|p", "x|7.10|2|.029", "y|7.10|2|.29"], "cd"),
        (["|t|df|p", "x|2.35|34|.025", "y|2.35|34|.25"], "cd"),
        (["|t (df)|p", "x|2.35 (34)|.025", "y|2.35 (34)|.25"], "cd"),
        (["|t|df|p (one-tailed)", "x|2.35|34|.012", "y|2.35|34|.12"], "cd"),
        (["|z|p", "x|2.35|.019", "y|2.35|.19"], "cd"),
        (["|r|t|df|p", "x|.37|2.35|34|.025", "y|.47|2.35|34|.025"], "cq"),
        (["|d|95% CI|p", "x|0.45|0.10 to 0.80|.01", "y|0.45|0.50 to 0.80|.01"], "ci"),
        (["|M|SD|95% CI", "x|3.2|1.1|[3.0, 3.4]", "y|3.2|1.1|[3.4, 3.6]"], "ci"),
        (["|Estimate|SE|df|p", "x|0.50|0.10|20|< .001", "y|0.50|0.25|20|.001"], "cd"),
        (["|b|SE|Statistic|df|p", "x|.12|.04|3.00|∞|.003", "y|.12|.04|3.00|45|.04"], "ci"),
        (["|B|SE|β|t|df|p", "x|.12|.04|.31|3.00|45|.004", "y|.12|.04|.31|5.00|45|< .001"], "ci"),
        (["|b|SE|p|b|SE|df|p", "x|.12|.04|.004|.12|.04|45|.004", "y|.1|.04|.01|.12|.04|45|.04"],
         "ci"),
        (["|OR|SE|z|p", "x|2.10|0.60|2.60|.009", "y|2.10|0.60|3.60|< .001"], "cq"),
        (["|t|df|p", "x|2.35|34|ns", "y|1.35|34|ns"], "dc"),
        (["|t|df|p", "x|2.35*|34|.025*", "y|2.35***|34|< .001***"], "ci"),
        (["|t|df|p", "x|2.35|34|.025", "Wave 2||", "|b|SE|t|df|p", "y|.12|.04|5.00|45|< .001"],
         "ci"),
    ],
)  # fmt: skip
def test_forms_of_tables(rows: list[str], verdicts: str) -> None:
    names = {"c": "consistent", "i": "inconsistent", "q": "doubtful", "d": "decision error"}
    frame = table(*rows)
    assert frame["verdict"].tolist() == [names[v] for v in verdicts], frame["message"].tolist()


def test_headings_that_span_columns(tmp_path: Path) -> None:
    """Model 1 and Model 2 above; a confidence level above its two limits."""
    html = (
        "<table><tr><th rowspan='2'>x</th><th colspan=4>Model 1</th><th colspan='2'>95% CI</th>"
        "</tr><tr><th>b</th><th>SE</th><th>df</th><th>p</th><th>LL</th><th>UL</th></tr>"
        "<tr><td>a</td><td>.12</td><td>.04</td><td>45</td><td>.004</td><td>.04</td><td>.20</td>"
        "</tr><tr><td>b</td><td>.12</td><td>.04</td><td>45</td><td>.004</td><td>.10</td>"
        "<td>.14</td></tr></table>"
    )
    path = tmp_path / "a.html"
    path.write_text(html, encoding="utf-8")
    frame = al.check_statistics(path).frame
    assert frame["verdict"].tolist() == ["consistent", "doubtful"]
    assert "With SE = .04 the 95% interval is about [0.039, 0.201]" in frame["message"][1]
    path = tmp_path / "a.tex"
    path.write_text(
        r"\begin{tabular*}{\textwidth}{@{}lrrrrrr@{}}"
        r" & \multicolumn{4}{c}{Model 1} & \multicolumn{2}{c}{95\% CI} \\ \cmidrule(lr){2-5}"
        r" x & $b$ & \textit{SE} & df & $p$ & LL & UL \\ \midrule"
        r" a & $.12^{**}$ & .04 & 45 & .004 & .04 & .20 \\ b & .12 & .04 & 45 & .004 & .10 & .14 \\"
        r"\end{tabular*}",
        encoding="utf-8",
    )
    pd.testing.assert_series_equal(al.check_statistics(path).frame["message"], frame["message"])


@pytest.mark.parametrize(
    "rows",
    [
        ["|M|SD|1|2", "1. WAI|5.1|1.2|–|", "2. PHQ|11.3|4.5|-.28**|–"],
        ["Condition|n|T1|T2", "a|20|5.1|4.2", "b|21|5.0|4.9"],
        ["t|p", "1|12", "2|15"],
        ["Study|Year|N|k", "A|2001|120|3", "B|2005|80|2"],
        ["Item|b", "1|0.5", "2|0.7"],
        ["|b|R²|95% CI", "x|0.50|.12|[.05, .20]", "y|0.70|.12|[.05, .20]"],
        ["|b|95% CI", "sd|7.02|[5.93, 8.32]", "correlation|0.12|[−0.66, 0.77]"],
        ["|t|df|p (Holm)", "x|2.35|34|.05", "y|3.35|34|.05"],
        ["|SS|df|MS", "x|10.1|2|5.05", "Error|66.6|45|1.48"],
        ["|k|r|95% CI|p|Q|I²", "x|20|.28|[.20, .36]|< .001|34.5|44.9"],
    ],
)
def test_other_tables_are_left_alone(rows: list[str]) -> None:
    assert table(*rows).query("verdict in ('inconsistent', 'decision error', 'doubtful')").empty


def test_p_values_of_permutations_are_not_those_of_t() -> None:
    rows = markdown([HEADINGS, WRONG])
    assert not al.check_statistics(rows).ok
    assert al.check_statistics(f"{rows}\n\nNote. p by permutation of signs.").problems.empty
    assert al.check_statistics(f"Permutation tests\n\n{rows}").problems.empty


def test_cells_are_read_as_sentences_too() -> None:
    frame = table("Hypothesis|Test", "First|t(34) = 2.35, p = .25", "Second|t(34) = 2.35, p = .025")
    assert frame["verdict"].tolist() == ["decision error", "consistent"]
    assert frame["place"].tolist() == ["line 3", "line 4"]


def test_rows_do_not_hang_on_the_order_of_columns(rng: np.random.Generator) -> None:
    found = [row.text for row in rows_of_table([HEADINGS, RIGHT])]
    for _ in range(5):
        order = [0, *(1 + rng.permutation(2)), *(3 + rng.permutation(4))]
        turned = [[row[k] for k in order] for row in (HEADINGS, RIGHT)]
        assert turned[0].index("b") > turned[0].index("SE") or found == [
            row.text for row in rows_of_table(turned)
        ]


COEFFICIENTS = ["b", "SE", "t", "p", "95% CI"]


def test_one_digit_of_our_own_table_changed_is_found() -> None:
    """The first digit of every number but df, whose rounding explains more.

    Of intervals by five, since five percent of half their width are let pass.
    """
    fit = al.fit_within_between(al.load_example("sessions"))
    shown = al.coef_table(fit).frame.astype(str)
    rows = [list(map(str, shown.columns)), *shown.to_numpy().tolist()]
    assert al.check_statistics(markdown(rows)).problems.empty
    missed, tried = [], 0
    for number in range(1, len(rows)):
        for heading in COEFFICIENTS:
            place = rows[0].index(heading)
            by = 5 if heading == "95% CI" else 1
            for changed in with_other_digits(rows[number][place], by):
                wrong = [list(row) for row in rows]
                wrong[number][place] = changed
                tried += 1
                if al.check_statistics(markdown(wrong)).problems.empty:
                    missed.append((rows[number], heading, changed))
    assert tried > 15
    assert not missed


def with_other_digits(cell: str, by: int) -> list[str]:
    """A cell with the first digit above zero of each of its numbers another one."""
    found = []
    for match in re.finditer(r"[0-9]*\.[0-9]+", "" if cell.startswith("<") else cell):
        digit = re.search("[1-9]", match.group())
        if digit is not None:
            place = match.start() + digit.start()
            other = str((int(cell[place]) + by) % 10)
            found.append(cell[:place] + other + cell[place + 1 :])
    return found
