"""Which sentences are written for which kind of view."""

from __future__ import annotations

from collections.abc import Callable

from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences import (
    change,
    confounding,
    congruence,
    cross_lagged,
    data,
    dyads,
    event,
    growth,
    importance,
    lagged,
    latent,
    mediation,
    meta,
    meta_attenuation,
    meta_multilevel,
    meta_reproduce,
    moderation,
    multiverse,
    outcome,
    perspectives,
    reliability,
    ruptures,
    surface,
    therapist,
    within_between,
)

#: Paragraphs of sentences, by kind of view; other kinds are described coefficient by coefficient.
WRITERS: dict[str, Callable[[ResultView], list[list[str]]]] = {
    "confounding": confounding.confounding_paragraphs,
    "congruence": congruence.congruence_paragraphs,
    "cross_lagged": cross_lagged.cross_lagged_paragraphs,
    "d_study": reliability.d_study_paragraphs,
    "dyads": dyads.dyad_paragraphs,
    "event": event.event_paragraphs,
    "g_study": reliability.reliability_paragraphs,
    "growth": growth.growth_paragraphs,
    "importance": importance.importance_paragraphs,
    "lagged": lagged.lagged_paragraphs,
    "latent_within_between": latent.latent_paragraphs,
    "levels": data.levels_paragraphs,
    "meta_multilevel": meta_multilevel.multilevel_paragraphs,
    "moderation": moderation.moderation_paragraphs,
    "mediation": mediation.mediation_paragraphs,
    "meta_attenuation": meta_attenuation.attenuation_paragraphs,
    "meta": meta.meta_paragraphs,
    "meta_reproduce": meta_reproduce.reproduce_paragraphs,
    "multilevel_reliability": reliability.reliability_paragraphs,
    "multiverse": multiverse.multiverse_paragraphs,
    "outcome": outcome.outcome_paragraphs,
    "perspectives": perspectives.perspectives_paragraphs,
    "reliability_of_means": reliability.reliability_paragraphs,
    "reliability_report": reliability.report_paragraphs,
    "reliable_change": change.change_paragraphs,
    "rupture_outcome": ruptures.rupture_outcome_paragraphs,
    "ruptures": ruptures.ruptures_paragraphs,
    "sessions": data.sessions_paragraphs,
    "surface": surface.surface_paragraphs,
    "therapist": therapist.therapist_paragraphs,
    "within_between": within_between.within_between_paragraphs,
}
