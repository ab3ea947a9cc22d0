"""The measures of effect size that can be computed, and from what."""

from __future__ import annotations

from alliance_stats.meta.effects import changes, correlations, differences, odds, partial
from alliance_stats.meta.effects.forms import Form, Measure

_ALL_R = (*correlations.PLAIN, *correlations.TRANSLATED)


def _correlation(forms: tuple[Form, ...]) -> Measure:
    """A measure whose first form is a correlation; without a result it can be taken as 0."""
    return Measure(forms, null=forms[0], effect="ri")


#: By name; the words of each are in `meta.scales.SCALES`.
MEASURES = {
    "ZCOR": _correlation(correlations.forms(correlations.fisher_z, _ALL_R)),
    "COR": _correlation(correlations.forms(correlations.raw, _ALL_R)),
    "UCOR": _correlation(correlations.forms(correlations.unbiased, correlations.PLAIN)),
    "ZPCOR": _correlation(partial.PARTIAL_Z),
    "PCOR": _correlation(partial.PARTIAL),
    "SPCOR": Measure(partial.SEMI_PARTIAL),
    "SMD": Measure(differences.STANDARDISED, null=differences.GIVEN_G, effect="gi"),
    "SMCC": Measure(changes.BY_SD_OF_CHANGE),
    "SMCR": Measure(changes.BY_INITIAL_SD),
    "SMDC": Measure(changes.TWO_GROUPS),
    "MD": Measure(differences.RAW),
    "OR": Measure(odds.ODDS),
}
#: Every field word that some measure uses.
INPUTS = tuple(dict.fromkeys(word for each in MEASURES.values() for word in each.inputs))
