"""A bar of what is done, for runs of more than two seconds; and a checkpoint from time to time."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds after which a bar is shown, and between two checkpoints.
DELAY, APART = 2.0, 10.0


@contextmanager
def shown(n: int, start: int, *, wanted: bool) -> Iterator[Callable[[int], None]]:
    """A function to call with the number done; it moves a bar that is gone at the end."""
    if not wanted:
        yield lambda done: None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a notebook without widgets has the bar as text
        from tqdm.auto import tqdm
    with tqdm(total=n, initial=start, delay=DELAY, unit="specification", leave=False) as bar:
        yield lambda done: bar.update(done - bar.n)


def now_and_then(action: Callable[[], None]) -> Callable[[], None]:
    """`action`, but not within a while of the time before."""
    last = time.monotonic()

    def maybe() -> None:
        nonlocal last
        if time.monotonic() - last > APART:
            action()
            last = time.monotonic()

    return maybe
