"""What was done, in a sentence for results on measurement and on data."""

from __future__ import annotations

from collections.abc import Callable

from alliance_stats._base.views import ResultView
from alliance_stats.report.methods.models import has_therapists
from alliance_stats.report.wording.words import one_line


def _always(sentence: str) -> Callable[[ResultView], str]:
    return lambda _: sentence


def _reliable_change(view: ResultView) -> str:
    pre, post = (one_line(view.labels.get(name, name)) for name in ("pre", "post"))
    return f"Change from {pre} to {post} was judged against what is reliable for one patient."


def _d_study(view: ResultView) -> str:
    score = one_line(view.labels.get("score", "the score"))
    return (
        f"The generalizability of {score} was projected to other numbers of measurements (D study)."
    )


def _levels(view: ResultView) -> str:
    if has_therapists(view):
        return "Ratings were described within patients, between patients and between therapists."
    return "Ratings were described within and between patients."


#: The sentence of each kind of view on measurement and data.
MEASUREMENT: dict[str, Callable[[ResultView], str]] = {
    "alpha": _always("Internal consistency was estimated by Cronbach's alpha."),
    "d_study": _d_study,
    "g_study": _always(
        "Variance components and coefficients of generalizability were estimated (G study)."
    ),
    "levels": _levels,
    "multilevel_reliability": _always(
        "The reliability of differences between patients and of change within patients was "
        "estimated from variance components of the items' ratings."
    ),
    "reliability_of_means": _always(
        "The reliability of means over sessions was estimated from variance components."
    ),
    "reliability_report": _always(
        "Reliability was estimated at one session, within patients and between patients."
    ),
    "reliable_change": _reliable_change,
    "sessions": _always("The sessions were read from the file and checked."),
    "statcheck": _always("Statistics that the text prints were recomputed."),
}
