"""From signals to ruptures: when they start, whether and when they are repaired.

A session with a signal starts a rupture unless one is open. An open rupture is repaired at the
first session within the window whose value is at least the level before less the tolerance; after
the window it is closed unrepaired, and a new signal starts a new one. Resolved is a rupture whose
level is regained in any later session, within the window or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.models.ruptures.control_chart import control_chart_signals
from alliance_stats.models.ruptures.criterion import criterion_signals
from alliance_stats.models.ruptures.partition import partition_signals
from alliance_stats.models.ruptures.regression import regression_signals
from alliance_stats.models.ruptures.rule import Rule, Signals
from alliance_stats.models.ruptures.series import Flags, Floats, Series


@dataclass(frozen=True, eq=False)
class Episodes:
    """Ruptures in ratings, arrays of bool (n_sessions, n_patients, n_studies).

    Attributes
    ----------
    start : Flags
        First sessions of ruptures.
    repair : Flags
        Sessions at which an open rupture is repaired.
    resolved : Flags
        True at the first session of ruptures whose level is regained at any time after.
    """

    start: Flags
    repair: Flags
    resolved: Flags

    def counts(self) -> np.ndarray:
        """Ruptures, repaired, resolved and unrepaired of each patient (4, patients, studies)."""
        found = [flags.sum(axis=0) for flags in (self.start, self.repair, self.resolved)]
        return np.array([*found, found[0] - found[1]])


def signals_of(series: Series, rule: Rule, rho: Floats) -> Signals:
    """What the rule finds; `rho` (n_studies,) is used by the control chart."""
    if rule.name == "control_chart":
        return control_chart_signals(series, rule, rho)
    by_name = {
        "criterion": criterion_signals,
        "partition": partition_signals,
        "regression": regression_signals,
    }
    return by_name[rule.name](series, rule)


def episodes_of(signals: Signals, rule: Rule) -> Episodes:
    """Walk over the sessions once, all patients of all studies at a time."""
    y, onset = signals.y, signals.onset
    goal = np.broadcast_to(signals.level - rule.near * signals.sd * (1.0 + 1e-12), y.shape)
    later = _highest_after(y)
    start, repair, resolved = (np.zeros(y.shape, dtype=bool) for _ in range(3))
    is_open = np.zeros(y.shape[1:], dtype=bool)
    wanted = np.full(y.shape[1:], np.nan)
    since = np.zeros(y.shape[1:], dtype=np.int32)
    for t in range(len(y)):
        with np.errstate(invalid="ignore"):
            repair[t] = is_open & (y[t] >= wanted)
            start[t] = onset[t] & ~is_open
            resolved[t] = start[t] & (later[t] >= goal[t])
        wanted = np.where(start[t], goal[t], wanted)
        since = np.where(start[t], t, since)
        is_open = start[t] | (is_open & ~repair[t] & (t - since < rule.window))
    return Episodes(start, repair, resolved)


def _highest_after(y: Floats) -> Floats:
    """Highest value of all later sessions, NaN where there is none."""
    later = np.full_like(y, np.nan)
    later[:-1] = np.fmax.accumulate(y[:0:-1], axis=0)[::-1]
    return later
