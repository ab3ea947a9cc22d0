"""Errors and warnings of the library, with the table of study.toml that they are about."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator

from alliance_stats._base.errors import AllianceStatsError

#: How the library asks for the role of a column.
_ROLES = re.compile(r"(?:al\.)?roles=(?:al\.)?Roles\((?:…, )?(?P<given>\w+=[^()]*)\)")
_ROLE = re.compile(r"(\w+)='?([^',]+)'?")


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
    named = _ROLES.sub(lambda found: f"[data.{data}.roles] {_as_lines(found['given'])}", text)
    return named if named.startswith("[data.") else f"{table} {named}"


def _as_lines(given: str) -> str:
    """Roles as study.toml writes them.

    >>> _as_lines("alliance_at='after', outcome_at='before'"), _as_lines("site=…")
    ('alliance_at = "after", outcome_at = "before"', 'site = "…"')
    """
    return ", ".join(f'{name} = "{value}"' for name, value in _ROLE.findall(given))
