"""The instruments that come with the library, and those of users, read from TOML."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from alliance_stats._base.checks import did_you_mean, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.parse import instrument_from_dict
from alliance_stats.measures.instruments.shown import (
    change_words,
    cutoff_words,
    direction_words,
    item_numbers,
    method_words,
    missing_words,
)

_FILE = Path(__file__).with_name("instruments.toml")


@lru_cache(maxsize=1)
def _registry() -> dict[str, Any]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)


@cache
def _instrument(key: str) -> Instrument:
    return instrument_from_dict(_registry()[key], key=key)


def instrument_keys() -> tuple[str, ...]:
    """Short names of the library's instruments."""
    return tuple(_registry())


def get_instrument(name: str | Instrument) -> Instrument:
    """The scoring key of an instrument.

    Parameters
    ----------
    name : str or Instrument
        Short name as in `list_instruments`; case, hyphens and spaces do not matter. An
        Instrument is given back as it is.

    Returns
    -------
    Instrument

    Raises
    ------
    ArgumentError
        If no instrument of the library has that name.

    Examples
    --------
    >>> from alliance_stats.measures import get_instrument
    >>> get_instrument("WAI-SR").subscales["task"]
    (1, 2, 10, 12)
    """
    if isinstance(name, Instrument):
        return name
    keys = {_plain(key): key for key in instrument_keys()}
    if not isinstance(name, str) or _plain(name) not in keys:
        hint = did_you_mean(name, list(keys.values())) if isinstance(name, str) else ""
        raise ArgumentError(
            f"there is no instrument {name!r}.{hint} Instruments: {', '.join(keys.values())}. "
            "For another one write its key and give load_instrument('my_scale.toml')."
        )
    return _instrument(keys[_plain(name)])


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def load_instrument(path: str | Path) -> Instrument:
    """Read the scoring key of an instrument of your own from a TOML file.

    Parameters
    ----------
    path : str or Path
        A file with the attributes of `Instrument` as entries; its name is the key of the
        instrument unless ``key`` is among them.

    Returns
    -------
    Instrument
        Checked; give it to `score` in place of a name.

    Raises
    ------
    DataError
        If the file is not there or is no TOML.
    ArgumentError
        If an entry is not known, of the wrong kind, or does not fit the others; the message
        names file and entry.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from alliance_stats.measures import load_instrument
    >>> text = "n_items = 4\\nresponse = [1, 5]\\nreversed = [3]\\nhigher_is_better = true"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "trust.toml")
    ...     _ = path.write_text(text)
    ...     load_instrument(path).key
    'trust'
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"file '{file.name}' not found. Give the path of a TOML file.")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"file '{file.name}' is no TOML: {error}. Correct it there.") from None
    return instrument_from_dict(table, key=file.stem.lower(), where=f"file '{file.name}': ")


def list_instruments(*, measures: str | None = None) -> pd.DataFrame:
    """The instruments whose scoring keys come with the library.

    Parameters
    ----------
    measures : str, optional
        Only those of one kind: ``"alliance"``, ``"symptoms"`` …

    Returns
    -------
    DataFrame
        One row an instrument: ``instrument`` (its short name), ``name``, ``measures``,
        ``items``, ``response``, ``method``, ``better``, ``scores``, ``reversed``, ``missing``,
        ``cutoffs``, ``rci``, ``confidence``, ``rights``, ``source``.

    Raises
    ------
    ArgumentError
        If no instrument is of that kind.

    Examples
    --------
    >>> from alliance_stats.measures import list_instruments
    >>> list_instruments(measures="alliance")["instrument"].tolist()
    ['wai_36', 'wai_s', 'wai_sr', 'haq_ii', 'sai', 'srs_3', 'arm_5']
    """
    rows = pd.DataFrame([_row(_instrument(key)) for key in instrument_keys()])
    if measures is None:
        return rows
    one_of(measures, list(rows["measures"].unique()), name="measures")
    return rows.loc[rows["measures"] == measures].reset_index(drop=True)


def _row(instrument: Instrument) -> dict[str, object]:
    responses = (f"{low:g}–{high:g}" for low, high in instrument.responses)
    return {
        "instrument": instrument.key,
        "name": instrument.name,
        "measures": instrument.measures,
        "items": instrument.n_items,
        "response": " or ".join(responses),
        "method": method_words(instrument),
        "better": direction_words(instrument).split()[0],
        "scores": ", ".join(instrument.scores),
        "reversed": item_numbers(instrument.reversed),
        "missing": missing_words(instrument),
        "cutoffs": "; ".join(map(cutoff_words, instrument.cutoffs)),
        "rci": "; ".join(map(change_words, instrument.rci)),
        "confidence": "medium" if instrument.uncertain else instrument.confidence,
        "rights": instrument.rights,
        "source": instrument.source,
    }
