"""The look of figures, applied to one figure at a time and never globally."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

#: Widths in inches at which journals print a figure: over the page, and in one of two columns.
PAGE_WIDTH = 6.9
COLUMN_WIDTH = 3.35
#: Size in points of all text but the panels' names.
TEXT_SIZE = 8.0
#: The font of all text, which matplotlib brings with it.
FONT = "DejaVu Sans"

#: Colours that differ in lightness too, so that they are told apart in grey (Okabe and Ito).
POINT_COLOUR = "#7d8a97"
LINE_COLOUR = "#00568f"
BAND_COLOUR = "#00568f"
#: One thin line among many, and one that is marked among them.
THREAD_COLOUR = "#9aa3ac"
MARK_COLOUR = "#1a1a1a"

SETTINGS = MappingProxyType(
    {
        "font.family": [FONT],
        "font.size": TEXT_SIZE,
        "axes.titlesize": 9.0,
        "axes.labelsize": TEXT_SIZE,
        "xtick.labelsize": TEXT_SIZE,
        "ytick.labelsize": TEXT_SIZE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.7,
        "axes.edgecolor": "#333333",
        "axes.labelcolor": "#1a1a1a",
        "axes.grid": False,
        "axes.unicode_minus": True,
        "axes.titlelocation": "left",
        "xtick.color": "#333333",
        "ytick.color": "#333333",
        "xtick.major.width": 0.7,
        "ytick.major.width": 0.7,
        "xtick.major.size": 3.0,
        "ytick.major.size": 3.0,
        "lines.linewidth": 1.6,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "figure.dpi": 150.0,
        "savefig.facecolor": "white",
        "text.usetex": False,
        "path.simplify": False,
    }
)


@contextmanager
def journal_style() -> Iterator[None]:
    """Apply the style inside a ``with`` block; the user's settings are back after it.

    Examples
    --------
    >>> import matplotlib
    >>> before = matplotlib.rcParams["font.size"]
    >>> with journal_style():
    ...     matplotlib.rcParams["font.size"]
    8.0
    >>> matplotlib.rcParams["font.size"] == before
    True
    """
    import matplotlib

    settings: dict[Any, Any] = dict(SETTINGS)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a figure is the same whatever the user's own style
        matplotlib.rcParams.update(settings)
        yield
