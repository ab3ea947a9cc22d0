"""Text that LaTeX prints as it is, symbols in italics, and the page that it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from alliance_stats.report.wording.symbols import prose_parts, typeset

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "−": r"\ensuremath{-}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\textbar{}",
    "–": "--", "—": "---", "…": r"\dots{}", "×": r"\ensuremath{\times}", "±": r"\ensuremath{\pm}",
    "∞": r"\ensuremath{\infty}", "²": r"\ensuremath{^2}", "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}", "χ": r"\ensuremath{\chi}", "τ": r"\ensuremath{\tau}",
    "ρ": r"\ensuremath{\rho}", "ω": r"\ensuremath{\omega}", "α": r"\ensuremath{\alpha}",
    "κ": r"\ensuremath{\kappa}", "σ": r"\ensuremath{\sigma}", "β": r"\ensuremath{\beta}",
    "Δ": r"\ensuremath{\Delta}", "λ": r"\ensuremath{\lambda}", "\n": " ",
    "\xa0": "~", "\u200b": r"\allowbreak{}", "`": r"\textasciigrave{}", '"': r"\textquotedbl{}",
}  # fmt: skip
#: Names from data that may be broken behind an underscore, if they are long.
_LONG_NAME = re.compile(r"\w{16,}")
_SPECIALS = re.compile("|".join(map(re.escape, _SPECIAL)))


def escape_tex(text: object) -> str:
    r"""Text that LaTeX prints as it is, in formulas too.

    >>> escape_tex("50% of a_b"), escape_tex("p < .001")
    ('50\\% of a\\_b', 'p \\ensuremath{<} .001')
    """
    breakable = _LONG_NAME.sub(lambda name: name.group().replace("_", "_\u200b"), str(text))
    return _SPECIALS.sub(lambda found: _SPECIAL[found.group()], breakable)


def in_italics(parts: list[tuple[str, bool]]) -> str:
    """Pieces of a text, symbols in italics."""
    return "".join(f"\\textit{{{escape_tex(t)}}}" if i else escape_tex(t) for t, i in parts)


@dataclass(frozen=True, slots=True)
class Page:
    """The page that a text is for.

    Attributes
    ----------
    line : float
        Points of a line.
    ragged : bool
        Whether lines may end early, so that a symbol can stay beside its number.
    """

    line: float = 345.0
    ragged: bool = False

    def prose(self, text: str) -> str:
        """A sentence of the library."""
        return in_italics(typeset(text) if self.ragged else prose_parts(text))
