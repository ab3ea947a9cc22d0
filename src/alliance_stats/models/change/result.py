"""ModelChange: who changed by the lines of a mixed model, and how many, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.measures.instruments.thresholds import Cutoff, case_words

WAYS = {
    "shrunken": "the model's, drawn towards the mean change",
    "own": "of the patient's own line",
}


@dataclass(frozen=True, eq=False, repr=False)
class ModelChange:
    """Change, error and category of each patient by a growth model.

    Made by `reliable_change_model`.

    Attributes
    ----------
    patients : DataFrame
        One row a patient: ``n_sessions``, ``sessions_apart`` (first to last), ``pre`` and ``post``
        (first and last score), ``start`` and ``end`` (of the line), ``change`` (in points), ``se``,
        ``index`` (change over se), ``reliable``, ``case_before`` and ``case_after`` (of the line;
        with a cut-off), ``category``.
    rates : DataFrame
        ``category n of proportion ci_low ci_high`` (Wilson): of the cases at the start where there
        is a cut-off, else of all patients.
    all_rates : DataFrame or None
        With a cut-off: the same of all patients.
    sensitivity : DataFrame
        Numbers in each category by both estimates.
    model : MixedModelResult
        The growth model.
    estimate : str
        ``"shrunken"`` or ``"own"``.
    score : str
    cutoff : Cutoff or None
    higher_is_better : bool
    conf_level : float
    n_dropped : int
        Rows without a value.
    messages : tuple of str
    """

    patients: pd.DataFrame
    rates: pd.DataFrame
    all_rates: pd.DataFrame | None
    sensitivity: pd.DataFrame
    model: MixedModelResult
    estimate: str
    score: str
    cutoff: Cutoff | None
    higher_is_better: bool
    conf_level: float
    n_dropped: int = 0
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row a category: its share with the Wilson interval, ``n`` and ``of``."""
        rows = self.rates.rename(columns={"category": "term", "proportion": "estimate"})
        return rows.reindex(columns=[*TIDY_COLUMNS, "n", "of"])

    def glance(self) -> pd.DataFrame:
        """One row: patients, the mean change and how much patients differ in it."""
        return pd.DataFrame(
            [
                {
                    "n_obs": self.model.n_obs,
                    "n_patients": len(self.patients),
                    "n_dropped": self.n_dropped,
                    "mean_slope": float(self.model.beta["time"]),
                    "sd_slope": float(np.sqrt(slope_variance(self.model))),
                    "sigma": float(self.model.sigma),
                    "converged": self.model.converged,
                    "singular": self.model.singular,
                    "conf_level": self.conf_level,
                }
            ]
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """How change and cases were told."""
        rule = self._rule
        notes = [
            f"Reliable: {rule}. Change is that of a line from the first to the last session of a "
            f"patient; the residual SD is {self.model.sigma:.2f}."
        ]
        if self.cutoff is None:
            return (*notes, "No cut-off: nobody is counted as recovered.")
        return (
            *notes,
            f"Case: {case_words(self.cutoff)}, by the ends of the line. Shares are of the cases at "
            "the start; intervals are Wilson's.",
        )

    @property
    def _rule(self) -> str:
        """When a change is reliable."""
        errors = float(ndtri(0.5 + self.conf_level / 2))
        return f"a change of more than {errors:.2f} standard errors ({WAYS[self.estimate]})"

    @property
    def _title(self) -> str:
        return f"Reliable change of {self.score} by a growth model"

    @property
    def _tables(self) -> dict[str, pd.DataFrame]:
        whole = "All patients" if self.cutoff is None else "Cases at intake"
        tables = {whole: self.rates}
        if self.all_rates is not None:
            tables["All patients"] = self.all_rates
        return {**tables, "By estimate": self.sensitivity}

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return ResultView(
            kind="reliable_change",
            title=self._title,
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame({"unit": ["patient"], "n": [len(self.patients)]}),
            notes=self.notes,
            messages=self.messages,
            labels={
                "reliable": self._rule,
                "case": "" if self.cutoff is None else case_words(self.cutoff),
                "outcome_better": "higher" if self.higher_is_better else "lower",
            },
            tables=self._tables,
            conf_level=self.conf_level,
        )

    def __repr__(self) -> str:
        tables = [
            f"{name}\n{frame_text(table, conf_level=self.conf_level)}"
            for name, table in self._tables.items()
        ]
        said = ["\n".join(wrapped(lines)) for lines in (self.notes, self.messages) if lines]
        heading = f"{self._title} ({counted(len(self.patients), 'patient')})"
        return "\n\n".join([heading, *tables, *said])

    def _repr_html_(self) -> str:
        tables = "".join(
            frame_html(table, conf_level=self.conf_level, caption=name)
            for name, table in self._tables.items()
        )
        said = "".join(f"<p>{escape_html(m)}</p>" for m in (*self.notes, *self.messages))
        return f"<p>{escape_html(self._title)}</p>{tables}{said}"


def slope_variance(fit: MixedModelResult) -> float:
    """How much the patients' slopes vary."""
    covariance = fit.covariances["patient"]
    place = list(covariance.columns).index("time")
    return float(covariance.to_numpy()[place, place])
