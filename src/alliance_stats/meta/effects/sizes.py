"""Effect sizes of studies: the public door."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal, Unpack

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, frame_given, names_free, one_of
from alliance_stats._base.errors import DataError, DataWarning, UnsupportedError
from alliance_stats.meta.effects.columns import InputColumns
from alliance_stats.meta.effects.compute import ZERO, Computed, compute
from alliance_stats.meta.effects.forms import Measure
from alliance_stats.meta.effects.inputs import read_inputs
from alliance_stats.meta.effects.measures import MEASURES
from alliance_stats.meta.effects.signs import outcome_signs
from alliance_stats.meta.effects.together import check_together
from alliance_stats.meta.effects.words import messages_of
from alliance_stats.meta.studies import MEASURE, SIZES

Unreported = Literal["exclude", "zero"]

#: Columns that say how a row was made, where rows differ in it.
SOURCE, FLIPPED = "computed_from", "flipped"


def effect_sizes(
    frame: pd.DataFrame,
    *,
    measure: str = "ZCOR",
    direction: str | Mapping[str, str] | None = None,
    unreported: Unreported = "exclude",
    study: str = "study",
    **columns: Unpack[InputColumns],
) -> pd.DataFrame:
    """Compute effect sizes and their sampling variances from what studies report.

    The first step of a meta-analysis. A row is computed from the first of the measure's forms of
    input that it has complete, so that studies with r, with t and with p can stand in one frame.

    Parameters
    ----------
    frame : DataFrame
        One row an effect. Not changed.
    measure : str
        What is computed:

        ======  ==================================  =============================================
        ZCOR    Fisher's z of a correlation         ``ri ni``; ``ti ni``; ``fi signi ni``;
                                                    ``chi2i signi ni``; ``pi signi ni``;
                                                    ``di n1i n2i``; ``di ni``;
                                                    ``ori ci_low ci_high ni``
        COR     the correlation itself              as ZCOR
        UCOR    the same, corrected for its bias    as ZCOR without ``di`` and ``ori``
        ZPCOR   Fisher's z of a partial r           ``ri controls ni``; ``ti controls ni``
        PCOR    the partial correlation itself      as ZPCOR
        SPCOR   semi-partial correlation            ``ri r2i ni``; ``ti r2i controls ni``
        SMD     standardised difference (g)         ``m1i sd1i n1i m2i sd2i n2i``; ``gi n1i n2i``;
                                                    ``di n1i n2i``; ``ti n1i n2i``;
                                                    ``fi signi n1i n2i``; ``pi signi n1i n2i``
        MD      difference of means                 ``m1i sd1i n1i m2i sd2i n2i``
        SMCC    change by the SD of changes         ``mpre mpost sdpre sdpost ri ni``; ``di ni``;
                                                    ``ti ni``
        SMCR    change by the SD before             ``mpre mpost sdpre ri ni``
        SMDC    difference of two changes           ``m1pre m1post sd1pre n1i m2pre m2post sd2pre
                                                    n2i ri``
        OR      log odds ratio                      ``ai bi ci di``; ``ai n1i ci n2i``;
                                                    ``ori ci_low ci_high``
        ======  ==================================  =============================================
    direction : str or dict, optional
        Which scores of the outcome are better: ``"lower"`` or ``"higher"`` for all rows, a column
        of these words, or a dict from the cells of column ``outcome`` to them. Effects of outcomes
        whose lower scores are better change their sign, so that positive means a better outcome.
        Without it signs stay as they are.
    unreported : {"exclude", "zero"}
        What to do with studies of known size whose result is missing or "n.s.". They are left
        out and counted; ``"zero"`` takes them as 0, as a sensitivity analysis only (for
        correlations and SMD).
    study : str
        Column of study names, for messages; it may be absent.
    **columns
        Where the numbers are: field word = name of a column, or one number for all rows, such as
        ``ri="r", ni="n"``. Without any, columns that have the field words as names are taken.

        ``ri`` correlation (SMCC, SMCR, SMDC: of before and after), ``ni`` sample size,
        ``controls`` number of variables held constant, ``r2i`` R² of the regression, ``ti`` t,
        ``fi`` F of 1 numerator degree of freedom, ``chi2i`` χ² of 1 degree of freedom, ``pi``
        exact two-sided p, ``signi`` its direction (``positive``, ``negative``; 1, −1), ``di``
        Cohen's d, ``gi`` Hedges' g, ``ori`` odds ratio with the ends ``ci_low``, ``ci_high`` of its
        95% interval; ``m1i sd1i n1i`` mean, SD, size of group 1; ``ai bi ci di`` with and without
        event in group 1, then in group 2; ``mpre mpost sdpre sdpost`` before and after;
        ``m1pre`` … the same of group 1.

    Returns
    -------
    DataFrame
        `frame` and ``yi`` (effect size), ``vi`` (sampling variance), ``es_measure`` (the name of
        the measure), and ``ni`` where it is known and not there; with several forms of input
        ``computed_from``; with `direction` ``flipped``. ``yi`` and ``vi`` are missing in rows that
        could not be computed.

    Raises
    ------
    ArgumentError
        If the measure or a field word is not known, the columns give no complete form, or a
        column would not be used.
    DataError
        If a column is absent or not numeric, numbers are impossible (rows are named), no row can
        be computed, or derived columns exist.
    UnsupportedError
        For regression coefficients, which are not converted to correlations, and for
        ``unreported="zero"`` with a measure whose variance does not follow from the sample size.

    Warns
    -----
    DataWarning
        How many effects come from which form, were turned, are unreported (and in which studies)
        or incomplete; 2 × 2 tables with a cell of 0, to each cell of which ½ is added.

    Notes
    -----
    Formulas: :doc:`/explanation/meta-maths`. SMD, SMCC, SMCR and SMDC are corrected for small
    samples; do not give g as d. Changes are after − before, differences group 1 − group 2.

    References
    ----------
    Borenstein, M., Hedges, L. V., Higgins, J. P. T., & Rothstein, H. R. (2009). *Introduction to
    meta-analysis*. Wiley.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> studies = pd.DataFrame({"study": ["Abel 2001", "Bond 2003"], "r": [0.28, -0.35],
    ...                         "n": [103, 53], "better": ["higher", "lower"]})
    >>> effects = al.effect_sizes(studies, ri="r", ni="n")
    >>> effects[["study", "yi", "vi", "es_measure"]].round(3)
           study     yi    vi es_measure
    0  Abel 2001  0.288  0.01       ZCOR
    1  Bond 2003 -0.365  0.02       ZCOR
    """
    frame_given(frame, name="frame")
    one_of(measure, tuple(MEASURES), name="measure")
    one_of(unreported, ("exclude", "zero"), name="unreported")
    if study != "study":
        columns_present(frame, [study])
    made = MEASURES[measure]
    _refuse_zero_without_variance(measure, made, unreported)
    inputs = read_inputs(frame, measure, made, columns)  # type: ignore[arg-type]
    check_together(inputs.values)
    signs = outcome_signs(frame, direction)
    computed = compute(made, inputs, len(frame), zero=unreported == "zero")
    result = _with_effects(frame, measure, computed, signs, aligned=direction is not None)
    for message in messages_of(frame, computed, signs, measure, study):
        warnings.warn(message, DataWarning, stacklevel=2)
    return result


def _refuse_zero_without_variance(name: str, measure: Measure, unreported: str) -> None:
    if unreported == "zero" and measure.null is None:
        with_it = ", ".join(each for each, made in MEASURES.items() if made.null is not None)
        raise UnsupportedError(
            f"unreported='zero' with measure={name!r}: the variance of such an effect does not "
            f"follow from the sample size. It is available for {with_it}."
        )


def _with_effects(
    frame: pd.DataFrame, measure: str, computed: Computed, signs: np.ndarray, *, aligned: bool
) -> pd.DataFrame:
    """The frame with the derived columns."""
    if np.isnan(computed.effects.yi).all():
        raise DataError(
            f"none of {len(frame)} rows has the numbers for measure={measure!r}: "
            f"{', or '.join(form.words for form in computed.inputs.forms)} must be complete."
        )
    new: dict[str, Any] = {
        "yi": signs * computed.effects.yi,
        "vi": computed.effects.vi,
        MEASURE: measure,
    }
    names_free(frame, new)
    if SIZES not in frame.columns and not np.isnan(computed.effects.ni).all():
        new[SIZES] = _counts(computed.effects.ni)
    if len(computed.inputs.forms) > 1 or ZERO in computed.source:
        names_free(frame, [SOURCE])
        new[SOURCE] = computed.source
    if aligned:
        names_free(frame, [FLIPPED])
        new[FLIPPED] = (signs < 0) & ~np.isnan(computed.effects.yi)
    return frame.assign(**new)


def _counts(n: np.ndarray) -> np.ndarray:
    """Sample sizes as whole numbers where all are known."""
    return n if np.isnan(n).any() else n.astype(np.int64)
