"""Statistics of the finished text: p fits t and df, t is b / SE."""
from __future__ import annotations
from collections.abc import Iterator
from alliance_stats.paper.checked import Checked
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.study import Study
def check_printed(study: Study, stored: Stored) -> Iterator[Checked]:
    """Stub."""
    yield from ()
