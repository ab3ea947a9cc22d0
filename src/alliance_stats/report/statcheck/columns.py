"""What the columns of a table of statistics hold, told by their headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from alliance_stats._base.printed import Printed

#: Headings of columns by role, as printed; longer ones in small letters.
_HEADINGS = {
    "b": "b|B|β|γ|beta|coefficient|coef.|coef|coeff.|slope|std. b|std. β|std. beta",
    "estimate": "estimate|est.|est|Schätzer|Schätzung",
    "r": "r",
    "d": "d|g|cohen's d|cohen’s d|hedges' g|hedges’ g",
    "ratio": "OR|HR|RR|IRR|aOR|odds ratio|hazard ratio|risk ratio|rate ratio|exp(b)",
    "other": "M|mean|ICC|α|alpha|ω|omega|κ|kappa",
    "se": "SE|S.E.|std. error|std. err.|standard error|std.error|se b|se(b)|se β|Standardfehler",
    "t": "t|t value|t-value|t ratio|t statistic|t stat",
    "z": "z|Z|z value|z-value|wald z|z statistic",
    "statistic": "statistic|test statistic|test",
    "F": "F|f value|f-value",
    "χ²": "χ2|χ²|chi2|chi-square|chi-squared|wald χ2|wald χ²",
    "Q": "Q|QM|QE|Qbetween",
    "p": "p|P|p value|p-value|pr(>|t|)|pr(>|z|)|pr(>f)|p>|t||p>|z||sig.|sig|p (two-tailed)",
    "df": "df|d.f.|df1|num df|numdf",
    "df2": "df2|df (error)|df error|error df|den df|dendf|df (residual)|df residual",
    "interval": "CI|KI|Konfidenzintervall|confidence interval|conf. interval|interval",
    "low": "LL|lower|low|CI low|CI lower|lower bound|lower limit|CI LL|LLCI|lower ci",
    "aside": "SD|N|n|k|obs|observations|studies|patients|sessions",
    "high": "UL|upper|high|CI high|CI upper|upper bound|upper limit|CI UL|ULCI|upper ci",
}
EFFECTS = ("b", "estimate", "r", "d", "ratio", "other")
TESTS = ("t", "z", "F", "χ²", "Q", "statistic")
_PERCENT = re.compile(r"(?<![0-9.])([0-9]{1,2}(?:\.[0-9]{1,2})?) ?%[ -]?")
_OF = re.compile(r" (?:for|of) .{1,30}$")
_MARK = re.compile(r"(?<=.)(?:[¹³⁴⁵⁶⁷⁸⁹†‡§ᵃᵇᶜ])+$")
_WITH_MORE = re.compile(r"(.+?) ?[(\[]([^()\[\]]{1,30})[)\]]")
_DF = r"([0-9]{1,6}(?:\.[0-9]{1,3})?)"
_DEGREES = re.compile(rf"(?:df ?= ?)?{_DF}(?:, ?{_DF})?")
_CORRECTED = re.compile(r"adj|corr|holm|bonf|fdr|equiv|non-inf", re.IGNORECASE)


def _by_heading() -> dict[str, str]:
    """Roles by heading; ``|`` within a heading is written once in `_HEADINGS`."""
    found: dict[str, str] = {}
    for role, headings in _HEADINGS.items():
        text = headings.replace(">|t|", ">¦t¦").replace(">|z|", ">¦z¦")
        found |= {each.replace("¦", "|"): role for each in text.split("|")}
    return found


_ROLES = _by_heading()


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds.

    Attributes
    ----------
    place : int
        Which column it is, counted from 0.
    role, symbol : str
        A key of `_HEADINGS`, and how the quantity is called in a sentence.
    second : str
        The role of a number in brackets after the first, as of ``b (SE)``; else empty.
    df : tuple of Printed
        Degrees of freedom that the heading names.
    level : float
        Of intervals the confidence level as a share; 0 if none is named.
    one_tailed : bool
        Whether the heading of a p value says so.
    """

    place: int
    role: str
    symbol: str
    second: str = ""
    df: tuple[Printed, ...] = ()
    level: float = 0.0
    one_tailed: bool = False


def columns_of(headings: Sequence[Sequence[str]]) -> list[Column]:
    """The columns that hold statistics; `headings` are the rows above the numbers, from the top.

    The lowest heading that is known counts. A heading that spans columns gives its confidence
    level to all of them.
    """
    width = max(map(len, headings), default=0)
    found = []
    for place in range(width):
        stack = [row[place] if place < len(row) else "" for row in headings]
        known = next((c for text in reversed(stack) if (c := _column(text))), None)
        if known is None:
            continue
        role, symbol, second, df, level, one_tailed = known
        if role in ("interval", "low", "high") or second == "interval":
            level = level or _level_above(headings, place)
        found.append(Column(place, role, symbol, second, df, level, one_tailed))
    return found


def is_known(heading: str) -> bool:
    """Whether a heading names a statistic."""
    return _column(heading) is not None


_Known = tuple[str, str, str, tuple[Printed, ...], float, bool]


@lru_cache(maxsize=4096)
def _column(heading: str) -> _Known | None:
    """Role, symbol, second role, degrees of freedom, level and direction of one heading."""
    text = " ".join(heading.split())
    level = _level(text)
    if level in (0.025, 0.05) and not _PERCENT.sub("", text).strip():
        return "low", text, "", (), 1 - 2 * level, False
    if level in (0.975, 0.95) and not _PERCENT.sub("", text).strip():
        return "high", text, "", (), 2 * level - 1, False
    plain = _OF.sub("", _PERCENT.sub("", text).strip(" ,[]"))
    role = _role(plain)
    if role:
        return role, _symbol(role, plain), "", (), level, False
    more = _WITH_MORE.fullmatch(_PERCENT.sub("", text).strip())
    outer = _role(more.group(1).strip(" ,")) if more else ""
    if more is None or not outer or (outer == "p" and _CORRECTED.search(more.group(2))):
        return None
    symbol, inner = _symbol(outer, more.group(1)), more.group(2)
    degrees = _DEGREES.fullmatch(inner) if outer in TESTS else None
    df = tuple(Printed.of(each) for each in degrees.groups() if each) if degrees else ()
    one_tailed = "one" in inner.lower() or inner.startswith("1")
    return outer, symbol, _role(inner.strip()), df, level, one_tailed and outer == "p"


def _role(heading: str) -> str:
    for text in (heading, _MARK.sub("", heading)):
        role = _ROLES.get(text) or (_ROLES.get(text.lower(), "") if len(text) > 2 else "")
        if role:
            return role
    return ""


def _symbol(role: str, heading: str) -> str:
    """How a quantity is called in a sentence: by a heading of one word, else by its role."""
    shown = {"se": "SE", "estimate": "Estimate", "ratio": "ratio", "statistic": "statistic"}
    if role in ("b", "r", "d", "ratio", "other", "Q") and len(heading) <= 5:
        return heading
    return shown.get(role, role)


def _level(text: str) -> float:
    found = _PERCENT.search(text)
    return round(float(found.group(1)) / 100, 6) if found else 0.0


def _level_above(headings: Sequence[Sequence[str]], place: int) -> float:
    """The confidence level that a heading names which spans a column from the left."""
    for row in reversed(headings):
        told = [text for text in row[: place + 1] if text.strip()]
        if told and _level(told[-1]):
            return _level(told[-1])
    return 0.0
