"""Speed of reading manuscripts and of checking the statistics that they print.

    python benchmarks/bench_statcheck.py --write docs/performance.md

A megabyte of prose with a paragraph of statistics every so many characters, as text, Markdown,
LaTeX, HTML and Word; megabytes a second of processor time, one thread, medians. R's statcheck is
not among Debian's packages, so no peer runs beside it.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import docx

import alliance_stats as al

START, END = "<!-- bench_statcheck: start -->", "<!-- bench_statcheck: end -->"
PROSE = (
    "The patients of this study rated their alliance after each session, and the outcome before "
    "it, as in other work (Smith et al., 2018), where it was higher than the mean of the others. "
)
STATISTICS = (
    "It did, t(187.3) = −2.10, p = .037; b = −0.42, SE = 0.20, z = −2.10, p = .036, 95% CI "
    "[−0.81, −0.03]; r(88) = .38, p < .001. "
)
MARKED = {
    ".txt": STATISTICS,
    ".md": STATISTICS.replace("t(", "*t*(").replace("p ", "*p* "),
    ".tex": STATISTICS.replace("t(", r"\textit{t}(").replace("<", "$<$").replace("%", r"\%"),
    ".html": STATISTICS.replace("<", "&lt;").replace("t(", "<i>t</i>("),
    ".docx": STATISTICS,
}


def paragraphs(statistics: str, sentences: int, size: int) -> list[str]:
    """Paragraphs of so many sentences of prose and the statistics, of `size` characters in all."""
    one = PROSE * sentences + statistics
    return [one] * (size // len(one))


def written(folder: Path, suffix: str, parts: list[str]) -> Path:
    """The paragraphs as a file."""
    path = folder / f"paper{suffix}"
    if suffix == ".docx":
        document = docx.Document()
        for part in parts:
            document.add_paragraph(part)
        stream = io.BytesIO()
        document.save(stream)
        path.write_bytes(stream.getvalue())
    else:
        path.write_text("\n\n".join(parts), encoding="utf-8")
    return path


def rate(call: Callable[[], object], n_bytes: int, rounds: int) -> float:
    """Megabytes a second."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return n_bytes / 1e6 / median(seconds)


def row(folder: Path, suffix: str, sentences: int, rounds: int, size: int) -> str:
    """One row: kind, characters a statistic, rates of reading and of reading with checking."""
    parts = paragraphs(MARKED[suffix], sentences, size)
    path = written(folder, suffix, parts)
    n_bytes = len("\n\n".join(parts).encode())
    found = al.check_statistics(path).frame
    reading = rate(lambda: al.report.read_document(path), n_bytes, rounds)
    checking = rate(lambda: al.check_statistics(path), n_bytes, rounds)
    share = n_bytes // len(found)
    return f"| `{suffix}` | {len(found):,} | {share:,} | {reading:.0f} | {checking:.1f} |"


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            row(folder, suffix, sentences, options.rounds, options.size)
            for suffix in MARKED
            for sentences in (25, 3)
        ]
    text = "\n".join(
        [
            f"{options.size / 1e6:g} million characters, one thread, MB a second of processor "
            f"time; medians of {options.rounds} calls. No peer: statcheck of R is not in Debian.",
            "",
            "| file | statistics | bytes each | reading, MB/s | reading and checking, MB/s |",
            "|" + " --- |" * 5,
            *rows,
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
