"""What the numbers of a study can be; the rows of impossible ones are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from alliance_stats._base.checks import agree, counted, name_list, some_row_places
from alliance_stats._base.errors import DataError

Test = Callable[[np.ndarray], np.ndarray]

#: Fewer persons give no sampling variance of Fisher's z.
SMALLEST_N = 4


def _correlation(x: np.ndarray) -> np.ndarray:
    return np.abs(x) >= 1


def _positive(x: np.ndarray) -> np.ndarray:
    return x <= 0


def _at_least(least: float) -> Test:
    return lambda x: x < least


def _whole_from(least: int) -> Test:
    return lambda x: (x < least) | (x != np.floor(x))


_SIZE = (_whole_from(2), "a group needs two or more persons, a whole number")
_SD = (_positive, "a standard deviation is above 0")
_COUNT = (_whole_from(0), "counts are whole numbers from 0")

#: What is impossible for a field word, and why.
RANGES: dict[str, tuple[Test, str]] = {
    "ri": (_correlation, "a correlation is between −1 and 1, and exact ones have no variance"),
    "ni": (_whole_from(SMALLEST_N), "a sample needs four or more persons, a whole number"),
    "controls": (_whole_from(0), "it counts the variables held constant, from 0"),
    "r2i": (lambda x: (x < 0) | (x >= 1), "R² is from 0 to below 1"),
    "fi": (_at_least(0), "an F is not below 0; its direction goes to signi"),
    "chi2i": (_at_least(0), "a χ² is not below 0; its direction goes to signi"),
    "pi": (
        lambda x: (x <= 0) | (x > 1),
        "a p value is above 0 and at most 1; a printed .000 is a bound, and direction goes to "
        "signi",
    ),
    "ori": (_positive, "an odds ratio is above 0; its logarithm is taken here"),
    "ci_low": (_positive, "the interval is of the odds ratio, not of its logarithm"),
    "ci_high": (_positive, "the interval is of the odds ratio, not of its logarithm"),
    **dict.fromkeys(("n1i", "n2i"), _SIZE),
    **dict.fromkeys(("sd1i", "sd2i", "sdpre", "sdpost", "sd1pre", "sd2pre"), _SD),
    **dict.fromkeys(("ai", "bi", "ci"), _COUNT),
}


def check_range(word: str, column: str | float, numbers: np.ndarray) -> None:
    """Raise DataError for numbers that cannot be, with their rows."""
    if word not in RANGES:
        return
    impossible, why = RANGES[word]
    bad = np.flatnonzero(impossible(numbers) & ~np.isnan(numbers))
    if not len(bad):
        return
    if word == "ri" and _look_like_percent(numbers):
        why = "these look like percentages: write .28, not 28"
    raise DataError(
        f"column '{column}' ({word}) holds {counted(len(bad), 'impossible value')} "
        f"({name_list(f'{x:g}' for x in numbers[bad])}), at {some_row_places(bad)}: {why}. Correct "
        f"{agree(len(bad), 'it', 'them')}, or leave {agree(len(bad), 'it', 'them')} empty."
    )


def check_swapped(values: Mapping[str, np.ndarray], columns: Mapping[str, str | float]) -> None:
    """Raise DataError if correlations look like sample sizes and sample sizes like correlations."""
    if not {"ri", "ni"} <= set(values):
        return
    r, n = values["ri"], values["ni"]
    if _all_seen(np.abs(n) <= 1, n) and _all_seen(np.abs(r) > 1, r):
        raise DataError(
            f"columns '{columns['ri']}' and '{columns['ni']}' seem to be swapped: the first, given "
            "as correlations (ri), holds numbers above 1, and the second, given as sample sizes "
            f"(ni), none. Give ri={columns['ni']!r}, ni={columns['ri']!r}."
        )


def _look_like_percent(r: np.ndarray) -> bool:
    seen = np.abs(r[~np.isnan(r)])
    return bool(seen.max() <= 100 and np.mean(seen > 1) > 0.5)


def _all_seen(true: np.ndarray, x: np.ndarray) -> bool:
    seen = ~np.isnan(x)
    return bool(seen.any() and true[seen].all())
