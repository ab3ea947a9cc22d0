"""Measurement invariance: does a questionnaire measure the same thing in every group or session?

Four models of growing equality (Meredith, 1993, Psychometrika 58): the same pattern (configural),
equal loadings (metric), equal intercepts (scalar), equal residual variances (strict). Changes of
fit indices are held to Cheung & Rensvold (2002) and Chen (2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import columns_present, counted, frame_given, name_list, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.factor.invariance_result import InvarianceResult
from alliance_stats.sem.builders import factor_model, in_groups
from alliance_stats.sem.difference import difference_test
from alliance_stats.sem.fit import fit_quietly
from alliance_stats.sem.occasions import over_occasions
from alliance_stats.sem.prepare import group_labels
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.spec import ModelSpec
from alliance_stats.sem.warn import warn_of

#: What each step sets equal.
STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
#: Largest number of occasions that is not asked to be chosen with `at`.
MOST_OCCASIONS = 6
#: Rows in all up to which Chen's stricter limits for small samples hold.
SMALL = 300


def measurement_invariance(
    frame: pd.DataFrame,
    *,
    factors: Mapping[str, Sequence[str]],
    groups: str | None = None,
    occasions: str | None = None,
    patient: str | None = None,
    at: Sequence[object] | None = None,
    missing: Literal["complete", "fiml"] = "complete",
    estimator: Literal["ml", "mlr"] = "mlr",
) -> InvarianceResult:
    """Compare a factor model over groups or over sessions, step by step.

    Parameters
    ----------
    frame : DataFrame
        For `groups`, one row a person. For `occasions`, one row a session of a patient.
    factors : mapping
        Name of each factor to its items.
    groups : str, optional
        Column of groups, such as treatments or the form (patient's or therapist's).
    occasions : str, optional
        Column of sessions; needs `patient`. Each item's residuals covary over sessions.
    patient : str, optional
        Column of patients.
    at : sequence, optional
        Which sessions are compared; needed when there are more than six.
    missing : {"complete", "fiml"}
        Complete rows, or all rows by full-information maximum likelihood; with `occasions` a row
        is a patient, and ``"fiml"`` keeps those who missed a session.
    estimator : {"ml", "mlr"}
        ``"mlr"`` scales the tests for non-normal items.

    Returns
    -------
    InvarianceResult

    Raises
    ------
    DataError, ArgumentError

    Warns
    -----
    DataWarning, FitWarning
        About dropped rows; improper or failed fits.

    References
    ----------
    Cheung, G. W., & Rensvold, R. B. (2002). Evaluating goodness-of-fit indexes for testing
    measurement invariance. Structural Equation Modeling, 9(2), 233–255.

    Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance.
    Structural Equation Modeling, 14(3), 464–504.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=(600, 1))
    >>> frame = pd.DataFrame(factor + rng.normal(size=(600, 4)), columns=list("abcd"))
    >>> frame["treatment"] = np.repeat(["cbt", "pdt"], 300)
    >>> steps = al.reliability.measurement_invariance(
    ...     frame, factors={"alliance": list("abcd")}, groups="treatment"
    ... )
    >>> steps.table["step"].tolist()
    ['configural', 'metric', 'scalar', 'strict']
    """
    frame_given(frame, name="frame")
    one_of(estimator, ("ml", "mlr"), name="estimator")
    specs, data = _models(frame, factors, groups, occasions, patient, at)
    fits = {
        step: fit_quietly(spec, data, groups=groups, missing=missing, estimator=estimator)
        for step, spec in specs.items()
    }
    first = fits["configural"]
    about_fits = [f"{step}: {text}" for step, fit in fits.items() for text in fit.about_fit]
    messages = (*first.about_data, *about_fits)
    table = _table(fits)
    over = str(groups if groups is not None else occasions)
    result = InvarianceResult(over, table, fits, _notes(first), messages)
    warn_of(first.about_data, about_fits)
    return result


def _models(
    frame: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    groups: str | None,
    occasions: str | None,
    patient: str | None,
    at: Sequence[object] | None,
) -> tuple[dict[str, ModelSpec], pd.DataFrame]:
    """The model of every step, and the rows it is fitted to."""
    if (groups is None) == (occasions is None):
        raise ArgumentError("give one of groups= and occasions=: what is compared over what?")
    one = factor_model(factors, means=True)
    columns_present(frame, one.observed)
    if groups is not None:
        if patient is not None or at is not None:
            raise ArgumentError("patient= and at= belong to occasions=. Leave them out.")
        labels = group_labels(frame, groups)
        return {step: in_groups(one, labels, equal=equal) for step, equal in STEPS.items()}, frame
    if occasions is None or patient is None:
        raise ArgumentError("occasions= needs patient=. Name the column of patients.")
    columns_present(frame, [occasions, patient])
    chosen = _occasions(frame, occasions, at)
    wide = _wide(frame, list(one.observed), occasions, patient, chosen)
    named = {
        factor: [[f"{item}_{label}" for item in items] for label in chosen]
        for factor, items in factors.items()
    }
    names = [str(label) for label in chosen]
    specs = {
        step: over_occasions(named, labels=names, equal=equal) for step, equal in STEPS.items()
    }
    return specs, wide


def _occasions(frame: pd.DataFrame, occasions: str, at: Sequence[object] | None) -> list[object]:
    """The sessions that are compared."""
    known = sorted(frame[occasions].dropna().unique())
    if at is None:
        if len(known) > MOST_OCCASIONS:
            raise ArgumentError(
                f"column '{occasions}' holds {len(known)} occasions. Choose some with at=, such "
                f"as at={known[:3]}."
            )
        at = known
    absent = [value for value in at if value not in known]
    if absent:
        raise DataError(
            f"column '{occasions}' does not hold {name_list(absent)}. It holds {name_list(known)}."
        )
    if len(at) < 2:
        raise ArgumentError(f"{counted(len(at), 'occasion')} chosen. Compare two or more.")
    return list(at)


def _wide(
    frame: pd.DataFrame, items: list[str], occasions: str, patient: str, chosen: list[object]
) -> pd.DataFrame:
    """One row a patient, one column an item on an occasion."""
    rows = frame.loc[frame[occasions].isin(chosen), [patient, occasions, *items]]
    twice = int(rows.duplicated([patient, occasions]).sum())
    if twice:
        raise DataError(
            f"{counted(twice, 'row')} repeat a {patient} and {occasions} that stand elsewhere. "
            "Keep one row each."
        )
    wide = rows.dropna(subset=[patient]).pivot(index=patient, columns=occasions, values=items)
    wide.columns = [f"{pair[0]}_{pair[1]}" for pair in wide.columns.to_flat_index()]
    return wide.reset_index(drop=True)


def _table(fits: Mapping[str, SemResult]) -> pd.DataFrame:
    """Fit of every step, and its change from the step before."""
    rows: list[dict[str, object]] = []
    before: tuple[SemResult, dict[str, float]] | None = None
    for step, fit in fits.items():
        found = _indices(fit)
        row: dict[str, object] = {"step": step, **found}
        if before is not None:
            row |= _changes(step, fit, found, *before)
        rows.append(row)
        before = (fit, found)
    return pd.DataFrame(rows)


def _indices(fit: SemResult) -> dict[str, float]:
    """Scaled test with robust indices under ``estimator="mlr"``; plain ones otherwise."""
    row = fit.glance().iloc[0]
    test = "_scaled" if "chi2_scaled" in row else ""
    index = "_robust" if test and "cfi_robust" in row else test
    found = {"chi2": row["chi2" + test], "df": row["df"], "p_value": row["p_value" + test]}
    found |= {name: row[name + index] for name in ("cfi", "tli", "rmsea")}
    return found | {name: row[name] for name in ("srmr", "aic", "bic")}


def _changes(
    step: str,
    fit: SemResult,
    found: dict[str, float],
    last: SemResult,
    before: dict[str, float],
) -> dict[str, object]:
    test = difference_test(fit, last)
    change = {name: float(found[name] - before[name]) for name in ("cfi", "rmsea", "srmr")}
    return {
        "delta_chi2": test.statistic,
        "delta_df": test.df,
        "delta_p": test.p_value,
        **{f"delta_{name}": value for name, value in change.items()},
        "cheung_rensvold": change["cfi"] >= -0.01,
        "chen": keeps_chen(step, change, small=is_small(fit)),
    }


def chen_limits(step: str, *, small: bool) -> dict[str, float]:
    """Largest changes of CFI, RMSEA and SRMR that Chen (2007) takes as invariance."""
    srmr = {"metric": (0.030, 0.025)}.get(step, (0.010, 0.005))
    if small:
        return {"cfi": -0.005, "rmsea": 0.010, "srmr": srmr[1]}
    return {"cfi": -0.010, "rmsea": 0.015, "srmr": srmr[0]}


def keeps_chen(step: str, change: Mapping[str, float], *, small: bool) -> bool:
    """Whether changes keep to Chen's rule: not both CFI and one of RMSEA and SRMR beyond limits.

    Examples
    --------
    >>> keeps_chen("metric", {"cfi": -0.02, "rmsea": 0.02, "srmr": 0.0}, small=False)
    False
    """
    limits = chen_limits(step, small=small)
    others = change["rmsea"] >= limits["rmsea"] or change["srmr"] >= limits["srmr"]
    return not (change["cfi"] <= limits["cfi"] and others)


def is_small(fit: SemResult) -> bool:
    """Whether Chen's limits for small samples hold."""
    return fit.n_obs <= SMALL


def _notes(first: SemResult) -> tuple[str, ...]:
    """What the columns mean and what the rules are."""
    small = is_small(first)
    size = f"for {'at most' if small else 'more than'} {SMALL} rows"
    limits, later = (chen_limits(step, small=small) for step in ("metric", "scalar"))
    kinds = ""
    if first.bread is not None:
        index = "robust" if "cfi_robust" in first.glance() else "scaled"
        kinds = (
            "Tests are scaled (Yuan-Bentler; differences after Satorra-Bentler), CFI, TLI "
            f"and RMSEA are {index}."
        )
    rules = (
        "Rules, not tests: a step holds if CFI falls by no more than .01 (Cheung & Rensvold, "
        f"2002). It fails if CFI falls by {-limits['cfi']:g} or more and RMSEA rises by "
        f"{limits['rmsea']:g} or SRMR by {limits['srmr']:g} (metric) or {later['srmr']:g} "
        f"(scalar, strict) or more (Chen, 2007, {size})."
    )
    return tuple(filter(None, [kinds, rules]))
