"""Files of reports: where they may be written, and writing all of them or none."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from alliance_stats._base.errors import ArgumentError


def file_target(
    path: str | os.PathLike[str], *, suffixes: Sequence[str], what: str = "a report"
) -> Path:
    """The path of a file, if it can be written there.

    Raises
    ------
    ArgumentError
        If the suffix is another one, the folder does not exist or is locked, or a folder has the
        name of the file.
    """
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        *most, last = suffixes
        allowed = f"{', '.join(most)} or {last}" if most else last
        raise ArgumentError(
            f"{what} cannot be written as '{target.suffix or target.name}'. "
            f"Give a path that ends in {allowed}."
        )
    if not target.parent.is_dir():
        raise ArgumentError(
            f"folder '{target.parent}' does not exist. Make it, or give another path."
        )
    if not os.access(target.parent, os.W_OK):
        raise ArgumentError(f"folder '{target.parent}' cannot be written to. Give another path.")
    if target.is_dir():
        raise ArgumentError(f"'{target}' is a folder. Give the path of a file.")
    return target


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write every file beside its place, then rename all; on an error nothing new is left.

    Folders that do not exist are made.

    The last of `files` is renamed last, so a document never refers to a figure not yet there.
    """
    above = [folder for p in files for folder in p.parents if not folder.exists()]
    made = sorted(set(above), key=lambda folder: len(folder.parts), reverse=True)
    staged: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
            staged[temporary] = path
            with temporary.open("xb") as stream:
                stream.write(content)
        for temporary, path in staged.items():
            os.replace(temporary, path)
    except BaseException:
        for temporary in staged:
            temporary.unlink(missing_ok=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
