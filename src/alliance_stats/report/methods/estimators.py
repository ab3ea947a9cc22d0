"""Estimators in words."""

from __future__ import annotations

_LIKELIHOOD = {
    "REML": "restricted maximum likelihood (REML)",
    "ML": "maximum likelihood (ML)",
}
_TAU2 = {
    **_LIKELIHOOD,
    "DL": "the method of DerSimonian and Laird (DL)",
    "EB": "empirical Bayes (EB)",
    "HE": "the method of Hedges (HE)",
    "HS": "the method of Hunter and Schmidt (HS)",
    "HSk": "the method of Hunter and Schmidt with a correction for few studies (HSk)",
    "PM": "the method of Paule and Mandel (PM)",
    "SJ": "the method of Sidik and Jonkman (SJ)",
}


def likelihood_words(method: str) -> str:
    """``restricted maximum likelihood (REML)``; another method as it is."""
    return _LIKELIHOOD.get(method, method)


def tau2_words(method: str) -> str:
    """How the variance of true effects was estimated; empty where there is none."""
    return _TAU2.get(method, "")
