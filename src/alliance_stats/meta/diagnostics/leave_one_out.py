"""al.meta.leave_one_out: the mean effect without each study, or without each effect size.

Viechtbauer & Cheung (2010, Res. Synth. Methods 1, 112–125). τ² is estimated anew each time.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from alliance_stats._base.checks import agree, name_list, one_of
from alliance_stats.meta.diagnostics.answers import Answer, checked, mean_only, refits_of
from alliance_stats.meta.diagnostics.labels import By, codes_by, names_of
from alliance_stats.meta.diagnostics.r_code import leave_one_out_code
from alliance_stats.meta.diagnostics.refit_result import RefitResult
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.diagnostics.words import cannot_be_fitted, not_converged
from alliance_stats.numeric.least_squares import t_tests


class MetaLeaveOneOut(RefitResult):
    """A mean effect without each study. Made by `leave_one_out`."""

    kind: ClassVar[str] = "meta_leave_one_out"
    function: ClassVar[str] = "leave_one_out"
    heading: ClassVar[str] = "Each left out in turn"

    def to_r(self) -> str:
        """R code of metafor that prints the same digits.

        Raises
        ------
        UnsupportedError
            Where metafor has no such function: several effects a study.
        """
        return leave_one_out_code(self.result, self.by)


def leave_one_out(result: Answer, *, by: By = "study") -> MetaLeaveOneOut:
    """The pooled effect without each study in turn.

    Use it to see whether a conclusion rests on one study.

    Parameters
    ----------
    result : MetaResult or MultilevelMetaResult
        Without moderators.
    by : {"study", "effect"}
        What is left out: a study with all its effect sizes, or one effect size.

    Returns
    -------
    MetaLeaveOneOut
        Rows in the order of the data; NaN where what is left cannot be fitted. Tests are those of
        the result: with several effects a study robust by its cluster.

    Raises
    ------
    UnsupportedError
        If `result` is no meta-analysis, or has moderators.

    References
    ----------
    Viechtbauer, W., & Cheung, M. W.-L. (2010). Outlier and influence diagnostics for meta-analysis.
    Research Synthesis Methods, 1(2), 112–125.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "study": ["Abel 2001", "Bond 2003", "Cole 2005", "Dorn 2010", "Ekman 2012"],
    ...     "yi": [0.20, 0.25, 0.18, 0.92, 0.31],
    ...     "vi": [0.010, 0.020, 0.012, 0.015, 0.020]})
    >>> found = al.meta.leave_one_out(al.fit_meta(frame, measure="ZCOR"))
    >>> found.tidy()[["study", "estimate", "tau2"]].round(3).to_numpy().tolist()[3]
    ['Dorn 2010', 0.222, 0.0]
    """
    checked(result, "leave_one_out")
    mean_only(result, "leave_one_out")
    one_of(by, ("study", "effect"), name="by")
    refits = refits_of(result, Subsets(codes_by(result, by)))
    names = names_of(result, by)
    labels = names["label"].to_numpy(dtype=object)
    found = (
        _rests_on(result, refits, labels),
        cannot_be_fitted(labels, refits),
        not_converged(labels, refits),
    )
    messages = tuple(sentence for sentence in found if sentence)
    return MetaLeaveOneOut(result, refits, names, by, f", by={by!r}", messages)


def _rests_on(result: Answer, refits: Refits, labels: np.ndarray) -> str:
    """Without which studies the 95% interval of the mean is on another side of no effect."""
    null = result.scale.null
    mean = result.tidy()[["estimate", "se", "df"]].to_numpy(dtype=float)[:1]
    whole = _side(mean[:, 0], mean[:, 1], mean[:, 2], null)[0]
    each = _side(refits.beta[:, 0], refits.se[:, 0], refits.df, null)
    others = labels[refits.defined & (each != whole)]
    n = len(others)
    if not n:
        return ""
    before, after = ("includes", "no longer does") if whole == 0 else ("leaves out", "includes")
    return (
        f"The 95% interval of the mean {before} no effect; without any one of "
        f"{agree(n, 'this', 'these')} it {after}{'' if whole == 0 else ' it'}: "
        f"{name_list(others)}. Report the result with and without {agree(n, 'it', 'them')}."
    )


def _side(estimate: np.ndarray, se: np.ndarray, df: np.ndarray, null: float) -> np.ndarray:
    """1 where the interval is above no effect, −1 below, 0 where it holds it."""
    ends = t_tests(estimate - null, se, df, 0.95)
    above, below = ends["ci_low"] > 0, ends["ci_high"] < 0
    return above.astype(int) - below.astype(int)
