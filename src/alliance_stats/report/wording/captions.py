"""The caption of a figure in its parts."""

from __future__ import annotations

import re


def title_and_note(caption: str) -> tuple[str, str]:
    """The first sentence of a caption, without its point, and the others.

    >>> title_and_note("Course by week No. since intake. Lines: fitted.")
    ('Course by week No. since intake', 'Lines: fitted.')
    """
    title, *rest = re.split(r"\. (?=[A-Z])", caption, maxsplit=1)
    return title.removesuffix("."), "".join(rest)
