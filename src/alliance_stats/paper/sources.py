"""The data of a study, loaded for a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from alliance_stats._base.errors import DataError
from alliance_stats.data.effects import load_effects
from alliance_stats.data.examples import EFFECTS_EXAMPLES, load_example, synthetic_folder
from alliance_stats.data.load import load_sessions
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.measures.scoring.score import score
from alliance_stats.meta.effects.sizes import effect_sizes
from alliance_stats.paper.calls import Takes
from alliance_stats.paper.study import DataSource


def data_file(source: DataSource) -> Path:
    """The file behind a source.

    Raises
    ------
    DataError
        If it is not there.
    """
    path = synthetic_folder() / f"{source.example}.csv" if source.example else source.file
    if path is None or not path.is_file():
        raise DataError(
            f"[data.{source.name}]: '{source.example or source.file}' is not there. "
            "Put the file into the paper, or correct its name."
        )
    return path


def load_source(source: DataSource, takes: Takes, sizes: Mapping[str, Any] | None) -> Any:
    """Sessions with roles, or effects with yi and vi."""
    return _effects(source, sizes) if takes == "effects" else _sessions(source)


def _effects(source: DataSource, sizes: Mapping[str, Any] | None) -> Any:
    if source.roles or source.score:
        raise DataError(
            f"[data.{source.name}]: effects have no roles and no score. Leave them out."
        )
    if source.example is not None:
        if source.example not in EFFECTS_EXAMPLES:
            raise DataError(f"[data.{source.name}]: '{source.example}' holds sessions, no effects.")
        frame = load_example(source.example)
    else:
        frame = load_effects(data_file(source))
    return frame if sizes is None else effect_sizes(frame, **dict(sizes))


def _sessions(source: DataSource) -> SessionData:
    if source.example in EFFECTS_EXAMPLES:
        raise DataError(f"[data.{source.name}]: '{source.example}' holds effects, no sessions.")
    roles = dict(source.roles)
    if source.example is not None:
        sessions = load_example(source.example)
        given = sessions.roles
        merged = replace(given or Roles(), **roles)  # type: ignore[arg-type]
        if not roles and not source.score:
            return sessions
        return load_sessions(_scored(sessions.frame, source), merged)
    frame: Any = data_file(source)
    if source.score:
        frame = _scored(load_sessions(frame, sheet=source.sheet).frame, source)
        return load_sessions(frame, Roles(**roles))  # type: ignore[arg-type]
    return load_sessions(frame, Roles(**roles) if roles else None, sheet=source.sheet)  # type: ignore[arg-type]


def _scored(frame: Any, source: DataSource) -> Any:
    """The frame with the scores that ``[[data.NAME.score]]`` asks for."""
    for entry in source.score:
        frame = score(frame, **_ranges(entry))
    return frame


def _ranges(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in entry.items()}
