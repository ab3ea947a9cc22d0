"""What a report holds for each result, before it is written for any target."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from alliance_stats._base.views import ResultView
from alliance_stats._version import __version__
from alliance_stats.report.drawings import DRAWINGS
from alliance_stats.report.figures import figure_bytes
from alliance_stats.report.sources import numbered_titles
from alliance_stats.report.table import Table
from alliance_stats.report.tables import coef_table, fit_table, further_tables
from alliance_stats.report.text import view_text
from alliance_stats.report.words import fit_failed, fit_singular, one_line


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure as PNG bytes, with the sentences that describe it."""

    png: bytes
    caption: str


@dataclass(frozen=True, eq=False)
class Section:
    """One result in a report; all text is plain, escaped only by the writer.

    Attributes
    ----------
    title : str
        Heading of the section.
    paragraphs : tuple of str
        The sentences of `report_text`.
    messages, notes : tuple of str
        What the result warned of; notes that stand under no table.
    tables : tuple of Table
        Coefficients first, then the further tables and the fit, numbered through the report.
    figure : Figure or None
        Drawn only when asked for.
    formula, refit, r_code : str
        The model, and lines of code that fit it again, here and in R; empty if unknown.
    alert : str
        Why the messages must not be overlooked: a failed or singular fit; else empty.
    """

    title: str
    paragraphs: tuple[str, ...]
    messages: tuple[str, ...]
    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    figure: Figure | None
    formula: str
    refit: str
    r_code: str = ""
    alert: str = ""

    @property
    def code(self) -> list[tuple[str, str]]:
        """What is printed as code, under its headings."""
        parts = {"Model": self.formula, "Fit it again": self.refit, "Fit it in R": self.r_code}
        return [(heading, code.rstrip("\n")) for heading, code in parts.items() if code]


def messages_heading(section: Section) -> str:
    """``Messages``, with the reason if they must not be overlooked."""
    return f"Messages: {section.alert}" if section.alert else "Messages"


def sections_of(
    views: Sequence[ResultView], r_codes: Sequence[str], *, figures: bool
) -> list[Section]:
    """The sections of a report, tables and figures numbered from 1; `r_codes` one a view."""
    sections: list[Section] = []
    n_tables = n_figures = 0
    for view, title, r_code in zip(views, numbered_titles(views), r_codes, strict=True):
        section = replace(_section(view, title, figures=figures), r_code=r_code)
        tables = [
            replace(table, number=number)
            for number, table in enumerate(section.tables, start=n_tables + 1)
        ]
        n_tables += len(tables)
        figure = section.figure
        if figure is not None:
            n_figures += 1
            figure = replace(figure, caption=f"Figure {n_figures}. {figure.caption}")
        sections.append(replace(section, tables=tuple(tables), figure=figure))
    return sections


def _section(view: ResultView, title: str, *, figures: bool) -> Section:
    tables = []
    if not view.terms.empty:  # the messages stand in a box of the section
        tables.append(replace(coef_table(view), title="Coefficients", messages=()))
    tables += further_tables(view)
    fit = fit_table(view)
    return Section(
        title=title,
        paragraphs=tuple(view_text(view).split("\n\n")),
        messages=tuple(one_line(message) for message in view.messages),
        notes=tuple(one_line(note) for note in view.notes) if view.terms.empty else (),
        tables=(*tables, fit) if fit is not None else tuple(tables),
        figure=_figure(view) if figures else None,
        formula=view.labels.get("formula", ""),
        refit=view.refit or "",
        alert=_alert(view),
    )


def _alert(view: ResultView) -> str:
    if fit_failed(view):
        return "the fit did not converge"
    return "the fit is singular" if fit_singular(view) else ""


def _figure(view: ResultView) -> Figure | None:
    png = figure_bytes(view, suffix=".png")
    return None if png is None else Figure(png, DRAWINGS[view.kind].caption(view))


def versions_line(*, figures: bool) -> str:
    """The versions that made the report; no date, so that the same input gives the same file."""
    return f"Made with {software_words(figures=figures)}."


def software_words(*, figures: bool = False) -> str:
    """This library, Python and what the numbers rest on, with their versions."""
    packages = ["numpy", "scipy", "pandas", *(["matplotlib"] if figures else [])]
    named = [f"{name} {_version(name)}" for name in packages]
    parts = [f"alliance_stats {__version__}", f"Python {platform.python_version()}", *named]
    return ", ".join(parts)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
