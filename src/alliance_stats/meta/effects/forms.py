"""Forms of input: which numbers of a paper give an effect size, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

#: Numbers of the complete rows by field word: ``ri``, ``ni``, …
Columns = Mapping[str, np.ndarray]


class Effects(NamedTuple):
    """Effect sizes, their sampling variances and sample sizes (NaN where unknown), arrays (k,)."""

    yi: np.ndarray
    vi: np.ndarray
    ni: np.ndarray


@dataclass(frozen=True, slots=True)
class Form:
    """Numbers that together give an effect.

    Attributes
    ----------
    inputs : tuple of str
        Field words, all of which a row must have.
    compute : callable
        From their arrays to the effects.
    """

    inputs: tuple[str, ...]
    compute: Callable[[Columns], Effects]

    @property
    def words(self) -> str:
        """``ri ni``."""
        return " ".join(self.inputs)


@dataclass(frozen=True, slots=True)
class Measure:
    """How one measure of effect size is made.

    Attributes
    ----------
    forms : tuple of Form
        In order of preference: a row is computed from the first that it has complete.
    null : Form, optional
        The form with which an effect of zero is made where only the size of the sample is known.
    effect : str
        The input of `null` that is zero.
    """

    forms: tuple[Form, ...]
    null: Form | None = None
    effect: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every field word that the measure can use."""
        return tuple(dict.fromkeys(word for form in self.forms for word in form.inputs))

    @property
    def sizes(self) -> tuple[str, ...]:
        """What must be known of a study without a result so that its effect can be taken as 0."""
        if self.null is None:
            return ()
        return tuple(word for word in self.null.inputs if word != self.effect)
