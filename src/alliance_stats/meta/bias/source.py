"""What a method for publication bias reads: the columns of a frame, or a fitted result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict, runtime_checkable

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, name_list
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.meta.scales import Scale, scale_of
from alliance_stats.meta.studies import Studies, prepare_studies

#: Correlations whose sampling variance depends on the correlation itself, and what to use instead.
_RAW = {"COR": "ZCOR", "UCOR": "ZCOR", "PCOR": "ZPCOR", "SPCOR": "ZPCOR"}


class Columns(TypedDict, total=False):
    """Columns of a frame, with the names and defaults of `fit_meta`.

    A fitted result has its own; beside one they are refused.
    """

    yi: str
    vi: str
    study: str
    mods: str | Sequence[str] | None
    measure: str | None


@runtime_checkable
class FittedStudies(Protocol):
    """A fitted meta-analysis: anything with `studies`."""

    @property
    def studies(self) -> Studies:
        """What was analysed."""
        ...


#: A DataFrame, or a result of `fit_meta` or `fit_meta_multilevel`.
Given = pd.DataFrame | FittedStudies


@dataclass(frozen=True, eq=False)
class Source:
    """Effect sizes, and how the model they came from was fitted.

    Attributes
    ----------
    studies : Studies
    fit : object or None
        The fitted result, if one was given.
    """

    studies: Studies
    fit: Any = None

    @property
    def scale(self) -> Scale:
        """The scale of the effect sizes."""
        return scale_of(self.studies.measure)

    def fitted_with(self, name: str) -> Any:
        """``method`` or ``test`` of the fit given; None where there is none."""
        return getattr(self.fit, name, None)


def read_source(given: Given, columns: Columns) -> Source:
    """Read a frame by its columns, or take the studies of a fitted result."""
    if isinstance(given, pd.DataFrame):
        return Source(prepare_studies(given, **columns))
    studies = getattr(given, "studies", None)
    if not isinstance(studies, Studies):
        raise ArgumentError(
            f"a DataFrame or a fitted meta-analysis is needed, not {type(given).__name__}. "
            "Give the frame of effect sizes, or the result of fit_meta."
        )
    if columns:
        raise ArgumentError(
            f"{name_list(f'{name}=' for name in columns)} beside a fitted result, which has its "
            "own. Leave it out, or give the frame."
        )
    return Source(studies, given)


def refuse_raw_correlations(source: Source) -> None:
    """Raise where the standard error is a function of the correlation itself."""
    measure = source.studies.measure
    if measure in _RAW:
        raise UnsupportedError(
            f"effects are {measure}, whose standard errors shrink as correlations grow, so that a "
            "funnel is lopsided without any bias. Use "
            f"effect_sizes(frame, measure={_RAW[measure]!r})."
        )


def refuse_dependent(source: Source, what: str) -> None:
    """Raise where a study has more than one effect."""
    studies = source.studies
    if studies.k > studies.n_studies:
        raise UnsupportedError(
            f"{what} needs one effect a study: {counted(studies.k, 'effect')} come from "
            f"{studies.n_studies} studies. Use aggregate_effects first, or egger_test, which "
            "clusters by study."
        )


def refuse_moderators(source: Source, what: str) -> None:
    """Raise where the model has moderators."""
    studies = source.studies
    if studies.moderators.names != ("(Intercept)",):
        raise UnsupportedError(
            f"{what} knows no moderators: {name_list(studies.moderators.names)}. Leave mods out, "
            "or use egger_test or selection_model, which take them."
        )


def common_effect(studies: Studies) -> tuple[float, float]:
    """The mean with weights 1/v, and its variance."""
    w = 1.0 / studies.vi
    return float(w @ studies.yi / w.sum()), float(1.0 / w.sum())


def clusters(studies: Studies) -> tuple[np.ndarray, int]:
    """Which study (0, 1, …) every effect is from, and how many studies there are."""
    codes, names = pd.factorize(studies.study)
    return codes, len(names)
