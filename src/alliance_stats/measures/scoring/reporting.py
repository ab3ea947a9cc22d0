"""ScoreReport: what a questionnaire holds and what scoring made of it, in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats._base.views import ResultView
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.key import Method, Range
from alliance_stats.measures.scoring.hints import rest_correlations
from alliance_stats.measures.scoring.rescale import Rescale
from alliance_stats.measures.scoring.score import MaxMissing, Missing, ScoredItems, scored_items

HEADINGS = {
    "score": "Score",
    "items": "Items",
    "n": "N",
    "missing": "Missing",
    "prorated": "Prorated",
    "mean": "M",
    "sd": "SD",
    "lowest": "Min",
    "highest": "Max",
    "at_lowest": "At lowest",
    "at_highest": "At highest",
    "possible": "Possible",
    "item": "Item",
    "column": "Column",
    "reversed": "Reversed",
    "rest_correlation": "Correlation with rest",
}


@dataclass(frozen=True, eq=False, repr=False)
class ScoreReport:
    """What `score` did, to be read before the scores are used.

    Attributes
    ----------
    instrument : Instrument
        The key.
    scores : DataFrame
        One row a score: ``score`` (its column), ``items``, ``n``, ``missing`` (rows without it),
        ``prorated`` (rows in which it rests on fewer items), ``mean``, ``sd``, ``lowest``,
        ``highest``, ``at_lowest``, ``at_highest`` (shares of scores at the ends of what is
        possible), ``possible``.
    items : DataFrame
        One row an item: ``item`` (its number), ``column``, ``n``, ``missing``, ``mean``, ``sd``
        (as answered), ``reversed``, ``rest_correlation`` (with the sum of the others, after
        reversing, over complete rows).
    rows : int
        Rows of the frame.
    messages : tuple of str
        What `score` warns of.
    """

    instrument: Instrument
    scores: pd.DataFrame
    items: pd.DataFrame
    rows: int
    messages: tuple[str, ...] = ()

    @property
    def _title(self) -> str:
        return f"{self.instrument.name}: {counted(self.rows, 'row')}"

    def view(self) -> ResultView:
        """Return what the report room may see of this report."""
        return ResultView(
            kind="scores",
            title=f"Scores of the {self.instrument.name}",
            terms=pd.DataFrame(),
            fit=pd.DataFrame(),
            plot=None,
            levels=pd.DataFrame({"unit": ["row"], "n": [self.rows]}),
            notes=(f"Key: {self.instrument.source}",) if self.instrument.source else (),
            messages=self.messages,
            tables={"Scores": _headed(self.scores), "Items": _headed(self.items)},
        )

    def __repr__(self) -> str:
        tables = [frame_text(table, headings=HEADINGS) for table in (self.scores, self.items)]
        said = ["\n".join(wrapped(self.messages))] if self.messages else []
        return "\n\n".join([self._title, *tables, *said])

    def _repr_html_(self) -> str:
        tables = "".join(
            frame_html(table, caption=caption, headings=HEADINGS)
            for caption, table in ((self._title, self.scores), ("Items", self.items))
        )
        return tables + "".join(f"<p>{escape_html(message)}</p>" for message in self.messages)


def score_report(
    frame: pd.DataFrame,
    instrument: str | Instrument,
    *,
    items: Sequence[str] | None = None,
    item_prefix: str | None = None,
    prereversed: bool = False,
    missing: Missing = "instrument",
    max_missing: MaxMissing | None = None,
    method: Method | None = None,
    response: Range | None = None,
    rescale: Rescale | None = None,
    name: str | None = None,
) -> ScoreReport:
    """Describe the scores that `score` gives, and the items they are made of.

    Use it before scoring, to see that the right columns were found, that no item runs against
    the others, and how many scores are prorated or missing.

    Parameters
    ----------
    frame, instrument, items, item_prefix, prereversed, missing, max_missing, method, response, \
rescale, name
        As in `score`.

    Returns
    -------
    ScoreReport

    Raises
    ------
    DataError, ArgumentError
        As `score`.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.measures import score_report
    >>> answers = pd.DataFrame([[1, 2, 0, 1], [2, 3, 1, 2], [0, 1, 0, None]],
    ...                        columns=["gad1", "gad2", "gad3", "gad4"])
    >>> mine = {"key": "gad", "n_items": 4, "response": [0, 3], "higher_is_better": False}
    >>> from alliance_stats.measures import instrument_from_dict
    >>> score_report(answers, instrument_from_dict(mine)).scores[["score", "n", "missing"]]
           score  n  missing
    0  gad_total  2        1
    """
    scored = scored_items(
        frame, instrument, items=items, item_prefix=item_prefix, prereversed=prereversed,
        missing=missing, max_missing=max_missing, method=method, response=response,
        rescale=rescale, name=name,
    )  # fmt: skip
    return ScoreReport(
        instrument=scored.instrument,
        scores=_score_rows(scored),
        items=_item_rows(scored),
        rows=len(frame),
        messages=scored.messages,
    )


def _score_rows(scored: ScoredItems) -> pd.DataFrame:
    sizes = {name: len(items) for name, items in scored.instrument.item_scores.items()}
    rows = []
    for score, column in zip(scored.instrument.scores, scored.columns, strict=True):
        values = scored.columns[column]
        low, high = scored.ranges[score]
        rows.append(
            {
                "score": column,
                "items": sizes.get(score, scored.instrument.n_items),
                "n": int((~np.isnan(values)).sum()),
                "missing": int(np.isnan(values).sum()),
                "prorated": int(scored.scores.prorated[score].sum()),
                **_moments(values),
                **_ends(values, low, high),
                "possible": f"{low:g}–{high:g}",
            }
        )
    return pd.DataFrame(rows)


def _item_rows(scored: ScoredItems) -> pd.DataFrame:
    correlations = rest_correlations(scored.turned)
    rows = []
    for place, column in enumerate(scored.item_columns):
        values = scored.answers[:, place]
        rows.append(
            {
                "item": place + 1,
                "column": column,
                "n": int((~np.isnan(values)).sum()),
                "missing": int(np.isnan(values).sum()),
                **_moments(values),
                "reversed": place + 1 in scored.instrument.reversed,
                "rest_correlation": float(correlations[place]),
            }
        )
    return pd.DataFrame(rows)


def _moments(values: np.ndarray) -> Mapping[str, float]:
    seen = values[~np.isnan(values)]
    return {
        "mean": float(seen.mean()) if len(seen) else np.nan,
        "sd": float(seen.std(ddof=1)) if len(seen) > 1 else np.nan,
    }


def _ends(values: np.ndarray, low: float, high: float) -> Mapping[str, float]:
    """Lowest and highest score, and the shares at the ends of what is possible."""
    seen = values[~np.isnan(values)]
    if not len(seen):
        return dict.fromkeys(("lowest", "highest", "at_lowest", "at_highest"), np.nan)
    return {
        "lowest": float(seen.min()),
        "highest": float(seen.max()),
        "at_lowest": float((seen == low).mean()),
        "at_highest": float((seen == high).mean()),
    }


def _headed(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=HEADINGS)
