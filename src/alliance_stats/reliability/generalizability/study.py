"""g_study: variance components and coefficients of a measurement design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.generalizability.components import (
    Components,
    about_estimates,
)
from alliance_stats.reliability.generalizability.mean_squares import (
    anova_components,
    complete_tensor,
)
from alliance_stats.reliability.generalizability.numbers import conditions
from alliance_stats.reliability.generalizability.read import Measured, Nested, combined, read_design
from alliance_stats.reliability.generalizability.restricted import reml_components
from alliance_stats.reliability.generalizability.result import GStudyResult
from alliance_stats.reliability.generalizability.three_factors import three_factor_components

Method = Literal["auto", "anova", "reml"]
Wanted = Literal["auto", "profile", "satterthwaite"]
#: Up to so many scores profile intervals take no more than seconds.
PROFILED = 1_500


def g_study(
    frame: pd.DataFrame,
    *,
    score: str,
    design: str | None = None,
    objects: str = "patient",
    facets: Sequence[str] | None = None,
    nested: Nested | None = None,
    fixed: Sequence[str] = (),
    method: Method = "auto",
    intervals: Wanted = "auto",
    conf_level: float = 0.95,
) -> GStudyResult:
    """Generalizability study: where the variance of scores comes from, and how well they measure.

    Use it when a score depends on more than who is measured: on the session, the item, the
    rater. It divides the variance of single scores into components of the objects of
    measurement, of each facet and of their interactions, and gives the coefficients of the mean of
    all scores of an object.

    Parameters
    ----------
    frame : DataFrame
        One row a score. Rows with a missing value are dropped and counted.
    score : str
        Column of the scores.
    design : str, optional
        The design in the field's notation, ``"patient x session x item"`` or
        ``"patient x (rater:task)"``: x for crossed, a colon for *within*. Instead of `facets`
        and `nested`.
    objects : str
        Column of what is measured.
    facets : sequence of str
        Columns of the conditions over which the measurement generalises.
    nested : mapping of str to str or sequence of str, optional
        What is nested in what, ``{"session": "patient"}``: session 3 of one patient is
        then another session than that of the next. A factor whose labels occur with one
        label of another only is taken as nested in any case, and the notes say so. What the
        objects are nested in (``{"patient": "therapist"}``) is measured with them.
    fixed : sequence of str
        Facets whose conditions are all there are, such as the items of an instrument.
    method : {"auto", "anova", "reml"}
        ``"auto"``: expected mean squares if every cell of the design is filled, else restricted
        maximum likelihood.
    intervals : {"auto", "profile", "satterthwaite"}
        Of components by REML: from the profile likelihood by default up to 1,500 scores (they take
        time), Satterthwaite's above, which are missing where a component is known too badly. From
        mean squares they are Ting's.
    conf_level : float
        Level of the intervals; those of coefficients are by the delta method on the logit.

    Returns
    -------
    GStudyResult
        ``tidy()`` holds G (``Erho2``, for decisions about rank and change) and Phi (for decisions
        about the level itself); ``components`` the variances.

    Raises
    ------
    ArgumentError
        If the arguments name no design.
    DataError
        If a column is missing or not numeric, a facet or the objects have one level, a cell holds
        several scores, scores are constant, or variances cannot be told apart.

    Notes
    -----
    Mean squares can give negative estimates. They are shown, set to zero in the coefficients, and
    said in ``messages``.

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory. Springer.

    Cronbach, L. J., Gleser, G. C., Nanda, H., & Rajaratnam, N. (1972). The dependability of
    behavioral measurements. Wiley.

    Shavelson, R. J., & Webb, N. M. (1991). Generalizability theory: A primer. Sage.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> ratings = pd.DataFrame({
    ...     "patient": [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
    ...     "rater": ["A", "B", "C"] * 4,
    ...     "alliance": [4, 5, 5, 2, 3, 2, 6, 6, 7, 3, 5, 4]})
    >>> g = al.reliability.g_study(ratings, score="alliance", facets=["rater"])
    >>> g.components[["effect", "variance", "share"]].round(3)
                effect  variance  share
    0          patient     2.639  0.841
    1            rater     0.194  0.062
    2  patient × rater     0.306  0.097
    >>> round(g.value("G"), 3), round(g.value("Phi"), 3)
    (0.963, 0.941)
    """
    one_of(method, ("auto", "anova", "reml"), name="method")
    one_of(intervals, ("auto", "profile", "satterthwaite"), name="intervals")
    probability(conf_level, name="conf_level")
    measured = read_design(
        frame, score=score, design=design, objects=objects, facets=facets, nested=nested,
        fixed=fixed,
    )  # fmt: skip
    components, about = _estimate(measured, method, intervals, conf_level)
    n, equal = conditions(measured.design, measured.codes)
    messages = [*measured.messages, *about, *_about_negative(measured, components)]
    messages += _about_numbers(measured, n, equal)
    return GStudyResult(
        score=score,
        objects=objects,
        design=measured.design,
        estimated=components,
        n=n,
        counts=_counts(measured),
        n_obs=len(measured.score),
        n_dropped=measured.n_dropped,
        conf_level=conf_level,
        notes=measured.notes,
        messages=tuple(messages),
    )


def _about_numbers(measured: Measured, n: dict[str, float], equal: bool) -> list[str]:
    """Say for which numbers of conditions the coefficients are, where objects differ."""
    if not equal:
        shown = ", ".join(f"{facet} {number:.3g}" for facet, number in n.items())
        return [
            "Objects have different numbers of conditions: the coefficients are for the harmonic "
            f"means ({shown}). Coefficients of other numbers: d_study."
        ]
    objects = [name for name in measured.design.factors if name in measured.design.objects]
    cells = int(combined(measured.codes, objects).max()) + 1
    cells *= int(np.prod([round(number) for number in n.values()]))
    empty = cells - len(measured.score)
    if empty <= 0:
        return []
    return [
        f"{empty:,} of {cells:,} cells of the design are empty: the coefficients are for complete "
        "measurements."
    ]


def _estimate(
    measured: Measured, method: Method, intervals: Wanted, level: float
) -> tuple[Components, list[str]]:
    """Components by the method that fits, and what must be said of it."""
    design = measured.design
    tensor = None
    if method != "reml":
        tensor = complete_tensor(design, measured.codes, measured.score)
    if tensor is not None:
        if intervals != "auto":
            raise ArgumentError(
                f"intervals='{intervals}' is for REML, and this design is complete, so that mean "
                "squares are used. Add method='reml', or leave intervals= out."
            )
        return anova_components(design, tensor, level), []
    n = len(measured.score)
    if method == "anova":
        raise DataError(
            f"method='anova' needs a score in every cell of {design.text} and equally many "
            f"conditions in each; {n:,} scores do not fill it. Give method='reml', or "
            "complete data."
        )
    components, converged = _restricted(measured, intervals, level)
    if converged:
        return components, []
    return components, ["The fit did not converge. Do not report it: the design is too sparse."]


def _restricted(measured: Measured, intervals: Wanted, level: float) -> tuple[Components, bool]:
    """REML, by the fast way where there are many scores of three factors."""
    design, codes, values = measured.design, measured.codes, measured.score
    few = len(values) <= PROFILED
    if intervals == "profile" or (few and intervals == "auto"):
        return reml_components(design, codes, values, level=level, intervals="profile")
    found = three_factor_components(design, codes, values, level=level)
    if found is not None:
        return found
    return reml_components(design, codes, values, level=level, intervals="satterthwaite")


def _about_negative(measured: Measured, components: Components) -> list[str]:
    names = [measured.design.name(effect) for effect in components.effects]
    return about_estimates(names, components.variance)


def _counts(measured: Measured) -> dict[str, int]:
    """Units seen of each factor; those of a nested one counted over all its parents."""
    codes, design = measured.codes, measured.design
    return {name: int(combined(codes, [name]).max()) + 1 for name in design.factors}
