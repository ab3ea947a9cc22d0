"""From a frame to blocks: columns checked, groups and clusters numbered, missing rows counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import (
    columns_present,
    counted,
    frame_given,
    name_list,
    numeric_column,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.sem.blocks import Blocks, cluster_blocks, complete_blocks, pattern_blocks
from alliance_stats.sem.clusters import Nested, nested
from alliance_stats.sem.evidence import Evidence
from alliance_stats.sem.robust import Rows
from alliance_stats.sem.spec import ModelSpec

Missing = Literal["complete", "fiml"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a fit needs of the data.

    Attributes
    ----------
    evidence : Blocks or Nested
    rows : Rows
    n_dropped : int
        Rows left out.
    group_sizes : dict of str to int
    n_clusters : int
        0 without clusters.
    n_patterns : int
        Patterns of missing values, of all groups.
    messages : tuple of str
    """

    evidence: Evidence
    rows: Rows
    n_dropped: int
    group_sizes: dict[str, int]
    n_clusters: int
    n_patterns: int
    messages: tuple[str, ...]


def prepare(
    spec: ModelSpec,
    data: pd.DataFrame,
    *,
    groups: str | None,
    cluster: str | None,
    missing: Missing,
    whole_clusters: bool = False,
) -> Prepared:
    """Check the columns and summarise the rows; DataError for what cannot be used.

    `whole_clusters` keeps the clusters of two-level data apart, as their scores need it.
    """
    frame_given(data, name="data")
    named = [*spec.observed, *filter(None, [groups, cluster])]
    columns_present(data, named)
    values = _values(data, spec.observed)
    kept, messages = _kept_rows(spec, data, values, groups, cluster, missing)
    if not kept.all():
        values = np.asfortranarray(values[kept])
    group = _group_codes(spec, data, groups)[kept]
    _check_rows(spec, values, group)
    codes = None
    if cluster is not None:
        codes = pd.factorize(data[cluster].to_numpy()[kept])[0].astype(np.intp)
    evidence: Evidence
    if spec.levels == ("",):
        evidence, block = _one_level(spec, values, group, missing)
    else:
        evidence, block = _two_level(spec, values, group, codes, missing, whole_clusters), group
    if not spec.has_means:
        values = values - values.mean(axis=0)
    if groups is None and codes is None and data.index.has_duplicates:
        messages.append(_repeated_index(data))
    return Prepared(
        evidence,
        Rows(values, block, codes),
        int((~kept).sum()),
        {label: int((group == g).sum()) for g, label in enumerate(spec.groups)},
        0 if codes is None else int(codes.max()) + 1,
        _n_patterns(evidence) if missing == "fiml" else len(spec.groups),
        tuple(messages),
    )


def _values(data: pd.DataFrame, names: tuple[str, ...]) -> Floats:
    """The columns as numbers (n, p); looked at one by one only where one has to be named.

    A column is contiguous, because nearly all that is asked here is asked of columns.
    """
    columns = [data[name] for name in names]
    if all(column.dtype == np.float64 for column in columns):
        values = np.stack([column.to_numpy() for column in columns]).T
        if not np.isinf(values).any():
            return values
    for name in names:
        numeric_column(data, name)
    return data[list(names)].to_numpy(dtype=float, na_value=np.nan)


def _kept_rows(
    spec: ModelSpec,
    data: pd.DataFrame,
    values: Floats,
    groups: str | None,
    cluster: str | None,
    missing: Missing,
) -> tuple[NDArray[np.bool_], list[str]]:
    """Rows that are used, and a message of those that are not."""
    absent = np.isnan(values)
    lost = absent.all(axis=1) if missing == "fiml" else absent.any(axis=1)
    unusable = np.asarray(lost, dtype=np.bool_)
    causes = []
    if missing == "fiml" and unusable.any():
        causes = [f"all variables missing: {int(unusable.sum()):,}"]
    elif unusable.any():
        counts = zip(spec.observed, absent.sum(axis=0), strict=True)
        causes = [f"{name} missing: {n:,}" for name, n in counts if n]
    for name in filter(None, [groups, cluster]):
        lacking = data[name].isna().to_numpy()
        unusable |= lacking
        if lacking.any():
            causes.append(f"{name} missing: {int(lacking.sum()):,}")
    messages = []
    if unusable.any():
        advice = "" if missing == "fiml" else ' missing="fiml" would use them.'
        messages.append(
            f"{int(unusable.sum()):,} of {counted(len(data), 'row')} dropped "
            f"({name_list(causes)}).{advice}"
        )
    return ~unusable, messages


def _group_codes(spec: ModelSpec, data: pd.DataFrame, groups: str | None) -> NDArray[np.intp]:
    if groups is None:
        return np.zeros(len(data), dtype=np.intp)
    numbers = {label: g for g, label in enumerate(spec.groups)}
    labels = data[groups].map(str)
    unknown = ~labels.isin(spec.groups) & data[groups].notna()
    if unknown.any():
        raise DataError(
            f"column '{groups}' has {counted(int(labels[unknown].nunique()), 'value')} that the "
            f"model does not name as groups. Groups of the model: {name_list(spec.groups)}."
        )
    return labels.map(numbers).fillna(0).to_numpy().astype(np.intp)


def group_labels(data: pd.DataFrame, groups: str) -> tuple[str, ...]:
    """Labels of a column as text, in sorted order.

    Raises
    ------
    DataError
        If there is one group only.
    """
    columns_present(data, [groups])
    values = data[groups].dropna().unique()
    try:
        values = np.sort(values)
    except TypeError:
        values = np.array(sorted(values, key=str))
    labels = tuple(dict.fromkeys(map(str, values)))
    if len(labels) < 2:
        raise DataError(
            f"column '{groups}' holds {counted(len(labels), 'group')}. Groups need two or more."
        )
    return labels


def _check_rows(spec: ModelSpec, values: Floats, group: NDArray[np.intp]) -> None:
    """Raise DataError for groups that are too small and variables that do not vary."""
    p = len(spec.observed)
    for g, label in enumerate(spec.groups):
        own = values if len(spec.groups) == 1 else values[group == g]
        of_group = f" in group '{label}'" if label else ""
        if len(own) < 3:
            raise DataError(
                f"{counted(len(own), 'usable row')}{of_group} for {counted(p, 'variable')}. "
                "More rows are needed than variables."
            )
        absent = np.isnan(own)
        never = [spec.observed[k] for k in np.flatnonzero(absent.all(axis=0))]
        if never:
            raise DataError(f"all values{of_group} are missing: {name_list(never)}. Drop them.")
        high, low = (np.nanmax, np.nanmin) if absent.any() else (np.max, np.min)
        spread = high(own, axis=0) - low(own, axis=0)
        flat = [n for n, s in zip(spec.observed, spread, strict=True) if not s > 0]
        if flat:
            raise DataError(
                f"without variance{of_group}: {name_list(flat)}. "
                "Leave out variables that are constant."
            )


def _n_patterns(evidence: Evidence) -> int:
    return evidence.n_patterns if isinstance(evidence, Nested) else len(evidence.n)


def _two_level(
    spec: ModelSpec,
    values: Floats,
    group: NDArray[np.intp],
    cluster: NDArray[np.intp] | None,
    missing: Missing,
    whole_clusters: bool,
) -> Evidence:
    if cluster is None:
        raise ArgumentError("a two-level model needs cluster=. Name the column of clusters.")
    _check_clusters(spec, values, cluster, group)
    if missing == "fiml":
        _check_pairs(spec, values, group)
    if missing == "fiml" or whole_clusters:
        return nested(values, cluster, group, len(spec.groups))
    return cluster_blocks(values, cluster, group, len(spec.groups))


def _one_level(
    spec: ModelSpec, values: Floats, group: NDArray[np.intp], missing: Missing
) -> tuple[Blocks, NDArray[np.intp]]:
    n_groups = len(spec.groups)
    if missing == "fiml":
        _check_pairs(spec, values, group)
        return pattern_blocks(values, group, n_groups)
    blocks = complete_blocks(values, group, n_groups)
    _check_full_rank(spec, blocks)
    return (blocks if spec.has_means else _without_means(blocks)), group


def _check_clusters(
    spec: ModelSpec, values: Floats, cluster: NDArray[np.intp], group: NDArray[np.intp]
) -> None:
    """Raise DataError unless every variable varies within clusters, and clusters lie in groups."""
    sizes = np.bincount(cluster)
    if sizes.max() < 2:
        raise DataError(
            "no cluster has two usable rows, so a two-level model has nothing within clusters. "
            "Fit a one-level model."
        )
    _, first = np.unique(cluster, return_index=True)
    if (group != group[first][cluster]).any():
        n = len(np.unique(cluster[group != group[first][cluster]]))
        raise DataError(
            f"{counted(n, 'cluster')} have rows in several groups. In a two-level model each "
            "cluster belongs to one group."
        )
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    total, count = (
        np.stack([np.bincount(cluster, column) for column in columns.T], axis=1)
        for columns in (filled, there)
    )
    away = np.where(there, filled - (total / np.maximum(count, 1.0))[cluster], 0.0)
    spread = np.nanmax(values, axis=0) - np.nanmin(values, axis=0)
    flat = np.ptp(away, axis=0) <= 1e-10 * spread
    if flat.any():
        names = [n for n, is_flat in zip(spec.observed, flat, strict=True) if is_flat]
        raise DataError(
            f"without variance within clusters: {name_list(names)}. "
            "Variables of the clusters themselves cannot be in the model."
        )


def _check_pairs(spec: ModelSpec, values: Floats, group: NDArray[np.intp]) -> None:
    """Raise DataError for two variables that no row has both of: nothing tells how they covary."""
    for g, label in enumerate(spec.groups):
        there = (~np.isnan(values[group == g])).astype(float)
        pairs = np.argwhere(np.triu(there.T @ there == 0, 1))
        if len(pairs):
            i, j = pairs[0]
            of_group = f" in group '{label}'" if label else ""
            raise DataError(
                f"no row{of_group} has both '{spec.observed[i]}' and '{spec.observed[j]}' "
                f"({counted(len(pairs), 'such pair')}). Leave out one variable of each pair."
            )


def _without_means(blocks: Blocks) -> Blocks:
    """The same blocks with means of zero: they say nothing about a model without means."""
    zero = np.zeros_like(blocks.mean)
    return Blocks(
        blocks.n, zero, blocks.scatter, blocks.share, blocks.mean_share * 0.0,
        blocks.observed, blocks.log_constant, blocks.n_rows,
    )  # fmt: skip


def _check_full_rank(spec: ModelSpec, blocks: Blocks) -> None:
    for g, label in enumerate(spec.groups):
        sds = np.sqrt(blocks.scatter[g].diagonal())
        values = np.linalg.eigvalsh(blocks.scatter[g] / np.outer(sds, sds))
        if values[0] < 1e-10:
            of_group = f" in group '{label}'" if label else ""
            raise DataError(
                f"the covariance matrix of {counted(len(spec.observed), 'variable')}{of_group} is "
                "singular: a variable is a combination of the others, or there are too few rows. "
                "Leave out variables such as sum scores, or use fewer."
            )


def _repeated_index(data: pd.DataFrame) -> str:
    n = int(data.index.nunique())
    return (
        f"The {counted(len(data), 'row')} have {n:,} different index labels, so some unit seems to "
        "stand on several rows. A one-level model takes rows as independent: its standard errors "
        "and test are too small for clustered rows. Give cluster= with estimator='mlr', or fit a "
        "two-level model."
    )
