"""How a multilevel meta-analysis is shown: the view for reports, text, HTML."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import format_number, without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.forest import forest_frame
from alliance_stats.meta.multilevel.heterogeneity import heterogeneity
from alliance_stats.meta.multilevel.predictions import predict
from alliance_stats.meta.multilevel.sensitivity import rho_table
from alliance_stats.meta.multilevel.tables import (
    default_test,
    glance,
    moderator_test,
    test_words,
    tidy,
)


def view_of(self: FittedMultilevel, conf_level: float = 0.95) -> ResultView:
    """What the report room may see of a multilevel meta-analysis."""
    scale = self.scale
    tables = {"Variance of true effects": heterogeneity(self)}
    if not self.mean_only:
        tables["Moderators"] = moderator_test(self)
    if len(self.correlations):
        tables["Correlations of true effects"] = self.correlations
    if self.rho is not None:
        tables["Other correlations of sampling errors"] = rho_table(self, conf_level=conf_level)
    return ResultView(
        kind="meta_multilevel",
        title=title_of(self),
        terms=tidy(self, conf_level=conf_level),
        fit=glance(self),
        plot=forest_frame(self, conf_level),
        levels=levels_of(self),
        notes=notes_of(self),
        messages=self.messages,
        refit=call_of(self),
        labels={
            "measure": self.measure or "",
            "measure_words": scale.words,
            "shown_words": scale.shown_words,
            "shown_symbol": scale.symbol,
            "model": "multilevel",
            "random": "; ".join(self.said.random),
            "cluster": self.cluster or "",
            "test_words": test_words(default_test(self)),
            "moderators": "" if self.mean_only else str(self.studies.moderators.fixed),
            "estimate": "Estimate",
        },
        tables=tables,
        conf_level=conf_level,
    )


def title_of(self: FittedMultilevel) -> str:
    """``Multilevel meta-analysis of Fisher's z``."""
    of = self.scale.words if self.measure else "effect sizes"
    return f"Multilevel meta-{'analysis' if self.mean_only else 'regression'} of {of}"


def levels_of(self: FittedMultilevel) -> pd.DataFrame:
    """Numbers of effect sizes and of studies."""
    rows = [("effect size", self.studies.k), ("study", self.studies.n_studies)]
    return pd.DataFrame(rows, columns=["unit", "n"])


def notes_of(self: FittedMultilevel) -> tuple[str, ...]:
    """Sentences printed under the tables."""
    notes = [f"Random effects: {', '.join(t.label for t in self.layout.terms)}; {self.method}."]
    if self.rho is not None:
        notes.append(
            f"Sampling errors within a {self.said.study} correlate "
            f"{without_zero(format_number(self.rho))}, as assumed."
        )
    elif self.said.covariance:
        notes.append("Sampling covariances as given.")
    words = test_words(default_test(self))
    clustered = f", clustered by {self.cluster}" if self.cluster else ""
    notes.append(f"{words[:1].upper()}{words[1:]}{clustered}.")
    return tuple(notes)


def call_of(self: FittedMultilevel) -> str:
    """The call that fits this model again."""
    studies, said = self.studies, self.said
    parts = ["frame"]
    parts += [f"{role}={name!r}" for role, name in studies.columns.items() if name != role]
    random = said.random[0] if len(said.random) == 1 else list(said.random)
    parts.append(f"random={random!r}")
    if self.rho is not None:
        parts.append(f"rho={self.rho!r}")
    if not self.mean_only:
        parts.append(f"mods={str(studies.moderators.fixed)!r}")
    if self.method != "REML":
        parts.append(f"method={self.method!r}")
    if said.structure is not None:
        parts.append(f"structure={said.structure!r}")
    if said.covariance:
        parts.append("covariance=covariance")
    if self.measure is not None:
        parts.append(f"measure={self.measure!r}")
    return f"al.fit_meta_multilevel({', '.join(parts)})"


def shown(self: FittedMultilevel) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
    """Heading, tables and sentences, in text as in HTML."""
    counts = ", ".join(counted(int(n), u) for u, n in levels_of(self).to_numpy().tolist())
    tables = [tidy(self)]
    if self.mean_only and not any(np.ptp(np.diag(matrix)) for matrix in self.matrices):
        tables.append(predict(self)[["pi_low", "pi_high"]])
    tables.append(heterogeneity(self))
    if len(self.correlations):
        tables.append(self.correlations)
    return f"{title_of(self)} ({counts})", tables, (*notes_of(self), *self.messages)
