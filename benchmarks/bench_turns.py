"""Taking turns with lme4: calls of this library and lmer fits of the same rows, one thread."""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import pandas as pd

HEADS = ("log-likelihood", "of lme4", "of lme4, default")


@dataclass(frozen=True)
class Turns:
    """Median seconds of every call and of lme4 at its default settings, and what came out.

    The log-likelihoods of lme4 are sums over its fits, at tight settings and at the default ones,
    which can stop early.
    """

    own: tuple[float, ...]
    value: float
    peer: float
    tight: float
    default: float
    version: str

    def row(self, first: str) -> str:
        """A table row: `first`, the first call, lme4, their ratio, the second call, results."""
        fits, whole = self.own
        cells = [
            first, f"{1000 * fits:,.0f}", f"{1000 * self.peer:,.0f}", f"{self.peer / fits:.1f}",
            f"{1000 * whole:,.0f}",
            *(f"{value:.3f}" for value in (self.value, self.tight, self.default)),
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"


def take_turns(
    frame: pd.DataFrame,
    formulas: Sequence[str],
    own: Sequence[Callable[[], float]],
    *,
    rounds: int,
) -> Turns:
    """Time every call of this library, and all formulas together in lme4; one round warms up."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "rows.csv"
        frame.to_csv(data, index=False)
        process = shared.RProcess.start("peer_lme4.R", data)
        stack.callback(process.stop)
        version = process.read()
        mine: list[list[tuple[float, float]]] = [[] for _ in own]
        other = []
        for _ in range(rounds + 1):
            for found, call in zip(mine, own, strict=True):
                found.append(shared.timed(call))
            other.append([process.ask_about("default", formula) for formula in formulas])
        tight = sum(process.ask_about("tight", formula)[1] for formula in formulas)
    return Turns(
        own=tuple(median(seconds for seconds, _ in found[1:]) for found in mine),
        value=mine[0][-1][1],
        peer=median(sum(seconds for seconds, _ in fits) for fits in other[1:]),
        tight=tight,
        default=sum(value for _, value in other[-1]),
        version=version,
    )


def run(
    row: Callable[[int, int], tuple[str, Turns]],
    sizes: Sequence[int],
    *,
    about: str,
    heads: Sequence[str],
    marks: tuple[str, str],
) -> None:
    """Measure every size, print the table, and write it when asked.

    `row` takes a number of sessions and one of rounds; it gives the row's first cell and what was
    measured.
    """
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = [row(n, options.rounds) for n in sizes]
    text = table(found, heads, rounds=options.rounds)
    print(text)
    if options.write:
        shared.write_between(options.write, text, marks)


def table(found: Sequence[tuple[str, Turns]], heads: Sequence[str], *, rounds: int) -> str:
    """The block between the markers: what was measured, and a row for every size."""
    names = [*heads, *HEADS]
    return "\n".join(
        [
            f"Median of {rounds} calls, one thread, the programs in turn; {found[0][1].version}.",
            "",
            f"| {' | '.join(names)} |",
            f"| {' | '.join('---' for _ in names)} |",
            *(turns.row(first) for first, turns in found),
        ]
    )
