"""BootstrapResult: the parameters of many refits, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of, probability
from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import TIDY_COLUMNS, ResultView

Interval = Literal["percentile", "basic"]

WORDS = {
    "parametric": "Parametric bootstrap",
    "cluster": "Cluster bootstrap",
}


@dataclass(frozen=True, eq=False, repr=False)
class BootstrapResult:
    """Parameters of a model fitted again to resampled data.

    Made by `MixedModelResult.bootstrap`.

    Attributes
    ----------
    formula : str
    kind : {"parametric", "cluster"}
    unit : str or None
        What was resampled by the cluster bootstrap.
    estimates : Series
        The parameters of the fit itself.
    draws : DataFrame
        One row a resampled data set, one column a parameter: fixed effects by name,
        ``sd_x|patient``, ``cor_x.(Intercept)|patient``, ``sigma``, and what `statistic` gave. A
        failed refit is a row of NaN; so is the correlation of an effect that did not vary.
    n_failed : int
        Refits without an end: NaN in `draws`.
    n_singular : int
        Refits with a variance of zero or a correlation of ±1; they count like any other.
    levels : DataFrame
        Rows and groups of the fit.
    messages : tuple of str
    """

    formula: str
    kind: str
    unit: str | None
    estimates: pd.Series
    draws: pd.DataFrame
    n_failed: int
    n_singular: int
    levels: pd.DataFrame
    messages: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of resampled data sets."""
        return len(self.draws)

    @property
    def bias(self) -> pd.Series:
        """Mean of the draws less the estimate: the bootstrap's estimate of the bias."""
        return (self.draws.mean() - self.estimates).rename("bias")

    def confint(self, *, conf_level: float = 0.95, kind: Interval = "percentile") -> pd.DataFrame:
        """Bootstrap intervals of every parameter.

        Parameters
        ----------
        conf_level : float
        kind : {"percentile", "basic"}
            Quantiles of the draws, or these turned about the estimate: 2·estimate − quantile.
            Percentile intervals stay within the range of a parameter; basic ones of a standard
            deviation can fall below zero.

        Returns
        -------
        DataFrame
            Columns ``term estimate ci_low ci_high``.

        Examples
        --------
        >>> import alliance_stats as al
        >>> sessions = al.load_example("sessions").frame
        >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
        >>> fit.bootstrap(50, rng=1).confint(conf_level=0.9)["term"].tolist()
        ['(Intercept)', 'session', 'sd_(Intercept)|patient', 'sigma']
        """
        probability(conf_level, name="conf_level")
        one_of(kind, ("percentile", "basic"), name="kind")
        values, estimate = self.draws.to_numpy(), self.estimates.to_numpy()
        tail = (1.0 - conf_level) / 2.0
        low, high = np.array([_quantiles(v, [tail, 1.0 - tail]) for v in values.T]).T
        if kind == "basic":
            low, high = 2.0 * estimate - high, 2.0 * estimate - low
        return pd.DataFrame(
            {
                "term": list(self.estimates.index),
                "estimate": estimate,
                "ci_low": low,
                "ci_high": high,
            }
        )

    def tidy(self, *, conf_level: float = 0.95, kind: Interval = "percentile") -> pd.DataFrame:
        """One row a parameter: estimate, standard deviation of the draws, interval.

        Parameters
        ----------
        conf_level, kind
            As in `confint`.

        Returns
        -------
        DataFrame
            Columns ``term estimate se statistic df p_value ci_low ci_high``; a bootstrap interval
            comes with no test, so the three in the middle are NaN.
        """
        table = self.confint(conf_level=conf_level, kind=kind)
        found = [v[~np.isnan(v)] for v in self.draws.to_numpy().T]
        table["se"] = [v.std(ddof=1) if len(v) > 1 else np.nan for v in found]
        for name in ("statistic", "df", "p_value"):
            table[name] = np.nan
        return table[list(TIDY_COLUMNS)]

    def glance(self) -> pd.DataFrame:
        """One row: kind, unit, number of draws, failed and singular refits."""
        row = {"kind": self.kind, "unit": self.unit or "", "n_draws": self.n}
        row |= {"n_failed": self.n_failed, "n_singular": self.n_singular}
        return pd.DataFrame([row])

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="bootstrap",
            title=self._title,
            terms=self.tidy(),
            fit=self.glance(),
            plot=self.draws,
            levels=self.levels,
            notes=("Percentile intervals.",),
            messages=self.messages,
            labels={"formula": self.formula},
        )

    @property
    def _title(self) -> str:
        of = f" of {self.unit}s" if self.unit else ""
        return f"{WORDS[self.kind]}{of}, {counted(self.n, 'draw')}: {self.formula}"

    @property
    def _counts(self) -> str:
        return f"{self.n_failed:,} failed, {self.n_singular:,} singular refits"

    def _shown(self) -> pd.DataFrame:
        return self.tidy()[["term", "estimate", "se", "ci_low", "ci_high"]]

    def __repr__(self) -> str:
        return "\n\n".join([self._title, frame_text(self._shown()), self._counts, *self.messages])

    def _repr_html_(self) -> str:
        words = "".join(f"<p>{escape_html(m)}</p>" for m in (self._counts, *self.messages))
        return f"<p>{escape_html(self._title)}</p>{frame_html(self._shown())}{words}"


def _quantiles(values: np.ndarray, at: list[float]) -> list[float]:
    """Quantiles of the values that are there."""
    found = values[~np.isnan(values)]
    return list(np.quantile(found, at)) if len(found) else [np.nan, np.nan]
