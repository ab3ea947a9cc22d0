"""Marks of Markdown, LaTeX and HTML inside a line as the characters that they stand for."""

from __future__ import annotations

import re

#: LaTeX commands of one sign, and what they print.
_SIGNS = {
    "chi": "χ", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eta": "η", "omega": "ω",
    "rho": "ρ", "tau": "τ", "sigma": "σ", "mu": "μ", "kappa": "κ", "phi": "φ", "theta": "θ",
    "lambda": "λ", "Delta": "Δ", "Chi": "Χ", "times": "×", "cdot": "·", "pm": "±", "lt": "<",
    "gt": ">", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "approx": "≈", "infty": "∞",
    "textless": "<", "textgreater": ">", "textminus": "−", "minus": "−", "ldots": "…",
    "textendash": "–", "textemdash": "—", "quad": " ", "qquad": " ", "left": "", "right": "",
    "bigl": "", "bigr": "", "item": "", "noindent": "", "newline": " ",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("0123456789-−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")
_RAISED = re.compile(r"\^(?:\{([^{}\n]{1,12})\}|([0-9]))")
_COMMAND = re.compile(r"\\([A-Za-z]{1,40})\*? ?")
_SPACED = re.compile(r"\\[,;: !>]|~(?<!\\~)")
_ESCAPED = re.compile(r"\\([%$&#_{}\[\]()*\\`<>|.!+-])")
_GROUP = re.compile(r"[{}$]")
#: Where escaped signs stand while groups are opened: characters for private use.
_APART = 0xE000
_KEPT = re.compile("[\ue000-\ue07f]")
_THOUSANDS = re.compile(r"\{,\}(?<=\d\{,\})(?=\d)")


def raised(text: str) -> str:
    """Digits and signs of an exponent as superscripts; other characters stay.

    >>> raised("2"), raised("-3"), raised("a")
    ('²', '⁻³', 'a')
    """
    return text.translate(_SUPERSCRIPTS)


def without_latex(text: str) -> str:
    r"""LaTeX inside a line as plain text; commands of layout leave their argument.

    >>> without_latex(r"$\chi^{2}(2, N = 1{,}090) = 7.1$, \emph{p}~$=$~.029")
    'χ²(2, N = 1,090) = 7.1, p = .029'
    """
    if "\\" not in text and "$" not in text and "^" not in text:
        return text
    text = _THOUSANDS.sub(",", text)
    text = _SPACED.sub(_blank, text)
    text = _COMMAND.sub(lambda found: _SIGNS.get(found.group(1), ""), text)
    text = _RAISED.sub(lambda found: raised(found.group(1) or found.group(2)), text)
    kept = _ESCAPED.sub(lambda found: chr(_APART + ord(found.group(1))), text)
    return _KEPT.sub(lambda found: chr(ord(found.group()) - _APART), _GROUP.sub("", kept))


def _blank(found: re.Match[str]) -> str:
    return "" if found.group() == "\\!" else " "
