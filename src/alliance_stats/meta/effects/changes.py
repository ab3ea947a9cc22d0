"""Changes from before to after as effect sizes, in one group and against another.

Becker (1988, Br. J. Math. Stat. Psychol. 41, 257–278); Gibbons, Hedeker & Davis (1993, J. Educ.
Stat. 18, 271–279); Morris (2008, Organ. Res. Methods 11, 364–386) for two groups. A change is
after − before.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.meta.effects.differences import small_sample
from alliance_stats.meta.effects.forms import Columns, Effects, Form


def by_initial_sd(columns: Columns) -> Effects:
    """SMCR: change by the SD before; variance 2(1 − r)/n + g²/(2n)."""
    n = columns["ni"]
    g = small_sample(n - 1) * (columns["mpost"] - columns["mpre"]) / columns["sdpre"]
    return Effects(g, 2 * (1 - columns["ri"]) / n + g**2 / (2 * n), n)


def by_sd_of_change(columns: Columns) -> Effects:
    """SMCC: change by the SD of changes; variance 1/n + g²/(2n)."""
    before, after = columns["sdpre"], columns["sdpost"]
    sd = np.sqrt(before**2 + after**2 - 2 * columns["ri"] * before * after)
    return of_d({"di": (columns["mpost"] - columns["mpre"]) / sd, "ni": columns["ni"]})


def of_d(columns: Columns) -> Effects:
    """SMCC from d by the SD of changes."""
    n = columns["ni"]
    g = small_sample(n - 1) * columns["di"]
    return Effects(g, 1 / n + g**2 / (2 * n), n)


def of_paired_t(columns: Columns) -> Effects:
    """SMCC from a paired t: d = t/√n."""
    return of_d({"di": columns["ti"] / np.sqrt(columns["ni"]), "ni": columns["ni"]})


def of_two_groups(columns: Columns) -> Effects:
    """SMDC: difference of changes by the pooled SD before (d_ppc2 of Morris, 2008).

    Variance 2(1 − r)(1/n1 + 1/n2) + g²/(2(n1 + n2)), in large samples.
    """
    n1, n2 = columns["n1i"], columns["n2i"]
    squares = (n1 - 1) * columns["sd1pre"] ** 2 + (n2 - 1) * columns["sd2pre"] ** 2
    first = columns["m1post"] - columns["m1pre"]
    second = columns["m2post"] - columns["m2pre"]
    g = small_sample(n1 + n2 - 2) * (first - second) / np.sqrt(squares / (n1 + n2 - 2))
    sampling = 2 * (1 - columns["ri"]) * (1 / n1 + 1 / n2)
    return Effects(g, sampling + g**2 / (2 * (n1 + n2)), n1 + n2)


BY_INITIAL_SD = (Form(("mpre", "mpost", "sdpre", "ri", "ni"), by_initial_sd),)
BY_SD_OF_CHANGE = (
    Form(("mpre", "mpost", "sdpre", "sdpost", "ri", "ni"), by_sd_of_change),
    Form(("di", "ni"), of_d),
    Form(("ti", "ni"), of_paired_t),
)
_FIRST = ("m1pre", "m1post", "sd1pre", "n1i")
_SECOND = ("m2pre", "m2post", "sd2pre", "n2i")
TWO_GROUPS = (Form((*_FIRST, *_SECOND, "ri"), of_two_groups),)
