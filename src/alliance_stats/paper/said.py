"""Errors and warnings of the library, with the table of study.toml that they are about."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator

from alliance_stats._base.errors import AllianceStatsError

#: How the library asks for the role of a column.
_ROLE = re.compile(r"(?:al\.)?roles=(?:al\.)?Roles\((\w+)=…\)")


@contextlib.contextmanager
def said_of(table: str, data: str) -> Iterator[None]:
    """Put a table of study.toml before every error and warning; roles as its lines."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    except AllianceStatsError as error:
        raise type(error)(_about(table, data, str(error))) from error
    for said in caught:
        text = _about(table, data, str(said.message))
        warnings.warn_explicit(text, said.category, said.filename, said.lineno)


def _about(table: str, data: str, text: str) -> str:
    named = _ROLE.sub(rf'[data.{data}.roles] \1 = "…"', text)
    return named if named.startswith("[data.") else f"{table} {named}"
