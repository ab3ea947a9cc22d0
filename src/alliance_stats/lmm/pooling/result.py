"""PooledResult: a mixed model fitted to several imputed data sets, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats._base.views import ResultView
from alliance_stats.lmm.pooling.comparison import compare
from alliance_stats.lmm.pooling.hypotheses import anova, joint_tests
from alliance_stats.lmm.pooling.pooled import PooledFits
from alliance_stats.lmm.pooling.r_code import pooled_r_code
from alliance_stats.lmm.pooling.tables import contrasts, glance, levels, tidy, var_corr
from alliance_stats.lmm.pooling.views import html_of, text_of, view_of


@dataclass(frozen=True, eq=False, repr=False)
class PooledResult(PooledFits):
    """A mixed model pooled over imputed data sets. Made by `pool`.

    Attributes
    ----------
    fits : tuple of MixedModelResult
        One an imputed data set, in the order given.
    df_complete : "satterthwaite", "infinite" or float
        Degrees of freedom that tests would have without missing values.
    """

    tidy = tidy
    contrasts = contrasts
    joint_tests = joint_tests
    anova = anova
    compare = compare
    var_corr = var_corr
    glance = glance
    levels = levels

    def to_r(self, *, data: str = "imputed.csv", imputation: str = "imputation") -> str:
        """R code that fits with lme4 and pools with mitml, and prints the same digits.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: all data sets one below the other, as
            ``pd.concat(dict(enumerate(imputed)), names=["imputation"]).reset_index("imputation")``
            writes them.
        imputation : str
            Its column with the number of the data set.

        Raises
        ------
        FormulaError, UnsupportedError
            If a name or label is none that R can hold; UnsupportedError also with a residual
            structure.

        Examples
        --------
        >>> import alliance_stats as al
        >>> imputed = [al.simulate_sessions(n_patients=30, rng=k).frame for k in (1, 2)]
        >>> frames = [frame.fillna(frame.mean(numeric_only=True)) for frame in imputed]
        >>> fits = [al.fit_lmm("phq9 ~ session + (1 | patient)", frame) for frame in frames]
        >>> print(al.lmm.pool(fits).to_r().splitlines()[0])
        library(mitml)
        """
        return pooled_r_code(self, data=data, imputation=imputation)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return view_of(self)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)
