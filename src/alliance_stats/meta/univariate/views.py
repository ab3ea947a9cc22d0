"""How a meta-analysis is shown: the view for reports, text, HTML."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.forest import forest_frame
from alliance_stats.meta.univariate.predictions import predict
from alliance_stats.meta.univariate.tables import glance, tidy
from alliance_stats.meta.univariate.words import TEST_WORDS


def view_of(self: FittedMeta, conf_level: float = 0.95) -> ResultView:
    """What the report room may see of a meta-analysis."""
    scale = self.scale
    return ResultView(
        kind="meta",
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
            "model": model_words(self),
            "test_words": TEST_WORDS[self.test],
            "moderators": "" if self.mean_only else str(self.studies.moderators.fixed),
            "estimate": "Estimate",
        },
        conf_level=conf_level,
    )


def model_words(self: FittedMeta) -> str:
    """``random-effects`` or ``equal-effects``."""
    return "equal-effects" if self.method == "EE" else "random-effects"


def title_of(self: FittedMeta) -> str:
    """``Random-effects meta-analysis of Fisher's z``."""
    of = self.scale.words if self.measure else "effect sizes"
    regression = "regression" if not self.mean_only else "analysis"
    return f"{model_words(self).capitalize()} meta-{regression} of {of}"


def levels_of(self: FittedMeta) -> pd.DataFrame:
    """Numbers of effect sizes and of studies."""
    k, n = self.studies.k, self.studies.n_studies
    rows = [("study", n)] if k == n else [("effect size", k), ("study", n)]
    return pd.DataFrame(rows, columns=["unit", "n"])


def notes_of(self: FittedMeta) -> tuple[str, ...]:
    """Sentences printed under the tables."""
    method = "" if self.method == "EE" else f"τ² by {self.method}; "
    notes = [f"{method}{TEST_WORDS[self.test]}."]
    if self.method != "EE":
        notes.append(
            f"Prediction intervals use t with k − p = {self.df_residual} degrees of freedom."
        )
    return tuple(n[:1].upper() + n[1:] if n[0] != "τ" else n for n in notes)


def call_of(self: FittedMeta) -> str:
    """The call that fits this model again."""
    studies = self.studies
    parts = ["frame"]
    parts += [f"{role}={name!r}" for role, name in studies.columns.items() if name != role]
    if not self.mean_only:
        parts.append(f"mods={str(studies.moderators.fixed)!r}")
    parts += [f"method={self.method!r}", f"test={self.test!r}"]
    if self.measure is not None:
        parts.append(f"measure={self.measure!r}")
    return f"al.fit_meta({', '.join(parts)})"


def shown(self: FittedMeta) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
    """Heading, tables and sentences, in text as in HTML."""
    counts = ", ".join(counted(int(n), u) for u, n in levels_of(self).to_numpy().tolist())
    tables = [tidy(self)]
    if self.mean_only and self.method != "EE":
        tables.append(predict(self)[["pi_low", "pi_high"]])
    summary = glance(self)[["tau2", "i2", "h2", "q", "q_df", "q_p"]]
    return f"{title_of(self)} ({counts})", [*tables, summary], (*notes_of(self), *self.messages)
