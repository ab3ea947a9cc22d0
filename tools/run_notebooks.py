"""Run every notebook from top to bottom, two at a time; optionally export them as HTML.

Usage: python tools/run_notebooks.py [--export FOLDER] [NAME …]

The notebooks themselves are not changed. A notebook that takes longer than it should is named.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SECONDS_EACH = 20
SECONDS_A_CELL = 300
TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: A warning as a kernel prints it: the path of a temporary file, the line, then the source.
KERNEL_WARNING = re.compile(r"^\S*ipykernel_\S+?:\d+: (\w+: .*)\n  .*\n?", re.MULTILINE)


def run(path: Path, export: Path | None) -> str:
    """Execute one notebook in its own folder; return an error text or an empty one."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError

    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        client.execute()
    except (CellExecutionError, CellControlSignal, DeadKernelError, TimeoutError) as error:
        return f"{path.name}: {TERMINAL_COLOUR.sub('', str(error))}"
    if export is not None:
        write_html(notebook, path.stem, export / f"{path.stem}.html")
    took = time.perf_counter() - started
    slow = f" (more than {SECONDS_EACH} s)" if took > SECONDS_EACH else ""
    print(f"{path.name}: ran in {took:.1f} s{slow}", flush=True)
    return ""


def write_html(notebook: Any, title: str, target: Path) -> None:
    """Write an executed notebook as one HTML file, whole or not at all."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True)
    html, _ = exporter.from_notebook_node(
        plain_warnings(notebook), resources={"metadata": {"name": title}}
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    partial.write_text(html, encoding="utf-8")
    partial.replace(target)


def plain_warnings(notebook: Any) -> Any:
    """Cut temporary paths and source lines from warnings: readers need the message only."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                output.text = KERNEL_WARNING.sub(r"\1\n", output.text)
    return notebook


def kernel_environment() -> None:
    """Set what kernels inherit: this interpreter, figures in the page, one thread each."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def chosen_notebooks(names: list[str]) -> list[Path]:
    """The notebooks of these names, or all; a name that does not exist ends the program."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    wanted = {Path(name).stem for name in names}
    unknown = wanted - {path.stem for path in paths}
    if unknown or not paths:
        known = ", ".join(path.stem for path in paths) or "none"
        raise SystemExit(f"no notebook {', '.join(sorted(unknown))}. Notebooks: {known}.")
    return [path for path in paths if not wanted or path.stem in wanted]


def main() -> int:
    """Run the notebooks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--export", type=Path, metavar="FOLDER", help="write HTML there")
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks; default all")
    chosen = parser.parse_args()
    kernel_environment()
    paths = chosen_notebooks(chosen.names)
    with ThreadPoolExecutor(max_workers=2) as pool:
        errors = [e for e in pool.map(lambda p: run(p, chosen.export), paths) if e]
    for error in errors:
        print(error, file=sys.stderr)
    print(f"{len(paths) - len(errors)} notebooks ran, {len(errors)} failed")
    return 1 if errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
