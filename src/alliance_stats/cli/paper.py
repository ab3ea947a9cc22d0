"""The commands of papers: `new-paper`, `run`, `render`, `check-paper`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alliance_stats import paper
from alliance_stats._base.errors import ArgumentError
from alliance_stats.cli.lines import print_result
from alliance_stats.cli.machine import print_json, records
from alliance_stats.cli.steps import step

T = TypeVar("T")
NEXT = """\
Next: alliance-stats run {0}
      alliance-stats render {0}
      alliance-stats check-paper {0}

It works at once, with synthetic data. README.md says how to make it your own."""


def new_paper(args: argparse.Namespace) -> None:
    """Make the folder, and say what comes next."""
    folder = _as_options(paper.new_paper, _folder(args), force=args.force)
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    if args.json:
        print_json({"files": files, "folder": str(folder)}, args)
        return
    print_result("\n".join([f"Made {folder}:", *(f"  {name}" for name in files)]), args)
    print_result(f"\n{NEXT.format(shlex.quote(str(folder)))}", args)


def run_paper(args: argparse.Namespace) -> None:
    """Fit, write the results, and say how many numbers there are and which changed."""
    with step("Fitting the questions", args):
        done = _as_options(paper.run_study, _folder(args), force=args.force)
    if args.json:
        written = [str(path) for path in done.files]
        print_json({"changed": list(done.changed), "files": written, "n": len(done.values)}, args)
        return
    print_result(repr(done), args)
    for key in done.changed:
        print_result(f"changed: {key}", args)


def render(args: argparse.Namespace) -> None:
    """Write the manuscript with its numbers."""
    with step("Rendering", args):
        files = _as_options(paper.render_paper, _folder(args), force=args.force)
    if args.json:
        print_json({"files": [str(path) for path in files]}, args)
        return
    print_result("\n".join(f"Rendered: {path}" for path in files), args)


def check_paper(args: argparse.Namespace) -> int:
    """Print the findings; exit code 1 if there is one."""
    with step("Fitting the study again" if args.rerun else "Checking", args):
        done = paper.check_paper(_folder(args), rerun=args.rerun)
    if args.json:
        content = {"checked": len(done.items), "ok": done.ok}
        frame = done.frame
        print_json(content | {"findings": records(frame[frame["problem"] != ""])}, args)
    else:
        print_result(repr(done), args)
    return 0 if done.ok else 1


def _folder(args: argparse.Namespace) -> Path:
    if not args.dir:
        raise ArgumentError("DIR is empty text. Give the folder of a paper.")
    return Path(args.dir).expanduser()


def _as_options(call: Callable[..., T], folder: Path, *, force: bool) -> T:
    """Call the library; its arguments in messages as options, and files as the paper's."""
    try:
        return call(folder, force=force)
    except ArgumentError as error:
        raise ArgumentError(str(error).replace("force=True", "--force")) from error
    except OSError as error:
        raise ArgumentError(
            f"the paper '{folder}' cannot be read or written: {error.strerror or error}. "
            "Look at the rights of the folder and its files, and at the room on the disk."
        ) from error
