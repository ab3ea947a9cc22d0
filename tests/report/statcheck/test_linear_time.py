"""Time grows with the length of a text, also of one made to be slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import alliance_stats as al
from alliance_stats.report.documents.reading import read_document

#: Pieces of which a text of one piece after the other could make patterns go back and forth.
PIECES = [
    " ", "\n", "=", "= ", "=1", ") = 1", "t(", "((", "1", "111,", "1.1.", "95% CI [", "CI 1,",
    "*", "_a", "$\\chi^{2", "^{", "{", "\\", "<", "<i ", "<!--", "[a](", "[", ". A", "&", "&#",
    "p = ", "𝑡", "-", "one-", "~", "%", "``` ", "> ", "'", '<"',
]  # fmt: skip
SLOWEST = 4.0  # times what growth in proportion allows; a square would be 8 and more

STATISTICS = [
    "t(40) = 1.80, p = .04 ",
    "r = .38, d = .80. ",
    "r = .3 and t d = .3 ",
    "b = 1, SE = 1, ",
    "ns ",
    "= 1,2 ",
    "t(34) = 2,35; p = ,024 ",
    "F1,34 = 5.1 ",
    "95% CI, ",
]
TABLE = "|b|SE|t|df|p|95% CI|\n|-|-|-|-|-|-|\n"
ROWS = ["|0.5|0.1|5.0|20|.001|[.3, .7]|\n", "|b|SE|\n", "|||||\n", "|Error|1|\n",
        "|x|\n"]  # fmt: skip


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def growth(run: Callable[[str], object], piece: str, size: int) -> float:
    """Time of a text eight times as long, over eight; beyond a floor that hides noise."""
    short, long = piece * (size // 8 // len(piece)), piece * (size // len(piece))

    def once() -> float:
        return seconds(lambda: run(long)) / (8 * max(seconds(lambda: run(short)), 0.004))

    first = once()
    return first if first < SLOWEST else once()


@pytest.mark.parametrize("piece", PIECES)
def test_long_texts_are_read_in_proportion(piece: str) -> None:
    assert growth(al.check_statistics, piece, 400_000) < SLOWEST


@pytest.mark.parametrize("piece", STATISTICS)
def test_statistics_are_checked_in_proportion(piece: str) -> None:
    assert growth(al.check_statistics, piece, 160_000) < SLOWEST


@pytest.mark.parametrize("row", ROWS)
def test_long_tables_are_checked_in_proportion(row: str) -> None:
    assert growth(lambda rows: al.check_statistics(TABLE + rows), row, 80_000) < SLOWEST


@pytest.mark.parametrize("suffix", [".md", ".tex", ".html"])
@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<script>", "\\begin{verbatim}", "<'", "%",
                                   "\\cite{", "```\n", "\\", "\\begin{tabular}{", "<td rowspan=99>",
                                   "<table><tr>", "|a|\n|-|\n"])  # fmt: skip
def test_files_are_read_in_proportion(tmp_path: Path, suffix: str, piece: str) -> None:
    path = tmp_path / f"paper{suffix}"

    def run(text: str) -> None:
        path.write_text(text, encoding="utf-8")
        read_document(path)

    assert growth(run, piece, 1_000_000) < SLOWEST
