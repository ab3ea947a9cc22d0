"""egger_test: do effects depend on their precision?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.asymmetry import MODEL_WORDS, MODELS, Model, few_studies, model_of
from alliance_stats.meta.bias.predictors import (
    VANISHING,
    WORDS,
    Predictor,
    choose_predictor,
    predictor_column,
    with_predictor,
)
from alliance_stats.meta.bias.r_code import regressions_code
from alliance_stats.meta.bias.regression import Regression, regress
from alliance_stats.meta.bias.source import (
    Columns,
    Given,
    Source,
    read_source,
    refuse_raw_correlations,
)
from alliance_stats.meta.bias.views import (
    OPEN,
    bias_view,
    call_words,
    headline,
    shown_value,
    tested,
    tidy_frame,
)
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.between import Method
from alliance_stats.meta.univariate.fits import Test


@dataclass(frozen=True, eq=False, repr=False)
class EggerResult:
    """Whether effects depend on their precision. Made by `egger_test`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    predictor : str
    model, method, test : str
        `method` and `test` of the mixed-effects version; ``"EE"`` and ``"knha"`` of ``"lm"``.
    regression : Regression
        All coefficients; that of the predictor stands last.
    """

    source: Source
    predictor: Predictor
    model: Model
    method: Method
    test: Test
    regression: Regression

    @property
    def clustered(self) -> bool:
        """Whether standard errors are clustered by study (CR2)."""
        studies = self.source.studies
        return studies.k > studies.n_studies

    @property
    def has_limit(self) -> bool:
        """Whether the intercept is the effect of an infinitely large study."""
        only_mean = self.source.studies.moderators.names == ("(Intercept)",)
        return only_mean and self.predictor in VANISHING

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows, few studies, odds ratios, degrees of freedom."""
        return (*self.source.studies.messages(), *egger_messages(self))

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Slope on the predictor (``asymmetry``); intercept (``limit``) where it has that meaning.

        Parameters
        ----------
        conf_level : float

        Returns
        -------
        DataFrame
            ``effect`` and the columns of every tidy table. The test of ``limit`` is the
            precision-effect test (PET).
        """
        probability(conf_level, name="conf_level")
        found = self.regression
        rows: list[tuple[str, str, int]] = [("asymmetry", self.predictor, -1)]
        if self.has_limit:
            rows.append(("limit", "(Intercept)", 0))
        return tidy_frame(
            [
                tested(
                    effect, term, float(found.beta[j]), float(found.se[j]), float(found.df[j]),
                    conf_level,
                )
                for effect, term, j in rows
            ]
        )  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: sizes, model, test of asymmetry, limit on the scale on which it is read."""
        row = self.tidy().iloc[0]
        studies, found = self.source.studies, self.regression
        limit = shown_value(self.source, found.beta[0]) if self.has_limit else float("nan")
        return pd.DataFrame(
            [
                {
                    "k": studies.k,
                    "n_studies": studies.n_studies,
                    "n_dropped": studies.n_dropped,
                    "model": self.model,
                    "predictor": self.predictor,
                    "statistic": row["statistic"],
                    "df": row["df"],
                    "p_value": row["p_value"],
                    "limit_shown": limit,
                    "tau2": found.tau2,
                }
            ]
        )

    def to_r(self) -> str:
        """R code that fits the same regression (metafor, clubSandwich), its data typed out."""
        column = predictor_column(self.source.studies, self.predictor)
        return regressions_code(
            self.source,
            {self.predictor: column},
            model=self.model,
            method=self.method,
            test=self.test,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        rests = MODEL_WORDS[self.model]
        cluster = "; CR2 standard errors clustered by study" if self.clustered else ""
        return (f"Regression on the {WORDS[self.predictor]} by {rests}{cluster}.", OPEN)

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        arguments: dict[str, str] = {"model": self.model, "predictor": self.predictor}
        if self.model == "rma":
            arguments |= {"method": self.method, "test": self.test}
        return bias_view(
            "meta_egger",
            self._title,
            self.source,
            terms=self.tidy(conf_level=conf_level),
            fit=self.glance(),
            notes=self.notes,
            messages=self.messages,
            refit=call_words("egger_test", self.source, arguments),
            labels={"predictor_words": WORDS[self.predictor]},
            conf_level=conf_level,
        )

    @property
    def _title(self) -> str:
        return f"Egger regression of {self.source.scale.words} on the {WORDS[self.predictor]}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        sentences = (*self.notes, *self.messages)
        return headline(self._title, self.source), [self.tidy()], sentences

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def egger_test(
    given: Given,
    *,
    model: Model = "rma",
    predictor: Predictor | None = None,
    method: Method | None = None,
    test: Test | None = None,
    **columns: Unpack[Columns],
) -> EggerResult:
    """Test whether effects depend on their precision: Egger's regression test and its kin.

    Use it for the asymmetry of a funnel. It says nothing of why a funnel is lopsided, and finds
    little with fewer than ten studies. Where studies have several effects, standard errors are
    clustered by study (CR2, Satterthwaite). Moderators stay in the model.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
    model : {"rma", "lm"}
        Mixed-effects meta-regression, or weighted least squares with an estimated dispersion (the
        classical test), which rejects too often where true effects differ and sizes of studies
        are very unequal.
    predictor : str, optional
        ``sei``, ``vi``, ``ni``, ``ninv``, ``sqrtni``, ``sqrtninv`` (of column ``ni``), or ``arms``,
        √(1/n₁ + 1/n₂) of columns ``n1i`` and ``n2i``. By default the standard error; of
        standardised mean differences, whose standard error holds the effect, ``arms``, and of
        standardised mean changes ``sqrtninv``.
    method, test : str, optional
        Of ``model="rma"``, as in `fit_meta`; by default those of the fit given, else ``REML`` with
        ``knha``.
    **columns
        Of a frame: `yi`, `vi`, `study`, `mods`, `measure`, as in `fit_meta`.

    Returns
    -------
    EggerResult

    Raises
    ------
    UnsupportedError
        If the effects are correlations that were not transformed: use Fisher's z.
    DataError
        If sample sizes that the predictor needs are missing, it does not vary, or effects are few.
    ArgumentError
        If `method` or `test` is given with ``model="lm"``, or columns with a fitted result.

    References
    ----------
    Egger, M., Davey Smith, G., Schneider, M., & Minder, C. (1997). Bias in meta-analysis detected
    by a simple, graphical test. BMJ, 315, 629–634.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "study": ["Abel 2001", "Bond 2003", "Cole 2005", "Dorn 2010", "Ekman 2012"],
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31],
    ...     "vi": [0.010, 0.020, 0.012, 0.030, 0.020]})
    >>> result = al.meta.egger_test(frame, measure="ZCOR")
    >>> result.tidy()[["effect", "estimate", "p_value"]].round(3).values.tolist()
    [['asymmetry', 4.87, 0.052], ['limit', -0.357, 0.164]]
    """
    one_of(model, MODELS, name="model")
    source = read_source(given, columns)
    refuse_raw_correlations(source)
    method, test = model_of(source, model, method, test)
    predictor = choose_predictor(source.studies, predictor)
    column = predictor_column(source.studies, predictor)
    x = with_predictor(source.studies, column, WORDS[predictor])
    found = regress(source.studies, x, method=method, test=test)
    return EggerResult(source, predictor, model, method, test, found)


def egger_messages(result: EggerResult) -> list[str]:
    """What limits the test."""
    studies, found = result.source.studies, result.regression
    said = few_studies(studies)
    if studies.measure == "OR" and result.predictor in ("sei", "vi"):
        said.append(
            "The standard error of a log odds ratio depends on the odds ratio, which makes funnels "
            "lopsided without bias; predictor='ninv' (Peters et al., 2006) avoids that."
        )
    if result.clustered and not found.df[-1] >= 4:
        said.append(
            "The asymmetry rests on few studies (Satterthwaite df below 4): its p value is not to "
            "be trusted."
        )
    return said
