"""The door: statistics of a text or a file, recomputed."""

from __future__ import annotations

import os
from pathlib import Path

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.documents.document import Document, text_passages
from alliance_stats.report.documents.reading import SUFFIXES, read_document
from alliance_stats.report.statcheck.p_checks import Asked
from alliance_stats.report.statcheck.result import StatisticsCheck
from alliance_stats.report.statcheck.scanning import rows_of
from alliance_stats.report.statcheck.signs import without_any_marks

_LONGEST_PATH = 1024


def check_statistics(
    text_or_file: str | os.PathLike[str] | Document,
    *,
    alpha: float = 0.05,
    one_tailed: bool | None = None,
) -> StatisticsCheck:
    """Recompute the statistics that a text prints from one another.

    Use it before a manuscript is sent off, on your own text or one you review. It finds t, F, χ²,
    z, Q and r with their degrees of freedom, coefficients with standard errors, d, g, odds ratios
    and intervals in APA style, and looks whether

    * the printed p fits the statistic and its degrees of freedom, and lies on the same side of
      `alpha` (if not, a *decision error*);
    * t or z is the coefficient over its standard error;
    * an interval holds its estimate, lies evenly about it (r on Fisher's z, ratios on their
      logarithm), has the width that the standard error or N gives, and decides as p does;
    * d and r of one statement are two prints of one effect;
    * a value can be at all: r from −1 to 1, degrees of freedom above 0, 0 < p ≤ 1.

    The rows of tables are read like sentences, where headings name the quantities (b, SE, t, df,
    p, 95% CI and others). Decimal commas are read where the paragraph, or else the text, is
    written with more of them than of points.

    Every printed number stands for all numbers that round to it, so only what no rounding
    explains is reported. A difference is no accusation: typing errors, corrections of p values
    and tests of another kind are among the reasons.

    Parameters
    ----------
    text_or_file : str, path or Document
        A path is read by `read_document` (.docx, .md, .tex, .html, .txt). A ``str`` is a file if
        it is one line that ends in one of these suffixes and such a file exists; every other
        ``str`` is text, plain or with marks of Markdown, LaTeX or HTML. One that ends so, holds
        no blank and names no file is refused, because it can only be a mistyped path.
    alpha : float
        What the text calls significant.
    one_tailed : bool, optional
        By default half of a two-tailed p is accepted for t, z and r where the sentence speaks of a
        one-tailed, one-sided or directional test; elsewhere it is marked as a candidate and stays
        inconsistent. True accepts it everywhere, False nowhere.

    Returns
    -------
    StatisticsCheck
        ``frame`` has one row a statistic; ``ok`` is True if none is inconsistent.

    Raises
    ------
    ArgumentError
        If the argument is neither text nor a path, a file does not exist or is of another kind,
        or `alpha` is not between 0 and 1.
    DataError
        If a file is damaged, locked or not text, or holds tracked changes or text boxes.

    References
    ----------
    Nuijten, M. B., Hartgerink, C. H. J., van Assen, M. A. L. M., Epskamp, S., & Wicherts, J. M.
    (2016). The prevalence of statistical reporting errors in psychology (1985–2013). Behavior
    Research Methods, 48, 1205–1226.

    Examples
    --------
    >>> check = check_statistics("It fell, b = -0.50, SE = 0.10, t(23) = -5.00, p = .03.")
    >>> check.ok
    False
    >>> print(check.frame["message"][0])
    The statistic gives two-tailed p < .0001; printed is p = .03.
    """
    probability(alpha, name="alpha")
    if one_tailed is not None and not isinstance(one_tailed, bool):
        raise ArgumentError(f"one_tailed={one_tailed!r} is not known. Allowed: None, True, False.")
    document = _document(text_or_file)
    frame = rows_of(document.passages, Asked(float(alpha), one_tailed))
    return StatisticsCheck(frame, document.source, float(alpha), document.messages)


def _document(given: object) -> Document:
    """The passages of a text or a file; which of the two it is, is told in `check_statistics`."""
    if isinstance(given, Document):
        return given
    if isinstance(given, os.PathLike):
        return read_document(given)
    if not isinstance(given, str):
        raise ArgumentError(
            f"a {type(given).__name__} is neither text nor a path. Give a text, the path of a "
            f"file that ends in {', '.join(SUFFIXES)}, or what read_document returns."
        )
    if _like_a_path(given) and (Path(given).is_file() or not any(map(str.isspace, given))):
        return read_document(given)
    return Document("text", "txt", text_passages(without_any_marks(given)))


def _like_a_path(text: str) -> bool:
    """Whether a text is one line that ends in the suffix of a manuscript."""
    return (
        len(text) <= _LONGEST_PATH
        and "\n" not in text
        and "\0" not in text
        and text.lower().endswith(SUFFIXES)
    )
