"""From a table of TOML, or a dict, to an Instrument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.thresholds import Bands, ChangeValue, Cutoff, MissingRule

Record = TypeVar("Record", Bands, ChangeValue, Cutoff, MissingRule)

FIELDS = tuple(field.name for field in fields(Instrument))
_TEXTS = ("key", "name", "measures", "confidence", "uncertain", "source", "rights")
_FLAGS = ("higher_is_better", "whole", "partition", "symptom_indices")
_NAMES = ("methods", "unscored", "prefixes", "notes")
_ITEMS = ("reversed", "not_applicable")
_RECORDS: Mapping[str, Any] = {
    "cutoffs": Cutoff, "bands": Bands, "rci": ChangeValue, "mcid": ChangeValue,
}  # fmt: skip


def instrument_from_dict(
    table: Mapping[str, Any], *, key: str | None = None, where: str = ""
) -> Instrument:
    """Make an instrument of your own from a dict.

    Parameters
    ----------
    table : mapping
        Attributes of `Instrument` by name. Needed are ``n_items``, ``responses`` (or
        ``response``, one range) and ``higher_is_better``; without ``subscales`` all items make
        the score ``total``.
    key : str, optional
        Short name, which starts the columns of scores, if `table` has none.
    where : str
        What messages say first, such as the name of a file.

    Returns
    -------
    Instrument

    Raises
    ------
    ArgumentError
        If an entry is not known, of the wrong kind, or does not fit the others; the message
        names it.

    Examples
    --------
    >>> from alliance_stats.measures import instrument_from_dict
    >>> mine = instrument_from_dict({"key": "trust", "n_items": 4, "response": [1, 5],
    ...                              "reversed": [3], "higher_is_better": True})
    >>> mine.scores, mine.score_range("total")
    (('total',), (4.0, 20.0))
    """
    try:
        return Instrument(**_entries(table, key))
    except ArgumentError as error:
        raise ArgumentError(f"{where}{error}") from None


def _entries(table: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    """Every entry of a table in the type of its attribute."""
    if not isinstance(table, Mapping):
        raise ArgumentError(f"an instrument is a table of entries, not {type(table).__name__}.")
    given = dict(table)
    if "response" in given:
        given["responses"] = [given.pop("response")]
    given.setdefault("key", key if key is not None else "")
    given.setdefault("name", given["key"])
    unknown = [name for name in given if name not in FIELDS]
    if unknown:
        raise ArgumentError(
            f"entry '{unknown[0]}' is not known.{did_you_mean(unknown[0], FIELDS)} "
            f"Entries: {', '.join(FIELDS)}."
        )
    for name in ("n_items", "responses", "higher_is_better"):
        if name not in given:
            example = {"n_items": "12", "responses": "[[1, 5]]"}.get(name, "true")
            raise ArgumentError(f"entry '{name}' is missing. Give it, such as {name} = {example}.")
    given["n_items"] = _whole(given["n_items"], "n_items")
    given.setdefault("subscales", {"total": list(range(1, given["n_items"] + 1))})
    given.setdefault("prefixes", [given["key"]])
    return {name: _typed(name, value) for name, value in given.items()}


def _typed(name: str, value: Any) -> Any:
    if name in _TEXTS:
        return _of_type(value, str, name, "a text")
    if name in _FLAGS:
        return _of_type(value, bool, name, "true or false")
    if name in _NAMES:
        return _tuple(value, name, lambda v, n: _of_type(v, str, n, "a text"))
    if name in _ITEMS:
        return _tuple(value, name, _whole)
    if name == "responses":
        return _tuple(value, name, _range)
    if name in ("subscales", "composites"):
        each = _whole if name == "subscales" else lambda v, n: _of_type(v, str, n, "a text")
        table = _of_type(value, Mapping, name, "a table of lists")
        return {part: _tuple(items, f"{name}.{part}", each) for part, items in table.items()}
    if name == "missing":
        return _record(value, name, MissingRule)
    if name in _RECORDS:
        return _tuple(value, name, lambda v, n: _record(v, n, _RECORDS[name]))
    return _number(value, name) if name == "multiplier" else value


def _record(value: Any, name: str, kind: type[Record]) -> Record:
    """A threshold or rule from its table."""
    if isinstance(value, kind):
        return value
    table = dict(_of_type(value, Mapping, name, "a table"))
    known = [field.name for field in fields(kind)]
    unknown = [entry for entry in table if entry not in known]
    if unknown:
        raise ArgumentError(
            f"entry '{name}.{unknown[0]}' is not known. Entries: {name_list(known)}."
        )
    for entry, read in _ENTRIES.items():
        if entry in table:
            table[entry] = read(table[entry], f"{name}.{entry}")
    try:
        return kind(**table)
    except TypeError:
        raise ArgumentError(f"entry '{name}' lacks one of {name_list(known)}.") from None


def _of_type(value: Any, kind: Any, name: str, what: str) -> Any:
    if not isinstance(value, kind):
        raise ArgumentError(f"entry '{name}' is {value!r}, not {what}. Correct it.")
    return value


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentError(f"entry '{name}' holds {value!r}, which is no whole number.")
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentError(f"entry '{name}' is {value!r}, not a number.")
    return value


def _tuple(value: Any, name: str, each: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise ArgumentError(f"entry '{name}' is {value!r}, not a list. Write it in brackets.")
    return tuple(each(v, name) for v in value)


def _range(value: Any, name: str) -> tuple[float, float]:
    ends = _tuple(value, name, _number)
    if len(ends) != 2:
        raise ArgumentError(f"entry '{name}' holds {list(ends)}, not a lowest and a highest value.")
    return ends[0], ends[1]


def _limits(value: Any, name: str) -> dict[str, int]:
    table = _of_type(value, Mapping, name, "a table of numbers")
    return {score: _whole(limit, f"{name}.{score}") for score, limit in table.items()}


#: How the entries of thresholds and rules are read, by name.
_ENTRIES: Mapping[str, Callable[[Any, str], Any]] = {
    "value": _number,
    "level": _number,
    "score": lambda v, n: _of_type(v, str, n, "a text"),
    "labels": lambda v, n: _tuple(v, n, lambda w, m: _of_type(w, str, m, "a text")),
    "limits": lambda v, n: _limits(v, n) if isinstance(v, Mapping) else _tuple(v, n, _number),
}
