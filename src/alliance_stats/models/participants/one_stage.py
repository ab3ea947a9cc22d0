"""One stage: the sessions of all studies in one mixed model.

Every study has its own intercept and its own coefficients of everything but the effect, so that
differences between studies tell nothing about the effect; the effect varies between studies.
Burke, Ensor & Riley (2017, Statistics in Medicine, 36, 855–875) on when this and two stages
differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.participants.study import Scale, StudyRows
from alliance_stats.models.specification import session_formula

STUDY = "study"


@dataclass(frozen=True, eq=False)
class OneStage:
    """One effect from the rows of all studies.

    Attributes
    ----------
    effect, scale : str
    fit : MixedModelResult
        ``fit.formula`` is over the columns of `frame`.
    column : str
        Whose coefficient is the effect.
    frame : DataFrame
        The rows of all studies: names of patients and therapists begin with their study's.
    n_studies : int
    """

    effect: str
    scale: Scale
    fit: MixedModelResult
    column: str
    frame: pd.DataFrame
    n_studies: int

    @property
    def tau(self) -> float:
        """Standard deviation of the effect between studies."""
        return float(np.sqrt(self.fit.covariances[STUDY].to_numpy()[0, 0]))

    @property
    def singular(self) -> list[str]:
        """Grouping factors in which a variance is 0 or a correlation ±1."""
        found = [
            name
            for name, table in self.fit.covariances.items()
            if np.linalg.matrix_rank(table.to_numpy()) < len(table)
        ]
        return [str(name) for name in found] if self.fit.singular else []

    def row(self, conf_level: float) -> dict[str, float]:
        """Mean effect with its test, τ, and where the effect of a new study lies."""
        found = self.fit.contrasts({"mean": {self.column: 1.0}}, conf_level=conf_level).iloc[0]
        names = ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")
        row = {name: float(found[name]) for name in names}
        t = float(stdtrit(self.n_studies - 1, (1.0 + conf_level) / 2.0))
        half = t * float(np.hypot(row["se"], self.tau))
        ends = {"pi_low": row["estimate"] - half, "pi_high": row["estimate"] + half}
        return row | {"tau": self.tau} | ends


def fit_one_stage(
    effect: str, scale: Scale, rows: Mapping[str, StudyRows], signs: Mapping[str, int], reml: bool
) -> OneStage:
    """Fit the rows of all studies together.

    Raises
    ------
    UnsupportedError
        If studies differ in their units (some without therapists) or in what is held constant.
    DataError
        If the model cannot be fitted to these rows.
    """
    first = next(iter(rows.values()))
    _check_alike(rows, first)
    if STUDY in first.names:
        raise DataError(f"column '{STUDY}' has the name of the column of studies. Rename it.")
    frame = stacked(rows, signs if scale == "standardised" else None)
    fit = fit_quietly(one_stage_formula(first), frame, reml=reml)
    if first.column not in fit.names:
        raise DataError(f"the coefficient of '{first.column}' cannot be told from other terms.")
    return OneStage(effect, scale, fit, first.column, frame, len(rows))


def one_stage_formula(rows: StudyRows) -> str:
    """y ~ x + study + study:(all else) + (… | patient) + (… | therapist) + (0 + x | study)."""
    own = list(map(quote_name, rows.nuisance))
    if rows.factor:
        own[0] = f"C({own[0]})"
    x = quote_name(rows.column)
    fixed = [x, STUDY, *(f"{STUDY}:{name}" for name in own)]
    model = session_formula(rows.response, fixed, rows.slopes, rows.units, time=None, kind="none")
    return f"{model} + (0 + {x} | {STUDY})"


def stacked(rows: Mapping[str, StudyRows], signs: Mapping[str, int] | None) -> pd.DataFrame:
    """The rows of all studies under the first one's names; with `signs` in standard deviations."""
    common = next(iter(rows.values())).names
    frames = []
    for name, own in rows.items():
        frame = own.frame[list(own.names)].copy()
        for columns in own.units.values():
            for column in dict.fromkeys(columns):
                frame[column] = name + ": " + frame[column].astype(str)
        if signs is not None:
            for column, sd in own.sds.items():
                frame[column] = frame[column] / sd
            frame[list(own.outcome)] *= signs[name]
        frame.columns = pd.Index(common)
        frame.insert(0, STUDY, name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _check_alike(rows: Mapping[str, StudyRows], first: StudyRows) -> None:
    """Raise unless every study has the same units and as many columns."""
    units = {name: tuple(own.units) for name, own in rows.items()}
    if len(set(units.values())) > 1:
        fewest = min(map(len, units.values()))
        without = [name for name, own in units.items() if len(own) == fewest]
        raise UnsupportedError(
            f"studies differ in their units: {name_list(without)} without therapists. Leave the "
            "role therapist out everywhere for a one-stage model."
        )
    if len({len(own.names) for own in rows.values()}) > 1:
        raise UnsupportedError(
            "studies differ in what is held constant, so that one model cannot hold all. "
            "Fit studies with the same columns."
        )
