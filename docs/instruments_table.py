"""Write instruments.md from the registry of scoring keys.

python docs/instruments_table.py            # write the page
python docs/instruments_table.py --check    # exit 1 if it differs
"""

from __future__ import annotations

import sys
from pathlib import Path

import alliance_stats as al
from alliance_stats.measures import Instrument, get_instrument
from alliance_stats.measures.instruments.shown import (
    band_words,
    change_words,
    cutoff_words,
    direction_words,
    item_numbers,
    method_words,
    missing_words,
)

PAGE = Path(__file__).resolve().parent / "instruments.md"
START = """# Instruments

The scoring keys that come with the library, written from its registry by
`docs/instruments_table.py`. `al.list_instruments()` is the same as a frame;
[Score questionnaires](how-to/score-questionnaires.md) says how to use them.

Keys are facts: which item belongs to which scale, which are reversed, how answers are coded.
**No item texts are here**, and many may not be copied without a licence; the rights named are
those in the items.

*Level not known* beside a reliable change index means that its confidence level could not be
established; using it warns. *Not certain* names what about a key is not confirmed; scoring warns
of it. *(medium)* marks single values that are not confirmed. Please check a key against your
manual before you publish.

Left out, because their keys could not be confirmed: CALPAS, ARM-28 and ARM-12, VTAS-R, BLRI, RRI,
IIP-32, WAI-I and the WAI-SRT. Write [your own](how-to/score-questionnaires.md#a-scale-of-your-own)
from the manual.

"""


def page() -> str:
    """The whole page."""
    table = al.list_instruments()
    keys = [get_instrument(key) for key in table["instrument"]]
    overview = [
        "| name | instrument | items | responses | score | better |",
        "|---|---|---|---|---|---|",
        *(
            f"| [`{i.key}`](#{i.key}) | {i.name} | {i.n_items} | {response} | "
            f"{method_words(i)} | {direction_words(i).split()[0]} |"
            for i, response in zip(keys, table["response"], strict=True)
        ),
    ]
    return START + "\n".join(overview) + "\n\n" + "\n".join(section(i) for i in keys)


def section(instrument: Instrument) -> str:
    """One instrument: its key, its thresholds, its source."""
    lines = [f"## {instrument.key}", "", f"{instrument.name}.", ""]
    lines += ["| score | items | possible |", "|---|---|---|"]
    for score, items in instrument.item_scores.items():
        low, high = instrument.score_range(score)
        lines.append(
            f"| `{instrument.key}_{score}` | {item_numbers(items)} | {low:g} to {high:g} |"
        )
    lines.append("")
    lines += [f"* **{name}**: {words}" for name, words in facts(instrument) if words]
    lines += [f"* {note}" for note in instrument.notes]
    return "\n".join([*lines, ""])


def facts(instrument: Instrument) -> list[tuple[str, str]]:
    """Name and words of what is known; empty words where nothing is."""
    rule = "none" if instrument.missing.rule == "none" else missing_words(instrument)
    marked = "; ".join
    indices = "`pst` (items above zero), `psdi` (their mean)" if instrument.symptom_indices else ""
    return [
        ("Reversed", item_numbers(instrument.reversed)),
        ("Further scores", indices),
        ("Rule for missing items", rule),
        ("Cut-offs", marked(cutoff_words(c) + mark(c.confidence) for c in instrument.cutoffs)),
        ("Bands", marked(band_words(b) + mark(b.confidence) for b in instrument.bands)),
        ("Reliable change", marked(change_words(c) + mark(c.confidence) for c in instrument.rci)),
        (
            "Important difference",
            marked(change_words(c, with_level=False) for c in instrument.mcid),
        ),
        ("Not certain", instrument.uncertain),
        ("Source", instrument.source),
        ("Rights", instrument.rights),
    ]


def mark(confidence: str) -> str:
    """`` (medium)`` behind a value that is not confirmed."""
    return "" if confidence == "high" else f" ({confidence})"


def main(arguments: list[str]) -> int:
    """Write the page, or compare it; the exit status."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    return int(PAGE.read_text(encoding="utf-8") != page())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
