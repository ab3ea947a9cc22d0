"""Sentences about an event model: whether the alliance predicts who leaves, and by how much."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.sensitivity import sensitivity_sentences
from alliance_stats.report.wording.numbers import Row, interval, number, records, sign_of
from alliance_stats.report.wording.verdict import verdict, verdicts
from alliance_stats.report.wording.words import (
    fit_sentences,
    listed,
    names_of,
    one_line,
)

_SUBJECTS = {
    "current_alliance": "a higher {x} in a session",
    "mean_alliance": "a higher mean {x} up to a session",
    "alliance_change": "a rise of {x} since the session before",
    "early_alliance": "a higher early {x}",
}
_PLACES = {
    "current_alliance": "for the session's alliance",
    "mean_alliance": "for the mean alliance so far",
    "alliance_change": "for the change of the alliance",
    "early_alliance": "for the early alliance",
}
_BASELINES = {
    "spline": "a cubic spline of {session}",
    "factor": "a level for every {session}",
    "log": "the logarithm of {session}",
}
_CAUTION = (
    "The predictors were known before the event; that does not show that they brought it about."
)


def event_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: predictions; sizes; sensitivity; method."""
    event, competing = _label(view, "event"), _label(view, "competing")
    others = _verdicts(view, competing, counts=False) if competing else []
    return [
        _verdicts(view, event, counts=True),
        [_ratio_sentence(view, event), _incidence_sentence(view)],
        others,
        [*sensitivity_sentences(view, _SUBJECTS, _PLACES), _shifted_sentence(view)],
        [*_method_sentences(view), *fit_sentences(view, row="session"), _CAUTION],
    ]


def _label(view: ResultView, name: str) -> str:
    return one_line(view.labels.get(name, ""))


def _verdicts(view: ResultView, cause: str, *, counts: bool) -> list[str]:
    """A sentence for each effect of the alliance on one event, the first with the counts."""
    terms = view.terms
    if "group" in terms.columns:
        terms = terms[terms["group"].astype(str).map(one_line) == cause]
    own = replace(view, terms=terms, levels=view.levels if counts else pd.DataFrame())
    several = terms["effect"].isin(list(_SUBJECTS)).sum() > 1 if len(terms) else False
    given = "given the session's number" + (" and the other predictors" if several else "")

    def sentence(row: Row) -> str:
        subject = _SUBJECTS[row["effect"]].format(x=names_of(view)[0])
        return verdict(
            own,
            row,
            asked=f"whether {subject} predicts '{cause}'",
            found=lambda direction: f"{subject} predicted a {direction} hazard of '{cause}'",
            given=given,
            better="",
        )

    return verdicts(own, _SUBJECTS, sentence)


def _ratio_sentence(view: ResultView, event: str) -> str:
    """Ratios per SD of each predictor of the alliance."""
    ratio = _label(view, "ratio") or "hazard ratio"
    rows = [
        row
        for row in records(view.tables.get(f"{ratio.capitalize()}s", pd.DataFrame()))
        if row["effect"] in _SUBJECTS and row["per"] == "SD" and one_line(row["group"]) == event
    ]
    if not rows:
        return ""
    parts = [
        f"{number(row['estimate'], 2)} {_PLACES[row['effect']]}, "
        f"{interval(row, 2, view.conf_level)}"
        for row in rows
    ]
    verb = "was" if len(parts) == 1 else "were"
    noun = ratio if len(parts) == 1 else f"{ratio}s"
    return f"Per standard deviation over the sessions at risk the {noun} {verb} {listed(parts)}."


def _incidence_sentence(view: ResultView) -> str:
    """Where the curves of low and high alliance end."""
    plot = view.plot
    if plot is None or not {"panel", "level", "x", "y"} <= set(plot.columns):
        return ""
    lines = plot[(plot["panel"] == "incidence") & (plot["layer"] == "line")]
    ends = lines[lines["x"] == lines["x"].max()].set_index("level")
    if not {"−1 SD", "+1 SD"} <= set(ends.index):
        return ""
    low, high = (
        f"{100 * ends.loc[level, 'y']:.0f}% (95% CI {100 * ends.loc[level, 'y_low']:.0f}% to "
        f"{100 * ends.loc[level, 'y_high']:.0f}%)"
        for level in ("−1 SD", "+1 SD")
    )
    x, last = names_of(view)[0], f"{lines['x'].max():g}"
    return (
        f"By {_label(view, 'session')} {last} the estimated cumulative incidence of "
        f"'{_label(view, 'event')}' was {low} with {x} one standard deviation below its mean "
        f"throughout, and {high} with {x} one above."
    )


def _shifted_sentence(view: ResultView) -> str:
    """Over which shifts of missing ratings the first effect supports the same statement."""
    rows = records(view.tables.get("Missing ratings shifted", pd.DataFrame()))
    rows = [row for row in rows if row["effect"] == rows[0]["effect"]]
    if not rows:
        return ""
    missing = counted(int(rows[0]["n_shifted"]), "missing rating")
    start = f"With the {missing} before the event shifted by "
    ends = f"{number(rows[0]['delta'], 1)} to {number(rows[-1]['delta'], 1)} standard deviations"
    signs = [sign_of(row) for row in rows]
    if len(set(signs)) == 1:
        return f"{start}{ends}, the conclusion stayed the same."
    tips = [
        f"between {number(a['delta'], 1)} and {number(b['delta'], 1)}"
        for a, b, s, t in zip(rows, rows[1:], signs, signs[1:], strict=False)
        if s != t
    ]
    return f"{start}{ends}, the conclusion changed {listed(tips)}."


def _method_sentences(view: ResultView) -> list[str]:
    event, competing = _label(view, "event"), _label(view, "competing")
    baseline = _BASELINES.get(_label(view, "baseline"), "{session}")
    session = _label(view, "session") or "session"
    link = "complementary log-log" if "hazard" in _label(view, "ratio") else "logit"
    counts = _label(view, "events")
    compete = f"; '{competing}' was a competing event with a model of its own" if competing else ""
    return [
        f"The hazard of '{event}' at each session at risk was modelled with a {link} link and "
        f"{baseline.format(session=session)} as baseline{compete}. Tests are z tests.",
        f"Events: {counts}." if counts else "",
    ]
