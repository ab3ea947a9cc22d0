"""Run every notebook from top to bottom, two at a time; optionally export them as HTML.

Usage: python tools/run_notebooks.py [--export FOLDER] [NAME …]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SECONDS_EACH = 300


def run(path: Path, export: Path | None) -> str:
    """Execute one notebook in its own folder; return an error text or an empty one."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_EACH,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return f"{path.name}: {error}"
    if export is not None:
        write_html(notebook, export / f"{path.stem}.html")
    print(f"{path.name}: ran in {time.perf_counter() - started:.1f} s", flush=True)
    return ""


def write_html(notebook: object, target: Path) -> None:
    """Write an executed notebook as one HTML file, whole or not at all."""
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter().from_notebook_node(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    partial.write_text(html, encoding="utf-8")
    partial.replace(target)


def main() -> int:
    """Run the notebooks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export", type=Path)
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    # kernels start from this environment's interpreter, whatever is on the PATH
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ.setdefault("MPLBACKEND", "agg")
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    if chosen.names:
        paths = [p for p in paths if p.stem in chosen.names]
    with ThreadPoolExecutor(max_workers=2) as pool:
        errors = [e for e in pool.map(lambda p: run(p, chosen.export), paths) if e]
    for error in errors:
        print(error, file=sys.stderr)
    print(f"{len(paths) - len(errors)} notebooks ran, {len(errors)} failed")
    return 1 if errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
