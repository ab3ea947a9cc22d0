"""bias_report: all methods for publication bias in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats._base.printing import format_interval, format_number, format_p
from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.begg import BeggResult, begg_test
from alliance_stats.meta.bias.egger import EggerResult, egger_test
from alliance_stats.meta.bias.pet_peese import PetPeeseResult, pet_peese
from alliance_stats.meta.bias.selection.fit import selection_model
from alliance_stats.meta.bias.selection.result import SelectionResult
from alliance_stats.meta.bias.selection.weights import ALTERNATIVES, Alternative
from alliance_stats.meta.bias.source import (
    Columns,
    Given,
    Source,
    read_source,
    refuse_moderators,
    refuse_raw_correlations,
)
from alliance_stats.meta.bias.trim_fill import TrimFillResult, trim_fill
from alliance_stats.meta.bias.views import (
    OPEN,
    bias_view,
    call_words,
    headline,
    shown_value,
    tidy_frame,
)
from alliance_stats.meta.shown import result_html, result_text

#: Below this p, asymmetry or selection counts as shown.
ALPHA = 0.05
Answer = EggerResult | BeggResult | TrimFillResult | PetPeeseResult | SelectionResult


@dataclass(frozen=True, eq=False, repr=False)
class BiasReport:
    """What every method says of the same effects. Made by `bias_report`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    answers : dict of str to result
        By name of the method; those that could not be used are in `left_out`.
    left_out : dict of str to str
        Why a method could not be used.
    conf_level : float
    """

    source: Source
    answers: dict[str, Any]
    left_out: dict[str, str]
    conf_level: float

    @property
    def messages(self) -> tuple[str, ...]:
        """Of all methods, each once."""
        said = (message for answer in self.answers.values() for message in answer.messages)
        return tuple(dict.fromkeys(said))

    def tidy(self) -> pd.DataFrame:
        """Tests (``asymmetry``, ``selection``) and adjusted effects of every method that was used.

        ``term`` names the method.
        """
        rows = [row for name, answer in self.answers.items() for row in _rows(self, name, answer)]
        return tidy_frame(rows)

    def table(self) -> pd.DataFrame:
        """One row a method: ``method asks result reading``, in words."""
        rows = [(name, *_reading(self, answer)) for name, answer in self.answers.items()]
        rows += [(name, "", "not used", why.split(":")[0]) for name, why in self.left_out.items()]
        return pd.DataFrame(rows, columns=["method", "asks", "result", "reading"])

    def glance(self) -> pd.DataFrame:
        """One row: sizes, and the range of adjusted effects on the scale on which they are read."""
        found = self.tidy()
        adjusted = found.loc[found["effect"] == "adjusted", "estimate"]
        low, high = (
            (shown_value(self.source, adjusted.min()), shown_value(self.source, adjusted.max()))
            if len(adjusted)
            else (np.nan, np.nan)
        )
        studies = self.source.studies
        return pd.DataFrame(
            [
                {
                    "k": studies.k,
                    "n_studies": studies.n_studies,
                    "n_methods": len(self.answers),
                    "lowest_adjusted_shown": low,
                    "highest_adjusted_shown": high,
                }
            ]
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the table."""
        return (
            "Methods disagree because each assumes another reason for missing studies; none of "
            "them shows that nothing is missing. Give all of them, and the range of the adjusted "
            "effects.",
            OPEN,
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return bias_view(
            "meta_bias",
            self._title,
            self.source,
            terms=self.tidy(),
            fit=self.glance(),
            notes=self.notes,
            messages=self.messages,
            refit=call_words("bias_report", self.source, {}),
            tables={"What every method says": self.table()},
            conf_level=self.conf_level,
        )

    @property
    def _title(self) -> str:
        return f"Publication bias in {self.source.scale.words}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        return headline(self._title, self.source), [self.table()], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def bias_report(
    given: Given,
    *,
    alternative: Alternative = "greater",
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> BiasReport:
    """Ask all methods at their defaults, and put what they say side by side.

    Egger's regression, the rank test, trim and fill (L0), PET-PEESE and the selection model with
    the steps .025 and .5 (or .025 alone where an interval would be empty). A method that these
    data do not allow stands in the table with the reason.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
        Without moderators.
    alternative : {"greater", "less", "two.sided"}
        Which effects the selection model takes to be published easily.
    conf_level : float
    **columns
        Of a frame: `yi`, `vi`, `study`, `measure`, as in `fit_meta`.

    Returns
    -------
    BiasReport
        With the single results in ``answers``.

    Raises
    ------
    UnsupportedError
        If there are moderators, or effects are correlations that were not transformed.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.030, 0.025]})
    >>> al.meta.bias_report(frame).table()["method"].tolist()
    ['Egger regression', 'Rank test', 'Trim and fill', 'PET-PEESE', 'Selection model']
    """
    one_of(alternative, ALTERNATIVES, name="alternative")
    probability(conf_level, name="conf_level")
    source = read_source(given, columns)
    refuse_raw_correlations(source)
    refuse_moderators(source, "the report")
    asked: dict[str, Callable[[], Answer]] = {
        "Egger regression": lambda: egger_test(given, **columns),
        "Rank test": lambda: begg_test(given, **columns),
        "Trim and fill": lambda: trim_fill(given, **columns),
        "PET-PEESE": lambda: pet_peese(given, **columns),
        "Selection model": lambda: _selection(given, alternative, columns),
    }
    answers: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, ask in asked.items():
        try:
            answers[name] = ask()
        except (UnsupportedError, DataError) as error:
            left_out[name] = str(error)
    return BiasReport(source, answers, left_out, conf_level)


def _selection(given: Given, alternative: Alternative, columns: Columns) -> SelectionResult:
    """Two steps, or one where the second leaves an interval empty."""
    try:
        return selection_model(given, steps=(0.025, 0.5), alternative=alternative, **columns)
    except DataError:
        return selection_model(given, alternative=alternative, **columns)


def _rows(report: BiasReport, name: str, answer: Answer) -> list[dict[str, Any]]:
    """What one method adds to the tidy table."""
    if isinstance(answer, BeggResult):
        return [{**_row(answer.tidy(), 0), "term": name}]
    table = answer.tidy(conf_level=report.conf_level)
    if isinstance(answer, EggerResult):
        return [{**_row(table, 0), "term": name}]
    if isinstance(answer, SelectionResult):
        statistic, df, p = answer.lr_test
        test = {"effect": "selection", "term": name, "statistic": statistic, "df": df, "p_value": p}
        return [test, {**_row(table, 0), "effect": "adjusted", "term": name}]
    place = int(answer.chosen == "peese") if isinstance(answer, PetPeeseResult) else 1
    return [{**_row(table, place), "effect": "adjusted", "term": name}]


def _row(table: pd.DataFrame, place: int) -> dict[str, Any]:
    return {str(name): value for name, value in table.iloc[place].items()}


def _reading(report: BiasReport, answer: Answer) -> tuple[str, str, str]:
    """What a method asks, its result, and how that is read."""
    if isinstance(answer, EggerResult | BeggResult):
        p = float(answer.tidy()["p_value"].iloc[0])
        return "Is the funnel lopsided?", _p(p), _asymmetry(p)
    row = _rows(report, "", answer)[-1]
    interval = format_interval(float(row["ci_low"]), float(row["ci_high"]), 3)
    result = f"{format_number(float(row['estimate']))} {interval}"
    if isinstance(answer, TrimFillResult):
        return (
            "What if the funnel were symmetric?",
            result,
            f"{answer.k0} filled in on the {answer.side}",
        )
    if isinstance(answer, PetPeeseResult):
        return "What of an infinitely large study?", result, f"{answer.chosen.upper()} by the rule"
    p = answer.lr_test[2]
    said = "selection" if p < ALPHA else "inconclusive"
    return "What if publication went by p?", result, f"{said}: {_p(p)}"


def _asymmetry(p: float) -> str:
    if np.isnan(p):
        return "no test"
    return "lopsided" if p < ALPHA else "inconclusive"


def _p(p: float) -> str:
    shown = format_p(p)
    return f"p {shown}" if shown.startswith(("<", ">")) else f"p = {shown}"
