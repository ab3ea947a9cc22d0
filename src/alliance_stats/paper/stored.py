"""results.json and what stands beside it, read back and checked against its hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance_stats._base.errors import DataError

RESULTS, META, PARTS, FIGURES = (
    "results.json", "results.meta.json", "results.parts.json", "results_files",
)  # fmt: skip
#: What values of results.json are, and what of results.meta.json is a table.
_SCALARS = (int, float, str, bool, type(None))
_TABLES = ("data", "figures", "missing", "seeds", "versions")


@dataclass(frozen=True, eq=False)
class Stored:
    """The results of a paper as they lie on disk.

    Attributes
    ----------
    values : mapping
        Keys and values of results.json.
    meta, parts : mapping
        Of the files beside it.
    folder : Path
    edited : tuple of str
        Files whose hash is not the one that the run wrote.
    """

    values: Mapping[str, Any]
    meta: Mapping[str, Any]
    parts: Mapping[str, Any]
    folder: Path
    edited: tuple[str, ...]

    def figure(self, question: str) -> Path | None:
        """The picture of a question, if the run drew one."""
        known = question in self.meta.get("figures", {})
        return self.folder / FIGURES / f"{question}.png" if known else None

    def reason(self, key: str) -> str:
        """Why a value is null."""
        return str(self.meta.get("missing", {}).get(key, "undefined"))


def load_stored(folder: Path) -> Stored:
    """Read the results of a paper.

    Raises
    ------
    DataError
        If they are not there, or are not of the form that a run writes.
    """
    results, meta, parts = (_read(folder / name) for name in (RESULTS, META, PARTS))
    _refuse_other(RESULTS, all(isinstance(v, _SCALARS) for v in results.values()))
    _refuse_other(META, all(isinstance(meta.get(k, {}), dict) for k in _TABLES))
    known = (RESULTS, meta.get("results_sha256")), (PARTS, meta.get("parts_sha256"))
    edited = [name for name, written in known if text_hash(folder / name) != written]
    _refuse_other(PARTS, PARTS in edited or all(isinstance(v, dict) for v in parts.values()))
    pictures = {f"{FIGURES}/{n}.png": written for n, written in meta.get("figures", {}).items()}
    edited += [name for name, written in pictures.items() if _hash(folder / name) != written]
    return Stored(results, meta, parts, folder, tuple(edited))


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(f"'{path.name}' is not there. Make it with alliance-stats run.")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"'{path.name}' is no JSON: {error}. Run the study again.") from error
    _refuse_other(path.name, isinstance(content, dict))
    return dict(content)


def _refuse_other(name: str, as_written: bool) -> None:
    if not as_written:
        raise DataError(f"'{name}' is not what a run writes. Run the study again.")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "not there"


def text_hash(path: Path) -> str:
    """The hash of a text file, whatever its line breaks: git and Windows may change them."""
    content = path.read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()
