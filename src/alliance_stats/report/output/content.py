"""What a report holds for each result, before it is written for any target."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from alliance_stats._base.views import ResultView
from alliance_stats.report.output.drawings import drawings_of
from alliance_stats.report.output.figures import drawing_bytes
from alliance_stats.report.sources import numbered_titles
from alliance_stats.report.tables.coefficients import coef_table, fit_table, further_tables
from alliance_stats.report.tables.meta_analyses import KINDS as META_KINDS
from alliance_stats.report.tables.meta_analyses import meta_table
from alliance_stats.report.tables.table import Table
from alliance_stats.report.text import view_text
from alliance_stats.report.wording.captions import title_and_note
from alliance_stats.report.wording.software import software_words
from alliance_stats.report.wording.words import fit_failed, fit_singular, one_line

#: Between two sentences, not after an initial.
_SENTENCE_END = re.compile(r"(?<=[^A-Z]\.)\s+(?=[A-Z])")


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure as PNG bytes, and its words.

    Attributes
    ----------
    png : bytes
    title, note : str
        What stands above and below it.
    finding : str
        The first sentence of the result: what the figure lets see.
    number : int
        Of the figure in its document.
    """

    png: bytes
    title: str
    note: str
    finding: str
    number: int = 0

    @property
    def alt(self) -> str:
        """The figure in words, for who cannot see it."""
        return f"{self.title}. {self.finding}".strip()


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
    figures : tuple of Figure
        Drawn only when asked for, numbered through the report.
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
    figures: tuple[Figure, ...]
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
    views: Sequence[ResultView], r_codes: Sequence[str], *, draws: bool
) -> list[Section]:
    """The sections of a report, tables and figures numbered from 1; `r_codes` one a view."""
    kinds = frozenset(view.kind for view in views)
    sections: list[Section] = []
    tables, figures = count(1), count(1)
    for view, title, r_code in zip(views, numbered_titles(views), r_codes, strict=True):
        section = _section(view, title, _figures(view, kinds) if draws else ())
        numbered = replace(
            section,
            tables=tuple(replace(table, number=next(tables)) for table in section.tables),
            figures=tuple(replace(figure, number=next(figures)) for figure in section.figures),
            r_code=r_code,
        )
        sections.append(numbered)
    return sections


def _section(view: ResultView, title: str, figures: tuple[Figure, ...]) -> Section:
    tables = []
    if not view.terms.empty:  # the messages stand in a box of the section
        tables.append(replace(coef_table(view), title="Coefficients", messages=()))
    if view.kind in META_KINDS and view.plot is not None:
        tables.append(
            replace(meta_table(view), title="Studies, mean and heterogeneity", messages=())
        )
    tables += further_tables(view)
    fit = fit_table(view)
    return Section(
        title=title,
        paragraphs=tuple(view_text(view).split("\n\n")),
        messages=tuple(one_line(message) for message in view.messages),
        notes=tuple(one_line(note) for note in view.notes) if view.terms.empty else (),
        tables=(*tables, fit) if fit is not None else tuple(tables),
        figures=figures,
        formula=view.labels.get("formula", ""),
        refit=view.refit or "",
        alert=_alert(view),
    )


def _alert(view: ResultView) -> str:
    if fit_failed(view):
        return "the fit did not converge"
    return "the fit is singular" if fit_singular(view) else ""


def _figures(view: ResultView, kinds: frozenset[str]) -> tuple[Figure, ...]:
    """What a reader expects to see of a result, in a report of results of these kinds."""
    drawings = drawings_of(view, kinds)
    if not drawings:
        return ()
    finding = _first_sentence(view_text(view))
    captions = [title_and_note(one_line(drawing.caption(view))) for drawing in drawings]
    return tuple(
        Figure(drawing_bytes(view, drawing, suffix=".png"), title, note, finding)
        for drawing, (title, note) in zip(drawings, captions, strict=True)
    )


def _first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence; at most the first paragraph."""
    return _SENTENCE_END.split(text.split("\n\n")[0], maxsplit=1)[0]


def versions_line(*, figures: bool) -> str:
    """The versions that made the report; no date, so that the same input gives the same file."""
    return f"Made with {software_words(figures=figures)}."
