"""Reproduction: a published result, what its numbers imply, and what cannot be found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import atanh, inf, nan

import pandas as pd
from scipy.special import ndtr

from alliance_stats._base.printed import Printed
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.meta.literature.checks import DIFFERS
from alliance_stats.meta.literature.implied import (
    CONF_LEVEL,
    Heterogeneity,
    Interval,
    d_of_r,
    r_of_d,
)
from alliance_stats.meta.literature.table import PublishedRow
from alliance_stats.meta.literature.words import reproduction_messages

_NOTE = (
    "Heterogeneity from k·SE² − 1/(n − 3), which supposes k independent correlations of equal "
    "weight, one a study of n patients, and an interval of ± 1.96 SE on Fisher's z."
)
_HEADINGS = {"estimate": "Estimate", "statistic": "z"}
_ROUNDED = "Ranges (low, high) hold all values that round to the printed digits."


@dataclass(frozen=True, eq=False, repr=False)
class Reproduction:
    """What a published meta-analysis implies beyond what it prints.

    Made by `reproduce`.

    Attributes
    ----------
    row : PublishedRow
        The numbers as printed.
    interval : Interval or None
        The printed 95% interval of a correlation.
    supposed : tuple of Heterogeneity
        What the interval implies at each supposed study size.
    checks : DataFrame
        Columns ``check printed recomputed low high verdict``: a printed number, the same from the
        other numbers with the range that rounding leaves, and ``agrees`` or ``differs``.
    n_given : bool
        Whether the study sizes were given in the call.
    """

    row: PublishedRow
    interval: Interval | None
    supposed: tuple[Heterogeneity, ...]
    checks: pd.DataFrame
    n_given: bool

    def tidy(self) -> pd.DataFrame:
        """The estimate on several scales, with its printed 95% interval.

        Returns
        -------
        DataFrame
            Rows ``Fisher's z`` (with the standard error that the interval implies, and the test),
            ``r`` (with the one it would imply on r), ``d`` and ``r squared``; of a printed d, rows
            ``d`` and ``r``; of a range without estimate, its two ends. Empty if nothing is known.
        """
        return pd.DataFrame(list(self._rows()), columns=list(TIDY_COLUMNS))

    def _rows(self) -> Iterator[tuple[str, float, float, float, float, float, float, float]]:
        row = self.row
        for word, end in (("lowest r", row.range_low), ("highest r", row.range_high)):
            if end is not None:
                yield _plain(word, end.value)
        if row.estimate is None:
            return
        if row.measure == "d":
            yield _plain("d", row.estimate.value)
            yield _plain("r", r_of_d(row.estimate.value))
            return
        ends = (self.interval.low, self.interval.high) if self.interval else (None, None)
        yield self._z_row(row.estimate, ends)
        r, low, high = _values(row.estimate, ends)
        yield ("r", r, self._se("r"), nan, nan, nan, low, high)
        yield ("d", d_of_r(r), nan, nan, nan, nan, d_of_r(low), d_of_r(high))
        squares = (low**2, high**2) if low > 0 else (nan, nan)
        yield ("r squared", r**2, nan, nan, nan, nan, *squares)

    def _z_row(
        self, estimate: Printed, ends: tuple[Printed | None, Printed | None]
    ) -> tuple[str, float, float, float, float, float, float, float]:
        z, low, high = (atanh(value) for value in _values(estimate, ends))
        se = self._se("z")
        df = nan if self.interval is None else inf
        return ("Fisher's z", z, se, z / se, df, float(2 * ndtr(-abs(z / se))), low, high)

    def _se(self, scale: str) -> float:
        return nan if self.interval is None else self.interval.standard_error(scale).value

    @cached_property
    def heterogeneity(self) -> pd.DataFrame:
        """Implied heterogeneity, one row a supposed study size.

        Columns ``n_per_study``, ``variance`` (1/(n − 3)), ``tau2 tau2_low tau2_high``,
        ``i2`` (percent), ``pi_low pi_high`` (95% prediction interval of r), ``negative_true`` and
        ``negative_observed`` (shares of effects below zero under normality, without and with
        sampling error). Empty where nothing can be implied.
        """
        names = [
            "n_per_study", "variance", "tau2", "tau2_low", "tau2_high", "i2", "pi_low", "pi_high",
            "negative_true", "negative_observed",
        ]  # fmt: skip
        return pd.DataFrame([self._implied(each) for each in self.supposed], columns=names)

    def _implied(self, each: Heterogeneity) -> tuple[float, ...]:
        tau2 = each.tau2
        r = nan if self.row.estimate is None else self.row.estimate.value
        return (
            each.n, each.variance, tau2.value, tau2.low, tau2.high, each.i2.value,
            *each.prediction(r, self._se("z")),
            each.negative(r, observed=False).value, each.negative(r, observed=True).value,
        )  # fmt: skip

    @cached_property
    def standard_errors(self) -> pd.DataFrame:
        """Standard errors that the interval implies: columns ``scale se se_low se_high``."""
        rows = []
        if self.interval is not None:
            for scale, word in (("z", "Fisher's z"), ("r", "r")):
                found = self.interval.standard_error(scale)
                rows.append((word, found.value, found.low, found.high))
        return pd.DataFrame(rows, columns=["scale", "se", "se_low", "se_high"])

    def glance(self) -> pd.DataFrame:
        """One row: ``key k n n_kind measure estimate se_z tau2_low tau2_high n_differ``."""
        row, tau2 = self.row, self.heterogeneity["tau2"]
        return pd.DataFrame(
            {
                "key": [row.key],
                "k": pd.array([row.k], dtype="Int64"),
                "n": pd.array([row.n], dtype="Int64"),
                "n_kind": [row.n_kind],
                "measure": [row.measure],
                "estimate": [nan if row.estimate is None else row.estimate.value],
                "se_z": [self._se("z")],
                "tau2_low": [float(tau2.min())],
                "tau2_high": [float(tau2.max())],
                "n_differ": [int((self.checks["verdict"] == DIFFERS).sum())],
            }
        )

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """What cannot be found, what does not fit, and what N stands for, in plain words."""
        return reproduction_messages(
            self.row, self.supposed, self.checks, interval=self.interval, n_given=self.n_given
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the numbers are from, and what the implied ones suppose."""
        doi = f" https://doi.org/{self.row.doi}" if self.row.doi else ""
        supposed = (_NOTE,) if self.supposed else ()
        rounded = (_ROUNDED,) if len(self.checks) or self.supposed else ()
        own = (self.row.note,) if self.row.note else ()
        return (f"Printed in {self.row.source}.{doi}", *own, *supposed, *rounded)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="meta_reproduce",
            title=self._title,
            terms=self.tidy(),
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame(columns=["unit", "n"]),
            notes=self.notes,
            messages=self.messages,
            refit=f"al.meta.reproduce({self.row.key!r}{self._sizes()})",
            labels={
                **_HEADINGS,
                "source": self.row.source,
                "construct": self.row.construct,
                "outcome": self.row.outcome,
                "model": self.row.model,
                "measure": self.row.measure,
                "n_kind": self.row.n_kind,
            },
            tables={
                "Implied standard errors": self.standard_errors,
                "Implied heterogeneity": self.heterogeneity,
                "Checks": self.checks,
            },
            conf_level=CONF_LEVEL,
        )

    def _sizes(self) -> str:
        sizes = ", ".join(f"{each.n:.10g}" for each in self.supposed)
        return f", n=[{sizes}]" if self.n_given else ""

    @property
    def _title(self) -> str:
        return f"{self.row.key}: {self.row.construct} and {self.row.outcome}, as published"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        k = "" if self.row.k is None else f" ({self.row.k} samples)"
        tables = [self.tidy(), self.heterogeneity, self.checks]
        kept = [table for table in tables if len(table)]
        return f"{self._title}{k}", kept, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        heading, tables, sentences = self._shown()
        shown = [frame_text(table, headings=_HEADINGS) for table in tables]
        return "\n\n".join([heading, *shown, "\n".join(wrapped(sentences))])

    def _repr_html_(self) -> str:
        heading, tables, sentences = self._shown()
        shown = "".join(frame_html(table, headings=_HEADINGS) for table in tables)
        said = "".join(f"<p>{escape_html(sentence)}</p>" for sentence in sentences)
        return f"<p>{escape_html(heading)}</p>{shown}{said}"


def _plain(term: str, value: float) -> tuple[str, float, float, float, float, float, float, float]:
    """A row of a number without an interval."""
    return (term, value, nan, nan, nan, nan, nan, nan)


def _values(
    estimate: Printed, ends: tuple[Printed | None, Printed | None]
) -> tuple[float, float, float]:
    low, high = (nan if end is None else end.value for end in ends)
    return estimate.value, low, high
