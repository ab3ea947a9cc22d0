"""How a meta-analysis is shown: the view for reports, text, HTML."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.forest import forest_frame
from alliance_stats.meta.univariate.intervals import heterogeneity
from alliance_stats.meta.univariate.predictions import predict
from alliance_stats.meta.univariate.readings import back_transformed
from alliance_stats.meta.univariate.tables import glance, tidy
from alliance_stats.meta.univariate.term_tests import moderator_test
from alliance_stats.meta.univariate.words import TEST_WORDS

#: How rows of `heterogeneity` are named in print.
SYMBOLS = {"q": "Q", "tau2": "τ²", "tau": "τ", "i2": "I²", "h2": "H²"}


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
        tables=tables_of(self, conf_level),
        conf_level=conf_level,
    )


def tables_of(self: FittedMeta, conf_level: float) -> dict[str, pd.DataFrame]:
    """Heterogeneity; the mean with its prediction interval, and as read; tests of moderators."""
    tables = {"Heterogeneity": heterogeneity(self, conf_level=conf_level)}
    if self.mean_only and self.method != "EE":
        tables["Prediction"] = predict(self, conf_level=conf_level)
    if self.mean_only and self.scale.back is not None:
        tables[self.scale.shown_words.capitalize()] = back_transformed(self, conf_level=conf_level)
    if not self.mean_only:
        tables["Moderators"] = moderator_test(self)
    return tables


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
    tests = f"oefficients have {TEST_WORDS[self.test]}."
    notes = [f"C{tests}" if self.method == "EE" else f"τ² is estimated by {self.method}; c{tests}"]
    if self.method != "EE":
        notes.append(
            f"Prediction intervals use t with {counted(self.df_residual, 'degree')} of freedom, "
            "k − p; "
            "intervals of τ², I² and H² are by Q-profile."
        )
    return tuple(notes)


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
    levels = levels_of(self)
    pairs = zip(levels["n"], levels["unit"], strict=True)
    counts = ", ".join(counted(int(n), unit) for n, unit in pairs)
    tables = [tidy(self)]
    if not self.mean_only:
        tables.append(moderator_test(self))
    elif self.scale.back is not None:
        tables.append(back_transformed(self))
    elif self.method != "EE":
        tables.append(predict(self)[["estimate", "pi_low", "pi_high"]])
    spread = heterogeneity(self)
    tables.append(spread.assign(parameter=spread["parameter"].map(SYMBOLS)))
    return f"{title_of(self)} ({counts})", tables, (*notes_of(self), *self.messages)
