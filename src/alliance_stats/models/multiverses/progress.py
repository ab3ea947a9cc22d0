"""A bar of what is done, for runs of more than two seconds; and a checkpoint from time to time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds after which a bar is shown, and between two checkpoints.
DELAY, APART = 2.0, 10.0


@contextmanager
def shown(n: int, start: int, *, wanted: bool) -> Iterator[Callable[[int], None]]:
    """A function to call with the number done; tqdm's bar where tqdm is installed."""
    if not wanted:
        yield lambda done: None
        return
    try:
        from tqdm.auto import tqdm  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        with _line(n) as step:
            yield step
        return
    with tqdm(total=n, initial=start, delay=DELAY, unit="specification", leave=False) as bar:
        yield lambda done: bar.update(done - bar.n)


@contextmanager
def _line(n: int) -> Iterator[Callable[[int], None]]:
    """One line on a terminal, written over: ``240 of 1,000 specifications``."""
    stream, begun = sys.stderr, time.monotonic()
    last = begun

    def step(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if stream.isatty() and now - begun > DELAY and now - last > 0.2:
            stream.write(f"\r{done:,} of {n:,} specifications")
            stream.flush()
            last = now

    try:
        yield step
    finally:
        if last > begun:
            stream.write("\r" + " " * 40 + "\r")
            stream.flush()


def now_and_then(action: Callable[[], None]) -> Callable[[], None]:
    """`action`, but not within a while of the time before."""
    last = time.monotonic()

    def maybe() -> None:
        nonlocal last
        if time.monotonic() - last > APART:
            action()
            last = time.monotonic()

    return maybe
