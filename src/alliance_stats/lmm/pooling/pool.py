"""pool: fits of one mixed model to several imputed data sets, joined by Rubin's rules."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from alliance_stats._base.errors import FitWarning
from alliance_stats.lmm.pooling.pooled import Complete
from alliance_stats.lmm.pooling.result import PooledResult
from alliance_stats.lmm.pooling.same_model import check_complete, check_same_model, fits_given
from alliance_stats.lmm.result import MixedModelResult


def pool(
    fits: Sequence[MixedModelResult], *, df_complete: Complete = "satterthwaite"
) -> PooledResult:
    """Pool fits of one mixed model to several imputed data sets (multiple imputation).

    Use it after imputing missing values elsewhere, with a method that knows the clusters; the
    library imputes nothing. Fit the model to every imputed data set and give the fits. Estimates
    are means; standard errors add what differs between the data sets to what is uncertain within
    each (Rubin, 1987).

    Parameters
    ----------
    fits : sequence of MixedModelResult
        Two or more, one an imputed data set; of results of `fit_within_between` give the ``.fit``.
    df_complete : "satterthwaite", "infinite" or float
        Degrees of freedom that tests would have without missing values. They limit those of the
        pooled tests (Barnard & Rubin, 1999): by default Satterthwaite's, as means over the fits;
        or a number; or ``"infinite"``, Rubin's own, which can exceed those of complete data.

    Returns
    -------
    PooledResult

    Raises
    ------
    ArgumentError
        If there are fewer than two fits, one is no fit of `fit_lmm`, or they differ in formula,
        method, weights, offset or residual structure.
    DataError
        If their fixed effects or classes of residual variance differ.

    Warns
    -----
    FitWarning
        If fits did not converge, are the same, are singular or lost rows, or there are fewer
        imputations than 100 times the fraction of missing information (White et al., 2011).

    References
    ----------
    Barnard, J., & Rubin, D. B. (1999). Small-sample degrees of freedom with multiple imputation.
    Biometrika, 86(4), 948-955.

    Rubin, D. B. (1987). Multiple imputation for nonresponse in surveys. Wiley.

    White, I. R., Royston, P., & Wood, A. M. (2011). Multiple imputation using chained equations:
    Issues and guidance for practice. Statistics in Medicine, 30(4), 377-399.

    Examples
    --------
    >>> import alliance_stats as al
    >>> imputed = [al.simulate_sessions(n_patients=30, rng=k).frame for k in (1, 2)]
    >>> frames = [frame.fillna(frame.mean(numeric_only=True)) for frame in imputed]
    >>> fits = [al.fit_lmm("phq9 ~ session + (1 | patient)", frame) for frame in frames]
    >>> pooled = al.lmm.pool(fits)
    >>> bool(pooled.tidy()["se"].gt(fits[0].tidy()["se"]).all())
    True
    """
    check_complete(df_complete)
    given = fits_given(fits)
    check_same_model(given)
    result = PooledResult(given, df_complete)
    for message in result.messages:
        warnings.warn(message, FitWarning, stacklevel=2)
    return result
