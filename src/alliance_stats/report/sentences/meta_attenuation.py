"""Sentences about correlations corrected for unreliable measurement."""

from __future__ import annotations

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.numbers import Row, interval, number, records
from alliance_stats.report.tables import view_decimals
from alliance_stats.report.words import one_line, units_phrase

_CAUTION = (
    "The corrected correlation is that of true scores, as far as the reliabilities are right; "
    "nothing was corrected for restriction of range."
)


def attenuation_paragraphs(view: ResultView) -> list[list[str]]:
    """Observed and corrected mean; how true correlations differ; caution."""
    observed, corrected = records(view.terms)
    fit = records(view.fit)[0]
    return [
        [
            _observed(view, observed, fit),
            _corrected(view, corrected, fit),
            *_inconclusive(corrected),
        ],
        [_spread(view, fit)],
        [_CAUTION],
    ]


def _observed(view: ResultView, row: Row, fit: Row) -> str:
    return (
        f"Over {units_phrase(view)} ({counted(int(fit['k']), 'correlation')}, "
        f"N = {int(fit['n']):,}) the mean observed correlation was {_value(view, row)}."
    )


def _corrected(view: ResultView, row: Row, fit: Row) -> str:
    how = one_line(view.labels["correction"])
    return (
        f"Corrected for unreliable measurement {how} (mean attenuation "
        f"{number(fit['attenuation'], 2)}) it was {_value(view, row)}."
    )


def _inconclusive(row: Row) -> list[str]:
    """What an interval around zero says: nothing."""
    within = row["ci_low"] <= 0 <= row["ci_high"]
    return ["Whether there is an association at all is inconclusive."] if within else []


def _spread(view: ResultView, fit: Row) -> str:
    if fit["sd_rho"] == 0:
        return (
            "Studies differed no more than by sampling and differences of reliability, so no "
            "spread of true correlations was estimated."
        )
    decimals = view_decimals(view)
    low, high = number(fit["credibility_low"], decimals), number(fit["credibility_high"], decimals)
    return (
        f"True correlations varied with SD = {number(fit['sd_rho'], decimals)}; the middle 80% of "
        f"them lie from {low} to {high}, if they are normal."
    )


def _value(view: ResultView, row: Row) -> str:
    decimals = view_decimals(view)
    return f"{number(row['estimate'], decimals)}, {interval(row, decimals, view.conf_level)}"
