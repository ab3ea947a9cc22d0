"""What a reader must know about fits that were pooled, in plain words."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats.lmm.pooling.rubin import Pooled, missing_information, rubin_df
from alliance_stats.lmm.result import MixedModelResult

#: Differences of estimates below this share of their standard error are rounding.
SAME = 1e-8
#: A fraction of missing information above it leaves more to the imputation than to the data.
HIGH = 0.5


def pooling_messages(
    fits: tuple[MixedModelResult, ...], names: tuple[str, ...], pooled: Pooled
) -> tuple[str, ...]:
    """Every message, the gravest first."""
    return (
        *_about_failed(fits),
        *_about_twins(fits, pooled),
        *_about_rows(fits),
        *_about_left_out(fits),
        *_about_columns(fits),
        *fits[0].criterion.design.crossings,
        *_about_singular(fits),
        *_about_residuals(fits),
        *_about_information(names, pooled),
    )


def _about_failed(fits: tuple[MixedModelResult, ...]) -> list[str]:
    failed = [k for k, fit in enumerate(fits, start=1) if not fit.converged]
    if not failed:
        return []
    return [
        f"{len(failed)} of {len(fits)} fits did not converge (imputation {name_list(failed)}). Do "
        "not report the pooled result: look at their messages, and fit a simpler model to all."
    ]


def _about_singular(fits: tuple[MixedModelResult, ...]) -> list[str]:
    singular = [k for k, fit in enumerate(fits, start=1) if fit.singular]
    if not singular:
        return []
    return [
        f"{len(singular)} of {len(fits)} fits {agree(len(singular), 'is', 'are')} singular "
        f"(imputation {name_list(singular)}): a variance is estimated as zero, or a correlation "
        "as ±1. The fixed effects stand; read means of such variances and correlations with care."
    ]


def _about_residuals(fits: tuple[MixedModelResult, ...]) -> list[str]:
    """Parameters of the residuals that are at the end of their range."""
    at_end = [k for k, fit in enumerate(fits, start=1) if fit.residual and len(fit.residual.at_end)]
    if not at_end:
        return []
    return [
        f"In {len(at_end)} of {len(fits)} fits (imputation {name_list(at_end)}) a parameter of the "
        "residual structure is at the end of its range, and tests take it as known: look at their "
        "messages, or fit a simpler structure to all."
    ]


def _about_twins(fits: tuple[MixedModelResult, ...], pooled: Pooled) -> list[str]:
    """Fits that are equal although their data should differ."""
    if not len(pooled.estimate):
        return []
    size = np.sqrt(np.diag(pooled.within))
    values = np.array([fit.beta.to_numpy() / size for fit in fits])
    apart = np.abs(values[:, None] - values[None]).max(axis=2)
    earlier = np.tril(apart <= SAME, k=-1).any(axis=1)
    if not earlier.any():
        return []
    if earlier.sum() == len(fits) - 1:
        return [
            f"All {len(fits)} fits are the same, so no information counts as missing. Were the "
            "same data given each time, or is no column of the model imputed?"
        ]
    places = name_list(np.flatnonzero(earlier) + 1)
    return [
        f"{int(earlier.sum())} of {len(fits)} fits {agree(int(earlier.sum()), 'is', 'are')} the "
        f"same as an earlier one (imputation {places}): were data sets given twice? Give every "
        "imputation once."
    ]


def _about_rows(fits: tuple[MixedModelResult, ...]) -> list[str]:
    """Rows that imputed data still lost, and numbers of rows that differ."""
    said = []
    dropped = [fit.criterion.design.n_dropped for fit in fits]
    if any(dropped):
        columns: dict[str, int] = {}
        for fit in fits:
            for column, n in fit.criterion.design.missing.items():
                columns[column] = max(n, columns.get(column, 0))
        causes = ", ".join(f"{column} missing: {n:,}" for column, n in columns.items())
        affected = sum(n > 0 for n in dropped)
        said.append(
            f"Rows were dropped in {affected} of {counted(len(fits), 'data set')}, up to "
            f"{max(dropped):,} ({causes}). Imputed data should have no missing values: were these "
            "columns left out of the imputation, or the original data given?"
        )
    rows = [fit.n_obs for fit in fits]
    if min(rows) < max(rows):
        said.append(
            f"The fits have different numbers of rows ({min(rows):,} to {max(rows):,}). That is "
            "right only where imputed values decide which rows belong to the analysis."
        )
    return said


def _about_left_out(fits: tuple[MixedModelResult, ...]) -> list[str]:
    redundant = fits[0].criterion.design.redundant
    if not redundant:
        return []
    return [
        f"Fixed {agree(len(redundant), 'effect', 'effects')} left out in every data set, because "
        f"the effects before determine {agree(len(redundant), 'it', 'them')}: "
        f"{name_list(redundant)}."
    ]


def _about_columns(fits: tuple[MixedModelResult, ...]) -> list[str]:
    """Columns such as scale(x) that are computed from all rows of a data set."""
    first, *others = ([f for m in fit.criterion.design.memories for f in m.factors] for fit in fits)
    differing = {
        str(mine.factor): None
        for factors in others
        for mine, theirs in zip(first, factors, strict=True)
        if not np.allclose(mine.constants, theirs.constants, rtol=SAME, atol=0.0)
    }
    if not differing:
        return []
    return [
        f"{name_list(differing)} {agree(len(differing), 'is', 'are')} computed from each data set, "
        "so the coefficients have other units in each. Compute the column in all data sets with "
        "the same numbers (such as one mean and standard deviation), and use it as it is."
    ]


def _about_information(names: tuple[str, ...], pooled: Pooled) -> list[str]:
    """Too few imputations (White, Royston & Wood, 2011), or more missing than observed."""
    if not len(names):
        return []
    shares = missing_information(pooled.riv, rubin_df(pooled.riv, pooled.m))
    place = int(shares.argmax())
    largest, name, m = float(shares[place]), names[place], pooled.m
    said = []
    needed = int(np.ceil(100.0 * largest - 1e-9))
    if needed > m:
        said.append(
            f"{counted(m, 'imputation')} for a fraction of missing information of up to "
            f"{largest:.2f} ('{name}'): another run of the imputation would give noticeably other "
            f"numbers. A rule of thumb asks for 100 times that fraction, {needed}: "
            f"{needed - m} more."
        )
    if largest > HIGH:
        said.append(
            f"More than half of the information about '{name}' is missing ({largest:.2f}): the "
            "result rests on the imputation model as much as on the data. Describe that model."
        )
    return said
