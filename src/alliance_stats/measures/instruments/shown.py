"""The scoring key of an instrument in lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from alliance_stats._base.printing import wrapped
from alliance_stats.measures.instruments.key import ScoringKey
from alliance_stats.measures.instruments.thresholds import Bands, ChangeValue, Cutoff


def key_text(instrument: ScoringKey) -> str:
    """What `print(instrument)` shows."""
    return "\n".join(wrapped(_lines(instrument)))


def item_numbers(items: tuple[int, ...]) -> str:
    """Items with runs of three and more joined.

    >>> item_numbers((1, 2, 3, 5, 8, 9))
    '1–3, 5, 8, 9'
    """
    runs: list[list[int]] = []
    for item in sorted(items):
        if runs and item == runs[-1][1] + 1:
            runs[-1][1] = item
        else:
            runs.append([item, item])
    parts = (f"{a}–{b}" if b - a > 1 else ", ".join(map(str, range(a, b + 1))) for a, b in runs)
    return ", ".join(parts)


def method_words(instrument: ScoringKey) -> str:
    """``sum × 2`` or ``sum or mean``."""
    factor = "" if instrument.multiplier == 1 else f" × {instrument.multiplier:g}"
    return " or ".join(instrument.methods) + factor


def direction_words(instrument: ScoringKey) -> str:
    """``higher is better``."""
    return f"{'higher' if instrument.higher_is_better else 'lower'} is better"


def cutoff_words(cutoff: Cutoff) -> str:
    """``total >= 10 (caseness)``."""
    meaning = f" ({cutoff.meaning})" if cutoff.meaning else ""
    return f"{cutoff.score} {cutoff.case} {cutoff.value:g}{meaning}"


def change_words(change: ChangeValue, *, with_level: bool = True) -> str:
    """``total 6 (95%)``; an index whose level is not known says so."""
    level = "level not known" if change.level is None else f"{100 * change.level:g}%"
    return f"{change.score} {change.value:g}" + (f" ({level})" if with_level else "")


def band_words(bands: Bands) -> str:
    """``total: minimal, mild from 5, moderate from 10``."""
    later = (f"{b} from {a:g}" for a, b in zip(bands.limits, bands.labels[1:], strict=True))
    return f"{bands.score}: {', '.join((bands.labels[0], *later))}"


def missing_words(instrument: ScoringKey) -> str:
    """``prorate (total: at most 2 missing)``; without a rule that one is asked for."""
    rule = instrument.missing
    if rule.rule == "none":
        return "no score, unless max_missing= is given"
    limits = ", ".join(f"{score} {n}" for score, n in rule.limits.items())
    return f"{rule.rule}, at most: {limits}"


def _lines(instrument: ScoringKey) -> Iterator[str]:
    ranges = " or ".join(f"{low:g}–{high:g}" for low, high in instrument.responses)
    yield f"{instrument.key}: {instrument.name}"
    yield f"{instrument.n_items} items, {ranges}; {method_words(instrument)}; " + direction_words(
        instrument
    )
    for score, items in instrument.item_scores.items():
        yield f"{score}: items {item_numbers(items)}"
    if instrument.reversed:
        yield f"reversed: {item_numbers(instrument.reversed)}"
    yield f"missing items: {missing_words(instrument)}"
    for heading, parts in (
        ("cut-offs", map(cutoff_words, instrument.cutoffs)),
        ("bands", map(band_words, instrument.bands)),
        ("reliable change", map(change_words, instrument.rci)),
        ("important difference", (change_words(c, with_level=False) for c in instrument.mcid)),
    ):
        if said := "; ".join(parts):
            yield f"{heading}: {said}"
    if instrument.uncertain:
        yield f"not certain: {instrument.uncertain}"
    yield from instrument.notes
    if instrument.source:
        yield f"source: {instrument.source}"
