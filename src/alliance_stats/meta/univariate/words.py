"""What the reader of a meta-analysis must know of it, in plain words."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtrit

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import format_number
from alliance_stats.meta.studies import Studies
from alliance_stats.meta.univariate.fits import Fits

#: Fewer effect sizes than this say little about τ².
FEW = 5
#: Effect sizes a coefficient of moderators should have.
PER_COEFFICIENT = 10

TEST_WORDS = {
    "knha": "Knapp–Hartung t tests",
    "adhoc": "Knapp–Hartung t tests, never narrower than plain ones",
    "t": "t tests",
    "z": "z tests",
}


def messages(studies: Studies, fits: Fits) -> tuple[str, ...]:
    """Every warning about a fit."""
    found = (
        _dependent(studies),
        _failed(fits),
        _at_zero(fits),
        _few(studies, fits),
        _few_per_coefficient(studies),
        _narrow(fits),
    )
    return tuple(sentence for sentence in found if sentence)


def _dependent(studies: Studies) -> str:
    k, n = studies.k, studies.n_studies
    if k == n:
        return ""
    return (
        f"{counted(k, 'effect size')} come from {n} studies, and those of one study are not "
        "independent: intervals here are too narrow. Use fit_meta_multilevel, or one effect a "
        "study from aggregate_effects."
    )


def _failed(fits: Fits) -> str:
    if fits.between.converged[0]:
        return ""
    return f"τ² did not converge ({fits.method}): its last value is {fits.tau2[0]:.3g}."


def _at_zero(fits: Fits) -> str:
    if fits.method == "EE" or fits.tau2[0] > 0:
        return ""
    raw = float(fits.between.raw[0])
    cut = f" ({fits.method} gave {format_number(raw)}, cut at 0)" if raw < 0 else ""
    return (
        f"τ² is estimated as 0{cut}: the effects differ no more than sampling error lets them. "
        "This does not show that studies have one true effect; see the interval of τ²."
    )


def _few(studies: Studies, fits: Fits) -> str:
    if studies.k >= FEW or fits.method == "EE":
        return ""
    return (
        f"Only {studies.k} effect sizes: τ² and the prediction interval say little, and z "
        "intervals of the mean are too narrow."
    )


def _few_per_coefficient(studies: Studies) -> str:
    moderators = sum(term >= 0 for term in studies.moderators.term_of_column)
    if not moderators or studies.k >= PER_COEFFICIENT * moderators:
        return ""
    return (
        f"{counted(studies.k, 'effect size')} for {counted(moderators, 'coefficient')} of "
        f"moderators: fewer than {PER_COEFFICIENT} each, so that chance findings are likely."
    )


def _narrow(fits: Fits) -> str:
    """Whether Knapp and Hartung's interval is narrower than the plain one."""
    if fits.test != "knha":
        return ""
    if np.isnan(fits.s2[0]):
        return (
            "The effects lie on the model exactly, so that Knapp–Hartung tests are not defined. "
            "Check the data, or use test='z'."
        )
    ratio = float(np.sqrt(fits.s2[0]) * stdtrit(fits.df[0], 0.975) / ndtri(0.975))
    if ratio >= 1.0:
        return ""
    return (
        f"The Knapp–Hartung interval is narrower than the plain one ({ratio:.2f} of its width): "
        "the effects differ less than sampling error makes likely. test='adhoc' prevents that."
    )
