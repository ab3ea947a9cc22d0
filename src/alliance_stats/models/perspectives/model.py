"""The models of several perspectives: all in one, each alone, any subset; overlap by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.centering import centered_columns, derived_name
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.prepare import PreparedSessions, time_term
from alliance_stats.models.specification import Specification, fit_specification, session_formula

#: A perspective whose share not explained by the others is below this is a combination of them.
DEPENDENT = 1e-9
PLACES = {
    "within": "within patients",
    "between": "between patients",
    "patient_between": "between patients",
    "therapist_between": "between therapists",
}


@dataclass(frozen=True, eq=False)
class Perspectives:
    """The perspectives, the sessions all of them rated, and the choices of the models.

    Attributes
    ----------
    columns : dict of str to str
        Column of every perspective by its name.
    prepared : PreparedSessions
        Its frame holds the parts of every column.
    specification : Specification
    """

    columns: Mapping[str, str]
    prepared: PreparedSessions
    specification: Specification

    @property
    def effects(self) -> tuple[str, ...]:
        """``within``, then ``between`` or ``patient_between`` and ``therapist_between``."""
        return tuple(effect for effect, _ in self.prepared.effects)

    @cached_property
    def parts(self) -> dict[tuple[str, str], str]:
        """Column of every part, by effect and perspective."""
        return {
            (effect, name): derived_name(column, effect)
            for effect in self.effects
            for name, column in self.columns.items()
        }

    @cached_property
    def correlations(self) -> dict[str, np.ndarray]:
        """Correlations (k, k) of the observed parts by effect, over the sessions in the models.

        NaN for a part that does not vary.
        """
        found = {}
        for effect in self.effects:
            names = [self.parts[effect, name] for name in self.columns]
            values = self.prepared.frame[names].to_numpy(dtype=float)
            centred = values - values.mean(axis=0)
            sizes = np.sqrt((centred**2).sum(axis=0))
            limit = 1e-10 * np.abs(values).max(initial=1.0) * np.sqrt(len(values))
            safe = np.where(sizes > limit, sizes, np.nan)
            found[effect] = (centred / safe).T @ (centred / safe)
        return found

    @cached_property
    def inflation(self) -> dict[str, np.ndarray]:
        """Variance inflation factors (k,) by effect: the diagonal of the inverse correlations."""
        return {effect: np.diag(np.linalg.inv(r)) for effect, r in self.correlations.items()}

    def check_overlap(self) -> None:
        """Raise DataError for a part that does not vary, or is a combination of the others."""
        for effect, r in self.correlations.items():
            place = PLACES[effect]
            flat = [name for name, own in zip(self.columns, np.diag(r), strict=True) if own != own]
            if flat:
                raise DataError(
                    f"the rating of {name_list(flat)} does not vary {place}. Leave it out, "
                    "or look at the column."
                )
            if np.linalg.eigvalsh(r)[0] < DEPENDENT:
                raise DataError(
                    f"{place} the ratings of {name_list(list(self.columns))} are "
                    "combinations of each other, so that no coefficient of one can be told from "
                    "the others. Leave one out."
                )

    def of(self, name: str) -> PreparedSessions:
        """The same sessions with one perspective as the alliance."""
        column, roles = self.columns[name], self.prepared.roles
        therapist = roles.therapist is not None
        return replace(
            self.prepared,
            roles=replace(roles, alliance=column),
            effects=centered_columns(column, therapist=therapist),
        )


def fit_together(
    given: Perspectives, *, names: Sequence[str] | None = None, extra: Sequence[str] = ()
) -> MixedModelResult:
    """Fit the model with the parts of the perspectives named, by default of all.

    The random part is that of all perspectives, whatever is in the fixed part.
    """
    prepared, chosen = given.prepared, given.specification
    kept = list(given.columns) if names is None else names
    fixed = [quote_name(c) for (_, name), c in given.parts.items() if name in kept]
    slopes = {
        unit: [given.parts[effect, name] for effect in effects for name in given.columns]
        for unit, effects in chosen.slopes.items()
    }
    formula = session_formula(
        prepared.roles.outcome, [*fixed, *extra] or ["1"], slopes, prepared.groups,
        time=time_term(chosen.time, prepared), kind=chosen.time,
    )  # fmt: skip
    return fit_quietly(formula, prepared.frame, reml=chosen.reml)


def fit_alone(given: Perspectives, name: str) -> MixedModelResult:
    """Fit the model of one perspective: that of `fit_within_between` in these sessions."""
    return fit_specification(given.of(name), given.specification)
