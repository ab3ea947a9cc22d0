"""ReliableChange: who changed reliably, and how many, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats._base.views import ResultView
from alliance_stats.measures.change.plot import change_frame
from alliance_stats.measures.change.rules import METHOD_NAMES, ChangeRule, ErrorRule, rule_words
from alliance_stats.measures.instruments.thresholds import Cutoff, case_words


@dataclass(frozen=True, eq=False, repr=False)
class ReliableChange:
    """Categories of change of each patient, and their shares.

    Attributes
    ----------
    patients : DataFrame
        One row a patient, indexed as the scores given: ``pre``, ``post``, ``change`` (post - pre,
        in points), ``index`` (in standard errors; NaN for a published index), ``reliable``
        ("improved", "unchanged", "deteriorated"), ``case_before``, ``case_after`` (with a
        cut-off), ``category``; missing where a score is.
    rates : DataFrame
        ``category``, ``n``, ``of``, ``proportion``, ``ci_low``, ``ci_high`` (Wilson): of the
        cases at intake where there is a cut-off, else of all patients with both scores.
    all_rates : DataFrame or None
        With a cut-off: the same of all patients with both scores, cases or not.
    groups : mapping of str to DataFrame
        By grouping column: one row a group with the patients, the number in each category, and
        the share of the best category with its interval. Counted as in `rates`.
    rule : ErrorRule or PointsRule
        When a change is reliable.
    cutoff : Cutoff or None
        Who is a case.
    sensitivity : DataFrame
        Numbers in each category by the other methods; empty for a published index.
    higher_is_better : bool
        Direction of the scores.
    conf_level : float
        Level of the index and of the intervals.
    labels : mapping of str to str
        Names of ``pre`` and ``post``.
    notes, messages : tuple of str
        How it was computed; what a reader must know.
    """

    patients: pd.DataFrame
    rates: pd.DataFrame
    all_rates: pd.DataFrame | None
    groups: Mapping[str, pd.DataFrame]
    rule: ChangeRule
    cutoff: Cutoff | None
    sensitivity: pd.DataFrame
    higher_is_better: bool
    conf_level: float
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", MappingProxyType(dict(self.groups)))
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))

    def tidy(self) -> pd.DataFrame:
        """One row a category: its share with the Wilson interval, ``n`` and ``of``.

        Groups follow with their best category, ``unit`` naming the grouping column.
        """
        whole = self.rates.rename(columns={"category": "term", "proportion": "estimate"})
        parts = [whole.assign(unit="", group="")]
        best = str(self.rates["category"].iloc[0])
        for name, table in self.groups.items():
            part = table.rename(columns={"proportion": "estimate", "patients": "of"})
            part = part.assign(unit=name, term=best, n=table[best])
            parts.append(part.astype({"group": str}))
        rows = pd.concat(parts, ignore_index=True)
        rows[["se", "statistic", "df", "p_value"]] = np.nan
        columns = ["unit", "group", "term", "estimate", "se", "statistic", "df", "p_value"]
        return rows[[*columns, "ci_low", "ci_high", "n", "of"]]

    def glance(self) -> pd.DataFrame:
        """One row: patients, cases, the limit of reliable change and what it rests on."""
        seen = self.patients.dropna(subset=["pre", "post"])
        rule = self.rule
        error = rule if isinstance(rule, ErrorRule) else None
        return pd.DataFrame(
            [
                {
                    "n_patients": len(seen),
                    "n_cases": np.nan if self.cutoff is None else int(self.rates["of"].iloc[0]),
                    "n_dropped": len(self.patients) - len(seen),
                    "rule": METHOD_NAMES[rule.method],
                    "points": rule.points,
                    "reliability": np.nan if error is None else error.reliability,
                    "sd": np.nan if error is None else error.sd,
                    "cutoff": np.nan if self.cutoff is None else self.cutoff.value,
                    "mean_pre": float(seen["pre"].mean()),
                    "mean_post": float(seen["post"].mean()),
                    "conf_level": self.conf_level,
                }
            ]
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        n = int(self.patients[["pre", "post"]].notna().all(axis=1).sum())
        better = "higher" if self.higher_is_better else "lower"
        return ResultView(
            kind="reliable_change",
            title=self._title,
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=change_frame(self.patients, self.rule, self.cutoff),
            levels=pd.DataFrame({"unit": ["patient"], "n": [n]}),
            notes=self.notes,
            messages=self.messages,
            labels={
                "pre": "before", "post": "after", **self.labels, "outcome_better": better,
                "reliable": rule_words(self.rule),
                "case": "" if self.cutoff is None else case_words(self.cutoff),
            },
            tables=self._tables(),
            conf_level=self.conf_level,
        )  # fmt: skip

    @property
    def _title(self) -> str:
        return f"Reliable change from {self.labels['pre']} to {self.labels['post']}"

    def _tables(self) -> dict[str, pd.DataFrame]:
        whole = "All patients" if self.cutoff is None else "Cases at intake"
        tables = {whole: self.rates}
        if self.all_rates is not None:
            tables["All patients"] = self.all_rates
        for name, table in self.groups.items():
            best = str(self.rates["category"].iloc[0])
            tables[f"{whole} by {name}"] = table.rename(
                columns={"proportion": f"proportion_{best}"}
            )
        if not self.sensitivity.empty:
            tables["Other methods"] = self.sensitivity
        return tables

    def __repr__(self) -> str:
        n = int(self.view().levels["n"].iloc[0])
        tables = [
            f"{heading}\n{frame_text(_headed(table), conf_level=self.conf_level)}"
            for heading, table in self._tables().items()
        ]
        said = ["\n".join(wrapped(lines)) for lines in (self.notes, self.messages) if lines]
        return "\n\n".join([f"{self._title} ({counted(n, 'patient')})", *tables, *said])

    def _repr_html_(self) -> str:
        tables = "".join(
            frame_html(_headed(table), conf_level=self.conf_level, caption=heading)
            for heading, table in self._tables().items()
        )
        said = "".join(f"<p>{escape_html(m)}</p>" for m in (*self.notes, *self.messages))
        return f"<p>{escape_html(self._title)}</p>{tables}{said}"


def _headed(table: pd.DataFrame) -> pd.DataFrame:
    """Columns of counts and words with a capital, intervals as they are."""
    names = [str(name) for name in table.columns if not str(name).startswith("ci_")]
    return table.rename(columns={n: n[:1].upper() + n[1:].replace("_", " ") for n in names})
