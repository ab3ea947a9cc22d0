"""A checklist of reporting standards, filled with what the results know."""

from __future__ import annotations

from typing import Literal, get_args

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.checklists.answers import answer
from alliance_stats.report.checklists.items import JARS, MARS
from alliance_stats.report.sources import Sources, as_views
from alliance_stats.report.tables.table import Table

Standard = Literal["jars", "mars"]

#: What stands where the results do not know.
FOR_THE_AUTHOR = "To be written by the author."
_TITLES = {
    "jars": "Reporting checklist after JARS–Quant, longitudinal studies",
    "mars": "Reporting checklist after MARS, meta-analyses",
}
_NOTE = (
    "Items after Appelbaum et al. (2018), in words of our own. Entries are what the results hold; "
    "they do not show that the manuscript says it, and items that only some designs need, such "
    "as assignment to conditions, are not listed."
)


def reporting_checklist(results: Sources, *, standard: Standard | None = None) -> Table:
    """List what the reporting standards ask for, filled with what the results know.

    JARS–Quant, with what it asks of longitudinal studies, or MARS for meta-analyses. What results
    cannot know, such as recruitment or registration, is left to the author and said so.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``: all that the paper reports, descriptions of data too.
    standard : {"jars", "mars"}, optional
        By default ``"mars"`` if all results are of meta-analyses.

    Returns
    -------
    Table
        Columns ``Section``, ``Item`` and ``Entry``; ``.save("checklist.docx")`` writes it.

    Raises
    ------
    ArgumentError
        If `standard` is another one, or a result has no ``view()``.

    References
    ----------
    Appelbaum, M., Cooper, H., Kline, R. B., Mayo-Wilson, E., Nezu, A. M., & Rao, S. M. (2018).
    Journal article reporting standards for quantitative research in psychology. *American
    Psychologist*, 73(1), 3-25.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_within_between(al.load_example("sessions"))
    >>> table = al.report.reporting_checklist(result)
    >>> entries = table.frame.set_index("Item")["Entry"]
    >>> entries["Number of units analysed at each level"]
    'wai_total and phq9 within and between patients: 2,075 sessions of 240 patients seen by \
24 therapists.'
    """
    if standard is not None and standard not in get_args(Standard):
        raise ArgumentError(f"standard={standard!r} is not known. Give 'jars' or 'mars'.")
    views = as_views(results)
    of_meta = all(view.kind.startswith("meta") for view in views)
    chosen = standard or ("mars" if of_meta else "jars")
    rows = [
        (section, item, answer(name, views) or FOR_THE_AUTHOR)
        for section, item, name in (MARS if chosen == "mars" else JARS)
    ]
    frame = pd.DataFrame(rows, columns=["Section", "Item", "Entry"])
    return Table(frame, _TITLES[chosen], (_NOTE,), (True, True, True))
