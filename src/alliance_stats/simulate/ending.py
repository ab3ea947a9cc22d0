"""How therapy ended: dropout that depends on the alliance, the end of the study, or as agreed.

After session t, unless it is the last one planned, the patient does not return with probability
``1 - (1 - dropout_hazard) ** exp(dropout_alliance_effect * z)``, where z is the latent alliance
of session t in SDs from `alliance_mean`: a discrete-time hazard with a complementary log-log link.

A share `study_end` of the patients with two planned sessions or more is still in therapy when the
study closes: after a random session before the last planned one, whatever was rated. Those who
dropped out before it remain dropouts; who would have left right after it is not seen to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.parameters import SessionParameters
from alliance_stats.simulate.streams import Streams
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ending:
    """Which sessions took place before the end, and how it came.

    Attributes
    ----------
    reached : array of bool, one a planned session
        False after the end. Missed sessions before it are True.
    dropped_out : array of bool, one a patient
        The patient did not return.
    ongoing : array of bool, one a patient
        Therapy was going on when the study closed.
    """

    reached: Flags
    dropped_out: Flags
    ongoing: Flags

    @property
    def ended(self) -> NDArray[np.object_]:
        """``dropout``, ``ongoing`` or ``agreed``, one a patient."""
        seen = np.where(self.ongoing, "ongoing", "agreed")
        return np.where(self.dropped_out, "dropout", seen).astype(object)


def end_therapies(
    given: SessionParameters, structure: Structure, alliance: Floats, streams: Streams
) -> Ending:
    """Draw the last session of every patient from the latent `alliance` of planned sessions."""
    last = last_before_dropout(given, structure, alliance, streams.dropout)
    closing = draw_closing(given, structure.planned, streams.closing)
    end = np.minimum(last, closing)
    return Ending(
        reached=structure.session <= end[structure.patient],
        dropped_out=(last < structure.planned) & (last < closing),
        ongoing=(closing <= last) & (closing < structure.planned),
    )


def last_before_dropout(
    given: SessionParameters, structure: Structure, alliance: Floats, rng: np.random.Generator
) -> Ints:
    """Last session of each patient as far as dropout goes: the last planned one, or earlier."""
    leaves = rng.random(len(alliance)) < dropout_probability(given, alliance)
    leaves &= structure.session < structure.planned[structure.patient]
    last = structure.planned.copy()
    rows = np.flatnonzero(leaves)
    np.minimum.at(last, structure.patient[rows], structure.session[rows])
    return last


def draw_closing(given: SessionParameters, planned: Ints, rng: np.random.Generator) -> Ints:
    """Session after which the study closes for each patient; the last planned one if it does not.

    Among the sessions before the last planned one each is as likely; with one session there is
    none.
    """
    cut = (rng.random(len(planned)) < given.study_end) & (planned > 1)
    when = 1 + np.floor(rng.random(len(planned)) * (planned - 1)).astype(np.int64)
    return np.where(cut, when, planned)


def dropout_probability(given: SessionParameters, alliance: Floats) -> Floats:
    """Probability of not returning after a session with this latent alliance."""
    z = (alliance - given.alliance_mean) / given.alliance_sd
    return np.asarray(1 - (1 - given.dropout_hazard) ** np.exp(given.dropout_alliance_effect * z))
