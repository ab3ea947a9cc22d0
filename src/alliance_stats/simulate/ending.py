"""How therapy ended: dropout that depends on the alliance, else the agreed end.

After session t, unless it is the last one planned, the patient does not return with probability
``1 - (1 - dropout_hazard) ** exp(dropout_alliance_effect * z)``, where z is the latent alliance
of session t in SDs from `alliance_mean`: a discrete-time hazard with a complementary log-log link.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.parameters import SessionParameters
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ending:
    """Which sessions took place before the end, and who dropped out.

    Attributes
    ----------
    reached : array of bool, one a planned session
        False after the end. Missed sessions before it are True.
    dropped_out : array of bool, one a patient
    """

    reached: Flags
    dropped_out: Flags


def end_therapies(
    given: SessionParameters, structure: Structure, alliance: Floats, rng: np.random.Generator
) -> Ending:
    """Draw the last session of every patient from the latent `alliance` of planned sessions."""
    leaves = rng.random(len(alliance)) < dropout_probability(given, alliance)
    leaves &= structure.session < structure.planned[structure.patient]
    last = structure.planned.copy()
    rows = np.flatnonzero(leaves)
    np.minimum.at(last, structure.patient[rows], structure.session[rows])
    return Ending(
        reached=structure.session <= last[structure.patient],
        dropped_out=last < structure.planned,
    )


def dropout_probability(given: SessionParameters, alliance: Floats) -> Floats:
    """Probability of not returning after a session with this latent alliance."""
    z = (alliance - given.alliance_mean) / given.alliance_sd
    return np.asarray(1 - (1 - given.dropout_hazard) ** np.exp(given.dropout_alliance_effect * z))
