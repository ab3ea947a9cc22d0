"""How a model was estimated, what its tests rest on, and what is taken as dependent."""

from __future__ import annotations

import re

from alliance_stats._base.printing import without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.report.methods.estimators import likelihood_words, tau2_words
from alliance_stats.report.wording.words import capital, df_words, fit_value, one_line

#: Kinds of meta-analyses whose notes say how they are estimated, or that estimate no model.
_SELF_SAID = ("meta_failsafe", "meta_selection", "meta_permutation")
_STRUCTURE = re.compile(r"^(\w+)\('([^']*)'(?:, within=(.*?))?(?:, variance_by='([^']*)')?\)$")
_NAME = re.compile(r"'([^']*)'")


def estimation_sentence(view: ResultView) -> str:
    """Estimation, and what tests and intervals rest on."""
    if view.kind.startswith("meta") or view.kind == "participants":
        return _of_meta(view)
    if view.kind == "glmm":
        return _of_glmm(view)
    method, ddf = fit_value(view, "method"), view.labels.get("ddf", "")
    estimated = f"Estimation was by {likelihood_words(one_line(method))}" if method else ""
    tests = ""
    if ddf:
        tests = f"tests and {_level(view)} confidence intervals used {df_words(ddf)}"
    return _joined(estimated, tests)


def _joined(*parts: str) -> str:
    text = "; ".join(part for part in parts if part)
    return f"{capital(text)}." if text else ""


def _level(view: ResultView) -> str:
    return f"{100 * view.conf_level:g}%"


def _of_meta(view: ResultView) -> str:
    if view.kind in _SELF_SAID:
        return ""
    method = str(fit_value(view, "method") or "")
    how = tau2_words(method)
    what = "Variances of true effects were" if view.kind == "meta_multilevel" else "τ² was"
    tests = one_line(view.labels.get("test_words", ""))
    cluster = one_line(view.labels.get("cluster", ""))
    clustered = f", clustered by {cluster}" if cluster else ""
    rest = f"tests and {_level(view)} confidence intervals are {tests}{clustered}" if tests else ""
    return _joined(f"{what} estimated by {how}" if how else "", rest)


def _of_glmm(view: ResultView) -> str:
    points = int(str(fit_value(view, "n_agq") or 1))
    way = (
        "the Laplace approximation"
        if points == 1
        else (f"adaptive Gauss–Hermite quadrature ({points} points)")
    )
    return _joined(
        f"Estimation was by maximum likelihood with {way}",
        f"tests and {_level(view)} confidence intervals used the normal distribution",
    )


def dependence_sentence(view: ResultView) -> str:
    """Sampling errors that are taken to correlate, or residuals that do."""
    rho = fit_value(view, "rho")
    if view.kind == "meta_multilevel" and isinstance(rho, float) and rho == rho:
        held = without_zero(f"{rho:g}")
        return f"Sampling errors of effects of one study were taken to correlate {held}."
    return _of_residuals(one_line(view.labels.get("residual", "")))


def _of_residuals(said: str) -> str:
    """A residual structure of `fit_lmm` in words; empty where residuals are independent."""
    found = _STRUCTURE.match(said)
    if found is None:
        return ""
    kind, position, within, classes = found.groups()
    if kind == "variance_by":
        return f"The variance of residuals differs with {position}."
    units = " and ".join(_NAME.findall(within))
    apart = f"; their variance differs with {classes}" if classes else ""
    if kind == "unstructured":
        return f"Residuals have an unstructured covariance matrix over {position} within {units}."
    time = "in continuous time" if kind == "continuous_ar1" else "of first order"
    return f"Residuals follow an autoregression {time} ({position}) within {units}{apart}."
