"""One work of the literature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One work of the literature; `journal` is the publisher of a book.

    Attributes
    ----------
    key, authors, year, title, journal : str
        Authors as APA style has them, joined by ``;``.
    volume, issue, pages, doi : str
        Empty where there is none or it is not known; `pages` may be ``Article d549``.
    """

    key: str
    authors: str
    year: str
    title: str
    journal: str
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""

    @property
    def names(self) -> list[str]:
        """The authors, one by one: ``Bates, D.``."""
        return self.authors.split("; ")

    @property
    def is_article(self) -> bool:
        """Whether it stands in a journal; else it is a book."""
        return bool(self.volume)
