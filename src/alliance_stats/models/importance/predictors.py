"""Which predictors are compared, at which level, and by which columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, counted, name_list, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import derived_name
from alliance_stats.data.roles import Roles

#: Most predictors a level: 2 to this power models are fitted to every data set.
MOST = 10
#: Most categories of a categorical predictor.
MOST_CATEGORIES = 20
#: A range within patients below this share of the SD is rounding.
_CONSTANT = 1e-8

Groups = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Predictor:
    """One column of the data that is compared, alone or in a group.

    Attributes
    ----------
    column : str
    kind : {"session", "patient", "category"}
        Rated each session; one number a patient; one category a patient.
    categories : tuple of str
        Of a categorical predictor, the reference first.
    """

    column: str
    kind: str
    categories: tuple[str, ...] = ()

    @property
    def within(self) -> tuple[str, ...]:
        """Its column within patients, if it has one."""
        return (derived_name(self.column, "within"),) if self.kind == "session" else ()

    @property
    def between(self) -> tuple[str, ...]:
        """Its columns between patients."""
        if self.kind == "session":
            return (derived_name(self.column, "between"),)
        if self.kind == "patient":
            return (self.column,)
        return tuple(category_name(self.column, label) for label in self.categories[1:])


@dataclass(frozen=True, slots=True)
class Contender:
    """What is ranked at one level: a predictor or a group of them.

    Attributes
    ----------
    name : str
    columns : tuple of str
        In the model, always in or out together.
    """

    name: str
    columns: tuple[str, ...]


def category_name(column: str, label: str) -> str:
    """Column of ones and zeros of a category: ``treatment_cbt``."""
    return f"{column}_{label}"


def asked_columns(roles: Roles, predictors: Sequence[str] | None) -> tuple[str, ...]:
    """The columns to compare, the alliance among them; by default those of the roles."""
    if predictors is None:
        known = (roles.alliance, roles.alliance_therapist, roles.baseline, roles.treatment)
        found = tuple(name for name in known if name is not None)
        if len(found) == 1:
            raise ArgumentError(
                f"only the alliance '{found[0]}' is known, and nothing to compare it with. Give "
                "predictors=[…], columns of ratings or of what was known of the patients."
            )
        return found
    if isinstance(predictors, str) or not all(isinstance(name, str) for name in predictors):
        raise ArgumentError(
            f"predictors={predictors!r} is no list of columns. Give predictors=['expectation', …]."
        )
    found = tuple(predictors)
    if len(set(found)) < len(found):
        raise ArgumentError(f"predictors name a column twice: {name_list(found)}. Give each once.")
    taken = {roles.outcome, roles.patient, roles.session, roles.therapist} & set(found)
    if taken:
        raise ArgumentError(
            f"'{min(map(str, taken))}' is the outcome or an identifier, and no predictor. "
            "Leave it out."
        )
    found = found if roles.alliance in found else (roles.alliance, *found)
    if len(found) < 2:
        raise ArgumentError(
            f"only the alliance '{found[0]}' is a predictor: there is nothing to compare. Give "
            "predictors=[…], or use fit_within_between for the alliance alone."
        )
    return found


def read_predictors(
    frame: pd.DataFrame, roles: Roles, columns: Sequence[str]
) -> tuple[Predictor, ...]:
    """What each column is, judged by its cells and by whether it varies within patients."""
    columns_present(frame, columns)
    return tuple(_predictor(frame, roles, column) for column in columns)


def _predictor(frame: pd.DataFrame, roles: Roles, column: str) -> Predictor:
    cells, patient = frame[column], frame[roles.patient]
    if cells.notna().sum() == 0:
        raise DataError(f"predictor '{column}' has no observed value. Leave it out.")
    if _is_categorical(cells) or column == roles.treatment:
        return _categorical(cells, patient, column)
    numeric_column(frame, column, what="predictor")
    values = cells.astype(float)
    by_patient = values.groupby(patient, observed=True)
    spread = float(values.std())
    if not spread > 0:
        raise DataError(
            f"predictor '{column}' has the same value in all {counted(len(values), 'session')}: "
            "it explains nothing. Leave it out."
        )
    varies = float((by_patient.max() - by_patient.min()).max()) > _CONSTANT * spread
    return Predictor(column, "session" if varies else "patient")


def _is_categorical(cells: pd.Series) -> bool:
    kind = cells.dtype
    boolean = pd.api.types.is_bool_dtype(kind)
    return boolean or not pd.api.types.is_numeric_dtype(kind)


def _categorical(cells: pd.Series, patient: pd.Series, column: str) -> Predictor:
    """A category a patient."""
    changed = int((cells.groupby(patient, observed=True).nunique() > 1).sum())
    if changed:
        raise DataError(
            f"categorical predictor '{column}' differs between the sessions of "
            f"{counted(changed, 'patient')}. A category must be one a patient; give a rating of "
            "sessions as a number."
        )
    labels = sorted({str(cell) for cell in cells.dropna()})
    if isinstance(cells.dtype, pd.CategoricalDtype):
        present = set(labels)
        labels = [str(label) for label in cells.cat.categories if str(label) in present]
    if not 2 <= len(labels) <= MOST_CATEGORIES:
        raise DataError(
            f"categorical predictor '{column}' has {len(labels)} "
            f"categor{'y' if len(labels) == 1 else 'ies'}. Between 2 and {MOST_CATEGORIES} can be "
            "compared."
        )
    return Predictor(column, "category", tuple(labels))


def contenders(
    predictors: Sequence[Predictor], groups: Groups | None
) -> dict[str, tuple[Contender, ...]]:
    """What is ranked within and between patients, in the order of the predictors."""
    name_of = _group_names([p.column for p in predictors], groups)
    found: dict[str, tuple[Contender, ...]] = {}
    for level in ("within", "between"):
        members: dict[str, list[str]] = {}
        for predictor in predictors:
            columns = getattr(predictor, level)
            if columns:
                members.setdefault(name_of[predictor.column], []).extend(columns)
        if len(members) > MOST:
            raise ArgumentError(
                f"{len(members)} predictors {level} patients are {2 ** len(members):,} models, "
                f"each fitted again to every draw. At most {MOST} ({2**MOST:,} models) are "
                "compared: leave some out, or put some together with groups={'name': [columns]}."
            )
        found[level] = tuple(Contender(name, tuple(cols)) for name, cols in members.items())
    return found


def _group_names(columns: Sequence[str], groups: Groups | None) -> dict[str, str]:
    """The name under which each column is ranked."""
    found = {column: column for column in columns}
    if groups is None:
        return found
    if not isinstance(groups, Mapping):
        raise ArgumentError(
            f"groups={groups!r} is no mapping. Give {{'alliance': ['wai_total', …]}}."
        )
    for name, members in groups.items():
        if isinstance(members, str) or not len(members):
            raise ArgumentError(f"groups[{name!r}]={members!r} is no list of columns.")
        for member in members:
            if member not in found:
                raise ArgumentError(
                    f"groups[{name!r}] names '{member}', which is no predictor. Known: "
                    f"{name_list(columns)}."
                )
            if found[member] != member:
                raise ArgumentError(f"groups name '{member}' twice. Put it into one group.")
            found[member] = name
        if name in columns and name not in members:
            raise ArgumentError(
                f"groups[{name!r}] has the name of another predictor. Use another name."
            )
    if len(set(found.values())) < 2:
        raise ArgumentError("groups put all predictors together: there is nothing to compare.")
    return found


def with_categories(frame: pd.DataFrame, predictors: Sequence[Predictor]) -> pd.DataFrame:
    """The frame with a column of ones and zeros for each category but the first."""
    added = {}
    for predictor in predictors:
        if predictor.kind != "category":
            continue
        cells = frame[predictor.column]
        known = cells.notna().to_numpy()
        text = cells.astype(object).map(str).to_numpy()
        for label in predictor.categories[1:]:
            name = category_name(predictor.column, label)
            if name in frame.columns or name in added:
                raise DataError(
                    f"column '{name}' has the name of a column that the model derives itself. "
                    "Rename it."
                )
            added[name] = np.where(known, (text == label).astype(float), np.nan)
    return frame.assign(**added)
