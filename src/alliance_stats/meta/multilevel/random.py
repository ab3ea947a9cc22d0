"""What ``random=`` may say: nested units, crossed units, and inner effects by outer unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.checks import columns_present, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.meta.multilevel.structures import KINDS, Kind

#: The name in ``random="study/effect"`` for which rows are numbered where there is no column.
ROWS = "effect"
EXAMPLES = "random='study/effect', random=['study/effect', 'measure'] or random='outcome | study'"


@dataclass(frozen=True)
class RandomTerm:
    """Random effects of one unit.

    Attributes
    ----------
    columns : tuple of str
        The columns whose combinations are the groups: ``("study", "effect")``.
    inner : str or None
        The column that tells several effects of a group apart; None for an intercept.
    kind : str
        Structure of their covariance matrix; ``ID`` for an intercept.
    """

    columns: tuple[str, ...]
    inner: str | None = None
    kind: Kind = "ID"

    @property
    def label(self) -> str:
        """``study/effect`` or ``outcome | study``."""
        path = "/".join(self.columns)
        return path if self.inner is None else f"{self.inner} | {path}"


def read_random(
    random: str | Sequence[str], structure: str | None = None
) -> tuple[RandomTerm, ...]:
    """The random terms of a model.

    Parameters
    ----------
    random : str or list of str
        ``"lab/study/effect"``: a random intercept of every lab, of every study in a lab, of every
        effect in a study. A list adds crossed units: ``["study/effect", "measure"]``.
        ``"outcome | study"``: effects of the outcomes of a study, with a covariance matrix.
    structure : {"UN", "CS", "HCS", "DIAG", "ID"}, optional
        Of the covariance matrices of terms with ``|``; ``"UN"`` if left out.

    Examples
    --------
    >>> [term.label for term in read_random(["study/effect", "measure"])]
    ['study', 'study/effect', 'measure']
    """
    texts = [random] if isinstance(random, str) else random
    if not isinstance(texts, list | tuple) or not texts or not all(map(_is_text, texts)):
        raise ArgumentError(f"random={random!r} names no unit. Write {EXAMPLES}.")
    if structure is not None:
        one_of(structure, KINDS, name="structure")
    terms = [term for text in texts for term in _terms_of(text, structure or "UN")]
    labels = [term.label for term in terms]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise ArgumentError(f"random={random!r} holds '{twice[0]}' twice. Name every unit once.")
    if structure is not None and all(term.inner is None for term in terms):
        raise ArgumentError(
            f"structure={structure!r} says how several effects of a unit covary, but random="
            f"{random!r} has one effect a unit. Write random='outcome | study', or leave "
            "structure out."
        )
    return tuple(terms)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _terms_of(text: str, structure: str) -> list[RandomTerm]:
    inner, bar, outer = text.removeprefix("~").partition("|")
    path = [name.strip() for name in (outer if bar else inner).split("/")]
    if not all(path) or "|" in outer or (bar and not inner.strip()):
        raise ArgumentError(f"random={text!r} cannot be read. Write {EXAMPLES}.")
    if bar and inner.strip().removeprefix("~").strip() != "1":
        kind: Kind = structure  # type: ignore[assignment]
        return [RandomTerm(tuple(path), inner.strip(), kind)]
    return [RandomTerm(tuple(path[: depth + 1])) for depth in range(len(path))]


def random_columns(terms: Sequence[RandomTerm], frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns that the terms need; ``effect`` may be absent as the last of a path."""
    needed = [name for term in terms for name in (*term.columns, term.inner) if name is not None]
    numbered = ROWS not in frame.columns and not any(
        ROWS in (*term.columns[:-1], term.inner) or (term.inner and ROWS in term.columns)
        for term in terms
    )
    names = tuple(dict.fromkeys(name for name in needed if not (numbered and name == ROWS)))
    columns_present(frame, names)
    if not names:
        raise DataError(f"random names no column. Write {EXAMPLES}.")
    return names
