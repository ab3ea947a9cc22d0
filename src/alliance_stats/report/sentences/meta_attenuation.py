"""Sentences about correlations corrected for unreliable measurement."""

from __future__ import annotations

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded, bounded_interval
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import Row, records
from alliance_stats.report.wording.words import one_line, units_phrase

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
        f"{bounded(fit['attenuation'])}) it was {_value(view, row)}."
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
    sd, low, high = (
        bounded(fit[name], _decimals(view))
        for name in ("sd_rho", "credibility_low", "credibility_high")
    )
    return (
        f"True correlations varied with SD = {sd}; the middle 80% of "
        f"them lie from {low} to {high}, if they are normal."
    )


def _value(view: ResultView, row: Row) -> str:
    decimals = _decimals(view)
    ends = bounded_interval(row, view.conf_level, decimals)
    return f"{bounded(row['estimate'], decimals)}, {ends}"


def _decimals(view: ResultView) -> int:
    return view_decimals(view) or 3
