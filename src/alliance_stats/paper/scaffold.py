"""A new paper: the complete small example, to be changed into your own."""

from __future__ import annotations

import os
from pathlib import Path

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.report.files import write_files

#: What a new paper starts with; results and rendered files are made by its first run.
TEMPLATE = (
    "README.md", "study.toml", "allow.toml", "manuscript.md", "analysis.py",
    "tests/test_paper.py", ".github/workflows/paper.yml", ".gitignore", ".gitattributes",
)  # fmt: skip


def new_paper(path: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Make the folder of a paper whose numbers are tested.

    It holds a complete small paper about synthetic data, which works at once: ``study.toml``
    (data, roles, questions), ``manuscript.md`` (with bindings), ``allow.toml``, ``analysis.py``,
    a test and a file for continuous integration. Change one after the other into your own.

    Parameters
    ----------
    path : str or path
        A folder that does not exist, or is empty. The folder above it must exist.
    force : bool
        Whether files of the same names are replaced; others stay.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ArgumentError
        If it is a file, the folder above it does not exist, or it holds files and `force` is not
        given.

    Examples
    --------
    >>> import tempfile
    >>> from alliance_stats.paper import new_paper
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = new_paper(f"{place}/mypaper")
    ...     print((folder / "study.toml").is_file(), (folder / "manuscript.md").is_file())
    True True
    """
    folder = Path(path).expanduser()
    if folder.is_file():
        raise ArgumentError(f"'{folder}' is a file. Give the name of a new folder.")
    if not folder.parent.is_dir():
        raise ArgumentError(f"folder '{folder.parent}' does not exist. Make it, or give another.")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise ArgumentError(
            f"folder '{folder}' is not empty. Give a new one, or force=True to write into it."
        )
    source = template_folder()
    files = {folder / name: (source / name).read_bytes() for name in TEMPLATE}
    write_files(files)
    return folder


def template_folder() -> Path:
    """The example paper: in the installed package, else in the repository.

    Raises
    ------
    DataError
        If neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_paper", package.parents[1] / "examples" / "paper"):
        if place.is_dir():
            return place
    raise DataError("the example paper is not installed. Install alliance_stats anew.")
