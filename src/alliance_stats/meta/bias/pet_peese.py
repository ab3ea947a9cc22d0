"""pet_peese: the effect of an infinitely large study, by two regressions and a rule.

Stanley & Doucouliagos (2014, Res. Synth. Methods 5, 60–78).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtr

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.printing import format_number
from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.asymmetry import MODEL_WORDS, MODELS, Model, few_studies, model_of
from alliance_stats.meta.bias.predictors import (
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
    common_effect,
    read_source,
    refuse_moderators,
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

Which = Literal["pet", "peese"]


@dataclass(frozen=True, eq=False, repr=False)
class PetPeeseResult:
    """The effect at a standard error of 0, by two regressions. Made by `pet_peese`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    predictor : str
        What stands for the standard error.
    model, method, test : str
        As in `EggerResult`.
    pet, peese : Regression
        On the standard error, and on its square; the intercept stands first.
    alpha : float
        One-sided level of the rule.
    """

    source: Source
    predictor: Predictor
    model: Model
    method: Method
    test: Test
    pet: Regression
    peese: Regression
    alpha: float

    @property
    def pet_p(self) -> float:
        """One-sided p of the intercept of PET, in the direction of the pooled effect."""
        direction = np.sign(common_effect(self.source.studies)[0])
        t, df = direction * self.pet.beta[0] / self.pet.se[0], self.pet.df[0]
        return float(ndtr(-t) if np.isinf(df) else stdtr(df, -t))

    @property
    def chosen(self) -> Which:
        """``peese`` where PET's intercept is significant at `alpha`, else ``pet``."""
        return "peese" if self.pet_p < self.alpha else "pet"

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows, few studies."""
        studies = self.source.studies
        return (*studies.messages(), *few_studies(studies))

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Intercepts of both regressions, ``pet`` and ``peese``.

        Parameters
        ----------
        conf_level : float
        """
        probability(conf_level, name="conf_level")
        both = {"pet": self.pet, "peese": self.peese}
        return tidy_frame(
            [
                tested(
                    name, "(Intercept)", float(fit.beta[0]), float(fit.se[0]), float(fit.df[0]),
                    conf_level,
                )
                for name, fit in both.items()
            ]
        )  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: what the rule chose, its estimate (also as it is read) and the rule's p."""
        studies = self.source.studies
        estimate = float(getattr(self, self.chosen).beta[0])
        return pd.DataFrame(
            [
                {
                    "k": studies.k,
                    "n_studies": studies.n_studies,
                    "n_dropped": studies.n_dropped,
                    "model": self.model,
                    "chosen": self.chosen,
                    "estimate": estimate,
                    "estimate_shown": shown_value(self.source, estimate),
                    "pet_p": self.pet_p,
                    "alpha": self.alpha,
                }
            ]
        )

    def to_r(self) -> str:
        """R code that fits both regressions (metafor, clubSandwich), its data typed out."""
        column = predictor_column(self.source.studies, self.predictor)
        return regressions_code(
            self.source,
            {self.predictor: column, f"{self.predictor}2": column**2},
            model=self.model,
            method=self.method,
            test=self.test,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        word = WORDS[self.predictor]
        below = "below" if self.chosen == "peese" else "not below"
        return (
            f"PET regresses on the {word}, PEESE on its square, by {MODEL_WORDS[self.model]}.",
            f"Rule: PEESE where PET's intercept has a one-sided p below {self.alpha:g} in the "
            f"direction of the pooled effect, else PET; p = {format_number(self.pet_p)} is "
            f"{below} it, so {self.chosen.upper()} is used.",
            OPEN,
        )

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        arguments: dict[str, object] = {"model": self.model, "predictor": self.predictor}
        if self.model == "rma":
            arguments |= {"method": self.method, "test": self.test}
        return bias_view(
            "meta_pet_peese",
            self._title,
            self.source,
            terms=self.tidy(conf_level=conf_level),
            fit=self.glance(),
            notes=self.notes,
            messages=self.messages,
            refit=call_words("pet_peese", self.source, {**arguments, "alpha": self.alpha}),
            labels={"chosen": self.chosen, "predictor_words": WORDS[self.predictor]},
            conf_level=conf_level,
        )

    @property
    def _title(self) -> str:
        return f"PET and PEESE of {self.source.scale.words}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        sentences = (*self.notes, *self.messages)
        return headline(self._title, self.source), [self.tidy()], sentences

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def pet_peese(
    given: Given,
    *,
    model: Model = "lm",
    predictor: Predictor | None = None,
    method: Method | None = None,
    test: Test | None = None,
    alpha: float = 0.05,
    **columns: Unpack[Columns],
) -> PetPeeseResult:
    """Estimate the effect of an infinitely large study by PET and by PEESE.

    Both are always shown; the rule chooses between them. Where small studies differ for other
    reasons than bias, neither is an estimate of the mean effect; with few studies or much
    heterogeneity both are imprecise. Where studies have several effects, standard errors are
    clustered by study.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
        Without moderators.
    model : {"lm", "rma"}
        Weighted least squares, as the authors, or mixed-effects meta-regression.
    predictor : {"sei", "sqrtninv", "arms"}, optional
        What stands for the standard error; PEESE takes its square. By default as in `egger_test`.
    method, test : str, optional
        Of ``model="rma"``, as in `egger_test`.
    alpha : float
        One-sided level of the rule.
    **columns
        Of a frame: `yi`, `vi`, `study`, `measure`, as in `fit_meta`.

    Returns
    -------
    PetPeeseResult

    Raises
    ------
    UnsupportedError
        If there are moderators, or effects are correlations that were not transformed.
    DataError
        If sample sizes that the predictor needs are missing, or effects are few.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.18, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.030, 0.025]})
    >>> result = al.meta.pet_peese(frame)
    >>> result.chosen, result.tidy()["estimate"].round(3).tolist()
    ('pet', [-0.198, 0.037])
    """
    one_of(model, MODELS, name="model")
    if predictor is not None:
        one_of(predictor, ("sei", "sqrtninv", "arms"), name="predictor")
    probability(alpha, name="alpha")
    source = read_source(given, columns)
    refuse_raw_correlations(source)
    refuse_moderators(source, "PET-PEESE")
    method, test = model_of(source, model, method, test)
    chosen = choose_predictor(source.studies, predictor)
    column = predictor_column(source.studies, chosen)
    fits = [
        regress(
            source.studies,
            with_predictor(source.studies, column**power, WORDS[chosen]),
            method=method,
            test=test,
        )
        for power in (1, 2)
    ]
    return PetPeeseResult(source, chosen, model, method, test, fits[0], fits[1], alpha)
