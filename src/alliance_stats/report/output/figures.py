"""Figures of results as image files: the same bytes for the same result."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.files import file_target, write_files
from alliance_stats.report.output.drawings import DRAWINGS, Drawing, drawings_of
from alliance_stats.report.plots.panels import figure_size, grow, panel_axes
from alliance_stats.report.plots.style import COLUMN_WIDTH, PAGE_WIDTH, journal_style
from alliance_stats.report.sources import Source, as_view

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

Width = Literal["single", "double"]

#: Dots per inch of PNG files.
DPI = 300
_INCHES = {"single": COLUMN_WIDTH, "double": PAGE_WIDTH}
#: What each kind of file would say of the day and the program that made it.
_UNDATED: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    ".svg": {"Creator": None, "Date": None},
}
#: Of the names of parts of an SVG, which would else be random.
_SALT: dict[Any, Any] = {"svg.hashsalt": "alliance_stats", "pdf.fonttype": 42}


def save_figure(
    result: Source, path: str | os.PathLike[str], *, width: Width | None = None
) -> Path:
    """Draw the figure of a result into a file for a journal: SVG, PDF or PNG of 300 dpi.

    The figure is the one that `save_report` shows, in a style that can be told apart in grey and
    by people who are colour-blind. It holds no date: the same result gives the same bytes.

    Parameters
    ----------
    result : result
        Anything with a ``view()`` whose kind has a figure.
    path : str or path
        Ends in ``.svg``, ``.pdf`` or ``.png``. The folder must exist; an existing file is
        replaced once the new one is complete.
    width : {"single", "double"}, optional
        One column of a journal (3.35 inches) or the page (6.9 inches); the height is kept. By
        default the width that the figure was designed for.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ArgumentError
        If the kind of result has no figure, this one nothing to draw, the suffix or the width is
        another one, or the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> import alliance_stats as al
    >>> result = al.fit_within_between(al.load_example("sessions"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     al.report.save_figure(result, f"{folder}/figure.svg", width="double").name
    'figure.svg'
    """
    target = file_target(path, suffixes=tuple(sorted(_UNDATED)), what="a figure")
    if width is not None and width not in get_args(Width):
        raise ArgumentError(f"width={width!r} is not known. Give 'single', 'double' or None.")
    view = as_view(result)
    drawn = figure_bytes(view, suffix=target.suffix.lower(), width=width)
    if drawn is None:
        raise ArgumentError(
            f"a result of kind '{view.kind}' has no figure to draw. "
            f"Kinds with one: {', '.join(sorted(DRAWINGS))}."
            if view.kind not in DRAWINGS
            else f"this result of kind '{view.kind}' has no rows to draw."
        )
    write_files({target: drawn})
    return target


def figure_bytes(view: ResultView, *, suffix: str, width: Width | None = None) -> bytes | None:
    """The figure of a view as a file, or None where there is none."""
    drawings = drawings_of(view)
    return drawing_bytes(view, drawings[0], suffix=suffix, width=width) if drawings else None


def drawing_bytes(
    view: ResultView, drawing: Drawing, *, suffix: str, width: Width | None = None
) -> bytes:
    """One of the figures of a view as a file."""
    import matplotlib

    plot = pd.DataFrame() if view.plot is None else view.plot
    buffer = BytesIO()
    with journal_style(), matplotlib.rc_context(_SALT):
        canvas = _drawn(view, plot, drawing, width)
        canvas.savefig(buffer, format=suffix[1:], dpi=DPI, metadata=_UNDATED[suffix])
    return buffer.getvalue()


def _drawn(view: ResultView, plot: pd.DataFrame, drawing: Drawing, width: Width | None) -> Canvas:
    """Draw without pyplot, so that no window or open figure is left."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as NewCanvas

    n = len(drawing.panels(plot))
    canvas = NewCanvas(figsize=drawing.size(plot) if drawing.size else figure_size(n))
    FigureCanvasAgg(canvas)
    own = drawing.lay_out is not None
    axes = drawing.lay_out(canvas, plot) if drawing.lay_out is not None else None
    if axes is None:
        axes = panel_axes(canvas, n, share_y=drawing.share_y)
    if width is not None:
        _has_room(width, len(axes))
        canvas.set_figwidth(_INCHES[width])
    drawn = drawing.draw(view, ax=list(axes))
    grow(None if own else canvas, drawn)
    return canvas


def _has_room(width: Width, n_panels: int) -> None:
    if width == "single" and n_panels > 1:
        raise ArgumentError(
            f"a figure of {n_panels} panels has no room for its words in one column. "
            "Give width='double', or None."
        )
