"""SemResult: a fitted structural equation model, with all that can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from alliance_stats._base.views import ResultView
from alliance_stats.sem.fitted import FittedSem
from alliance_stats.sem.problems import about_fit, all_messages
from alliance_stats.sem.r_code import r_code
from alliance_stats.sem.tables import glance, tidy
from alliance_stats.sem.views import html_of, text_of, view_of


@dataclass(frozen=True, eq=False, repr=False)
class SemResult(FittedSem):
    """A structural equation model fitted by maximum likelihood.

    Made by `fit_sem`. Nothing is rounded; nothing here changes after fitting.

    Attributes
    ----------
    spec : ModelSpec
        The model, as fitted.
    likelihood : Likelihood
        The criterion; it holds sufficient statistics.
    optimum : Optimum
        Where the search ended, with the log of all evaluations.
    saturated : Saturated
        Moments without restriction.
    settings : Settings
    group_sizes : mapping of str to int
    n_clusters, n_patterns, n_dropped : int
        Clusters, patterns of missing values, rows left out.
    about_data : tuple of str
        Dropped rows, in plain words.
    """

    tidy = tidy
    glance = glance

    @cached_property
    def about_fit(self) -> tuple[str, ...]:
        """What is wrong with the solution, in plain words; nothing if it is proper."""
        return tuple(about_fit(self))

    @property
    def messages(self) -> tuple[str, ...]:
        """Every warning of the fit."""
        return all_messages(self)

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code that fits the same model with lavaan and prints the same digits.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the frame of the fit, written with
            ``frame.to_csv(path, index=False)``.

        Raises
        ------
        UnsupportedError
            If a name is none that lavaan's syntax can hold, or lavaan lacks the method.
        """
        return r_code(self.spec, self.settings, data)

    def view(self) -> ResultView:
        """Return what the report room may see of this fit."""
        return view_of(self)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)
