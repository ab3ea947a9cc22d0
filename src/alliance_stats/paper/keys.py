"""Keys of results: flat, readable, unique: ``alliance.within.estimate``."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import pandas as pd

#: Greek letters and signs in names of columns and rows.
_LETTERS = {
    "τ": "tau", "χ": "chi", "ρ": "rho", "ω": "omega", "α": "alpha", "β": "beta", "δ": "delta",
    "κ": "kappa", "σ": "sigma", "λ": "lambda", "²": "2", "%": " percent ", "Δ": "delta",
}  # fmt: skip
#: Parts of a question's keys that no row may take.
RESERVED = ("fit", "n")


def slug(text: object) -> str:
    """Text as part of a key: small letters, digits and _.

    >>> slug("(Intercept)"), slug("Random effects"), slug("τ² low"), slug("−")
    ('intercept', 'random_effects', 'tau2_low', 'value')
    """
    words = "".join(_LETTERS.get(letter, letter) for letter in str(text))
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "value"


def row_keys(frame: pd.DataFrame) -> list[str]:
    """What each row of a tidy frame is called: its effect, else its term; more where two agree.

    >>> row_keys(pd.DataFrame({
    ...     "effect": ["within", "contextual", "contextual", ""],
    ...     "unit": ["session", "patient", "therapist", ""],
    ...     "term": ["w", "p - w", "t - p", "(Intercept)"]}))
    ['within', 'contextual_patient', 'contextual_therapist', 'intercept']
    """
    columns = [name for name in ("effect", "term") if name in frame.columns]
    firsts = [
        next((slug(v) for v in row if isinstance(v, str) and v), "value")
        for row in frame[columns].itertuples(index=False)
    ]
    names = [f"row_{name}" if name in RESERVED else name for name in firsts]
    for column in ("unit", "group", "study", "term"):
        if column in frame.columns:
            names = _told_apart(names, [_part(value) for value in frame[column]])
    return numbered(names)


def table_keys(frame: pd.DataFrame) -> list[str]:
    """What each row of a further table is called: its words, parted by points.

    Without words the first column names the rows.
    """
    words = [c for c in frame.columns if _is_words(frame[c])]
    if "effect" in words:  # terms and units say it again
        words = [c for c in words if c not in ("unit", "term")]
    if not words and len(frame) > 1 and len(frame.columns):
        words = [frame.columns[0]]
    names = [
        ".".join(filter(None, map(_part, row))) or "value"
        for row in frame[words].itertuples(index=False)
    ]
    return numbered(names if words else ["value"] * len(frame))


def numbered(names: Sequence[str]) -> list[str]:
    """Names, those that occur again with _2, _3 behind them.

    >>> numbered(["a", "b", "a"])
    ['a', 'b', 'a_2']
    """
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        seen[name] += 1
        made.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return made if len(set(made)) == len(made) else [f"{n}_{i}" for i, n in enumerate(names, 1)]


def _told_apart(names: Sequence[str], parts: Sequence[str]) -> list[str]:
    """Names that occur more than once, with the part behind them that differs."""
    often = {name for name, times in Counter(names).items() if times > 1}
    differ = {n for n in often if len({p for m, p in zip(names, parts, strict=True) if m == n}) > 1}
    return [
        f"{name}_{part}" if name in differ and part and part != name else name
        for name, part in zip(names, parts, strict=True)
    ]


def _part(value: object) -> str:
    return "" if value is None or value != value or value == "" else slug(value)


def _is_words(column: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(column) or column.dtype == object)
