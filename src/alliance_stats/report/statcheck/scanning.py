"""From the passages of a text to one row a statistic, with its place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from operator import attrgetter

import numpy as np
import pandas as pd

from alliance_stats._base.printing import MINUS
from alliance_stats.report.documents.document import Passage
from alliance_stats.report.statcheck.arithmetic import conversion_finding
from alliance_stats.report.statcheck.findings import CONSISTENT, Finding
from alliance_stats.report.statcheck.judging import Judged, judged
from alliance_stats.report.statcheck.p_checks import Asked
from alliance_stats.report.statcheck.signs import plain_signs
from alliance_stats.report.statcheck.statements import Statement, sentence_spans, statements_of

_ONE_TAILED = re.compile(r"(?:one|1)[- ](?:tailed|sided)|directional", re.IGNORECASE)
#: Words of texts whose intervals need not lie evenly about the estimate.
_UNUSUAL = (
    "bootstrap", "profile likelihood", "profile-likelihood", "likelihood profile", "by profile",
    "profile interval", "monte carlo", "credible", "posterior", "bayesian", "percentile",
    "cluster-robust", "noncentral",
)  # fmt: skip
_HYPHEN_OF_NUMBER = re.compile(r"-(?=[0-9.])")
_LONGEST = 200
_NAMES = tuple(f.name for f in fields(Judged) if f.name not in ("start", "end"))
_values = attrgetter(*_NAMES)
COLUMNS = ("place", "text", *_NAMES)


def rows_of(passages: Sequence[Passage], asked: Asked) -> pd.DataFrame:
    """One row a statistic: `COLUMNS`."""
    plain = [replace(passage, text=plain_signs(passage.text)) for passage in passages]
    usual = not any(_says(passage.text.lower(), _UNUSUAL) for passage in plain)
    rows = [row for passage in plain for row in _passage_rows(passage, asked, usual)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ["value", "df_numerator", "df", "p_computed", "p_low", "p_high"]
    return frame.astype({**dict.fromkeys(numbers, np.float64), "one_tailed": bool})


def _passage_rows(passage: Passage, asked: Asked, usual: bool) -> Iterator[tuple[object, ...]]:
    statements = statements_of(passage.text)
    if not statements:
        return
    spans = sentence_spans(passage.text)

    @lru_cache(maxsize=1)  # statements of one sentence follow each other
    def says_one_tailed(sentence: int) -> bool:
        return _ONE_TAILED.search(passage.text, *spans[sentence]) is not None

    between = _conversions(statements)
    for statement in statements:
        said = says_one_tailed(statement.sentence)
        row = judged(statement, asked, said=said, usual=usual, others=between[id(statement)])
        if row is not None:
            words = passage.text[row.start : min(row.end, row.start + _LONGEST)].split()
            shown = _HYPHEN_OF_NUMBER.sub(MINUS, " ".join(words))
            yield (passage.place(row.start), shown, *_values(row))


def _says(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)


def _conversions(statements: Sequence[Statement]) -> dict[int, list[Finding]]:
    """A d and an r that stand alone in one sentence, though not side by side, and do not fit."""
    found: dict[int, list[Finding]] = defaultdict(list)
    of_sentence: dict[int, list[Statement]] = defaultdict(list)
    for statement in statements:
        of_sentence[statement.sentence].append(statement)
    for several in of_sentence.values():
        ds = [each for each in several if "d" in each.by_role]
        rs = [each for each in several if "r" in each.by_role]
        if len(ds) == len(rs) == 1 and ds[0] is not rs[0]:
            finding = conversion_finding(ds[0].by_role["d"], rs[0].by_role["r"], together=False)
            found[id(ds[0])] += [finding] if finding.verdict != CONSISTENT else []
    return found
