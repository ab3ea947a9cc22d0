"""How several studies are shown: the view for reports, text, HTML."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.data.roles import Roles
from alliance_stats.meta.univariate.words import TEST_WORDS
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.participants import words
from alliance_stats.models.participants.fitted import FittedStudies
from alliance_stats.models.participants.plot import forest_of
from alliance_stats.models.participants.questions import QUESTIONS
from alliance_stats.models.participants.tables import glance, tidy
from alliance_stats.models.shown import headline

_TITLES = {
    "lagged": "Which comes first, {x} or {y}, in several studies",
    "outcome": "Early {x} and post-treatment {y} in several studies",
    "within_between": "{x} and {y} within and between patients in several studies",
}
_HETEROGENEITY = ["effect", "group", "k", "tau2", "tau", "i2", "q", "q_df", "q_p", "pi_low",
                  "pi_high"]  # fmt: skip


def view_of(self: FittedStudies, conf_level: float) -> ResultView:
    """What the report room may see of several studies."""
    x, y = rating_names(self)
    metas = self.of_scale(self.scale)
    named = {e: words.EFFECT_WORDS[e].format(x=x, y=y) for e in metas}
    return ResultView(
        kind="participants",
        title=_TITLES[self.question].format(x=x, y=y),
        terms=tidy(self, conf_level=conf_level, scale=self.scale).drop(columns="group"),
        fit=_whole(self),
        plot=forest_of(metas, named, conf_level),
        levels=level_counts(counts(self)),
        notes=notes_of(self),
        messages=self.messages,
        refit=call_of(self),
        labels=_labels(self, x, y),
        tables=_tables(self, conf_level),
        conf_level=conf_level,
    )


def rating_names(self: FittedStudies) -> tuple[str, str]:
    """Columns of alliance and outcome where all studies name them alike, else plain words."""
    found = [(roles.alliance, roles.outcome) for roles in _roles(self)]
    return found[0] if len(set(found)) == 1 else ("alliance", "outcome")


def _roles(self: FittedStudies) -> list[Roles]:
    return [result.prepared.roles for result in self.fits.values()]


def counts(self: FittedStudies) -> dict[str, int]:
    """Sessions, patients and studies in the first stage."""
    sizes = [fit.sizes() for fit in self.stage.fits.values()]
    patients, sessions = (sum(size) for size in zip(*sizes, strict=True))
    own = {} if self.question == "outcome" else {"session": sessions}
    return own | {"patient": patients, "study": len(sizes)}


def _whole(self: FittedStudies) -> pd.DataFrame:
    """One row about all studies; τ² and its company where there is one effect."""
    metas = self.of_scale(self.scale)
    first = next(iter(metas.values()))
    row: dict[str, object] = {
        "n_studies": len(self.stage.fits),
        "n_failed": len(self.failed),
        "method": first.method,
        "test": first.test,
        "converged": all(meta.converged for meta in metas.values()),
    }
    if len(metas) == 1:
        found = first.glance().iloc[0]
        row |= {name: found[name] for name in ("tau2", "i2", "q", "q_df", "q_p")}
    return pd.DataFrame([row])


def _labels(self: FittedStudies, x: str, y: str) -> dict[str, str]:
    directions = {roles.outcome_better for roles in _roles(self)}
    better = next(iter(directions)) if len(directions) == 1 else None
    first = next(iter(self.of_scale(self.scale).values()))
    scale = first.scale
    generic = self.scale in ("raw", "standardised")
    biased = {f"{effect}_biased": f"{in_se:.17g}" for effect, in_se in self.biased.items()}
    return role_labels(
        Roles(alliance=x, outcome=y, outcome_better=better),
        formula="",
        ddf="",
        verb=QUESTIONS[self.question].verb,
        question=self.question,
        scale=self.scale,
        scale_words=words.SCALE_WORDS[self.scale],
        turned="yes" if -1 in self.signs.values() else "",
        model="equal-effects" if first.method == "EE" else "random-effects",
        test_words=TEST_WORDS[first.test],
        measure=first.measure or "",
        measure_words="coefficient b" if generic else scale.words,
        shown_words=_shown_words(self.scale, scale.shown_words),
        shown_symbol={"raw": "b", "standardised": "β"}.get(self.scale, scale.symbol),
        **({} if generic else {"estimate": "Estimate"}),
        **biased,
        **{f"{effect}_apart": f"{in_se:.17g}" for effect, in_se in self.apart.items()},
    )


def _shown_words(scale: str, own: str) -> str:
    return {"raw": "coefficient b", "standardised": "standardised coefficient β"}.get(scale, own)


def _tables(self: FittedStudies, conf_level: float) -> dict[str, pd.DataFrame]:
    """Further tables, in print order."""
    found: dict[str, pd.DataFrame] = {}
    if self.scale != "standardised":
        standard = tidy(self, conf_level=conf_level, scale="standardised")
        found["Standardised effects"] = standard.drop(columns=["group", "term"])
    if self.question == "outcome":
        found["Correlations"] = correlations_of(self, conf_level)
    table = glance(self)
    found["Differences between studies"] = table[_HETEROGENEITY]
    if self.one_stage:
        found["One stage and two"] = self.comparison(conf_level=conf_level)
    if len(self.bias):
        found["Bias in studies of these designs"] = self.bias
    shown = self.study_effects[self.study_effects["scale"] == self.scale]
    found["Studies"] = shown[["study", "effect", "yi", "vi", "ni", "n_sessions"]]
    return found


def correlations_of(self: FittedStudies, conf_level: float) -> pd.DataFrame:
    """Mean correlations as they are read, positive for a better outcome."""
    tables = [
        meta.back_transformed(conf_level=conf_level).assign(effect=effect, kind=scale)
        for (effect, scale), meta in self.metas.items()
        if scale in ("zero-order", "partial")
    ]
    found = pd.concat(tables, ignore_index=True).rename(columns={"estimate": "r"})
    return found[["effect", "kind", "quantity", "r", "ci_low", "ci_high", "pi_low", "pi_high"]]


def notes_of(self: FittedStudies) -> tuple[str, ...]:
    """Sentences printed under the tables."""
    metas = self.of_scale(self.scale)
    notes = [words.stages_note(self.question, metas, len(self.stage.fits))]
    if self.question == "outcome":
        notes.append("Correlations are signed so that positive means a better outcome.")
    notes += words.scale_notes("raw" in self.scales, self.same_scale, -1 in self.signs.values())
    if self.one_stage:
        notes.append(words.one_stage_note(self.one_stage_scale))
    return (*notes, *words.bias_notes(self.question, bool(len(self.bias)), self.biased))


def call_of(self: FittedStudies) -> str:
    """The call that fits this model again."""
    first = next(iter(self.of_scale(self.scale).values()))
    parts = ["studies", f"question={self.question!r}"]
    if self.same_scale is not None:
        parts.append(f"same_scale={self.same_scale}")
    parts += [f"method={first.method!r}", f"test={first.test!r}"]
    if not self.one_stage and not self.one_stage_failed:
        parts.append("one_stage=False")
    for name, value in self.choices.items():
        plain = isinstance(value, str | int | float | tuple | list | dict | None)
        parts.append(f"{name}={value!r}" if plain else f"{name}={name}")
    return f"al.models.fit_studies({', '.join(parts)})"


def shown(self: FittedStudies) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
    """Heading, tables and sentences, in text as in HTML."""
    x, y = rating_names(self)
    heading = headline(_TITLES[self.question].format(x=x, y=y), counts(self))
    columns = ["effect", "way", "k", "estimate", "se", "df", "p_value", "ci_low", "ci_high", "tau"]
    means = tidy(self)
    means = means[means["group"].isin(("raw", "standardised"))]
    tables = [means.drop(columns=["unit", "term"]).reset_index(drop=True)]
    if self.question == "outcome":
        tables.insert(0, correlations_of(self, 0.95))
    if self.one_stage:
        tables.append(self.comparison()[columns])
    ends = glance(self)[["effect", "group", "k", "tau2", "i2", "q", "q_p", "pi_low", "pi_high"]]
    return heading, [*tables, ends], (*notes_of(self), *self.messages)
