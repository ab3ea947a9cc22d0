"""Bindings of a text file replaced, whatever the target."""

from __future__ import annotations

from collections.abc import Callable

from alliance_stats._base.errors import DataError
from alliance_stats.paper.bindings import Binding, find_bindings
from alliance_stats.paper.pieces import Numbering, Piece, Words, resolve
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.verbatim import Syntax


def substitute(text: str, stored: Stored, write: Callable[[Piece], str], syntax: Syntax) -> str:
    """The text with every binding written by `write`; all else stays to the letter.

    Raises
    ------
    DataError
        If a binding cannot be resolved, or a block stands inside a sentence; its line is named.
    """
    parts, end, numbering = [], 0, Numbering()
    for binding in find_bindings(text, syntax):
        piece = numbering.numbered(_resolved(text, binding, stored))
        parts += [text[end : binding.start], write(piece)]
        end = binding.end
    return "".join([*parts, text[end:]])


def _resolved(text: str, binding: Binding, stored: Stored) -> Piece:
    problem = problem_of(text, binding, stored)
    if problem:
        line = text.count("\n", 0, binding.start) + 1
        raise DataError(f"line {line}, {binding.source}: {problem}")
    return resolve(binding, stored)


def problem_of(text: str, binding: Binding, stored: Stored) -> str:
    """Why a binding cannot be written; empty if it can."""
    try:
        piece = resolve(binding, stored)
    except DataError as error:
        return str(error)
    if isinstance(piece, Words) or _alone(text, binding):
        return ""
    return f"a {binding.block} stands in a line of its own. Move it out of the sentence."


def _alone(text: str, binding: Binding) -> bool:
    """Whether nothing else stands on the line of a binding."""
    start = text.rfind("\n", 0, binding.start) + 1
    stop = text.find("\n", binding.end)
    return not (
        text[start : binding.start] + text[binding.end : stop if stop >= 0 else None]
    ).strip()
