"""Reliable change: the public door."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataWarning
from alliance_stats.measures.change.input import Scores, as_scores
from alliance_stats.measures.change.rates import CATEGORIES, category_rates, group_rates
from alliance_stats.measures.change.result import ReliableChange
from alliance_stats.measures.change.rules import (
    CHANGE_METHODS,
    METHOD_NAMES,
    ChangeMethod,
    ChangeRule,
    ErrorRule,
)
from alliance_stats.measures.change.settings import Settings, settings_of
from alliance_stats.measures.change.words import change_messages, change_notes
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.thresholds import Cutoff

Column = str | pd.Series | Sequence[float] | np.ndarray


def reliable_change(
    pre: Column,
    post: Column,
    *,
    frame: pd.DataFrame | None = None,
    reliability: float | None = None,
    sd: float | None = None,
    higher_is_better: bool | None = None,
    mean: float | None = None,
    norm_mean: float | None = None,
    norm_sd: float | None = None,
    cutoff: float | str | None = None,
    method: ChangeMethod = "jacobson-truax",
    instrument: str | Instrument | None = None,
    score: str | None = None,
    groups: str | Sequence[str] | pd.Series | pd.DataFrame | None = None,
    conf_level: float = 0.95,
) -> ReliableChange:
    """Say which patients changed by more than the error of measurement, and who recovered.

    Use it to report outcomes of treatments and therapists patient by patient. A change is
    reliable when it is larger than two measurements of an unchanged patient would differ.
    A patient has *recovered* who was a case before, improved reliably and is no case afterwards;
    *improved* who improved reliably without crossing the cut-off; *deteriorated* who got
    reliably worse; else *unchanged*.

    Parameters
    ----------
    pre, post : Series, array or str
        Scores before and after, one a patient; or names of columns of `frame`.
    frame : DataFrame, optional
        One row a patient.
    reliability : float
        Of the scores, between 0 and 1. Needed without `instrument`.
    sd : float
        Standard deviation of the scores before treatment, in points, of the population that the
        patients come from. Needed without `instrument`.
    higher_is_better : bool
        Direction of the scores. Needed without `instrument`.
    mean : float, optional
        Mean of that population before treatment; that of `pre` by default. Used by the cut-offs
        "a" and "c", and by methods that regress towards the mean.
    norm_mean, norm_sd : float, optional
        Of a functional population, for the cut-offs "b" and "c".
    cutoff : float or {"a", "b", "c"}, optional
        Where a score becomes a case: a value (a case has it or is worse), or a cut-off of
        Jacobson and Truax (`cut_offs`). By default "c" if the norms are given, else that of
        `instrument`, else none: then nobody counts as recovered.
    method : {"jacobson-truax", "edwards-nunnally", "gulliksen-lord-novick"}
        How change is compared with its error. The others stand in the result's sensitivity
        table.
    instrument : str or Instrument, optional
        Takes direction, cut-off and, without `reliability` and `sd`, the published reliable
        change index from the registry; the notes say its level and source.
    score : str, optional
        Which score of the instrument; its total by default.
    groups : str, list of str, Series or DataFrame, optional
        Columns of `frame`, or values, by which shares are given: treatment, therapist.
    conf_level : float
        Two-sided level of the index, and of the intervals of shares.

    Returns
    -------
    ReliableChange

    Raises
    ------
    ArgumentError
        If reliability, sd or direction are unknown; if an argument has a value that is not
        allowed, contradicts another or would be ignored.
    DataError
        If scores are not numeric, not of the same patients, or outside the instrument's range.

    Warns
    -----
    DataWarning
        How many patients lack a score; an index whose level is not known; an `sd` that cannot
        be on the scale of the scores.

    Notes
    -----
    Shares are of the cases at intake where there is a cut-off: only they can recover. Patients
    without a later score are in no category; a message says what the share would be if none of
    them had recovered. Intervals of shares are Wilson's.

    References
    ----------
    Jacobson, N. S., & Truax, P. (1991). Clinical significance: A statistical approach to defining
    meaningful change in psychotherapy research. *Journal of Consulting and Clinical Psychology*,
    59, 12-19. Other methods: see `ErrorRule`; compared by Atkins, D. C., Bedics, J. D.,
    McGlinchey, J. B., & Beauchaine, T. P. (2005). Assessing clinical significance: Does it matter
    which method we use? *Journal of Consulting and Clinical Psychology*, 73, 982-989.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.reliable_change([18, 15, 20, 12], [6, 12, 19, 19], reliability=0.84, sd=5.5,
    ...                             higher_is_better=False, cutoff=10)
    >>> result.patients["category"].tolist()
    ['recovered', 'unchanged', 'unchanged', 'deteriorated']
    """
    scores = as_scores(pre, post, frame, groups)
    settings = settings_of(
        scores, reliability=reliability, sd=sd, higher_is_better=higher_is_better, mean=mean,
        norm_mean=norm_mean, norm_sd=norm_sd, cutoff=cutoff, method=method,
        instrument=instrument, score=score, conf_level=conf_level,
    )  # fmt: skip
    patients = classified(scores, settings.rule, settings.cutoff, settings.higher_is_better)
    messages = change_messages(scores, patients, settings)
    for message in messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return _result(scores, patients, settings, messages)


def classified(
    scores: Scores, rule: ChangeRule, cutoff: Cutoff | None, higher_is_better: bool
) -> pd.DataFrame:
    """One row a patient with change, index and category; see `ReliableChange.patients`."""
    pre, post = scores.pre, scores.post
    towards = 1.0 if higher_is_better else -1.0
    better = towards * rule.direction(pre, post)
    known = ~np.isnan(better)
    words = np.array(["deteriorated", "unchanged", "improved"], dtype=object)
    reliable = np.full(len(pre), None, dtype=object)
    reliable[known] = words[better[known].astype(int) + 1]
    columns = {"pre": pre, "post": post, "change": post - pre, "index": rule.index(pre, post)}
    patients = pd.DataFrame({**columns, "reliable": reliable}, index=scores.index)
    category = reliable.copy()
    if cutoff is not None:
        before, after = is_case(pre, cutoff), is_case(post, cutoff)
        category[known & before & ~after & (better > 0)] = "recovered"
        patients["case_before"] = pd.array(before, dtype="boolean")
        patients["case_after"] = pd.array(after, dtype="boolean")
        patients.loc[np.isnan(pre), "case_before"] = pd.NA
        patients.loc[np.isnan(post), "case_after"] = pd.NA
    return patients.assign(category=category)


def is_case(values: np.ndarray, cutoff: Cutoff) -> np.ndarray:
    """Whether scores are on the clinical side of a cut-off; a missing score is not.

    >>> is_case(np.array([9.0, 10.0]), Cutoff("total", 10, ">=")).tolist()
    [False, True]
    """
    compare = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}
    with np.errstate(invalid="ignore"):
        return np.asarray(compare[cutoff.case](values, cutoff.value))


def _result(
    scores: Scores, patients: pd.DataFrame, settings: Settings, messages: tuple[str, ...]
) -> ReliableChange:
    level, cutoff = settings.conf_level, settings.cutoff
    names = CATEGORIES if cutoff is not None else CATEGORIES[1:]
    counted = _counted(patients, cutoff)
    return ReliableChange(
        patients=pd.concat([scores.groups, patients], axis=1),
        rates=category_rates(counted, names, level),
        all_rates=None if cutoff is None else category_rates(patients["category"], names, level),
        groups={
            name: group_rates(counted, scores.groups[name], names, level)
            for name in map(str, scores.groups)
        },
        rule=settings.rule,
        cutoff=cutoff,
        sensitivity=_sensitivity(scores, settings, names),
        higher_is_better=settings.higher_is_better,
        conf_level=level,
        labels={"pre": scores.pre_name, "post": scores.post_name},
        notes=change_notes(settings),
        messages=messages,
    )


def _counted(patients: pd.DataFrame, cutoff: Cutoff | None) -> pd.Series:
    """Categories of the patients that shares are of: the cases at intake, if it is known."""
    if cutoff is None:
        return patients["category"]
    return patients["category"].where(patients["case_before"].fillna(False).astype(bool), None)


def _sensitivity(scores: Scores, settings: Settings, names: Sequence[str]) -> pd.DataFrame:
    """Counts by every method, that of the result first."""
    given = settings.rule
    if not isinstance(given, ErrorRule):
        return pd.DataFrame()
    rows = []
    for method in sorted(CHANGE_METHODS, key=lambda m: m != given.method):
        rule = ErrorRule(method, given.reliability, given.sd, given.mean, given.level)  # type: ignore[arg-type]
        found = classified(scores, rule, settings.cutoff, settings.higher_is_better)
        counts = _counted(found, settings.cutoff).value_counts()
        rows.append(
            {"method": METHOD_NAMES[method], **{name: int(counts.get(name, 0)) for name in names}}
        )
    return pd.DataFrame(rows)
