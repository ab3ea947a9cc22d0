"""Are true effects of a unit different at all? Likelihood ratio tests at the boundary.

Under the null a variance lies at the edge of what is possible: ½χ²₀ + ½χ²₁ for one variance,
½χ²_r + ½χ²_(r+1) for one effect beside r others with free covariances (Self & Liang, 1987, J. Am.
Stat. Assoc. 82, 605–610; Stram & Lee, 1994, Biometrics 50, 1171–1177).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.held import Held, leave_out
from alliance_stats.meta.multilevel.profile import best_deviance
from alliance_stats.meta.multilevel.structures import Structure


def component_tests(self: FittedMultilevel) -> pd.DataFrame:
    """Likelihood ratio tests of every variance of true effects.

    The others stay in the model and are fitted again. p values hold where these are above 0.

    Returns
    -------
    DataFrame
        ``unit term statistic df p_value``; ``df`` names the mixture, such as ``0, 1``. NaN for
        the variance of CS and HCS, whose null has no closed form.
    """
    rows = []
    for place, term in enumerate(self.layout.terms):
        structure = term.structure
        one = structure.kind in ("ID", "CS", "HCS")
        for level in range(1 if one else structure.m):
            name = "" if one else term.levels[level]
            rows.append((term.label, name, *_test(self, place, level)))
    return pd.DataFrame(rows, columns=["unit", "term", "statistic", "df", "p_value"])


def _test(self: FittedMultilevel, place: int, level: int) -> tuple[float, str, float]:
    structures: list[Structure | Held] = [term.structure for term in self.layout.terms]
    structure = self.layout.terms[place].structure
    if structure.kind in ("CS", "HCS"):
        return float("nan"), "", float("nan")
    held = leave_out(structure, level)
    structures[place] = held
    without = best_deviance(self, structures, place, held)
    ratio = max(without - self.point.deviance, 0.0)
    ratio = 0.0 if ratio < 1e-9 * (1.0 + abs(without)) else ratio
    r = structure.m - 1 if structure.kind == "UN" else 0
    return ratio, f"{r}, {r + 1}", mixture_p(ratio, r)


def mixture_p(ratio: float, r: int) -> float:
    """p of ½χ²_r + ½χ²_(r+1).

    >>> round(mixture_p(2.705543, 0), 4), mixture_p(0.0, 0)
    (0.05, 1.0)
    """
    below = float(chdtrc(r, ratio)) if r > 0 else float(ratio <= 0)
    return float(np.mean([below, chdtrc(r + 1, ratio)]))
