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


class _Page(Protocol):
    """The file of a figure with axes of its own."""

    def figure_caption(self, view: ResultView) -> str: ...

    def lay_out(self, canvas: Canvas, plot: pd.DataFrame) -> AxesArray: ...


def _laid_out(draw: _Draw, page: _Page, panels: Callable[[pd.DataFrame], list[str]]) -> Drawing:
    return Drawing(draw, page.figure_caption, panels, share_y=False, lay_out=page.lay_out)


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
    "confounding": _laid_out(confounding.plot_confounding, confounding, confounding.panel_names),
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
    "importance": _laid_out(importance.plot_importance, importance, importance.panel_names),
    "lagged": Drawing(
        lagged.plot_lagged,
        lagged.figure_caption,
        lagged.panel_names,
        share_y=True,
        size=lagged.figure_size,
    ),
    "moderation": _laid_out(moderation.plot_moderation, moderation, moderation.panel_names),
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
    "meta": _laid_out(forest.plot_forest, forest, single_name),
    "meta_baujat": _laid_out(baujat.plot_baujat, baujat, single_name),
    "meta_bubble": _laid_out(bubble.plot_bubble, bubble, single_name),
    "meta_cumulative": _laid_out(refits.plot_cumulative, refits, single_name),
    "meta_funnel": _laid_out(funnel.plot_funnel, funnel, single_name),
    "meta_influence": _laid_out(
        study_influence.plot_influence, study_influence, study_influence.panel_names
    ),
    "meta_leave_one_out": _laid_out(refits.plot_leave_one_out, refits, single_name),
    "meta_multilevel": _laid_out(forest.plot_forest, forest, single_name),
    "meta_profile": _laid_out(profile.plot_profile, profile, profile.panel_names),
    "meta_trim_fill": _laid_out(funnel.plot_funnel, funnel, single_name),
    "multiverse": _laid_out(
        specification_curve.plot_specification_curve,
        specification_curve,
        specification_curve.panel_names,
    ),
    "outcome": Drawing(
        outcome.plot_outcome,
        outcome.figure_caption,
        within_between.panel_names,
        share_y=True,
    ),
    "participants": _laid_out(forest.plot_forest, forest, single_name),
    "perspectives": _laid_out(
        perspectives.plot_perspectives, perspectives, perspectives.panel_names
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
    "ruptures": _laid_out(ruptures.plot_ruptures, ruptures, ruptures.panel_names),
    "sessions": Drawing(
        trajectories.plot_trajectories,
        trajectories.figure_caption,
        trajectories.panel_names,
        share_y=False,
    ),
    "surface": _laid_out(surface.plot_surface, surface, surface.panel_names),
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
