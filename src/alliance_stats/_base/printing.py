"""Numbers, tables and text as printed: APA-like rounding and escaping for each target."""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

#: How the columns of tidy tables and of one-row summaries are headed in print.
HEADINGS = {
    "effect": "Effect",
    "unit": "Unit",
    "group": "Group",
    "study": "Study",
    "model": "Model",
    "term": "Term",
    "estimate": "b",
    "se": "SE",
    "statistic": "t",
    "df": "df",
    "p_value": "p",
    "n": "N",
    "sd": "SD",
    "variance": "Variance",
    "correlation": "Correlation",
    "tau2": "τ²",
    "tau2_low": "τ² low",
    "tau2_high": "τ² high",
    "i2": "I²",
    "pi_low": "PI low",
    "pi_high": "PI high",
    "n_per_study": "n per study",
    "se_low": "SE low",
    "se_high": "SE high",
}

#: The minus sign of prose, tables and figures; plain text in a console keeps the hyphen.
MINUS = "\N{MINUS SIGN}"

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
_BLOCK_START = re.compile(r"^([-+=]|\d+(?=[.)]))")
_ZERO = re.compile(r"(?<![\d.])0(?=\.\d)")
_MOST_DECIMALS = 4
_COUNTS = ("n", "missing", "rows", "flat_patients", "autocorrelation_pairs")
_ONE_UNIT = ("estimate", "se", "ci_low", "ci_high")


def format_number(value: object, *, minus: str = "-") -> str:
    """Three decimals below 1, two below 100, one above; scientific when that would show zero.

    >>> format_number(-0.10432), format_number(12.345), format_number(0.00002)
    ('-0.104', '12.35', '2.0e-05')
    >>> format_number(-0.0), format_number(float("nan")), format_number(True)
    ('0.000', '–', 'yes')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return _signed(f"{int(value)}", minus)
    if not isinstance(value, float | np.floating):
        return "" if value is None or value is pd.NA else str(value)
    number = float(value)
    if not math.isfinite(number):
        return _not_finite(number, minus)
    size = abs(number)
    if 0 < size < 0.0005 or size >= 1e7:
        return _signed(f"{number:.1e}", minus)
    decimals = 3 if size < 1 else 2 if size < 100 else 1
    return format_fixed(number, decimals, minus=minus)


def format_fixed(value: float, decimals: int, *, minus: str = "-") -> str:
    """A number with a fixed count of decimals; never a negative zero.

    >>> format_fixed(-0.1049, 2), format_fixed(-0.0001, 2), format_fixed(float("inf"), 2)
    ('-0.10', '0.00', '∞')
    """
    number = float(value)
    if not math.isfinite(number):
        return _not_finite(number, minus)
    shown = f"{number:.{decimals}f}"
    return shown.removeprefix("-") if float(shown) == 0 else _signed(shown, minus)


def decimals_for(standard_errors: Iterable[float]) -> int:
    """Decimals that show two digits of the smallest standard error: between two and four.

    >>> decimals_for([0.0213, 1.4]), decimals_for([0.31]), decimals_for([1e-9])
    (3, 2, 4)
    """
    sizes = [float(s) for s in standard_errors if math.isfinite(s) and s > 0]
    if not sizes:
        return 3
    return min(max(1 - math.floor(math.log10(min(sizes))), 2), _MOST_DECIMALS)


def column_decimals(values: Iterable[float]) -> int:
    """Decimals that a column of one measure shares: none for whole numbers, else one to three.

    >>> column_decimals([5.09, 0.841]), column_decimals([0.841, 0.25]), column_decimals([8.0, 23.0])
    (2, 3, 0)
    """
    sizes = [abs(float(v)) for v in values if math.isfinite(v)]
    if all(size.is_integer() for size in sizes):
        return 0
    smallest = min(size for size in sizes if size > 0)
    if max(sizes) < 1:
        return 3
    return 1 if max(sizes) >= 100 and smallest >= 1 else min(decimals_for(sizes), 3)


def format_p(value: float) -> str:
    """APA style: no leading zero, three decimals, ``< .001``.

    >>> format_p(0.0342), format_p(1e-9)
    ('.034', '< .001')
    """
    if math.isnan(value):
        return "–"
    if value < 0.001:
        return "< .001"
    return f"{value:.3f}".lstrip("0") if value < 0.9995 else "> .999"


def without_zero(printed: str) -> str:
    """Printed numbers below one in size without the zero before the point.

    APA style writes so what cannot exceed one: correlations, reliabilities, shares.

    >>> without_zero("0.28"), without_zero("−0.05"), without_zero("1.00"), without_zero("10.05")
    ('.28', '−.05', '1.00', '10.05')
    >>> without_zero("95% CI [0.20, 0.36]")
    '95% CI [.20, .36]'
    """
    return _ZERO.sub("", printed)


def format_df(value: float, decimals: int | None = None) -> str:
    """Degrees of freedom: one decimal, none for a whole number, ``∞`` for normal tests.

    >>> format_df(1967.04), format_df(238.0), format_df(238.0, 1), format_df(float("inf"))
    ('1967.0', '238', '238.0', '∞')
    >>> format_df(126.9999999997)
    '127'
    """
    number = float(value)
    if not math.isfinite(number):
        return _not_finite(number, "-")
    return f"{number:.{int(not _is_whole(number)) if decimals is None else decimals}f}"


def _is_whole(number: float) -> bool:
    """Whether only rounding, which differs between processors, parts a number from a whole one."""
    return abs(number - round(number)) < 1e-6


def format_interval(
    low: float, high: float, decimals: int | None = None, *, minus: str = "-"
) -> str:
    """Both ends of an interval; without `decimals` each as `format_number` prints it.

    Without either end a dash.

    >>> format_interval(-0.1532, -0.0551), format_interval(-0.1532, -0.0551, 2)
    ('[-0.153, -0.055]', '[-0.15, -0.06]')
    """
    ends = (float(low), float(high))
    if all(math.isnan(end) for end in ends):
        return "–"
    if decimals is None:
        shown = [format_number(end, minus=minus) for end in ends]
    else:
        shown = [format_fixed(end, decimals, minus=minus) for end in ends]
    return f"[{shown[0]}, {shown[1]}]"


def interval_heading(conf_level: float) -> str:
    """``95% CI``."""
    return f"{100 * conf_level:g}% CI"


def print_frame(
    frame: pd.DataFrame,
    *,
    conf_level: float = 0.95,
    decimals: int | None = None,
    minus: str = "-",
    headings: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """A frame of strings as printed: rounded, headed, with the two interval ends in one column.

    The numbers of a column share their count of decimals; so do estimates, standard errors and
    interval ends among themselves: the count given, or that of `decimals_for`. A row whose
    standard error would then print as zero falls back to `format_number`. `headings` go before
    the usual words for columns.
    """
    words = {**HEADINGS, **(headings or {})}
    shared = row_decimals(frame, decimals)
    printed = pd.DataFrame(index=range(len(frame)))
    for name in frame.columns:
        values = frame[name].tolist()
        if name == "ci_low" and "ci_high" in frame.columns:
            ends = zip(values, frame["ci_high"].tolist(), shared, strict=True)
            printed[interval_heading(conf_level)] = [
                format_interval(a, b, d, minus=minus) for a, b, d in ends
            ]
        elif name == "ci_high" and "ci_low" in frame.columns:
            continue
        else:
            heading = words.get(name, str(name).replace("_", " "))
            printed[heading] = _print_column(name, values, shared, minus)
    return printed


def row_decimals(frame: pd.DataFrame, decimals: int | None) -> list[int | None]:
    """Decimals of estimates and intervals in each row; None where `format_number` decides."""
    if decimals is not None:
        return [decimals] * len(frame)
    if "se" not in frame.columns:
        ends = [v for name in _ONE_UNIT if name in frame.columns for v in frame[name]]
        return [column_decimals(ends) or 2 if _all_floats(ends) else None] * len(frame)
    errors = [float(s) for s in frame["se"]]
    shared = decimals_for(errors)
    return [None if 0 < s < 0.5 * 10**-shared else shared for s in errors]


def _print_column(
    name: object, values: list[Any], shared: list[int | None], minus: str
) -> list[str]:
    if name == "p_value":
        return [format_p(float(v)) for v in values]
    if name in _COUNTS:
        return [f"{v:,}" if isinstance(v, int) else format_number(v) for v in values]
    if name == "df":
        finite = [float(v) for v in values if math.isfinite(v)]
        decimals = int(not all(map(_is_whole, finite)))
        return [format_df(v, decimals) for v in values]
    if name in ("statistic", "correlation"):
        return [format_fixed(v, 2, minus=minus) for v in values]
    if name in _ONE_UNIT:
        return [
            format_number(v, minus=minus) if d is None else format_fixed(v, d, minus=minus)
            for v, d in zip(values, shared, strict=True)
        ]
    if not _all_floats(values):
        return [format_number(v, minus=minus) for v in values]
    return _measures(values, minus)


def _measures(values: list[Any], minus: str) -> list[str]:
    """Numbers of one measure in the decimals they share; what would show as zero keeps its size."""
    decimals = column_decimals(values)
    tiny = 0.5 * 10**-decimals
    return [
        format_number(v, minus=minus)
        if 0 < abs(v) < tiny or abs(v) >= 1e7
        else format_fixed(v, decimals, minus=minus)
        for v in values
    ]


def _all_floats(values: Sequence[object]) -> bool:
    return bool(values) and all(isinstance(v, float) for v in values)


def _signed(shown: str, minus: str) -> str:
    return minus + shown[1:] if shown.startswith("-") else shown


def _not_finite(number: float, minus: str) -> str:
    return "–" if math.isnan(number) else "∞" if number > 0 else f"{minus}∞"


def word_columns(frame: pd.DataFrame) -> list[bool]:
    """Which columns of `print_frame` hold words, and so stand left."""
    words = []
    for name in frame.columns:
        if name == "ci_high" and "ci_low" in frame.columns:
            continue
        column = frame[name]
        words.append(bool(pd.api.types.is_string_dtype(column) or column.dtype == object))
    return words


def aligned_text(headings: Sequence[str], rows: Sequence[Sequence[str]], left: list[bool]) -> str:
    """Cells as aligned plain text under their headings, words left and numbers right."""
    columns = [[heading, *cells] for heading, *cells in zip(headings, *rows, strict=True)]
    widths = [max(map(len, cells)) for cells in columns]
    lines = []
    for row in zip(*columns, strict=True):
        cells = [
            cell.ljust(width) if is_left else cell.rjust(width)
            for cell, width, is_left in zip(row, widths, left, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def frame_text(
    frame: pd.DataFrame, *, conf_level: float = 0.95, headings: Mapping[str, str] | None = None
) -> str:
    """A frame as aligned plain text, words left and numbers right."""
    printed = print_frame(frame, conf_level=conf_level, headings=headings)
    rows = printed.to_numpy(dtype=object).tolist()
    return aligned_text([str(h) for h in printed.columns], rows, word_columns(frame))


def frame_html(
    frame: pd.DataFrame,
    *,
    conf_level: float = 0.95,
    caption: str = "",
    headings: Mapping[str, str] | None = None,
) -> str:
    """A frame as an escaped HTML table."""
    printed = print_frame(frame, conf_level=conf_level, minus=MINUS, headings=headings)
    rows = printed.to_numpy(dtype=object).tolist()
    return table_html([str(h) for h in printed.columns], rows, word_columns(frame), caption)


def table_html(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: list[bool],
    caption: str = "",
    *,
    title: Callable[[str], str] | None = None,
    head: Callable[[str], str] | None = None,
    words: Callable[[str], str] | None = None,
) -> str:
    """Cells as an escaped HTML table, words left and numbers right.

    `title` writes the caption, `head` a heading and `words` a cell of words; each of them escapes
    what it writes.
    """
    title_of, head_of, words_of = (write or escape_html for write in (title, head, words))
    sides = ["left" if is_left else "right" for is_left in left]
    top = "".join(
        f'<th scope="col" style="text-align:{side}">{head_of(heading)}</th>'
        for heading, side in zip(headings, sides, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:{side}">'
            f"{words_of(cell) if side == 'left' else escape_html(cell)}</td>"
            for cell, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    above = f"<caption>{title_of(caption)}</caption>" if caption else ""
    return f"<table>{above}\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def wrapped(sentences: Iterable[str], *, width: int = 88) -> list[str]:
    """Sentences as lines of at most `width` characters, each beginning a new line."""
    return [line for sentence in sentences for line in textwrap.wrap(sentence, width)]


def escape_html(text: object) -> str:
    """Text safe inside an HTML element or a quoted attribute."""
    return html.escape(str(text), quote=True)


def escape_markdown(text: object) -> str:
    """Text that Markdown shows as it is, also inside a table cell."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def markdown_paragraph(text: str) -> str:
    """Escaped text that does not start a list, a rule or a heading.

    >>> markdown_paragraph("1. item"), markdown_paragraph("- item")
    ('1\\\\. item', '\\\\- item')
    """
    escaped = escape_markdown(text)
    start = _BLOCK_START.match(escaped)
    if start is None:
        return escaped
    mark = start.group(1)
    tail = escaped[len(mark) :]
    return f"\\{mark}{tail}" if not mark.isdigit() else f"{mark}\\{tail}"
