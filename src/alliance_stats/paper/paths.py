"""Paths of a paper: relative, and inside its folder wherever links lead."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from alliance_stats._base.errors import ArgumentError, DataError


def paper_folder(path: str | os.PathLike[str]) -> Path:
    """The folder of a paper.

    Raises
    ------
    ArgumentError
        If it is no folder, or holds no study.toml.
    """
    folder = Path(path).expanduser()
    if folder.name == "study.toml" and folder.is_file():
        folder = folder.parent
    if not folder.is_dir():
        raise ArgumentError(f"'{folder}' is no folder. Give the folder that holds study.toml.")
    if not (folder / "study.toml").is_file():
        raise ArgumentError(
            f"folder '{folder}' has no study.toml. Give the folder of a paper, or make one with "
            "alliance-stats new-paper."
        )
    return folder


def inside(folder: Path, given: str, *, what: str) -> Path:
    """The path `given` in a paper, if it stays in its folder.

    Raises
    ------
    DataError
        If it is empty, absolute, has ``..`` in it, or a link leads out of the folder.
    """
    pure = PurePosixPath(given.replace("\\", "/"))
    absolute = pure.is_absolute() or bool(PureWindowsPath(given).drive)
    if not given.strip() or absolute or ".." in pure.parts:
        raise DataError(
            f"{what} = {given!r} is no path inside the paper. Give one relative to the folder of "
            "study.toml, without '..'."
        )
    path = folder / pure
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(
            f"{what} = {given!r} leads out of the paper by a link. Copy the file into the folder."
        )
    return path


def shown(path: Path, folder: Path) -> str:
    """A path of the paper as messages show it: relative, with slashes."""
    return path.relative_to(folder).as_posix()
