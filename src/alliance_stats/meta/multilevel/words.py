"""What the reader of a multilevel meta-analysis must know of it, in plain words."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats.meta.moderators import columns_of
from alliance_stats.meta.multilevel.estimate import Estimate
from alliance_stats.meta.multilevel.layout import Layout
from alliance_stats.meta.multilevel.partitions import is_within
from alliance_stats.meta.multilevel.terms import Term
from alliance_stats.meta.studies import Studies

#: Fewer groups than this say little about a variance.
FEW = 5


def messages(
    studies: Studies, layout: Layout, estimate: Estimate, study: np.ndarray, cluster: str | None
) -> tuple[str, ...]:
    """Every warning about a fit; `study` holds the study of every row, in the layout's order."""
    found = (
        _failed(estimate),
        *_zeros(layout, estimate),
        *_singular(layout, estimate),
        _no_effects_level(layout, study),
        *_not_told(layout),
        *_repeated(layout),
        *_few(layout),
        *_both_parts(studies, study[np.argsort(layout.order)]),
        _no_cluster(cluster),
    )
    return tuple(sentence for sentence in found if sentence)


def _failed(estimate: Estimate) -> str:
    if estimate.converged:
        return ""
    return (
        "The variances did not converge: do not read them. Use fewer random effects, or a "
        "simpler structure."
    )


def _parts(layout: Layout, estimate: Estimate) -> list[tuple[Term, np.ndarray]]:
    parts = layout.parameters.by_term(estimate.natural)
    return [(t, t.structure.matrix(part)) for t, part in zip(layout.terms, parts, strict=True)]


def _zeros(layout: Layout, estimate: Estimate) -> list[str]:
    zero = [t.label for t, m in _parts(layout, estimate) if t.is_intercept and m[0, 0] == 0]
    if not zero:
        return []
    return [
        f"The variance between {name_list(f'{label!r}' for label in zero)} is estimated as 0: "
        f"{agree(len(zero), 'it adds', 'they add')} nothing to what the other parts explain. This "
        "does not show that there is none; see the interval: result.confint()."
    ]


def _singular(layout: Layout, estimate: Estimate) -> list[str]:
    said = []
    for term, matrix in _parts(layout, estimate):
        values = np.linalg.eigvalsh(matrix)
        if not term.is_intercept and values[0] <= 1e-7 * max(values[-1], layout.vi.mean()):
            said.append(
                f"The covariance matrix of {term.label} is singular: a variance is 0 or a "
                "correlation is ±1 at the estimate. Its correlations say little; structure='CS' "
                "or 'DIAG' has fewer parameters."
            )
    return said


def _no_effects_level(layout: Layout, study: np.ndarray) -> str:
    several = np.bincount(study).max() > 1
    finest = any(
        is_within(term.codes, study) and term.n_groups > study.max() + 1 for term in layout.terms
    )
    inner = any(not term.is_intercept for term in layout.terms)
    if not several or finest or inner:
        return ""
    return (
        "No random effect tells the effects of one study apart: their true effects are taken as "
        "equal. Use random='study/effect' unless they measure exactly the same."
    )


def _not_told(layout: Layout) -> list[str]:
    """Units that have as many groups as another one."""
    said = []
    seen: dict[int, str] = {}
    for term in layout.terms:
        if not term.is_intercept:
            continue
        n = term.n_groups
        if n in seen and n > 1:
            said.append(
                f"'{seen[n]}' and '{term.label}' have the same {n} groups: their variances cannot "
                "be told apart, and only the sum means something. Leave one out."
            )
        seen[n] = term.label
    return said


def _repeated(layout: Layout) -> list[str]:
    """Inner factors of which a group has several rows of one level."""
    said = []
    for term in layout.terms:
        if term.is_intercept or term.structure.m == 1:
            continue
        most = int(np.bincount(term.codes * term.structure.m + term.inner).max())
        if most > 1 and not any(len(t.codes) == t.n_groups for t in layout.terms):
            said.append(
                f"'{term.label}' has up to {most} effects of one '{term.said.inner}' in a group: "
                "their true effects are taken as equal. Add 'study/effect' to random= if they "
                "may differ."
            )
    return said


def _few(layout: Layout) -> list[str]:
    few = [(t.label, t.n_groups) for t in layout.terms if t.n_groups < FEW]
    return [
        f"Only {counted(n, 'group')} of '{label}': the variance between them says little."
        for label, n in few
    ]


def _both_parts(studies: Studies, study: np.ndarray) -> list[str]:
    """Numeric moderators that vary within studies and between them."""
    sizes = np.bincount(study)
    if sizes.max() < 2:
        return []
    said = []
    for name in columns_of(studies.moderators.fixed):
        column = studies.frame[name]
        if column.dtype.kind not in "fiu":
            continue
        values = column.to_numpy(dtype=float)
        means = np.bincount(study, weights=values) / sizes
        within = values - means[study]
        size = np.abs(values).max() * 1e-10
        if np.abs(within).max() > size and np.ptp(means) > size:
            said.append(
                f"'{name}' varies within studies and between them, and its coefficient mixes "
                "both. Tell them apart with the means of the studies beside the deviations: "
                f"frame['{name}_mean'] = frame.groupby('study')['{name}'].transform('mean')."
            )
    return said


def _no_cluster(cluster: str | None) -> str:
    if cluster is not None:
        return ""
    return (
        "Crossed units join all studies, so there are no independent clusters for robust errors: "
        "t tests with k − p degrees of freedom believe the model's covariance."
    )
