"""What to cite for a result: the works its method rests on, and this library with its version."""

from __future__ import annotations

from typing import Literal, get_args
from unicodedata import combining, normalize

from alliance_stats._base.errors import ArgumentError
from alliance_stats._version import __version__
from alliance_stats.report.citing.rests_on import WORKS, reference_keys
from alliance_stats.report.citing.styles import apa, bibtex, entry, ris, ris_entry, tex
from alliance_stats.report.sources import Sources, as_views

Style = Literal["apa", "bibtex", "ris"]

_TITLE = "alliance_stats: does the therapeutic alliance go with outcome?"
_AUTHOR = "alliance_stats contributors"
_NO_YEAR = "n.d."


def cite(results: Sources, *, style: Style = "apa") -> str:
    """List what a paper should cite for these results: their methods and this library.

    The works are those that the methods rest on, by the kinds of the results and by the tests,
    estimators and models that they use. Kinds without a work of their own give the library alone.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``.
    style : {"apa", "bibtex", "ris"}
        Lines of a reference list in APA style; entries for LaTeX; or entries that Zotero,
        EndNote, Citavi and Mendeley import.

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
        raise ArgumentError(f"style={style!r} is not known. Give 'apa', 'bibtex' or 'ris'.")
    keys = sorted({key for view in as_views(results) for key in reference_keys(view)})
    works = [WORKS[key] for key in keys]
    if style == "bibtex":
        return "\n\n".join([_own_bibtex(), *map(bibtex, works)])
    if style == "ris":
        return "\n\n".join([_own_ris(), *map(ris, works)]) + "\n"
    return "\n".join(sorted([_own_apa(), *map(apa, works)], key=_alphabetical))


def _alphabetical(line: str) -> str:
    """Letters without their marks, so that Lüdtke stands before Luo."""
    plain = normalize("NFKD", line)
    return "".join(letter for letter in plain if not combining(letter)).casefold()


def _own_apa() -> str:
    return f"{_AUTHOR}. ({_NO_YEAR}). {_TITLE} (Version {__version__}) [Computer software]."


def _own_bibtex() -> str:
    fields = {
        "author": "{" + tex(_AUTHOR) + "}",
        "title": "{" + tex(_TITLE) + "}",
        "note": f"Version {__version__}, computer software",
    }
    return entry("misc", "alliance_stats", fields)


def _own_ris() -> str:
    return ris_entry("COMP", [("AU", _AUTHOR), ("TI", _TITLE), ("ET", f"Version {__version__}")])
