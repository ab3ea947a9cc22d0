"""What was done, in a sentence for each kind of result."""

from __future__ import annotations

from alliance_stats._base.views import ResultView
from alliance_stats.report.methods.measurement import MEASUREMENT
from alliance_stats.report.methods.models import MODELS
from alliance_stats.report.methods.syntheses import SYNTHESES
from alliance_stats.report.wording.words import as_heading, capital, one_line

#: The sentence of each kind of view; other kinds are named by their title.
SENTENCES = {**MODELS, **SYNTHESES, **MEASUREMENT}


def model_sentence(view: ResultView) -> str:
    """What was done; for a kind without a sentence of its own, the title of the result."""
    write = SENTENCES.get(view.kind)
    if write is not None:
        return capital(write(view))
    title = one_line(view.title).rstrip(".") or as_heading(view.kind)
    return f"Analysis: {title}."
