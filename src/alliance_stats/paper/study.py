"""study.toml: data, questions, privacy, manuscript; read strictly."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.paper.calls import CALLS, options_of
from alliance_stats.paper.paths import inside, paper_folder
from alliance_stats.paper.tables import Reader

SMALLEST_CELL = 5
FORMATS = ("md", "tex", "docx")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where data come from: a file of the paper, or a synthetic example of the library."""

    name: str
    example: str | None
    file: Path | None
    sheet: str | int | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    score: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One call of the library: its data, options, seed, and whether its figure is drawn."""

    name: str
    fit: str
    data: str
    options: Mapping[str, Any]
    effect_sizes: Mapping[str, Any] | None
    seed: int
    figure: bool


@dataclass(frozen=True, slots=True)
class Study:
    """What study.toml says.

    Attributes
    ----------
    folder : Path
        The paper; every path lies inside it.
    title : str
    data, questions : mapping
        By name, in the order of the file.
    smallest_cell : int
        Counts of patients below it are suppressed.
    manuscript : Path or None
        The source with bindings.
    formats : tuple of str
        What `render` writes: ``md``, ``tex``, ``docx``.
    output : Path
        Folder for what is rendered.
    """

    folder: Path
    title: str
    data: Mapping[str, DataSource]
    questions: Mapping[str, Question]
    smallest_cell: int
    manuscript: Path | None
    formats: tuple[str, ...]
    output: Path


def load_study(path: str | os.PathLike[str]) -> Study:
    """Read the study.toml of a paper, strictly.

    Parameters
    ----------
    path : str or path
        The folder of the paper, or its study.toml.

    Returns
    -------
    Study

    Raises
    ------
    ArgumentError
        If the folder holds no study.toml.
    DataError
        If the file is no TOML, has an unknown key (the nearest is shown), lacks one, or names a
        path outside the folder.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from alliance_stats.paper import load_study
    >>> study = '''
    ... [data.sessions]
    ... example = "sessions"
    ... [questions.alliance]
    ... fit = "fit_within_between"
    ... [manuscript]
    ... path = "text.md"
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "study.toml").write_text(study, encoding="utf-8")
    ...     read = load_study(folder)
    >>> read.questions["alliance"].fit, read.formats, read.smallest_cell
    ('fit_within_between', ('md',), 5)
    """
    folder = paper_folder(path)
    try:
        text = (folder / "study.toml").read_text(encoding="utf-8-sig")
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"study.toml is no TOML: {error}. Correct it.") from error
    top = Reader(given, "study.toml")
    top.only("title", "seed", "data", "questions", "privacy", "manuscript")
    seed = top.whole("seed", default=1, least=0)
    data = {name: _source(name, table, folder) for name, table in top.tables("data").items()}
    questions = {
        name: _question(name, table, data, seed) for name, table in top.tables("questions").items()
    }
    privacy = top.table("privacy")
    privacy.only("smallest_cell")
    smallest = privacy.whole("smallest_cell", default=SMALLEST_CELL, least=SMALLEST_CELL)
    title = top.text("title", default="")
    return Study(folder, title, data, questions, smallest, *_manuscript(top, folder))


def _manuscript(top: Reader, folder: Path) -> tuple[Path | None, tuple[str, ...], Path]:
    """The manuscript, its formats and the folder for them."""
    reader = top.table("manuscript")
    reader.only("path", "formats", "output")
    output = reader.text("output", default=".")
    target = folder if output == "." else inside(folder, output, what="[manuscript] output")
    given = reader.text("path", default="")
    if not given:
        return None, (), target
    path = inside(folder, given, what="[manuscript] path")
    own = path.suffix.lower().removeprefix(".")
    if own not in FORMATS:
        raise DataError(
            f"[manuscript] path = {given!r} is no manuscript that can be bound. "
            f"Give one that ends in .md, .tex or .docx."
        )
    possible = FORMATS if own == "md" else (own,)
    formats = reader.texts("formats", default=(own,))
    wrong = [name for name in formats if name not in possible]
    if wrong:
        raise DataError(
            f"[manuscript] formats: {wrong[0]!r} cannot be made from a .{own} manuscript. "
            f"Possible: {', '.join(possible)}."
        )
    return path, tuple(dict.fromkeys(formats)), target


def _source(name: str, table: Reader, folder: Path) -> DataSource:
    _named(name, "data")
    table.only("example", "file", "sheet", "roles", "score")
    example, file = table.text("example", default=""), table.text("file", default="")
    if bool(example) == bool(file):
        raise DataError(
            f"[data.{name}] has {'both' if file else 'neither'} of file and example. Give one: "
            f'file = "data/sessions.csv", or example = "sessions".'
        )
    path = inside(folder, file, what=f"[data.{name}] file") if file else None
    roles = table.table("roles")
    roles.only(*_role_names())
    return DataSource(
        name,
        example or None,
        path,
        table.sheet("sheet"),
        {role: roles.text(role) for role in roles.given},
        tuple(table.list_of_tables("score")),
    )


def _role_names() -> tuple[str, ...]:
    from alliance_stats.data.roles import Roles

    return tuple(Roles.__dataclass_fields__)


def _question(name: str, table: Reader, data: Mapping[str, DataSource], seed: int) -> Question:
    _named(name, "questions")
    table.only("fit", "data", "options", "effect_sizes", "seed", "figure")
    fit = table.text("fit")
    if fit not in CALLS:
        raise DataError(
            f"[questions.{name}] fit = {fit!r} is not known.{did_you_mean(fit, CALLS)} "
            f"Known: {name_list(CALLS)}."
        )
    options = table.table("options")
    options.only(*options_of(fit))
    sizes = table.table("effect_sizes") if "effect_sizes" in table.given else None
    if sizes is not None and CALLS[fit].takes != "effects":
        raise DataError(f"[questions.{name}] effect_sizes belongs to meta-analyses. Leave it out.")
    return Question(
        name,
        fit,
        _data_of(name, table, data),
        dict(options.given),
        None if sizes is None else dict(sizes.given),
        table.whole("seed", default=seed, least=0),
        table.truth("figure", default=False),
    )


def _data_of(name: str, table: Reader, data: Mapping[str, DataSource]) -> str:
    """Which data a question is asked of; the only ones if it does not say."""
    if not data:
        raise DataError("study.toml names no data. Add a table such as [data.sessions].")
    chosen = table.text("data", default=next(iter(data)) if len(data) == 1 else "")
    if chosen not in data:
        raise DataError(
            f"[questions.{name}] data = {chosen!r} is not there.{did_you_mean(chosen, data)} "
            f"There are: {name_list(data)}."
        )
    return chosen


def _named(name: str, of: str) -> None:
    if not _NAME.fullmatch(name):
        raise DataError(
            f"[{of}.{name}] is no name for keys. Use small letters, digits and _, such as "
            f"[{of}.alliance]."
        )
