"""What is said beside reliable change: how it was computed, and what a reader must know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.printing import format_number
from alliance_stats.measures.change.input import Scores
from alliance_stats.measures.change.rules import METHOD_NAMES, ErrorRule
from alliance_stats.measures.change.settings import Settings
from alliance_stats.measures.instruments.thresholds import Cutoff

#: Observed and given SD further apart than this factor cannot be on one scale.
_SD_FACTOR = 3.0
#: Said of values whose confidence in the registry is not high.
_UNCONFIRMED = "not confirmed: check the publication"
#: Groups with fewer patients are named as too small to compare.
_FEW = 10


def change_notes(settings: Settings) -> tuple[str, ...]:
    """How change and cases were told."""
    return (_rule_note(settings), *_cutoff_notes(settings))


def _rule_note(settings: Settings) -> str:
    rule = settings.rule
    if isinstance(rule, ErrorRule):
        start = (
            f"Reliable change after {METHOD_NAMES[rule.method]}: reliability "
            f"{rule.reliability:g}, SD {rule.sd:g}, {100 * rule.level:g}%"
        )
        points = f"more than {format_number(rule.points)} points"
        if rule.method == "jacobson-truax":
            return f"{start}: {points}."
        whose = "the mean given" if settings.mean_given else "the mean before treatment"
        return (
            f"{start}: {points} from the score expected by regression towards "
            f"{whose}, {format_number(rule.mean)}."
        )
    index = settings.published
    if index is None or settings.instrument is None:
        return ""
    level = "level not known" if index.level is None else f"{100 * index.level:g}%"
    source = index.source or settings.instrument.source
    if index.confidence != "high":
        level += f", {_UNCONFIRMED}"
    return (
        f"Reliable change as published for the {settings.instrument.name} ({settings.score}): "
        f"{index.rule or f'change of at least {index.value:g}'} points ({level}). "
        f"Source: {source}"
    )


def _cutoff_notes(settings: Settings) -> Iterator[str]:
    cutoff = settings.cutoff
    if cutoff is None:
        yield "No cut-off: nobody is counted as recovered."
        return
    kinds = {
        "a": " (two SD beyond the mean before treatment)",
        "b": " (within two SD of the functional mean)",
        "c": " (as far, in SDs, from the functional mean as from the clinical one)",
        "published": f" ({_published_words(cutoff)})",
    }
    yield (
        f"Case: score {cutoff.case} {round(cutoff.value, 2):g}"
        f"{kinds.get(settings.cutoff_kind, '')}. Recovered: a case before, reliably improved and "
        "no case after. Shares are of the cases before; intervals are Wilson's."
    )


def _published_words(cutoff: Cutoff) -> str:
    """What the cut-off means, and whether its value is confirmed."""
    meaning = cutoff.meaning or "as published"
    return meaning if cutoff.confidence == "high" else f"{meaning}; {_UNCONFIRMED}"


def change_messages(scores: Scores, patients: pd.DataFrame, settings: Settings) -> tuple[str, ...]:
    """What a reader must know, with counts."""
    return (
        *_missing(scores, patients, settings),
        *_level(settings),
        *_scale(scores, settings),
        *_small_groups(scores, patients),
    )


def _missing(scores: Scores, patients: pd.DataFrame, settings: Settings) -> Iterator[str]:
    no_pre, no_post = np.isnan(scores.pre), np.isnan(scores.post)
    n = int((no_pre | no_post).sum())
    if n:
        only_post = int((no_post & ~no_pre).sum())
        yield (
            f"{n:,} of {counted(len(scores.pre), 'patient')} {agree(n, 'is', 'are')} in no "
            f"category (score missing before: {int(no_pre.sum()):,}; after only: {only_post:,})."
        )
    if settings.cutoff is None:
        return
    cases = patients["case_before"].fillna(False).to_numpy(dtype=bool)
    if not cases.any():
        yield "No patient is a case before treatment: nobody can recover. Is the cut-off right?"
        return
    lost = int((cases & no_post).sum())
    if lost:
        recovered, all_cases = int((patients["category"] == "recovered").sum()), int(cases.sum())
        who = "the one case" if lost == 1 else f"any of the {lost:,} cases"
        yield (
            f"Unless {who} without a later score recovered, "
            f"{recovered:,} of {all_cases:,} ({100 * recovered / all_cases:.0f}%) did."
        )


def _level(settings: Settings) -> Iterator[str]:
    index, key = settings.published, settings.instrument
    if index is not None and key is not None and index.level is None:
        yield (
            f"{key.key}: the confidence level of the published index of {index.value:g} points is "
            "not known. Give reliability and sd for one of a known level."
        )


def _scale(scores: Scores, settings: Settings) -> Iterator[str]:
    rule, seen = settings.rule, scores.pre[~np.isnan(scores.pre)]
    if not isinstance(rule, ErrorRule) or len(seen) < _FEW:
        return
    observed = float(seen.std(ddof=1))
    if observed > _SD_FACTOR * rule.sd or _SD_FACTOR * observed < rule.sd:
        yield (
            f"sd={rule.sd:g}, but the scores before treatment have an SD of "
            f"{format_number(observed)}. Are both on the same scale (sum or mean of items)?"
        )


def _small_groups(scores: Scores, patients: pd.DataFrame) -> Iterator[str]:
    known = patients["category"].notna()
    if "case_before" in patients:
        known &= patients["case_before"].fillna(False).astype(bool)
    for name in map(str, scores.groups):
        sizes = scores.groups[name][known].value_counts()
        small = int((sizes < _FEW).sum())
        if small:
            yield (
                f"{small:,} of {counted(len(sizes), 'group')} by {name} "
                f"{agree(small, 'has', 'have')} fewer than {_FEW} patients to count: their shares "
                "differ much by chance. Do not rank them."
            )
