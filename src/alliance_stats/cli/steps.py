"""Steps that take long are announced in a terminal."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator

from alliance_stats.cli.lines import tell

#: Seconds that a step may take before it is announced.
PATIENCE = 2.0


@contextlib.contextmanager
def step(words: str, args: argparse.Namespace) -> Iterator[None]:
    """Announce a step that takes long: on a terminal only, and not if quiet."""
    if args.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(PATIENCE, tell, [f"{words} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
