"""MixedModelResult: a fitted mixed model as a value, with all that can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.lmm.diagnosis.diagnose import diagnose
from alliance_stats.lmm.explained.r_squared import r2
from alliance_stats.lmm.explained.shares import variance_shares
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.inference.anova import anova
from alliance_stats.lmm.inference.confint import confint
from alliance_stats.lmm.inference.contrasts import Ddf, contrasts, joint_tests, tidy
from alliance_stats.lmm.inference.profile_frame import profile_frame
from alliance_stats.lmm.influence.influence import influence
from alliance_stats.lmm.prediction.conditional import mean_frames, sd_frames
from alliance_stats.lmm.prediction.predict import predict
from alliance_stats.lmm.prediction.residuals import residuals
from alliance_stats.lmm.prediction.simulate import simulate
from alliance_stats.lmm.resampling.bootstrap import bootstrap
from alliance_stats.lmm.tables import column_means, glance, levels_table, var_corr
from alliance_stats.lmm.views import html_of, text_of, view_of


@dataclass(frozen=True, eq=False, repr=False)
class MixedModelResult(FittedModel):
    """A linear mixed model fitted by REML or ML.

    Made by `fit_lmm`. Nothing is rounded; nothing here changes after fitting.

    Attributes
    ----------
    formula : str
        The model in lme4's syntax.
    criterion : Criterion
        The design and the criterion; it holds Gram matrices, not the data.
    minimum : Minimum
        Where the minimisation ended, with the log of all evaluations.
    about_data, about_fit : tuple of str
        Dropped rows and columns; singular or failed fits, in plain words.
    """

    tidy = tidy
    contrasts = contrasts
    joint_tests = joint_tests
    anova = anova
    confint = confint
    profile_frame = profile_frame
    bootstrap = bootstrap
    glance = glance
    var_corr = var_corr
    r2 = r2
    variance_shares = variance_shares
    predict = predict
    simulate = simulate
    residuals = residuals
    influence = influence
    diagnose = diagnose

    def ranef(self) -> dict[str, pd.DataFrame]:
        """Conditional means of the random effects (BLUPs), a frame a grouping factor.

        Rows are groups, labelled; columns are random effects in the units of the columns.
        """
        return mean_frames(self.criterion, self.profile)

    def ranef_sd(self) -> dict[str, pd.DataFrame]:
        """Conditional standard deviations of the random effects, in the shape of `ranef`.

        The spread of each effect given the data, β and the variances: lme4's ``condVar = TRUE``.

        Examples
        --------
        >>> import alliance_stats as al
        >>> sessions = al.load_example("sessions").frame
        >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
        >>> fit.ranef_sd()["patient"].shape == fit.ranef()["patient"].shape
        True
        """
        return sd_frames(self.criterion, self.profile, self.unit_variance)

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code, of lme4 or (with a residual structure) nlme, that prints the same digits.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the frame of the fit, written with
            ``frame.to_csv(path, index=False)``.

        Raises
        ------
        FormulaError, UnsupportedError
            If a name or label is none that R can hold.

        Examples
        --------
        >>> import alliance_stats as al
        >>> sessions = al.load_example("sessions").frame
        >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
        >>> print(fit.to_r(data="sessions.csv").splitlines()[1])
        library(lmerTest)
        """
        from alliance_stats.lmm.r_code.lme4 import lmer_code  # loaded when asked for
        from alliance_stats.lmm.r_code.nlme import nlme_code

        write = lmer_code if self.residual is None else nlme_code
        return write(self.criterion.design, reml=self.reml, data=data)

    def column_means(self) -> pd.Series:
        """Mean of every fixed column over the rows used; needs an intercept in the model."""
        return column_means(self.criterion.design)

    def levels(self) -> pd.DataFrame:
        """Number of rows and of groups: columns ``unit`` and ``n``."""
        return levels_table(self.criterion.design)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this fit; `ddf` as in `tidy`."""
        return view_of(self, ddf)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)
