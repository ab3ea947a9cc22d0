"""Typed numbers matched to results: by label, in one row, as rounded in print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alliance_stats._base.checks import name_list
from alliance_stats._base.printing import MINUS, format_p
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.typed import UNITS, Typed

_MOST_HINTS = 3
_TESTS = ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")
#: Bounds that print puts in place of a p.
_BELOW, _ABOVE = (0.0001, 0.001, 0.005, 0.01, 0.05, 0.1), (0.05, 0.1, 0.999)
#: Columns that a symbol can stand for.
_COLUMNS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("b", "B", "β", "OR", "HR", "RR"), ("estimate",)),
    **dict.fromkeys(("d", "g"), ("estimate", "d", "g")),
    "r": ("r", "correlation", "estimate"),
    "ρ": ("rho", "correlation"),
    "M": ("mean",),
    "SD": ("sd", "sd_within", "sd_between", "sd_alliance", "sd_outcome", "sigma"),
    "SE": ("se", "mc_error"),
    **dict.fromkeys(("t", "z"), ("statistic",)),
    **dict.fromkeys(("F", "χ²"), ("statistic", "f", "chi2")),
    "Q": ("q", "statistic"),
    "p": ("p_value", "q_p_value", "p"),
    "df": ("df", "degrees_of_freedom", "df_numerator", "df_denominator", "q_df", "n"),
    **dict.fromkeys(("N", "n"), ("n", "n_obs", "n_patients", "n_sessions", "patient", "session")),
    "k": ("k", "n_studies", "study"),
    "ICC": ("icc",),
    **dict.fromkeys(("I²", "I2"), ("i2",)),
    "τ²": ("tau2",),
    **dict.fromkeys(("R²", "R2"), ("r2", "share", "explained")),
    **dict.fromkeys(("α", "ω", "κ"), ("estimate", "value")),
    "ci_low": ("ci_low", "pi_low", "compatible_low", "lowest"),
    "ci_high": ("ci_high", "pi_high", "compatible_high", "highest"),
}
#: Parts of keys that say what a count is of.
_COUNTS: dict[str, tuple[str, ...]] = {
    "session": ("session", "n_sessions", "n_obs", "sessions"),
    "patient": ("patient", "n_patients", "patients", "n_obs"),
    "participant": ("patient", "n_patients", "patients", "n_obs"),
    "client": ("patient", "n_patients", "patients", "n_obs"),
    "therapist": ("therapist", "n_therapists", "therapists"),
    "study": ("study", "k", "n_studies", "studies"),
    "effect": ("effect", "k", "n_obs", "n_effects", "effects"),
    "rating": ("n", "missing", "ratings", "n_ratings"),
    "pair": ("n", "pairs", "n_pairs"),
    "event": ("n_events", "events"),
}


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a typed number equals a result, and which; else what to do."""

    number: Typed
    key: str
    problem: str


def match_statement(numbers: list[Typed], stored: Stored) -> list[Match]:
    """Each number of a statement with the result that it equals.

    A statement is about one row of results: all its numbers must be of that row. Where no row fits
    them all, those are wrong that the best row does not hold.
    """
    if len(numbers) == 1 and not numbers[0].label:
        return [_unlabelled(numbers[0], stored)]
    if len(numbers) == 1 and numbers[0].label in UNITS:
        return [_counted(numbers[0], stored)]
    levels = [n for n in numbers if n.label == "level"]
    rest = [n for n in numbers if n.label != "level"]
    found = {n.start: _level(n, stored) for n in levels}
    found |= {match.number.start: match for match in _in_one_row(rest, stored)}
    return [found[number.start] for number in numbers]


def equals(number: Typed, value: Any) -> bool:
    """Whether a value is the typed number, rounded to the decimals typed.

    A p may also be given by a bound that is customary in print, such as ``p < .001``.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    if number.sign != "=":
        bounds = _BELOW if number.sign in ("<", "≤") else _ABOVE
        past = value < number.value if bounds is _BELOW else value > number.value
        return number.label == "p" and number.value in bounds and past
    half = 0.5 * 10.0**-number.decimals
    return abs(value - number.value) <= half * (1 + 1e-9)


def _in_one_row(numbers: list[Typed], stored: Stored) -> list[Match]:
    if not numbers:
        return []
    best: list[Match] = []
    for start, row in _rows(stored).items():
        found = [_in_row(number, start, row, stored) for number in numbers]
        if not best or _fit(found) > _fit(best):
            best = found
        if not any(match.problem for match in best):
            return best
    if all(match.problem for match in best):
        return [Match(n, "", f"no result has it{_hint(n, stored)}") for n in numbers]
    if 2 * _fit(best)[0] < len(numbers):
        apart = "no row of results has the numbers of this statement"
        return [Match(n, "", apart) for n in numbers]
    return best


def _fit(found: list[Match]) -> tuple[int, list[bool]]:
    """How many numbers a row holds; of equals, the row that holds the first ones."""
    held = [not match.problem for match in found]
    return sum(held), held


def _in_row(number: Typed, start: str, row: Mapping[str, Any], stored: Stored) -> Match:
    columns = [c for c in _COLUMNS.get(number.label, ()) if c in row]
    for column in columns:
        if equals(number, row[column]) and _greek(number.label, start):
            return Match(number, f"{start}.{column}", "")
    for column in columns:
        return Match(number, "", f"{start}.{column} is {_shown(row[column], number)}")
    return Match(number, "", f"{start} has nothing of the kind{_hint(number, stored)}")


def _greek(label: str, start: str) -> bool:
    """A reliability by its letter must come from rows of its name."""
    names = {"α": "alpha", "ω": "omega", "κ": "kappa"}
    return label not in names or names[label] in start


def _shown(value: Any, number: Typed) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "null"
    if number.label == "p":
        return format_p(float(value))
    shown = f"{value:.{number.decimals}f}" if number.sign == "=" else f"{value:.6g}"
    return shown.replace("-", MINUS)


def _rows(stored: Stored) -> dict[str, dict[str, Any]]:
    """Results by row, the key without its column: coefficients before further tables."""
    rows: dict[str, dict[str, Any]] = {}
    for key, value in stored.values.items():
        start, _, column = key.rpartition(".")
        rows.setdefault(start, {})[column] = value
    return {start: rows[start] for start in sorted(rows, key=lambda s: (s.count("."), s))}


def _counted(number: Typed, stored: Stored) -> Match:
    """A number with a unit behind it, or a percentage."""
    test = _is_share if number.label == "%" else _is_count(number.label)
    scale = 100 if number.label == "%" else 1
    for key, value in stored.values.items():
        if isinstance(value, int | float) and test(key, value) and equals(number, scale * value):
            return Match(number, key, "")
    what = "share" if number.label == "%" else "count"
    return Match(number, "", f"no {what} of the results is this{_hint(number, stored)}")


def _is_count(unit: str) -> Callable[[str, Any], bool]:
    one = "study" if unit in ("study", "studies") else unit.removesuffix("s")
    names = _COUNTS[one]
    return lambda key, value: key.rpartition(".")[2] in names and float(value).is_integer()


def _is_share(key: str, value: Any) -> bool:
    return key.rpartition(".")[2] not in _TESTS and 0 <= value <= 1 and not isinstance(value, bool)


def _level(number: Typed, stored: Stored) -> Match:
    """The level of an interval."""
    levels = {float(part.get("conf_level", 0.95)) for part in stored.parts.values()}
    if any(equals(number, 100 * level) for level in levels):
        return Match(number, "conf_level", "")
    return Match(number, "", "no interval has this level")


def _unlabelled(number: Typed, stored: Stored) -> Match:
    return Match(number, "", f"it has no label, so no result can be matched{_hint(number, stored)}")


def _hint(number: Typed, stored: Stored) -> str:
    """Keys that hold the number, to be bound."""
    if not number.decimals:
        return ""
    columns = _COLUMNS.get(number.label)
    keys = [
        key
        for key, value in stored.values.items()
        if number.sign == "=" and equals(number, value)
        if columns is None or key.rpartition(".")[2] in columns
    ]
    return f"; the same number: {name_list(keys[:_MOST_HINTS])}" if keys else ""
