"""InvarianceResult: steps of measurement invariance as a value, with the rules they are held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.sem.result import SemResult

HEADINGS = {"statistic": "Δχ²", "df": "Δdf"}
#: Columns of the printed table of fit.
FIT = ("step", "chi2", "df", "p_value", "cfi", "tli", "rmsea", "srmr")
CHANGES = (
    "step", "delta_chi2", "delta_df", "delta_p", "delta_cfi", "delta_rmsea", "delta_srmr",
    "cheung_rensvold", "chen",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class InvarianceResult:
    """Models of growing equality, each against the one before.

    Made by `measurement_invariance`. Nothing is rounded.

    Attributes
    ----------
    over : str
        What the measurement is compared over: a column of groups or of occasions.
    table : DataFrame
        One row a step: ``step chi2 df p_value cfi tli rmsea srmr aic bic``, then the changes
        ``delta_chi2 delta_df delta_p delta_cfi delta_rmsea delta_srmr`` and whether they keep to
        the rules ``cheung_rensvold`` and ``chen``.
    fits : mapping of str to SemResult
        The fitted model of every step.
    notes, messages : tuple of str
    """

    over: str
    table: pd.DataFrame
    fits: Mapping[str, SemResult]
    notes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "fits", MappingProxyType(dict(self.fits)))

    def tidy(self) -> pd.DataFrame:
        """One row a comparison: the chi-squared difference test of a step against the last."""
        rows = self.table.iloc[1:]
        nothing = pd.Series(float("nan"), index=rows.index)
        return pd.DataFrame(
            {
                "term": rows["step"],
                "estimate": nothing,
                "se": nothing,
                "statistic": rows["delta_chi2"],
                "df": rows["delta_df"],
                "p_value": rows["delta_p"],
                "ci_low": nothing,
                "ci_high": nothing,
                "delta_cfi": rows["delta_cfi"],
                "delta_rmsea": rows["delta_rmsea"],
                "delta_srmr": rows["delta_srmr"],
            }
        ).reset_index(drop=True)

    def glance(self) -> pd.DataFrame:
        """One row: how many rows and groups, and the last step that keeps to each rule."""
        first = next(iter(self.fits.values()))
        row: dict[str, object] = {"n_obs": first.n_obs, "n_dropped": first.n_dropped}
        for rule in ("cheung_rensvold", "chen"):
            row[f"last_{rule}"] = self._last(rule)
        row["converged"] = all(fit.converged for fit in self.fits.values())
        return pd.DataFrame([row])

    def _last(self, rule: str) -> str:
        """The last step before one that breaks the rule."""
        last = str(self.table["step"].iloc[0])
        for step, kept in zip(self.table["step"].iloc[1:], self.table[rule].iloc[1:], strict=True):
            if not kept:
                break
            last = str(step)
        return last

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        first = next(iter(self.fits.values()))
        return ResultView(
            kind="invariance",
            title=self.title,
            terms=pd.DataFrame(columns=list(TIDY_COLUMNS)),  # steps are no coefficients
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame({"unit": ["row"], "n": [first.n_obs]}),
            notes=self.notes,
            messages=self.messages,
            tables={"Fit": self.table[list(FIT)], "Changes": self._changes()},
        )

    def _changes(self) -> pd.DataFrame:
        """What every step changed; p is that of the difference."""
        return self.table[list(CHANGES)].iloc[1:].rename(columns={"delta_p": "p_value"})

    @property
    def title(self) -> str:
        """One line for headings."""
        return f"Measurement invariance over {self.over}"

    def __repr__(self) -> str:
        tests = self.tidy().dropna(axis="columns", how="all")
        parts = [
            self.title,
            frame_text(self.table[list(FIT)]),
            frame_text(tests, headings=HEADINGS),
            *("\n".join(wrapped(lines)) for lines in (self.notes, self.messages) if lines),
        ]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        tests = self.tidy().dropna(axis="columns", how="all")
        said = "".join(f"<p>{escape_html(m)}</p>" for m in (*self.notes, *self.messages))
        fit = frame_html(self.table[list(FIT)], caption=self.title)
        return f"{fit}{frame_html(tests, caption='Changes', headings=HEADINGS)}{said}"
