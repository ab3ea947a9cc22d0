"""What to cite for a result: the works its method rests on, and this library with its version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats._version import __version__
from alliance_stats.report.references import KINDS, WORKS, Reference
from alliance_stats.report.sources import Sources, as_views
from alliance_stats.report.words import fit_value

Style = Literal["apa", "bibtex"]

_TITLE = "alliance_stats: does the therapeutic alliance go with outcome?"
_AUTHOR = "alliance_stats contributors"
_NO_YEAR = "n.d."
#: Works of tests, by the word for them in the labels or the fit of a view.
_TESTS = {
    "satterthwaite": "kuznetsova2017",
    "kenward-roger": "kenward1997",
    "knha": "knapp2003",
    "cr2": "pustejovsky2018",
}
_TEX = re.compile(r"([&%$#_{}~^\\])")
_TEX_WORDS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def cite(results: Sources, *, style: Style = "apa") -> str:
    """List what a paper should cite for these results: their methods and this library.

    The works are those that the methods rest on, by the kinds of the results and the tests that
    they use. Kinds without a work of their own give the library alone.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``.
    style : {"apa", "bibtex"}
        Lines of a reference list in APA style, or entries for LaTeX.

    Returns
    -------
    str
        One reference a line, in alphabetical order, or entries parted by empty lines.

    Raises
    ------
    ArgumentError
        If `style` is another one, or a result has no ``view()``.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_within_between(al.load_example("sessions"))
    >>> print(al.report.cite(result).splitlines()[-1])  # doctest: +ELLIPSIS
    Kuznetsova, A., Brockhoff, P. B., & Christensen, R. H. B. (2017). lmerTest package: ...
    >>> print(al.report.cite(result, style="bibtex").splitlines()[0])
    @misc{alliance_stats,
    """
    if style not in get_args(Style):
        raise ArgumentError(f"style={style!r} is not known. Give 'apa' or 'bibtex'.")
    keys = sorted({key for view in as_views(results) for key in reference_keys(view)})
    works = [WORKS[key] for key in keys]
    if style == "bibtex":
        return "\n\n".join([_own_bibtex(), *map(_bibtex, works)])
    return "\n".join(sorted([_own_apa(), *map(apa, works)], key=str.casefold))


def reference_keys(view: ResultView) -> list[str]:
    """Keys of the works that a view rests on."""
    said = {view.labels.get("ddf", "").lower(), str(fit_value(view, "test")).lower()}
    tests = [work for word, work in _TESTS.items() if word in said]
    pooled = ["rubin1987"] if fit_value(view, "n_imputations") is not None else []
    return [*KINDS.get(view.kind, ()), *tests, *pooled]


def apa(work: Reference) -> str:
    """A line of a reference list, plain text.

    >>> apa(WORKS["kenny2006"])
    'Kenny, D. A., Kashy, D. A., & Cook, W. L. (2006). Dyadic data analysis. Guilford.'
    """
    names = work.authors.split("; ")
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"
    issue = f"({work.issue})" if work.issue else ""
    where = [work.journal, f"{work.volume}{issue}" if work.volume else "", work.pages]
    end = f" https://doi.org/{work.doi}" if work.doi else ""
    return f"{listed} ({work.year}). {work.title}. {', '.join(filter(None, where))}.{end}"


def _own_apa() -> str:
    return f"{_AUTHOR}. ({_NO_YEAR}). {_TITLE} (Version {__version__}) [Computer software]."


def _own_bibtex() -> str:
    fields = {
        "author": "{" + _tex(_AUTHOR) + "}",
        "title": "{" + _tex(_TITLE) + "}",
        "note": f"Version {__version__}, computer software",
    }
    return _entry("misc", "alliance_stats", fields)


def _bibtex(work: Reference) -> str:
    fields = {
        "author": _tex(work.authors.replace("; ", " and ")),
        "title": "{" + _tex(work.title) + "}",
        "journal" if work.volume else "publisher": _tex(work.journal),
        "year": work.year,
        "volume": work.volume,
        "number": work.issue,
        "pages": work.pages.replace("–", "--"),
        "doi": work.doi,
    }
    return _entry("article" if work.volume else "book", work.key, fields)


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _tex(text: str) -> str:
    return _TEX.sub(lambda found: _TEX_WORDS.get(found.group(), "\\" + found.group()), text)


def in_text(works: Sequence[str]) -> str:
    """Keys as a citation inside a sentence: ``(Curran & Bauer, 2011; Enders & Tofighi, 2007)``."""
    return f"({'; '.join(_short(WORKS[key]) for key in sorted(works))})" if works else ""


def _short(work: Reference) -> str:
    names = [name.split(",")[0] for name in work.authors.split("; ")]
    who = f"{names[0]} et al." if len(names) > 2 else " & ".join(names)
    return f"{who}, {work.year}"
