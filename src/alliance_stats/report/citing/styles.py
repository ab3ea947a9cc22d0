"""A work as a line of a reference list, as an entry for BibTeX or RIS, and inside a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from alliance_stats.report.citing.reference import Reference

_TEX = re.compile(r"([&%$#_{}~^\\])")
_TEX_WORDS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_ARTICLE = "Article "


def apa(work: Reference) -> str:
    """A line of a reference list, plain text.

    >>> from alliance_stats.report.citing.rests_on import WORKS
    >>> apa(WORKS["kenny2006"])
    'Kenny, D. A., Kashy, D. A., & Cook, W. L. (2006). Dyadic data analysis. Guilford Press.'
    """
    names = work.names
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"
    issue = f"({work.issue})" if work.issue else ""
    where = [work.journal, f"{work.volume}{issue}" if work.volume else "", work.pages]
    title = work.title if work.title.endswith("?") else f"{work.title}."
    end = f" https://doi.org/{work.doi}" if work.doi else ""
    return f"{listed} ({work.year}). {title} {', '.join(filter(None, where))}.{end}"


def bibtex(work: Reference) -> str:
    """An entry for LaTeX."""
    fields = {
        "author": tex(work.authors.replace("; ", " and ")),
        "title": "{" + tex(work.title) + "}",
        "journal" if work.is_article else "publisher": tex(work.journal),
        "year": work.year,
        "volume": work.volume,
        "number": work.issue,
        "pages": work.pages.removeprefix(_ARTICLE).replace("–", "--"),
        "doi": work.doi,
    }
    return entry("article" if work.is_article else "book", work.key, fields)


def entry(kind: str, key: str, fields: dict[str, str]) -> str:
    """An entry for LaTeX of fields that are written already; empty ones are left out."""
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def tex(text: str) -> str:
    """Text in which nothing is a command of LaTeX."""
    return _TEX.sub(lambda found: _TEX_WORDS.get(found.group(), "\\" + found.group()), text)


def ris(work: Reference) -> str:
    """An entry for Zotero, EndNote, Citavi or Mendeley."""
    first, _, last = work.pages.removeprefix(_ARTICLE).partition("–")
    fields = [
        *(("AU", name) for name in work.names), ("PY", work.year), ("TI", work.title),
        ("JO" if work.is_article else "PB", work.journal), ("VL", work.volume),
        ("IS", work.issue), ("SP", first), ("EP", last), ("DO", work.doi),
    ]  # fmt: skip
    return ris_entry("JOUR" if work.is_article else "BOOK", fields)


def ris_entry(kind: str, fields: Iterable[tuple[str, str]]) -> str:
    """An entry of one line a field; empty fields are left out."""
    lines = [f"{tag}  - {value}" for tag, value in fields if value]
    return "\n".join([f"TY  - {kind}", *lines, "ER  - "])


def in_text(works: Iterable[Reference]) -> str:
    """Works as a citation inside a sentence: ``(Curran & Bauer, 2011; Viechtbauer, 2005, 2010)``.

    Works of the same authors stand together, their years in order.
    """
    years: dict[str, list[str]] = {}
    for work in works:
        years.setdefault(_who(work), []).append(work.year)
    cited = sorted(f"{who}, {', '.join(sorted(found))}" for who, found in years.items())
    return f"({'; '.join(cited)})" if cited else ""


def _who(work: Reference) -> str:
    """``Bates et al.``, ``Curran & Bauer`` or ``Nickell``."""
    names = [name.split(",")[0] for name in work.names]
    return f"{names[0]} et al." if len(names) > 2 else " & ".join(names)
