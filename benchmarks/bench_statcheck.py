"""Speed of reading manuscripts and of checking the statistics that they print.

    python benchmarks/bench_statcheck.py --write docs/performance.md

A megabyte of prose with a paragraph of statistics every so many characters, no two with the same
numbers, as text, Markdown, LaTeX, HTML and Word, and as rows of tables; megabytes a second of
processor time, one thread, the fastest of several calls. R's statcheck is not among Debian's
packages, so no peer runs beside it.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import docx
from scipy.special import ndtr, stdtr, stdtrit

import alliance_stats as al

START, END = "<!-- bench_statcheck: start -->", "<!-- bench_statcheck: end -->"
PROSE = (
    "The patients of this study rated their alliance after each session, and the outcome before "
    "it, as in other work (Smith et al., 2018), where it was higher than the mean of the others. "
)
STATISTICS = (
    "It did, t({df:.1f}) = −{t:.2f}, p = {p:.3f}; b = −{b:.2f}, SE = {se:.2f}, z = −{t:.2f}, "
    "p = {p_z:.3f}, 95% CI [−{high:.2f}, {low:.2f}]; r({n}) = {r:.2f}, p < .001. "
)
TABLE = "| Effect | *b* | *SE* | *t* | *df* | *p* | 95% CI |\n|" + " --- |" * 7
ROW = (
    "| Alliance within | −{b:.3f} | {se:.3f} | −{t:.2f} | {df:.1f} | {p:.3f} "
    "| [−{high:.3f}, {low:.3f}] |"
)
MARKED = {
    ".txt": STATISTICS,
    ".md": STATISTICS.replace("t(", "*t*(").replace("p ", "*p* "),
    ".tex": STATISTICS.replace("t(", r"\textit{{t}}(").replace("<", "$<$").replace("%", r"\%"),
    ".html": STATISTICS.replace("<", "&lt;").replace("t(", "<i>t</i>("),
    ".docx": STATISTICS,
}


def numbers(place: int) -> dict[str, float]:
    """Numbers of the statistics of one paragraph, other ones for each place."""
    b, se = 0.40 + 0.01 * (place % 97), 0.20 + 0.01 * (place % 89)
    t, df = b / se, 40 + 0.7 * place % 500
    half = float(stdtrit(df, 0.975)) * se
    return {"df": df, "t": t, "p": 2 * stdtr(df, -t), "p_z": 2 * ndtr(-t),
            "b": b, "se": se, "low": half - b, "high": half + b,
            "n": 60 + place % 400, "r": 0.45 + 0.001 * (place % 300)}  # fmt: skip


def paragraphs(statistics: str, sentences: int, size: int) -> list[str]:
    """Paragraphs of so many sentences of prose and the statistics, of `size` characters in all."""
    prose = PROSE * sentences
    length = len(prose) + len(statistics.format(**numbers(0)))
    return [prose + statistics.format(**numbers(k)) for k in range(size // length)]


def tables(rows: int, size: int) -> list[str]:
    """Markdown tables of so many rows, of `size` characters in all."""
    length = len(ROW.format(**numbers(0)))
    made = [ROW.format(**numbers(k)) for k in range(size // length)]
    return ["\n".join([TABLE, *made[k : k + rows]]) for k in range(0, len(made), rows)]


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
    """Megabytes a second, of the fastest call."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return n_bytes / 1e6 / min(seconds)


def row(folder: Path, suffix: str, parts: list[str], what: str, rounds: int) -> str:
    """One row: kind, characters a statistic, rates of reading and of reading with checking."""
    path = written(folder, suffix, parts)
    n_bytes = len("\n\n".join(parts).encode())
    found = al.check_statistics(path).frame
    reading = rate(lambda: al.report.read_document(path), n_bytes, rounds)
    checking = rate(lambda: al.check_statistics(path), n_bytes, rounds)
    share = n_bytes // len(found)
    return f"| `{suffix}`, {what} | {len(found):,} | {share:,} | {reading:.0f} | {checking:.1f} |"


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            row(folder, suffix, paragraphs(text, n, options.size), what, options.rounds)
            for suffix, text in MARKED.items()
            for what, n in (("few", 25), ("many", 3))
        ]
        rows.append(row(folder, ".md", tables(12, options.size), "tables", options.rounds))
    text = "\n".join(
        [
            f"{options.size / 1e6:g} million characters, no statistic twice, one thread, MB a "
            f"second of processor time; the fastest of {options.rounds} calls. No peer: statcheck "
            "of R is not in Debian.",
            "",
            "| file, statistics in it | number | bytes each | reading, MB/s "
            "| reading and checking, MB/s |",
            "|" + " --- |" * 5,
            *rows,
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
