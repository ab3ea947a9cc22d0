"""From the passages of a text to one row a statistic, with its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, groupby

import numpy as np
import pandas as pd

from alliance_stats._base.printing import MINUS
from alliance_stats.report.documents.document import Passage
from alliance_stats.report.statcheck.arithmetic import conversion_finding
from alliance_stats.report.statcheck.decimals import (
    has_decimal_commas,
    may_have_decimal_commas,
    with_points,
)
from alliance_stats.report.statcheck.findings import CONSISTENT, Finding
from alliance_stats.report.statcheck.judging import Judged, Told, judged
from alliance_stats.report.statcheck.p_checks import Asked
from alliance_stats.report.statcheck.signs import plain_signs
from alliance_stats.report.statcheck.statements import Sentences, Statement, statements_of
from alliance_stats.report.statcheck.tables import Row, rows_of_table

_ONE_TAILED = re.compile(r"(?:one|1)[- ](?:tailed|sided)|directional|einseitig")
_OF_ONE_TAILED = ("tailed", "sided", "directional", "einseitig")
#: Words of texts whose intervals need not lie evenly about the estimate.
_UNUSUAL = (
    "bootstrap", "profile likelihood", "profile-likelihood", "likelihood profile", "by profile",
    "profile interval", "monte carlo", "credible", "posterior", "bayesian", "percentile",
    "cluster-robust", "noncentral",
)  # fmt: skip
#: Words beside tables whose p values do not follow from the statistic.
_RESAMPLED = ("permutation", "randomisation test", "randomization test")
_HYPHEN_OF_NUMBER = re.compile(r"-(?=[0-9.])")
_LONGEST = 200
#: What parts the passages of a text; nothing is found across it. And what parts cells.
_PART, _CELL = "\n\n\x1d", "\x1c"
COLUMNS = ("place", "text", *Judged._fields)
_NUMBERS = ("value", "df_numerator", "df", "p_computed", "p_low", "p_high")


def rows_of(passages: Sequence[Passage], asked: Asked) -> pd.DataFrame:
    """One row a statistic: `COLUMNS`."""
    printed = plain_signs(_PART.join(map(_joined, passages))).split(_PART)
    texts = _with_points(printed)
    lower = _PART.join(texts).lower()
    usual = not any(word in lower for word in _UNUSUAL)
    tables = _table_rows(passages, texts, asked, usual=usual)
    prose = _prose_rows(passages, printed, texts, lower, asked, usual=usual)
    rows = [row for _, row in sorted([*prose, *tables], key=lambda each: each[0])]
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    frame = pd.DataFrame(dict(zip(COLUMNS, map(list, columns), strict=True)), columns=list(COLUMNS))
    return frame.astype({**dict.fromkeys(_NUMBERS, np.float64), "one_tailed": bool})


def _joined(passage: Passage) -> str:
    """The text of a passage without the signs that part passages and cells, but with its own."""
    text = passage.text.replace("\x1d", " ").replace(_CELL, " ")
    return text.replace("\t", _CELL) if passage.kind == "table" else text


def _with_points(printed: list[str]) -> list[str]:
    """Passages with decimal points, where the passage or else the document has decimal commas."""
    whole = _PART.join(printed)
    if not may_have_decimal_commas(whole):
        return printed
    document = has_decimal_commas(whole)
    return [
        with_points(text) if has_decimal_commas(text, otherwise=document) else text
        for text in printed
    ]


def _prose_rows(
    passages: Sequence[Passage],
    printed: list[str],
    texts: list[str],
    lower: str,
    asked: Asked,
    *,
    usual: bool,
) -> Iterator[tuple[int, tuple[object, ...]]]:
    """What sentences print, by the number of the passage."""
    text = _PART.join(texts).replace(_CELL, " ")
    shown = text if texts is printed else _PART.join(printed).replace(_CELL, " ")
    statements = list(statements_of(text))
    sentences = Sentences(text)
    told = Told(_one_tailed(lower, sentences), usual, _conversions(statements, sentences))
    starts = [0, *accumulate(len(each) + len(_PART) for each in texts)]
    for statement, row in judged(statements, asked, told):
        start = statement.start
        number = bisect_right(starts, start) - 1
        words = shown[start : min(statement.end, start + _LONGEST)].split()
        place = passages[number].place(start - starts[number])
        yield number, (place, _HYPHEN_OF_NUMBER.sub(MINUS, " ".join(words)), *row)


def _table_rows(
    passages: Sequence[Passage], texts: list[str], asked: Asked, *, usual: bool
) -> Iterator[tuple[int, tuple[object, ...]]]:
    """What the columns of tables print, by the number of the passage."""
    numbers = [i for i, passage in enumerate(passages) if passage.table]
    found: dict[Statement, tuple[int, Row]] = {}
    for _, members in groupby(numbers, key=lambda i: (passages[i].table, passages[i].kind)):
        places = list(members)
        cells = [[cell.strip() for cell in texts[i].split(_CELL)] for i in places]
        around = " ".join(
            [*texts[max(0, places[0] - 2) : places[0]], *texts[places[-1] + 1 : places[-1] + 2]]
        )
        rows = rows_of_table(cells, with_p=not any(w in around.lower() for w in _RESAMPLED))
        found |= {row.statement: (places[row.place], row) for row in rows}
    told = Told(lambda statement: found[statement][1].one_tailed, usual, {})
    for statement, judgement in judged(list(found), asked, told):
        number, row = found[statement]
        text = _HYPHEN_OF_NUMBER.sub(MINUS, row.text)
        yield number, (_row_place(passages[number]), text, *judgement)


def _row_place(passage: Passage) -> str:
    """``table 2, row 3``, and of text files the line too."""
    if passage.where:
        return passage.where
    return f"table {passage.table}, row {passage.row}, {passage.place()}"


def _one_tailed(lower: str, sentences: Sentences) -> Callable[[Statement], bool]:
    """Whether the sentence of a statement speaks of a one-tailed test."""
    if not any(word in lower for word in _OF_ONE_TAILED):
        return lambda statement: False
    said = {sentences[match.start()] for match in _ONE_TAILED.finditer(lower)}
    return lambda statement: sentences[statement.start] in said


def _conversions(statements: Sequence[Statement], sentences: Sentences) -> dict[int, list[Finding]]:
    """A d and an r that stand alone in one sentence, though not side by side, and do not fit.

    By the start of the statement that holds d.
    """
    found: dict[int, list[Finding]] = {}
    if not any("d" in statement.by_role for statement in statements):
        return found
    of_sentence: dict[int, tuple[list[Statement], list[Statement]]] = defaultdict(lambda: ([], []))
    for statement in statements:
        for place, role in enumerate(("d", "r")):
            if role in statement.by_role:
                of_sentence[sentences[statement.start]][place].append(statement)
    for ds, rs in of_sentence.values():
        if len(ds) == len(rs) == 1 and ds[0] is not rs[0]:
            finding = conversion_finding(ds[0].by_role["d"], rs[0].by_role["r"], together=False)
            if finding.verdict != CONSISTENT:
                found[ds[0].start] = [finding]
    return found
