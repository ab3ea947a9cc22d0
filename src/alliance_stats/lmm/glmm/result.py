"""GlmmResult: a fitted generalised linear mixed model, with all that can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.lmm.glmm.dispersion import dispersion
from alliance_stats.lmm.glmm.fitted import FittedGlmm
from alliance_stats.lmm.glmm.intervals import confint
from alliance_stats.lmm.glmm.prediction import predict, residuals, simulate
from alliance_stats.lmm.glmm.tables import contrasts, glance, joint_tests, tidy, var_corr
from alliance_stats.lmm.glmm.views import html_of, r_code, text_of, view_of
from alliance_stats.lmm.prediction.conditional import effect_frames, sd_arrays
from alliance_stats.lmm.tables import levels_table


@dataclass(frozen=True, eq=False, repr=False)
class GlmmResult(FittedGlmm):
    """A generalised linear mixed model fitted by maximum (approximate) likelihood.

    Made by `fit_glmm`. Nothing is rounded; nothing here changes after fitting.

    Attributes
    ----------
    formula : str
        The model in lme4's syntax.
    criterion : GlmmCriterion
        The design and the deviance; it holds the columns that the model uses.
    minimum : GlmmMinimum
        Where the minimisation ended, with the log of all evaluations.
    about_data, about_fit : tuple of str
        Dropped rows and columns; singular or failed fits, overdispersion, in plain words.
    """

    tidy = tidy
    contrasts = contrasts
    joint_tests = joint_tests
    confint = confint
    glance = glance
    var_corr = var_corr
    predict = predict
    simulate = simulate
    residuals = residuals
    dispersion = dispersion

    def ranef(self) -> dict[str, pd.DataFrame]:
        """Conditional modes of the random effects, a frame a grouping factor.

        Rows are groups, labelled; columns are random effects in the units of the columns.
        """
        return effect_frames(self.criterion.design.levels, self.effect_arrays)

    def ranef_sd(self) -> dict[str, pd.DataFrame]:
        """Approximate conditional standard deviations of the random effects, as `ranef`.

        From the curvature at the modes, given β and the variances: glmer's ``condVar = TRUE``.
        """
        levels = self.criterion.design.levels
        return effect_frames(levels, sd_arrays(levels, self.evaluation.expected, 1.0))

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code that fits the same model with lme4's glmer.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the frame of the fit, written with
            ``frame.to_csv(path, index=False)``.

        Raises
        ------
        FormulaError, UnsupportedError
            If a name or label is none that R can hold.
        """
        return r_code(self, data)

    def levels(self) -> pd.DataFrame:
        """Number of rows and of groups: columns ``unit`` and ``n``."""
        return levels_table(self.criterion.design)

    def view(self) -> ResultView:
        """Return what the report room may see of this fit."""
        return view_of(self)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)
