"""From study.toml to results.json: every question fitted, every number under its key."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from alliance_stats._base.checks import counted, did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._base.views import ResultView
from alliance_stats._version import __version__
from alliance_stats.paper.calls import CALLS, as_arguments, draws, function_of
from alliance_stats.paper.parts import figure_of, parts_of
from alliance_stats.paper.paths import inside
from alliance_stats.paper.privacy import suppress
from alliance_stats.paper.results import as_json, flatten
from alliance_stats.paper.said import said_of
from alliance_stats.paper.sources import data_file, load_source
from alliance_stats.paper.stored import (
    FIGURES,
    META,
    PARTS,
    RESULTS,
    Stored,
    load_stored,
    text_hash,
)  # fmt: skip
from alliance_stats.paper.study import Question, Study, load_study
from alliance_stats.report.files import write_files

#: How far numbers may lie apart that another machine computes.
TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class StudyRun:
    """What a run made.

    Attributes
    ----------
    study : Study
    values : mapping
        Keys and values of results.json.
    files : mapping of Path to bytes
        What it writes.
    changed : tuple of str
        Keys whose values differ from those on disk before.
    """

    study: Study
    values: Mapping[str, Any]
    files: Mapping[Path, bytes]
    changed: tuple[str, ...] = ()

    def __repr__(self) -> str:
        questions = counted(len(self.study.questions), "question")
        return f"{questions}, {counted(len(self.values), 'number')}: {self.study.folder / RESULTS}"


def run_study(path: str | os.PathLike[str], *, force: bool = False) -> StudyRun:
    """Fit the questions of a paper and write results.json.

    Beside it stand ``results.meta.json`` (versions, seeds, SHA-256 of data and results, why a
    value is null), ``results.parts.json`` (tables and sentences as printed) and the figures that
    questions ask for. The same study on the same machine gives the same bytes.

    Parameters
    ----------
    path : str or path
        The folder of the paper.
    force : bool
        Whether results that are there and differ are replaced.

    Returns
    -------
    StudyRun

    Raises
    ------
    ArgumentError
        If the folder is no paper, or other results are there and `force` is not given.
    DataError
        If study.toml or the data cannot be used, or a question rests on too few patients.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from alliance_stats.paper import run_study
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
    ...     run = run_study(folder)
    >>> round(run.values["alliance.within.estimate"], 3), run.values["alliance.n.patient"]
    (-0.116, 240)
    """
    study = load_study(path)
    run = compute(study)
    changed = _changed(study, run)
    differ = [p for p, content in run.files.items() if p.exists() and p.read_bytes() != content]
    if differ and not force:
        what = f" ({name_list(changed)})" if changed else ""
        raise ArgumentError(
            f"'{differ[0]}' is there and would change: {counted(len(changed), 'value')}{what}. "
            "Look why, and give force=True to replace it."
        )
    write_files(run.files)
    return StudyRun(study, run.values, run.files, changed)


def compute(study: Study) -> StudyRun:
    """Everything a run writes, nothing written."""
    if not study.questions:
        raise DataError("study.toml asks no question. Add a table such as [questions.alliance].")
    values: dict[str, Any] = {}
    missing: dict[str, str] = {}
    parts: dict[str, Any] = {}
    pictures: dict[str, bytes] = {}
    for question in study.questions.values():
        whole = _view_of(study, question)
        smallest = study.smallest_cell if CALLS[question.fit].takes == "sessions" else 0
        view, gone = suppress(whole, smallest) if smallest else (whole, [])
        flat = flatten(question.name, view, gone, smallest)
        values |= flat.values
        missing |= flat.missing
        parts[question.name] = parts_of(view, suppressed=bool(gone), smallest=smallest)
        figure = figure_of(view, smallest=smallest) if question.figure else None
        if figure is not None:
            pictures[question.name] = figure.png
            parts[question.name]["caption"] = figure.caption
    ordered = dict(sorted(values.items()))
    return StudyRun(study, ordered, _files(study, ordered, missing, parts, pictures))


def _view_of(study: Study, question: Question) -> ResultView:
    """The result of one question, as far as it may be reported."""
    takes = CALLS[question.fit].takes
    with said_of(f"[data.{question.data}]", question.data):
        data = load_source(study.data[question.data], takes, question.effect_sizes)
    arguments = as_arguments(question.options)
    if draws(question.fit):
        arguments["rng"] = question.seed
    try:
        with said_of(f"[questions.{question.name}]", question.data):
            view: ResultView = function_of(question.fit)(data, **arguments).view()
    except TypeError as error:
        raise DataError(
            f"[questions.{question.name}] options do not fit {question.fit}: {error}. "
            "Look up its arguments."
        ) from error
    return view


def _files(
    study: Study,
    values: Mapping[str, Any],
    missing: Mapping[str, str],
    parts: Mapping[str, Any],
    pictures: Mapping[str, bytes],
) -> dict[Path, bytes]:
    """The files of a run, results.json last."""
    results, printed = as_json(values), as_json(parts)
    meta = {
        "data": {name: data_entry(study, name) for name in study.data},
        "figures": {name: sha256(png) for name, png in pictures.items()},
        "missing": missing,
        "parts_sha256": sha256(printed),
        "results_sha256": sha256(results),
        "seeds": {q.name: q.seed for q in study.questions.values() if draws(q.fit)},
        "smallest_cell": study.smallest_cell,
        "study_sha256": text_hash(study.folder / "study.toml"),
        "title": study.title,
        "versions": versions(),
    }
    files = {
        inside(study.folder, f"{FIGURES}/{name}.png", what="the figure"): png
        for name, png in pictures.items()
    }
    files |= {study.folder / PARTS: printed, study.folder / META: as_json(meta)}
    return files | {study.folder / RESULTS: results}


def data_entry(study: Study, name: str) -> dict[str, str]:
    """What was read, and its hash."""
    source = study.data[name]
    content = data_file(source).read_bytes()
    what = (
        {"example": source.example} if source.example else {"file": _relative(study, source.file)}
    )
    return {**what, "sha256": sha256(content)}


def _relative(study: Study, file: Path | None) -> str:
    return "" if file is None else file.relative_to(study.folder).as_posix()


def versions() -> dict[str, str]:
    """The versions that made the numbers."""
    packages = {name: version(name) for name in ("numpy", "scipy", "pandas", "matplotlib")}
    return {"alliance_stats": __version__, "python": platform.python_version(), **packages}


def sha256(content: bytes) -> str:
    """The hash of some bytes."""
    return hashlib.sha256(content).hexdigest()


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Keys that only one has, or whose values differ by more than `TOLERANCE`."""
    return sorted(k for k in {*one, *other} if not _close(one.get(k, ...), other.get(k, ...)))


def _close(a: Any, b: Any) -> bool:
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (a, b)]
    if not all(numbers):
        return type(a) is type(b) and bool(a == b)
    return abs(a - b) <= TOLERANCE * max(1.0, abs(a), abs(b))


def _changed(study: Study, run: StudyRun) -> tuple[str, ...]:
    """Keys whose values differ from the results on disk."""
    if not (study.folder / RESULTS).exists():
        return ()
    try:
        before: Stored = load_stored(study.folder)
    except DataError:
        return ()
    return tuple(differing(before.values, run.values))


def nearest_key(key: str, known: Mapping[str, Any]) -> str:
    """`` Did you mean 'alliance.within.estimate'?``, or nothing."""
    return did_you_mean(key, known)
