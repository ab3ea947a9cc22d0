"""Files that commands write: refused before the work if they exist, replaced only if forced."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError


def output_path(given: str | None) -> Path | None:
    """The path of ``-o``."""
    return None if given is None else Path(given).expanduser()


def check_report(output: Path, force: bool) -> None:
    """Refuse before the analysis what would be refused after it, and to replace files unasked."""
    from alliance_stats.report.output.save import report_target

    target, figures = report_target(output)
    refuse_existing([target, figures] if target.suffix.lower() == ".md" else [target], force)


def refuse_existing(made: Sequence[Path], force: bool) -> None:
    """Refuse to replace files unless forced."""
    there = [path for path in made if path.exists() or path.is_symlink()]
    if there and not force:
        raise ArgumentError(
            f"'{there[0]}' exists already. Give -o another name, or --force to replace it."
        )


def save(results: list[Any], output: Path, title: str) -> None:
    """Write the report; an error names it, not the temporary file beside it."""
    try:
        al.save_report(results, output, title=title)
    except OSError as error:
        raise ArgumentError(
            f"the report '{output}' cannot be written: {error.strerror or error}. "
            "Give -o another path."
        ) from error
