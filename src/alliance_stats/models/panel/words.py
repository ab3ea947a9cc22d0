"""What is said of a panel model: its paths, its waves, how it was fitted, what was left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.printing import format_number, format_p
from alliance_stats.models.panel.prepare import PreparedPanel
from alliance_stats.models.panel.spec import Choices
from alliance_stats.sem.result import SemResult


def path_words(prepared: PreparedPanel, choices: Choices) -> tuple[str, ...]:
    """The cross-lagged paths, by the order of measurement."""
    panel, found = prepared.panel, {}
    for response, source, target in (("outcome", 0, 1), ("alliance", 1, 0)):
        lag = panel.lag(target, source)
        if is_by_one(prepared):
            ends = "session t", ("session t + 1" if lag else "session t")
        else:
            ends = "a wave", ("the next wave" if lag else "the same wave")
        found[response] = (
            f"{panel.names[source]} of {ends[0]} -> {panel.names[target]} of {ends[1]}"
        )
    if choices.response is not None:
        return (found[choices.response],)
    return tuple(found.values())


def is_by_one(prepared: PreparedPanel) -> bool:
    """Whether the waves are sessions one after the other."""
    return bool(np.all(np.diff(prepared.sessions) == 1))


def waves_words(prepared: PreparedPanel) -> str:
    """``sessions 1 to 5`` or ``each patient's last 5 sessions``."""
    numbers = prepared.sessions
    if prepared.align == "end":
        return f"each patient's last {len(numbers)} sessions"
    if is_by_one(prepared):
        return f"sessions {numbers[0]} to {numbers[-1]}"
    return f"sessions {', '.join(map(str, numbers))}"


def dropped_words(prepared: PreparedPanel, choices: Choices, n: int) -> list[str]:
    """Patients left out, by cause; `n` are in the model."""
    counts, waves = prepared.counts, waves_words(prepared)
    of = f"of {counted(counts['patients'], 'patient')}"
    found = []
    if k := counts["without"]:
        found.append(
            f"{k:,} {of} {agree(k, 'has', 'have')} no rating in {waves} and "
            f"{agree(k, 'was', 'were')} left out."
        )
    if k := counts["unknown"]:
        units = " or ".join(filter(None, [prepared.group, prepared.cluster]))
        found.append(f"{k:,} {of} {agree(k, 'was', 'were')} left out: {units} is missing.")
    if k := counts["patients"] - counts["without"] - counts["unknown"] - n:
        cause = (
            f"a rating in {waves} is missing. missing='fiml' would use them"
            if choices.missing == "complete"
            else "the model uses none of their ratings"
        )
        found.append(f"{k:,} {of} {agree(k, 'was', 'were')} left out: {cause}.")
    return found


def waves_note(prepared: PreparedPanel) -> str:
    """Which sessions are the waves, how many patients have them all, what lies outside."""
    counts = prepared.counts
    n = counts["patients"] - counts["without"] - counts["unknown"]
    note = (
        f"Waves: {waves_words(prepared)}. {counts['every']:,} of {counted(n, 'patient')} with any "
        f"rating there {agree(counts['every'], 'has', 'have')} all of them"
    )
    if k := counts["unused"]:
        note += f"; {counted(k, 'rating')} outside {agree(k, 'was', 'were')} not used"
    return f"{note}."


def estimation_note(fit: SemResult, choices: Choices) -> str:
    """How missing ratings, standard errors and means were treated."""
    settings = fit.settings
    rows = (
        f"all ratings ({counted(fit.n_patterns, 'pattern')} of missing ones)"
        if settings.missing == "fiml"
        else "patients with all ratings"
    )
    errors = f"from the {settings.information} information"
    if settings.estimator == "mlr":
        errors = "robust to non-normality"
        if settings.cluster:
            errors += " and to likeness of patients of a therapist"
    means = "follow the lines of growth" if choices.model == "lcm-sr" else "are free in each wave"
    means = "are equal over time" if "means" in choices.constrain else means
    return f"Maximum likelihood on {rows}; standard errors {errors}. Means {means}."


def equality_notes(tests: pd.DataFrame, choices: Choices) -> list[str]:
    """The tests of equal effects as sentences, and whether the model assumes them."""
    notes = []
    for test, statistic, df, p in tests.itertuples(index=False):
        assumed = "over time" in test and choices.is_equal
        name = f"{test.capitalize()} ({'assumed' if assumed else 'not assumed'})"
        if np.isnan(statistic):
            notes.append(
                f"{name}: not tested, because the other model is not identified or did not "
                "converge."
            )
            continue
        shown = format_p(p)
        shown = f"p {shown}" if shown[0] in "<>" else f"p = {shown}"
        notes.append(f"{name}: chi2({df}) = {format_number(statistic)}, {shown}.")
    return notes


def model_notes(prepared: PreparedPanel, choices: Choices) -> list[str]:
    """What the model takes for granted."""
    notes = []
    if choices.model == "clpm":
        notes.append(
            "This model takes patients to have no stable differences: its effects mix those "
            "between patients with those within them. model='ri-clpm' parts them."
        )
    if prepared.roles.therapist is not None and prepared.cluster is None:
        notes.append(
            "Patients are taken as independent; cluster='therapist' with estimator='mlr' lets "
            "those of a therapist resemble each other."
        )
    return notes


def call_words(prepared: PreparedPanel, choices: Choices) -> str:
    """The call that fits the model again."""
    waves: object = prepared.panel.n_waves if prepared.align == "end" else list(prepared.sessions)
    parts = [
        "sessions", f"model={choices.model!r}", f"waves={waves}", f"align={prepared.align!r}",
        f"constrain={list(choices.constrain)}", f"missing={choices.missing!r}",
        f"estimator={choices.estimator!r}",
    ]  # fmt: skip
    further = {
        f"response={choices.response!r}": choices.response is not None,
        "groups='treatment'": prepared.group is not None,
        "cluster='therapist'": prepared.cluster is not None,
        "therapist_change='first'": bool(prepared.about_therapists),
    }
    parts += [words for words, holds in further.items() if holds]
    return f"al.fit_cross_lagged({', '.join(parts)})"
