"""What a reader must know of the models of therapists: messages and notes."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats.lmm.bivariate.profile import is_unbounded
from alliance_stats.models.latent_slopes import slope_weights
from alliance_stats.models.notes import few_units_notes
from alliance_stats.models.outcome.prepare import PreparedPatients, sessions_words
from alliance_stats.models.therapist.fits import TherapistFits

#: With p values of therapists' differences above this the exact interval is short by chance.
SHORT = 0.9


def about_fits(
    fits: TherapistFits, prepared: PreparedPatients, shares: pd.DataFrame, reduction: pd.DataFrame
) -> tuple[str, ...]:
    """Singular or failed fits, short intervals, a variance that rose, latent means without ends."""
    named = {"before the alliance": fits.before, "with the alliance": fits.after}
    if fits.model is not fits.after:
        named["with slopes that differ"] = fits.model
    found = [f"Model {name}: {message}" for name, fit in named.items() for message in fit.messages]
    return (
        *found,
        *_about_shares(shares),
        *_about_reduction(reduction),
        *_about_latent(fits, prepared),
    )


def _about_shares(shares: pd.DataFrame) -> list[str]:
    """Where therapists differ so little that the exact interval is short, or zero only."""
    words = {"before": "before the alliance", "after": "with it", "alliance": "of the alliance"}
    short = [words[name] for name in shares.loc[shares["p_value"] > SHORT, "model"]]
    if not short:
        return []
    return [
        f"Therapists differ less than chance would make them ({', '.join(short)}), and the "
        "interval of their share of variance is short for that reason. Do not read it as "
        "precision: another sample from the same therapists would have a longer one."
    ]


def _about_reduction(reduction: pd.DataFrame) -> list[str]:
    """Where more variance is left after the alliance than before."""
    risen = reduction.loc[reduction["unit"].eq("therapist"), "explained"]
    if not (risen < 0).any():
        return []
    return [
        "The variance between therapists is larger with the alliance than before. That is "
        "possible: the patients' part of the alliance takes variance out of the residual only, so "
        "that more of the spread of therapists' means counts as true, and therapists may differ "
        "more once the alliance of their patients is held constant. It is no share explained."
    ]


def _about_latent(fits: TherapistFits, prepared: PreparedPatients) -> list[str]:
    alliance = prepared.roles.alliance
    if not fits.latent.converged:
        return ["The model with latent means did not converge. Do not report it."]
    if not is_unbounded(fits.latent, slope_weights(fits.latent)[1]):
        return []
    return [
        "With latent means the interval of the effect between therapists is unbounded: once the "
        "sampling error of therapist means is taken out, the data are compatible with no variance "
        f"of {alliance} between therapists, so that no coefficient, however large, is ruled out."
    ]


def notes_of(prepared: PreparedPatients, *, has_slopes: bool) -> tuple[str, ...]:
    """Sentences under the tables."""
    roles, (low, high) = prepared.roles, prepared.window
    ratings = int(prepared.frame["n_ratings"].sum())
    change = f", and the change from it to {roles.outcome} at session {low}"
    notes = [
        f"Early alliance: mean {roles.alliance} over {sessions_words(prepared.window)}, from "
        f"{counted(ratings, 'rating')}. Therapist means are means of the patients in the model.",
        f"Post-treatment score: the last {roles.outcome} after session {high}, given "
        f"{roles.baseline}{change if len(prepared.controls) > 1 else ''}.",
        "Intervals of intraclass correlations are exact for normal effects, those of therapists "
        "conditional on the estimated variances.",
    ]
    if has_slopes:
        notes.append(
            "Shares of variance and effects of therapists are of the model with random intercepts "
            "only."
        )
    counts = {"therapist": prepared.counts()["therapist"]}
    return (*notes, *few_units_notes(counts, reml=True))


def call_of(prepared: PreparedPatients, *, has_slopes: bool) -> str:
    """The call that fits this model again."""
    parts = [
        "sessions", f"alliance_window={prepared.window}", f"min_ratings={prepared.min_ratings}",
    ]  # fmt: skip
    if len(prepared.controls) == 1:
        parts.append("early_change=False")
    if has_slopes:
        parts.append("random_slopes={'therapist': ['patient_between']}")
    if prepared.changes is not None and prepared.changes.way != "raise":
        parts.append(f"therapist_change={prepared.changes.way!r}")
    return f"al.models.fit_therapist({', '.join(parts)})"
