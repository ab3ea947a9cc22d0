"""SelectionResult: effects under a model of which p values are published."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.r_code import selection_code
from alliance_stats.meta.bias.selection.profile import profile_interval
from alliance_stats.meta.bias.selection.search import Point, Search
from alliance_stats.meta.bias.selection.weights import Alternative, interval_of, p_values
from alliance_stats.meta.bias.selection.words import (
    about_direction,
    about_search,
    few_in_intervals,
    interval_names,
    selection_notes,
)
from alliance_stats.meta.bias.source import Source
from alliance_stats.meta.bias.views import (
    bias_view,
    call_words,
    headline,
    shown_value,
    tested,
    tidy_frame,
)
from alliance_stats.meta.shown import result_html, result_text

Kind = Literal["steps", "beta"]
Interval = Literal["wald", "profile"]
INTERVALS: tuple[Interval, ...] = ("wald", "profile")
#: p values at which the curve of weights is drawn.
_GRID = np.concatenate(
    [np.geomspace(1e-4, 0.01, 40, endpoint=False), np.linspace(0.01, 0.999, 161)]
)


@dataclass(frozen=True, eq=False, repr=False)
class SelectionResult:
    """Effects, heterogeneity and weights of publication. Made by `selection_model`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    kind : str
    steps : tuple of float
        Ends of the intervals of p but the last, which is 1; empty for the beta curve.
    alternative, method : str
    fixed : bool
        Whether weights were given.
    search : Search
        The likelihood, of effects with the sign changed where `alternative` is ``less``.
    unadjusted, best : Point
        The maximum without and with selection.
    """

    source: Source
    kind: Kind
    steps: tuple[float, ...]
    alternative: Alternative
    method: str
    fixed: bool
    search: Search
    unadjusted: Point
    best: Point

    @property
    def beta(self) -> np.ndarray:
        """Coefficients, (p,)."""
        return self.best.beta

    @property
    def tau2(self) -> float:
        """Variance of true effects between all studies, published or not."""
        return self.best.tau2

    @property
    def weights(self) -> np.ndarray:
        """Weights of the intervals after the first, (m,), or a and b of the beta curve."""
        return self.best.eta + 1.0 if self.kind == "beta" else np.exp(self.best.eta)

    @property
    def loglik(self) -> float:
        """Log-likelihood."""
        return self.best.loglik

    @property
    def converged(self) -> bool:
        """Whether the search ended at a maximum."""
        return self.best.converged

    @property
    def p_values(self) -> np.ndarray:
        """Of every effect, in the direction stated, (k,)."""
        studies = self.source.studies
        return p_values(studies.yi / np.sqrt(studies.vi), self.alternative)

    @property
    def counts(self) -> tuple[int, ...]:
        """Effects in every interval of p; empty for the beta curve."""
        if self.kind == "beta":
            return ()
        intervals = interval_of(self.p_values, np.array(self.steps))
        return tuple(np.bincount(intervals, minlength=len(self.steps) + 1).tolist())

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of coefficients, τ² and weights, (p + 1 + m,) square; NaN where nothing is estimated.

        The inverse of the observed information. τ² at 0 counts as known.
        """
        best, p = self.best, self.search.p
        hessian = -self.search.likelihood.expand(best.beta, best.tau2, best.eta).hessian
        free = ~self.search.held()
        free[p] &= best.tau2 > 0
        free[p + 1 :] &= not self.fixed
        found = np.full_like(hessian, np.nan)
        within = np.ix_(free, free)
        if np.linalg.eigvalsh(hessian[within])[0] > 0:
            scale = np.ones(len(hessian))
            scale[p + 1 :] = 1.0 if self.kind == "beta" else self.weights
            found[within] = np.linalg.inv(hessian[within]) * np.outer(scale, scale)[within]
        return found

    @property
    def se(self) -> np.ndarray:
        """Standard errors of coefficients, τ² and weights, (p + 1 + m,)."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def lr_test(self) -> tuple[float, int, float]:
        """χ², its degrees of freedom and p of no selection; NaN where weights were given."""
        if self.fixed:
            return float("nan"), 0, float("nan")
        statistic = max(0.0, 2.0 * (self.best.loglik - self.unadjusted.loglik))
        df = len(self.best.eta)
        return statistic, df, float(chdtrc(df, statistic))

    @property
    def weight_names(self) -> tuple[str, ...]:
        """``p in (0.025, 1]`` …, or ``a`` and ``b``."""
        return interval_names(self.steps)[1:] if self.kind == "steps" else ("a", "b")

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows; intervals with few effects; direction; convergence."""
        studies, estimated = self.source.studies, self.kind == "steps" and not self.fixed
        return (
            *studies.messages(),
            *(few_in_intervals(self.steps, self.counts, studies.k) if estimated else ()),
            *about_direction(self.alternative, self.unadjusted.beta),
            *about_search(
                converged=self.converged,
                informed=bool(np.isfinite(self.se[0])),
                tau2=self.tau2,
                equal_effects=self.search.equal_effects,
            ),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return selection_notes(self.alternative, self.method, self.lr_test, kind=self.kind)

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Coefficients (``adjusted``), then weights (``weight``; tests of 1) with Wald intervals.

        Parameters
        ----------
        conf_level : float

        Returns
        -------
        DataFrame
            ``effect`` and the columns of every tidy table. Tests and intervals of weights are
            those of their logarithms, for weights near 0 have skewed estimates; `confint` has
            profile intervals, which are better with few effects.
        """
        probability(conf_level, name="conf_level")
        names, p, inf = self.source.studies.moderators.names, self.search.p, float("inf")
        rows = [
            tested("adjusted", name, float(self.beta[j]), float(self.se[j]), inf, conf_level)
            for j, name in enumerate(names)
        ]
        for j, name in enumerate(() if self.fixed else self.weight_names):
            weight, se = float(self.weights[j]), float(self.se[p + 1 + j])
            row = tested("weight", name, np.log(weight), se / weight, inf, conf_level)
            ends = {end: float(np.exp(row[end])) for end in ("ci_low", "ci_high")}
            rows.append({**row, "estimate": weight, "se": se, **ends})
        return tidy_frame(rows)

    def confint(self, *, conf_level: float = 0.95, interval: Interval = "profile") -> pd.DataFrame:
        """Intervals of coefficients, τ² and weights.

        Parameters
        ----------
        conf_level : float
        interval : {"profile", "wald"}
            From the likelihood with all other parameters at their best, or from standard errors.

        Returns
        -------
        DataFrame
            Columns ``effect term estimate ci_low ci_high``.
        """
        probability(conf_level, name="conf_level")
        one_of(interval, INTERVALS, name="interval")
        if interval == "wald":
            table = self.tidy(conf_level=conf_level)
            return table[["effect", "term", "estimate", "ci_low", "ci_high"]]
        return self._profiles(conf_level)

    def _profiles(self, conf_level: float) -> pd.DataFrame:
        p, names = self.search.p, self.source.studies.moderators.names
        rows = [("adjusted", name, float(b)) for name, b in zip(names, self.beta, strict=True)]
        rows.append(("heterogeneity", "tau2", self.tau2))
        rows += [
            ("weight", name, float(w))
            for name, w in zip(self.weight_names, self.weights, strict=True)
        ]
        held = self.search.held()
        held[p + 1 :] |= self.fixed
        ends = [
            (np.nan, np.nan)
            if held[j]
            else profile_interval(self.search, self.best, j, conf_level, self._width(j))
            for j in range(len(rows))
        ]
        table = pd.DataFrame(rows, columns=["effect", "term", "estimate"])
        table[["ci_low", "ci_high"]] = ends
        return table[~held].reset_index(drop=True)

    def _width(self, j: int) -> float:
        """A first guess of the half width of an interval, on the scale searched on."""
        p, se = self.search.p, float(self.se[j])
        if j > p:
            se /= float(self.weights[j - p - 1])
        typical = float(np.median(self.source.studies.vi))
        fallback = np.sqrt(typical) if j < p else typical if j == p else 1.0
        return 1.5 * se if np.isfinite(se) and se > 0 else float(fallback)

    def weight_at(self, p: np.ndarray | float) -> np.ndarray:
        """The weight at p values, relative to the first interval; of a beta curve to p = .5."""
        p = np.asarray(p, dtype=float)
        if self.kind == "steps":
            return np.r_[1.0, self.weights][interval_of(p, np.array(self.steps))]
        a, b = self.weights - 1.0
        return np.asarray(np.exp(a * np.log(2.0 * p) + b * np.log(2.0 * (1.0 - p))))

    def glance(self) -> pd.DataFrame:
        """One row: sizes, log-likelihood, the test of no selection, τ² and its standard error."""
        studies, p = self.source.studies, self.search.p
        statistic, df, p_value = self.lr_test
        mean_only = studies.moderators.names == ("(Intercept)",)
        means = (
            shown_value(self.source, float(at.beta[0])) if mean_only else float("nan")
            for at in (self.unadjusted, self.best)
        )
        return pd.DataFrame(
            [
                {
                    "k": studies.k,
                    "n_dropped": studies.n_dropped,
                    "method": self.method,
                    "loglik": self.loglik,
                    "lr": statistic,
                    "lr_df": df,
                    "lr_p": p_value,
                    "tau2": self.tau2,
                    "se_tau2": float(self.se[p]),
                    **dict(zip(("unadjusted_shown", "adjusted_shown"), means, strict=True)),
                    "converged": self.converged,
                }
            ]
        )

    def without_and_with(self) -> pd.DataFrame:
        """Every coefficient and τ² without and with selection: ``term unadjusted adjusted``."""
        names = [*self.source.studies.moderators.names, "tau2"]
        return pd.DataFrame(
            {
                "term": names,
                "unadjusted": [*self.unadjusted.beta, self.unadjusted.tau2],
                "adjusted": [*self.beta, self.tau2],
            }
        )

    def intervals(self) -> pd.DataFrame:
        """Effects and weight of every interval of p: ``term n weight``; steps only."""
        weights = np.r_[1.0, self.weights] if self.kind == "steps" else []
        names = interval_names(self.steps) if self.kind == "steps" else ()
        return pd.DataFrame({"term": names, "n": self.counts, "weight": weights})

    def curve(self) -> pd.DataFrame:
        """The curve of weights and the effects on it: ``row p weight study``."""
        studies, seen = self.source.studies, self.p_values
        curve = pd.DataFrame({"row": "curve", "p": _GRID, "weight": self.weight_at(_GRID)})
        effects = pd.DataFrame(
            {"row": "study", "p": seen, "weight": self.weight_at(seen), "study": studies.study}
        )
        curve["study"] = ""
        return pd.concat([curve, effects], ignore_index=True)

    def to_r(self) -> str:
        """R code that fits the same model with metafor, its data typed out."""
        return selection_code(
            self.source,
            steps=self.steps,
            alternative=self.alternative,
            method=self.method,
            weights=(1.0, *self.weights.tolist()) if self.fixed else None,
        )

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        steps = self.kind == "steps"
        tables = {"Without and with selection": self.without_and_with()}
        if steps:
            tables["Intervals of p"] = self.intervals()
        return bias_view(
            "meta_selection",
            self._title,
            self.source,
            terms=self.tidy(conf_level=conf_level),
            fit=self.glance(),
            plot=self.curve(),
            notes=self.notes,
            messages=self.messages,
            refit=call_words(
                "selection_model",
                self.source,
                {
                    "kind": self.kind,
                    "steps": self.steps if steps else None,
                    "alternative": self.alternative,
                    "weights": (1.0, *self.weights.tolist()) if self.fixed else None,
                    "method": self.method,
                },
            ),
            labels={"kind": self.kind, "alternative": self.alternative},
            tables=tables,
            conf_level=conf_level,
        )

    @property
    def _title(self) -> str:
        return f"Selection model of {self.source.scale.words}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        tables = [self.tidy(), self.without_and_with()]
        return headline(self._title, self.source), tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
