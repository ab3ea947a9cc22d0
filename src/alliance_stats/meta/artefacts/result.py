"""AttenuationResult: correlations corrected for unreliable measurement, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import UnsupportedError
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats._base.views import ResultView
from alliance_stats.meta.artefacts.moments import Moments
from alliance_stats.meta.studies import Studies

#: Standard errors below this share of the estimate are those of equal correlations, rounded.
_NO_SPREAD = 1e-10

#: How each method corrects, in words.
_CORRECTIONS = {
    "individual": "study by study",
    "distribution": "by the distribution of the reported reliabilities",
}
_HEADINGS = {"estimate": "r", "sd_rho": "SD of true r"}
_NOTES = (
    "Corrected for unreliable measurement only; not for restriction of range.",
    "Intervals from the observed variance between studies (Hunter & Schmidt, 2004).",
)


@dataclass(frozen=True, eq=False, repr=False)
class AttenuationResult:
    """Mean and spread of correlations, observed and corrected.

    Attributes
    ----------
    studies : Studies
        The correlations analysed.
    moments : Moments
        Means, variances and their parts.
    method : str
        ``individual`` or ``distribution``.
    messages : tuple of str
        What a reader must know.
    """

    studies: Studies
    moments: Moments
    method: str
    _frame: pd.DataFrame | None
    messages: tuple[str, ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """The rows used with corrected ``yi`` and ``vi``, for `fit_meta`; individual only.

        With ``attenuation`` (the divisor of each) and the observed ``yi_observed``,
        ``vi_observed``.

        Raises
        ------
        UnsupportedError
            For a distribution, which corrects the mean and the spread but no single correlation.
        """
        if self._frame is None:
            raise UnsupportedError(
                "a distribution of reliabilities corrects the mean and the spread of correlations, "
                "no single one. Use method='individual' for corrected rows."
            )
        return self._frame.copy()

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Mean correlation, observed (``mean_r``) and corrected (``mean_rho``).

        Parameters
        ----------
        conf_level : float
            Of the intervals: mean ± z SE, SE² the variance between correlations over k.
        """
        probability(conf_level, name="conf_level")
        estimate = np.array([self.moments.mean_r, self.moments.mean_rho])
        se = np.array([self._se_observed(), self._se_corrected()])
        half = special.ndtri((1 + conf_level) / 2) * se
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(se > _NO_SPREAD * np.abs(estimate), estimate / se, np.nan)
        return pd.DataFrame(
            {
                "term": ["mean_r", "mean_rho"],
                "estimate": estimate,
                "se": se,
                "statistic": z,
                "df": np.inf,
                "p_value": 2 * special.ndtr(-np.abs(z)),
                "ci_low": estimate - half,
                "ci_high": estimate + half,
            }
        )

    def glance(self) -> pd.DataFrame:
        """One row: size of the data, parts of the variance, spread of true correlations.

        ``attenuation`` is the mean factor; ``credibility_low``, ``credibility_high`` hold the
        middle 80% of true correlations, taken as normal.
        """
        moments = self.moments
        half = special.ndtri(0.9) * moments.sd_rho
        return pd.DataFrame(
            {
                "k": [self.studies.k],
                "n": [self._persons],
                "mean_r": [moments.mean_r],
                "mean_rho": [moments.mean_rho],
                "attenuation": [float(moments.attenuation.mean())],
                "variance_total": [moments.total],
                "variance_sampling": [moments.sampling],
                "variance_artefact": [moments.artefact],
                "variance_residual": [moments.residual],
                "sd_rho": [moments.sd_rho],
                "credibility_low": [moments.mean_rho - half],
                "credibility_high": [moments.mean_rho + half],
                "n_dropped": [self.studies.n_dropped],
            }
        )

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="meta_attenuation",
            title=f"Correlations corrected for attenuation ({self.method})",
            terms=self.tidy(conf_level=conf_level),
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame({"unit": ["study"], "n": [self.studies.n_studies]}),
            notes=_NOTES,
            messages=self.messages,
            labels={"estimate": "r", "statistic": "z", "correction": _CORRECTIONS[self.method]},
            conf_level=conf_level,
        )

    def __repr__(self) -> str:
        """Headline, means, spread, messages."""
        tables = (frame_text(table, headings=_HEADINGS) for table in self._shown())
        return "\n\n".join([self._heading, *tables, "\n".join(wrapped(self._sentences))])

    def _repr_html_(self) -> str:
        means, spread = self._shown()
        said = "".join(f"<p>{escape_html(sentence)}</p>" for sentence in self._sentences)
        shown = frame_html(means, caption=self._heading, headings=_HEADINGS)
        return shown + frame_html(spread, headings=_HEADINGS) + said

    @property
    def _persons(self) -> int:
        return int(np.asarray(self.studies.ni, dtype=float).sum())

    @property
    def _heading(self) -> str:
        return (
            f"Correlations corrected for attenuation, {self.method}: {self.studies.k} effects, "
            f"N = {self._persons:,}"
        )

    @property
    def _sentences(self) -> tuple[str, ...]:
        return (*_NOTES, *self.messages)

    def _shown(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        spread = ["attenuation", "sd_rho", "credibility_low", "credibility_high"]
        return self.tidy()[["term", "estimate", "se", "ci_low", "ci_high"]], self.glance()[spread]

    def _se_observed(self) -> float:
        """Of the mean observed correlation, from the variance between them."""
        r, n = self.studies.yi, np.asarray(self.studies.ni, dtype=float)
        return float(np.sqrt(n @ (r - self.moments.mean_r) ** 2 / n.sum() / self.studies.k))

    def _se_corrected(self) -> float:
        return float(np.sqrt(self.moments.total / self.studies.k)) / self.moments.scale
