"""Data without the effect: residuals of the outcome whose sign is drawn anew for whole units.

For every specification the outcome is split into what the model without the effect says (its fixed
part by generalised least squares at the fitted variances, the coefficient of the alliance held at
zero) and the residuals, random effects included. Each draw multiplies all residuals of a unit by
one random sign, +1 or −1, and fits the whole specification again, its variances too (Freedman &
Lane, 1983; Winkler et al., 2014). Under the null, with units independent of each other and
residuals symmetric around zero, the data are as likely with either sign. Whatever connects the
sessions of a unit stays as it is. A unit has one sign in all specifications of a draw, which keeps
their dependence (Simonsohn et al., 2020). Residuals of the model with the effect would reject too
often with few units: a twentieth test becomes a twelfth with 20.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.data.roles import Roles
from alliance_stats.data.therapist_change import with_first_therapist
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.resampling.refits import Refit, refit_each
from alliance_stats.lmm.resampling.replicate import Replicate, with_response
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.multiverses.estimand import ONE_ROW
from alliance_stats.models.multiverses.questions import Estimated
from alliance_stats.models.outcome.patient_fit import LinearFit

#: With fewer therapists than this their signs give too few different draws.
FEWEST = 10


@dataclass(frozen=True, eq=False)
class Flips:
    """The signs of all draws.

    Attributes
    ----------
    signs : ndarray (m, n)
        +1 or −1.
    unit : {"therapist", "patient"}
        Whose residuals change their sign together.
    of_patient, of_therapist : dict
        Position of every patient's, or therapist's, unit.
    therapist : str or None
        Column of the therapists.
    """

    signs: np.ndarray
    unit: str
    of_patient: dict[Hashable, int]
    of_therapist: dict[Hashable, int]
    therapist: str | None

    @property
    def n_units(self) -> int:
        """Units with a sign of their own."""
        return int(self.signs.shape[1])


def draw_flips(frame: pd.DataFrame, roles: Roles, change: str, n: int, rng: RandomSource) -> Flips:
    """Signs of `n` draws: of whole therapists where there are enough of them, else of patients."""
    if change in ("dyad", "crossed"):
        raise UnsupportedError(
            f"permutations with therapist_change={change!r} are not available: patients of "
            "several therapists tie these together. Use therapist_change='first', or "
            "permutations=0."
        )
    patients = pd.unique(frame[roles.patient].dropna())
    of_patient: dict[Hashable, int] = {patient: k for k, patient in enumerate(patients)}
    of_therapist, own = _therapists(frame, roles, change)
    unit = "therapist" if len(of_therapist) >= FEWEST else "patient"
    if unit == "therapist":
        alone = [patient for patient in patients if patient not in own]
        of_patient = {patient: of_therapist[therapist] for patient, therapist in own.items()}
        of_patient |= {patient: len(of_therapist) + k for k, patient in enumerate(alone)}
    n_units = max(of_patient.values()) + 1
    signs = as_generator(rng).choice([-1.0, 1.0], size=(n, n_units))
    return Flips(signs, unit, of_patient, of_therapist, roles.therapist)


def _therapists(
    frame: pd.DataFrame, roles: Roles, change: str
) -> tuple[dict[Hashable, int], dict[Hashable, Hashable]]:
    """Position of every therapist, and the therapist of every patient."""
    if roles.therapist is None:
        return {}, {}
    if change == "first":
        frame, _ = with_first_therapist(frame, roles.patient, roles.therapist, roles.session)
    known = frame[[roles.patient, roles.therapist]].dropna().drop_duplicates(roles.patient)
    therapists = pd.unique(known[roles.therapist])
    own = dict(zip(known[roles.patient], known[roles.therapist], strict=True))
    return {therapist: k for k, therapist in enumerate(therapists)}, own


def flipped(found: Estimated, flips: Flips) -> np.ndarray:
    """Estimate and t (m, 2) of the coefficient in every draw; NaN where a fit has no end."""
    if isinstance(found.fit, MixedModelResult):
        return _mixed(found.fit, found.term, flips)
    rows = found.patients
    if rows is None:
        raise ValueError("least squares without rows of patients")
    units = [flips.of_patient[p] for p in rows.frame[rows.roles.patient]]
    columns = rows.frame[rows.predictors].to_numpy(dtype=float)
    response = rows.frame[rows.post].to_numpy(dtype=float)
    return _linear(found.fit, found.term, columns, response, flips.signs[:, units])


def _linear(
    fit: LinearFit, term: str, columns: np.ndarray, response: np.ndarray, signs: np.ndarray
) -> np.ndarray:
    """Of a least-squares fit: the coefficient is that of the column less the others."""
    x = np.column_stack([np.ones(len(columns)), columns])
    place = fit.names.index(term)
    others = np.linalg.qr(np.delete(x, place, axis=1))[0]
    own = x[:, place] - others @ (others.T @ x[:, place])
    residual = response - others @ (others.T @ response)
    drawn = signs * residual
    drawn -= (drawn @ others) @ others.T
    length = own @ own
    estimate = drawn @ own / length
    rss = np.einsum("mi,mi->m", drawn, drawn) - estimate**2 * length
    return np.column_stack([estimate, estimate / np.sqrt(rss / fit.solution.df / length)])


def _mixed(fit: MixedModelResult, term: str, flips: Flips) -> np.ndarray:
    """Of a mixed model: W'r of every innermost group changes its sign, r'r is what it was."""
    criterion = fit.criterion
    products = criterion.design.products
    if not isinstance(products, NestedProducts):
        raise UnsupportedError("permutations need therapists that nest. Use permutations=0.")
    place = fit.names.index(term)
    inner = criterion.design.transform[place]
    weights = criterion.residual_weights(fit.profile)
    weights[criterion.design.x] -= null_shift(fit, place)
    along = np.einsum("abg,b->ag", products.grams[:-1], weights)
    square = float(weights @ products.total @ weights)
    signs = flips.signs[:, units_of(criterion, flips)]
    found = np.full((len(signs), 2), np.nan)

    def draw(number: int) -> Replicate:
        return with_response(criterion, along * signs[number], square)

    def keep(number: int, refit: Refit | None) -> None:
        if refit is not None:
            found[number] = _statistics(criterion, inner, refit)

    refit_each(criterion, fit.minimum.theta, draw, keep, n=len(signs))
    return found


def null_shift(fit: MixedModelResult, place: int) -> np.ndarray:
    """What the standardised β (p,) moves by when one coefficient is held at zero, V as fitted."""
    design, profile = fit.criterion.design, fit.profile
    inner = design.transform[place]
    value = inner @ profile.beta + design.least_squares[place] / design.scale
    moved = profile.unscaled @ inner
    return np.asarray(-moved * value / (inner @ moved))


def _statistics(criterion: Criterion, inner: np.ndarray, refit: Refit) -> tuple[float, float]:
    """Estimate in the units of the columns, and its t."""
    profile = refit.criterion.profile(refit.minimum.theta)
    estimate = inner @ refit.beta
    se = np.sqrt(refit.sigma2 * (inner @ profile.unscaled @ inner))
    return float(estimate * criterion.design.scale), float(estimate / se)


def units_of(criterion: Criterion, flips: Flips) -> np.ndarray:
    """The unit of every innermost group of a design."""
    level = criterion.design.levels[0]
    names = flips.of_therapist if level.name == flips.therapist else flips.of_patient
    return np.array([names[label] for label in level.labels.tolist()])


def check_flips(flips: Flips, question: str, roles: Roles) -> None:
    """Raise where patients would be drawn but therapists are the rows' groups."""
    if question in ONE_ROW and roles.therapist is not None and flips.unit == "patient":
        n = len(flips.of_therapist)
        raise ArgumentError(
            f"permutations of question={question!r} need {counted(FEWEST, 'therapist')} or more, "
            f"and there are {n}. Leave the therapist role out, or use permutations=0."
        )
