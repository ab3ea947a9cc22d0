"""What the reader of several studies must know, in plain words: messages and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.printing import MINUS, format_fixed
from alliance_stats.meta.univariate.result import MetaResult
from alliance_stats.meta.univariate.words import TEST_WORDS

#: Effects in words that name the columns.
EFFECT_WORDS = {
    "alliance_to_outcome": "{x} to later {y}",
    "outcome_to_alliance": "{y} to later {x}",
    "early_alliance": "Early {x} and {y} after therapy",
    "within": "Within patients",
    "between": "Between patients",
    "patient_between": "Between patients",
    "therapist_between": "Between therapists",
}
SCALE_WORDS = {
    "raw": "points of what is predicted per point of the predictor",
    "standardised": "standard deviations of each study, taken as known",
    "zero-order": "Fisher's z of the correlation",
    "partial": "Fisher's z of the partial correlation",
}


def failed_message(failed: Mapping[str, str], n: int) -> str:
    """Studies left out by name, with the reason of each."""
    if not failed:
        return ""
    why = " ".join(f"{name}: {reason}" for name, reason in failed.items())
    verb = agree(len(failed), "is", "are")
    return f"{len(failed)} of {counted(n, 'study')} {verb} left out. {why}"


def singular_message(names: list[str], n: int) -> str:
    """Studies with singular models, which stay."""
    if not names:
        return ""
    return (
        f"The model is singular in {len(names)} of {counted(n, 'study')} ({name_list(names)}): a "
        "variance of its random effects is 0 or a correlation ±1. Their estimates are kept."
    )


def not_converged_message(effects: list[str]) -> str:
    """One-stage models whose numbers are not to be read."""
    if not effects:
        return ""
    return f"One stage did not converge for {name_list(effects)}: do not read its numbers."


def one_stage_singular(singular: Mapping[str, list[str]]) -> str:
    """Where a variance of a one-stage model is zero."""
    found = [f"{effect} ({name_list(units)})" for effect, units in singular.items() if units]
    if not found:
        return ""
    return (
        f"One stage: the model is singular for {name_list(found)}: between these units a variance "
        "is estimated as 0 or a correlation as ±1. The effects stand; τ = 0 does not show that "
        "studies have one true effect."
    )


def fewer_messages(ks: Mapping[str, int], n: int) -> Iterator[str]:
    """Effects that not all studies have."""
    for effect, k in ks.items():
        if k < n:
            yield f"{effect}: {k} of {counted(n, 'study')} have this effect."


def own_messages(counts: Mapping[str, int]) -> str:
    """Where sessions dropped and other remarks about single studies are found."""
    several = {name: n for name, n in counts.items() if n}
    if not several:
        return ""
    return (
        f"{counted(len(several), 'study')} {agree(len(several), 'has', 'have')} messages of "
        f"{agree(len(several), 'its', 'their')} own, about sessions not used and the like: "
        f"result.fits[{next(iter(several))!r}].messages, say."
    )


def meta_messages(metas: Mapping[str, MetaResult]) -> Iterator[str]:
    """What the meta-analyses say, under the name of the effect."""
    for effect, meta in metas.items():
        for message in meta.messages:
            yield f"{effect}: {message}"


def apart_messages(apart: Mapping[str, float]) -> Iterator[str]:
    """Effects on which both ways do not agree."""
    for effect, in_se in apart.items():
        size = format_fixed(abs(in_se), 1, minus=MINUS)
        yield (
            f"{effect}: the estimates of one stage and of two differ by {size} standard errors. "
            "One stage takes residuals and patients as equally variable in all studies; look at "
            "result.comparison() and at single studies."
        )


def stages_note(question: str, metas: Mapping[str, MetaResult], n: int) -> str:
    """The two stages."""
    first = next(iter(metas.values()))
    tau2 = "" if first.method == "EE" else f"τ² by {first.method}, "
    model = "equal-effects" if first.method == "EE" else "random-effects"
    return (
        f"Two stages: the model of fit_{question} in each of {counted(n, 'study')}, then a {model} "
        f"meta-analysis of each effect ({tau2}{TEST_WORDS[first.test]})."
    )


def one_stage_note(scale: str) -> str:
    """The one-stage model."""
    return (
        "One stage: the rows of all studies in one mixed model for each effect "
        f"({SCALE_WORDS[scale]}), in which every study has its own intercept and its own "
        "coefficients of all other terms and the effect varies between studies; variances of "
        "residuals and of patients are the same in all studies."
    )


def scale_notes(same: bool, given: bool | None, turned: bool) -> list[str]:
    """Which coefficients are pooled, in which units and sign."""
    if same:
        why = "as stated (same_scale=True)" if given else "since their columns have the same names"
        notes = [f"Raw coefficients are pooled: the scales are taken as the same, {why}."]
    else:
        notes = ["Raw coefficients are not pooled: the scales differ between studies."]
    notes.append(
        "Standardised: in the standard deviations of each study at the level of the effect, taken "
        "as known; the intervals carry the uncertainty of b alone."
    )
    if turned:
        notes.append(
            "Studies differ in which direction of the outcome is better: standardised effects are "
            "turned so that positive means a better outcome."
        )
    return notes


def bias_notes(question: str, simulated: bool, biased: Mapping[str, float]) -> list[str]:
    """The bias of the pooled paths."""
    if question != "lagged":
        return []
    if not simulated:
        return ["The bias of these designs was not simulated."]
    if not biased:
        return [
            "Bias in simulated studies of these designs: less than half a standard error of the "
            "mean for both paths (result.bias)."
        ]
    words = [
        f"{effect} by {in_se:+.1f} standard errors of the mean".replace("-", MINUS)
        for effect, in_se in biased.items()
    ]
    return [
        f"Biased for these designs: {' and '.join(words)} in simulated studies (result.bias). "
        "Biases do not average out over studies. Do not test it with this model; fit_cross_lagged "
        "in every study does not centre on observed means."
    ]
