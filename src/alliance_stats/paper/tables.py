"""Tables of a TOML file, read strictly: every key known, every value of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import DataError


@dataclass(frozen=True, slots=True)
class Reader:
    """One table of the file, and what it is called in messages."""

    given: Mapping[str, Any]
    where: str

    def only(self, *known: str) -> None:
        """Raise DataError for the first unknown key, with the nearest known one."""
        for key in self.given:
            if key not in known:
                raise DataError(
                    f"{self.where}: key '{key}' is not known.{did_you_mean(key, known)} "
                    f"Known: {name_list(known)}."
                )

    def text(self, key: str, *, default: str | None = None) -> str:
        """A text that is not empty; without a default it must be there."""
        value = self.given.get(key, default)
        if not isinstance(value, str) or (key in self.given and not value.strip()):
            raise self._wrong(key, "a text", value)
        return value

    def texts(self, key: str, *, default: Sequence[str]) -> list[str]:
        """A list of texts, or one."""
        value = self.given.get(key, list(default))
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of texts", value)
        return value

    def whole(self, key: str, *, default: int, least: int) -> int:
        """A whole number that is not below `least`."""
        value = self.given.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(key, f"a whole number, {least} or more", value)
        return value

    def truth(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self.given.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def sheet(self, key: str) -> str | int | None:
        """A sheet's name or position."""
        value = self.given.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise self._wrong(key, "a sheet's name or position", value)
        return value

    def table(self, key: str) -> Reader:
        """A table inside this one; empty if it is not there."""
        value = self.given.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "a table", value)
        return Reader(value, f"{self.where}, [{key}]" if "," not in self.where else self._in(key))

    def tables(self, key: str) -> dict[str, Reader]:
        """The named tables inside a table: ``[data.sessions]``."""
        inner = self.table(key)
        for name, value in inner.given.items():
            if not isinstance(value, dict):
                raise DataError(
                    f"{inner.where}: '{name}' is no table. Write [{key}.NAME] above such lines."
                )
        where = self.where
        return {name: Reader(v, f"{where}, [{key}.{name}]") for name, v in inner.given.items()}

    def list_of_tables(self, key: str) -> list[dict[str, Any]]:
        """``[[data.sessions.score]]``, each a table."""
        value = self.given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, "a list of tables", value)
        return value

    def _in(self, key: str) -> str:
        return f"{self.where.removesuffix(']')}.{key}]"

    def _wrong(self, key: str, wanted: str, value: object) -> DataError:
        seen = f"'{key}' is missing" if key not in self.given else f"{key} = {value!r}"
        return DataError(f"{self.where}: {seen}. Give {wanted}.")
