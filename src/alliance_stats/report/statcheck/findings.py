"""What a check found: how much it weighs, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats._base.printing import MINUS

CONSISTENT = "consistent"
INCONSISTENT = "inconsistent"
DECISION = "decision error"
DOUBTFUL = "doubtful"
NOT_CHECKED = "not checked"
#: Verdicts, the heaviest first.
VERDICTS = (DECISION, INCONSISTENT, DOUBTFUL, CONSISTENT, NOT_CHECKED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing seen: its verdict, and a sentence of what was seen and what it should be.

    ``one_tailed`` marks a p value that is half of the two-tailed one.
    """

    verdict: str
    sentence: str = ""
    one_tailed: bool = False


#: What is found of most statistics: the numbers fit.
FITS = Finding(CONSISTENT)


def heaviest(findings: list[Finding]) -> str:
    """The verdict that a statistic gets: the heaviest of its findings."""
    if len(findings) == 1:
        return findings[0].verdict
    found = {finding.verdict for finding in findings}
    return next((verdict for verdict in VERDICTS if verdict in found), NOT_CHECKED)


def shown(value: float, decimals: int = 3) -> str:
    """A recomputed number in a sentence."""
    text = f"{value:.{decimals}f}" if abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("-")


def shown_p(value: float) -> str:
    """A recomputed p value: ``.0468``, or ``< .0001``."""
    if value < 0.0001:
        return "< .0001"
    return f"{value:.4f}".lstrip("0") if value < 0.99995 else "1"
