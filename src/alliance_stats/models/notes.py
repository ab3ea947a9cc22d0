"""Sentences under the tables that the models of sessions share."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.checks import counted, name_list
from alliance_stats.models.prepare import SINCE, Time

#: Fewer members of a unit than this are called few.
FEW = 30


def time_note(time: Time, since: str) -> str:
    """How time enters the model; `since` is its column, ``session_since_start``."""
    clock = since.removesuffix(SINCE)
    words = {
        "linear": f"Linear time ({clock} since the patient's first session) is in the model.",
        "log": f"Time as log(1 + {clock} since the patient's first session) is in the model.",
        "factor": f"One mean for every {clock} since the patient's first session.",
        "patient": f"Linear time ({clock} since the first session) with a slope per patient.",
        "none": "Time is not in the model: common trends count as within-patient effect.",
    }
    return words[time]


def few_units_notes(
    counts: Mapping[str, int], *, reml: bool, structured: bool = False
) -> list[str]:
    """What tests rest on where a unit has few members; nothing where all have enough.

    `structured` is whether residuals have a structure, which rules out Kenward and Roger's tests.
    """
    few = [counted(n, unit) for unit, n in counts.items() if n < FEW]
    if not few:
        return []
    if structured:
        stricter = "Kenward–Roger tests, which are stricter there, need independent residuals."
    elif reml:
        stricter = "Kenward–Roger tests are stricter there."
    else:
        stricter = "Kenward–Roger tests, which are stricter there, need REML."
    return [
        f"Only {name_list(few)}: tests of effects that differ between them rest on few "
        f"units. {stricter}"
    ]
