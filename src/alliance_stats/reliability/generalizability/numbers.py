"""How many conditions of each facet the objects were measured with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from alliance_stats.reliability.generalizability.design import Design
from alliance_stats.reliability.generalizability.read import combined


def conditions(design: Design, codes: Mapping[str, np.ndarray]) -> tuple[dict[str, float], bool]:
    """Conditions of each facet per object and parent, harmonic means; and whether all are equal.

    The conditions of a facet are counted for every object, and within all that the facet is nested
    in.
    """
    found: dict[str, float] = {}
    equal = True
    for facet in design.facets:
        outer = [f for f in design.factors if f in design.objects | design.parents[facet]]
        outer = [f for f in outer if facet not in design.parents[f]]
        cells = combined(codes, [*outer, facet])
        first = np.unique(cells, return_index=True)[1]
        counts = np.bincount(combined(codes, outer)[first])
        equal = equal and bool((counts == counts[0]).all())
        found[facet] = float(len(counts) / (1.0 / counts).sum())
    return found, equal
