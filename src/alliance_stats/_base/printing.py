"""Numbers, tables and text as printed: APA-like rounding and escaping for each target."""

from __future__ import annotations

import html
import math
import re

import numpy as np
import pandas as pd

#: How the columns of tidy tables are headed in print.
HEADINGS = {
    "effect": "Effect",
    "unit": "Unit",
    "term": "Term",
    "estimate": "b",
    "se": "SE",
    "statistic": "t",
    "df": "df",
    "p_value": "p",
    "n": "N",
}

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")


def format_number(value: object) -> str:
    """Three decimals below 1, two below 100, one above; scientific when that would show zero.

    >>> format_number(-0.10432), format_number(12.345), format_number(0.00002)
    ('-0.104', '12.35', '2.0e-05')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{int(value)}"
    if not isinstance(value, float | np.floating):
        return "" if value is None else str(value)
    number = float(value)
    if math.isnan(number):
        return "–"
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    size = abs(number)
    if 0 < size < 0.0005 or size >= 1e7:
        return f"{number:.1e}"
    return f"{number:.3f}" if size < 1 else f"{number:.2f}" if size < 100 else f"{number:.1f}"


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


def format_df(value: float) -> str:
    """Degrees of freedom: one decimal below 1,000, ``∞`` for normal tests."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def format_interval(low: float, high: float) -> str:
    """``[-0.153, -0.055]``."""
    return f"[{format_number(float(low))}, {format_number(float(high))}]"


def interval_heading(conf_level: float) -> str:
    """``95% CI``."""
    return f"{100 * conf_level:g}% CI"


def print_frame(frame: pd.DataFrame, *, conf_level: float = 0.95) -> pd.DataFrame:
    """A frame of strings as printed: rounded, headed, with the two interval ends in one column."""
    printed = pd.DataFrame(index=range(len(frame)))
    for name in frame.columns:
        values = frame[name].tolist()
        if name == "ci_low" and "ci_high" in frame.columns:
            ends = zip(values, frame["ci_high"].tolist(), strict=True)
            printed[interval_heading(conf_level)] = [format_interval(a, b) for a, b in ends]
        elif name == "ci_high" and "ci_low" in frame.columns:
            continue
        elif name == "p_value":
            printed[HEADINGS[name]] = [format_p(float(v)) for v in values]
        elif name == "df":
            printed[HEADINGS[name]] = [format_df(float(v)) for v in values]
        else:
            heading = HEADINGS.get(name, str(name).replace("_", " "))
            printed[heading] = [format_number(v) for v in values]
    return printed


def frame_text(frame: pd.DataFrame, *, conf_level: float = 0.95) -> str:
    """A frame as aligned plain text, words left and numbers right."""
    printed = print_frame(frame, conf_level=conf_level)
    words = [pd.api.types.is_string_dtype(frame[n]) or frame[n].dtype == object for n in frame]
    kept = [n not in ("ci_high",) or "ci_low" not in frame for n in frame.columns]
    left = [w for w, k in zip(words, kept, strict=True) if k]
    columns = [[str(h), *printed[h].tolist()] for h in printed.columns]
    widths = [max(map(len, cells)) for cells in columns]
    lines = []
    for row in zip(*columns, strict=True):
        cells = [
            c.ljust(w) if is_left else c.rjust(w)
            for c, w, is_left in zip(row, widths, left, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def frame_html(frame: pd.DataFrame, *, conf_level: float = 0.95, caption: str = "") -> str:
    """A frame as an escaped HTML table."""
    printed = print_frame(frame, conf_level=conf_level)
    head = "".join(f"<th>{escape_html(h)}</th>" for h in printed.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape_html(c)}</td>" for c in row) + "</tr>"
        for row in printed.itertuples(index=False)
    )
    title = f"<caption>{escape_html(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def escape_html(text: object) -> str:
    """Text safe inside an HTML element or a quoted attribute."""
    return html.escape(str(text), quote=True)


def escape_markdown(text: object) -> str:
    """Text that Markdown shows as it is, also inside a table cell."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", str(text)).replace("\n", " ")
