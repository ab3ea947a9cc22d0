"""Which figures are drawn for which kind of view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.plots import (
    baujat,
    bubble,
    confounding,
    congruence,
    cross_lagged,
    d_study,
    dyads,
    event,
    forest,
    funnel,
    growth,
    importance,
    lagged,
    latent,
    mediation,
    moderation,
    outcome,
    perspectives,
    profile,
    refits,
    reliability,
    reliable_change,
    ruptures,
    specification_curve,
    study_influence,
    surface,
    therapists,
    trajectories,
    within_between,
)
from alliance_stats.report.plots.panels import AxesArray, single_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


class _Draw(Protocol):
    def __call__(self, view: ResultView, /, *, ax: list[Axes]) -> AxesArray: ...


@dataclass(frozen=True)
class Drawing:
    """How the figure of one kind of view is made."""

    draw: _Draw
    caption: Callable[[ResultView], str]
    panels: Callable[[pd.DataFrame], list[str]]
    share_y: bool
    size: Callable[[pd.DataFrame], tuple[float, float]] | None = None  # by default by its panels
    lay_out: Callable[[Canvas, pd.DataFrame], AxesArray] | None = None  # axes of its own


@dataclass(frozen=True)
class Further:
    """A second figure of a kind of view, beside its own.

    Attributes
    ----------
    drawing : Drawing
    serves : callable
        Whether a view has enough to show in it.
    shown_by : frozenset of str
        Kinds of results that show the same; beside one of them it is left out.
    """

    drawing: Drawing
    serves: Callable[[ResultView], bool]
    shown_by: frozenset[str]


#: The figure of each kind of view that has one.
DRAWINGS = {
    "confounding": Drawing(
        confounding.plot_confounding,
        confounding.figure_caption,
        confounding.panel_names,
        share_y=False,
        lay_out=confounding.lay_out,
    ),
    "congruence": Drawing(
        congruence.plot_tracking,
        congruence.figure_caption,
        congruence.panel_names,
        share_y=True,
        size=congruence.figure_size,
    ),
    "cross_lagged": Drawing(
        cross_lagged.plot_cross_lagged,
        cross_lagged.figure_caption,
        cross_lagged.panel_names,
        share_y=True,
        lay_out=cross_lagged.lay_out,
    ),
    "d_study": Drawing(
        d_study.plot_d_study,
        d_study.figure_caption,
        d_study.panel_names,
        share_y=True,
    ),
    "dyads": Drawing(
        dyads.plot_dyads,
        dyads.figure_caption,
        dyads.panel_names,
        share_y=True,
        size=dyads.figure_size,
    ),
    "event": Drawing(
        event.plot_event,
        event.figure_caption,
        event.panel_names,
        share_y=False,
    ),
    "growth": Drawing(
        growth.plot_growth,
        growth.figure_caption,
        trajectories.panel_names,
        share_y=False,
    ),
    "importance": Drawing(
        importance.plot_importance,
        importance.figure_caption,
        importance.panel_names,
        share_y=False,
        lay_out=importance.lay_out,
    ),
    "lagged": Drawing(
        lagged.plot_lagged,
        lagged.figure_caption,
        lagged.panel_names,
        share_y=True,
        size=lagged.figure_size,
    ),
    "moderation": Drawing(
        moderation.plot_moderation,
        moderation.figure_caption,
        moderation.panel_names,
        share_y=False,
        lay_out=moderation.lay_out,
    ),
    latent.KIND: Drawing(
        latent.plot_latent,
        latent.figure_caption,
        latent.panel_names,
        share_y=True,
        size=latent.figure_size,
    ),
    "mediation": Drawing(
        mediation.plot_mediation,
        mediation.figure_caption,
        mediation.panel_names,
        share_y=True,
        size=mediation.figure_size,
    ),
    "meta": Drawing(
        forest.plot_forest,
        forest.figure_caption,
        single_name,
        share_y=False,
        lay_out=forest.lay_out,
    ),
    "meta_baujat": Drawing(
        baujat.plot_baujat,
        baujat.figure_caption,
        single_name,
        share_y=False,
        lay_out=baujat.lay_out,
    ),
    "meta_bubble": Drawing(
        bubble.plot_bubble,
        bubble.figure_caption,
        single_name,
        share_y=False,
        lay_out=bubble.lay_out,
    ),
    "meta_cumulative": Drawing(
        refits.plot_cumulative,
        refits.figure_caption,
        single_name,
        share_y=False,
        lay_out=refits.lay_out,
    ),
    "meta_funnel": Drawing(
        funnel.plot_funnel,
        funnel.figure_caption,
        single_name,
        share_y=False,
        lay_out=funnel.lay_out,
    ),
    "meta_influence": Drawing(
        study_influence.plot_influence,
        study_influence.figure_caption,
        study_influence.panel_names,
        share_y=False,
        lay_out=study_influence.lay_out,
    ),
    "meta_leave_one_out": Drawing(
        refits.plot_leave_one_out,
        refits.figure_caption,
        single_name,
        share_y=False,
        lay_out=refits.lay_out,
    ),
    "meta_multilevel": Drawing(
        forest.plot_forest,
        forest.figure_caption,
        single_name,
        share_y=False,
        lay_out=forest.lay_out,
    ),
    "meta_profile": Drawing(
        profile.plot_profile,
        profile.figure_caption,
        profile.panel_names,
        share_y=False,
        lay_out=profile.lay_out,
    ),
    "meta_trim_fill": Drawing(
        funnel.plot_funnel,
        funnel.figure_caption,
        single_name,
        share_y=False,
        lay_out=funnel.lay_out,
    ),
    "multiverse": Drawing(
        specification_curve.plot_specification_curve,
        specification_curve.figure_caption,
        specification_curve.panel_names,
        share_y=False,
        lay_out=specification_curve.lay_out,
    ),
    "outcome": Drawing(
        outcome.plot_outcome,
        outcome.figure_caption,
        within_between.panel_names,
        share_y=True,
    ),
    "participants": Drawing(
        forest.plot_forest,
        forest.figure_caption,
        single_name,
        share_y=False,
        lay_out=forest.lay_out,
    ),
    "perspectives": Drawing(
        perspectives.plot_perspectives,
        perspectives.figure_caption,
        perspectives.panel_names,
        share_y=False,
        lay_out=perspectives.lay_out,
    ),
    "reliability_report": Drawing(
        reliability.plot_reliability,
        reliability.figure_caption,
        reliability.panel_names,
        share_y=True,
        size=lambda _: reliability.SIZE,
    ),
    "reliable_change": Drawing(
        reliable_change.plot_reliable_change,
        reliable_change.figure_caption,
        reliable_change.panel_names,
        share_y=False,
        size=lambda _: reliable_change.SIZE,
    ),
    "ruptures": Drawing(
        ruptures.plot_ruptures,
        ruptures.figure_caption,
        ruptures.panel_names,
        share_y=False,
        lay_out=ruptures.lay_out,
    ),
    "sessions": Drawing(
        trajectories.plot_trajectories,
        trajectories.figure_caption,
        trajectories.panel_names,
        share_y=False,
    ),
    "surface": Drawing(
        surface.plot_surface,
        surface.figure_caption,
        surface.panel_names,
        share_y=False,
        lay_out=surface.lay_out,
    ),
    "therapist": Drawing(
        therapists.plot_therapists,
        therapists.figure_caption,
        therapists.panel_names,
        share_y=True,
        size=therapists.figure_size,
    ),
    "within_between": Drawing(
        within_between.plot_within_between,
        within_between.figure_caption,
        within_between.panel_names,
        share_y=True,
    ),
}

_FUNNEL = Further(
    DRAWINGS["meta_funnel"],
    funnel.has_funnel,
    shown_by=frozenset({"meta_funnel", "meta_trim_fill"}),
)
#: What a reader expects to see besides: of a meta-analysis its funnel.
FURTHER_DRAWINGS = {"meta": (_FUNNEL,), "meta_multilevel": (_FUNNEL,)}


def drawings_of(view: ResultView, kinds: frozenset[str] = frozenset()) -> tuple[Drawing, ...]:
    """The figures of a view in a report of results of these `kinds`, its own first."""
    if view.kind not in DRAWINGS or view.plot is None or view.plot.empty:
        return ()
    further = FURTHER_DRAWINGS.get(view.kind, ())
    served = [f.drawing for f in further if not f.shown_by & kinds and f.serves(view)]
    return (DRAWINGS[view.kind], *served)
