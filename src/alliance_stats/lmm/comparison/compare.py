"""compare_models: information criteria and likelihood-ratio tests of fits of the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.random import RandomSource
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.comparison.bootstrap_test import bootstrap_test
from alliance_stats.lmm.comparison.likelihood_ratio import LikelihoodRatio, closed_form
from alliance_stats.lmm.comparison.same_data import check_same_data, check_same_method
from alliance_stats.lmm.comparison.same_glmm import check_same_glmm
from alliance_stats.lmm.comparison.structure import Extension, extension, same_model, shown_model
from alliance_stats.lmm.glmm.result import GlmmResult
from alliance_stats.lmm.residual.limits import no_structure
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.numeric.resample import spawn_generators

Fit = MixedModelResult | GlmmResult

NO_BOOTSTRAP = (
    "the parametric bootstrap is for fits of fit_lmm only. Leave bootstrap out: tests of fixed "
    "effects, of one variance and of one slope have a closed form."
)
#: Statistics are not t values here.
HEADINGS = {
    "statistic": "LR",
    "n_parameters": "Parameters",
    "loglik": "Log-lik.",
    "aic": "AIC",
    "bic": "BIC",
    "bic_groups": "BIC (groups)",
    "compared_with": "Against",
    "reference": "Held against",
}


@dataclass(frozen=True, eq=False, repr=False)
class ModelComparison:
    """Fits of the same rows side by side, from the fewest parameters to the most.

    Made by `compare_models`.

    Attributes
    ----------
    table : DataFrame
        One row a model: ``model formula n_parameters loglik aic bic bic_groups compared_with
        statistic df p_value reference``. ``model`` is its place in the call. The last five are of
        the test against the model that ``compared_with`` names: the largest one nested in it;
        NaN or empty where there is none. ``df`` is the difference of the numbers of parameters.
    method : str
        ``REML`` or ``ML``; of generalised models ``Laplace`` or ``quadrature, 11 points``.
    messages : tuple of str
        Models that are not nested, and notes on the tests.
    """

    table: pd.DataFrame
    method: str
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def glance(self) -> pd.DataFrame:
        """One row: number of models, method, and which has the lowest AIC and BIC."""
        row = {"n_models": len(self.table), "method": self.method}
        for name in ("aic", "bic"):
            place = int(self.table[name].to_numpy().argmin())
            row[f"lowest_{name}"] = int(self.table["model"].iloc[place])
        return pd.DataFrame([row])

    def view(self) -> ResultView:
        """Return what the report room may see of this comparison."""
        return ResultView(
            kind="model_comparison",
            title=f"Comparison of {counted(len(self.table), 'model')}",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame(columns=["unit", "n"]),
            notes=("LR = likelihood ratio, twice the difference of the log-likelihoods.",),
            messages=self.messages,
            labels={f"formula_{m}": f for m, f in zip(*self._named(), strict=True)},
            tables={"Models": self._shown()},
        )

    def _shown(self) -> pd.DataFrame:
        """The numbers; formulas stand above them."""
        shown = self.table.drop(columns="formula")
        shown["compared_with"] = [
            "" if value == 0 else str(value) for value in shown["compared_with"]
        ]
        return shown

    def _named(self) -> tuple[list[int], list[str]]:
        """Places in the call, and formulas."""
        return self.table["model"].tolist(), self.table["formula"].tolist()

    def _formulas(self) -> list[str]:
        return [f"{m}: {f}" for m, f in zip(*self._named(), strict=True)]

    def __repr__(self) -> str:
        head = f"Comparison of {counted(len(self.table), 'model')} ({self.method})"
        formulas = "\n".join(self._formulas())
        numbers = frame_text(self._shown(), headings=HEADINGS)
        return "\n\n".join([head, formulas, numbers, *self.messages])

    def _repr_html_(self) -> str:
        formulas = "<br>".join(escape_html(f) for f in self._formulas())
        messages = "".join(f"<p>{escape_html(m)}</p>" for m in self.messages)
        return f"<p>{formulas}</p>{frame_html(self._shown(), headings=HEADINGS)}{messages}"


def compare_models(
    *fits: Fit, bootstrap: int | None = None, rng: RandomSource | None = None
) -> ModelComparison:
    """Compare mixed models of the same rows: information criteria and likelihood-ratio tests.

    Every model is tested against the largest other one that is nested in it. Which law the
    statistic is held against depends on what the larger model adds:

    * fixed effects (by maximum likelihood): χ²; with few groups `joint_tests` of the larger model
      with Kenward-Roger or Satterthwaite degrees of freedom keeps its level better;
    * one variance: the mixture ½χ²(0) + ½χ²(1), because a variance cannot be negative;
    * one slope added to a block of r correlated effects: ½χ²(r) + ½χ²(r + 1);
    * correlations between effects that vary in both: χ²;
    * a residual structure, or one more part of it: χ². (ρ in continuous time is zero in the
      smaller model, the end of its range, so that the p value is cautious: said in a message.)
    * anything else: no closed form; give `bootstrap` (of linear models only).

    Generalised linear mixed models are compared by the same laws.

    Parameters
    ----------
    *fits : MixedModelResult or GlmmResult
        Two or more fits of one kind, in any order.
    bootstrap : int, optional
        Number of draws of a parametric bootstrap, used for every test: responses are drawn from
        the smaller model and both are fitted to them. It needs no law in closed form. 999 gives
        p values in steps of .001.
    rng : int, SeedSequence or Generator, optional
        For the bootstrap, which needs it.

    Returns
    -------
    ModelComparison

    Raises
    ------
    DataError
        If the fits are not of the same rows, response, weights and offset.
    ArgumentError
        If some fits are by REML and some by ML, or fits by REML differ in their fixed effects; the
        message shows the calls that fit by ML.
    UnsupportedError
        If a test has no closed form and `bootstrap` is not given; for the bootstrap of crossed
        factors with more than 3,000 random effects besides those of the largest, or of residual
        structures.

    References
    ----------
    Self, S. G., & Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood estimators and
    likelihood ratio tests under nonstandard conditions. Journal of the American Statistical
    Association, 82(398), 605-610.

    Stram, D. O., & Lee, J. W. (1994). Variance components testing in the longitudinal mixed
    effects model. Biometrics, 50(4), 1171-1177.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> plain = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
    >>> nested = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", sessions)
    >>> al.compare_models(plain, nested).table["reference"].tolist()
    ['', '½χ²(0) + ½χ²(1)']
    """
    _check_arguments(fits, bootstrap, rng)
    for fit in fits if bootstrap is not None else ():
        no_structure(fit.criterion.design, "the bootstrap", "Leave bootstrap= out.")
    method = _checked_method(fits)
    order = sorted(range(len(fits)), key=lambda k: fits[k].n_parameters)
    sources = None if rng is None else spawn_generators(rng, len(fits))
    rows, messages = [], []
    for place, k in enumerate(order):
        base, added = _nested_in(fits, order[:place], k)
        test = None
        if base is not None and added is not None:
            source = None if sources is None else sources[k]
            test = _tested(fits[base], fits[k], added, bootstrap, source)
            messages += _about_test(test, k, base)
        elif place:
            messages.append(_about_no_test(fits, order[:place], k))
        rows.append(_row(fits[k], k, base, test))
    return ModelComparison(pd.DataFrame(rows), method, tuple(messages))


def _tested(
    smaller: Fit,
    larger: Fit,
    added: Extension,
    bootstrap: int | None,
    source: np.random.Generator | None,
) -> LikelihoodRatio:
    """The test by its law, or by the bootstrap if asked for; that is for linear models only."""
    if bootstrap is None or source is None:
        return closed_form(smaller, larger, added)
    if isinstance(smaller, MixedModelResult) and isinstance(larger, MixedModelResult):
        return bootstrap_test(smaller, larger, added, n=bootstrap, rng=source)
    raise UnsupportedError(NO_BOOTSTRAP)


def _checked_method(fits: tuple[Fit, ...]) -> str:
    """The method of fits that can be compared, all linear or all generalised."""
    linear = [fit for fit in fits if isinstance(fit, MixedModelResult)]
    if not linear:
        generalised = [fit for fit in fits if not isinstance(fit, MixedModelResult)]
        check_same_glmm(generalised)
        n = generalised[0].n_agq
        return "Laplace" if n == 1 else f"quadrature, {n} points"
    if len(linear) < len(fits):
        raise ArgumentError(
            "some fits are of fit_lmm and others of fit_glmm: their likelihoods are of different "
            "responses. Compare models of one kind."
        )
    check_same_data(linear)
    check_same_method(linear)
    return "REML" if linear[0].reml else "ML"


def _nested_in(
    fits: tuple[Fit, ...], before: list[int], k: int
) -> tuple[int | None, Extension | None]:
    """The largest of the models before that is nested in model k, and what k adds to it."""
    for base in reversed(before):
        added = extension(fits[base].criterion.design, fits[k].criterion.design)
        if added is not None:
            return base, added
    return None, None


def _row(fit: Fit, k: int, base: int | None, test: LikelihoodRatio | None) -> dict[str, object]:
    glance = fit.glance().iloc[0]
    return {
        "model": k + 1,
        "formula": shown_model(fit.criterion.design),
        **{c: glance[c] for c in ("n_parameters", "loglik", "aic", "bic", "bic_groups")},
        "compared_with": 0 if base is None else base + 1,
        "statistic": np.nan if test is None else test.statistic,
        "df": np.nan if test is None else float(test.df),
        "p_value": np.nan if test is None else test.p_value,
        "reference": "" if test is None else test.reference,
    }


def _about_test(test: LikelihoodRatio, k: int, base: int) -> list[str]:
    notes = [f"Model {k + 1} against {base + 1}: {test.note}."] if test.note else []
    if test.statistic < 0:
        notes.append(
            f"Model {k + 1} has a lower likelihood than model {base + 1}, which is nested in it: "
            "its search ended early. Do not use this test; see the messages of the fit."
        )
    return notes


def _about_no_test(fits: tuple[Fit, ...], before: list[int], k: int) -> str:
    twins = [
        j + 1 for j in before if same_model(fits[j].criterion.design, fits[k].criterion.design)
    ]
    if twins:
        return f"Models {twins[0]} and {k + 1} are the same model: there is nothing to test."
    return (
        f"No model with fewer parameters is nested in model {k + 1}, so it has no test: compare "
        "AIC and BIC. Fixed effects are compared by the names of their columns."
    )


def _check_arguments(
    fits: tuple[object, ...], bootstrap: int | None, rng: RandomSource | None
) -> None:
    known = (MixedModelResult, GlmmResult)
    wrong = [type(fit).__name__ for fit in fits if not isinstance(fit, known)]
    if wrong:
        pooled = any(hasattr(fit, "compare") for fit in fits)
        advice = (
            "Pooled results have a method: pooled.compare(other)."
            if pooled
            else (
                "Give fits of fit_lmm; the mixed model behind an answer to a question is its .fit."
            )
        )
        raise ArgumentError(f"compare_models was given a {wrong[0]}. {advice}")
    if len(fits) < 2:
        raise ArgumentError(
            f"{counted(len(fits), 'fit')} to compare. Give two or more: compare_models(one, other)."
        )
    if bootstrap is None and rng is not None:
        raise ArgumentError(
            "rng is given but bootstrap is not, and without it nothing is drawn. "
            "Give bootstrap=999 too, or leave rng out."
        )
    if bootstrap is None:
        return
    if any(isinstance(fit, GlmmResult) for fit in fits):
        raise UnsupportedError(NO_BOOTSTRAP)
    if not isinstance(bootstrap, int | np.integer) or isinstance(bootstrap, bool) or bootstrap < 19:
        raise ArgumentError(
            f"bootstrap={bootstrap!r} is no number of draws for a test. "
            "Give a whole number of at least 19, such as 999."
        )
    if rng is None:
        raise ArgumentError("the bootstrap draws random numbers. Give rng=1, or another seed.")
