"""Which rows are independent under a model: the clusters of robust errors."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.multilevel.layout import Layout
from alliance_stats.meta.multilevel.partitions import is_within
from alliance_stats.meta.multilevel.terms import codes_of
from alliance_stats.meta.studies import Studies


def cluster_codes(studies: Studies, layout: Layout, cluster: str) -> np.ndarray:
    """Clusters (k,) of the rows analysed, in the order of `studies`.

    Raises
    ------
    ArgumentError
        If `cluster` is no column of the model, or a random effect or the sampling errors join
        rows of different clusters.
    """
    columns = str(cluster).split("/")
    if not all(name in studies.frame for name in columns):
        raise ArgumentError(
            f"cluster={cluster!r} is no unit of the model."
            f"{did_you_mean(str(cluster), studies.frame.columns)} "
            f"It knows: {name_list(studies.frame.columns)}."
        )
    codes = codes_of(studies.frame, columns)
    own = codes[layout.order]
    crossing = [term.label for term in layout.terms if not is_within(term.codes, own)]
    if layout.sampling.correlated and not is_within(layout.sampling.codes, own):
        crossing.append("sampling errors")
    if crossing:
        highest = highest_unit(studies, layout)
        advice = f"Use cluster={highest[0]!r}." if highest else "Use test='t' of tidy()."
        raise ArgumentError(
            f"cluster={cluster!r}: {name_list(crossing)} reach over several of its groups, so "
            f"these are not independent. {advice}"
        )
    return codes


def highest_unit(studies: Studies, layout: Layout) -> tuple[str, np.ndarray] | None:
    """The smallest unit whose groups are independent, with its groups; None if there is none.

    Groups come in the order of `studies`.
    """
    if layout.independent.max() == 0:
        return None
    units = {term.label.split(" | ")[-1]: term.codes for term in layout.terms}
    units.setdefault(studies.columns["study"], layout.sampling.codes)
    found = []
    for label, own in units.items():
        joins = [*(term.codes for term in layout.terms)]
        joins += [layout.sampling.codes] if layout.sampling.correlated else []
        if own.max() > 0 and all(is_within(other, own) for other in joins):
            found.append((int(own.max()), label, own))
    if not found:
        return None
    _, label, own = max(found, key=lambda unit: unit[0])
    codes = np.empty_like(own)
    codes[layout.order] = own
    return label, codes
